"""Room that an archive takes: older texts are packed, pages that nothing uses are given back."""

from __future__ import annotations

import shutil
import sqlite3
from dataclasses import dataclass

from db.archive import Archive
from db.packing import pack

WORTH = 0.2
"""Share of pages without content from which on `VACUUM` is worth its time: it writes the whole file anew."""

_BATCH = 500


@dataclass(frozen=True)
class Compaction:
    """What was gained."""

    packed: int
    """Texts from before texts were packed."""
    vacuumed: bool
    before: int
    """Bytes of the archive's file."""
    after: int
    advice: str = ""
    """Why it was not vacuumed although it would be worth it."""


def compact(archive: Archive) -> Compaction:
    """Pack the texts that an earlier version left as they were, bring the statistics for queries up to date, and vacuum
    where at least `WORTH` of the file is free. A kill loses nothing; called again it goes on.

    Raises `sqlite3.Error` where the archive cannot be written.
    """
    conn = archive.db.conn
    before = archive.path.stat().st_size
    packed = sum(_pack_batches(archive))
    conn.execute("PRAGMA optimize")
    conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    advice = ""
    vacuum = packed > 0 or free_share(conn) >= WORTH  # packing empties pages in part, which no count shows
    if vacuum:
        size, room = archive.path.stat().st_size, shutil.disk_usage(archive.path.parent).free
        if room < 2 * size:
            advice = f"a vacuum would help but needs {2 * size:,} bytes of free disk for a while, and there are {room:,}"
            vacuum = False
        else:
            conn.execute("VACUUM")
            conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return Compaction(packed, vacuum, before, archive.path.stat().st_size, advice)


def free_share(conn: sqlite3.Connection) -> float:
    """Share of a database's pages that hold nothing."""
    pages, free = (conn.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count"))
    return free / pages if pages else 0.0


def _pack_batches(archive: Archive) -> list[int]:
    done: list[int] = []
    last = 0
    while True:
        rows = archive.db.conn.execute(
            "SELECT id, body FROM article_versions WHERE id > ? AND typeof(body) = 'text' ORDER BY id LIMIT ?", (last, _BATCH)
        ).fetchall()
        if not rows:
            return done
        smaller = [(body, row["id"]) for row in rows if isinstance(body := pack(row["body"]), bytes)]
        with archive.transaction():
            archive.db.conn.executemany("UPDATE article_versions SET body = ? WHERE id = ?", smaller)
        done.append(len(smaller))
        last = rows[-1]["id"]
