"""A small archive of invented newspapers, and the public database made from it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from db.archive import Archive
from db.publish import publish

LIMA = timezone(timedelta(hours=-5))
BODY = "TEXTO-COMPLETO-QUE-NO-SE-PUBLICA"

TYPES = [
    {"key": "homicide", "es": "Homicidio", "en": "Homicide", "definition": "Muerte intencional.", "iccs": "0101"},
    {"key": "burglary", "es": "Robo en vivienda o local", "en": "Burglary", "definition": "Sin violencia.", "iccs": "0501"},
]
DISTRICTS = [
    {
        "ubigeo": "130101",
        "department": "La Libertad",
        "province": "Trujillo",
        "district": "Trujillo",
        "latitude": "-8.1116",
        "longitude": "-79.0288",
    },
    {
        "ubigeo": "131202",
        "department": "La Libertad",
        "province": "Virú",
        "district": "Chao",
        "latitude": "-8.5406",
        "longitude": "-78.6772",
    },
    {
        "ubigeo": "010101",
        "department": "Amazonas",
        "province": "Chachapoyas",
        "district": "Chachapoyas",
        "latitude": "",
        "longitude": "",
    },
]


def _report(**changes: Any) -> dict[str, Any]:
    sentence = "Desconocidos robaron una vivienda de la urbanización Las Quintanas la noche del domingo."
    sentence = changes.pop("sentence", sentence)
    words = {"type": "robaron una vivienda", "place": "urbanización Las Quintanas", "date": "la noche del domingo"}
    report = {
        "type": "burglary",
        "status": "completed",
        "event": "crime",
        "place_text": "urbanización Las Quintanas",
        "level": "neighbourhood",
        "street": None,
        "district": "Trujillo",
        "province": "Trujillo",
        "department": "La Libertad",
        "country": "PE",
        "ubigeo": "130101",
        "latitude": -8.1,
        "longitude": -79.02,
        "date": "2025-11-02",
        "date_end": None,
        "precision": "day",
        "part_of_day": "noche",
        "confidence": 0.9,
        "evidence": {
            field: {"zone": "text", "start": 0, "end": 5, "words": text, "sentence": sentence, "rule": "r"}
            for field, text in words.items()
        },
    }
    return report | changes


@pytest.fixture(scope="session")
def report_factory() -> Callable[..., dict[str, Any]]:
    """`report`, for what a whole file of tests may share."""
    return _report


@pytest.fixture
def report() -> Callable[..., dict[str, Any]]:
    """Makes an incident report; keywords change its fields, and `sentence` the words of its evidence."""
    return _report


class Newsroom:
    """Stores articles with their reports, as the flows do, and publishes."""

    def __init__(self, folder: Path) -> None:
        self.archive = folder / "archive.db"
        self.public = folder / "incidents.db"
        self.redact: Callable[[str, str, bool], str] = lambda text, _article, _minor: text

    def tell(self, source: str, slug: str, *reports: dict[str, Any], headline: str = "Roban casa", **changes: Any) -> str:
        url = changes.pop("url", f"https://{source}.example/{slug}")
        published = datetime(2025, 11, 3, 21, 40, tzinfo=LIMA)
        article = {
            "url": url,
            "source": source,
            "headline": headline,
            "body": f"{BODY} {source} {slug}. " * 40,
            "fetched": datetime.now(UTC),
            "fetched_url": url,
            "published": published,
        }
        with Archive(self.archive, write=True) as archive:
            names = {"norte": "Diario del Norte", "sol": "El Sol de Moche", "voz": "La Voz de Virú"}
            archive.sync_sources(
                {"id": key, "name": name, "home": f"https://{key}.example/", "country": "PE", "region": "La Libertad"}
                for key, name in names.items()
            )
            run = archive.start_run("crawl", names, "0.0")
            archive.store_article(run, article | changes)
            for pending in archive.pending("test-1"):
                archive.store_reports(pending["version"], "test-1", reports)
            archive.finish_run(run)
        return url

    def publish(self) -> dict[str, int]:
        return publish(self.archive, self.public, types=TYPES, districts=DISTRICTS, redact=self.redact)

    def rows(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        conn = sqlite3.connect(f"{self.public.as_uri()}?mode=ro", uri=True)
        conn.row_factory = sqlite3.Row
        try:
            return [dict(row) for row in conn.execute(sql, values)]
        finally:
            conn.close()


@pytest.fixture(scope="session")
def found() -> type[Newsroom]:
    """Makes a newsroom in a folder, for what a whole file of tests may share."""
    return Newsroom


@pytest.fixture
def newsroom(tmp_path: Path) -> Newsroom:
    return Newsroom(tmp_path)
