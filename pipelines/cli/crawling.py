"""Commands that crawl newspapers, look at them, and propose new ones."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from pathlib import Path

import click

from pipelines.cli.options import (
    DAY,
    READABLE,
    Help,
    HelpGroup,
    contact_option,
    data_option,
    keep_visits_option,
    scrapy_changes,
    sources_option,
)
from pipelines.folder import DataFolder


@click.command(cls=Help, example="quintanas crawl laindustria correo-la-libertad --contact redaccion@example.org")
@click.argument("source", nargs=-1)
@contact_option
@click.option("-s", "--set", "settings", multiple=True, metavar="NAME=VALUE", help="Change a Scrapy setting for this run.")
@click.option("--since", type=DAY, metavar="DAY", help="Fill the archive back with what appeared since this day (2024-01-31).")
@click.option("--until", type=DAY, metavar="DAY", help="… and until this day, through dated sitemaps and paged sections.")
@click.option(
    "--keep-html",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Keep the pages that could not be read well in this folder.",
)
@keep_visits_option
@click.option("--nodes", type=READABLE, metavar="FILE.toml", help="Share the newspapers out over these Scrapyd nodes.")
@data_option
@sources_option
def crawl(
    source: tuple[str, ...],
    contact: str | None,
    settings: tuple[str, ...],
    since: datetime | None,
    until: datetime | None,
    keep_html: Path | None,
    keep_visits: timedelta,
    nodes: Path | None,
    folder: DataFolder,
    extra_sources: Path | None,
) -> None:
    """Fetch what newspapers have new or changed, extract the incidents and store them.

    One scheduled run over the SOURCEs named, or over every configured newspaper. Prints a summary per newspaper.
    """
    from pipelines.crawl import crawl_newspapers, on_this_machine
    from pipelines.sources import configured_sources, summary_table

    chosen = configured_sources(folder, extra_sources, source)
    if since and until and since > until:
        raise click.UsageError(f"--since {since:%Y-%m-%d} comes after --until {until:%Y-%m-%d}")
    changes = scrapy_changes(settings, contact, open_web=not all(map(on_this_machine, chosen)))
    if keep_html:
        changes["QUINTANAS_KEEP_HTML"] = str(keep_html)
    days = {"since": since and since.date(), "until": until and until.date()}
    if nodes:
        from pipelines.nodes import crawl_on_nodes, read_nodes

        if since or until or keep_html:
            raise click.UsageError("--since, --until and --keep-html are for a crawl on this machine, without --nodes")
        summary = crawl_on_nodes(folder, chosen, read_nodes(nodes), changes, keep_visits or None)
    else:
        summary = crawl_newspapers(folder, chosen, changes, keep_visits=keep_visits or None, **days)
    click.echo(summary_table(summary.newspapers))
    click.echo(summary.sentence())
    if summary.failed:
        sys.exit(1)


@click.group(cls=HelpGroup, invoke_without_command=True, example="quintanas sources")
@data_option
@sources_option
@click.pass_context
def sources(ctx: click.Context, folder: DataFolder, extra_sources: Path | None) -> None:
    """List the configured newspapers and how each is doing; check them, propose new ones.

    Exit status 1 where a newspaper has fallen silent or lost its dates or texts, compared with its own past weeks.
    """
    from pipelines.sources import alarms_text, configured_sources, states_table

    if ctx.invoked_subcommand is not None:
        return
    chosen = configured_sources(folder, extra_sources, ())
    click.echo(states_table(folder, chosen))
    if alarms := alarms_text(folder, chosen):
        click.echo(alarms)
        sys.exit(1)


@sources.command(cls=Help, example="quintanas sources check laindustria --contact redaccion@example.org")
@click.argument("source", nargs=-1)
@contact_option
@data_option
@sources_option
def check(source: tuple[str, ...], contact: str | None, folder: DataFolder, extra_sources: Path | None) -> None:
    """Show what each way of discovery of the SOURCEs (or of all) yields now, with an example article; stores nothing."""
    from pipelines.crawl import on_this_machine
    from pipelines.probing import check_newspapers
    from pipelines.sources import configured_sources

    chosen = configured_sources(folder, extra_sources, source)
    changes = scrapy_changes((), contact, open_web=not all(map(on_this_machine, chosen)))
    checks = check_newspapers(chosen, changes)
    click.echo("\n\n".join(one.text() for one in checks))
    if any(one.failed for one in checks):
        sys.exit(1)


@sources.command(cls=Help, example="quintanas sources add https://eldiariodeviru.pe --contact redaccion@example.org")
@click.argument("url")
@contact_option
def add(url: str, contact: str | None) -> None:
    """Probe the site at URL and propose its table for a sources file."""
    from pipelines.crawl import on_this_machine
    from pipelines.probing import propose_newspaper, source_at

    click.echo(propose_newspaper(url, scrapy_changes((), contact, open_web=not on_this_machine(source_at(url)))))


@sources.command(cls=Help, example="quintanas sources save laindustria https://laindustria.pe/nota/1 robo-con-video")
@click.argument("source")
@click.argument("url")
@click.argument("name")
@click.option(
    "--to",
    "target",
    default="tests/scraper/pages",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the saved pages.",
)
@contact_option
@data_option
@sources_option
def save(
    source: str,
    url: str,
    name: str,
    target: Path,
    contact: str | None,
    folder: DataFolder,
    extra_sources: Path | None,
) -> None:
    """Save the page at URL of SOURCE as NAME.html, and beside it the article expected of it, as a test of the reader."""
    from pipelines.crawl import on_this_machine
    from pipelines.probing import save_page
    from pipelines.sources import configured_sources

    [chosen] = configured_sources(folder, extra_sources, (source,))
    changes = scrapy_changes((), contact, open_web=not on_this_machine(chosen))
    page, expected, line = save_page(url, chosen, name, target, changes)
    click.echo(f"{page}: {line}\n{expected}: correct it to what a person reads on the page")
