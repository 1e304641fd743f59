"""What a release adds, changes, merges, splits and withdraws, found by comparing it with what the last one said."""

from __future__ import annotations

import json
import sqlite3
import struct
from collections.abc import Iterator

from db import codebook

_ADDED = "Una noticia nueva."
_MORE = "Otra noticia lo cuenta."
_FEWER = "Una noticia dejó de contarlo o se retiró."
_READ = "El programa leyó otra vez la noticia."
_GONE = "La noticia ya no cuenta un hecho."


def record_changes(archive: sqlite3.Connection, release: int) -> None:
    """Note what changed between the `published` table and the temporary table `fresh` (incident, digests of its fields), and
    let `published` say what `fresh` says. The first release notes nothing: all of it is new."""
    first = archive.execute("SELECT count(*) FROM releases WHERE number < ?", (release,)).fetchone()[0] == 0
    columns = [column.name for column in codebook.load().tables["incidents"].columns]
    if not first:
        rows = [(release, *row) for row in _changes(archive, columns)]
        archive.executemany("INSERT INTO changes (release, incident, kind, fields, other, why) VALUES (?, ?, ?, ?, ?, ?)", rows)
    archive.execute("DELETE FROM published")
    archive.execute("INSERT INTO published SELECT incident, fields FROM temp.fresh ORDER BY incident")


def _changes(archive: sqlite3.Connection, columns: list[str]) -> Iterator[tuple[str, str, str | None, str | None, str]]:
    reasons = _reasons(archive)
    for (incident,) in archive.execute(
        "SELECT incident FROM temp.fresh WHERE incident NOT IN (SELECT incident FROM published) ORDER BY incident"
    ).fetchall():
        came = archive.execute(
            "SELECT incident, reason FROM forwards WHERE kind = 'split' AND other = ? ORDER BY id DESC", (incident,)
        ).fetchone()
        if came:
            yield incident, "split", None, came[0], came[1]
        else:
            yield incident, "added", None, None, _ADDED
    for incident, before, after in archive.execute(
        """SELECT f.incident, p.fields, f.fields FROM temp.fresh f JOIN published p USING (incident)
        WHERE p.fields != f.fields ORDER BY 1"""
    ).fetchall():
        fields = _different(before, after, columns)
        why = reasons.get(incident)
        if why is None:
            why = _READ
            if fields is None or "reports" in fields:
                why = _MORE if _grew(archive, incident) else _FEWER
        yield incident, "changed", None if fields is None else ", ".join(fields), None, why
    for (incident,) in archive.execute(
        "SELECT incident FROM published WHERE incident NOT IN (SELECT incident FROM temp.fresh) ORDER BY incident"
    ).fetchall():
        into = archive.execute(
            """SELECT i.merged_into, f.reason FROM incidents i LEFT JOIN forwards f ON f.incident = i.id AND f.kind = 'merge'
            WHERE i.id = ? ORDER BY f.id DESC""",
            (incident,),
        ).fetchone()
        hidden = archive.execute(
            "SELECT h.reason FROM temp.hidden h JOIN assignments s ON s.slot = h.slot WHERE s.incident = ?", (incident,)
        ).fetchone()
        if into and into[0]:
            yield incident, "merged", None, into[0], into[1] or ""
        elif hidden:
            yield incident, "withdrawn", None, None, hidden[0]
        else:
            yield incident, "gone", None, None, _GONE


def _reasons(archive: sqlite3.Connection) -> dict[str, str]:
    """What persons decided since the last release: {incident: reason}."""
    row = archive.execute("SELECT content FROM releases ORDER BY number DESC LIMIT 1 OFFSET 1").fetchone()
    since = json.loads(row[0])["published"] if row else ""
    rows = archive.execute(
        """SELECT coalesce(i.merged_into, i.id), c.reason FROM corrections c JOIN incidents i ON i.id = c.incident
        WHERE c.at >= ? ORDER BY c.id""",
        (since,),
    )
    return {row[0]: row[1] for row in rows}


def _different(before: bytes, after: bytes, columns: list[str]) -> list[str] | None:
    """Columns whose digests differ; None where the last release had other columns."""
    if len(before) != len(after) or len(after) != 4 * len(columns):
        return None
    pairs = zip(columns, struct.unpack(f"<{len(columns)}I", before), struct.unpack(f"<{len(columns)}I", after), strict=True)
    return [name for name, old, new in pairs if old != new]


def _grew(archive: sqlite3.Connection, incident: str) -> bool:
    """Whether none of an incident's reports is hidden or no longer told, so that a change of their number is a new one."""
    lost = archive.execute(
        """SELECT count(*) FROM assignments s WHERE s.incident = ?
        AND (s.row IS NULL OR s.slot IN (SELECT slot FROM temp.hidden))""",
        (incident,),
    ).fetchone()[0]
    return not lost
