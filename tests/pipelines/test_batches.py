"""Extracting stored articles in several processes: the same reports as in one, and a corrupt record costs itself alone."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support import Run

import nlp
from db.archive import Archive
from pipelines.batches import Pool, extract_batch

START = datetime(2026, 10, 13, 9, tzinfo=UTC)
PLACES = ("urbanización Las Quintanas, en Trujillo", "distrito de La Esperanza", "distrito de Huanchaco", "centro de Virú")
CRIMES = (
    (
        "Roban vivienda",
        "Unos sujetos rompieron la puerta de una vivienda en {} la madrugada del domingo y se llevaron dos cosas.",
    ),
    ("Hallan auto", "La Policía recuperó en {} un automóvil que había sido robado el lunes por dos sujetos armados."),
    ("Clima", "El Senamhi pronosticó lluvias para {} durante el fin de semana, sin daños a las personas."),
)


def fill(path: Path, articles: int) -> list[str]:
    """An archive of so many different articles that nothing has extracted yet; returns their addresses."""
    urls = []
    with Archive(path, write=True) as archive:
        archive.sync_sources([{"id": "norte", "name": "Diario Norte", "country": "PE", "region": "La Libertad/Trujillo"}])
        run = archive.start_run("crawl", ["norte"], "test")
        with archive.transaction():
            for number in range(articles):
                headline, text = CRIMES[number % len(CRIMES)]
                url = f"https://norte.example/policiales/nota-{number}"
                body = text.format(PLACES[number % len(PLACES)]) + f"\n\nEl hecho quedó anotado con el número {number}."
                at = START + timedelta(minutes=number)
                article = {"url": url, "source": "norte", "headline": headline, "body": body, "fetched": at, "published": at}
                archive.store_article(run, article)
                urls.append(url)
        archive.finish_run(run)
    return urls


def reports(path: Path) -> list[tuple[Any, ...]]:
    """Every report, with the article that it is of, as far as an extraction decides it."""
    with closing(sqlite3.connect(path)) as conn:
        return conn.execute(
            """SELECT a.url, e.extractor, r.position, r.type, r.district, r.street, r.date, r.confidence, r.evidence, r.more
            FROM articles a JOIN extractions e ON e.version = a.current_version
            LEFT JOIN reports r ON r.version = e.version ORDER BY 1, 3"""
        ).fetchall()


def damage(path: Path, url: str) -> None:
    """Break the stored text of one article, as a bad sector does."""
    with closing(sqlite3.connect(path)) as conn:
        conn.execute(
            "UPDATE article_versions SET body = x'01deadbeef' WHERE id = (SELECT current_version FROM articles WHERE url = ?)",
            (url,),
        )
        conn.commit()


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str], list[tuple[Any, ...]]]:
    """A data folder of 450 articles, extracted in one process: its path, its addresses and its reports."""
    from pipelines.batches import extract_stored
    from pipelines.folder import DataFolder

    folder = tmp_path_factory.mktemp("filled")
    urls = fill(folder / "archive.db", 450)
    account = extract_stored(DataFolder(folder))
    assert (account.articles, account.reasons.total()) == (450, 0)
    told = reports(folder / "archive.db")
    assert len({row[3] for row in told}) > 2  # two types of incident, and none at all
    return folder, urls, told


@pytest.fixture
def copy(filled: tuple[Path, list[str], list[tuple[Any, ...]]], tmp_path: Path) -> Callable[[], Path]:
    """Makes a copy of that folder, with its reports or without."""

    def made() -> Path:
        with (
            closing(sqlite3.connect(filled[0] / "archive.db")) as conn,
            closing(sqlite3.connect(tmp_path / "archive.db")) as to,
        ):
            conn.backup(to)
        return tmp_path

    return made


def forget(path: Path) -> None:
    """Take the reports away, as where nothing has been extracted."""
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("DELETE FROM reports")
        conn.execute("DELETE FROM extractions")
        conn.commit()


def test_several_processes_say_what_one_says(
    quintanas: Run, copy: Callable[[], Path], filled: tuple[Path, list[str], list[tuple[Any, ...]]]
) -> None:
    folder = copy()
    forget(folder / "archive.db")
    done = quintanas("reextract", "--jobs", "2", "--data", folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("450 articles read again, ")
    assert reports(folder / "archive.db") == filled[2]


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_damaged_text_costs_itself_and_is_told(
    quintanas: Run, copy: Callable[[], Path], filled: tuple[Path, list[str], list[tuple[Any, ...]]], jobs: str
) -> None:
    folder = copy()
    bad = filled[1][0]
    damage(folder / "archive.db", bad)
    done = quintanas("reextract", "--jobs", jobs, "--data", folder)
    assert done.returncode == 1
    assert done.stdout.startswith("449 articles read again")
    assert "1 articles could not be read: 1 damaged-text" in done.stdout
    assert bad in done.stderr
    assert "Traceback" not in done.stderr
    assert reports(folder / "archive.db") == filled[2]  # what was known of it stays


def test_a_run_that_was_cut_off_goes_on(quintanas: Run, copy: Callable[[], Path]) -> None:
    folder = copy()
    with closing(sqlite3.connect(folder / "archive.db")) as conn:
        conn.execute("UPDATE extractions SET extractor = 'before' WHERE version > 400")
        conn.commit()
    done = quintanas("reextract", "--resume", "--jobs", "2", "--data", folder)
    assert done.stdout.startswith("50 articles read again")
    assert quintanas("reextract", "--resume", "--data", folder).stdout.startswith("0 articles read again")


class Killer(dict[str, Any]):
    """A record that ends whatever process it is sent to."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os._exit, (9,)


def test_a_record_that_kills_its_process_costs_itself(filled: tuple[Path, list[str], list[tuple[Any, ...]]]) -> None:
    with Archive(filled[0] / "archive.db", write=False) as archive:
        rows = list(archive.pending("none", everything=True, packed=True))[:24]
    poisoned: list[dict[str, Any]] = [Killer(row) if row["version"] == rows[5]["version"] else row for row in rows]

    def batches() -> Iterator[list[dict[str, Any]]]:
        yield from (poisoned[:8], poisoned[8:16], poisoned[16:])

    with Pool(2) as pool:
        found = list(pool.extract(batches()))
    assert [fault.reason for one in found for fault in one.faults] == ["reader-died"]
    told = dict(report for one in found for report in one.reports)
    alone = dict(extract_batch([row for row in rows if row["version"] != rows[5]["version"]]).reports)
    assert told == alone
    assert len(told) == 23


def test_a_batch_that_holds_anything_at_all_raises_nothing() -> None:
    good = {
        "version": 1,
        "url": "https://norte.example/1",
        "headline": "Roban",
        "body": "Robaron en Trujillo.",
        "published": None,
    }
    bad = [
        good | {"version": 2, "body": b"\x01\x02\x03"},
        good | {"version": 3, "body": b""},
        good | {"version": 4, "published": "ayer"},
        good | {"version": 5, "body": 7},
        good | {"version": 6, "headline": None, "body": None},
    ]
    found = extract_batch([good, *bad])
    assert {1} <= {version for version, _ in found.reports}
    assert {fault.version for fault in found.faults} | {version for version, _ in found.reports} == {1, 2, 3, 4, 5, 6}
    assert {(fault.version, fault.reason) for fault in found.faults} >= {(2, "damaged-text"), (3, "damaged-text")}
    assert found.extractor == nlp.extractor_version()
