"""The tables of the public database, as the codebook describes them, with what makes them quick to read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlite_utils import Database

from db import codebook
from db.searching import TOKENIZER, stemmed

ARRANGED = 1
"""`PRAGMA user_version` of a database whose incidents are numbered in the order of the table's pages."""

_TYPES: dict[str, type] = {"text": str, "integer": int, "real": float}


def create(db: Database) -> None:
    """Make all tables, empty."""
    waiting = list(codebook.load().tables.values())
    while waiting:
        table = waiting.pop(0)
        keys = [(column.name, *_target(column.references)) for column in table.columns if column.references]
        if any(not db.table(other).exists() for _, other, _ in keys):
            waiting.append(table)
            continue
        db.create_table(
            table.name,
            {column.name: _TYPES[column.type] for column in table.columns},
            pk=table.key,
            foreign_keys=keys,
            not_null={column.name for column in table.columns if column.required},
        )


def _target(reference: str) -> tuple[str, str]:
    table, _, column = reference.partition(".")
    return table, column


def insert(db: Database, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Add rows to a table; a column that a row does not name stays empty."""
    names = [column.name for column in codebook.load().tables[table].columns]
    with db.atomic():
        db.table(table).insert_all({name: row.get(name) for name in names} for row in rows)


def count(db: Database) -> None:
    """How many incidents of each month, type and place there are: what charts and tables of counts are made from."""
    with db.atomic():
        db.conn.execute(
            """INSERT INTO counts (year, month, type, country, department, province, district, ubigeo, incidents)
            SELECT year, CASE WHEN length(date) >= 7 THEN substr(date, 1, 7) END, type, country, department, province,
            district, ubigeo, count(*) FROM incidents GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 ORDER BY 1, 2, 3, 4, 5, 6, 7, 8"""
        )


def arrange(db: Database) -> None:
    """Number the incidents from 1 in the order in which their table is shown: the latest first, then by identifier, those
    without a date last.

    Days are then ranges of row numbers, a page is read in one go, and what a search finds comes sorted (`db.site.rows`).
    """
    names = ", ".join(f'"{column.name}"' for column in codebook.load().tables["incidents"].columns)
    with db.atomic():
        # Numbers are sorted, not rows, and the copies lie in the file itself: no temporary file as large as the release.
        db.conn.execute(f"CREATE TABLE unarranged AS SELECT {names} FROM incidents")
        db.conn.execute("CREATE TABLE arrangement AS SELECT rowid AS old FROM unarranged ORDER BY date DESC, id")
        db.conn.execute("DELETE FROM incidents")
        db.conn.execute(
            f"""INSERT INTO incidents (rowid, {names}) SELECT arrangement.rowid, {names}
            FROM arrangement CROSS JOIN unarranged ON unarranged.rowid = old"""
        )
        db.conn.execute("DROP TABLE arrangement")
        db.conn.execute("DROP TABLE unarranged")
        db.conn.execute(f"PRAGMA user_version = {ARRANGED}")


def index(db: Database) -> None:
    """Make the indexes and the full-text indexes of all tables; nothing is to be written afterwards."""
    for table in codebook.load().tables.values():
        for number, columns in enumerate(table.indexes):
            if all(table.column(column) for column in columns):
                db.table(table.name).create_index(columns)
            else:
                db.conn.execute(f"CREATE INDEX [idx_{table.name}_{number}] ON [{table.name}] ({', '.join(columns)})")
        if table.search:
            _add_search(db, table.name, table.search)


def _add_search(db: Database, table: str, columns: tuple[str, ...]) -> None:
    """A full-text index of stems. It quotes its content table, by which Datasette knows it, and has no triggers, since nothing
    is written any more; its `rebuild` would index whole words."""
    names = ", ".join(f"[{column}]" for column in columns)
    marks = ", ".join("?" for _ in columns)
    db.conn.execute(f"CREATE VIRTUAL TABLE [{table}_fts] USING FTS5 ({names}, tokenize='{TOKENIZER}', content=\"{table}\")")
    with db.atomic():
        rows = db.conn.execute(f"SELECT rowid, {names} FROM [{table}] ORDER BY rowid")
        db.conn.executemany(
            f"INSERT INTO [{table}_fts] (rowid, {names}) VALUES (?, {marks})",
            ((rowid, *map(stemmed, texts)) for rowid, *texts in rows),
        )
    db.conn.execute(f"INSERT INTO [{table}_fts] ([{table}_fts]) VALUES ('optimize')")
