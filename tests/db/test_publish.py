"""The public database: what it says, what it never says, and that a reader sees one release whole."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from db import codebook
from db.archive import Archive
from db.searching import match_expression

Report = Callable[..., dict[str, Any]]


def test_incident_says_what_the_report_says(newsroom: Any, report: Report) -> None:
    url = newsroom.tell("norte", "robo", report(), headline="Roban casa en Las Quintanas")
    assert newsroom.publish()["incidents"] == 1
    (incident,) = newsroom.rows("SELECT * FROM incidents")
    expected = {
        "type": "burglary",
        "type_label": "Robo en vivienda o local",
        "iccs": "0501",
        "status": "completed",
        "event": "crime",
        "date": "2025-11-02",
        "date_precision": "day",
        "year": 2025,
        "part_of_day": "noche",
        "place": "urbanización Las Quintanas",
        "place_level": "neighbourhood",
        "district": "Trujillo",
        "department": "La Libertad",
        "ubigeo": "130101",
        "latitude": -8.1,
        "reports": 1,
        "newspapers": 1,
        "headline": "Roban casa en Las Quintanas",
        "first_reported": "2025-11-03T21:40:00-05:00",
    }
    assert {key: incident[key] for key in expected} == expected
    (told,) = newsroom.rows("SELECT * FROM reports JOIN sources ON sources.id = newspaper")
    assert (told["incident"], told["link"], told["name"]) == (incident["id"], url, "Diario del Norte")
    assert told["evidence"].startswith("Desconocidos robaron una vivienda")
    assert told["evidence_words"] == "robaron una vivienda"
    assert told["place_evidence"] is None, "same sentence as the type's: not quoted twice"


def test_what_the_text_leaves_open_stays_empty(newsroom: Any, report: Report) -> None:
    empty = dict.fromkeys(("place_text", "district", "province", "ubigeo", "latitude", "longitude", "date", "part_of_day"))
    newsroom.tell("norte", "robo", report(**empty, precision="none", level="department", evidence={}))
    newsroom.publish()
    (incident,) = newsroom.rows("SELECT * FROM incidents")
    for column in ("place", "district", "ubigeo", "latitude", "longitude", "date", "year", "evidence"):
        assert incident[column] is None


@pytest.mark.parametrize(("date", "precision", "year"), [("2025-11", "month", 2025), ("2019", "year", 2019)])
def test_coarse_dates_stay_coarse(newsroom: Any, report: Report, date: str, precision: str, year: int) -> None:
    newsroom.tell("norte", "robo", report(date=date, precision=precision))
    newsroom.publish()
    (incident,) = newsroom.rows("SELECT * FROM incidents")
    assert (incident["date"], incident["date_precision"], incident["year"]) == (date, precision, year)


def test_ubigeo_keeps_its_leading_zero(newsroom: Any, report: Report) -> None:
    newsroom.tell("norte", "robo", report(ubigeo="010101", district="Chachapoyas", department="Amazonas"))
    newsroom.publish()
    assert newsroom.rows("SELECT ubigeo, typeof(ubigeo) AS kind FROM incidents") == [{"ubigeo": "010101", "kind": "text"}]
    assert newsroom.rows("SELECT level FROM places WHERE ubigeo IN ('010000', '010100', '010101') ORDER BY ubigeo") == [
        {"level": "department"},
        {"level": "province"},
        {"level": "district"},
    ]


def test_no_article_text_anywhere_in_the_file(newsroom: Any, report: Report) -> None:
    newsroom.tell("norte", "robo", report(), lead="ENTRADILLA-QUE-NO-SE-PUBLICA")
    newsroom.publish()
    content = newsroom.public.read_bytes()
    assert b"NO-SE-PUBLICA" not in content
    assert b"robaron una vivienda" in content


def test_evidence_is_a_quotation_not_a_republication(newsroom: Any, report: Report) -> None:
    sentence = "Según la Policía, " + "los vecinos declararon muchas cosas " * 30 + "que robaron una vivienda " + "y más " * 200
    newsroom.tell("norte", "robo", report(sentence=sentence), headline="Titular " * 100)
    newsroom.publish()
    (told,) = newsroom.rows("SELECT * FROM reports")
    assert len(told["evidence"]) <= 300
    assert "robaron una vivienda" in told["evidence"]
    assert told["evidence"].startswith("…")
    assert told["evidence"].endswith("…")
    for table in codebook.load().tables:
        for row in newsroom.rows(f"SELECT * FROM {table}"):
            assert all(len(value) <= 300 for value in row.values() if isinstance(value, str))


def test_house_numbers_are_dropped(newsroom: Any, report: Report) -> None:
    place = "urbanización La Merced, Mz. B, Lt. 5"
    newsroom.tell("norte", "robo", report(street="jirón Pizarro N.° 450", place_text=place, level="street", evidence={}))
    newsroom.tell("sol", "robo", report(street="N.° 777", place_text=None, level="street", evidence={}))
    newsroom.publish()
    first, second = newsroom.rows("SELECT street, place, place_level FROM incidents ORDER BY street IS NULL")
    assert first == {"street": "jirón Pizarro", "place": "urbanización La Merced", "place_level": "street"}
    assert second == {"street": None, "place": None, "place_level": "district"}


def test_same_incident_in_three_newspapers_is_one(newsroom: Any, report: Report) -> None:
    newsroom.tell("norte", "a", report(), headline="Roban casa")
    newsroom.tell("sol", "b", report(place_text="URBANIZACION Las Quintanas", confidence=0.95, street="jirón Unión"))
    newsroom.tell("voz", "c", report(part_of_day="madrugada"))
    newsroom.publish()
    (incident,) = newsroom.rows("SELECT * FROM incidents")
    assert (incident["reports"], incident["newspapers"], incident["headline"]) == (3, 3, "Roban casa")
    assert incident["street"] == "jirón Unión"
    assert incident["confidence"] == 0.95
    assert incident["part_of_day"] is None, "the newspapers disagree"
    assert len(newsroom.rows("SELECT * FROM reports WHERE incident = ?", incident["id"])) == 3


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "homicide"},
        {"date": "2025-10-31"},
        {"date": "2025-10", "precision": "month"},
        {"place_text": "urbanización La Merced"},
        {"place_text": None},
        {"ubigeo": "131202"},
        {"ubigeo": None, "district": None},
    ],
)
def test_what_differs_stays_apart(newsroom: Any, report: Report, changes: dict[str, Any]) -> None:
    newsroom.tell("norte", "a", report())
    newsroom.tell("sol", "b", report(**changes))
    newsroom.publish()
    assert len(newsroom.rows("SELECT * FROM incidents")) == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "attempted"},
        {"type": "robbery"},
        {"date": "2025-11", "precision": "month"},
        {"date": None, "precision": "none"},
        {"date_end": "2025-11-03"},
        {"ubigeo": "130100", "district": None},
    ],
)
def test_what_is_vaguer_or_named_otherwise_joins_where_the_place_agrees(
    newsroom: Any, report: Report, changes: dict[str, Any]
) -> None:
    newsroom.tell("norte", "a", report())
    newsroom.tell("sol", "b", report(**changes))
    newsroom.publish()
    (incident,) = newsroom.rows("SELECT * FROM incidents")
    assert (incident["ubigeo"], incident["date"], incident["date_end"]) == ("130101", "2025-11-02", None)
    assert incident["reports"] == 2


def test_two_unknowns_are_not_the_same(newsroom: Any, report: Report) -> None:
    for source in ("norte", "sol"):
        newsroom.tell(source, "a", report(place_text=None, date=None, precision="none", ubigeo=None))
    assert newsroom.publish()["incidents"] == 2


def test_two_streets_and_two_articles_of_one_newspaper_stay_apart(newsroom: Any, report: Report) -> None:
    newsroom.tell("norte", "a", report(street="jirón Unión 12"))
    newsroom.tell("sol", "b", report(street="avenida España"))
    newsroom.tell("norte", "c", report())
    assert newsroom.publish()["incidents"] == 2
    assert newsroom.rows("SELECT count(DISTINCT incident) AS n FROM reports WHERE newspaper = 'norte'") == [{"n": 2}]


def test_several_incidents_of_one_article(newsroom: Any, report: Report) -> None:
    newsroom.tell("norte", "a", report(), report(), report(type="homicide"))
    newsroom.publish()
    assert len({row["id"] for row in newsroom.rows("SELECT id FROM incidents")}) == 3


def test_identifiers_survive_publishing_again_and_late_reports(newsroom: Any, report: Report) -> None:
    newsroom.tell("norte", "a", report())
    newsroom.tell("voz", "z", report(type="homicide"))
    newsroom.publish()
    before = newsroom.rows("SELECT id, type FROM incidents ORDER BY id")
    newsroom.publish()
    assert newsroom.rows("SELECT id, type FROM incidents ORDER BY id") == before
    newsroom.tell("sol", "b", report())
    newsroom.publish()
    assert newsroom.rows("SELECT id, type FROM incidents ORDER BY id") == before
    assert newsroom.rows("SELECT max(reports) AS n FROM incidents") == [{"n": 2}]


def test_edited_article_replaces_its_report(newsroom: Any, report: Report) -> None:
    url = newsroom.tell("norte", "a", report())
    newsroom.tell("norte", "a", report(date="2025-11-01"), url=url, headline="Corrigen fecha del robo")
    newsroom.publish()
    assert newsroom.rows("SELECT date, headline FROM incidents") == [
        {"date": "2025-11-01", "headline": "Corrigen fecha del robo"}
    ]


def test_article_that_is_no_longer_an_incident_leaves_the_public(newsroom: Any, report: Report) -> None:
    url = newsroom.tell("norte", "a", report())
    newsroom.publish()
    newsroom.tell("norte", "a", url=url, headline="Desmienten robo")
    newsroom.publish()
    assert newsroom.rows("SELECT * FROM incidents") == []
    assert newsroom.rows("SELECT * FROM reports") == []


def test_edit_that_was_not_read_yet_takes_nothing_away(newsroom: Any, report: Report) -> None:
    """The crawl was cut off between storing the new version and extracting from it."""
    url = newsroom.tell("norte", "a", report())
    with Archive(newsroom.archive, write=True) as archive:
        run = archive.start_run("crawl", ["norte"], "0.0")
        article = {"url": url, "source": "norte", "headline": "Otro", "body": "Otro.", "fetched": datetime.now(UTC)}
        assert archive.store_article(run, article) == "changed"
    assert newsroom.publish()["incidents"] == 1
    assert newsroom.rows("SELECT headline FROM incidents") == [{"headline": "Roban casa"}]


@pytest.mark.parametrize(
    ("question", "finds"),
    [
        ("extorsion urbanizacion TRUJILLO", 1),
        ("robos vivienda quintanas", 1),
        ("extorsiones de la urbanización", 1),
        ('"las quintanas"', 1),
        ('"quintanas las"', 0),
        ("secuestros quintanas", 0),
        ('AND ( * "', 0),
        ("", 0),
    ],
)
def test_search_needs_neither_accents_nor_case_nor_endings(newsroom: Any, report: Report, question: str, finds: int) -> None:
    newsroom.tell("norte", "a", report(), headline="Extorsión en Trujillo")
    newsroom.publish()
    sql = "SELECT rowid FROM incidents_fts WHERE incidents_fts MATCH ?"
    assert len(newsroom.rows(sql, match_expression(question))) == finds


def test_counts_add_up_to_all_incidents(newsroom: Any, report: Report) -> None:
    dates = ("2025-11-02", "2025-11-09", "2025-10", "2024", None)
    newsroom.tell("norte", "a", *(report(date=date, precision="day") for date in dates))
    newsroom.publish()
    counts = newsroom.rows("SELECT year, month, sum(incidents) AS n FROM counts GROUP BY 1, 2 ORDER BY 1, 2")
    assert [tuple(row.values()) for row in counts] == [
        (None, None, 1),
        (2024, None, 1),
        (2025, "2025-10", 1),
        (2025, "2025-11", 2),
    ]


def test_every_table_and_column_is_described(newsroom: Any, report: Report) -> None:
    newsroom.tell("norte", "a", report())
    newsroom.publish()
    tables = {
        row["name"]
        for row in newsroom.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
        if "_fts" not in row["name"] and not row["name"].startswith("sqlite_")
    }
    book = codebook.load()
    assert tables == set(book.tables)
    for name, table in book.tables.items():
        columns = [row["name"] for row in newsroom.rows(f"PRAGMA table_info({name})")]
        assert columns == [column.name for column in table.columns]
        for described in (table, *table.columns):
            assert all(text.strip() for text in (described.label, described.label_en, described.es, described.en))
        for column in table.columns:
            if column.values:
                used = {str(row["v"]) for row in newsroom.rows(f"SELECT DISTINCT {column.name} AS v FROM {name}")} - {"None"}
                assert used <= set(column.values)
    assert newsroom.rows("PRAGMA foreign_key_check") == []


def test_releases_are_numbered_on(newsroom: Any, report: Report) -> None:
    newsroom.tell("norte", "a", report())
    assert newsroom.publish()["release"] == 1
    newsroom.tell("sol", "b", report(type="homicide"))
    assert newsroom.publish()["release"] == 2
    assert newsroom.rows("SELECT number, incidents, articles, extractors FROM releases") == [
        {"number": 1, "incidents": 1, "articles": 1, "extractors": "test-1"},
        {"number": 2, "incidents": 2, "articles": 2, "extractors": "test-1"},
    ]


def test_type_that_the_taxonomy_dropped_is_still_published(newsroom: Any, report: Report) -> None:
    newsroom.tell("norte", "a", report(type="cattle_theft"))
    newsroom.publish()
    assert newsroom.rows("SELECT type, type_label FROM incidents") == [{"type": "cattle_theft", "type_label": "cattle_theft"}]


def test_empty_archive_publishes_an_empty_database(newsroom: Any) -> None:
    with Archive(newsroom.archive, write=True):
        pass
    assert newsroom.publish()["incidents"] == 0
    assert newsroom.rows("SELECT number, last_crawl FROM releases") == [{"number": 1, "last_crawl": None}]


def test_open_reader_keeps_its_release(newsroom: Any, report: Report) -> None:
    newsroom.tell("norte", "a", report())
    newsroom.publish()
    reader = sqlite3.connect(f"{newsroom.public.as_uri()}?mode=ro&immutable=1", uri=True)
    try:
        assert reader.execute("SELECT count(*) FROM incidents").fetchone() == (1,)
        for number in range(50):
            newsroom.tell("sol", f"b{number}", report(type="homicide"))
        newsroom.publish()
        assert reader.execute("SELECT count(*), max(number) FROM incidents, releases").fetchone() == (1, 1)
        assert reader.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    finally:
        reader.close()
    assert newsroom.rows("SELECT count(*) AS n FROM incidents") == [{"n": 51}]


def test_publish_that_fails_leaves_the_old_release_and_no_litter(newsroom: Any, report: Report) -> None:
    newsroom.tell("norte", "a", report())
    newsroom.publish()
    before = newsroom.public.read_bytes()
    newsroom.tell("sol", "b", report(latitude=0.5, confidence="alta"))
    with pytest.raises(TypeError):
        newsroom.publish()
    assert newsroom.public.read_bytes() == before
    assert [path.name for path in newsroom.public.parent.glob(".*")] == []


def test_without_an_archive_nothing_is_published(newsroom: Any) -> None:
    with pytest.raises(FileNotFoundError, match="no archive"):
        newsroom.publish()
    assert not Path(newsroom.public).exists()
