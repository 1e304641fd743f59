"""What persons decide about incidents: confirm, correct, merge, split, withdraw. Kept in the archive, applied by every publish.

Each function takes a writing archive, notes who decided and why, and raises `ValueError` where what it is told to act on
does not exist. Nothing is deleted: a later decision stands over an earlier one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from db.archive import Archive
from db.identity import merge_incidents, resolve, split_reports
from db.instants import now, utc
from db.overrides import REPORT_COLUMNS, checked, corrected


def confirm(archive: Archive, incident: str, *, reason: str, author: str) -> str:
    """A person has read the reports and agrees with the row. Returns the identifier that stands."""
    with archive.transaction():
        return _note(archive, "confirm", _standing(archive, incident), reason, author)


def correct(
    archive: Archive,
    incident: str,
    changes: Mapping[str, str],
    *,
    reason: str,
    author: str,
    types: Mapping[str, Any] | None = None,
    before: Mapping[str, Any] | None = None,
) -> str:
    """Set public columns of an incident, as text ("" empties one); they hold through every later extraction and publish.

    `before`: what the public row said, to be shown beside it. Returns the identifier that stands.
    """
    values = {field: checked(field, text, types) for field, text in changes.items()}
    if not values:
        raise ValueError("nothing to correct: give FIELD=VALUE")
    with archive.transaction():
        standing = _standing(archive, incident)
        for field, value in values.items():
            _note(archive, "correct", standing, reason, author, field=field, value=value, before=(before or {}).get(field))
        _compare_again(archive, standing)
    return standing


def merge(archive: Archive, incident: str, other: str, *, reason: str, author: str) -> str:
    """Two incidents are one: that which was begun first stands, the other leads to it. Returns it."""
    with archive.transaction():
        one, two = _standing(archive, incident), _standing(archive, other)
        if one == two:
            raise ValueError(f"{incident} and {other} are one incident already: {one}")
        archive.db.conn.execute("UPDATE assignments SET pinned = 1 WHERE incident IN (?, ?)", (one, two))
        standing = merge_incidents(archive.db.conn, one, two, reason, author)
        _note(archive, "merge", standing, reason, author, other=two if standing == one else one)
    return standing


def split(archive: Archive, incident: str, reports: Iterable[str], *, reason: str, author: str) -> str:
    """These reports of an incident tell another one, which is begun with them. Returns its identifier."""
    chosen = list(dict.fromkeys(reports))
    with archive.transaction():
        standing = _standing(archive, incident)
        conn = archive.db.conn
        own = {row[0] for row in conn.execute("SELECT report FROM assignments WHERE incident = ?", (standing,))}
        if wrong := [report for report in chosen if report not in own]:
            raise ValueError(f"{wrong[0]} is no report of {standing}; its reports are {', '.join(sorted(own))}")
        if not chosen or len(chosen) == len(own):
            raise ValueError(f"name some of the reports of {standing}, not all: {', '.join(sorted(own))}")
        new = split_reports(conn, standing, chosen, reason, author)
        _note(archive, "split", standing, reason, author, other=new)
    return new


def withdraw(archive: Archive, target: str, *, reason: str, author: str) -> str:
    """Hide an incident (by its identifier) or an article (by its address, or the identifier of one of its reports) from the
    next publish on, for good: read again, or for the first time, it stays hidden. Returns what was noted."""
    with archive.transaction():
        conn = archive.db.conn
        at = utc(now())
        if "://" in target or "/" in target:
            article = _article(conn, target)
            url = article or target
            conn.execute(
                "INSERT OR IGNORE INTO withdrawn (url, at, author, reason) VALUES (?, ?, ?, ?)", (url, at, author, reason)
            )
            _note(archive, "withdraw", None, reason, author, other=url)
            return url
        row = conn.execute(
            "SELECT url FROM assignments s JOIN articles a ON a.id = s.article WHERE report = ?", (target,)
        ).fetchone()
        if row is not None:
            return withdraw(archive, row[0], reason=reason, author=author)
        standing = _standing(archive, target)
        conn.execute(
            "INSERT OR IGNORE INTO withdrawn (incident, at, author, reason) VALUES (?, ?, ?, ?)", (standing, at, author, reason)
        )
        return _note(archive, "withdraw", standing, reason, author)


def restore(archive: Archive, target: str, *, reason: str, author: str) -> str:
    """Undo a withdrawal."""
    with archive.transaction():
        conn = archive.db.conn
        address = "/" in target
        name = (_article(conn, target) or target) if address else _standing(archive, target)
        column = "url" if address else "incident"
        if not conn.execute(f"DELETE FROM withdrawn WHERE {column} = ?", (name,)).rowcount:
            raise ValueError(f"{target} is not withdrawn")
        return _note(archive, "restore", None if address else name, reason, author, other=name if address else None) or name


def gold(archive: Archive) -> Iterator[dict[str, Any]]:
    """Articles whose every incident a person confirmed or corrected, as labelled articles: what `quintanas evaluate` takes.

    Each also has `source` and `clusters`, the identifier of each incident: what `quintanas evaluate --linking` takes.
    """
    conn = archive.db.conn
    articles = conn.execute(
        """SELECT a.id, a.url, a.source, s.country, s.region FROM articles a JOIN sources s ON s.id = a.source
        WHERE a.id IN (SELECT article FROM assignments WHERE row IS NOT NULL) AND a.url NOT IN
        (SELECT url FROM withdrawn WHERE url IS NOT NULL) ORDER BY a.id"""
    )
    for article in articles.fetchall():
        labels, clusters, version = [], [], None
        for row in conn.execute(
            """SELECT r.*, s.incident FROM assignments s JOIN reports r ON r.id = s.row WHERE s.article = ?
            ORDER BY r.position""",
            (article["id"],),
        ).fetchall():
            reviewed = conn.execute(
                "SELECT 1 FROM corrections WHERE incident = ? AND action IN ('confirm', 'correct')", (row["incident"],)
            ).fetchone()
            if reviewed is None or conn.execute("SELECT 1 FROM withdrawn WHERE incident = ?", (row["incident"],)).fetchone():
                break
            labels.append(_label(dict(row), corrected(conn, row["incident"])))
            clusters.append(row["incident"])
            version = row["version"]
        else:
            text = conn.execute(
                "SELECT headline, lead, plain(body) AS body, published FROM article_versions WHERE id = ?", (version,)
            ).fetchone()
            lead = text["lead"]
            yield {
                "id": article["url"],
                "source": article["source"],
                "title": text["headline"],
                "text": text["body"] if not lead or lead in text["body"] else f"{lead}\n\n{text['body']}",
                "published": text["published"],
                "country": article["country"],
                "region": article["region"],
                "incidents": labels,
                "clusters": clusters,
            }


def _label(report: dict[str, Any], fixed: Mapping[str, Any]) -> dict[str, Any]:
    merged = report | {REPORT_COLUMNS.get(name, name): value for name, value in fixed.items()}
    evidence = json.loads(report["evidence"]).get("date") or {}
    columns = ("type", "place_text", "street", "district", "province", "department", "level", "date", "precision")
    label = {name: merged[name] for name in columns}
    return label | {"also": [], "date_text": evidence.get("words"), "main": report["position"] == 0}


def _article(conn: Any, url: str) -> str | None:
    """The canonical address of the article behind an address."""
    row = conn.execute(
        """SELECT url FROM articles WHERE url = :url UNION SELECT url FROM articles a
        JOIN article_versions v ON v.article = a.id WHERE v.link = :url OR v.fetched_url = :url""",
        {"url": url},
    ).fetchone()
    return None if row is None else str(row[0])


def _standing(archive: Archive, incident: str) -> str:
    found = resolve(archive.db.conn, incident)
    if found is None:
        raise ValueError(f"there is no incident {incident}")
    return found


def _compare_again(archive: Archive, incident: str) -> None:
    archive.db.conn.execute(
        "INSERT OR IGNORE INTO unlinked SELECT DISTINCT article FROM assignments WHERE incident = ?", (incident,)
    )


def _note(archive: Archive, action: str, incident: str | None, reason: str, author: str, **more: Any) -> str:
    if not reason.strip() or not author.strip():
        raise ValueError("say why and who: give a reason and an author")
    for key in ("value", "before"):
        if "field" in more:
            more[key] = json.dumps(more.get(key), ensure_ascii=False)
    columns = {"at": utc(now()), "author": author, "reason": reason, "action": action, "incident": incident, **more}
    archive.db.conn.execute(
        f"INSERT INTO corrections ({', '.join(columns)}) VALUES ({', '.join(':' + name for name in columns)})", columns
    )
    return incident or ""
