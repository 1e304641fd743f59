"""Commands that build, serve and write the public database."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from pipelines.cli.options import Help, data_option
from pipelines.folder import DataFolder


@click.command(cls=Help, example="quintanas publish --data /srv/quintanas")
@data_option
def publish(folder: DataFolder) -> None:
    """Build the public database from the archive and swap it in."""
    from pipelines.publish import publish_incidents

    counts = publish_incidents(folder)
    click.echo(f"{folder.public}: {counts['incidents']} incidents from {counts['reports']} reports")


@click.command(cls=Help, example="quintanas serve --port 8001")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8001, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 asks for a free one.")
@click.option("--contact", envvar="QUINTANAS_CONTACT", help="Whom people ask for corrections.  [or QUINTANAS_CONTACT]")
@click.option("--language", type=click.Choice(["es", "en"]), default="es", show_default=True, envvar="QUINTANAS_LANGUAGE")
@click.option("--tiles", envvar="QUINTANAS_TILES", help="Pictures for the maps: https://…/{z}/{x}/{y}.png  [default: none]")
@click.option("--tiles-attribution", envvar="QUINTANAS_TILES_ATTRIBUTION", help="Whom its maps are of; shown below them.")
@data_option
def serve(host: str, port: int, contact: str | None, folder: DataFolder, **options: str | None) -> None:
    """Serve the public database with Datasette."""
    from pipelines.publish import serve_public

    serve_public(folder, host, port, contact, **options)


@click.command(cls=Help, example="quintanas export incidentes.xlsx")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE.{csv,xlsx,geojson,parquet}|FOLDER")
@click.option("--exact", is_flag=True, help="CSV for programs: no byte order mark, no apostrophe before a formula.")
@click.option("--parquet", is_flag=True, help="To a folder: every table as Parquet, for DuckDB, pandas or R.")
@data_option
def export(file: Path, exact: bool, parquet: bool, folder: DataFolder) -> None:
    """Write the public incidents to a file, or every table as CSV to a folder (a name without an ending).

    CSV comes in two flavours. Without --exact it is safe for spreadsheets: no text in it is run as a formula. With --exact
    every text is as it is in the database. Beside the file: FILE.LEEME.txt (licence, how to cite, columns) and for CSV a
    Frictionless datapackage.json.
    """
    from pipelines.publish import export_incidents

    click.echo(f"{file}: {export_incidents(folder, file, exact=exact, parquet=parquet)} incidents")


@click.command(cls=Help, example="quintanas demo")
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="Datasette's port.  [default: a free one]")
@click.option("--serve/--no-serve", default=True, show_default=True, help="Leave Datasette running at the end.")
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    help="Build the databases in this folder, over those of an earlier demo, and leave them.  [default: a temporary folder]",
)
def demo(port: int, serve: bool, keep: Path | None) -> None:
    """Crawl bundled sample newspapers, publish their incidents and serve them."""
    from pipelines.demo.flow import run_demo

    sys.exit(run_demo(port=port, serve=serve, keep=keep))
