"""What several tests share beside fixtures."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipelines.demo.server import SampleNewspapers

Run = Callable[..., subprocess.CompletedProcess[str]]


def quintanas(*arguments: str | Path, stdin: str | bytes | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command as a person does, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "pipelines.cli", *map(str, arguments)],
        input=stdin.encode() if isinstance(stdin, str) else stdin,
        capture_output=True,
        timeout=300,
        check=False,
        env={**os.environ, "COLUMNS": "200"},
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


@dataclass(frozen=True)
class Crawled:
    """A data folder after a crawl of the sample newspapers' first edition and a publish."""

    folder: Path
    newspapers: SampleNewspapers
    summary: str
