"""Whole files of what a page shows: CSV of any table, filter or ready question, and the note on licence and citation."""

from __future__ import annotations

import csv
import io
import sqlite3
from array import array
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from datasette import NotFound, Response
from datasette.database import QueryInterrupted
from datasette.utils import sqlite_timelimit
from datasette.utils.asgi import AsgiStream
from datasette.views.base import DatasetteError

from db import codebook
from db.export import BOM, note, safe_rows
from db.site.queries import Queries
from db.site.selection import DATABASE, Selection, query_pairs, selection

EXACT = "_exacto"
"""Parameter that asks for the exact flavour; without it the file is safe for spreadsheets."""
_CHUNK = 2000  # rows that are read and written at a time; between them other visitors have their turn


_LONGEST_MS = 30_000  # that a file of a ready question may take: a million rows take ten seconds


async def table_csv(datasette: Any, request: Any) -> AsgiStream:
    """All rows of a table that a filter asks for, in the page's order, however many: their numbers are listed first, in one
    statement, so that the file holds what was counted; then they are read by number."""
    table = _table(request)
    chosen = await selection(datasette, request, table.name)
    database = datasette.get_database(DATABASE)
    found = await listed(datasette, request, table, chosen)
    names = [column.name for column in table.columns]
    columns = ", ".join(f'"{name}"' for name in names)
    exact = bool(request.args.get(EXACT))

    def text(conn: sqlite3.Connection, part: Sequence[int]) -> str:
        return _csv(read(conn, table.name, columns, part), exact=exact)

    async def stream(response: Any) -> None:
        if request.method == "HEAD":
            return
        await response.write(("" if exact else BOM) + _csv([names], exact=True))
        for at in range(0, len(found), _CHUNK):
            part = found[at : at + _CHUNK]
            await response.write(await database.execute_fn(lambda conn, part=part: text(conn, part)))

    return AsgiStream(stream, headers=await _headers(datasette, table.name, len(found), exact), content_type=_TYPE)


def read(conn: sqlite3.Connection, table: str, columns: str, numbers: Sequence[int]) -> Iterable[tuple[Any, ...]]:
    """The rows of a table with these numbers, in the order of the numbers."""
    cursor = conn.cursor()
    cursor.row_factory = None
    first, last = int(numbers[0]), int(numbers[-1])
    if last - first == len(numbers) - 1 and all(b - a == 1 for a, b in pairwise(numbers)):
        return cursor.execute(f'SELECT {columns} FROM "{table}" WHERE rowid BETWEEN {first} AND {last} ORDER BY rowid')
    asked = ", ".join(map(str, numbers))
    rows = {row[0]: row[1:] for row in cursor.execute(f'SELECT rowid, {columns} FROM "{table}" WHERE rowid IN ({asked})')}
    return (rows[int(number)] for number in numbers)


async def listed(datasette: Any, request: Any, table: codebook.Table, chosen: Selection) -> Sequence[int]:
    """The numbers of the rows that a filter asks for, in the order that the request asks for; without a request, the
    usual one. Raises `DatasetteError` where they cannot be found or not in time."""
    database = datasette.get_database(DATABASE)
    limit = datasette.setting("sql_time_limit_ms")
    order = _order(table, request)
    if table.name == "incidents" and order == _order(table, None):
        try:
            arranged = await database.selected(chosen.sql, chosen.parameters)
        except (QueryInterrupted, sqlite3.OperationalError) as error:
            raise DatasetteError(str(error), status=400) from error
        if arranged is not None:
            return array("q", arranged.astype("int64").tobytes())

    def numbers(conn: sqlite3.Connection, order: str) -> array[int]:
        with sqlite_timelimit(conn, limit):
            rows = conn.execute(f'SELECT rowid FROM "{table.name}" {chosen.where()} {order}', chosen.parameters)
            return array("q", (row[0] for row in rows))

    try:
        found: array[int] = await database.execute_fn(lambda conn: numbers(conn, order))
    except sqlite3.OperationalError as error:
        if error.args != ("interrupted",):
            raise DatasetteError(str(error), status=400) from error
        try:  # a million rows by a column without an index: all of them, in the order of publication
            found = await database.execute_fn(lambda conn: numbers(conn, ""))
        except sqlite3.OperationalError as still:
            raise DatasetteError(str(still), status=400) from still
    return found


async def question_csv(datasette: Any, request: Any) -> AsgiStream:
    """All rows of the answer to a ready question, also where the page shows the first thousand."""
    name = request.url_vars["question"]
    sql, values = await _asked(datasette, request, name)
    exact = bool(request.args.get(EXACT))

    def written(conn: sqlite3.Connection) -> tuple[int, list[str]]:
        cursor = conn.cursor()
        cursor.row_factory = None
        with sqlite_timelimit(conn, _LONGEST_MS):
            cursor.execute(sql, values)
            parts = ["" if exact else BOM, _csv([[column[0] for column in cursor.description]], exact=True)]
            rows = 0
            while part := cursor.fetchmany(_CHUNK):
                rows += len(part)
                parts.append(_csv(part, exact=exact))
        return rows, parts

    try:
        rows, parts = await datasette.get_database(DATABASE).execute_fn(written)
    except sqlite3.OperationalError as error:
        raise DatasetteError(str(error), status=400) from error

    async def stream(response: Any) -> None:
        for part in parts if request.method != "HEAD" else ():
            await response.write(part)

    return AsgiStream(stream, headers=await _headers(datasette, name, rows, exact), content_type=_TYPE)


async def answer_rows(datasette: Any, request: Any, name: str) -> int:
    """How many rows the whole answer to a ready question has."""
    sql, values = await _asked(datasette, request, name)
    try:
        found = await datasette.get_database(DATABASE).execute(f"select count(*) from ({sql})", values)
    except (QueryInterrupted, sqlite3.OperationalError) as error:
        raise DatasetteError(str(error), status=400) from error
    return int(found.rows[0][0])


async def _asked(datasette: Any, request: Any, name: str) -> tuple[str, dict[str, str]]:
    """A ready question's SQL and what the request's fields say; raises `NotFound` where there is no such question."""
    question = await datasette.get_canned_query(DATABASE, name, request.actor)
    if question is None:
        raise NotFound(f"no question {name}")
    return question["sql"], {field: request.args.get(field) or "" for field in question["params"]}


async def about(datasette: Any, request: Any) -> Response:
    """The note that goes with a file: licence, how to cite, which selection, what the columns mean."""
    table = _table(request)
    chosen = await selection(datasette, request, table.name)
    found = await datasette.get_database(DATABASE).execute(
        f'select count(*) from "{table.name}" {chosen.where()}', chosen.parameters
    )
    release = await Queries(datasette).release()
    path = datasette.urls.table(DATABASE, table.name)
    pairs = query_pairs(request)
    page = datasette.absolute_url(request, path) + (f"?{request.query_string}" if pairs else "")
    exact = bool(request.args.get(EXACT))
    text = note(
        (release["number"], release["published"]) if release else None,
        file=_file(table.name, release, exact),
        rows=found.rows[0][0],
        spreadsheet=not exact,
        address=page if pairs else None,
        table=table.name,
    )
    return Response.text(text)


_TYPE = "text/csv; charset=utf-8"


def _table(request: Any) -> codebook.Table:
    table = codebook.load().tables.get(request.url_vars["table"])
    if table is None:
        raise NotFound("no such table")
    return table


def _order(table: codebook.Table, request: Any) -> str:
    sorts = ("_sort_desc", "_sort") if request else ()
    asked = next(((key, request.args.get(key)) for key in sorts if request.args.get(key)), None)
    usual = next(((f"_{key}", table.site[key]) for key in ("sort_desc", "sort") if key in table.site), ("_sort", table.key))
    key, column = asked or usual
    if table.column(column) is None:
        raise DatasetteError(f"Cannot sort table by {column}", status=400)
    return f'ORDER BY "{column}" {"DESC" if key == "_sort_desc" else "ASC"}, rowid'


def _csv(rows: Iterable[Any], *, exact: bool) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows if exact else safe_rows(rows))
    return out.getvalue()


def _file(name: str, release: dict[str, Any] | None, exact: bool) -> str:
    edition = f"-edicion-{release['number']}" if release else ""
    return f"quintanas-{name}{edition}{'.exacto' if exact else ''}.csv"


async def _headers(datasette: Any, name: str, rows: int, exact: bool) -> dict[str, str]:
    release = await Queries(datasette).release()
    return {
        "content-disposition": f'attachment; filename="{_file(name, release, exact)}"',
        "link": f'<{codebook.load().license_url}>; rel="license"',
        "x-total-count": str(rows),
    }
