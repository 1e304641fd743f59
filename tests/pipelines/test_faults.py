"""What is inflicted on an installation, what it loses, what the operator sees: docs/reliability.md as tests."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from faults import killed_at
from support import Run

from db.integrity import check_archive, check_public
from pipelines.demo.server import SampleNewspapers
from pipelines.folder import DataFolder
from pipelines.status import status_of

STORED = """
SELECT a.url, v.hash FROM articles a JOIN article_versions v ON v.article = a.id ORDER BY 1, 2;
SELECT v.id, r.position, r.type, r.ubigeo, r.date FROM reports r JOIN article_versions v ON v.id = r.version ORDER BY 1, 2
"""


@pytest.fixture(scope="module")
def newspapers() -> Iterator[SampleNewspapers]:
    with SampleNewspapers() as samples:
        yield samples


@pytest.fixture(scope="module")
def whole(newspapers: SampleNewspapers, quintanas: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder after a run with a backup."""
    folder = tmp_path_factory.mktemp("whole")
    (folder / "sources.toml").write_text(newspapers.sources_toml(), encoding="utf-8")
    done = quintanas("run", "farol", "--data", folder, "--backup", folder / "backups")
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    """A copy to do harm to."""
    return shutil.copytree(whole, tmp_path / "data")


def rows(path: Path, statement: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as conn:
        return conn.execute(statement).fetchall()


def stored(folder: Path) -> list[list[tuple[Any, ...]]]:
    return [rows(folder / "archive.db", statement) for statement in STORED.split(";")]


def published(folder: Path) -> list[tuple[Any, ...]]:
    assert check_public(folder / "incidents.db") == []
    return rows(folder / "incidents.db", "SELECT id, type, date, ubigeo, reports FROM incidents ORDER BY id")


def releases(folder: Path) -> list[int]:
    return [number for (number,) in rows(folder / "incidents.db", "SELECT number FROM releases ORDER BY number")]


def fails(done: subprocess.CompletedProcess[str], said: str) -> None:
    """One clear line, exit status 1."""
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.strip().splitlines()[-1].startswith("Error: "), done.stderr
    assert said in done.stderr.strip().splitlines()[-1]


def status(quintanas: Run, folder: Path) -> dict[str, Any]:
    done = quintanas("status", "--json", "--data", folder)
    assert "Traceback" not in done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


class TestKilled:
    """kill -9; while it crawls: tests/scraper/test_survival.py; while it backs up, restores or migrates: tests/db."""

    def test_while_it_extracts(self, quintanas: Run, folder: Path) -> None:
        before = stored(folder)
        killed_at("db/archive.py:store_reports:return:10", "reextract", "--data", folder)
        assert check_archive(folder / "archive.db") == []
        assert quintanas("reextract", "--data", folder).returncode == 0
        assert stored(folder) == before

    @pytest.mark.parametrize(
        ("point", "swapped"),
        [
            ("db/changes.py:record_changes:return", False),
            ("db/publish.py:_flush:return", False),
            ("db/publish.py:_flush:call:2", True),
        ],
    )
    def test_while_it_publishes(self, quintanas: Run, folder: Path, point: str, swapped: bool) -> None:
        before = published(folder)
        with closing(sqlite3.connect(folder / "archive.db")) as archive, archive:
            archive.execute("UPDATE reports SET date = '2026-01-02' WHERE id = (SELECT min(id) FROM reports)")
            archive.execute(
                "INSERT INTO unlinked SELECT article FROM article_versions v JOIN reports r ON r.version = v.id LIMIT 1"
            )
        killed_at(point, "publish", "--data", folder)
        assert (published(folder) != before) is swapped, "the old release or the new one, nothing between"
        assert quintanas("publish", "--data", folder).returncode == 0
        assert {row[0] for row in published(folder)} == {row[0] for row in before}, "no identifier changes"
        assert leftovers(folder) == [], "what the killed one left is cleared away"
        assert len(set(releases(folder))) == len(releases(folder)) >= 2
        assert status(quintanas, folder)["state"] == "ok"

    def test_while_it_links(self, quintanas: Run, folder: Path) -> None:
        """Before the first publish, when every report waits for an incident."""
        whole = published(folder)
        with closing(sqlite3.connect(folder / "archive.db")) as archive, archive:
            for table in ("assignments", "unplaced", "incidents", "releases", "published", "changes"):
                archive.execute(f"DELETE FROM {table}")
            archive.execute(
                "INSERT INTO unlinked SELECT DISTINCT article FROM extractions e JOIN article_versions v ON v.id = e.version"
            )
        (folder / "incidents.db").unlink()
        for time in (1, 6):
            killed_at(f"db/identity.py:place:return:{time}", "publish", "--data", folder)
            assert not (folder / "incidents.db").exists()
        assert quintanas("publish", "--data", folder).returncode == 0
        assert {row[0] for row in published(folder)} == {row[0] for row in whole}

    def test_a_reader_reads_on(self, quintanas: Run, folder: Path) -> None:
        """Of the release that it opened, whatever is swapped in, and whoever is killed meanwhile."""
        before = published(folder)
        with closing(sqlite3.connect(f"{(folder / 'incidents.db').as_uri()}?mode=ro", uri=True)) as reader:
            reader.execute("SELECT 1 FROM incidents LIMIT 1").fetchone()
            killed_at("db/publish.py:_flush:call:2", "publish", "--data", folder)
            quintanas("publish", "--data", folder)
            seen = reader.execute("SELECT id, type, date, ubigeo, reports FROM incidents ORDER BY id").fetchall()
        assert seen == before


WRITER = """
import os, signal, sys
from db.archive import Archive
with Archive(sys.argv[1], write=True) as archive:
    run = archive.start_run("crawl", ["farol"], "0")
    for number in range(40):
        visit = {"url": f"http://a.example/{number}", "source": "farol", "kind": "article", "outcome": "failed",
            "reason": "refused", "at": "2026-10-14T10:00:00+00:00"}
        archive.record_visit(run, visit)
        print(number, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


class TestPowerCut:
    """The write-ahead log as a power cut leaves it: its end torn off, or pages of it never written."""

    @pytest.fixture
    def cut(self, folder: Path) -> Path:
        """Forty visits reported as stored, all of them in the log alone."""
        done = subprocess.run(
            [sys.executable, "-c", WRITER, folder / "archive.db"], capture_output=True, text=True, check=False
        )
        assert done.stdout.split()[-1] == "39", done.stderr
        assert (folder / "archive.db-wal").stat().st_size > 40 * 4096
        (folder / "archive.db-shm").unlink()
        return folder

    def visits(self, folder: Path) -> int:
        [(count,)] = rows(folder / "archive.db", "SELECT count(*) FROM visits WHERE url LIKE 'http://a.example/%'")
        return int(count)

    @pytest.mark.parametrize("tail", [b"", b"\xa5" * 4120])
    def test_what_was_reported_as_stored_is_there(self, cut: Path, tail: bytes) -> None:
        with (cut / "archive.db-wal").open("ab") as log:
            log.write(tail)  # the beginning of a transaction that was never reported
        assert self.visits(cut) == 40
        assert check_archive(cut / "archive.db") == []
        assert "killed before its end" in str([problem.what for problem in status_of(DataFolder(cut)).problems])

    @pytest.mark.parametrize("share", [0.0, 0.3, 0.999])
    def test_of_a_log_that_lost_its_end_the_beginning_stays(self, quintanas: Run, cut: Path, share: float) -> None:
        """A disk that says "written" and lies."""
        log = cut / "archive.db-wal"
        os.truncate(log, int(log.stat().st_size * share))
        kept = self.visits(cut)
        assert 0 <= kept < 40
        assert rows(cut / "archive.db", "SELECT count(DISTINCT url) FROM visits WHERE url LIKE 'http://a.example/%'") == [
            (kept,)
        ]
        assert check_archive(cut / "archive.db") == []
        if share == 0.3:
            done = quintanas("run", "farol", "--data", cut)
            assert "Traceback" not in done.stderr
            assert check_archive(cut / "archive.db") == []


def bounded(folder: Path, kilobytes: int, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the command where no file may grow beyond a size, as on a disk that is full."""
    command = [sys.executable, "-m", "pipelines.cli", *map(str, arguments), "--data", str(folder)]
    return subprocess.run(
        ["bash", "-c", f'ulimit -f {kilobytes}; exec "$@"', "bash", *command], capture_output=True, text=True, check=False
    )


class TestFullDisk:
    """While it crawls: tests/scraper/test_survival.py."""

    @pytest.mark.parametrize("kilobytes", [8, 200])
    def test_while_it_publishes(self, quintanas: Run, folder: Path, kilobytes: int) -> None:
        before, texts = published(folder), stored(folder)
        fails(bounded(folder, kilobytes, "publish"), "room")
        assert published(folder) == before
        assert leftovers(folder) == []
        assert stored(folder) == texts
        assert quintanas("publish", "--data", folder).returncode == 0
        assert published(folder) == before

    def test_while_it_backs_up(self, folder: Path) -> None:
        target = folder / "backups"
        before = sorted(target.iterdir())
        fails(bounded(folder, 100, "backup", target, "--keep", "1"), "room")
        assert sorted(target.iterdir()) == before, "a backup that is not whole takes no other's place"

    def test_while_it_extracts(self, quintanas: Run, folder: Path) -> None:
        before = stored(folder)
        fails(bounded(folder, 8, "reextract"), "room")
        assert stored(folder) == before
        assert quintanas("reextract", "--data", folder).returncode == 0
        assert stored(folder) == before

    def test_a_scheduled_run_says_what_failed(self, quintanas: Run, folder: Path, newspapers: SampleNewspapers) -> None:
        done = bounded(folder, 200, "run", *newspapers.newspapers)
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        found = status(quintanas, folder)
        assert found["state"] == "failed"
        assert any(problem["what"].startswith("publish fails") and problem["since"] for problem in found["problems"])
        assert quintanas("run", "farol", "--data", folder).returncode == 0
        assert status(quintanas, folder)["state"] == "ok"


@contextmanager
def read_only(folder: Path) -> Iterator[list[str]]:
    """Nothing below a folder can be written; yields what a command must begin with for root to feel it, too."""
    paths = [folder, *(path for path in folder.rglob("*"))]
    for path in paths:
        path.chmod(0o555 if path.is_dir() else 0o444)
    drop = "-dac_override,-dac_read_search"
    try:
        yield [] if os.geteuid() else ["setpriv", f"--bounding-set={drop}", f"--inh-caps={drop}"]
    finally:
        for path in paths:
            path.chmod(0o755 if path.is_dir() else 0o644)


@pytest.mark.parametrize(
    "arguments",
    [
        ["crawl", "farol"],
        ["run", "farol"],
        ["publish"],
        ["reextract"],
        ["compact"],
        ["backup", "DATA/backups"],
        ["restore", "BACKUP"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_disk_that_is_read_only(folder: Path, arguments: list[str]) -> None:
    [backup] = (folder / "backups").iterdir()
    before = stored(folder), published(folder)
    words = [word.replace("DATA", str(folder)).replace("BACKUP", str(backup)) for word in arguments]
    with read_only(folder) as prefix:
        command = [*prefix, sys.executable, "-m", "pipelines.cli", *words, "--data", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        fails(done, str(folder))
    assert (stored(folder), published(folder)) == before


def test_on_a_disk_that_is_read_only_one_can_look(folder: Path) -> None:
    with read_only(folder) as prefix:
        command = [*prefix, sys.executable, "-m", "pipelines.cli", "status", "--json", "--data", str(folder)]
        found = json.loads(subprocess.run(command, capture_output=True, text=True, check=False).stdout)
        check = subprocess.run([*command[:-4], "check", "--data", str(folder)], capture_output=True, text=True, check=False)
    assert found["archive"]["articles"] > 10
    assert "cannot be written" in str(found["problems"])
    assert check.returncode == 0, check.stdout + check.stderr


HOLD = """
import os, signal, sys
from db.archive import Archive
with Archive(sys.argv[1], write=True):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_two_operators_at_once(quintanas: Run, folder: Path) -> None:
    """One writes; every other writer is told who, and every reader reads."""
    [backup] = (folder / "backups").iterdir()
    command = [sys.executable, "-c", HOLD, str(folder / "archive.db")]
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdin is not None
    assert holder.stdout is not None
    try:
        assert holder.stdout.readline() == "held\n"
        before = published(folder)
        for words in (["crawl", "farol"], ["publish"], ["restore", backup]):
            fails(quintanas(*words, "--data", folder), f"process {holder.pid}")
        assert status(quintanas, folder)["running"]["pid"] == holder.pid
        for words in (["backup", folder / "more"], ["check"]):
            done = quintanas(*words, "--data", folder)
            assert done.returncode == 0, done.stdout + done.stderr
        assert published(folder) == before
    finally:
        holder.stdin.close()
        holder.wait(timeout=30)
        holder.stdout.close()


def damage(path: Path, table: str) -> None:
    with closing(sqlite3.connect(path)) as conn:
        size = conn.execute("PRAGMA page_size").fetchone()[0]
        page = conn.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchone()[0]
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xa5" * size)


class TestDamage:
    @pytest.mark.parametrize("table", ["article_versions", "sources"])
    def test_a_page_of_the_archive(self, quintanas: Run, folder: Path, table: str) -> None:
        before, texts = published(folder), stored(folder)
        [backup] = (folder / "backups").iterdir()
        damage(folder / "archive.db", table)
        found = status(quintanas, folder)
        run = quintanas("run", "farol", "--data", folder, "--backup", folder / "backups", "--keep", "1")
        assert run.returncode == 1, "a scheduled run notices"
        assert "Traceback" not in run.stderr
        assert "malformed" in run.stdout
        if table != "article_versions":  # which a look at the counts does not read
            assert "quintanas check" in str(found["problems"])
        assert published(folder) == before, "the public data stay"
        assert list((folder / "backups").iterdir()) == [backup], "no good backup goes for a damaged one"
        check = quintanas("check", "--data", folder)
        assert check.returncode == 1
        assert "quintanas restore" in check.stdout
        assert quintanas("restore", backup, "--data", folder).returncode == 0
        assert quintanas("run", "farol", "--data", folder).returncode == 0
        assert stored(folder) == texts
        assert published(folder) == before

    @pytest.mark.parametrize("table", ["article_versions", "sources"])
    def test_a_page_of_the_archive_without_a_backup(self, quintanas: Run, folder: Path, table: str) -> None:
        before, texts = published(folder), stored(folder)
        fails(quintanas("salvage", "--data", folder), "nothing to salvage")
        damage(folder / "archive.db", table)
        told = quintanas("check", "--data", folder)
        assert "quintanas salvage" in told.stdout
        done = quintanas("salvage", "--data", folder)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "kept" in done.stdout
        assert quintanas("check", "--data", folder).returncode == 0
        assert quintanas("run", "farol", "--data", folder).returncode == 0
        assert stored(folder)[0] == texts[0], "what was lost is fetched again"
        assert {row[0] for row in published(folder)} == {row[0] for row in before}, "no identifier changes"
        fails(quintanas("salvage", "--data", folder), "nothing to salvage")

    def test_the_public_database(self, quintanas: Run, folder: Path) -> None:
        before = published(folder)
        (folder / "incidents.db").write_bytes(b"\xa5" * 100_000)
        assert "quintanas publish" in str(status(quintanas, folder)["problems"])
        assert quintanas("publish", "--data", folder).returncode == 0
        assert published(folder) == before

    def test_an_older_archive_counts_its_releases_on(self, quintanas: Run, folder: Path) -> None:
        """What was published after the backup keeps its number."""
        [backup] = (folder / "backups").iterdir()
        for _ in range(2):
            assert quintanas("publish", "--data", folder).returncode == 0
        numbers = releases(folder)
        assert quintanas("restore", backup, "--data", folder).returncode == 0
        assert quintanas("publish", "--data", folder).returncode == 0
        assert releases(folder) == [*numbers, numbers[-1] + 1]


def test_a_process_that_is_gone_holds_nobody_off(quintanas: Run, folder: Path) -> None:
    """The lock and the note of a writer that was killed."""
    dying = HOLD + "    os.kill(os.getpid(), signal.SIGKILL)"
    gone = subprocess.run([sys.executable, "-c", dying, folder / "archive.db"], stdin=subprocess.DEVNULL, check=False)
    assert gone.returncode == -signal.SIGKILL
    assert (folder / "archive.db.writer").exists()
    assert status(quintanas, folder)["running"] is None
    assert quintanas("publish", "--data", folder).returncode == 0


AHEAD = {
    "addresses": ("discovered", "last_visit", "last_fetch", "last_full", "next_due"),
    "articles": ("first_seen", "last_seen"),
    "article_versions": ("fetched",),
    "runs": ("started", "finished"),
    "visits": ("at",),
}


def test_a_clock_that_was_a_year_ahead(quintanas: Run, folder: Path) -> None:
    with closing(sqlite3.connect(folder / "archive.db")) as archive, archive:
        for table, columns in AHEAD.items():
            for column in columns:
                moved = f"strftime('%Y-%m-%dT%H:%M:%S+00:00', {column}, '+1 year')"
                archive.execute(f"UPDATE {table} SET {column} = {moved} WHERE {column} IS NOT NULL")
    assert "the clock was wrong" in str(status(quintanas, folder)["problems"])
    texts = stored(folder)[0]
    planned = "SELECT count(*) FROM addresses WHERE kind = 'article' AND next_due IS NOT NULL"
    [(visits,)] = rows(folder / "archive.db", planned)
    assert visits > 0
    done = quintanas("run", "farol", "--data", folder)
    assert done.returncode == 0, done.stdout + done.stderr
    last = rows(folder / "archive.db", "SELECT kind, outcome FROM visits WHERE run = (SELECT max(id) FROM runs)")
    assert ("discovery", "stored") in last, "listings are read whole"
    assert sum(kind == "article" for kind, _ in last) >= visits, "no visit waits for a year"
    assert stored(folder)[0] == texts
    assert status(quintanas, folder)["state"] == "ok", "a run under the right clock heals it"
