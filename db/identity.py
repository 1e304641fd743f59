"""Which reports tell the same incident, and under which identifier it is published for good.

Every incident that an article tells has an assignment, kept in the archive through every extraction of the article, and with it
the identifier of its incident. A new report is compared (`db.compare`) with those of its type family, district or province
and days alone, which an index finds, so its cost does not grow with the archive. Nothing that was assigned moves unless what is
known of it changed and contradicts the others; where an identifier is given up or loses reports, a record says where it leads.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from db.archive import Archive
from db.compare import Features, compare, families, features, provinces, rules
from db.instants import now, utc
from db.overrides import overrides
from db.particulars import fold

BATCH = 500
_CANDIDATES = 400
"""Reports that one is compared with at most, nearest days first."""


@dataclass
class LinkSummary:
    """What `link` did: articles compared, incidents begun, reports joined to one, incidents merged and split."""

    articles: int = 0
    new: int = 0
    joined: int = 0
    merged: int = 0
    split: int = 0


def link(archive: Archive) -> LinkSummary:
    """Give every report that was extracted since the last time its incident.

    Takes a writing archive. Each batch is one transaction, so a run that is cut off goes on where it stopped. First every
    article's reports are matched with the assignments that it had before, then what is new or changed is placed: so
    a new extractor that reads all reports of an incident otherwise does not tear them apart on the way.
    """
    done = LinkSummary()
    for articles in _queue(archive, "SELECT article FROM unlinked ORDER BY article LIMIT ?"):
        with archive.transaction():
            for article in articles:
                _refresh(archive, article)
                archive.db.conn.execute("DELETE FROM unlinked WHERE article = ?", (article,))
                done.articles += 1
    for slots in _queue(archive, "SELECT slot FROM unplaced ORDER BY slot LIMIT ?"):
        with archive.transaction():
            for slot in slots:
                place(archive, slot, done)
                archive.db.conn.execute("DELETE FROM unplaced WHERE slot = ?", (slot,))
    return done


def _queue(archive: Archive, statement: str) -> Iterator[list[int]]:
    while rows := archive.db.conn.execute(statement, (BATCH,)).fetchall():
        yield [row[0] for row in rows]


# An article's reports and the assignments that it had


def _refresh(archive: Archive, article: int) -> None:
    """Match the article's present reports with its assignments, and queue what is new or changed."""
    conn = archive.db.conn
    told = _reports(archive, article)
    old = [dict(row) for row in conn.execute("SELECT * FROM assignments WHERE article = ? ORDER BY slot", (article,))]
    parts = [_part(report, told) for report in told]
    compared = [features(report, headline, text) for report, (headline, text) in zip(told, parts, strict=True)]
    matched = _match(told, compared, old)
    for assignment in old:
        if assignment["slot"] not in matched.values():
            conn.execute("UPDATE assignments SET row = NULL WHERE slot = ?", (assignment["slot"],))
    known = {assignment["slot"]: assignment for assignment in old}
    for index, report in enumerate(told):
        slot = matched.get(index)
        if slot is None:
            _new_assignment(archive, report, compared[index])
            continue
        fixed = overrides(conn, known[slot]["incident"])
        wanted = features({**report, **fixed}, *parts[index]) if fixed else compared[index]
        _update_assignment(archive, known[slot], report["id"], wanted, _hint(report))


def _reports(archive: Archive, article: int) -> list[dict[str, Any]]:
    rows = archive.db.conn.execute(
        """SELECT r.*, a.id AS article, a.url, a.source, v.headline, v.lead, plain(v.body) AS body, v.published
        FROM article_versions v JOIN extractions e ON e.version = v.id JOIN articles a ON a.id = v.article
        JOIN reports r ON r.version = v.id
        WHERE v.id = (SELECT max(w.id) FROM article_versions w JOIN extractions f ON f.version = w.id WHERE w.article = ?)
        ORDER BY r.position""",
        (article,),
    )
    return [dict(row) | {"evidence": json.loads(row["evidence"])} for row in rows]


def _part(report: Mapping[str, Any], told: list[dict[str, Any]]) -> tuple[str, str]:
    """Headline and text that tell of this report's incident: all of an article with one, else the paragraphs that decided
    its fields."""
    text = "\n".join(filter(None, (report["lead"], report["body"])))
    if len(told) == 1:
        return report["headline"], text
    sentences = [evidence.get("sentence") or "" for evidence in report["evidence"].values()]
    paragraphs = [part for part in text.split("\n") if part.strip()]
    own = [part for part in paragraphs if any(sentence and sentence.strip() in part for sentence in sentences)]
    first = report["headline"] if report["position"] == 0 else ""
    return first, "\n".join(own) or " ".join(dict.fromkeys(sentences))


def _hint(report: Mapping[str, Any]) -> str:
    """Digest of the sentence that decided a report's type: the same sentence read again is the same report."""
    return _digest((report["evidence"].get("type") or {}).get("sentence") or "")


def _digest(sentence: str) -> str:
    return hashlib.sha256(fold(sentence).encode()).hexdigest()[:16]


NO_HINT = _digest("")
"""The hint of a report without a deciding sentence."""


def _match(told: list[dict[str, Any]], compared: list[Features], old: list[dict[str, Any]]) -> dict[int, int]:
    """Which assignment each report continues: {position in `told`: slot}."""
    if not told or not old:
        return {}
    if len(told) == len(old) == 1:
        return {0: old[0]["slot"]}
    scored = []
    for index, (report, wanted) in enumerate(zip(told, compared, strict=True)):
        for order, assignment in enumerate(old):
            scored.append((_continuity(report, wanted, assignment, order), -index, -order))
    matched: dict[int, int] = {}
    for score, index, order in sorted(scored, reverse=True):
        slot = old[-order]["slot"]
        if score >= 2.5 and -index not in matched and slot not in matched.values():
            matched[-index] = slot
    rest = [index for index in range(len(told)) if index not in matched]
    left = [row["slot"] for row in old if row["row"] is not None and row["slot"] not in matched.values()]
    if len(rest) == len(left) == 1:
        matched[rest[0]] = left[0]
    return matched


def _continuity(report: Mapping[str, Any], wanted: Features, assignment: Mapping[str, Any], order: int) -> float:
    data = json.loads(assignment["features"])
    score = 3.0 * (data.get("hint") == _hint(report)) + 0.5 * (order == report["position"])
    score += 1.5 * (assignment["family"] == wanted.family) + (data.get("type") == wanted.data["type"])
    score += (assignment["district"] == wanted.district) * 0.5 + (assignment["first"] == wanted.first) * 0.5
    score += data.get("place") == wanted.data.get("place") and data.get("street") == wanted.data.get("street")
    return score


def _new_assignment(archive: Archive, report: Mapping[str, Any], wanted: Features) -> None:
    conn = archive.db.conn
    count = conn.execute("SELECT count(*) FROM assignments WHERE article = ?", (wanted.article,)).fetchone()[0]
    own = f"R{identifier(report['url'], str(count))}"
    slot = conn.execute(
        "INSERT INTO assignments (report, article, source) VALUES (?, ?, ?)", (own, wanted.article, wanted.source)
    ).lastrowid
    _write(archive, int(slot or 0), report["id"], wanted, _hint(report))
    conn.execute("INSERT OR IGNORE INTO unplaced (slot) VALUES (?)", (slot,))


def _update_assignment(archive: Archive, known: Mapping[str, Any], row: int, wanted: Features, hint: str) -> None:
    same = all(known[key] == getattr(wanted, key) for key in ("family", "district", "province", "first", "last"))
    before = json.loads(known["features"])
    before.pop("hint", None)
    same = same and before == json.loads(json.dumps(wanted.data)) and known["row"] is not None
    _write(archive, known["slot"], row, wanted, hint)
    if not same or known["incident"] is None:
        archive.db.conn.execute("INSERT OR IGNORE INTO unplaced (slot) VALUES (?)", (known["slot"],))


def _write(archive: Archive, slot: int, row: int, wanted: Features, hint: str) -> None:
    columns = {key: getattr(wanted, key) for key in ("family", "district", "province", "first", "last", "signature")}
    columns["features"] = json.dumps({**wanted.data, "event": wanted.event, "hint": hint}, separators=(",", ":"))
    assignments = ", ".join(f"{name} = :{name}" for name in columns)
    archive.db.conn.execute(
        f"UPDATE assignments SET row = :row, {assignments} WHERE slot = :slot", {**columns, "row": row, "slot": slot}
    )


# Placing


def place(archive: Archive, slot: int, done: LinkSummary | None = None) -> str:
    """Give an assignment its incident: the one that it agrees with best, else one of its own. Returns the identifier.

    What a person placed stays where it is; what has an incident leaves it only where all others of that contradict it.
    """
    done = done if done is not None else LinkSummary()
    conn = archive.db.conn
    row = conn.execute("SELECT * FROM assignments WHERE slot = ?", (slot,)).fetchone()
    mine = _features(row)
    incident: str | None = row["incident"]
    if row["row"] is None or (incident and row["pinned"]):
        return incident or ""
    others = [_features(other) for other in _members(conn, incident) if other["slot"] != slot] if incident else []
    if incident and others:
        if any(compare(mine, other) is not None for other in others):
            return incident
        target = _best(conn, _agreement(conn, slot, mine), without=incident) or _begin(conn, row["report"])
        conn.execute("UPDATE assignments SET incident = ? WHERE slot = ?", (target, slot))
        forward(conn, "split", incident, target, "Una lectura nueva de la noticia contradice a las demás.")
        done.split += 1
        return target
    fits = _agreement(conn, slot, mine)
    found = _best(conn, fits, without=incident)
    if incident is None:
        if found is None:
            found = _begin(conn, row["report"])
            done.new += 1
        else:
            done.joined += 1
        conn.execute("UPDATE assignments SET incident = ? WHERE slot = ?", (found, slot))
        bridged = _bridged(conn, slot, fits, found)
    else:
        bridged = found
        found = incident
    if bridged is not None and not _kept_apart(conn, found, bridged):
        found = merge_incidents(conn, found, bridged, "Una noticia muestra que son el mismo hecho.")
        done.merged += 1
    return found


def _features(row: Mapping[str, Any]) -> Features:
    data = json.loads(row["features"])
    return Features(
        source=row["source"],
        article=row["article"],
        family=row["family"],
        event=data.get("event", "crime"),
        district=row["district"],
        province=row["province"],
        first=row["first"],
        last=row["last"],
        data=data,
        signature=row["signature"] or b"",
    )


def _members(conn: Any, incident: str | None) -> list[Any]:
    """An incident's assignments that articles still tell."""
    found: list[Any] = conn.execute(
        "SELECT * FROM assignments WHERE incident = ? AND row IS NOT NULL ORDER BY slot", (incident,)
    ).fetchall()
    return found


def _candidates(conn: Any, slot: int, mine: Features) -> Iterable[Any]:
    """Placed reports of the family, in the same district or one beside it in the province, on days that may meet."""
    if not (mine.first and mine.last and mine.province):
        return []
    window = rules()["follow_up_days"] if mine.event != "crime" else 32
    earliest = (date.fromisoformat(mine.first) - timedelta(days=window)).isoformat()
    after = rules()["follow_up_days"] if mine.event == "crime" else 1
    latest = (date.fromisoformat(mine.last) + timedelta(days=after)).isoformat()
    areas = provinces(mine.province)
    kinds = families(mine.family)
    statement = f"""SELECT * FROM assignments
        WHERE family IN ({", ".join("?" * len(kinds))}) AND province IN ({", ".join("?" * len(areas))})
        AND first BETWEEN ? AND ? AND slot != ?
        AND incident IS NOT NULL AND row IS NOT NULL
        ORDER BY district IS NOT ?, family != ?, abs(julianday(first) - julianday(?)), slot LIMIT ?"""
    values = (*kinds, *areas, earliest, latest, slot, mine.district, mine.family, mine.first, _CANDIDATES)
    found: Iterable[Any] = conn.execute(statement, values).fetchall()
    return found


def _agreement(conn: Any, slot: int, mine: Features) -> list[tuple[float, str]]:
    """Incidents that a report agrees with, best first, with by how much; none that any of its reports contradicts."""
    scores: dict[str, float | None] = {}
    for row in _candidates(conn, slot, mine):
        incident = row["incident"]
        if incident in scores and scores[incident] is None:
            continue
        score = None if row["article"] == mine.article else compare(mine, _features(row))
        if score is None:
            scores[incident] = None
        else:
            known = scores.get(incident)
            scores[incident] = score if known is None else max(known, score)
    return sorted(((score, incident) for incident, score in scores.items() if score is not None and score >= 0), reverse=True)


def _best(conn: Any, fits: list[tuple[float, str]], *, without: str | None) -> str | None:
    apart = _apart(conn, without) if without else set()
    return next((name for _, name in fits if name != without and name not in apart), None)


def _bridged(conn: Any, slot: int, fits: list[tuple[float, str]], incident: str) -> str | None:
    """Another incident that a report which joined this one fits as clearly, and whose reports contradict none of it."""
    margin = rules()["margin_merge"]
    fits = [(score, name) for score, name in fits if score >= margin]
    if len(fits) < 2 or incident not in {name for _, name in fits}:
        return None
    here = [_features(row) for row in _members(conn, incident) if row["slot"] != slot]
    for _, name in fits:
        if name == incident:
            continue
        there = [_features(row) for row in _members(conn, name)]
        verdicts = [compare(one, other) for one in here for other in there]
        agreed = [verdict for verdict in verdicts if verdict is not None]
        if agreed and len(agreed) == len(verdicts) and max(agreed) >= rules()["merge_least"]:
            return name
    return None


def _apart(conn: Any, incident: str) -> set[str]:
    """Incidents that a person split from this one."""
    rows = conn.execute(
        "SELECT incident, other FROM forwards WHERE kind = 'split' AND author IS NOT NULL AND ? IN (incident, other)",
        (incident,),
    )
    return {name for row in rows for name in row if name != incident}


def _kept_apart(conn: Any, one: str, other: str) -> bool:
    return other in _apart(conn, one)


def _begin(conn: Any, report: str) -> str:
    """A new incident, named after the report that begins it."""
    name, attempt = f"Q{report[1:]}", 0
    while conn.execute("SELECT 1 FROM incidents WHERE id = ?", (name,)).fetchone():
        attempt += 1
        name = f"Q{identifier(report, str(attempt))}"
    conn.execute("INSERT INTO incidents (id, created) VALUES (?, ?)", (name, utc(now())))
    return name


def merge_incidents(conn: Any, one: str, other: str, reason: str, author: str | None = None) -> str:
    """Make two incidents one, under the identifier that was given first; the other leads to it. Returns that which stands."""
    numbers = dict(conn.execute("SELECT id, number FROM incidents WHERE id IN (?, ?)", (one, other)).fetchall())
    stands, given_up = (one, other) if numbers[one] <= numbers[other] else (other, one)
    if stands == given_up:
        return stands
    conn.execute(
        "UPDATE assignments SET incident = ?, pinned = max(pinned, ?) WHERE incident = ?",
        (stands, author is not None, given_up),
    )
    conn.execute("UPDATE incidents SET merged_into = ? WHERE id = ? OR merged_into = ?", (stands, given_up, given_up))
    forward(conn, "merge", given_up, stands, reason, author)
    return stands


def split_reports(conn: Any, incident: str, reports: Iterable[str], reason: str, author: str) -> str:
    """Take reports out of an incident into a new one, where they stay; returns its identifier."""
    chosen = list(reports)
    new = _begin(conn, chosen[0])
    for report in chosen:
        conn.execute("UPDATE assignments SET incident = ?, pinned = 1 WHERE report = ?", (new, report))
    conn.execute("UPDATE assignments SET pinned = 1 WHERE incident = ?", (incident,))
    forward(conn, "split", incident, new, reason, author)
    return new


def forward(conn: Any, kind: str, incident: str, other: str, reason: str, author: str | None = None) -> None:
    """Record where an identifier leads."""
    conn.execute(
        "INSERT INTO forwards (at, kind, incident, other, author, reason) VALUES (?, ?, ?, ?, ?, ?)",
        (utc(now()), kind, incident, other, author, reason),
    )


def resolve(conn: Any, incident: str) -> str | None:
    """The identifier that stands for this one, itself where it was never given up; None where it was never given."""
    row = conn.execute("SELECT coalesce(merged_into, id) FROM incidents WHERE id = ?", (incident,)).fetchone()
    return None if row is None else str(row[0])


def told(archive: Archive) -> Iterator[dict[str, Any]]:
    """Every placed report with the `url` of its article, its `position` there, its `incident`, `district` and `date`."""
    rows = archive.db.conn.execute(
        """SELECT a.url, r.position, s.incident, r.district, r.date FROM assignments s JOIN articles a ON a.id = s.article
        JOIN reports r ON r.id = s.row ORDER BY a.id, r.position"""
    )
    yield from map(dict, rows)


def identifier(*parts: str) -> str:
    """Twelve letters and digits made from the parts."""
    digest = hashlib.sha256("\x1f".join(parts).encode()).digest()
    return base64.b32encode(digest[:10])[:12].decode()
