"""The one spider that serves every newspaper whose table says nothing else."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import (
    CannotResolveHostError,
    CloseSpider,
    DontCloseSpider,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
    UnsupportedURLSchemeError,
    UsageError,
)
from scrapy.http import Response, TextResponse
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from scraper.discovery import Found, ListingError, next_page, own, read_feed, read_section, read_sitemap
from scraper.frontier import Frontier, Kind, Link, Listing, MemoryFrontier, Outcome, Visit
from scraper.items import Article
from scraper.keeping import PageKeeper
from scraper.middlewares import Refused, is_loopback
from scraper.page import NotAnArticle, decode
from scraper.period import Period
from scraper.reading import InProcess, Page, Reader, ReadingPool, Unreadable
from scraper.robots import RobotsUnreachable
from scraper.sources import Source, load_sources
from scraper.urls import canonical_url, fold_host

logger = logging.getLogger(__name__)

# Articles wait for listings: what a feed says of an article arrives before the article does.
LISTING_PRIORITY = 100


class NewspaperSpider(Spider):
    """Discovers the articles of one newspaper, fetches those that its frontier asks for and yields them as `Article` items.

    Arguments: `source`, a newspaper's identifier (looked up in the bundled file and those of `QUINTANAS_SOURCES`) or a
    `Source`; `frontier`, a `scraper.frontier.Frontier` (a program passes its own; without one, everything is fetched once);
    `reader`, a `scraper.reading.Reader` (a program that crawls many newspapers shares one; without one, `QUINTANAS_READERS`
    processes read, or none); `since` and `until`, days as "2024-01-31": fill an archive back with what appeared between them.

    Articles wait in the frontier, not in Scrapy's scheduler: `QUINTANAS_HANDED` of them at a time are asked for, so that
    memory does not grow with the newspaper, and a crawl that is cut off loses none. Every request ends in one visit that
    `frontier.record` is told of, save those that end in an item: whoever stores the item records that one. Where an article
    turns out to live at another address than the one asked for, the visit of the address asked for says "redirected", and the
    item carries the other.
    """

    name = "newspaper"

    def __init__(
        self,
        source: Source | str = "",
        frontier: Frontier | None = None,
        reader: Reader | None = None,
        since: date | str | None = None,
        until: date | str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.wanted = source
        self.frontier: Frontier = MemoryFrontier() if frontier is None else frontier
        self.period = Period.of(since, until)
        self.reader = reader
        self.own_reader: Reader | None = None
        self.keeper: PageKeeper | None = None
        self.more = True  # whether the frontier may have articles to hand out
        self.left_alone: set[str] = set()
        self.asked = 0
        # of a back-fill: whether all listings were read, what they named, and what of it may lie in the period
        self.listed = not self.period
        self.passed: set[int] = set()
        self.named: set[int] = set()

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> NewspaperSpider:
        spider = super().from_crawler(crawler, *args, **kwargs)
        if spider.wanted:  # `scrapy check` and `scrapy list` make spiders without a newspaper
            spider._choose(crawler)
            if spider.reader is None:
                processes = crawler.settings.getint("QUINTANAS_READERS")
                spider.reader = spider.own_reader = ReadingPool(processes) if processes else InProcess()
            spider.keeper = PageKeeper.from_settings(crawler.settings, spider.source.id)
            crawler.signals.connect(spider._hand_out, signal=signals.scheduler_empty)
            crawler.signals.connect(spider._idle, signal=signals.spider_idle)
        return spider

    def closed(self, reason: str) -> None:  # noqa: ARG002 - Scrapy's signature
        """Let go of the processes that read."""
        if self.own_reader is not None:
            self.own_reader.close()

    def _choose(self, crawler: Crawler) -> None:
        if isinstance(self.wanted, Source):
            self.source = self.wanted
        else:
            known = load_sources(*crawler.settings.getlist("QUINTANAS_SOURCES"))
            if self.wanted not in known:
                raise UsageError(f"there is no newspaper {self.wanted!r}; known are {', '.join(known)}")
            self.source = known[self.wanted]
        host = urlsplit(self.source.home).hostname or ""
        if not is_loopback(host) and not str(crawler.settings.get("QUINTANAS_CONTACT") or "").strip():
            raise UsageError(
                "set QUINTANAS_CONTACT to an e-mail address or a page that says who crawls: newspapers must be able to ask"
            )
        self.allowed_domains = [fold_host(host)]

    # ------------------------------------------------------------------ what is asked for

    async def start(self) -> AsyncIterator[Request]:
        """Ask for every listing of the newspaper's table, and for those that an earlier run left."""
        if not hasattr(self, "source"):
            raise UsageError("say which newspaper: scrapy crawl newspaper -a source=ID")
        if until := self.frontier.rests_until(self.source.id):
            logger.warning("%s asked to be left alone until %s", self.source.id, until.isoformat(timespec="minutes"))
            self.more = False
            raise CloseSpider("retry-after")
        roots: dict[str, Listing] = {}
        for way, urls in (
            ("feed", self.source.feeds),
            ("sitemap", self.source.news_sitemaps),
            ("section", self.source.sections),
        ):
            roots |= {url: Listing(url, self.source.id, way) for url in urls}  # type: ignore[arg-type]
        for listing in roots.values():
            yield self._listing(listing)
        for listing in self.frontier.due_listings(self.source.id):
            if listing.url not in roots:
                yield self._listing(listing, resumed=True)

    def _listing(self, listing: Listing, *, resumed: bool = False) -> Request:
        callback = {"feed": self.parse_feed, "sitemap": self.parse_sitemap, "section": self.parse_section}[listing.way]
        return Request(
            listing.url,
            callback=callback,
            errback=self.failed_listing,
            headers=self._conditions(listing.url) if not self.period else None,
            cb_kwargs={"listing": listing},
            meta={"resumed": resumed},
            priority=LISTING_PRIORITY,
        )

    def _article(self, link: Link) -> Request:
        return Request(
            link.address or self.source.own_address(link.url),
            callback=self.parse_article,
            errback=self.failed_article,
            headers=self._conditions(link.url),
            cb_kwargs={"link": link},
            meta={"guessed": link.address is None},
        )

    def _conditions(self, url: str) -> dict[str, str]:
        known = self.frontier.validators(url)
        headers = {}
        if known and known.etag:
            headers["If-None-Match"] = known.etag
        if known and known.last_modified:
            headers["If-Modified-Since"] = known.last_modified
        return headers

    def _hand_out(self) -> bool:
        """Ask for the next articles of the frontier; whether there were any."""
        engine = self.crawler.engine
        most = min(self.settings.getint("QUINTANAS_HANDED"), self.settings.getint("QUINTANAS_RUN_ARTICLES") - self.asked)
        if not self.listed or engine is None or engine.spider is None:
            return False
        while self.more and most > 0:
            try:
                links = self.frontier.due(self.source.id, most)
            except CloseSpider:  # the frontier has failed, and has the run ended
                return False
            self.more = len(links) == most
            # what an earlier run left over, a back-fill leaves to the next ordinary run
            links = [link for link in links if not self.period or hash(link.url) in self.named]
            self.asked += len(links)
            for link in links:
                engine.crawl(self._article(link))
            if links:
                assert self.reader is not None
                self.reader.prepare()
                return True
        return False

    def _idle(self) -> None:
        self.listed = True
        if self._hand_out():
            raise DontCloseSpider

    # ------------------------------------------------------------------ listings

    def parse_feed(self, response: Response, listing: Listing) -> None:
        """Remember the articles of a feed."""
        try:
            found = read_feed(response.body, response.url, self.source)
        except Exception as error:
            self._unreadable(response, listing, error)
            return
        self._take(self._own(found))
        self._record_listing(response, listing)

    def parse_sitemap(self, response: Response, listing: Listing) -> Iterator[Request]:
        """Remember the articles of a sitemap, and ask for the files of a sitemap index."""
        try:
            page = read_sitemap(response.body, response.url, self.source)
        except Exception as error:
            self._unreadable(response, listing, error)
            return
        self._take(self._own(page.articles))
        files = [url for url in page.files if self.source.owns(url)] if listing.step < 2 else []
        if self.period:
            files = [url for url in files if self.period.may_hold(url, page.changed.get(url))]
        most = self.settings.getint("QUINTANAS_BACKFILL_FILES" if self.period else "QUINTANAS_SITEMAP_FILES")
        below = [
            Listing(url, self.source.id, "sitemap", listing.step + 1, listing.url, page.changed.get(url))
            for url in files[:most]
        ]
        wanted = self.frontier.add_listings(below)
        self._record_listing(response, listing)
        for one in below if self.period else wanted:
            yield self._listing(one)

    def parse_section(self, response: Response, listing: Listing) -> Iterator[Request]:
        """Remember the articles of a section page, and ask for the next page while this one brought something new."""
        try:
            html = _text(response)
            found = read_section(html, response.url, self.source)
            following = next_page(html, response.url, self.source)
        except Exception as error:
            self._unreadable(response, listing, error)
            return
        unseen = any(hash(one.link.url) not in self.passed for one in found)
        new = self._take(found)
        most = self.source.max_pages or self.settings.getint("QUINTANAS_SECTION_PAGES")
        go_on = bool(new) or response.meta.get("resumed", False)
        if self.period:
            most = self.settings.getint("QUINTANAS_BACKFILL_PAGES")
            go_on = unseen and not self.period.ended((one.link for one in found), datetime.now(UTC).date())
        wanted: list[Listing] = []
        if following and listing.step + 1 < most and go_on:
            next_one = Listing(following, self.source.id, "section", listing.step + 1, listing.url)
            wanted = self.frontier.add_listings([next_one])
        self._record_listing(response, listing)
        for one in wanted:
            yield self._listing(one)

    def _own(self, found: Iterable[Found]) -> list[Found]:
        """Return the articles of a listing that are to be offered to the frontier; say of the others why not."""
        kept = []
        most = self.settings.getint("QUINTANAS_LISTING_ENTRIES")
        for one, reason in own(list(found)[:most], self.source):
            if reason is None:
                kept.append(one)
            elif one.link.url not in self.left_alone:
                self.left_alone.add(one.link.url)
                self._record(one.link.url, "article", "skipped", reason)
        return kept

    def _take(self, found: Iterable[Found], hops: int = 0) -> list[Link]:
        """Offer articles to the frontier; returns those that are to be fetched."""
        links = [replace(one.link, address=one.address, hops=hops) for one in found]
        if self.period:
            self.passed |= {hash(link.url) for link in links}
            links = [link for link in links if self.period.covers(link)]
            self.named |= {hash(link.url) for link in links}
        wanted = self.frontier.add(links)
        self.more = self.more or bool(wanted)
        return wanted

    def _unreadable(self, response: Response, listing: Listing, error: Exception) -> None:
        reason = error.reason if isinstance(error, ListingError) else f"unreadable-{type(error).__name__}"
        logger.warning("%s: %s", listing.url, error, exc_info=not isinstance(error, ListingError))
        self._keep(response, reason)
        self._record(listing.url, "discovery", "failed", reason, response)

    def _record_listing(self, response: Response, listing: Listing) -> None:
        self._record(listing.url, "discovery", "stored", None, response, conditional=True)

    # ------------------------------------------------------------------ articles

    async def parse_article(self, response: Response, link: Link) -> AsyncIterator[Article]:
        """Yield the article of a page, after the frontier was told of the stories that it links to."""
        fetched = datetime.now(UTC)
        assert self.reader is not None
        try:
            if not isinstance(response, TextResponse):
                raise NotAnArticle("not-html")
            page = Page(response.body, response.encoding, response.url, self.source, fetched, link)
            article = await self.reader.read(page)
        except NotAnArticle as error:
            self._keep(response, error.reason)
            self._record(link.url, "article", "skipped", error.reason, response)
            return
        except Unreadable as error:
            logger.error("%s", error)
            self._keep(response, error.reason)
            self._record(link.url, "article", "failed", error.reason, response)
            return
        article.etag, article.last_modified = _header(response, "ETag"), _header(response, "Last-Modified")
        article.status, article.bytes = response.status, len(response.body)
        if article.published is None:
            self._keep(response, "no-date")
        if self.period and not self.period.holds(article.published):
            # as if it had not been asked for: an ordinary run, or another period, may want it
            reason = "undated" if article.published is None else "outside-period"
            self._record(link.url, "article", "skipped", reason, size=len(response.body))
            return
        if link.hops < self.settings.getint("QUINTANAS_LINK_DEPTH"):
            # before the article: a kill in between would leave nothing that leads to them
            self._take(
                [Found(Link(canonical_url(url), self.source.id, "article"), url) for url in article.links], link.hops + 1
            )
        if article.url != link.url:
            new = self.frontier.claim(replace(link, url=article.url, address=response.url))
            self._record(link.url, "article", "skipped", "redirected" if new else "duplicate", response)
            if not new:
                return
        yield article

    # ------------------------------------------------------------------ what went wrong

    def failed_listing(self, failure: Failure) -> Iterator[Request]:
        """Record a listing that did not come; where it did not change, look at what may have changed below it."""
        request = failure.request  # type: ignore[attr-defined]
        listing: Listing = request.cb_kwargs["listing"]
        outcome, reason, response = outcome_of(failure)
        below = self.frontier.listings_below(listing.url) if outcome == "not_modified" and listing.way == "sitemap" else []
        # a feed that is not there any more is a fault to look into, not the end of an article
        self._record(listing.url, "discovery", "failed" if outcome == "gone" else outcome, reason, response)
        for one in below:
            yield self._listing(one)

    def failed_article(self, failure: Failure) -> Request | None:
        """Record an article that did not come; where only the slash at its end may be missing, ask once more with it."""
        request = failure.request  # type: ignore[attr-defined]
        outcome, reason, response = outcome_of(failure)
        parts = urlsplit(request.url)
        if reason == "http-404" and request.meta.get("guessed") and not parts.path.endswith("/"):
            again = request.replace(url=urlunsplit(parts._replace(path=f"{parts.path}/")))
            again.meta["guessed"] = False
            return again
        self._record(request.cb_kwargs["link"].url, "article", outcome, reason, response)
        return None

    def _keep(self, response: Response, reason: str) -> None:
        if self.keeper is not None:
            self.keeper.keep(response, reason)

    def _record(
        self,
        url: str,
        kind: Kind,
        outcome: Outcome,
        reason: str | None,
        response: Response | None = None,
        *,
        conditional: bool = False,
        size: int = 0,
    ) -> None:
        keep = response is not None and (conditional or outcome == "not_modified")
        visit = Visit(
            url=url,
            source=self.source.id,
            kind=kind,
            outcome=outcome,
            at=datetime.now(UTC),
            reason=reason,
            status=response.status if response is not None else None,
            bytes=len(response.body) if response is not None else size,
            etag=_header(response, "ETag") if keep else None,
            last_modified=_header(response, "Last-Modified") if keep else None,
        )
        self.frontier.record(visit)
        if stats := self.crawler.stats:
            stats.inc_value(f"quintanas/{kind}/{outcome}{f'/{reason}' if reason else ''}")


_EXCEPTIONS: tuple[tuple[type[Exception], str], ...] = (
    (CannotResolveHostError, "dns"),
    (DownloadTimeoutError, "timeout"),
    (DownloadConnectionRefusedError, "refused"),
    (DownloadCancelledError, "too-large"),
    (ResponseDataLossError, "cut-off"),
    (UnsupportedURLSchemeError, "scheme"),
)


def outcome_of(failure: Failure) -> tuple[Outcome, str | None, Response | None]:
    """Return what a failed request comes to: its outcome, a short reason, and the answer if there was one."""
    error = failure.value
    if isinstance(error, HttpError):
        response = error.response
        if response.status == 304:
            return "not_modified", None, response
        reason = f"http-{response.status}"
        return ("gone" if response.status in {404, 410} else "failed"), reason, response
    if isinstance(error, Refused):
        return "skipped", error.reason, None
    if isinstance(error, RobotsUnreachable):
        cause = error.cause
        return "failed", f"robots-{f'http-{cause}' if isinstance(cause, int) else _reason(cause)}", None
    if isinstance(error, IgnoreRequest):
        text = str(error)
        if "robots.txt" in text:
            return "skipped", "robots", None
        if "redirections" in text:
            return "failed", "redirects", None
        return "skipped", "offsite" if "offsite" in text else "ignored", None
    return "failed", _reason(error), None


def _reason(error: BaseException | None) -> str:
    for kind, reason in _EXCEPTIONS:
        if isinstance(error, kind):
            return reason
    text = f"{error!r}".lower()
    return "tls" if "ssl" in text or "certificate" in text else "connection"


def _text(response: Response) -> str:
    """Return the page's text. Raises NotAnArticle where the answer is no text."""
    if not isinstance(response, TextResponse):
        raise NotAnArticle("not-html")
    return decode(response.body, response.encoding)


def _header(response: Response | None, name: str) -> str | None:
    value = response.headers.get(name) if response is not None else None
    return value.decode("latin-1") if value else None
