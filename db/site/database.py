"""A Datasette database whose sorted pages lose no row, and which finds and counts what a page asks once."""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from datasette.database import Database, QueryInterrupted, Results
from datasette.utils import CustomRow, sqlite_timelimit

from db import codebook
from db.site.kept import Kept
from db.site.rows import COLUMNS, Numbers, Rows
from db.site.selection import Selection

# What a table page asks of one table, first page, sorted by one column. Later pages carry the tie-breaker already.
_SORTED_PAGE = re.compile(
    r"(?P<head>select .+? from \[?(?P<table>\w+)\]? (?:where .+ )?order by (?P<column>\w+|\[\w+\])(?: desc)?)"
    r"(?P<limit> limit \d+)",
    re.DOTALL,
)
# The incidents as their table shows them.
_PAGE = re.compile(
    r"select (?P<columns>(?:\w+|\[\w+\])(?:, (?:\w+|\[\w+\]))*) from incidents (?:where (?P<where>.+) )?"
    r"order by date desc(?:, id)? limit (?P<limit>\d+)",
    re.DOTALL,
)
# What a table page asks to say how many rows there are, and how many of each value of a facet.
_COUNT = re.compile(
    r"select count\(\*\) from (?:incidents|\[incidents\])(?: where (?P<where>.+?))?\s*|select count\(\*\) from .+", re.DOTALL
)
_FACET = re.compile(
    r"\s*select (?P<column>\[?\w+\]?) as value, count\(\*\) as count from \(\s*select .+? from (?P<table>\[?\w+\]?)\s+"
    r"(?:where (?P<where>.+?)\s+)?\)\s*where (?P=column) is not null\s+"
    r"group by (?P=column) order by count desc, value limit (?P<limit>\d+)\s*",
    re.DOTALL,
)
# The condition with which Datasette goes on after a page; in each form `column` and `key` stand without quotes, which no
# filter has.
_AFTER = re.compile(
    r"(?:^| and )(?:"
    r"\((?P<column>\w+|\[\w+\]) < :(?P<value>p\d+) or (?P=column) is null or \((?P=column) = :(?P=value) and {key}\)\)"
    r"|\((?P<null>\w+|\[\w+\]) is null and {key}\)"
    r"|\((?P<up>\w+|\[\w+\]) > :p\d+ or \((?P=up) = :p\d+ and {key}\)\)"
    r"|\((?P<upnull>\w+|\[\w+\]) is not null or \((?P=upnull) is null and {key}\)\)"
    r"|{key})$".replace("{key}", r"\(\((?:\w+|\[\w+\]) > :p\d+\)\)")
)
_AFTER_KEY = re.compile(r"\(\(id > :(p\d+)\)\)")
# What makes of a text after "where" more than a condition: a visitor's own SQL is not taken for a page's.
_MORE = re.compile(r"\b(?:group|having|window|union|intersect|except|order|limit|offset)\b|;|--|/\*", re.IGNORECASE)
_NAMED = re.compile(r":(\w+)")
_COUNTS = 512  # that are kept; each is a few dozen rows at most
_SELECTIONS = 64  # that are kept; each is an eighth of a byte for each incident at most


class PublicDatabase(Database):
    """Breaks ties in a sorted table's first page by the primary key, as Datasette 0.65 does from the second page on.

    Without it the first page holds rows of equal value in whatever order SQLite meets them, the second goes on after a key
    that is not the greatest, and some rows appear twice while others never do: of 398 incidents sorted by date 391 were in
    the streamed CSV. Facets count all that a filter finds on every page; Datasette's count on the second what is left.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._counted: Kept[Any] = Kept(_COUNTS)
        self._selected: Kept[Any] = Kept(_SELECTIONS)
        self._rows: Rows | None = None
        self._read = False
        self._identity: str | None = None

    @property
    def hash(self) -> str:
        """Which file this is: Datasette's own reads all of it for the first visitor, two seconds for two gigabytes."""
        if self._identity is None:
            found = Path(self.path).stat()
            self._identity = hashlib.sha256(f"{found.st_ino} {found.st_size} {found.st_mtime_ns}".encode()).hexdigest()
        return self._identity

    async def rows(self) -> Rows | None:
        """The incidents in memory; None where the file's are not arranged."""
        if not self._read:
            self._rows = await self.execute_fn(Rows.read)
            self._read = True
        return self._rows

    async def selected(self, where: str, parameters: Mapping[str, Any]) -> Numbers | None:
        """The numbers of the incidents for which a condition holds, in the order of the table; None where they are not
        arranged, and for what is more than a condition. Raises `QueryInterrupted` where finding them takes longer than a query
        may."""
        rows = await self.rows()
        if rows is None or _MORE.search(where):
            return None
        key = (where, *(str(parameters.get(name)) for name in _NAMED.findall(where)))
        if (kept := self._selected.get(key)) is not None:
            return kept if kept.dtype != np.uint8 else np.flatnonzero(np.unpackbits(kept, count=rows.count)) + 1

        def find(conn: sqlite3.Connection) -> Numbers:
            with sqlite_timelimit(conn, self.ds.sql_time_limit_ms):
                try:
                    return rows.select(conn, where, parameters)
                except sqlite3.OperationalError as error:
                    if error.args == ("interrupted",):
                        raise QueryInterrupted(error, where, parameters) from error
                    raise

        found: Numbers = await self.execute_fn(find)
        if len(found) * 32 > rows.count:
            bits = np.zeros(rows.count, np.bool_)
            bits[found - 1] = True
            self._selected.put(key, np.packbits(bits))
        else:
            self._selected.put(key, found.astype(np.int32))
        return found

    async def tally(self, chosen: Selection, *columns: str) -> list[tuple[Any, ...]] | None:
        """How many of the chosen incidents have each combination of values of columns; None where they are not arranged."""
        rows = await self.rows()
        if rows is None:
            return None
        key = ("tally", chosen, columns)
        if (kept := self._counted.get(key)) is None:
            numbers = await self.selected(chosen.sql, chosen.parameters) if chosen.conditions else None
            if numbers is None and chosen.conditions:
                return None
            kept = await self.execute_fn(lambda _: rows.tally(numbers, *columns))
            if len(kept) <= 1000:
                self._counted.put(key, kept)
        return kept

    async def points(self, chosen: Selection) -> list[tuple[float, float, int, int]] | None:
        """As `Rows.points`, of the chosen incidents; None where they are not arranged."""
        rows = await self.rows()
        if rows is None:
            return None
        numbers = await self.selected(chosen.sql, chosen.parameters) if chosen.conditions else None
        if numbers is None and chosen.conditions:
            return None
        found: list[tuple[float, float, int, int]] = await self.execute_fn(lambda _: rows.points(numbers))
        return found

    async def latest_at(self, chosen: Selection, points: Iterable[tuple[float, float]], most: int) -> list[int] | None:
        """As `Rows.latest_at`, of the chosen incidents; None where they are not arranged."""
        rows = await self.rows()
        if rows is None:
            return None
        numbers = await self.selected(chosen.sql, chosen.parameters) if chosen.conditions else None
        if numbers is None and chosen.conditions:
            return None
        found: list[int] = await self.execute_fn(lambda _: rows.latest_at(numbers, points, most))
        return found

    async def execute(self, sql: str, params: Any = None, *args: Any, **kwargs: Any) -> Any:
        """As Datasette's, see above."""
        values: Mapping[str, Any] = params if isinstance(params, Mapping) else {}
        if (page := _PAGE.fullmatch(sql)) and (quick := await self._page(page, values)):
            return await super().execute(quick, {}, *args, **kwargs)
        match = _SORTED_PAGE.fullmatch(sql)
        table = codebook.load().tables.get(match["table"]) if match else None
        if match and table and match["column"].strip("[]") != table.key:
            sql = f"{match['head']}, {table.key}{match['limit']}"
        facet = _FACET.fullmatch(sql)
        count = None if facet else _COUNT.fullmatch(sql)
        if (facet is None and count is None) or args or kwargs.get("page_size"):
            return await super().execute(sql, params, *args, **kwargs)
        if facet and facet["where"] and (after := _AFTER.search(facet["where"])):
            begin, end = facet.span("where")
            head, rest = facet["where"][: after.start()], sql[end:]
            sql = sql[:begin] + (head + rest if head else "1" + rest)
            facet = _FACET.fullmatch(sql)
        named = tuple(str(values.get(name)) for name in _NAMED.findall(sql)) if values else str(params)
        asked = (sql, named, kwargs.get("truncate"))
        counted = self._counted.get(asked)
        if counted is None:
            counted = await (self._facet(facet, values) if facet else self._count(count, values, sql))
            if counted is None:
                counted = await super().execute(sql, params, **kwargs)
            if len(counted.rows) <= 1001:
                self._counted.put(asked, counted)
        return counted

    async def _page(self, asked: re.Match[str], params: Mapping[str, Any]) -> str | None:
        """A page of incidents by number; None where SQLite has to find it."""
        rows = await self.rows()
        if rows is None:
            return None
        where, begin = asked["where"] or "", 0
        if after := _AFTER.search(where):
            column = (after["column"] or after["null"] or "").strip("[]")
            key = _AFTER_KEY.search(after[0])
            if column != "date" or key is None:
                return None
            where = where[: after.start()]
            date = params[after["value"]] if after["value"] else None
            found = await super().execute("SELECT rowid FROM incidents WHERE id = ? AND date IS ?", [params[key[1]], date])
            if not found.rows:
                return None
            begin = found.rows[0][0]
        limit = int(asked["limit"])
        head = f"select {asked['columns']} from incidents where rowid"
        if not where:
            return f"{head} > {begin} order by rowid limit {limit}"
        numbers = await self.selected(where, params)
        if numbers is None:
            return None
        at = int(np.searchsorted(numbers, begin, side="right"))
        here = ", ".join(map(str, numbers[at : at + limit].tolist()))
        return f"{head} in ({here}) order by rowid"

    async def _count(self, asked: re.Match[str] | None, params: Mapping[str, Any], sql: str) -> Results | None:
        rows = await self.rows()
        if rows is None or asked is None or not re.match(r"select count\(\*\) from \[?incidents\]?(?: where |\s*$)", sql):
            return None
        numbers = await self.selected(asked["where"], params) if asked["where"] else None
        if numbers is None and asked["where"]:
            return None
        return _results(("count(*)",), [(rows.count if numbers is None else len(numbers),)])

    async def _facet(self, asked: re.Match[str] | None, params: Mapping[str, Any]) -> Results | None:
        rows = await self.rows()
        column = asked["column"].strip("[]") if asked else ""
        if rows is None or asked is None or asked["table"].strip("[]") != "incidents" or column not in COLUMNS[:-1]:
            return None
        where = asked["where"] if asked["where"] != "1" else None
        numbers = await self.selected(where, params) if where else None
        if numbers is None and where:
            return None
        limit = int(asked["limit"])
        most: Callable[[Any], Any] = lambda _: rows.most(numbers, column, limit)  # noqa: E731
        return _results(("value", "count"), await self.execute_fn(most))


def _results(names: tuple[str, ...], rows: list[Any]) -> Results:
    made = [CustomRow(names, dict(zip(names, row, strict=True))) for row in rows]
    return Results(made, False, tuple((name, *[None] * 6) for name in names))
