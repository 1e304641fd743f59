"""What a Scrapyd node runs: the crawler's own spider, whose frontier and archive are kept by the machine that shares out the
newspapers (`pipelines.nodes`)."""

from __future__ import annotations

import os
from contextlib import suppress
from multiprocessing.managers import BaseManager
from typing import Any, Self, cast

from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider, DropItem, UsageError

from pipelines.reading import read_and_extract
from scraper.frontier import Frontier
from scraper.items import Article
from scraper.reading import InProcess, Reader, ReadingPool
from scraper.sources import Source
from scraper.spiders.newspaper import NewspaperSpider

KEY = "QUINTANAS_NODE_KEY"
"""The environment variable with the secret that the machines share."""

FRONTIER = (
    *("add", "due", "claim", "add_listings", "due_listings", "listings_below", "validators", "rests_until", "rest"),
    *("robots", "keep_robots", "record"),
)
"""The methods of `scraper.frontier.Frontier`."""


OFFICE = ("source", "frontier", "store", "closed")
"""The methods of `pipelines.nodes.Office` that nodes may call."""


class OfficeManager(BaseManager):
    """Reaches the office of `pipelines.nodes`, with the secret of both."""


OfficeManager.register("office", exposed=OFFICE)


class RemoteFrontier:
    """A `scraper.frontier.Frontier` that lives in the office. A lost office, or a lost lease, ends the spider."""

    def __init__(self, office: Any, lease: str) -> None:
        self._office = office
        self._lease = lease

    def __getattr__(self, name: str) -> Any:
        if name not in FRONTIER:
            raise AttributeError(name)
        return lambda *arguments: self.ask("frontier", name, *arguments)

    def ask(self, what: str, *arguments: Any) -> Any:
        """Ask the office, as the holder of the lease. Raises `CloseSpider` where it is gone or the lease ended."""
        try:
            return getattr(self._office, what)(self._lease, *arguments)
        except (EOFError, OSError) as error:
            raise CloseSpider("office-gone") from error


class NodeSpider(NewspaperSpider):
    """The spider of a newspaper that the office at `office` ("host:port") leased to this node under the name `lease`."""

    name = "newspaper-on-node"

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, office: str = "", lease: str = "", **kwargs: Any) -> NodeSpider:
        if not office:  # `scrapy list`
            return cast(NodeSpider, super().from_crawler(crawler, *args, **kwargs))
        if not os.environ.get(KEY):
            raise UsageError(f"set {KEY} to the secret of the machine that shares out the newspapers")
        host, _, port = office.rpartition(":")
        manager = OfficeManager((host, int(port)), os.environ[KEY].encode())
        manager.connect()
        frontier = RemoteFrontier(manager.office(), lease)  # type: ignore[attr-defined]
        source: Source = frontier.ask("source")
        processes = crawler.settings.getint("QUINTANAS_READERS")
        reader: Reader = (
            ReadingPool(processes, read_and_extract, ("pipelines.warm",)) if processes else InProcess(read_and_extract)
        )
        arguments = {"source": source, "frontier": cast(Frontier, frontier), "reader": reader}
        spider = cast(NodeSpider, super().from_crawler(crawler, *args, **arguments))
        spider.own_reader = reader
        return spider

    def closed(self, reason: str) -> None:
        super().closed(reason)
        if isinstance(self.frontier, RemoteFrontier):
            with suppress(CloseSpider):
                self.frontier.ask("closed", reason)


class SendArticle:
    """Item pipeline: articles, with their incidents, go to the office."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def process_item(self, item: Article) -> Article:
        frontier = getattr(self.crawler.spider, "frontier", None)
        assert isinstance(frontier, RemoteFrontier)
        try:
            reason = frontier.ask("store", item)
        except CloseSpider:
            raise DropItem("the office is gone", log_level="WARNING") from None
        if reason:
            raise DropItem(f"{item.url}: {reason}", log_level="DEBUG")
        return item
