"""The last Scrapy item pipeline: articles go into the archive."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Self

from scrapy import Spider
from scrapy.crawler import Crawler

from pipelines.frontier import ArchiveFrontier
from scraper.items import Article


class StoreArticle:
    """Stores each article together with the visit that brought it, in one transaction."""

    def __init__(self, crawler: Crawler) -> None:
        frontier = crawler.settings["FRONTIER"]
        assert isinstance(frontier, ArchiveFrontier)
        self.frontier = frontier

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def process_item(self, item: Article) -> Article:
        self.frontier.archive.store_article(self.frontier.run, asdict(item), None)
        return item
