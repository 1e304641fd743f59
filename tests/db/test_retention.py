"""What the archive forgets of single requests, and what it never forgets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from faults import killed_at

from db.archive import Archive
from db.integrity import check_archive
from db.retention import forget_visits

NOW = datetime(2026, 11, 1, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=800)


def visit(source: str, at: datetime, outcome: str) -> dict[str, Any]:
    return {
        **{"url": f"https://{source}.example/{at:%d}", "source": source, "kind": "article", "outcome": outcome},
        **{"reason": None if outcome == "not_modified" else "timeout", "at": at},
    }


@pytest.fixture
def path(newsroom: Any, report: Any) -> Path:
    """Three runs of long ago and one of now: `norte` is crawled in all, `sol` answered long ago for the last time."""
    newsroom.tell("norte", "1", report())
    newsroom.tell("sol", "1", report())
    with Archive(newsroom.archive, write=True) as archive:
        archive.db.execute("UPDATE runs SET started = ?", (LONG_AGO.isoformat(),))
        archive.db.execute("UPDATE visits SET at = ?", (LONG_AGO.isoformat(),))
        for at, names in ((LONG_AGO + timedelta(days=1), ["norte", "sol"]), (NOW, ["norte"])):
            run = archive.start_run("crawl", names, "0")
            archive.record_visit(run, visit("norte", at, "not_modified"))
            if "sol" in names:
                archive.record_visit(run, visit("sol", at, "not_modified"))
                archive.record_visit(run, visit("sol", at + timedelta(days=1), "failed"))
            archive.db.execute("UPDATE runs SET started = ? WHERE id = ?", (at.isoformat(), run))
            archive.finish_run(run)
    return Path(newsroom.archive)


def test_old_visits_go_and_all_else_stays(path: Path) -> None:
    tables = ("articles", "article_versions", "reports", "addresses", "runs")
    with Archive(path, write=True) as archive:
        before, states = {table: list(archive.db[table].rows) for table in tables}, archive.source_states()
        assert forget_visits(archive, NOW - timedelta(days=730)) == 3
        assert {table: list(archive.db[table].rows) for table in tables} == before
        after = archive.source_states()
        for state, was in zip(after, states, strict=True):
            assert {key: state[key] for key in ("id", "articles", "last_success", "failures")} == {
                key: was[key] for key in ("id", "articles", "last_success", "failures")
            }, "since when a newspaper is silent is still known"
        assert [row["source"] for row in archive.db.query("SELECT source FROM visits WHERE at >= ?", [NOW.isoformat()])] == [
            "norte"
        ]
        assert forget_visits(archive, NOW - timedelta(days=730)) == 0
    assert check_archive(path) == []


def test_killed_meanwhile_it_goes_on(path: Path) -> None:
    again = f"""
from datetime import datetime
from db.archive import Archive
from db.retention import forget_visits
with Archive({str(path)!r}, write=True) as archive:
    forget_visits(archive, datetime.fromisoformat({(NOW - timedelta(days=730)).isoformat()!r}))
"""
    killed_at("db/archive.py:transaction:return:2", "-c", again)
    assert check_archive(path) == []
    with Archive(path, write=True) as archive:
        assert forget_visits(archive, NOW - timedelta(days=730)) <= 3
        assert archive.db["visits"].count == 3
