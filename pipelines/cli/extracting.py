"""Commands that run the extractor and score it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import IO

import click

from pipelines.cli.options import READABLE, Help, data_option, sources_option
from pipelines.folder import DataFolder


@click.command(cls=Help, example="quintanas extract articles.jsonl > incidents.jsonl")
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


@click.command(cls=Help, example="quintanas reextract --jobs 4 --data /srv/quintanas")
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


@click.command("import", cls=Help, example="quintanas import CC-NEWS-20260101012345-00042.warc.gz --jobs 4")
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


@click.command(cls=Help, example="quintanas evaluate gold.jsonl\nquintanas evaluate --linking clusters.jsonl")
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
