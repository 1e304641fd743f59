"""One scheduled run: newspapers in, articles and incident reports stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from rich.progress import TaskID
from scrapy import signals
from scrapy.crawler import AsyncCrawlerProcess, Crawler
from scrapy.settings import Settings

from pipelines.console import log, progress_bar, quiet_libraries, stderr
from pipelines.extract import extract_pending
from pipelines.folder import DataFolder, writable_archive
from pipelines.frontier import ArchiveFrontier
from scraper.middlewares import is_loopback
from scraper.settings import scrapy_settings
from scraper.sources import Source


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
        return self.interrupted or bool(self.broken) or any(row["failed"] for row in self.newspapers)

    def sentence(self) -> str:
        """The run in one line."""
        text = f"{self.read} articles read, {self.incidents} incident reports"
        if self.left:
            text += f", {self.left} articles left for the next run"
        if self.broken:
            text += f"; broke off: {', '.join(f'{source} ({self.endings[source]})' for source in self.broken)}"
        return f"interrupted: {text}" if self.interrupted else text


def crawl_newspapers(
    folder: DataFolder, sources: Sequence[Source], changes: Mapping[str, str] = MappingProxyType({})
) -> CrawlSummary:
    """Crawl `sources`, store what is new or changed, and extract the incidents of what the extractor has not read yet.

    `changes` are Scrapy settings for this run alone. Scrapy's reactor starts once in a process, so this runs once in a
    process. Ctrl-C ends it cleanly: requests under way finish, the rest is left for the next run.

    Raises:
        click.ClickException: another process writes the archive.
    """
    with writable_archive(folder) as archive:
        archive.sync_sources({key: value for key, value in vars(source).items() if key != "notes"} for source in sources)
        run = archive.start_run("crawl", [source.id for source in sources], version("quintanas"))
        endings = dict.fromkeys((source.id for source in sources), "shutdown")
        try:
            endings = _run_spiders(ArchiveFrontier(archive, run), sources, changes)
        finally:
            archive.finish_run(run, "interrupted" if "shutdown" in endings.values() else "finished")
        read, incidents = (0, 0) if "shutdown" in endings.values() else extract_pending(archive)
        return CrawlSummary(archive.run_summary(run), read, incidents, endings)


def on_this_machine(source: Source) -> bool:
    """Whether a newspaper's table names this machine as its home, as the samples' and the tests' do."""
    return is_loopback(urlsplit(source.home).hostname or "")


def _run_spiders(frontier: ArchiveFrontier, sources: Sequence[Source], changes: Mapping[str, str]) -> dict[str, str]:
    """Run one spider for each newspaper, all in this process; returns how each ended."""
    process = AsyncCrawlerProcess(scrapy_settings(LOG_INSTALL_ROOT_HANDLER=False, **changes))
    quiet_libraries()
    endings = dict.fromkeys((source.id for source in sources), "did not start")
    console = stderr()
    with progress_bar(console) as progress:
        progress.disable = not console.is_terminal
        for source in sources:
            crawler = Crawler(process.spider_loader.load(source.spider), _settings(source, changes))
            task = progress.add_task(source.id, total=None)

            def advance(task: TaskID = task) -> None:
                progress.advance(task)

            def closed(reason: str, source: Source = source) -> None:
                endings[source.id] = reason
                log.info("%s: %s", source.id, reason)

            crawler.signals.connect(advance, signal=signals.response_received, weak=False)
            crawler.signals.connect(closed, signal=signals.spider_closed, weak=False)
            process.crawl(crawler, source=source, frontier=frontier)
        process.start()
    return endings


def _settings(source: Source, changes: Mapping[str, str]) -> Settings:
    """The crawl's settings for one newspaper, with the archive at the end of the item pipelines.

    A table whose home is on this machine (the samples, a test) is crawled there without delay, on the ports that it names and
    no others.
    """
    own: dict[str, Any] = {}
    if on_this_machine(source):
        addresses = (source.home, *source.feeds, *source.news_sitemaps, *source.sections)
        own = {
            "QUINTANAS_LOOPBACK_PORTS": sorted({urlsplit(address).port or 80 for address in addresses}),
            "AUTOTHROTTLE_ENABLED": False,
            "DOWNLOAD_DELAY": 0,
        }
    settings = scrapy_settings(**{**own, **changes})
    settings.set("ITEM_PIPELINES", {**settings.getdict("ITEM_PIPELINES"), "pipelines.store.StoreArticle": 900}, "cmdline")
    return settings
