"""Whether the databases are whole: their pages, their references, and each text against the digest taken when it was stored."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

from db.archive import content_digest
from db.packing import unpack

MOST = 20
"""Faults that are listed one by one."""


def check_archive(path: Path) -> list[str]:
    """What is wrong with the archive, a line each; empty where nothing is. Reads everything, beside any writer.

    SQLite finds a page that is none. A text in which the disk turned some bits is found by its digest. Raises
    `FileNotFoundError` where there is no archive.
    """
    return _faults(path, texts=True)


def check_public(path: Path) -> list[str]:
    """What is wrong with the public database, as `check_archive` says it."""
    return _faults(path, texts=False)


def _faults(path: Path, *, texts: bool) -> list[str]:
    if not path.is_file():
        raise FileNotFoundError(f"there is no database at {path}")
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=30)) as conn:
            found = [row[0] for row in conn.execute(f"PRAGMA integrity_check({MOST})") if row[0] != "ok"]
            found = [line for text in found for line in text.splitlines() if not line.startswith("***")]
            if conn.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0:
                found.append("it is empty: it holds no table")
            if not found:
                found += _shortened(
                    f"{row[0]}, row {row[1]}: points nowhere" for row in conn.execute("PRAGMA foreign_key_check")
                )
                found += _shortened(_texts(conn)) if texts else []
    except sqlite3.DatabaseError as error:
        found = [str(error)]
    return found[:MOST]


def _shortened(lines: Iterable[str]) -> list[str]:
    return list(islice(lines, MOST))


def _texts(conn: sqlite3.Connection) -> Iterator[str]:
    """Versions whose text is not what was stored."""
    conn.row_factory = sqlite3.Row
    for row in conn.execute(
        """SELECT v.id, v.hash, v.headline, v.lead, v.body, v.published, a.url
        FROM article_versions v JOIN articles a ON a.id = v.article ORDER BY v.id"""
    ):
        try:
            facts = {**dict(row), "body": unpack(row["body"])}
            if content_digest(facts) == row["hash"]:
                continue
            what = "is not what was stored"
        except (ValueError, UnicodeError) as error:
            what = str(error)
        yield f"version {row['id']} of {row['url']}: {what}"
