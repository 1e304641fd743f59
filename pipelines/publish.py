"""From the archive to the public: build the database, export it, serve it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

import nlp
from db.archive import ArchiveBusy, ArchiveVersionError
from db.export import describe_csv, export_csv, export_package
from db.publish import publish
from db.serve import serve
from nlp.persons import redact
from pipelines.folder import DataFolder
from pipelines.population import read_population


def publish_incidents(folder: DataFolder) -> Mapping[str, int]:
    """Build the public database from the archive; returns how many incidents and reports it holds.

    Raises:
        click.ClickException: there is no archive yet, another process writes it, or the folder's population.csv is wrong.
    """
    folder.need_archive()
    try:
        return publish(
            folder.archive,
            folder.public,
            types=nlp.taxonomy(),
            districts=nlp.districts(),
            redact=redact,
            population=read_population(folder.population),
        )
    except (ArchiveBusy, ArchiveVersionError) as error:
        raise click.ClickException(str(error)) from None


def export_incidents(folder: DataFolder, file: Path) -> int:
    """Write the public incidents to a CSV file, or where `file` has no ending every table to a folder of that name, with the
    Frictionless `datapackage.json` beside them; returns how many incidents.

    Raises:
        click.ClickException: there is no public database yet, or the file cannot be written.
    """
    folder.need_public()
    try:
        if not file.suffix:
            export_package(folder.public, file)
            return export_csv(folder.public, file / "incidents.csv")
        count = export_csv(folder.public, file)
        describe_csv(file)
        return count
    except OSError as error:
        raise click.ClickException(f"{file}: {error.strerror}") from None


def serve_public(folder: DataFolder, host: str, port: int, contact: str | None = None, **options: Any) -> None:
    """Serve the public database with Datasette until it is stopped, its address printed once it answers; `options` are those
    of `db.serve.site`: language, tiles, tiles_attribution.

    Raises:
        click.ClickException: there is no public database yet, or the port is taken, or an option is wrong.
    """
    folder.need_public()
    try:
        serve(
            folder.public,
            host=host,
            port=port,
            contact=contact,
            **options,
            ready=lambda address: click.echo(f"Datasette: {address}  (Ctrl-C ends it)"),
        )
    except OSError as error:
        raise click.ClickException(error.strerror or str(error)) from None
    except ValueError as error:
        raise click.ClickException(str(error)) from None
