"""Which rows a table page's address asks for, as SQL: what map, charts, feeds and the page itself share."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

from datasette.filters import Filters
from datasette.plugins import pm
from datasette.utils import await_me_maybe
from datasette.views.base import DatasetteError

DATABASE = "incidents"


@dataclass(frozen=True)
class Selection:
    """Conditions on a table, and the values of their parameters."""

    conditions: tuple[str, ...] = ()
    values: tuple[tuple[str, Any], ...] = ()
    countable: bool = False
    """Whether the conditions hold for the table of counts as well, which is far smaller than that of incidents."""

    def where(self, *more: str) -> str:
        """A WHERE clause with these conditions and more; empty where there are none."""
        both = (self.sql, *more) if self.conditions else more
        return f"WHERE {' AND '.join(f'({one})' for one in both)}" if both else ""

    @property
    def sql(self) -> str:
        """The conditions as a table page joins them, "" for none."""
        return " and ".join(self.conditions)

    @property
    def parameters(self) -> dict[str, Any]:
        """Values by parameter name, for `Database.execute`."""
        return dict(self.values)


EVERYTHING = Selection(countable=True)
_COUNTED = frozenset(("year", "type", "country", "department", "province", "district", "ubigeo"))


async def selection(datasette: Any, request: Any, table: str = "incidents") -> Selection:
    """The rows that the request's query string asks of a table, by Datasette's own rules: `column__op=value`, `_search`,
    `_through`, and `_where` where public SQL is on. Raises `DatasetteError` where it asks what is not allowed."""
    pairs = [
        (key, value) for key in request.args for value in request.args.getlist(key) if not key.startswith("_") or "__" in key
    ]
    try:
        conditions, values = Filters(sorted(pairs)).build_where_clauses(table)
        own = len(conditions)
        for hook in pm.hook.filters_from_request(request=request, table=table, database=DATABASE, datasette=datasette):
            if found := await await_me_maybe(hook):
                conditions.extend(found.where_clauses)
                values.update(found.params)
    except (sqlite3.Error, KeyError, ValueError) as error:
        raise DatasetteError(str(error), status=400) from error
    countable = table == "incidents" and len(conditions) == own and {key.partition("__")[0] for key, _ in pairs} <= _COUNTED
    return Selection(tuple(conditions), tuple(values.items()), countable)


def query_pairs(request: Any, *, drop: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    """The request's query string as pairs, without page and presentation (`_next`, `_size`, `_vista`, `_caja`, facets)."""
    shown = ("_next", "_size", "_vista", "_caja", "_facet", "_facet_size", "_nofacet", "_dl", *drop)
    return [(key, value) for key in request.args for value in request.args.getlist(key) if key not in shown]
