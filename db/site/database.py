"""A Datasette database whose sorted pages lose no row, and which counts everything once."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

from datasette.database import Database, Results

from db import codebook
from db.site.kept import Kept

# What a table page asks of one table, first page, sorted by one column. Later pages carry the tie-breaker already.
_SORTED_PAGE = re.compile(
    r"(?P<head>select .+? from \[?(?P<table>\w+)\]? (?:where .+ )?order by (?P<column>\w+|\[\w+\])(?: desc)?)"
    r"(?P<limit> limit \d+)",
    re.DOTALL,
)


# What a table page asks to say how many rows there are, and how many of each value of a facet.
_COUNT = re.compile(r"\s*select (?:count\(\*\) from |\S+ as value, count\(\*\) as count from \()", re.IGNORECASE)
_FACET = re.compile(
    r"\s*select (?P<column>\[?\w+\]?) as value, count\(\*\) as count from \(\s*select .+? from \[?incidents\]? "
    r"(?P<where>where rowid in \(select rowid from \[?incidents_fts\]? where .+?)\s*\)\s*where (?P=column) is not null\s+"
    r"group by (?P=column) order by count desc, value limit (?P<limit>\d+)\s*",
    re.DOTALL,
)
_COUNTS = 512  # that are kept; each is a few dozen rows at most


class PublicDatabase(Database):
    """Breaks ties in a sorted table's first page by the primary key, as Datasette 0.65 does from the second page on.

    Without it the first page holds rows of equal value in whatever order SQLite meets them, the second goes on after a key
    that is not the greatest, and some rows appear twice while others never do: of 398 incidents sorted by date 391 were in
    the streamed CSV.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._counted: Kept[Any] = Kept(_COUNTS)
        self._identity: str | None = None

    @property
    def hash(self) -> str:
        """Which file this is: Datasette's own reads all of it for the first visitor, two seconds for two gigabytes."""
        if self._identity is None:
            found = Path(self.path).stat()
            self._identity = hashlib.sha256(f"{found.st_ino} {found.st_size} {found.st_mtime_ns}".encode()).hexdigest()
        return self._identity

    async def execute(self, sql: str, params: Any = None, *args: Any, **kwargs: Any) -> Any:
        """As Datasette's, see above."""
        match = _SORTED_PAGE.fullmatch(sql)
        table = codebook.load().tables.get(match["table"]) if match else None
        if match and table and match["column"].strip("[]") != table.key:
            sql = f"{match['head']}, {table.key}{match['limit']}"
        if _COUNT.match(sql) is None or args or kwargs.get("page_size"):
            return await super().execute(sql, params, *args, **kwargs)
        asked = (sql, str(params), kwargs.get("truncate"))
        counted = self._counted.get(asked)
        if counted is None and (facet := _FACET.fullmatch(sql)):
            counted = await self._facet(facet, params)
        if counted is None:
            counted = await super().execute(sql, params, **kwargs)
            if len(counted.rows) <= 1001:
                self._counted.put(asked, counted)
        return counted

    async def _facet(self, asked: re.Match[str], params: Any) -> Any:
        """A facet of a search. Datasette asks one after another, and each looks up every row that was found again: all that
        the page has are counted in one pass when the first is asked for. None for one that it has not."""
        columns = codebook.load().tables["incidents"].site["facets"]
        column, where, limit = asked["column"].strip("[]"), asked["where"], asked["limit"]
        if column not in columns:
            return None
        key = (where, str(params), limit)
        if (together := self._counted.get(key)) is None:
            parts = (
                f"SELECT * FROM (SELECT '{one}' AS facet, [{one}] AS value, count(*) AS count FROM found"
                f" WHERE [{one}] IS NOT NULL GROUP BY [{one}] ORDER BY count DESC, value LIMIT {limit})"
                for one in columns
            )
            names = ", ".join(f'"{one}"' for one in columns)
            sql = f"WITH found AS MATERIALIZED (SELECT {names} FROM incidents {where}) {' UNION ALL '.join(parts)}"
            together = await super().execute(sql, params, truncate=False)
            self._counted.put(key, together)
        rows = [row for row in together.rows if row["facet"] == column]
        return Results(rows, False, together.description)
