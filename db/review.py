"""What a person who reviews incidents reads of the public database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def opened(public: Path) -> Iterator[sqlite3.Connection]:
    """The public database for reading alone; its rows are mappings."""
    with closing(sqlite3.connect(f"{public.resolve().as_uri()}?mode=ro", uri=True)) as conn:
        conn.row_factory = sqlite3.Row
        yield conn


def waiting(public: sqlite3.Connection, review: str | None = "unreviewed", limit: int = 20) -> list[dict[str, Any]]:
    """Incidents in a state of review (None: any) that a person might look at next: the least sure first, then the latest."""
    rows = public.execute(
        """SELECT id, date, type_label, district, confidence, reports, review, headline FROM incidents
        WHERE :review IS NULL OR review = :review ORDER BY confidence, date DESC, id LIMIT :limit""",
        {"review": review, "limit": limit},
    )
    return [dict(row) for row in rows]


def incident(public: sqlite3.Connection, identifier: str) -> dict[str, Any] | None:
    """The row of an incident; None where none is published under this identifier."""
    return _one(public, "SELECT * FROM incidents WHERE id = ?", identifier)


def removed(public: sqlite3.Connection, identifier: str) -> dict[str, Any] | None:
    """What became of an identifier that is no longer published: `kind`, `merged_into`, `why`; None where it never was."""
    return _one(public, "SELECT kind, merged_into, why FROM removed WHERE id = ?", identifier)


def reports(public: sqlite3.Connection, identifier: str) -> list[dict[str, Any]]:
    """The reports of an incident, in the order in which they were published."""
    return [dict(row) for row in public.execute("SELECT * FROM reports WHERE incident = ? ORDER BY published", (identifier,))]


def decisions(public: sqlite3.Connection, identifier: str) -> list[dict[str, Any]]:
    """What persons decided about an incident, in the order in which they did."""
    return [dict(row) for row in public.execute("SELECT * FROM corrections WHERE incident = ? ORDER BY id", (identifier,))]


def _one(public: sqlite3.Connection, statement: str, identifier: str) -> dict[str, Any] | None:
    row = public.execute(statement, (identifier,)).fetchone()
    return None if row is None else dict(row)
