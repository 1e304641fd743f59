"""Build the public database from the archive and swap it in whole."""

from __future__ import annotations

import datetime
import json
import os
import re
import sqlite3
import struct
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from db import codebook, tables
from db.archive import Archive
from db.changes import record_changes
from db.compare import is_near
from db.identity import link
from db.instants import now, utc
from db.merging import merge
from db.overrides import REPORT_COLUMNS, corrected
from db.particulars import fold
from db.privacy import (
    WORDS_LIMIT,
    is_sexual,
    names_owner,
    names_school,
    quotation,
    speaks_of_minor,
    tells_of_home,
    tells_of_minor,
    without_addresses,
    without_house_number,
)
from db.takedown import hide

Redact = Callable[[str, str, bool], str]
"""Takes a text, the whole article that it stands in, and whether it speaks of a minor; returns it without persons' names."""

_BATCH = 2000
_OPENING = 2_000
"""Characters of an article that tell whom its incident concerns; further down it tells of other cases."""
_CURRENT = """CREATE TEMP VIEW current AS
    SELECT s.slot, s.report AS public, s.incident, s.features, r.*, a.id AS article, a.url, a.source, a.gone_at, v.link,
    v.headline, v.lead, plain(v.body) AS body, v.published, e.extractor,
    (SELECT count(*) FROM reports o WHERE o.version = r.version) AS beside
    FROM assignments s JOIN reports r ON r.id = s.row JOIN extractions e ON e.version = r.version
    JOIN article_versions v ON v.id = r.version JOIN articles a ON a.id = s.article
    WHERE s.slot NOT IN (SELECT slot FROM temp.hidden)"""


def publish(
    archive_path: str | Path,
    public_path: str | Path,
    *,
    types: Iterable[Mapping[str, Any]],
    districts: Iterable[Mapping[str, Any]],
    redact: Redact,
    population: Mapping[str, int] | None = None,
) -> dict[str, int]:
    """Link the reports that are new, build the public database beside `public_path` and put it in its place with one rename;
    returns the number of rows of each table, and the `release`.

    `types` are the taxonomy's (`key`, `es`, `en`, `definition`, `iccs`, `penal_code`, `sidpol`), `districts` have `ubigeo`,
    `department`, `province`, `district`, `latitude`, `longitude`; `redact` takes persons' names out of a text; `population`
    are inhabitants by UBIGEO, where the operator has them. A reader of the old file goes on reading the old release.
    Identifiers, releases and changes are noted in the archive, which is therefore written. Raises `FileNotFoundError` where
    there is no archive, and `ArchiveBusy` where another process writes it; the public database is then left as it is.
    """
    public = Path(public_path)
    if not Path(archive_path).is_file():
        raise FileNotFoundError(f"there is no archive at {archive_path}: run `quintanas crawl` first")
    with Archive(archive_path, write=True) as archive:
        link(archive)
        public.parent.mkdir(parents=True, exist_ok=True)
        for left in public.parent.glob(f".{public.name}.*.tmp*"):  # by a publish that was killed
            left.unlink(missing_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{public.name}.", suffix=".tmp", dir=public.parent)
        os.close(handle)
        built = Path(name)
        try:
            with archive.transaction():
                counts = _build(archive.db.conn, built, public, list(types), list(districts), redact, population or {})
                built.chmod(0o644)
                _flush(built)
            # A kill between the two leaves a release that was noted and not seen; the next one holds its changes too.
            built.replace(public)
            _flush(public.parent)
        finally:
            built.unlink(missing_ok=True)
            built.with_name(f"{built.name}-journal").unlink(missing_ok=True)
    return counts


def _build(
    archive: sqlite3.Connection,
    built: Path,
    previous: Path,
    types: list[Mapping[str, Any]],
    districts: list[Mapping[str, Any]],
    redact: Redact,
    population: Mapping[str, int],
) -> dict[str, int]:
    db = Database(sqlite3.connect(built, isolation_level=None), execute_plugins=False)
    try:
        # Nothing reads the file before it is whole, and a failed one is thrown away: no journal needed.
        db.conn.execute("PRAGMA journal_mode = OFF")
        db.conn.execute("PRAGMA synchronous = OFF")
        hide(archive)
        archive.execute(_CURRENT)
        archive.execute("CREATE TEMP TABLE guarded (incident TEXT PRIMARY KEY, sexual INTEGER NOT NULL)")
        archive.execute("CREATE TEMP TABLE fresh (incident TEXT PRIMARY KEY, fields BLOB NOT NULL)")
        tables.create(db)
        labels = _add_types(db, archive, types)
        points = _add_places(db, archive, districts, population)
        _add_incidents(db, archive, labels, points, redact)
        _add_sources(db, archive)
        release = _add_release(db, archive, previous)
        _add_decisions(db, archive, release, redact)
        tables.arrange(db)
        tables.count(db)
        _finish(db)
        return {name: db.table(name).count for name in codebook.load().tables} | {"release": release}
    finally:
        db.close()


def _add_types(db: Database, archive: sqlite3.Connection, types: list[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    rows: dict[str, Mapping[str, Any]] = {
        kind["key"]: {
            "id": kind["key"],
            "label": kind.get("es") or kind["key"],
            "label_en": kind.get("en"),
            "definition": kind.get("definition"),
            "iccs": kind.get("iccs"),
            "penal_code": kind.get("penal_code"),
            "sidpol": kind.get("sidpol"),
        }
        for kind in types
    }
    for (key,) in archive.execute("SELECT DISTINCT type FROM temp.current"):
        # A report may be older than a taxonomy that renamed its type: it is published under the key until it is read again.
        rows.setdefault(key, {"id": key, "label": key})
    tables.insert(db, "types", rows.values())
    return rows


def _add_places(
    db: Database, archive: sqlite3.Connection, districts: list[Mapping[str, Any]], population: Mapping[str, int]
) -> dict[str, dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}
    for district in districts:
        code, department, province = district["ubigeo"], district["department"], district["province"]
        rows[f"{code[:2]}0000"] = {"level": "department", "department": department}
        rows[f"{code[:4]}00"] = {"level": "province", "department": department, "province": province}
        point = {axis: _number(district.get(axis)) for axis in ("latitude", "longitude")}
        names = {"department": department, "province": province, "district": district["district"]}
        rows[code] = {"level": "district", **names, **point}
    for code, *names in archive.execute("SELECT DISTINCT ubigeo, department, province, district FROM temp.current"):
        if code and code not in rows:
            level = "department" if code.endswith("0000") else "province" if code.endswith("00") else "district"
            rows[code] = {"level": level, **dict(zip(("department", "province", "district"), names, strict=True))}
    for (value,) in archive.execute("SELECT DISTINCT value FROM corrections WHERE field = 'ubigeo'"):
        if (code := json.loads(value)) and code not in rows:
            rows[code] = {"level": "district"}
    tables.insert(
        db, "places", ({"ubigeo": code, "population": population.get(code), **row} for code, row in sorted(rows.items()))
    )
    return rows


def _add_incidents(
    db: Database,
    archive: sqlite3.Connection,
    types: Mapping[str, Mapping[str, Any]],
    points: Mapping[str, Mapping[str, Any]],
    redact: Redact,
) -> None:
    reviewed = dict(
        archive.execute(
            """SELECT coalesce(i.merged_into, i.id), max(action = 'correct') FROM corrections c
            JOIN incidents i ON i.id = c.incident WHERE action IN ('confirm', 'correct') GROUP BY 1"""
        ).fetchall()
    )
    archive.execute("CREATE TEMP TABLE turn AS SELECT incident, slot FROM assignments WHERE row IS NOT NULL ORDER BY 1, 2")
    rows = archive.execute("SELECT c.* FROM temp.turn t JOIN temp.current c ON c.slot = t.slot ORDER BY t.rowid")
    incidents: list[dict[str, Any]] = []
    reports: list[dict[str, Any]] = []

    def flush() -> None:
        tables.insert(db, "incidents", incidents)
        tables.insert(db, "reports", reports)
        archive.executemany("INSERT INTO temp.fresh VALUES (?, ?)", map(_digests, incidents))
        incidents.clear()
        reports.clear()

    for name, group in groupby((_read(row, redact) for row in rows), key=itemgetter("incident")):
        members = sorted(
            group, key=lambda member: (member["published"] is None, utc(member["published"]) or "", member["slot"])
        )
        minor = any(member["minor"] for member in members)
        if minor:
            for member in members:
                _hide_minors_places(member)
        incident = merge(members)
        if name in reviewed:
            incident |= _corrections(archive, name, points, without=incident, minor=minor)
        sexual = any(member["sexual"] for member in members) or is_sexual(incident["type"])
        told = [_report(member, redact, types, sexual=sexual, minor=minor) for member in members]
        if sexual or minor:
            archive.execute("INSERT INTO temp.guarded VALUES (?, ?)", (name, int(sexual)))
        incidents.append(_incident(name, incident, told, types, points, sexual=sexual))
        incidents[-1]["review"] = {None: "unreviewed", 0: "confirmed", 1: "corrected"}[reviewed.get(name)]
        reports += told
        if len(incidents) >= _BATCH:
            flush()
    flush()


def _corrections(
    archive: sqlite3.Connection,
    incident: str,
    points: Mapping[str, Mapping[str, Any]],
    without: Mapping[str, Any],
    *,
    minor: bool,
) -> dict[str, Any]:
    """What persons corrected, under the reports' names of the columns; a new UBIGEO brings its names and its point."""
    public = corrected(archive, incident)
    fixed = {REPORT_COLUMNS.get(column, column): value for column, value in public.items()}
    for column, bare in (("street", True), ("place_text", False)):
        if column in fixed:
            fixed[column] = without_house_number(fixed[column], bare=bare)
    if minor and names_school(fixed.get("place_text")):
        fixed["place_text"] = None
    if (code := public.get("ubigeo")) and code in points and code != without["ubigeo"]:
        place = points[code]
        names = {key: place.get(key) for key in ("department", "province", "district", "latitude", "longitude")}
        fixed = {**names, "country": "PE", **fixed}
    if fixed.keys() & {"ubigeo", "district", "place_text", "street", "level"}:
        fixed |= {"place_from": None, "near": False}
        merged = {**without, **fixed}
        if "level" not in fixed:
            finer = (("street", "street"), (merged["level"] if merged["place_text"] else "", "place_text"))
            wider = ((level, level) for level in ("district", "province", "department", "country"))
            known = [level for level, column in (*finer, *wider) if level and merged.get(column)]
            named = merged["level"] if merged["level"] in ("facility", "neighbourhood", "populated_place") else "neighbourhood"
            fixed["level"] = (
                named
                if known and known[0] == "street" != merged["level"] and not merged["street"]
                else (known[0] if known else "none")
            )
    if "date" in fixed:
        fixed["date_from"] = None
    if "type" in fixed:
        fixed["type_from"] = None
    return fixed


def _read(row: sqlite3.Row, redact: Redact) -> dict[str, Any]:
    report = dict(row)
    report["evidence"] = json.loads(report["evidence"])
    features = json.loads(report["features"])
    report["killed"], report["injured"] = features.get("killed"), features.get("injured")
    sentences = [evidence.get("sentence") for evidence in report["evidence"].values()]
    opening = "\n".join(filter(None, (report["lead"], (report["body"] or "")[:_OPENING]))) if report["beside"] == 1 else ""
    report["sexual"] = is_sexual(report["type"], report["headline"], *sentences, opening)
    report["minor"] = tells_of_minor(report["type"], (report["headline"], *sentences), opening)
    report["near"] = is_near(report["place_text"], (report["evidence"].get("place") or {}).get("sentence"))
    report["raw_street"], report["raw_place"] = report["street"], report["place_text"]
    report["street"] = without_house_number(report["street"])
    report["place_text"] = without_house_number(report["place_text"], bare=False)
    if names_owner(report["place_text"]):
        report["place_text"] = redact(report["place_text"], report["body"], True)
    _fill_level(report)
    return report


def _hide_minors_places(report: dict[str, Any]) -> None:
    """Drop from the report of an incident that concerns somebody under age what would identify them: a school, the street of a
    home, and the point of either."""
    point = {"latitude": None, "longitude": None}
    sentence = (report["evidence"].get("place") or {}).get("sentence") or ""
    # A street that another sentence names may be the one where they live.
    home = tells_of_home(sentence) or (report["raw_street"] or "") not in sentence
    if names_school(report["place_text"]):
        report |= {"place_text": None, **point}
    if report["street"] and (home or names_school(report["street"])):
        report |= {"street": None, **(point if report["level"] == "street" else {})}
    _fill_level(report)


def _fill_level(report: dict[str, Any]) -> None:
    """Take the next wider level that is known where the place that a report's level names is not published."""
    level = report["level"]
    if level == "street" and report["street"] is None:
        filled = {"neighbourhood": "place_text"}
    elif level in ("facility", "neighbourhood", "populated_place") and report["place_text"] is None:
        filled = {"street": "street"}
    else:
        return
    filled |= {wider: wider for wider in ("district", "province", "department", "country")}
    report["level"] = next((wider for wider, column in filled.items() if report[column]), "none")


def _report(
    report: Mapping[str, Any], redact: Redact, types: Mapping[str, Mapping[str, Any]], *, sexual: bool, minor: bool
) -> dict[str, Any]:
    public = {
        "id": report["public"],
        "incident": report["incident"],
        "newspaper": report["source"],
        "published": report["published"],
        "gone": report["gone_at"],
        "extractor": report["extractor"],
        "link": report["link"],
    }
    article = " . ".join(filter(None, (report["headline"], report["lead"], report["body"])))
    if sexual:
        # Neither the newspaper's words nor an address that spells a name or a place.
        label = types[report["type"]]["label"] if report["type"] in types else report["type"]
        public["headline"] = ", ".join(filter(None, (label, report["district"])))
        places = filter(None, (report["raw_place"], report["raw_street"]))
        public["link"] = _nameless(report["link"], article, redact, " ".join(places), report)
        date_words = (report["evidence"].get("date") or {}).get("words")
        public["date_words"] = quotation(redact(date_words, article, True), limit=WORDS_LIMIT) if date_words else None
        return public

    @cache
    def clean(text: str | None) -> str | None:
        return without_addresses(redact(text, article, minor or speaks_of_minor(text)), minor=minor) if text else None

    if minor:
        public["link"] = _nameless(report["link"], article, redact, report["raw_place"] or "", report, schools=True)
    public["headline"] = quotation(clean(report["headline"])) or public["link"]
    own = None
    for field, sentence_column, words_column in (
        ("type", "evidence", "evidence_words"),
        ("place", "place_evidence", "place_words"),
        ("date", "date_evidence", "date_words"),
    ):
        evidence = report["evidence"].get(field) or {}
        sentence, words = evidence.get("sentence"), evidence.get("words")
        cleaned = clean(sentence)
        kept = words if cleaned and words and words in cleaned else clean(words)
        if cleaned and kept and kept not in cleaned:
            kept = None
        public[words_column] = quotation(kept, limit=WORDS_LIMIT)
        public[sentence_column] = None if field != "type" and sentence == own else quotation(cleaned, kept)
        own = sentence if field == "type" else own
    return public


def _nameless(link: str, article: str, redact: Redact, places: str, report: Mapping[str, Any], *, schools: bool = False) -> str:
    """An article's address, or its newspaper's where the address spells a name that the article holds, or a word of `places`
    that is not its district's; with `schools` places count only where they are schools."""
    kept = set(fold(redact(article, article, True)).split())
    hidden = {word.strip(".,;:()\"'«»“”") for word in set(fold(article).split()) - kept}
    if not schools or names_school(places):
        wider = " ".join(filter(None, (report["district"], report["province"], report["department"])))
        hidden |= set(re.split(r"[^a-z0-9]+", fold(places))) - set(fold(wider).split())
    if {word for word in re.split(r"[^a-z0-9]+", fold(link)) if len(word) > 3} & hidden:
        return "/".join(link.split("/")[:3]) + "/"
    return link


def _incident(
    name: str,
    merged: dict[str, Any],
    told: list[dict[str, Any]],
    types: Mapping[str, Mapping[str, Any]],
    points: Mapping[str, Mapping[str, Any]],
    *,
    sexual: bool,
) -> dict[str, Any]:
    published = [report["published"] for report in told if report["published"]]
    kind = types.get(merged["type"]) or {"label": merged["type"]}
    if sexual:
        merged |= {"street": None, "place_text": None, "latitude": None, "longitude": None}
        if merged["level"] not in ("province", "department", "country", "none"):
            merged["level"] = next(
                (level for level in ("district", "province", "department", "country") if merged[level]), "none"
            )
    point, of = _point(merged, points)
    harm = {
        f"{what}_{which}": merged.get(f"{what}_{which}") for what in ("killed", "injured") for which in ("low", "best", "high")
    }
    same = ("type", "status", "event", "street", "district", "province", "department", "country", "ubigeo")
    return {
        "id": name,
        **{column: merged[column] for column in (*same, "date", "date_end", "part_of_day")},
        **{column: merged[column] for column in ("type_from", "place_from", "date_from")},
        **point,
        **harm,
        "coordinates_of": of,
        "type_label": kind["label"],
        "iccs": kind.get("iccs"),
        "place": merged["place_text"],
        "place_level": merged["level"],
        "where_prec": where_precision(merged),
        "date_precision": merged["precision"],
        "date_prec": date_precision(merged["date"], merged["date_end"]),
        "year": int(merged["date"][:4]) if merged["date"] else None,
        "confidence": round(merged["confidence"], 3),
        "headline": told[0]["headline"],
        "evidence": next((report["evidence"] for report in told if report.get("evidence")), None),
        "reports": len(told),
        "newspapers": len({report["newspaper"] for report in told}),
        "first_reported": published[0] if published else None,
        "last_reported": published[-1] if published else None,
    }


def _point(merged: Mapping[str, Any], points: Mapping[str, Mapping[str, Any]]) -> tuple[dict[str, float | None], str | None]:
    """Latitude and longitude, and what they are of; none for what is wider than a district."""
    nothing: dict[str, float | None] = {"latitude": None, "longitude": None}
    if merged["level"] in ("province", "department", "country", "none"):
        return nothing, None
    district = points.get(merged["ubigeo"] or "") or {}
    capital = {axis: district.get(axis) for axis in nothing}
    own = {axis: merged[axis] for axis in nothing}
    if None in own.values():
        return (capital, "district") if None not in capital.values() else (nothing, None)
    near = None not in capital.values() and all(abs(own[axis] - (capital[axis] or 0)) < 1e-4 for axis in own)
    return own, "district" if near or merged["level"] == "district" else "place"


def date_precision(date: str | None, end: str | None) -> int | None:
    """UCDP's date_prec of a date as this database writes it: 1 day, 2 within 2 to 6 days, 3 week, 4 month, 5 year."""
    if not date:
        return None
    if len(date) < 10:
        return 4 if len(date) == 7 else 5
    if not end or len(end) < 10 or end <= date:
        return 1
    days = (datetime.date.fromisoformat(end) - datetime.date.fromisoformat(date)).days + 1
    return 2 if days <= 6 else 3 if days == 7 else 4 if days <= 31 else 5


def where_precision(place: Mapping[str, Any]) -> int | None:
    """UCDP's where_prec of a place: 1 exact, 2 near it, 3 district, 4 province or department, 5 line, 6 country; or None."""
    level = place["level"]
    if level in ("facility", "neighbourhood", "populated_place"):
        return 2 if place.get("near") else 1
    if level == "street":
        line = re.search(r"(?i)\b(?:carretera|panamericana|autopista|ruta|v[ií]a)\b", place["street"] or "")
        exact = re.search(r"(?i)\b(?:km|kil[oó]metro|cuadra)\b", place["street"] or "") or place["place_text"]
        return 5 if line and not exact else 1
    return {"district": 3, "province": 4, "department": 4, "country": 6}.get(level)


def _digests(incident: Mapping[str, Any]) -> tuple[str, bytes]:
    columns = codebook.load().tables["incidents"].columns
    values = [zlib.crc32(repr(incident.get(column.name)).encode()) for column in columns]
    return incident["id"], struct.pack(f"<{len(values)}I", *values)


def _add_sources(db: Database, archive: sqlite3.Connection) -> None:
    reports = dict(db.conn.execute("SELECT newspaper, count(*) FROM reports GROUP BY newspaper").fetchall())
    rows = archive.execute(
        """SELECT s.id, s.name, s.home, s.country, s.region, count(a.id) AS articles, (SELECT max(v.at) FROM visits v
        WHERE v.source = s.id AND v.outcome IN ('stored', 'not_modified')) AS last_read, s.configured
        FROM sources s LEFT JOIN articles a ON a.source = s.id GROUP BY s.id"""
    )
    public = [dict(row) | {"reports": reports.get(row["id"], 0)} for row in rows]
    kept = [row for row in public if row.pop("configured") or row["articles"]]
    tables.insert(db, "sources", kept)


def _add_release(db: Database, archive: sqlite3.Connection, previous: Path) -> int:
    earlier = [json.loads(row[0]) for row in archive.execute("SELECT content FROM releases ORDER BY number")]
    # An archive that is new, or was restored from a backup, does not know all that was published.
    noted = {row["number"] for row in earlier}
    earlier += [row for row in _earlier_releases(previous) if row["number"] not in noted]
    number = max((row["number"] for row in earlier), default=0) + 1
    extractors = [row[0] for row in archive.execute("SELECT DISTINCT extractor FROM extractions ORDER BY 1")]
    release = {
        "number": number,
        "published": utc(now()),
        "last_crawl": max((row["last_read"] for row in db.table("sources").rows if row["last_read"]), default=None),
        "incidents": db.table("incidents").count,
        "reports": db.table("reports").count,
        "newspapers": db.table("sources").count,
        "articles": archive.execute("SELECT count(*) FROM articles").fetchone()[0],
        "extractors": ", ".join(extractors) or None,
        "software": _software(),
    }
    archive.executemany(
        "INSERT OR REPLACE INTO releases (number, content) VALUES (?, ?)",
        ((row["number"], json.dumps(row, ensure_ascii=False)) for row in (*earlier, release)),
    )
    tables.insert(db, "releases", [*earlier, release])
    return number


def _add_decisions(db: Database, archive: sqlite3.Connection, release: int, redact: Redact) -> None:
    """Changes since the last release, corrections, and what was removed. The reasons that persons gave are redacted too."""

    def clean(text: str | None) -> str | None:
        return quotation(without_addresses(redact(text, text, True), minor=True)) if text else None

    record_changes(archive, release)
    tables.insert(
        db, "changes", (dict(row) | {"why": clean(row["why"])} for row in archive.execute("SELECT * FROM changes ORDER BY id"))
    )
    rows = archive.execute(
        """SELECT c.id, coalesce(i.merged_into, i.id) AS incident, c.at AS made, c.action, c.field, c.before, c.value, c.other,
        c.reason, g.sexual FROM corrections c JOIN incidents i ON i.id = c.incident
        LEFT JOIN temp.guarded g ON g.incident = coalesce(i.merged_into, i.id)
        WHERE coalesce(i.merged_into, i.id) IN (SELECT incident FROM temp.fresh) AND c.action != 'withdraw' ORDER BY c.id"""
    )

    def shown(text: str | None, field: str | None, sexual: int | None) -> str | None:
        value = json.loads(text) if text else None
        guarded = ("street", "place", "latitude", "longitude") if sexual is not None else ()
        if field in guarded and value is not None and (sexual or field != "place" or names_school(str(value))):
            return "[…]"
        if field == "place" and value is not None:
            value = without_house_number(str(value), bare=False)
        value = without_house_number(value) if field == "street" and value else value
        return None if value is None else clean(str(value))

    tables.insert(
        db,
        "corrections",
        (
            dict(row)
            | {
                "before": shown(row["before"], row["field"], row["sexual"]),
                "after": shown(row["value"], row["field"], row["sexual"]),
                "why": clean(row["reason"]),
            }
            for row in rows
        ),
    )
    removed: dict[str, dict[str, Any]] = {}
    for row in archive.execute(
        """SELECT c.incident, c.why, r.content FROM changes c JOIN releases r ON r.number = c.release WHERE c.kind = 'gone'
        AND c.incident NOT IN (SELECT incident FROM temp.fresh) ORDER BY c.id"""
    ):
        at = json.loads(row["content"])["published"]
        removed[row["incident"]] = {"kind": "gone", "removed": at, "why": row["why"], "merged_into": None}
    for row in archive.execute(
        """SELECT f.incident, i.merged_into, f.at, f.reason FROM forwards f JOIN incidents i ON i.id = f.incident
        WHERE f.kind = 'merge' AND i.merged_into IS NOT NULL
        AND f.incident IN (SELECT incident FROM changes WHERE kind = 'merged') ORDER BY f.id"""
    ):
        into = {"merged_into": row["merged_into"], "why": clean(row["reason"])}
        removed[row["incident"]] = {"kind": "merged", "removed": row["at"], **into}
    for row in archive.execute(
        """SELECT s.report, s.incident, h.at, h.reason, s.incident IN (SELECT incident FROM temp.fresh) AS told
        FROM temp.hidden h JOIN assignments s ON s.slot = h.slot ORDER BY s.slot"""
    ):
        why = {"kind": "withdrawn", "removed": row["at"], "why": clean(row["reason"]), "merged_into": None}
        removed[row["report"]] = why
        if not row["told"] and row["incident"]:
            removed[row["incident"]] = why
    tables.insert(db, "removed", ({"id": name, **row} for name, row in sorted(removed.items())))


def _earlier_releases(previous: Path) -> Iterator[dict[str, Any]]:
    """The releases that the database in place lists; none where there is no such database or it cannot be read."""
    if not previous.is_file():
        return
    columns = {column.name for column in codebook.load().tables["releases"].columns}
    conn = sqlite3.connect(f"{previous.resolve().as_uri()}?mode=ro", uri=True)
    conn.row_factory = sqlite3.Row
    try:
        for row in conn.execute("SELECT * FROM releases ORDER BY number").fetchall():
            yield {key: value for key, value in dict(row).items() if key in columns}
    except sqlite3.DatabaseError:
        return
    finally:
        conn.close()


def _finish(db: Database) -> None:
    tables.index(db)
    broken = db.conn.execute("PRAGMA foreign_key_check").fetchall()
    if broken:
        raise RuntimeError(f"the public database would point nowhere: {broken[:3]}")
    db.conn.execute("ANALYZE")


def _number(value: Any) -> float | None:
    return None if value in (None, "") else float(value)


def _software() -> str:
    try:
        return version("quintanas")
    except PackageNotFoundError:
        return "unknown"


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
