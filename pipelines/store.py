"""The last Scrapy item pipeline: articles go into the archive."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Self

from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider, DropItem

from db.archive import Archive, Effect
from pipelines.frontier import ArchiveFrontier
from pipelines.reading import ExtractedArticle
from scraper.frontier import Visit
from scraper.items import Article


def left_out(archive: Archive, item: Article) -> str | None:
    """Why an article is not stored, or None where it is to be.

    A text that the newspaper has published under another address before is not stored again: "same-text". Nor does a page that
    has nothing in common with what it said before take that one's place at once: "another-text".
    """
    facts = vars(item)
    if archive.current_version(item.url) is not None:
        return "another-text" if archive.is_another_text(facts) else None
    return "same-text" if archive.twin(facts, facts.get("likeness", [])) else None


def store_extracted(archive: Archive, run: int, item: Article) -> Effect:
    """Store an article, its visit and, where it is new or changed, its incidents. Returns what `store_article` returns."""
    facts = dict(vars(item))
    reports, extractor, bands = facts.pop("reports", []), facts.pop("extractor", ""), facts.pop("likeness", [])
    with archive.transaction():
        effect = archive.store_article(run, facts)
        if effect != "unchanged":
            archive.keep_likeness(item.url, item.source, bands)
            version = archive.current_version(item.url)
            if isinstance(item, ExtractedArticle) and version is not None:
                archive.store_reports(version, extractor, reports)
    return effect


def store_item(frontier: ArchiveFrontier, item: Article) -> str | None:
    """Store an article, its visit and its incidents in one transaction, or return why it is left out.

    Raises `scrapy.exceptions.CloseSpider` where the archive cannot be written.
    """
    archive = frontier.archive
    with frontier.writing(), archive.transaction():
        reason = left_out(archive, item)
        if reason:
            visit = Visit(item.url, item.source, "article", "skipped", datetime.now(UTC), reason, item.status, item.bytes)
            archive.record_visit(frontier.run, vars(visit))
        elif store_extracted(archive, frontier.run, item) != "unchanged" and isinstance(item, ExtractedArticle):
            frontier.read += 1
            frontier.incidents += len(item.reports)
    return reason


class StoreArticle:
    """Stores each article, its visit and its incidents in one transaction, where the spider's frontier lives."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def process_item(self, item: Article) -> Article:
        frontier = getattr(self.crawler.spider, "frontier", None)
        assert isinstance(frontier, ArchiveFrontier), "crawl_newspapers gives every spider the archive's frontier"
        try:
            reason = store_item(frontier, item)
        except CloseSpider:
            raise DropItem("the archive cannot be written", log_level="DEBUG") from None
        if reason:
            raise DropItem(f"{item.url}: {reason}", log_level="DEBUG")
        return item
