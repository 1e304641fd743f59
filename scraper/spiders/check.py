"""Spiders that look at a newspaper without keeping anything: to check its table, to propose one, to save one page."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

from parsel import Selector
from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.http import Response, TextResponse
from twisted.python.failure import Failure

from scraper.data import toml
from scraper.discovery import ListingError, read_feed, read_section, read_sitemap
from scraper.frontier import Link, Listing, Visit
from scraper.items import Article
from scraper.page import decode, read_article
from scraper.sources import Source
from scraper.spiders.newspaper import NewspaperSpider, outcome_of
from scraper.urls import fold_host

MOST_PROBES = 40
"""Addresses of a site that are tried at most."""


@dataclass
class Finding:
    """What one way of discovery yields now."""

    listing: Listing
    outcome: str
    """stored, or what went wrong: an HTTP status, a time-out, "not-a-feed"…"""
    articles: int = 0
    newest: datetime | None = None
    """The latest publication or modification that it states."""


class CheckSpider(NewspaperSpider):
    """Asks for every listing of a newspaper's table and for `examples` articles; keeps what it learns in `findings`,
    `articles` and `visits`. The first file of an index and the first page of a section are enough."""

    name = "check"
    custom_settings = {  # noqa: RUF012 - Scrapy's signature
        "QUINTANAS_LINK_DEPTH": 0,
        "QUINTANAS_SITEMAP_FILES": 1,
        "QUINTANAS_SECTION_PAGES": 1,
        "QUINTANAS_RUN_ARTICLES": 3,
        "QUINTANAS_READERS": 0,
        "RETRY_TIMES": 0,
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.findings: list[Finding] = []
        self.articles: list[Article] = []
        self.visits: list[Visit] = []
        self.taken: list[Link] = []

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> CheckSpider:
        spider = super().from_crawler(crawler, *args, **kwargs)
        assert isinstance(spider, CheckSpider)
        crawler.signals.connect(spider._keep_article, signal=signals.item_scraped)
        return spider

    def _keep_article(self, item: Article) -> None:
        self.articles.append(item)

    def _take(self, found: Any, hops: int = 0) -> list[Link]:
        offered = list(found)
        self.taken = [one.link for one in offered]
        return super()._take(offered, hops)

    def _record_listing(self, response: Response, listing: Listing) -> None:
        instants = [instant for link in self.taken for instant in (link.published, link.modified) if instant]
        self.findings.append(Finding(listing, "stored", len(self.taken), max(instants, default=None)))
        super()._record_listing(response, listing)

    def _record(
        self, url: str, kind: Any, outcome: Any, reason: Any, response: Any = None, *, conditional: bool = False, size: int = 0
    ) -> None:
        super()._record(url, kind, outcome, reason, response, conditional=conditional, size=size)
        visit = Visit(url, self.source.id, kind, outcome, datetime.now(UTC), reason)
        self.visits.append(visit)
        if kind == "discovery" and outcome != "stored":
            self.findings.append(Finding(Listing(url, self.source.id, "feed"), reason or outcome))


@dataclass
class Proposal:
    """What a site shows of itself."""

    name: str = ""
    language: str = "es"
    feeds: dict[str, int] = field(default_factory=dict)
    """Address → articles that it names."""
    news_sitemaps: dict[str, int] = field(default_factory=dict)
    sections: dict[str, int] = field(default_factory=dict)
    problem: str | None = None


class ProposeSpider(Spider):
    """Probes a site for feeds, news sitemaps and sections that name articles, at the addresses that its front page and
    robots.txt name and at the usual ones (`data/probes.toml`); keeps what it finds in `proposal`."""

    name = "propose"
    custom_settings = {"RETRY_TIMES": 0, "HTTPERROR_ALLOW_ALL": False}  # noqa: RUF012 - Scrapy's signature

    def __init__(self, source: Source, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.source = source
        self.allowed_domains = [fold_host(urlsplit(source.home).hostname or "")]
        self.proposal = Proposal()
        self.asked: set[str] = set()
        self.below: set[str] = set()

    async def start(self) -> AsyncIterator[Request]:
        """Ask for the front page, robots.txt and the usual addresses."""
        probes = toml("probes")
        yield Request(self.source.home, self.parse_home, errback=self.failed_home, priority=10)
        yield Request(urljoin(self.source.home, "/robots.txt"), self.parse_robots, errback=self.failed)
        for paths, callback in ((probes["feeds"], self.parse_feed), (probes["sitemaps"], self.parse_sitemap)):
            for path in paths:
                for request in self._ask(urljoin(self.source.home, path), callback):
                    yield request

    def _ask(self, url: str, callback: Any, **kwargs: Any) -> Iterator[Request]:
        if url not in self.asked and self.source.owns(url) and len(self.asked) < MOST_PROBES:
            self.asked.add(url)
            yield Request(url, callback, errback=self.failed, cb_kwargs={"asked": url, **kwargs})

    def parse_home(self, response: Response) -> Iterator[Request]:
        """Read the name, and the feeds and sections that the page links to."""
        if not isinstance(response, TextResponse):
            self.proposal.problem = "its front page is no HTML"
            return
        selector = Selector(decode(response.body, response.encoding))
        title = selector.xpath("string(//title)").get() or ""
        name = selector.xpath("//meta[@property='og:site_name']/@content").get() or re.split(r"\s[|–—-]\s", title)[0]
        self.proposal.name = " ".join(name.split())[:80]
        self.proposal.language = (selector.xpath("string(/html/@lang)").get() or "es")[:2].lower()
        for href in selector.xpath(
            "//link[@rel='alternate'][contains(@type, 'rss') or contains(@type, 'atom')]/@href"
        ).getall():
            if "comment" not in href:
                yield from self._ask(urljoin(response.url, href), self.parse_feed)
        wanted = re.compile("|".join(toml("probes")["sections"]))
        for href in selector.xpath("//a/@href").getall():
            url = urljoin(response.url, href).split("#")[0]
            path = urlsplit(url).path.lower()
            if path.count("/") <= 3 and wanted.search(path) and not self.source.may_be_article(url):
                yield from self._ask(url, self.parse_section)

    def parse_robots(self, response: Response) -> Iterator[Request]:
        """Ask for the sitemaps that robots.txt names."""
        for url in re.findall(rb"(?im)^\s*sitemap:\s*(\S+)", response.body)[:8]:
            yield from self._ask(url.decode("latin-1"), self.parse_sitemap)

    def parse_feed(self, response: Response, asked: str) -> None:
        """Keep a feed that names articles of the newspaper."""
        try:
            count = sum(self.source.owns(one.address) for one in read_feed(response.body, response.url, self.source))
        except (ListingError, ValueError):
            return
        if count:
            self.proposal.feeds[asked] = count

    def parse_sitemap(self, response: Response, asked: str, index: str | None = None) -> Iterator[Request]:
        """Keep a sitemap of a few days; an index counts with the file that changed last."""
        try:
            page = read_sitemap(response.body, response.url, self.source)
        except (ListingError, ValueError):
            return
        if page.files:
            for url in [url for url in page.files if re.search(r"news|noticias", url)][:2]:
                self.asked.discard(url)
                yield from self._ask(url, self.parse_sitemap, index=asked)
            posts = [url for url in page.files if re.search(r"post|article|nota", url)]
            if posts and self.source.owns(posts[0]):
                self.proposal.news_sitemaps.setdefault(asked, 0)
        elif page.articles and (any(one.link.published for one in page.articles) or re.search(r"news|noticias", asked)):
            if index is not None:
                self.proposal.news_sitemaps.pop(asked, None)  # the index leads to it
            elif asked in self.below:
                return
            self.below |= {asked} if index else set()
            self.proposal.news_sitemaps[index or asked] = len(page.articles)

    def parse_section(self, response: Response, asked: str) -> None:
        """Keep a section page that links to articles."""
        if isinstance(response, TextResponse):
            count = len(read_section(decode(response.body, response.encoding), response.url, self.source))
            self.proposal.sections[asked] = count

    def failed_home(self, failure: Failure) -> None:
        """Say why there is nothing to propose."""
        self.proposal.problem = f"its front page cannot be had: {outcome_of(failure)[1]}"

    def failed(self, failure: Failure) -> None:
        """A probe that finds nothing is no fault."""


class PageSpider(Spider):
    """Fetches one page of a newspaper, keeps its answer in `page` and the article in it, or why it is none, in `result`."""

    name = "page"
    custom_settings = {"RETRY_TIMES": 1}  # noqa: RUF012 - Scrapy's signature

    def __init__(self, source: Source, url: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.source = source
        self.url = url
        self.allowed_domains = [fold_host(urlsplit(source.home).hostname or "")]
        self.page: Response | None = None
        self.encoding: str | None = None
        self.fetched = datetime.now(UTC)
        self.result: Article | Exception | None = None

    async def start(self) -> AsyncIterator[Request]:
        """Ask for the page."""
        yield Request(self.url, self.parse_page, errback=self.failed)

    def parse_page(self, response: Response) -> None:
        """Read the page."""
        self.page, self.fetched = response, datetime.now(UTC)
        self.encoding = response.encoding if isinstance(response, TextResponse) else None
        try:
            html = decode(response.body, self.encoding)
            self.result = read_article(html, response.url, self.source, self.fetched)
        except Exception as error:
            self.result = error

    def failed(self, failure: Failure) -> None:
        """Keep why the page cannot be had."""
        self.result = ValueError(outcome_of(failure)[1] or "not modified")


def today() -> date:
    """The present day, for notes."""
    return datetime.now(UTC).date()
