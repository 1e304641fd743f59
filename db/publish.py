"""Build the public database from the archive and swap it in whole."""

from __future__ import annotations

import json
import os
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from db import codebook, identity
from db.archive import Archive
from db.instants import now, utc
from db.privacy import WORDS_LIMIT, quotation, without_house_number

TOKENIZER = "unicode61 remove_diacritics 2"
"""Words without case or accents, so that "trujillo extorsion" finds "Extorsión en Trujillo"."""

_BATCH = 2000
_TYPES: dict[str, type] = {"text": str, "integer": int, "real": float}
# An edited article that was not read again yet stays with what its version before said.
_CURRENT = """CREATE TEMP VIEW current AS
    SELECT r.*, a.id AS article, a.url, a.source, a.gone_at, v.link, v.headline, v.published, e.extractor
    FROM reports r JOIN extractions e ON e.version = r.version JOIN article_versions v ON v.id = r.version
    JOIN articles a ON a.id = v.article
    WHERE NOT EXISTS (SELECT 1 FROM article_versions w JOIN extractions f ON f.version = w.id
                      WHERE w.article = a.id AND w.id > v.id)"""


def publish(
    archive_path: str | Path,
    public_path: str | Path,
    *,
    types: Iterable[Mapping[str, Any]],
    districts: Iterable[Mapping[str, Any]],
) -> dict[str, int]:
    """Build the public database beside `public_path` and put it in its place with one rename; returns the number of rows of
    each table, and the `release`.

    `types` are the taxonomy's (`key`, `es`, `en`, `definition`, `iccs`, `penal_code`, `sidpol`), `districts` have `ubigeo`,
    `department`, `province`, `district`, `latitude`, `longitude`. A reader of the old file goes on reading the old release.
    Raises `FileNotFoundError` where there is no archive; the public database is then left as it is.
    """
    public = Path(public_path)
    with Archive(archive_path, write=False) as archive:
        public.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{public.name}.", suffix=".tmp", dir=public.parent)
        os.close(handle)
        built = Path(name)
        try:
            counts = _build(archive.db.conn, built, public, list(types), list(districts))
            built.chmod(0o644)
            _flush(built)
            built.replace(public)
            _flush(public.parent)
        finally:
            built.unlink(missing_ok=True)
            built.with_name(f"{built.name}-journal").unlink(missing_ok=True)
    return counts


def _build(
    archive: sqlite3.Connection, built: Path, previous: Path, types: list[Mapping[str, Any]], districts: list[Mapping[str, Any]]
) -> dict[str, int]:
    db = Database(sqlite3.connect(built, isolation_level=None), execute_plugins=False)
    try:
        # Nothing reads the file before it is whole, and a failed one is thrown away: no journal needed.
        db.conn.execute("PRAGMA journal_mode = OFF")
        db.conn.execute("PRAGMA synchronous = OFF")
        archive.execute("BEGIN")
        archive.execute(_CURRENT)
        _create_tables(db)
        labels = _add_types(db, archive, types)
        _add_places(db, archive, districts)
        _add_incidents(db, archive, labels)
        _add_sources(db, archive)
        release = _add_release(db, archive, previous)
        _finish(db)
        return {name: db.table(name).count for name in codebook.load().tables} | {"release": release}
    finally:
        if archive.in_transaction:
            archive.execute("ROLLBACK")
        db.close()


def _create_tables(db: Database) -> None:
    waiting = list(codebook.load().tables.values())
    while waiting:
        table = waiting.pop(0)
        keys = [(column.name, *_target(column.references)) for column in table.columns if column.references]
        if any(not db.table(other).exists() for _, other, _ in keys):
            waiting.append(table)
            continue
        db.create_table(
            table.name,
            {column.name: _TYPES[column.type] for column in table.columns},
            pk=table.key,
            foreign_keys=keys,
            not_null={column.name for column in table.columns if column.required},
        )


def _target(reference: str) -> tuple[str, str]:
    table, _, column = reference.partition(".")
    return table, column


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
    _insert(db, "types", rows.values())
    return rows


def _add_places(db: Database, archive: sqlite3.Connection, districts: list[Mapping[str, Any]]) -> None:
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
    _insert(db, "places", ({"ubigeo": code, **row} for code, row in sorted(rows.items())))


def _add_incidents(db: Database, archive: sqlite3.Connection, types: Mapping[str, Mapping[str, Any]]) -> None:
    archive.execute("CREATE TEMP TABLE assignment (rank INTEGER PRIMARY KEY, report INTEGER, public TEXT, incident TEXT)")
    light = archive.execute(
        """SELECT id, url, source, position, type, status, ubigeo, place_text, street, date, date_end, precision,
        json_extract(evidence, '$.type.sentence') AS sentence FROM temp.current ORDER BY article, position"""
    )
    statement = "INSERT INTO assignment (report, public, incident) VALUES (?, ?, ?)"
    archive.executemany(statement, identity.assign(dict(row) for row in light))
    archive.execute("CREATE INDEX temp.assignment_incident ON assignment (incident, rank)")
    rows = archive.execute(
        """SELECT t.incident, t.public, c.* FROM temp.assignment t JOIN temp.current c ON c.id = t.report
        ORDER BY t.incident, t.rank"""
    )
    incidents: list[dict[str, Any]] = []
    reports: list[dict[str, Any]] = []
    for incident, group in groupby((_read(row) for row in rows), key=itemgetter("incident")):
        members = list(group)
        told = [_report(member) for member in members]
        incidents.append(_incident(incident, members, told, types))
        reports += told
        if len(incidents) >= _BATCH:
            _insert(db, "incidents", incidents)
            _insert(db, "reports", reports)
            incidents, reports = [], []
    _insert(db, "incidents", incidents)
    _insert(db, "reports", reports)
    archive.execute("DROP TABLE temp.assignment")


def _read(row: sqlite3.Row) -> dict[str, Any]:
    report = dict(row)
    report["evidence"] = json.loads(report["evidence"])
    report["street"] = without_house_number(report["street"])
    report["place_text"] = without_house_number(report["place_text"], bare=False)
    if report["level"] == "street" and report["street"] is None:
        filled = {"neighbourhood": "place_text"} | {level: level for level in ("district", "province", "department", "country")}
        report["level"] = next((level for level, column in filled.items() if report[column]), "none")
    return report


def _report(report: Mapping[str, Any]) -> dict[str, Any]:
    public = {
        "id": report["public"],
        "incident": report["incident"],
        "newspaper": report["source"],
        "headline": quotation(report["headline"]) or report["url"],
        "link": report["link"],
        "published": report["published"],
        "gone": report["gone_at"],
        "extractor": report["extractor"],
    }
    own = None
    for field, sentence_column, words_column in (
        ("type", "evidence", "evidence_words"),
        ("place", "place_evidence", "place_words"),
        ("date", "date_evidence", "date_words"),
    ):
        evidence = report["evidence"].get(field) or {}
        sentence, words = evidence.get("sentence"), evidence.get("words")
        public[words_column] = quotation(words, limit=WORDS_LIMIT)
        public[sentence_column] = None if field != "type" and sentence == own else quotation(sentence, words)
        own = sentence if field == "type" else own
    return public


def _incident(
    incident: str, members: list[dict[str, Any]], told: list[dict[str, Any]], types: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    merged = identity.merge(list(members))
    published = sorted((member["published"] for member in members if member["published"]), key=lambda text: utc(text) or "")
    kind = types[merged["type"]]
    same = ("type", "status", "event", "street", "district", "province", "department", "country", "ubigeo", "latitude")
    return {
        "id": incident,
        **{column: merged[column] for column in (*same, "longitude", "date", "date_end", "part_of_day")},
        "type_label": kind["label"],
        "iccs": kind.get("iccs"),
        "place": merged["place_text"],
        "place_level": merged["level"],
        "date_precision": merged["precision"],
        "year": int(merged["date"][:4]) if merged["date"] else None,
        "confidence": round(merged["confidence"], 3),
        "headline": told[0]["headline"],
        "evidence": told[0]["evidence"],
        "reports": len(members),
        "newspapers": len({member["source"] for member in members}),
        "first_reported": published[0] if published else None,
        "last_reported": published[-1] if published else None,
    }


def _add_sources(db: Database, archive: sqlite3.Connection) -> None:
    reports = dict(db.conn.execute("SELECT newspaper, count(*) FROM reports GROUP BY newspaper").fetchall())
    rows = archive.execute(
        """SELECT s.id, s.name, s.home, s.country, s.region, count(a.id) AS articles, (SELECT max(v.at) FROM visits v
        WHERE v.source = s.id AND v.outcome IN ('stored', 'not_modified')) AS last_read, s.configured
        FROM sources s LEFT JOIN articles a ON a.source = s.id GROUP BY s.id"""
    )
    public = [dict(row) | {"reports": reports.get(row["id"], 0)} for row in rows]
    kept = [row for row in public if row.pop("configured") or row["articles"]]
    _insert(db, "sources", kept)


def _add_release(db: Database, archive: sqlite3.Connection, previous: Path) -> int:
    earlier = list(_earlier_releases(previous))
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
    _insert(db, "releases", [*earlier, release])
    return number


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
    for table in codebook.load().tables.values():
        for index in table.indexes:
            db.table(table.name).create_index(index)
        if table.search:
            # sqlite-utils quotes the content table, by which Datasette recognises the index; no triggers, since nothing is
            # written any more.
            db.table(table.name).enable_fts(list(table.search), tokenize=TOKENIZER)
            db.table(table.name).optimize()
    broken = db.conn.execute("PRAGMA foreign_key_check").fetchall()
    if broken:
        raise RuntimeError(f"the public database would point nowhere: {broken[:3]}")
    db.conn.execute("ANALYZE")


def _insert(db: Database, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
    names = [column.name for column in codebook.load().tables[table].columns]
    with db.atomic():
        db.table(table).insert_all({name: row.get(name) for name in names} for row in rows)


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
