"""From the archive to the public: build the database, export it, serve it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

import nlp
from db.archive import ArchiveBusy, ArchiveVersionError
from db.datapackage import describe_csv, export_package
from db.export import FORMATS, export
from db.parquet import export_tables
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


def export_incidents(folder: DataFolder, file: Path, *, exact: bool = False, parquet: bool = False) -> int:
    """Write the public incidents to a CSV, XLSX, GeoJSON or Parquet file, or where `file` has no ending every table as CSV to a
    folder of that name; beside them the note on licence and citation, and beside CSV the Frictionless `datapackage.json`.
    Returns how many incidents. `exact`: CSV without the apostrophes that keep a spreadsheet from running a text. `parquet`: the
    tables in the folder are Parquet files.

    Raises:
        click.ClickException: there is no public database yet, or the file cannot be written.
        click.UsageError: the name ends in something else, or `exact` is asked of what is no CSV.
    """
    kind = file.suffix.lower()
    if kind and kind not in FORMATS:
        raise click.UsageError(f"{file}: the name must end in {', '.join(FORMATS)}, or be a folder's")
    if exact and kind not in (".csv", ""):
        raise click.UsageError(f"{file}: --exact is for CSV; a {kind} file always holds the texts as they are")
    if parquet and (kind or exact):
        raise click.UsageError(f"{file}: --parquet writes every table to a folder: give a name without an ending")
    folder.need_public()
    try:
        if parquet:
            return export_tables(folder.public, file)["incidents"]
        if not kind:
            export_package(folder.public, file, exact=exact)
            return export(folder.public, file / "incidents.csv", exact=exact)
        count = export(folder.public, file, exact=exact)
        if kind == ".csv":
            describe_csv(file)
        return count
    except OSError as error:
        raise click.ClickException(f"{file}: {error.strerror}") from None
    except (ValueError, ModuleNotFoundError) as error:
        raise click.ClickException(str(error)) from None


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
