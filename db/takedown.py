"""What no release may hold: the reports that somebody asked to withdraw, and the same article under another address.

A newspaper that moves an article, or prints it again with a line changed, gives it a new address; what was withdrawn under the
old one stays hidden. It is known again by the likeness of its text (MinHash, `db.particulars`), and on neighbouring days by its
headline or its deciding sentence. Another newspaper's report is its own, and is hidden with the incident.
"""

from __future__ import annotations

import json
import sqlite3
from datetime import date

from db.identity import NO_HINT
from db.particulars import fold, likeness

_WITHDRAWN = """CREATE TEMP TABLE hidden AS
    SELECT s.slot, w.at, w.reason FROM assignments s JOIN withdrawn w ON w.incident = s.incident
    UNION ALL SELECT s.slot, w.at, w.reason FROM withdrawn w JOIN incidents i ON i.id = w.incident
        JOIN assignments s ON s.incident = i.merged_into
    UNION ALL SELECT s.slot, w.at, w.reason FROM withdrawn w JOIN articles a ON a.url = w.url
        JOIN assignments s ON s.article = a.id
    UNION ALL SELECT s.slot, w.at, w.reason FROM withdrawn w
        JOIN article_versions v ON v.link = w.url OR v.fetched_url = w.url JOIN assignments s ON s.article = v.article"""
_ALIKE = 0.6
"""Likeness from which on two texts of one newspaper are one article, edited."""
_DAYS = 60
"""Days between the dates read from two printings at most; a headline alone comes again sooner with other news."""
_HEADLINE_DAYS = 7
_TOLD = """SELECT s.slot, s.source, s.article, s.first, s.signature, s.features,
    (SELECT v.headline FROM article_versions v WHERE v.article = s.article ORDER BY v.id DESC LIMIT 1) AS headline
    FROM assignments s WHERE """


def hide(archive: sqlite3.Connection) -> None:
    """Make the temporary table `hidden` of what is withdrawn: `slot` of each assignment, `at` and `reason` of the request.

    One pass over the reports of the newspapers that something was withdrawn of; nothing to do where nothing was.
    """
    archive.execute(_WITHDRAWN)
    archive.execute("CREATE INDEX temp.hidden_slot ON hidden (slot)")
    requests = {row["slot"]: (row["at"], row["reason"]) for row in archive.execute("SELECT * FROM temp.hidden")}
    known: dict[str, list[sqlite3.Row]] = {}
    for row in archive.execute(f"{_TOLD} s.slot IN (SELECT slot FROM temp.hidden)"):
        known.setdefault(row["source"], []).append(row)
    again = []
    for source, gone in known.items():
        for row in archive.execute(f"{_TOLD} s.source = ? AND s.slot NOT IN (SELECT slot FROM temp.hidden)", (source,)):
            same = next((each for each in gone if each["article"] != row["article"] and _same(each, row)), None)
            if same is not None:
                again.append((row["slot"], *requests[same["slot"]]))
    archive.executemany("INSERT INTO temp.hidden VALUES (?, ?, ?)", again)


def _same(known: sqlite3.Row, other: sqlite3.Row) -> bool:
    """Whether two articles of one newspaper are the same, printed again."""
    days = 0
    if known["first"] and other["first"]:
        days = abs((date.fromisoformat(known["first"]) - date.fromisoformat(other["first"])).days)
    if days > _DAYS:
        return False
    if likeness(known["signature"], other["signature"]) >= _ALIKE:
        return True
    if days > _HEADLINE_DAYS:
        return False
    headline = fold(known["headline"] or "")
    if len(headline.split()) > 3 and headline == fold(other["headline"] or ""):
        return True
    hint = json.loads(known["features"]).get("hint")
    return hint not in (None, NO_HINT) and hint == json.loads(other["features"]).get("hint")
