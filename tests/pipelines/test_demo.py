"""`make demo`'s command, from an empty folder to a running site."""

from __future__ import annotations

import re
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import httpx
from support import Run

ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/")


def test_demo_serves_what_it_crawled_and_cleans_up(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "pipelines.cli", "demo"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={"PATH": "/usr/bin:/bin", "TMPDIR": str(tmp_path), "HOME": str(tmp_path)},
    )
    try:
        assert process.stdout is not None
        address = next(found.group() for line in process.stdout if "Datasette" in line and (found := ADDRESS.search(line)))
        assert list(tmp_path.glob("quintanas-demo-*/incidents.db"))
        start = httpx.get(address, timeout=30)
        assert start.status_code == 200
        assert '<html lang="es"' in start.text
        table = httpx.get(f"{address}incidents/incidents.json?_facet=type&_facet=district&_size=1", timeout=30).json()
        assert table["filtered_table_rows_count"] > 30
        assert {"burglary", "homicide", "extortion"} <= {row["value"] for row in table["facet_results"]["type"]["results"]}
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert not list(tmp_path.glob("quintanas-demo-*"))


def test_demo_again_starts_from_a_clean_state(quintanas: Run, tmp_path: Path) -> None:
    def demo() -> list[tuple[object, ...]]:
        done = quintanas("demo", "--no-serve", "--keep", tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
        public = sqlite3.connect(f"file:{tmp_path / 'incidents.db'}?mode=ro", uri=True)
        query = "SELECT type, district, date, reports FROM incidents ORDER BY type, district, date, reports"
        return public.execute(query).fetchall()

    first = demo()
    assert len(first) > 30
    assert demo() == first
    archive = sqlite3.connect(f"file:{tmp_path / 'archive.db'}?mode=ro", uri=True)
    assert archive.execute("SELECT count(*) FROM runs WHERE kind = 'crawl'").fetchone()[0] == 2
