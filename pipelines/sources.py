"""The configured newspapers, and how each is doing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.table import Table

from db.archive import Archive
from pipelines.folder import DataFolder
from pipelines.health import newspaper_alarms
from scraper.sources import Source, SourcesError, load_sources


def configured_sources(folder: DataFolder, extra: Path | None, chosen: Sequence[str]) -> list[Source]:
    """The newspapers named in `chosen`, or all: the bundled ones, the data folder's `sources.toml` and the file `extra`.

    Raises:
        click.UsageError: a name that no table has.
        click.ClickException: a file that cannot be read as newspapers.
    """
    files = [path for path in (folder.sources, extra) if path and path.exists()]
    try:
        sources = load_sources(*files)
    except SourcesError as error:
        raise click.ClickException(str(error)) from None
    unknown = [name for name in chosen if name not in sources]
    if unknown:
        raise click.UsageError(f"no newspaper is called {', '.join(unknown)}; `quintanas sources` lists them")
    return [sources[name] for name in chosen] if chosen else list(sources.values())


_COUNTS = ("found", "fetched", "new", "changed", "unchanged", "gone", "skipped", "failed")


def summary_table(newspapers: Iterable[Mapping[str, Any]]) -> str:
    """What one run did: a row of counts a newspaper, and below, a line each, why pages were skipped or failed."""
    table = Table("newspaper", *_COUNTS, padding=(0, 1, 0, 0))
    reasons = []
    for row in newspapers:
        table.add_row(row["source"], *(str(row[key]) for key in _COUNTS))
        for key in ("skipped", "failed"):
            if row[key]:
                why = ", ".join(f"{count} {reason}" for reason, count in sorted(row[f"{key}_reasons"].items()))
                reasons.append(f"  {row['source']}: {key} {why}")
    return "\n".join([rendered(table), *reasons])


def states_table(folder: DataFolder, sources: Iterable[Source]) -> str:
    """The configured newspapers with what the archive knows of each."""
    states: dict[str, Mapping[str, Any]] = {}
    if folder.archive.exists():
        with Archive(folder.archive, write=False) as archive:
            states = {state["id"]: state for state in archive.source_states()}
    table = Table("newspaper", "name", "region", "articles", "last crawl", "last new article", "failed")
    for source in sources:
        state = states.get(source.id, {})
        table.add_row(
            source.id,
            source.name,
            source.region or source.country,
            *(str(state.get(key) or "–") for key in ("articles", "last_run", "last_new_article", "failures")),
        )
    return rendered(table)


def alarms_text(folder: DataFolder, sources: Iterable[Source]) -> str:
    """What is wrong with newspapers compared with their own past, a line each; empty where nothing is."""
    if not folder.archive.exists():
        return ""
    with Archive(folder.archive, write=False) as archive:
        return "\n".join(f"{source.id}: {alarm}" for source in sources for alarm in newspaper_alarms(archive, source.id))


def rendered(table: Table) -> str:
    """A table as text, as wide as the terminal, or as its content where there is none."""
    console = Console(file=StringIO(), width=None if Console().is_terminal else 200, force_terminal=False)
    table.box = box.SIMPLE_HEAD
    console.print(table)
    return console.file.getvalue().rstrip()  # type: ignore[attr-defined]
