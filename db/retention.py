"""What the archive forgets: the account of single requests from long ago, and nothing of articles, versions and reports.

What each newspaper gave in each run (`yields`) stays for ever, a line a run, and so do the runs themselves.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from db.archive import Archive
from db.instants import utc

LEAST = timedelta(days=60)
"""The archive itself looks back so far: for pages that are held, and for whoever asks why an address was left out."""


def forget_visits(archive: Archive, before: datetime) -> int:
    """Delete the visits of runs that began before an instant; returns how many they were.

    Each newspaper's last run and its last good visit stay, however old: they say since when it is silent. A run is forgotten
    in one transaction, so that a kill loses nothing, and the next call goes on. The room is used again by later visits.
    """
    rows = archive.db.conn.execute(
        "SELECT id FROM runs WHERE started < ? AND id IN (SELECT run FROM visits) ORDER BY id", (utc(before),)
    ).fetchall()
    forgotten = 0
    if rows:
        kept = archive.db.conn.execute(
            """SELECT s.id, (SELECT max(run) FROM run_sources WHERE source = s.id),
            (SELECT v.id FROM visits v WHERE v.source = s.id AND v.outcome IN ('stored', 'not_modified')
             ORDER BY v.at DESC LIMIT 1) FROM sources s"""
        ).fetchall()
    for (run,) in rows:
        with archive.transaction():
            for source, last, good in kept:
                if last != run:
                    forgotten += archive.db.conn.execute(
                        "DELETE FROM visits WHERE run = ? AND source = ? AND id IS NOT ?", (run, source, good)
                    ).rowcount
    return forgotten
