"""The demo: sample newspapers on loopback, crawled twice, extracted, published and served."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from contextlib import nullcontext
from pathlib import Path

import click

from pipelines.demo.articles import EDITIONS
from pipelines.demo.server import SampleNewspapers
from pipelines.folder import DataFolder
from pipelines.publish import serve_public


def run_demo(*, port: int, serve: bool, keep: Path | None) -> int:
    """Run the commands that a person would: crawl, crawl again after the newspapers' edits, publish, serve.

    The databases go to `keep`, where those of an earlier demo are removed first, or to a temporary folder that goes with the
    demo. Returns the exit status.
    """
    with nullcontext(str(keep)) if keep else tempfile.TemporaryDirectory(prefix="quintanas-demo-") as path:
        folder = DataFolder(Path(path))
        folder.path.mkdir(parents=True, exist_ok=True)
        for database in (folder.archive, folder.public):
            for old in database.parent.glob(f"{database.name}*"):
                old.unlink()
        with SampleNewspapers() as newspapers:
            folder.sources.write_text(newspapers.sources_toml(), encoding="utf-8")
            for edition in EDITIONS:
                newspapers.edition = edition
                click.echo(f"\nThe sample newspapers' edition {edition} is on loopback; crawling it")
                if status := _quintanas("crawl", *newspapers.newspapers, folder=folder):
                    return status
        if status := _quintanas("publish", folder=folder):
            return status
        click.echo(f"\nThe databases are in {folder.path}")
        if serve:
            serve_public(folder, "127.0.0.1", port)
        return 0


def _quintanas(*arguments: str, folder: DataFolder) -> int:
    """Run the command itself, in a process of its own: Scrapy's reactor starts once in a process."""
    command = [sys.executable, "-m", "pipelines.cli", *arguments, "--data", str(folder.path)]
    return subprocess.run(command, check=False).returncode
