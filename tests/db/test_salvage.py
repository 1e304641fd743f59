"""Damaged archives, page by page: what is salvaged, that it is true, and that every command accepts it."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from db.archive import Archive, ArchiveBusy
from db.corrections import confirm, restore, withdraw
from db.integrity import check_archive
from db.packing import unpack
from db.salvage import NothingToSalvage, salvage

ARTICLES = 60
START = datetime(2026, 10, 1, tzinfo=UTC)
SCHEMAS = Path(__file__).parent / "schemas"
STORED = "SELECT a.url, v.headline, v.body, v.hash FROM article_versions v JOIN articles a ON a.id = v.article"
TOLD = """SELECT a.url, r.position, r.type, r.date, r.evidence FROM reports r JOIN article_versions v ON v.id = r.version
    JOIN articles a ON a.id = v.article"""
DECIDED = "SELECT url, incident FROM withdrawn"


def text(number: int) -> str:
    """Words that cannot be packed well; number 30 has many."""
    count = 20 if number != 30 else 600
    return "Robaron. " + " ".join(hashlib.sha256(f"{number} {part}".encode()).hexdigest() for part in range(count))


def rows(path: Path, statement: str) -> set[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as conn:
        return set(conn.execute(statement).fetchall())


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, report_factory: Callable[..., dict[str, Any]], found: Any) -> Path:
    """Sixty articles of two newspapers, some in two versions, one of them long; published, and some withdrawn."""
    newsroom = found(tmp_path_factory.mktemp("whole"))
    with Archive(newsroom.archive, write=True) as archive:
        archive.sync_sources(
            {"id": key, "name": key, "home": f"https://{key}.example/", "country": "PE"} for key in ("norte", "sol")
        )
        run = archive.start_run("crawl", ["norte", "sol"], "0")
        for number in range(ARTICLES):
            source = ("norte", "sol")[number % 2]
            url = f"https://{source}.example/nota-{number}"
            article = {
                **{"url": url, "source": source, "headline": f"Roban casa {number}", "fetched_url": url},
                **{
                    "body": text(number),
                    "published": START + timedelta(hours=number),
                },
                "fetched": START + timedelta(hours=number),
            }
            archive.store_article(run, article)
            if number % 10 == 0:
                archive.store_article(run, article | {"headline": f"Roban dos casas {number}"})
        for pending in archive.pending("test-1"):
            count = 1 + pending["version"] % 3
            archive.store_reports(
                pending["version"],
                "test-1",
                [report_factory(date=f"2026-10-{1 + pending['version'] % 28:02}") for _ in range(count)],
            )
        archive.finish_run(run)
    newsroom.publish()
    with Archive(newsroom.archive, write=True) as archive:
        for number in (3, 5, 7):
            withdraw(archive, f"https://sol.example/nota-{number}", reason="r", author="a")
        restore(archive, "https://sol.example/nota-5", reason="r", author="a")
        [incident] = [row["id"] for row in archive.db.query("SELECT id FROM incidents ORDER BY number LIMIT 1")]
        confirm(archive, incident, reason="r", author="a")
    newsroom.publish()
    with closing(sqlite3.connect(newsroom.archive)) as conn:
        conn.execute("PRAGMA journal_mode = DELETE")
    return Path(newsroom.archive.parent)


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    return shutil.copytree(whole, tmp_path / "data")


def pages(path: Path) -> int:
    return path.stat().st_size // 4096


def spoil(path: Path, number: int, content: bytes = b"\xa5" * 4096) -> None:
    with path.open("r+b") as file:
        file.seek((number - 1) * 4096)
        file.write(content)


def root(path: Path, name: str) -> int:
    [(number,)] = rows(path, f"SELECT rootpage FROM sqlite_schema WHERE name = '{name}'")
    return int(number)


def accepted(folder: Path, newsroom: Any) -> None:
    """What a person does next: check, crawl, extract, publish."""
    path = folder / "archive.db"
    assert check_archive(path) == []
    with Archive(path, write=True) as archive:
        archive.sync_sources([{"id": "norte", "name": "norte"}])
        run = archive.start_run("crawl", ["norte"], "0")
        for asked in archive.hand_out(run, "norte"):
            article = {**asked, "headline": "Otra vez", "body": "Texto de nuevo. " * 20, "fetched": datetime.now(UTC)}
            assert archive.store_article(run, article) in ("new", "changed")
        for pending in list(archive.pending("test-1")):
            archive.store_reports(pending["version"], "test-1", [])
        archive.finish_run(run)
    newsroom.archive, newsroom.public = path, folder / "incidents.db"
    newsroom.publish()
    assert check_archive(path) == []


TABLES = (
    *("sources", "runs", "run_sources", "visits", "addresses", "articles", "article_versions", "extractions", "reports"),
    *("incidents", "assignments", "corrections", "withdrawn", "releases", "published", "dictionaries", "_sqlite_migrations"),
)


@pytest.mark.parametrize("table", TABLES)
def test_the_first_page_of_each_table(folder: Path, newsroom: Any, table: str) -> None:
    path = folder / "archive.db"
    stored, told, decided = rows(path, STORED), rows(path, TOLD), rows(path, DECIDED)
    given = rows(path, "SELECT report, incident FROM assignments")
    spoil(path, root(path, table))
    assert check_archive(path) != []
    done = salvage(path)
    assert done.aside is not None
    assert rows(path, STORED) <= stored, "nothing is invented"
    assert rows(path, TOLD) <= told
    assert rows(path, "SELECT report, incident FROM assignments") <= given, "identifiers stay"
    if table not in ("article_versions", "articles", "reports", "extractions"):
        assert rows(path, STORED) == stored
        assert rows(path, TOLD) == told
    # a table of several pages loses none by losing the page that leads to them
    assert len(rows(path, STORED)) > 0.8 * len(stored)
    if table not in ("withdrawn", "corrections", "incidents"):
        assert done.decisions == []
    assert rows(path, DECIDED) == decided, "what was withdrawn stays withdrawn, and what was given back is not withdrawn"
    accepted(folder, newsroom)


def test_every_page_in_turn_costs_what_was_on_it(whole: Path, tmp_path: Path, newsroom: Any) -> None:
    """Each page that holds part of a table or index, and the first one, which says what is where."""
    stored = rows(whole / "archive.db", STORED)
    path = tmp_path / "archive.db"
    for number in range(1, pages(whole / "archive.db") + 1, 5):
        shutil.copyfile(whole / "archive.db", path)
        spoil(path, number)
        if not check_archive(path):
            continue
        done = salvage(path)
        kept = rows(path, STORED)
        assert kept <= stored, number
        assert len(kept) > 0.7 * len(stored), number
        assert check_archive(path) == [], number
        assert sum(done.kept.values()) > 0
        done.aside.unlink()  # type: ignore[union-attr]
    shutil.copytree(tmp_path, tmp_path / "data", ignore=shutil.ignore_patterns("data"))
    accepted(tmp_path / "data", newsroom)


def test_many_pages_at_once(folder: Path, newsroom: Any) -> None:
    path = folder / "archive.db"
    stored = rows(path, STORED)
    for number in range(10, pages(path), 9):
        spoil(path, number)
    done = salvage(path)
    assert done.pages > 5
    assert 0 < len(rows(path, STORED)) < len(stored)
    assert rows(path, STORED) <= stored
    assert done.lost["article_versions"] > 0
    assert done.asked_again > 0
    accepted(folder, newsroom)


def test_a_text_with_turned_bits_goes_and_is_asked_for_again(folder: Path, newsroom: Any) -> None:
    path = folder / "archive.db"
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("UPDATE article_versions SET body = 'Otro texto.' WHERE headline = 'Roban casa 8'")
    done = salvage(path)
    assert (done.asked_again, done.lost) == (1, {"article_versions": 1, "extractions": 1, "reports": done.lost["reports"]})
    with Archive(path, write=True) as archive:
        run = archive.start_run("crawl", ["norte"], "0")
        asked = [row["url"] for row in archive.hand_out(run, "norte") if row["url"].endswith("-8")]
        assert asked == ["https://norte.example/nota-8"]
        assert archive.validators(asked[0]) is None, "it is asked for without conditions"
    accepted(folder, newsroom)


def test_an_older_version_stands_where_the_latest_is_lost(folder: Path) -> None:
    path = folder / "archive.db"
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("UPDATE article_versions SET body = 'Otro texto.' WHERE headline = 'Roban dos casas 20'")
    salvage(path)
    with closing(sqlite3.connect(path)) as conn:
        conn.create_function("plain", 1, unpack)
        found = conn.execute(
            """SELECT v.headline, d.state FROM articles a JOIN article_versions v ON v.id = a.current_version
            JOIN addresses d USING (url) WHERE a.url LIKE '%nota-20'"""
        ).fetchall()
    assert found == [("Roban casa 20", "pending")]


@pytest.mark.parametrize("content", [b"\0" * 4096, b"\xff" * 4096, b"<html>" * 682 + b"1234"])
def test_the_first_page_of_the_file(folder: Path, newsroom: Any, content: bytes) -> None:
    """Which says what tables there are."""
    path = folder / "archive.db"
    stored = rows(path, STORED)
    spoil(path, 1, content)
    salvage(path)
    assert rows(path, STORED) <= stored
    assert len(rows(path, STORED)) > 0.9 * len(stored)
    accepted(folder, newsroom)


def test_a_file_that_was_cut_off(folder: Path, newsroom: Any) -> None:
    path = folder / "archive.db"
    stored = rows(path, STORED)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size * 2 // 3)
    salvage(path)
    assert set() < rows(path, STORED) <= stored
    accepted(folder, newsroom)


@pytest.mark.parametrize("schema", sorted(SCHEMAS.glob("*.sql")), ids=lambda path: path.stem)
def test_archives_of_earlier_schemas(tmp_path: Path, schema: Path, newsroom: Any) -> None:
    path = tmp_path / "archive.db"
    with closing(sqlite3.connect(path)) as conn:
        conn.executescript(schema.read_text(encoding="utf-8"))
    stored = rows(path, STORED)
    with closing(sqlite3.connect(path)) as conn:
        [(leaf,)] = conn.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'visits'").fetchall()
    spoil(path, leaf)
    done = salvage(path)
    assert rows(path, STORED) == stored
    assert done.kept["articles"] == len(rows(path, "SELECT id FROM articles"))
    newsroom.archive = path
    newsroom.publish()


def test_where_there_is_nothing_it_says_so_and_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    path.write_bytes(b"\xa5" * 40_960)
    with pytest.raises(NothingToSalvage, match="quintanas restore"):
        salvage(path)
    assert path.read_bytes() == b"\xa5" * 40_960
    assert [file.name for file in tmp_path.iterdir() if "writer" in file.name or file.is_dir()] == []


def test_nobody_salvages_under_a_writer(folder: Path) -> None:
    with Archive(folder / "archive.db", write=True), pytest.raises(ArchiveBusy):
        salvage(folder / "archive.db")
