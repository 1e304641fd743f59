"""What the two databases hold and what came last, for the screen of whoever runs them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .archive import Archive


@dataclass(frozen=True)
class NewspaperState:
    """One configured newspaper: when its last new article came (ISO instant), and how many known addresses wait."""

    id: str
    last_article: str | None
    pending: int


@dataclass(frozen=True)
class ArchiveState:
    """The archive in figures. Instants are ISO, in UTC; `recent` counts the articles first seen since a given one."""

    articles: int
    reports: int
    recent: int
    oldest: str | None
    last_crawl: str | None
    last_article: str | None
    running_since: str | None
    """When the latest run began that is not told to have ended."""
    newspapers: list[NewspaperState]


def archive_state(archive: Archive, since: str) -> ArchiveState:
    """Look at an archive; `since`: the ISO instant from which articles count as recent.

    What came last goes by order, not by instants: a clock that was ahead has left some in the future.
    """

    def one(statement: str, *values: Any) -> Any:
        return archive.db.conn.execute(statement, values).fetchone()[0]

    waiting = "SELECT count(*) FROM addresses WHERE source = ? AND kind = 'article' AND state = 'pending'"
    return ArchiveState(
        articles=one("SELECT count(*) FROM articles"),
        reports=one("SELECT count(*) FROM reports"),
        recent=one("SELECT count(*) FROM articles WHERE first_seen >= ?", since),
        oldest=one("SELECT min(first_seen) FROM articles"),
        last_crawl=one("SELECT (SELECT started FROM runs WHERE kind = 'crawl' ORDER BY id DESC LIMIT 1)"),
        last_article=one("SELECT (SELECT first_seen FROM articles ORDER BY id DESC LIMIT 1)"),
        running_since=one("SELECT max(started) FROM runs WHERE status = 'running'"),
        newspapers=[
            NewspaperState(id, one("SELECT max(first_seen) FROM articles WHERE source = ?", id), one(waiting, id))
            for (id,) in archive.db.conn.execute("SELECT id FROM sources WHERE configured ORDER BY id").fetchall()
        ],
    )


def last_release(public: Path) -> dict[str, Any] | None:
    """Number, day, incidents and reports of a public database's latest release; raises sqlite3.Error if it cannot be read."""
    with closing(sqlite3.connect(f"{public.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as conn:
        conn.row_factory = sqlite3.Row
        row = conn.execute("SELECT number, published, incidents, reports FROM releases ORDER BY number DESC").fetchone()
    return dict(row) if row is not None else None


def run_of(archive: Path, pid: int) -> tuple[str, set[str]] | None:
    """The status of the latest run of a process, and how its newspapers ended; None if it began none.

    Raises sqlite3.Error if the archive cannot be read.
    """
    with closing(sqlite3.connect(f"{archive.resolve().as_uri()}?mode=ro", uri=True, timeout=30)) as conn:
        run = conn.execute("SELECT id, status FROM runs WHERE pid = ? ORDER BY id DESC LIMIT 1", (pid,)).fetchone()
        if run is None:
            return None
        return run[1], {ending for (ending,) in conn.execute("SELECT ending FROM yields WHERE run = ?", (run[0],))}
