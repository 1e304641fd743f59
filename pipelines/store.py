"""The last Scrapy item pipeline: articles go into the archive."""

from __future__ import annotations

from dataclasses import asdict
from typing import Self

from scrapy.crawler import Crawler

from pipelines.frontier import ArchiveFrontier
from scraper.items import Article


class StoreArticle:
    """Stores each article together with the visit that brought it, in one transaction, where the spider's frontier lives."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def process_item(self, item: Article) -> Article:
        frontier = getattr(self.crawler.spider, "frontier", None)
        assert isinstance(frontier, ArchiveFrontier), "crawl_newspapers gives every spider the archive's frontier"
        frontier.archive.store_article(frontier.run, asdict(item))
        return item
