"""The private archive: what is fetched now and later, what is kept, and that nothing reported as stored is lost."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from db.archive import Archive, ArchiveBusy, ArchiveVersionError

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def now() -> datetime:
    return datetime.now(UTC)


def link(slug: str, **changes: Any) -> dict[str, Any]:
    return {
        "url": f"https://norte.example/{slug}",
        "source": "norte",
        "via": "feed",
        "published": None,
        "modified": None,
    } | changes


def article(slug: str, **changes: Any) -> dict[str, Any]:
    url = f"https://norte.example/{slug}"
    basis = {"url": url, "source": "norte", "headline": "Roban casa", "body": "Cuerpo.", "fetched": now(), "fetched_url": url}
    return basis | changes


def visit(slug: str, outcome: str, **changes: Any) -> dict[str, Any]:
    basis = {"url": f"https://norte.example/{slug}", "source": "norte", "kind": "article", "outcome": outcome, "at": now()}
    return basis | changes


def slugs(links: list[dict[str, Any]]) -> list[str]:
    return [found["url"].rsplit("/", 1)[1] for found in links]


@contextlib.contextmanager
def running(path: Path) -> Iterator[tuple[Archive, int]]:
    with Archive(path, write=True) as archive:
        archive.sync_sources([{"id": "norte", "name": "Diario del Norte", "country": "PE", "region": "La Libertad"}])
        yield archive, archive.start_run("crawl", ["norte"], "0.0")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "archive.db"


def test_opening_again_changes_nothing(path: Path) -> None:
    with running(path) as (archive, run):
        archive.store_article(run, article("a"))
    with Archive(path, write=True) as archive:
        schema = archive.db.schema
        assert archive.counts()["articles"] == 1
    with Archive(path, write=True) as archive:
        assert archive.db.schema == schema
        assert archive.db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


def test_archive_of_a_later_version_is_refused(path: Path) -> None:
    with Archive(path, write=True) as archive:
        archive.db.table("_sqlite_migrations").insert(
            {"migration_set": "quintanas.archive", "name": "m999_future", "applied_at": "2030-01-01"}
        )
    with pytest.raises(ArchiveVersionError, match="m999_future"), Archive(path, write=True):
        pass


def test_reading_needs_an_archive(path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="quintanas crawl"), Archive(path, write=False):
        pass


def test_one_writer_and_readers_beside_it(path: Path) -> None:
    with running(path) as (archive, run):
        archive.store_article(run, article("a"))
        with Archive(path, write=False) as reader:
            assert reader.counts()["articles"] == 1
            archive.store_article(run, article("b"))
            assert reader.counts()["articles"] == 2
            with pytest.raises(sqlite3.OperationalError):
                reader.finish_run(run)
        with pytest.raises(ArchiveBusy) as busy, Archive(path, write=True):
            pass
        assert busy.value.pid == os.getpid()
        assert busy.value.since is not None
        assert datetime.fromisoformat(busy.value.since) <= now()
    with Archive(path, write=True):
        pass


def test_writer_that_was_killed_leaves_no_lock(path: Path) -> None:
    script = f"""
import sys
from db.archive import Archive
with Archive({str(path)!r}, write=True):
    print("open", flush=True)
    sys.stdin.read()
"""
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        with pytest.raises(ArchiveBusy, match=str(holder.pid)), Archive(path, write=True):
            pass
        holder.kill()
        holder.wait(30)
    with Archive(path, write=True):
        pass


def test_each_article_is_handed_out_once_a_run(path: Path) -> None:
    with running(path) as (archive, run):
        assert slugs(archive.add_links(run, [link("a"), link("b"), link("a")])) == ["a", "b"]
        assert archive.add_links(run, [link("a", via="sitemap", modified=now() + DAY)]) == []
        assert archive.due(run, "norte") == []


def test_what_a_cut_off_run_left_is_due_in_the_next(path: Path) -> None:
    with running(path) as (archive, run):
        archive.add_links(run, [link("done"), link("left", published=now() - HOUR)])
        archive.store_article(run, article("done"))
    with running(path) as (archive, run):
        left = archive.due(run, "norte")
        assert slugs(left) == ["left"]
        assert set(left[0]) == {"url", "source", "via", "published", "modified"}
        assert left[0]["published"].tzinfo is not None
        assert archive.add_links(run, [link("left")]) == []
        assert archive.db.execute("SELECT status FROM runs ORDER BY id").fetchall()[0][0] == "interrupted"


def test_unchanged_world_asks_for_no_article(path: Path) -> None:
    links = [link("a", published=now() - 30 * DAY, modified=now() - 29 * DAY), link("b", published=now() - 30 * DAY)]
    with running(path) as (archive, run):
        for found in archive.add_links(run, links):
            archive.store_article(run, article(found["url"].rsplit("/", 1)[1]))
    with running(path) as (archive, run):
        assert archive.add_links(run, links) == []
        assert archive.due(run, "norte") == []


def test_later_modification_is_fetched_once(path: Path) -> None:
    with running(path) as (archive, run):
        archive.add_links(run, [link("a", published=now() - 30 * DAY)])
        archive.store_article(run, article("a", fetched=now() - DAY))
    edited = link("a", modified=now() - HOUR)
    with running(path) as (archive, run):
        assert slugs(archive.add_links(run, [edited])) == ["a"]
        # Cut off before the fetch: still wanted.
    with running(path) as (archive, run):
        assert slugs(archive.due(run, "norte")) == ["a"]
        archive.record_visit(run, visit("a", "not_modified", status=304))
    with running(path) as (archive, run):
        assert archive.add_links(run, [edited]) == []
        assert archive.due(run, "norte") == []


def test_modification_stated_in_the_future_is_not_fetched_in_every_run(path: Path) -> None:
    wrong_clock = link("a", published=now() - 30 * DAY, modified=now() + 5 * HOUR)
    with running(path) as (archive, run):
        archive.add_links(run, [wrong_clock])
        archive.store_article(run, article("a"))
    with running(path) as (archive, run):
        assert archive.add_links(run, [wrong_clock]) == []
        assert archive.due(run, "norte") == []


@pytest.mark.parametrize(
    ("age", "fetched_at_age", "due"),
    [
        (2 * HOUR, 1.5 * HOUR, False),
        (2 * HOUR, 0.5 * HOUR, True),
        (30 * HOUR, 2 * HOUR, True),
        (30 * HOUR, 25 * HOUR, False),
        (8 * DAY, 2 * DAY, True),
        (8 * DAY, 7.5 * DAY, False),
    ],
)
def test_revisits_follow_publication(path: Path, age: timedelta, fetched_at_age: timedelta, due: bool) -> None:
    """An hour, a day and a week after publication; `fetched_at_age` is how old the article was when it was fetched."""
    published = now() - age
    with running(path) as (archive, run):
        archive.add_links(run, [link("a", published=published)])
        archive.store_article(run, article("a", fetched=published + fetched_at_age, published=published))
    with running(path) as (archive, run):
        assert slugs(archive.due(run, "norte")) == (["a"] if due else [])


def test_failure_is_tried_again_after_a_while(path: Path) -> None:
    with running(path) as (archive, run):
        archive.add_links(run, [link("new-failure"), link("old-failure")])
        archive.record_visit(run, visit("new-failure", "failed", reason="timeout"))
        archive.record_visit(run, visit("old-failure", "failed", reason="http-503", at=now() - HOUR))
    with running(path) as (archive, run):
        assert archive.add_links(run, [link("new-failure")]) == []
        assert slugs(archive.due(run, "norte")) == ["old-failure"]
        archive.record_visit(run, visit("old-failure", "failed", reason="http-503", at=now() - timedelta(minutes=50)))
    with running(path) as (archive, run):
        assert archive.due(run, "norte") == []


def test_page_that_was_skipped_comes_back_only_when_modified(path: Path) -> None:
    with running(path) as (archive, run):
        archive.add_links(run, [link("video")])
        skipped = visit("video", "skipped", reason="no-body", status=200, etag='"1"', at=now() - DAY)
        archive.record_visit(run, skipped)
        assert archive.validators("https://norte.example/video") is None
    with running(path) as (archive, run):
        assert archive.add_links(run, [link("video")]) == []
        assert archive.due(run, "norte") == []
        assert slugs(archive.add_links(run, [link("video", modified=now())])) == ["video"]


def test_address_that_the_patterns_left_out_is_fetched_once_they_let_it_in(path: Path) -> None:
    with running(path) as (archive, run):
        archive.record_visit(run, visit("policiales", "skipped", reason="denied"))
    with running(path) as (archive, run):
        assert archive.due(run, "norte") == []
        assert slugs(archive.add_links(run, [link("policiales")])) == ["policiales"]


def test_robots_are_asked_again_the_next_day(path: Path) -> None:
    with running(path) as (archive, run):
        archive.record_visit(run, visit("now", "skipped", reason="robots"))
        archive.record_visit(run, visit("yesterday", "skipped", reason="robots", at=now() - 25 * HOUR))
    with running(path) as (archive, run):
        assert slugs(archive.add_links(run, [link("now"), link("yesterday")])) == ["yesterday"]


def test_validators_are_those_of_the_last_good_answer(path: Path) -> None:
    feed = "https://norte.example/feed/"
    with running(path) as (archive, run):
        assert archive.validators(feed) is None
        visits = {"url": feed, "kind": "discovery"}
        archive.record_visit(run, visit("", "stored", etag='"1"', last_modified="Mon, 03 Nov 2025 10:00:00 GMT", **visits))
        archive.record_visit(run, visit("", "failed", reason="timeout", **visits))
        archive.record_visit(run, visit("", "not_modified", status=304, **visits))
        assert archive.validators(feed) == ('"1"', "Mon, 03 Nov 2025 10:00:00 GMT")
        archive.record_visit(run, visit("", "stored", etag='"2"', **visits))
        assert archive.validators(feed) == ('"2"', None)


def test_feed_is_read_in_full_once_a_day(path: Path) -> None:
    feed = "https://norte.example/feed/"
    with running(path) as (archive, run):
        visits = {"url": feed, "kind": "discovery"}
        archive.record_visit(run, visit("", "stored", etag='"1"', at=now() - 25 * HOUR, **visits))
        archive.record_visit(run, visit("", "not_modified", at=now() - HOUR, **visits))
        assert archive.validators(feed) is None


def test_every_version_of_an_edited_article_is_kept(path: Path) -> None:
    with running(path) as (archive, run):
        assert archive.store_article(run, article("a")) == "new"
        assert archive.store_article(run, article("a", section="Policiales")) == "unchanged"
        assert archive.store_article(run, article("a", body="Cuerpo corregido.")) == "changed"
        assert archive.store_article(run, article("a")) == "changed"
        bodies = [body for (body,) in archive.db.execute("SELECT plain(body) FROM article_versions ORDER BY id")]
        assert bodies == ["Cuerpo.", "Cuerpo corregido.", "Cuerpo."]
        assert [row["body"] for row in archive.pending("x")] == ["Cuerpo."]


def test_same_instant_in_another_zone_is_no_change(path: Path) -> None:
    published = datetime(2025, 11, 3, 2, 0, tzinfo=UTC)
    with running(path) as (archive, run):
        archive.store_article(run, article("a", published=published))
        lima = published.astimezone(datetime.fromisoformat("2025-11-02T21:00:00-05:00").tzinfo)
        assert archive.store_article(run, article("a", published=lima)) == "unchanged"


def test_article_keeps_the_newspapers_own_day(path: Path) -> None:
    with running(path) as (archive, run):
        archive.store_article(run, article("a", published=datetime.fromisoformat("2025-11-02T22:30:00-05:00")))
        assert next(archive.pending("x"))["published"] == "2025-11-02T22:30:00-05:00"


def test_page_gone_is_marked_and_kept(path: Path) -> None:
    with running(path) as (archive, run):
        archive.store_article(run, article("a"))
        archive.record_visit(run, visit("a", "gone", reason="http-410", status=410))
        assert next(iter(archive.db.table("articles").rows))["gone_at"] is not None
        assert [row["body"] for row in archive.pending("x")] == ["Cuerpo."]
        archive.store_article(run, article("a"))
        assert next(iter(archive.db.table("articles").rows))["gone_at"] is None


def test_address_that_redirects_is_not_fetched_again(path: Path) -> None:
    """The feed names a short address; the article's own is another."""
    with running(path) as (archive, run):
        archive.add_links(run, [link("short", published=now() - 30 * HOUR)])
        fetched = now() - 29 * HOUR
        seen = visit("short", "stored", at=fetched, status=200, bytes=5000)
        archive.store_article(run, article("long", fetched=fetched, published=now() - 30 * HOUR), seen)
    with running(path) as (archive, run):
        assert slugs(archive.add_links(run, [link("long"), link("short")])) == ["long"]
        assert archive.counts()["articles"] == 1


def test_summary_accounts_for_every_request(path: Path) -> None:
    with running(path) as (archive, run):
        archive.add_links(run, [link(slug) for slug in "abcdefg"])
        archive.store_article(run, article("a"), visit("a", "stored", status=200, bytes=1000))
        archive.store_article(run, article("b"), visit("b", "stored", status=200, bytes=500))
        archive.record_visit(run, visit("c", "skipped", reason="robots"))
        archive.record_visit(run, visit("d", "failed", reason="timeout"))
        archive.record_visit(run, visit("e", "failed", reason="http-500", bytes=7))
        archive.record_visit(run, visit("f", "gone", reason="http-404"))
        feed = {"url": "https://norte.example/feed/", "kind": "discovery"}
        archive.record_visit(run, visit("", "failed", reason="timeout", **feed))
        (line,) = archive.run_summary(run)
    assert line["source"] == "norte"
    assert (line["found"], line["fresh"], line["fetched"], line["left"]) == (7, 7, 5, 1)
    assert (line["new"], line["changed"], line["unchanged"], line["not_modified"], line["gone"]) == (2, 0, 0, 0, 1)
    assert (line["skipped"], line["skipped_reasons"]) == (1, {"robots": 1})
    assert (line["failed"], line["failed_reasons"]) == (3, {"timeout": 2, "http-500": 1})
    assert line["bytes"] == 1507


def test_run_that_found_nothing_still_has_its_line(path: Path) -> None:
    with running(path) as (archive, run):
        (line,) = archive.run_summary(run)
    assert (line["found"], line["fetched"], line["failed"]) == (0, 0, 0)


def test_newspaper_state_and_removal_from_the_configuration(path: Path) -> None:
    with running(path) as (archive, run):
        archive.store_article(run, article("a", published=now() - HOUR))
        archive.record_visit(run, visit("b", "failed", reason="timeout"))
        (state,) = archive.source_states()
        assert (state["articles"], state["failures"], state["configured"]) == (1, 1, 1)
        assert state["last_success"] is not None
        archive.sync_sources([{"id": "sol", "name": "El Sol"}])
        assert {(row["id"], row["configured"]) for row in archive.source_states()} == {("sol", 1), ("norte", 0)}
        assert archive.counts()["articles"] == 1


def test_extraction_is_pending_until_this_extractor_has_read_it(path: Path) -> None:
    report = {
        "type": "burglary",
        "status": "completed",
        "event": "crime",
        "level": "none",
        "precision": "none",
        "confidence": 1,
    }
    with running(path) as (archive, run):
        for number in range(450):
            archive.store_article(run, article(f"a{number}"))
        seen = []
        for pending in archive.pending("1"):
            seen.append(pending["url"])
            archive.store_reports(pending["version"], "1", [report, report] if pending["url"].endswith("a7") else [])
        assert len(seen) == len(set(seen)) == 450
        assert pending["country"] == "PE"
        assert list(archive.pending("1")) == []
        assert len(list(archive.pending("1", everything=True))) == 450
        assert len(list(archive.pending("2"))) == 450
        assert archive.counts()["reports"] == 2
        archive.store_article(run, article("a7", body="Otro cuerpo."))
        (edited,) = archive.pending("1")
        archive.store_reports(edited["version"], "1", [report])
        archive.store_reports(edited["version"], "1", [report])
        assert archive.counts()["reports"] == 3


def test_broken_characters_are_stored_and_not_raised(path: Path) -> None:
    with running(path) as (archive, run):
        archive.store_article(run, article("a", headline="Roban \ud83d casa\0", body="\ud83d\ude94 patrulla"))
        stored = next(archive.pending("x"))
    assert stored["headline"].startswith("Roban ")
    assert stored["headline"].endswith(" casa")
    assert stored["body"] == "🚔 patrulla"


def test_instant_without_zone_is_refused_and_nothing_is_half_written(path: Path) -> None:
    with running(path) as (archive, run):
        with pytest.raises(ValueError, match="time zone"):
            archive.store_article(run, article("a", published=datetime(2025, 11, 3)))
        with pytest.raises(sqlite3.IntegrityError):
            archive.store_article(run, article("b"), visit("b", "vanished"))
        counts = archive.counts()
    assert (counts["articles"], counts["visits"], counts["article_versions"]) == (0, 0, 0)


def test_threads_may_share_a_writer(path: Path) -> None:
    with running(path) as (archive, run):

        def store(thread: int) -> None:
            for number in range(25):
                archive.store_article(run, article(f"t{thread}-{number}"))

        threads = [threading.Thread(target=store, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert archive.counts()["visits"] == 100


WRITER = """
import sys
from datetime import UTC, datetime
from itertools import count
from db.archive import Archive
with Archive(sys.argv[1], write=True) as archive:
    archive.sync_sources([{"id": "norte", "name": "Diario del Norte"}])
    run = archive.start_run("crawl", ["norte"], "0.0")
    for number in count(int(sys.argv[2])):
        url = f"https://norte.example/{number}"
        link = {"url": url, "source": "norte", "via": "feed", "published": None, "modified": None}
        archive.add_links(run, [link])
        print("known", url, flush=True)
        article = {"url": url, "source": "norte", "headline": "Título", "body": "Cuerpo. " * 300, "fetched_url": url}
        archive.store_article(run, {**article, "fetched": datetime.now(UTC)})
        print("stored", url, flush=True)
"""


def test_nothing_reported_is_lost_when_the_writer_is_killed(path: Path) -> None:
    reported: dict[str, set[str]] = {"known": set(), "stored": set()}
    for trial in range(4):
        start = trial * 1_000_000
        command = [sys.executable, "-c", WRITER, str(path), str(start)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            lines = [writer.stdout.readline() for _ in range(random.Random(trial).randint(3, 150))]
            writer.send_signal(signal.SIGKILL)
            lines += [line for line in writer.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
            writer.wait(30)
        for line in lines:
            what, url = line.split()
            reported[what].add(url)
    with Archive(path, write=True) as archive:
        assert archive.db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        stored = {row["url"] for row in archive.db.table("articles").rows}
        known = {row["url"] for row in archive.db.table("addresses").rows}
        fetched = {row["url"] for row in archive.db.query("SELECT url FROM addresses WHERE state = 'fetched'")}
        visited = [row["url"] for row in archive.db.table("visits").rows]
        whole = {row["url"] for row in archive.pending("x")}
    assert reported["stored"] <= stored
    assert reported["known"] <= known
    assert stored == fetched == set(visited) == whole
    assert len(visited) == len(stored)
