"""The `quintanas` command.

Every command mirrors one function of this package. Exit status: 0, 1 (it ran and something failed), 2 (wrong use).
"""

from __future__ import annotations

import getpass
import json
import sys
from collections.abc import Callable
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import IO, Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from pipelines.console import set_up_logging
from pipelines.faults import FaultsTold
from pipelines.folder import DataFolder

F = TypeVar("F", bound=Callable[..., Any])
DAY = click.DateTime(["%Y-%m-%d"])
READABLE = click.Path(exists=True, dir_okay=False, path_type=Path)


class _Example(click.Command):
    """Its help ends with an example, printed as it is typed."""

    def __init__(self, *args: Any, example: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.example = example

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_epilog(ctx, formatter)
        if self.example:
            with formatter.section("Example"):
                for line in self.example.strip().splitlines():
                    formatter.write(f"{'':>{formatter.current_indent}}{line.strip()}\n")


class Help(_Example):
    """A command whose help ends with an example."""


class HelpGroup(_Example, click.Group):
    """A group of commands whose help ends with an example."""


def _choose_folder(ctx: click.Context, _param: click.Parameter, value: Path | None) -> DataFolder:
    if value is not None:
        ctx.obj = DataFolder(value)
    elif ctx.obj is None:
        ctx.obj = DataFolder.default()
    return ctx.obj


def data_option(command: F) -> F:
    """The `--data DIR` that the group and every command with a database take; the command receives a `DataFolder`."""
    return click.option(
        "--data",
        "folder",
        type=click.Path(file_okay=False, path_type=Path),
        envvar="QUINTANAS_DATA",
        callback=_choose_folder,
        help="Where the databases live.  [default: the platform's user data folder; or QUINTANAS_DATA]",
    )(command)


def sources_option(command: F) -> F:
    return click.option(
        "--sources",
        "extra_sources",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        envvar="QUINTANAS_SOURCES",
        help="A TOML file of your own newspapers; a table named like a bundled one replaces it.",
    )(command)


def contact_option(command: F) -> F:
    return click.option(
        "--contact",
        envvar="QUINTANAS_CONTACT",
        help="Whom newspapers may ask: an e-mail address or a page.  [or QUINTANAS_CONTACT]",
    )(command)


def _scrapy_changes(settings: tuple[str, ...], contact: str | None, *, open_web: bool) -> dict[str, str]:
    wrong = [setting for setting in settings if "=" not in setting]
    if wrong:
        raise click.UsageError(f"{wrong[0]}: a setting is NAME=VALUE")
    if not contact and open_web:
        raise click.UsageError("newspapers must be able to ask who crawls them: give --contact, or set QUINTANAS_CONTACT")
    return {"QUINTANAS_CONTACT": contact or "", **dict(setting.split("=", 1) for setting in settings)}


@click.group(cls=FaultsTold, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="quintanas")
@data_option
def main(folder: DataFolder) -> None:  # noqa: ARG001
    """Turn a region's crime news into a public, citable database."""
    set_up_logging()


@main.command(cls=Help, example="quintanas crawl laindustria correo-la-libertad --contact redaccion@example.org")
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
    changes = _scrapy_changes(settings, contact, open_web=not all(map(on_this_machine, chosen)))
    if keep_html:
        changes["QUINTANAS_KEEP_HTML"] = str(keep_html)
    days = {"since": since and since.date(), "until": until and until.date()}
    if nodes:
        from pipelines.nodes import crawl_on_nodes, read_nodes

        if since or until or keep_html:
            raise click.UsageError("--since, --until and --keep-html are for a crawl on this machine, without --nodes")
        summary = crawl_on_nodes(folder, chosen, read_nodes(nodes), changes)
    else:
        summary = crawl_newspapers(folder, chosen, changes, **days)
    click.echo(summary_table(summary.newspapers))
    click.echo(summary.sentence())
    if summary.failed:
        sys.exit(1)


@main.command(cls=Help, example="quintanas extract articles.jsonl > incidents.jsonl")
@click.argument("file", type=click.File("rb"), default="-", metavar="[FILE.jsonl]")
@click.option("--explain", is_flag=True, help="Show a person what was seen in each article, and which rule decided each field.")
@click.option(
    "--html", type=click.Path(dir_okay=False, path_type=Path), metavar="PAGE.html", help="With --explain: as a web page."
)
def extract(file: IO[bytes], explain: bool, html: Path | None) -> None:
    """Extract the incidents of articles given as JSON lines, without a database.

    Each line of FILE.jsonl (or standard input) is {"id", "title", "text", "published"} and, optionally, the newspaper's
    "country" (ISO code) and "region"; each line printed is {"id", "incidents": […]}, in the same order.
    """
    from pipelines.extract import explain_lines, extract_lines

    if html and not explain:
        raise click.UsageError("--html goes with --explain")
    name = file.name.strip("<>")
    wrong = explain_lines(file, name=name, page=html) if explain else extract_lines(file, sys.stdout, name=name)
    sys.exit(1 if wrong else 0)


@main.command(cls=Help, example="quintanas reextract --jobs 4 --data /srv/quintanas")
@click.option("--jobs", default=1, show_default=True, type=click.IntRange(1), metavar="N", help="Processes that extract.")
@click.option("--resume", is_flag=True, help="Only what the present extractor has not read: goes on where a run was cut off.")
@click.option(
    "--engine", type=click.Choice(["pool", "dask"]), default="pool", show_default=True, help="What runs the processes."
)
@click.option("--scheduler", metavar="ADDRESS", help="dask: a running scheduler.  [default: N processes on this machine]")
@click.option(
    "--partitions",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="dask: a folder that all workers see, for Parquet files.  [default: in the data folder]",
)
@data_option
def reextract(jobs: int, resume: bool, engine: str, scheduler: str | None, partitions: Path | None, folder: DataFolder) -> None:
    """Run the present extractor over every stored article again.

    An article that cannot be read costs itself alone: it is told, and what was known of it stays. With `--engine dask`, a run
    that was cut off goes on with the partitions that are left.
    """
    from pipelines.batches import extract_stored

    if engine == "dask":
        from pipelines.dask_engine import extract_with_dask

        account = extract_with_dask(folder, everything=not resume, jobs=jobs, scheduler=scheduler, partitions=partitions)
    elif scheduler or partitions:
        raise click.UsageError("--scheduler and --partitions are for --engine dask")
    else:
        account = extract_stored(folder, everything=not resume, jobs=jobs)
    click.echo(account.sentence())
    if account.reasons:
        sys.exit(1)


@main.command("import", cls=Help, example="quintanas import CC-NEWS-20260101012345-00042.warc.gz --jobs 4")
@click.argument("files", nargs=-1, required=True, type=READABLE, metavar="FILE.warc.gz...")
@click.option("--jobs", default=1, show_default=True, type=click.IntRange(1), metavar="N", help="Processes that read.")
@data_option
@sources_option
def import_(files: tuple[Path, ...], jobs: int, folder: DataFolder, extra_sources: Path | None) -> None:
    """Take the configured newspapers' articles out of WARC files, such as Common Crawl's news crawls, into the archive.

    A corrupt record costs itself alone. What the archive has from the same time or later stays.
    """
    from pipelines.sources import configured_sources
    from pipelines.warc import import_warc

    accounts = import_warc(folder, files, configured_sources(folder, extra_sources, ()), jobs)
    for file, account in accounts.items():
        click.echo(f"{file}: {account.sentence()}")
    if any(account.corrupt or account.broken for account in accounts.values()):
        sys.exit(1)


@main.command(cls=Help, example="quintanas publish --data /srv/quintanas")
@data_option
def publish(folder: DataFolder) -> None:
    """Build the public database from the archive and swap it in."""
    from pipelines.publish import publish_incidents

    counts = publish_incidents(folder)
    click.echo(f"{folder.public}: {counts['incidents']} incidents from {counts['reports']} reports")


@main.command(cls=Help, example="quintanas serve --port 8001")
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


@main.command(cls=Help, example="quintanas export incidentes.xlsx")
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


@main.command(cls=Help, example="quintanas evaluate gold.jsonl\nquintanas evaluate --linking clusters.jsonl")
@click.argument("gold", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="[GOLD.jsonl]", required=False)
@click.option(
    "--linking",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="CLUSTERS.jsonl",
    help="Score instead how reports are joined into incidents, against articles labelled with clusters.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as one JSON object.")
def evaluate(gold: Path | None, linking: Path | None, as_json: bool) -> None:
    """Score the extractor against labelled articles and list the misses."""
    from pipelines.evaluate import evaluate_file, report_text
    from pipelines.linking import evaluate_linking, linking_text

    if (gold is None) == (linking is None):
        raise click.UsageError("give either GOLD.jsonl or --linking CLUSTERS.jsonl")
    if linking is not None:
        joined = evaluate_linking(linking)
        click.echo(json.dumps(joined.as_dict(), ensure_ascii=False) if as_json else linking_text(joined))
        return
    assert gold is not None
    figures = evaluate_file(gold)
    click.echo(json.dumps(figures.as_dict(), ensure_ascii=False) if as_json else report_text(figures))


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container without a user database
        return "unknown"


def decision_options(command: F) -> F:
    """What every decision of a person must say: why, and who."""
    command = click.option("--reason", required=True, help="Why; it is published.")(command)
    return author_option(command)


def author_option(command: F) -> F:
    return click.option(
        "--author",
        envvar="QUINTANAS_AUTHOR",
        default=_login,
        help="Who decides; it is kept and not published.  [default: your login name; or QUINTANAS_AUTHOR]",
    )(command)


_NOTED = "noted; it shows after the next `quintanas publish`"


@main.group(invoke_without_command=True)
@author_option
@data_option
@click.pass_context
def review(ctx: click.Context, author: str, folder: DataFolder) -> None:
    """Confirm, correct, merge, split or withdraw incidents; without a command, one after another.

    What a person decides lives in the archive, survives every later extraction and publish, and is shown publicly with its
    reason.
    """
    from pipelines.review import interactive

    if ctx.invoked_subcommand is None:
        interactive(folder, author)


@review.command("list", cls=Help, example="quintanas review list --limit 50")
@click.option("--all", "everything", is_flag=True, help="Also what was reviewed already.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1), help="How many.")
@data_option
def review_list(everything: bool, limit: int, folder: DataFolder) -> None:
    """List the incidents that wait for review, the least sure first."""
    from pipelines.review import list_text, listed

    click.echo(list_text(listed(folder, review=None if everything else "unreviewed", limit=limit)))


@review.command("show", cls=Help, example="quintanas review show QABCDEFGHIJKL")
@click.argument("incident")
@data_option
def review_show(incident: str, folder: DataFolder) -> None:
    """Show an incident with its reports and what persons decided about it."""
    from pipelines.review import shown

    click.echo(shown(folder, incident))


@review.command("confirm", cls=Help, example='quintanas review confirm QABCDEFGHIJKL --reason "Leída la noticia"')
@click.argument("incident")
@decision_options
@data_option
def review_confirm(incident: str, reason: str, author: str, folder: DataFolder) -> None:
    """Note that a person read the reports and agrees."""
    from pipelines.review import confirm

    click.echo(f"{confirm(folder, incident, reason, author)}: {_NOTED}")


@review.command(
    "correct", cls=Help, example='quintanas review correct QABCDEFGHIJKL date=2025-11-02 street= --reason "El diario rectificó"'
)
@click.argument("incident")
@click.argument("changes", nargs=-1, required=True, metavar="FIELD=VALUE...")
@decision_options
@data_option
def review_correct(incident: str, changes: tuple[str, ...], reason: str, author: str, folder: DataFolder) -> None:
    """Set columns of an incident; an empty value empties one."""
    from pipelines.review import correct

    click.echo(f"{correct(folder, incident, changes, reason, author)}: {_NOTED}")


@review.command("merge", cls=Help, example='quintanas review merge QABCDEFGHIJKL QMNOPQRSTUVWX --reason "El mismo robo"')
@click.argument("incident")
@click.argument("other")
@decision_options
@data_option
def review_merge(incident: str, other: str, reason: str, author: str, folder: DataFolder) -> None:
    """Make two incidents one, under the identifier that was given first."""
    from pipelines.review import merge

    click.echo(f"{merge(folder, incident, other, reason, author)}: {_NOTED}")


@review.command("split", cls=Help, example='quintanas review split QABCDEFGHIJKL RABCDEFGHIJKL --reason "Son dos robos"')
@click.argument("incident")
@click.argument("reports", nargs=-1, required=True)
@decision_options
@data_option
def review_split(incident: str, reports: tuple[str, ...], reason: str, author: str, folder: DataFolder) -> None:
    """Take REPORTS out of an incident into a new one."""
    from pipelines.review import split

    click.echo(f"{split(folder, incident, reports, reason, author)}: {_NOTED}")


@review.command("restore", cls=Help, example='quintanas review restore QABCDEFGHIJKL --reason "Pedido sin efecto"')
@click.argument("target", metavar="URL|ID")
@decision_options
@data_option
def review_restore(target: str, reason: str, author: str, folder: DataFolder) -> None:
    """Undo a withdrawal."""
    from pipelines.review import restore

    click.echo(f"{restore(folder, target, reason, author)}: {_NOTED}")


@review.command("export-gold", cls=Help, example="quintanas review export-gold revisados.jsonl")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE.jsonl")
@data_option
def review_export_gold(file: Path, folder: DataFolder) -> None:
    """Write the articles that persons reviewed as labelled articles for `quintanas evaluate`."""
    from pipelines.review import export_gold

    click.echo(f"{file}: {export_gold(folder, file)} articles")


@main.command(cls=Help, example='quintanas withdraw https://diario.example/nota --reason "Pedido de la familia"')
@click.argument("target", metavar="URL|ID")
@decision_options
@data_option
def withdraw(target: str, reason: str, author: str, folder: DataFolder) -> None:
    """Hide an article (its address), a report or an incident (its identifier) from the next publish on, for good."""
    from pipelines.review import withdraw as withdraw_target

    click.echo(f"{withdraw_target(folder, target, reason, author)}: {_NOTED}")


review.add_command(withdraw)


@main.group(cls=HelpGroup, invoke_without_command=True, example="quintanas sources")
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
    changes = _scrapy_changes((), contact, open_web=not all(map(on_this_machine, chosen)))
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

    click.echo(propose_newspaper(url, _scrapy_changes((), contact, open_web=not on_this_machine(source_at(url)))))


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
    changes = _scrapy_changes((), contact, open_web=not on_this_machine(chosen))
    page, expected, line = save_page(url, chosen, name, target, changes)
    click.echo(f"{page}: {line}\n{expected}: correct it to what a person reads on the page")


class _Duration(click.ParamType):
    """A span of time as a person writes it: 90s, 15m, 3h, 2d."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        if isinstance(value, timedelta):
            return value
        units = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
        number, unit = value[:-1], value[-1:]
        if not number.isdigit() or unit not in units:
            self.fail(f"{value!r} is no span of time: write 90s, 15m, 3h or 2d", param, ctx)
        return timedelta(seconds=int(number) * units[unit])


class _Times(click.ParamType):
    """Times of the day, separated by commas."""

    name = "times"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[time, ...]:
        try:
            return value if isinstance(value, tuple) else tuple(time.fromisoformat(part.strip()) for part in value.split(","))
        except ValueError:
            self.fail(f"{value!r} are no times of the day: write 06:10,18:10", param, ctx)


class _Zone(click.ParamType):
    """A time zone by its IANA name."""

    name = "zone"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> ZoneInfo:
        try:
            return value if isinstance(value, ZoneInfo) else ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self.fail(f"{value!r} is no time zone: write America/Lima", param, ctx)


SPAN, TIMES = _Duration(), _Times()
timezone_option = click.option(
    "--timezone", type=_Zone(), default="America/Lima", show_default=True, help="Time zone of the times."
)
keep_option = click.option("--keep", default=14, show_default=True, type=click.IntRange(1), help="Backups kept; older ones go.")
backup_folder = click.Path(file_okay=False, path_type=Path)


@main.command(cls=Help, example="quintanas run --backup /srv/backups --max-time 3h --contact redaccion@example.org")
@click.argument("source", nargs=-1)
@contact_option
@click.option("--backup", type=backup_folder, metavar="DIR", help="Also take a backup into this folder.")
@keep_option
@click.option("--max-time", type=SPAN, metavar="SPAN", help="End the crawl in good order after this long, e.g. 3h.")
@click.option("--jitter", type=SPAN, default="0s", metavar="SPAN", help="Wait a random part of this long first, e.g. 15m.")
@click.option(
    "--due", type=TIMES, metavar="TIMES", help="Do nothing where a run began since the latest of these, e.g. 06:10,18:10."
)
@timezone_option
@data_option
@sources_option
def run(
    source: tuple[str, ...],
    contact: str | None,
    backup: Path | None,
    keep: int,
    max_time: timedelta | None,
    jitter: timedelta,
    due: tuple[time, ...] | None,
    timezone: ZoneInfo,
    folder: DataFolder,
    extra_sources: Path | None,
) -> None:
    """What a timer calls: crawl, publish, back up, and print how everything is doing.

    Exit status 1 where a step failed or was interrupted; single requests that failed and newspapers that fell silent are in
    what it prints, and in `quintanas status`.
    """
    from pipelines.run import run_chain
    from pipelines.status import status_of, status_text

    entry = run_chain(
        folder,
        source,
        extra_sources=extra_sources,
        contact=contact,
        backup=backup,
        keep=keep,
        max_time=max_time,
        jitter=jitter,
        due=due or (),
        zone=timezone,
    )
    if entry is not None:
        click.echo(f"\n{status_text(status_of(folder))}")
        sys.exit(1 if entry.failed else 0)


@main.command(cls=Help, example="quintanas schedule systemd --install --contact redaccion@example.org --mail me@example.org")
@click.argument("kind", type=click.Choice(["systemd", "cron", "github"]))
@click.argument("source", nargs=-1)
@click.option("--install", is_flag=True, help="Put it in place and start it; without, it is printed, or written with --to.")
@click.option("--to", type=backup_folder, metavar="DIR", help="Write the files into this folder.")
@click.option(
    "--at", "times", type=TIMES, default="06:10,12:10,18:10", show_default=True, metavar="TIMES", help="When, each day."
)
@timezone_option
@contact_option
@click.option("--backup", type=backup_folder, metavar="DIR", help="Take a backup into this folder after each run.")
@keep_option
@click.option("--memory", default="2G", show_default=True, help="Memory that a run may take.")
@click.option("--max-time", type=SPAN, default="3h", show_default=True, metavar="SPAN", help="Time that a crawl may take.")
@click.option("--jitter", type=SPAN, default="15m", show_default=True, metavar="SPAN", help="Random delay at most.")
@click.option("--mail", metavar="ADDRESS", help="Whom to mail where a run failed.")
@click.option("--mail-always", is_flag=True, help="Mail after every run.")
@click.option(
    "--system", "user", metavar="USER", help="systemd: for the machine, run as this user.  [default: your own systemd]"
)
@click.option("--package", help="github: what pip installs.  [default: this version]")
@data_option
@sources_option
def schedule(
    kind: str,
    source: tuple[str, ...],
    install: bool,
    to: Path | None,
    times: tuple[time, ...],
    timezone: ZoneInfo,
    user: str | None,
    package: str | None,
    folder: DataFolder,
    extra_sources: Path | None,
    contact: str | None,
    **bounds: Any,
) -> None:
    """Write what runs `quintanas run` every day: systemd units, a crontab line or a GitHub Actions workflow.

    Each has a lock, a random delay, limits of time and memory, and makes up for a run that was missed.
    """
    from pipelines import schedule as scheduling

    if install and to:
        raise click.UsageError("--install knows where the files belong: leave out --to")
    if user and folder == DataFolder.default():
        raise click.UsageError("--system needs --data: the folder of the machine's data, e.g. /var/lib/quintanas")
    chosen: dict[str, Any] = {"user": user, "package": package}
    try:
        plan = scheduling.Plan(
            folder,
            tuple(f"{moment:%H:%M}" for moment in times),
            timezone.key,
            source,
            extra_sources,
            contact or "",
            per_user=user is None,
            **{name: value for name, value in chosen.items() if value},
            **bounds,
        )
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    click.echo(scheduling.scheduled(kind, plan, install=install, to=to))


@main.command(cls=Help, example="quintanas status --max-age 8h --prometheus /var/lib/node_exporter/quintanas.prom")
@click.option("--json", "as_json", is_flag=True, help="Print it as one JSON object.")
@click.option("--email", metavar="ADDRESS", help="Print it as an e-mail to this address, for `sendmail -t`.")
@click.option(
    "--prometheus", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Also write a Prometheus text file."
)
@click.option("--max-age", type=SPAN, default="26h", show_default=True, metavar="SPAN", help="How old the latest run may be.")
@data_option
def status(as_json: bool, email: str | None, prometheus: Path | None, max_age: timedelta, folder: DataFolder) -> None:
    """Is it alive, how fresh, what is silent, how big, what failed and since when.

    Exit status 0 where all is well, 1 where a person should look.
    """
    from pipelines.status import status_email, status_metrics, status_of, status_text, write_whole

    found = status_of(folder, max_age=max_age)
    if prometheus:
        try:
            write_whole(prometheus, status_metrics(found))
        except OSError as error:
            raise click.ClickException(f"{prometheus}: {error.strerror}") from None
    if as_json:
        click.echo(json.dumps(found.as_dict(), ensure_ascii=False))
    else:
        click.echo(status_email(found, email) if email else status_text(found))
    sys.exit(0 if found.state == "ok" else 1)


@main.command(cls=Help, example="quintanas backup /srv/backups --keep 30")
@click.argument("target", type=backup_folder, metavar="DIR")
@keep_option
@data_option
def backup(target: Path, keep: int, folder: DataFolder) -> None:
    """Take a verified backup of the archive into DIR, also while a crawl writes it."""
    from pipelines.backup import back_up_archive, size_text

    done = back_up_archive(folder, target, keep)
    click.echo(f"{done.path}: {size_text(done.bytes)}, {done.rows.get('articles', 0):,} articles")


@main.command(cls=Help, example="quintanas restore /srv/backups/quintanas-20260131T060000Z")
@click.argument("backup", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="BACKUP")
@data_option
def restore(backup: Path, folder: DataFolder) -> None:
    """Verify BACKUP and put its archive in place; the archive that was there is kept beside it."""
    from pipelines.backup import restore_archive

    click.echo(restore_archive(folder, backup))


@main.command("check", cls=Help, example="quintanas check")
@data_option
def check_data(folder: DataFolder) -> None:
    """Read both databases whole and say what is damaged: pages, references, texts. Changes nothing."""
    from pipelines.backup import check_databases

    faults = check_databases(folder)
    click.echo("\n".join(faults) or f"{folder.path}: no fault found")
    if faults:
        click.echo("restore the latest good backup: `quintanas restore BACKUP`; see docs/reliability.md")
        sys.exit(1)


@main.command(cls=Help, example="quintanas compact")
@data_option
def compact(folder: DataFolder) -> None:
    """Pack old texts and give unused room of the archive back to the disk, where that is worth it."""
    from pipelines.backup import compact_archive

    click.echo(compact_archive(folder))


@main.command(cls=Help, example="quintanas demo")
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


if __name__ == "__main__":
    main()
