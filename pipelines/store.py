"""The last Scrapy item pipeline: articles go into the archive."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Self

from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider, DropItem

from pipelines.frontier import ArchiveFrontier
from pipelines.reading import ExtractedArticle
from scraper.frontier import Visit
from scraper.items import Article


class StoreArticle:
    """Stores each article, its visit and its incidents in one transaction, where the spider's frontier lives.

    A text that the newspaper has published under another address before is not stored again: its visit says "same-text". Nor
    does a page that has nothing in common with what it said before take that one's place at once: "another-text".
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def process_item(self, item: Article) -> Article:
        frontier = getattr(self.crawler.spider, "frontier", None)
        assert isinstance(frontier, ArchiveFrontier), "crawl_newspapers gives every spider the archive's frontier"
        try:
            left_out = self._store(frontier, item)
        except CloseSpider:
            raise DropItem("the archive cannot be written", log_level="DEBUG") from None
        if left_out:
            raise DropItem(f"{item.url}: {left_out}", log_level="DEBUG")
        return item

    def _store(self, frontier: ArchiveFrontier, item: Article) -> str | None:
        """Store an article, or return why it is left out."""
        archive = frontier.archive
        facts = dict(vars(item))
        reports, extractor, bands = facts.pop("reports", []), facts.pop("extractor", ""), facts.pop("likeness", [])
        with frontier.writing(), archive.transaction():
            known = archive.current_version(item.url) is not None
            twin = None if known else archive.twin(facts, bands)
            reason = "same-text" if twin else "another-text" if known and archive.is_another_text(facts) else None
            if reason:
                visit = Visit(item.url, item.source, "article", "skipped", datetime.now(UTC), reason, item.status, item.bytes)
                archive.record_visit(frontier.run, vars(visit))
            else:
                effect = archive.store_article(frontier.run, facts)
                if effect != "unchanged":
                    archive.keep_likeness(item.url, item.source, bands)
                version = archive.current_version(item.url)
                if isinstance(item, ExtractedArticle) and version is not None and effect != "unchanged":
                    archive.store_reports(version, extractor, reports)
                    frontier.read += 1
                    frontier.incidents += len(reports)
        return reason
