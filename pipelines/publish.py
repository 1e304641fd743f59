"""From the archive to the public: build the database, export it, serve it."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import click

import nlp
from db.export import export_csv
from db.publish import publish
from db.serve import datasette_command
from pipelines.folder import DataFolder


def publish_incidents(folder: DataFolder) -> Mapping[str, int]:
    """Build the public database from the archive; returns how many incidents and reports it holds.

    Raises:
        click.ClickException: there is no archive yet.
    """
    if not folder.archive.exists():
        raise click.ClickException(f"{folder.archive}: no archive yet; run `quintanas crawl` first")
    return publish(folder.archive, folder.public, types=nlp.taxonomy(), districts=nlp.districts())


def export_incidents(folder: DataFolder, file: Path) -> int:
    """Write the public incidents to a CSV file; returns how many.

    Raises:
        click.ClickException: there is no public database yet, or the file cannot be written.
    """
    _need_public(folder)
    try:
        return export_csv(folder.public, file)
    except OSError as error:
        raise click.ClickException(f"{file}: {error.strerror}") from None


def serve_public(folder: DataFolder, host: str, port: int) -> int:
    """Serve the public database with Datasette until it is stopped; returns its exit status.

    Raises:
        click.ClickException: there is no public database yet.
    """
    _need_public(folder)
    return subprocess.run(datasette_command(folder.public, host, port), check=False).returncode


def _need_public(folder: DataFolder) -> None:
    if not folder.public.exists():
        raise click.ClickException(f"{folder.public}: nothing published yet; run `quintanas publish` first")
