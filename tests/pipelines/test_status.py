"""`quintanas run` and `quintanas status` as an operator and a monitoring program use them."""

from __future__ import annotations

import email
import email.policy
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support import Run

from pipelines.demo.server import SampleNewspapers
from pipelines.folder import DataFolder
from pipelines.journal import Entry, Step, append
from pipelines.status import status_of, status_text


@pytest.fixture(scope="module")
def newspapers() -> Iterator[SampleNewspapers]:
    with SampleNewspapers() as samples:
        yield samples


@pytest.fixture(scope="module")
def ran(newspapers: SampleNewspapers, quintanas: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder after one good run."""
    folder = tmp_path_factory.mktemp("ran")
    (folder / "sources.toml").write_text(newspapers.sources_toml(), encoding="utf-8")
    done = quintanas("run", "farol", "--data", folder, "--backup", folder / "backups", "--max-time", "5m")
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture
def folder(ran: Path, tmp_path: Path) -> Path:
    """A copy of that folder to spoil."""
    return shutil.copytree(ran, tmp_path / "data")


def status(quintanas: Run, folder: Path, *options: str) -> dict[str, Any]:
    done = quintanas("status", "--json", "--data", folder, *options)
    found: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == (0 if found["state"] == "ok" else 1)
    assert "Traceback" not in done.stderr
    return found


def problems(found: dict[str, Any]) -> str:
    return "\n".join(problem["what"] for problem in found["problems"])


def note(folder: Path, *steps: Step, ago: timedelta = timedelta(0), interrupted: bool = False) -> None:
    at = datetime.now(UTC) - ago
    append(DataFolder(folder), Entry(at, at, list(steps), interrupted))


def test_after_a_good_run_all_is_well(quintanas: Run, ran: Path) -> None:
    found = status(quintanas, ran)
    assert (found["state"], found["problems"]) == ("ok", [])
    assert [step["state"] for step in found["last_run"]["steps"]] == ["ok", "ok", "ok"]
    assert found["archive"]["articles"] > 10
    assert found["public"]["incidents"] > 5
    assert found["last_backup"] == found["last_run"]["finished"]
    assert [one["id"] for one in found["newspapers"]] == ["farol"]
    text = quintanas("status", "--data", ran).stdout
    assert text.startswith("OK")
    assert len(text.splitlines()) < 30
    assert max(map(len, text.splitlines())) < 160


def test_looking_changes_nothing(quintanas: Run, folder: Path) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    status(quintanas, folder)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_where_nothing_is_it_says_so(quintanas: Run, tmp_path: Path) -> None:
    found = status(quintanas, tmp_path / "none")
    assert found["state"] == "failed"
    assert "no archive" in problems(found)


def test_a_schedule_that_died_is_noticed(quintanas: Run, folder: Path) -> None:
    append_old = folder / "journal.jsonl"
    append_old.write_text(append_old.read_text().replace(str(datetime.now(UTC).year), "2020"))
    found = status(quintanas, folder)
    assert found["state"] == "failed"
    assert "no run has ended" in problems(found)


def test_what_fails_is_told_with_since_when(folder: Path) -> None:
    ok, bad = Step("crawl", "ok", 1.0, "3 articles read"), Step("publish", "failed", 1.0, "disk I/O error")
    note(folder, ok, bad, ago=timedelta(hours=9))
    note(folder, ok, bad, ago=timedelta(hours=6))
    note(folder, ok, bad, ago=timedelta(hours=3))
    found = status_of(DataFolder(folder))
    [problem] = [one for one in found.problems if "publish" in one.what]
    assert "disk I/O error" in problem.what
    since = datetime.fromisoformat(problem.since or "")
    assert timedelta(hours=8.9) < datetime.now(UTC) - since < timedelta(hours=9.1)
    assert "last good run" in status_text(found)


def test_stale_public_data_are_noticed(quintanas: Run, folder: Path) -> None:
    with closing(sqlite3.connect(folder / "incidents.db")) as public, public:
        public.execute("UPDATE releases SET published = '2020-01-01T00:00:00+00:00'")
    assert "public data are" in problems(status(quintanas, folder))


def test_a_newspaper_that_fell_silent_is_told_with_since_when(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "archive.db")) as archive, archive:
        ids = [row[0] for row in archive.execute("SELECT id FROM articles WHERE source = 'farol'")]
        for days, article in enumerate(ids):
            seen = (datetime.now(UTC) - timedelta(days=10 + days)).isoformat(timespec="seconds")
            archive.execute("UPDATE articles SET first_seen = ? WHERE id = ?", (seen, article))
    found = status_of(DataFolder(folder))
    [problem] = found.problems
    assert problem.what.startswith("farol: silent")
    assert problem.since is not None
    assert found.state == "attention"
    assert re.search(r"farol: last new article .* \(10 days ago\)", status_text(found))


def test_the_mail_is_one_that_sendmail_takes(quintanas: Run, folder: Path) -> None:
    note(folder, Step("publish", "failed", 1.0, "el disco está lleno\nBcc: otro@example.org"))
    done = quintanas("status", "--email", "op@example.org", "--data", folder)
    message = email.message_from_bytes(done.stdout.encode(), policy=email.policy.default)
    assert message["To"] == "op@example.org"
    assert message["Bcc"] is None
    assert message["Subject"].startswith("Quintanas FAILED: publish fails")
    assert "el disco está lleno" in message.get_content()


METRIC = re.compile(r'[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? -?\d+(\.\d+)?')


def test_prometheus_reads_the_file(quintanas: Run, ran: Path, tmp_path: Path) -> None:
    file = tmp_path / "quintanas.prom"
    quintanas("status", "--prometheus", file, "--data", ran)
    lines = file.read_text(encoding="utf-8").splitlines()
    declared = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert len(set(declared)) == len(declared) > 10
    for line in lines:
        assert line.startswith(("# HELP ", "# TYPE ")) or METRIC.fullmatch(line), line
    assert "quintanas_up 1" in lines
    assert any(line.startswith('quintanas_newspaper_alarms{newspaper="farol"} 0') for line in lines)
    assert not [name for name in declared if not name.startswith("quintanas_")]


def test_two_runs_at_once_are_one(quintanas: Run, folder: Path, newspapers: SampleNewspapers) -> None:
    first = subprocess.Popen(
        [sys.executable, "-m", "pipelines.cli", "run", "farol", "--jitter", "1d", "--data", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        deadline = time.monotonic() + 60
        while not (folder / "run.running").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        second = quintanas("run", "farol", "--data", folder)
        assert second.returncode == 1
        assert f"process {first.pid}" in second.stderr
        assert status(quintanas, folder)["running"]["pid"] == first.pid
        asked = len(newspapers.requests)
    finally:
        first.send_signal(signal.SIGTERM)
        output, _ = first.communicate(timeout=60)
    assert first.returncode == 1, output
    assert len(newspapers.requests) == asked, "told to end while it waited, it starts nothing"
    assert "told to end early" in problems(status(quintanas, folder))


def test_a_run_that_was_killed_is_noticed_and_the_next_heals_it(quintanas: Run, folder: Path) -> None:
    process = subprocess.Popen([sys.executable, "-m", "pipelines.cli", "run", "--jitter", "1d", "--data", str(folder)])
    deadline = time.monotonic() + 60
    while not (folder / "run.running").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.kill()
    process.wait()
    found = status(quintanas, folder)
    assert found["state"] == "failed"
    assert "a run was killed" in problems(found)
    assert quintanas("run", "farol", "--data", folder).returncode == 0
    assert status(quintanas, folder)["state"] == "ok"


def test_a_crawl_that_takes_too_long_ends_in_good_order_and_is_published(quintanas: Run, folder: Path) -> None:
    sources = (folder / "sources.toml").read_text(encoding="utf-8").replace("[farol]", "[farol]\ncrawl_delay = 4")
    (folder / "sources.toml").write_text(sources, encoding="utf-8")
    done = quintanas("run", "farol", "--max-time", "3s", "--data", folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert re.search(r"crawl +cut", done.stdout)
    assert re.search(r"publish +ok", done.stdout)
    assert status(quintanas, folder)["state"] == "ok"


def test_a_step_that_is_killed_takes_no_other_with_it(quintanas: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the kernel kills what takes too much memory."""
    started = folder / "sitecustomize.py"
    started.write_text("import os, signal, sys\nif 'crawl' in sys.orig_argv: os.kill(os.getpid(), signal.SIGKILL)\n")
    monkeypatch.setenv("PYTHONPATH", str(folder))
    done = quintanas("run", "farol", "--data", folder)
    assert done.returncode == 1
    assert re.search(r"crawl +failed +killed by SIGKILL; was there enough memory\?", done.stdout)
    assert re.search(r"publish +ok", done.stdout)
    monkeypatch.delenv("PYTHONPATH")
    assert "crawl fails: killed by SIGKILL" in problems(status(quintanas, folder))


def test_a_run_that_is_not_due_does_nothing(quintanas: Run, folder: Path) -> None:
    journal = (folder / "journal.jsonl").read_text()
    done = quintanas("run", "--due", "00:00", "--timezone", "Etc/UTC", "--data", folder)
    lately = datetime.now(UTC).hour == 0  # the good run may be from before midnight
    assert lately or (done.returncode, done.stdout) == (0, "")
    assert lately or (folder / "journal.jsonl").read_text() == journal


def test_a_torn_line_of_the_journal_is_passed_over(quintanas: Run, folder: Path) -> None:
    with (folder / "journal.jsonl").open("a") as file:
        file.write('{"started": "2026-01')
    assert status(quintanas, folder)["state"] == "ok"
    note(folder, Step("crawl", "ok", 1.0, "0 articles read"))
    assert status(quintanas, folder)["last_run"]["steps"][0]["detail"] == "0 articles read"


def test_the_time_zone_is_the_operators(quintanas: Run, ran: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "TZ", "America/Lima")
    assert re.search(r"\d\d:\d\d -05", quintanas("status", "--data", ran).stdout)
