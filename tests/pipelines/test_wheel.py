"""The wheel carries everything: unpacked elsewhere, away from the checkout, it runs the demo."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_wheel_runs_the_demo_away_from_the_checkout(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path], cwd=ROOT, check=True)
    [wheel] = tmp_path.glob("quintanas-*.whl")
    site = tmp_path / "site"
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", site, wheel], check=True)
    environment = {**os.environ, "PYTHONPATH": str(site)}
    where = "import nlp, scraper, db, pipelines; print(*(room.__file__ for room in (nlp, scraper, db, pipelines)))"
    rooms = subprocess.run(
        [sys.executable, "-c", where], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    ).stdout.split()
    assert all(Path(room).is_relative_to(site) for room in rooms)
    demo = subprocess.run(
        [sys.executable, "-m", "pipelines.cli", "demo", "--no-serve", "--keep", tmp_path / "data"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert demo.returncode == 0, demo.stdout + demo.stderr
    assert (tmp_path / "data" / "incidents.db").stat().st_size > 0
