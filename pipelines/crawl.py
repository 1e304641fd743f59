"""One scheduled run: newspapers in, articles and incident reports stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any

import click
from scrapy import signals
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.settings import Settings

from db.archive import Archive, ArchiveBusy
from pipelines.console import log, progress_bar, stderr
from pipelines.extract import extract_pending
from pipelines.folder import DataFolder
from pipelines.frontier import ArchiveFrontier
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
    interrupted: bool

    @property
    def left(self) -> int:
        """Articles discovered and not yet fetched; the next run goes on with them."""
        return sum(row["left"] for row in self.newspapers)

    @property
    def failed(self) -> bool:
        """Whether anything that was asked for could not be had, or the run was cut off."""
        return self.interrupted or any(row["failed"] for row in self.newspapers)

    def sentence(self) -> str:
        """The run in one line."""
        text = f"{self.read} articles read, {self.incidents} incident reports"
        if self.left:
            text += f", {self.left} articles left for the next run"
        return f"interrupted: {text}" if self.interrupted else text


def crawl_newspapers(folder: DataFolder, sources: Sequence[Source]) -> CrawlSummary:
    """Crawl `sources`, store what is new or changed, and extract the incidents of what the extractor has not read yet.

    Scrapy's reactor starts once in a process, so this runs once in a process. Ctrl-C ends it cleanly: requests under way
    finish, the rest is left for the next run.

    Raises:
        click.ClickException: another process writes the archive.
    """
    try:
        with Archive(folder.archive, write=True) as archive:
            archive.sync_sources(asdict(source) for source in sources)
            run = archive.start_run("crawl", [source.id for source in sources], version("quintanas"))
            interrupted = True
            try:
                interrupted = _run_spiders(ArchiveFrontier(archive, run), sources)
            finally:
                archive.finish_run(run, "interrupted" if interrupted else "finished")
            read, incidents = (0, 0) if interrupted else extract_pending(archive)
            return CrawlSummary(archive.run_summary(run), read, incidents, interrupted)
    except ArchiveBusy as error:
        raise click.ClickException(str(error)) from None


def _run_spiders(frontier: ArchiveFrontier, sources: Sequence[Source]) -> bool:
    """Run one spider for each newspaper, all in this process; returns whether a person interrupted it."""
    settings = Settings()
    settings.setmodule("scraper.settings", priority="project")
    settings.set("FRONTIER", frontier, priority="cmdline")
    settings.set("ITEM_PIPELINES", {**settings.getdict("ITEM_PIPELINES"), "pipelines.store.StoreArticle": 900}, priority="cmdline")
    process = AsyncCrawlerProcess(settings)
    reasons: list[str] = []
    console = stderr()
    with progress_bar(console) as progress:
        progress.disable = not console.is_terminal
        for source in sources:
            crawler = process.create_crawler(source.spider)
            task = progress.add_task(source.id, total=None)

            def advance(task: Any = task) -> None:
                progress.advance(task)

            def closed(reason: str, source_id: str = source.id) -> None:
                reasons.append(reason)
                log.info("%s: %s", source_id, reason)

            crawler.signals.connect(advance, signal=signals.response_received, weak=False)
            crawler.signals.connect(closed, signal=signals.spider_closed, weak=False)
            process.crawl(crawler, source=source)
        process.start()
    return "shutdown" in reasons
