"""Archives that earlier versions wrote, brought up to date."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from faults import killed_at

from db.archive import Archive, ArchiveVersionError
from db.packing import unpack

SCHEMAS = sorted((Path(__file__).parent / "schemas").glob("*.sql"))
REOPEN = "from db.archive import Archive; Archive({path!r}, write=True).__enter__()"


def load(schema: Path, path: Path) -> None:
    with closing(sqlite3.connect(path)) as conn:
        conn.executescript(schema.read_text(encoding="utf-8"))
        conn.execute("PRAGMA journal_mode = WAL")


def rows(path: Path, statement: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as conn:
        conn.create_function("plain", 1, unpack)
        return conn.execute(statement).fetchall()


def columns_and_indexes(path: Path) -> dict[str, Any]:
    with closing(sqlite3.connect(path)) as conn:
        tables = [name for (name,) in conn.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return {
            table: (
                sorted((*row[1:4], row[5]) for row in conn.execute(f"PRAGMA table_info('{table}')")),
                sorted(
                    (unique, partial, tuple(column[2] for column in conn.execute(f"PRAGMA index_info('{name}')")))
                    for _, name, unique, _, partial in conn.execute(f"PRAGMA index_list('{table}')")
                ),
                sorted(row[2:] for row in conn.execute(f"PRAGMA foreign_key_list('{table}')")),
            )
            for table in tables
            if not table.startswith("sqlite_")
        }


TEXTS = "SELECT url, headline, lead, plain(body), published, hash FROM article_versions v JOIN articles a ON a.id = v.article"
REPORTS = "SELECT version, position, type, ubigeo, date, evidence FROM reports ORDER BY 1, 2"


@pytest.fixture(params=SCHEMAS, ids=lambda path: path.stem)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "archive.db"
    load(request.param, path)
    return path


def test_every_article_and_report_is_kept(old: Path) -> None:
    texts, reports, visits = (rows(old, statement) for statement in (TEXTS, REPORTS, "SELECT * FROM visits"))
    assert texts
    assert reports
    with Archive(old, write=True) as archive:
        told = {row["url"]: row["body"] for row in archive.pending("none", everything=True)}
    assert rows(old, TEXTS) == texts
    assert rows(old, REPORTS) == reports
    assert rows(old, "SELECT * FROM visits") == visits
    assert told.items() <= {(url, body) for url, _, _, body, _, _ in texts}
    assert rows(old, "PRAGMA integrity_check") == [("ok",)]
    assert rows(old, "PRAGMA foreign_key_check") == []


def test_it_ends_with_the_schema_of_a_new_archive(old: Path, tmp_path: Path) -> None:
    for path in (old, tmp_path / "new.db"):
        with Archive(path, write=True):
            pass
    assert columns_and_indexes(old) == columns_and_indexes(tmp_path / "new.db")


def test_the_crawl_goes_on_in_it(old: Path) -> None:
    with Archive(old, write=True) as archive:
        [(source, url, body)] = archive.db.conn.execute(
            """SELECT source, url, plain(body) FROM articles a JOIN article_versions v ON v.id = a.current_version
            ORDER BY a.id LIMIT 1"""
        ).fetchall()
        row = archive.db.conn.execute("SELECT * FROM article_versions ORDER BY id LIMIT 1").fetchone()
        same = {**dict(row), "body": body, "url": url, "source": source, "fetched": datetime.now(UTC), "links": []}
        run = archive.start_run("crawl", [source], "0.1")
        assert archive.store_article(run, same) == "unchanged"
        assert archive.store_article(run, same | {"body": f"{body} Corregido."}) == "changed"
        assert archive.store_article(run, same | {"url": f"{url}-otra", "body": "Otra nota."}) == "new"
        assert archive.due(run, source) is not None
        archive.finish_run(run)


def test_it_is_published_under_the_identifiers_that_it_gave(old: Path, newsroom: Any) -> None:
    try:
        given = {name for (name,) in rows(old, "SELECT id FROM incidents WHERE merged_into IS NULL")}
    except sqlite3.OperationalError:  # from before there were identifiers
        given = set()
    counts = newsroom.publish()
    assert counts["incidents"] > 0
    assert given <= {row["id"] for row in newsroom.rows("SELECT id FROM incidents")}
    for report in newsroom.rows("SELECT link FROM reports"):
        assert report["link"].startswith("http")


def test_a_reader_of_an_old_archive_is_told_how_to_update_it(old: Path) -> None:
    with pytest.raises(ArchiveVersionError, match="run `quintanas crawl` to update it"), Archive(old, write=False):
        pass


@pytest.mark.parametrize("step", ["m005_corrections", "m201_packed_texts"])
def test_killed_while_it_is_updated_it_is_as_before(tmp_path: Path, step: str) -> None:
    path = tmp_path / "archive.db"
    load(SCHEMAS[2], path)
    texts, schema = rows(path, TEXTS.replace("plain(body)", "body")), columns_and_indexes(path)
    killed_at(f"db/migrations.py:{step}:return", "-c", REOPEN.format(path=str(path)))
    assert columns_and_indexes(path) == schema
    with Archive(path, write=True):
        pass
    assert rows(path, TEXTS) == texts
