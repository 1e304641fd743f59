"""One scheduled run: newspapers in, articles and incident reports stored."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from importlib.metadata import version
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import click
from rich.progress import Progress, TaskID
from scrapy import signals
from scrapy.crawler import AsyncCrawlerProcess, Crawler
from scrapy.settings import Settings

from db.archive import Archive
from db.retention import forget_visits
from nlp import extractor_version
from pipelines.batches import extract_pending
from pipelines.console import log, progress_bar, quiet_libraries, stderr
from pipelines.faults import fault_text
from pipelines.folder import DataFolder, writable_archive
from pipelines.frontier import ArchiveFrontier
from pipelines.health import newspaper_alarms
from pipelines.reading import read_and_extract
from scraper.middlewares import is_loopback
from scraper.reading import InProcess, Reader, ReadingPool
from scraper.settings import scrapy_settings
from scraper.sources import Source
from scraper.urls import fold_host

VISITS_KEPT = timedelta(days=730)
"""How long the account of single requests is kept: two years, so that a newspaper's year can be compared with another."""

CACHE_KIB = 16_384
"""Memory for pages of the archive: a crawl looks up single addresses, and has little use for the 64 MiB of a publish."""


@dataclass(frozen=True)
class CrawlSummary:
    """What one run did.

    `newspapers` has one mapping a newspaper, as `db.archive.Archive.run_summary` gives it.
    """

    newspapers: Sequence[Mapping[str, Any]]
    read: int
    """Articles that the extractor read."""
    incidents: int
    """Incident reports that it found in them."""
    endings: Mapping[str, str]
    """How each newspaper's spider ended: "finished", "shutdown" (a person interrupted it), or what broke it."""
    alarms: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Newspaper → what is wrong with it, compared with its own past."""

    @property
    def interrupted(self) -> bool:
        """Whether a person ended the run early."""
        return "shutdown" in self.endings.values()

    @property
    def broken(self) -> list[str]:
        """The newspapers whose spider did not come to its end."""
        return sorted(source for source, reason in self.endings.items() if reason not in ("finished", "shutdown"))

    @property
    def left(self) -> int:
        """Articles discovered and not yet fetched; the next run goes on with them."""
        return sum(row["left"] for row in self.newspapers)

    @property
    def failed(self) -> bool:
        """Whether anything that was asked for could not be had, or the run was cut off."""
        return self.interrupted or bool(self.broken or self.alarms) or any(row["failed"] for row in self.newspapers)

    def sentence(self) -> str:
        """The run in one line."""
        text = f"{self.read} articles read, {self.incidents} incident reports"
        if self.left:
            text += f", {self.left} articles left for the next run"
        if self.broken:
            text += f"; broke off: {', '.join(f'{source} ({self.endings[source]})' for source in self.broken)}"
        if self.alarms:
            text += "; look into: " + "; ".join(f"{source}: {', '.join(found)}" for source, found in self.alarms.items())
        return f"interrupted: {text}" if self.interrupted else text


def crawl_newspapers(
    folder: DataFolder,
    sources: Sequence[Source],
    changes: Mapping[str, str] = MappingProxyType({}),
    *,
    since: date | None = None,
    until: date | None = None,
    keep_visits: timedelta | None = VISITS_KEPT,
) -> CrawlSummary:
    """Crawl `sources`, store what is new or changed, and extract the incidents of what the extractor has not read yet.

    `changes` are Scrapy settings for this run alone. With `since` or `until`, sitemaps and sections are followed back to what
    appeared between these days. Visits older than `keep_visits` are forgotten at the end (None: none are). Scrapy's reactor
    starts once in a process, so this runs once in a process. Ctrl-C ends it cleanly: requests under way finish, the rest is
    left for the next run.

    Raises:
        click.ClickException: another process writes the archive, or the archive cannot be written (a full disk).
    """
    with _clear_faults(folder), writable_archive(folder, cache_kib=CACHE_KIB) as archive:
        if later := archive.clock_is_behind():
            log.warning("the clock is behind: a run began at %s, or so the clock said then; check it", later.isoformat())
        archive.sync_sources({key: value for key, value in vars(source).items() if key != "notes"} for source in sources)
        run = archive.start_run("crawl", [source.id for source in sources], version("quintanas"))
        spiders = _Spiders(ArchiveFrontier(archive, run), sources, changes, {"since": since, "until": until})
        try:
            spiders.run()
        finally:
            spiders.frontier.flush()
            if spiders.frontier.fault is None:
                for source in sources:
                    archive.store_yield(run, source.id, spiders.endings[source.id], spiders.seconds[source.id])
                archive.finish_run(run, "interrupted" if "shutdown" in spiders.endings.values() else "finished")
        if spiders.frontier.fault is not None:
            raise spiders.frontier.fault
        read, incidents = spiders.frontier.read, spiders.frontier.incidents
        if "shutdown" not in spiders.endings.values() and next(archive.pending(extractor_version(), packed=True), None):
            left = extract_pending(archive)
            read, incidents = read + left.articles, incidents + left.incidents
        tidy(archive, keep_visits)
        alarms = {source.id: found for source in sources if (found := newspaper_alarms(archive, source.id))}
        return CrawlSummary(archive.run_summary(run), read, incidents, spiders.endings, alarms)


def tidy(archive: Archive, keep_visits: timedelta | None) -> None:
    """Forget visits older than so long; None forgets none."""
    if keep_visits is not None and (forgotten := forget_visits(archive, datetime.now(UTC) - keep_visits)):
        log.info("%d visits older than %d days are forgotten", forgotten, keep_visits.days)


@contextmanager
def _clear_faults(folder: DataFolder) -> Iterator[None]:
    """Say in one line what the archive could not do, and what to do about it."""
    try:
        yield
    except sqlite3.Error as error:
        raise click.ClickException(fault_text(error, folder.archive) or f"{folder.archive}: {error}") from error


def on_this_machine(source: Source) -> bool:
    """Whether a newspaper's table names this machine as its home, as the samples' and the tests' do."""
    return is_loopback(urlsplit(source.home).hostname or "")


class _Spiders:
    """One spider for each newspaper, all in this process, and the processes that read for them.

    Newspapers at one host (the editions of a national one) follow one another: the host has no more than one limit.
    """

    def __init__(
        self, frontier: ArchiveFrontier, sources: Sequence[Source], changes: Mapping[str, str], arguments: Mapping[str, Any]
    ) -> None:
        self.frontier = frontier
        self.sources = sources
        self.changes = changes
        self.arguments = arguments
        self.endings = dict.fromkeys((source.id for source in sources), "did not start")
        """How each newspaper's spider ended."""
        self.seconds = dict.fromkeys((source.id for source in sources), 0.0)

    def run(self) -> None:
        """Crawl until every spider has ended."""
        settings = scrapy_settings(LOG_INSTALL_ROOT_HANDLER=False, **self.changes)
        process = quiet_process(settings)
        self.frontier.on_fault = partial(_stop, process)
        processes = settings.getint("QUINTANAS_READERS")
        reader: Reader = (
            ReadingPool(processes, read_and_extract, ("pipelines.warm",)) if processes else InProcess(read_and_extract)
        )
        console = stderr()
        try:
            with progress_bar(console) as progress:
                progress.disable = not console.is_terminal

                def begin(source: Source) -> asyncio.Task[None]:
                    crawler = Crawler(process.spider_loader.load(source.spider), _settings(source, self.changes))
                    self._watch(crawler, source, progress.add_task(source.id, total=None), progress)
                    return process.crawl(crawler, source=source, frontier=self.frontier, reader=reader, **self.arguments)

                def goes_on(source: Source) -> bool:
                    return self.endings[source.id] != "shutdown" and self.frontier.fault is None

                start_in_lines(self.sources, begin, goes_on)
                process.start()
        finally:
            reader.close()

    def _watch(self, crawler: Crawler, source: Source, task: TaskID, progress: Progress) -> None:
        begun = time.monotonic()

        def advance() -> None:
            progress.advance(task)

        def closed(reason: str) -> None:
            self.endings[source.id] = reason
            self.seconds[source.id] = time.monotonic() - begun
            log.info("source=%s ending=%s seconds=%.1f", source.id, reason, self.seconds[source.id])

        crawler.signals.connect(advance, signal=signals.response_received, weak=False)
        crawler.signals.connect(closed, signal=signals.spider_closed, weak=False)


def start_in_lines(
    sources: Iterable[Source], begin: Callable[[Source], asyncio.Task[None]], goes_on: Callable[[Source], bool] = lambda _: True
) -> None:
    """Begin the crawls of newspapers: at once where they are at different hosts, one after another where they are at one.

    `goes_on` is asked after each whether the next at its host is to begin.
    """

    def start(line: deque[Source]) -> None:
        source = line.popleft()
        begin(source).add_done_callback(lambda _: start(line) if line and goes_on(source) else None)

    for line in lines_of(sources):
        start(deque(line))


def lines_of(sources: Iterable[Source]) -> list[list[Source]]:
    """Newspapers in lists, each of those at one host: they are to be crawled one after another."""
    lines: dict[str, list[Source]] = {}
    for source in sources:
        lines.setdefault(_host(source), []).append(source)
    return list(lines.values())


def _host(source: Source) -> str:
    parts = urlsplit(source.home)
    return f"{fold_host(parts.hostname or '')}:{parts.port or ''}"


def quiet_process(settings: Settings) -> AsyncCrawlerProcess:
    """A process of crawlers that says nothing but what a person must see."""
    logging.disable(logging.INFO)  # it sets up logging anew, and greets, before anything can be said to its loggers
    try:
        return AsyncCrawlerProcess(settings)
    finally:
        logging.disable(logging.NOTSET)
        quiet_libraries()


def _stop(process: AsyncCrawlerProcess) -> None:
    """End every spider, where the reactor still runs."""
    try:
        task = asyncio.get_running_loop().create_task(process.stop())
    except RuntimeError:
        return
    task.add_done_callback(lambda done: done.cancelled() or done.exception())


def loopback_settings(source: Source) -> dict[str, Any]:
    """Settings for a newspaper whose home is on this machine (the samples, a test): it is crawled without delay, on the ports
    that its table names and no others. Empty for any other newspaper."""
    if not on_this_machine(source):
        return {}
    addresses = (source.home, *source.feeds, *source.news_sitemaps, *source.sections)
    return {
        "QUINTANAS_LOOPBACK_PORTS": sorted({urlsplit(address).port or 80 for address in addresses}),
        "AUTOTHROTTLE_ENABLED": False,
        "DOWNLOAD_DELAY": 0,
    }


def _settings(source: Source, changes: Mapping[str, str]) -> Settings:
    """The crawl's settings for one newspaper, with the archive at the end of the item pipelines."""
    settings = scrapy_settings(**{**loopback_settings(source), **changes})
    settings.set("ITEM_PIPELINES", {**settings.getdict("ITEM_PIPELINES"), "pipelines.store.StoreArticle": 900}, "cmdline")
    return settings
