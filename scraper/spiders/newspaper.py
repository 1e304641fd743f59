"""The one spider that serves every newspaper whose table says nothing else."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.exceptions import (
    CannotResolveHostError,
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
from scraper.frontier import Frontier, Kind, Link, MemoryFrontier, Outcome, Visit
from scraper.items import Article
from scraper.middlewares import Refused, is_loopback
from scraper.page import NotAnArticle, decode, read_article
from scraper.sources import Source, load_sources
from scraper.urls import canonical_url, fold_host

logger = logging.getLogger(__name__)

# Articles wait for listings: what a feed says of an article arrives before the article does.
LISTING_PRIORITY = 100


class NewspaperSpider(Spider):
    """Discovers the articles of one newspaper, fetches those that its frontier asks for and yields them as `Article` items.

    Arguments: `source`, a newspaper's identifier (looked up in the bundled file and those of `QUINTANAS_SOURCES`) or a
    `Source`; `frontier`, a `scraper.frontier.Frontier` (a program passes its own; without one, everything is fetched once).

    Every request ends in one visit that `frontier.record` is told of, save those that end in an item: whoever stores the item
    records that one. Where an article turns out to live at another address than the one asked for, the visit of the address
    asked for says "redirected", and the item carries the other.
    """

    name = "newspaper"

    def __init__(self, source: Source | str = "", frontier: Frontier | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.wanted = source
        self.frontier: Frontier = MemoryFrontier() if frontier is None else frontier
        self.addresses: dict[str, str] = {}
        self.new: set[str] = set()

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> NewspaperSpider:
        spider = super().from_crawler(crawler, *args, **kwargs)
        if spider.wanted:  # `scrapy check` and `scrapy list` make spiders without a newspaper
            spider._choose(crawler)
        return spider

    def _choose(self, crawler: Crawler) -> None:
        if isinstance(self.wanted, Source):
            self.source = self.wanted
        else:
            known = load_sources(*crawler.settings.getlist("QUINTANAS_SOURCES"))
            if self.wanted not in known:
                raise UsageError(f"there is no newspaper {self.wanted!r}; known are {', '.join(known)}")
            self.source = known[self.wanted]
        request = Request(self.source.home)
        host = _host(request)
        if not is_loopback(host) and not str(crawler.settings.get("QUINTANAS_CONTACT") or "").strip():
            raise UsageError(
                "set QUINTANAS_CONTACT to an e-mail address or a page that says who crawls: newspapers must be able to ask"
            )
        self.allowed_domains = [fold_host(host)]

    # ------------------------------------------------------------------ what is asked for

    async def start(self) -> AsyncIterator[Request]:
        """Ask for every listing, and for the articles that an earlier run left."""
        if not hasattr(self, "source"):
            raise UsageError("say which newspaper: scrapy crawl newspaper -a source=ID")
        for url in self.source.feeds:
            yield self._listing(url, self.parse_feed)
        for url in self.source.news_sitemaps:
            yield self._listing(url, self.parse_sitemap, depth=0)
        for url in self.source.sections:
            yield self._listing(url, self.parse_section, page=1)
        for link in self.frontier.due(self.source.id):
            hops = self.settings.getint("QUINTANAS_LINK_DEPTH") if link.via == "article" else 0
            yield self._article(link, hops)

    def _listing(self, url: str, callback: Any, **kwargs: Any) -> Request:
        return Request(
            url,
            callback=callback,
            errback=self.failed_listing,
            headers=self._conditions(url),
            cb_kwargs={"asked": url, **kwargs},
            priority=LISTING_PRIORITY,
        )

    def _article(self, link: Link, hops: int) -> Request:
        address = self.addresses.pop(link.url, None)
        return Request(
            address or self.source.own_address(link.url),
            callback=self.parse_article,
            errback=self.failed_article,
            headers=self._conditions(link.url),
            cb_kwargs={"link": link, "hops": hops},
            meta={"guessed": address is None},
        )

    def _conditions(self, url: str) -> dict[str, str]:
        known = self.frontier.validators(url)
        headers = {}
        if known and known.etag:
            headers["If-None-Match"] = known.etag
        if known and known.last_modified:
            headers["If-Modified-Since"] = known.last_modified
        return headers

    # ------------------------------------------------------------------ listings

    def parse_feed(self, response: Response, asked: str) -> Iterator[Request]:
        """Ask for the new articles of a feed."""
        try:
            found = read_feed(response.body, response.url, self.source)
        except Exception as error:
            self._unreadable(response, asked, error)
            return
        yield from self._take(self._own(found))
        self._record_listing(response, asked)

    def parse_sitemap(self, response: Response, asked: str, depth: int) -> Iterator[Request]:
        """Ask for the new articles of a sitemap, or for the files of a sitemap index."""
        try:
            page = read_sitemap(response.body, response.url, self.source)
        except Exception as error:
            self._unreadable(response, asked, error)
            return
        yield from self._take(self._own(page.articles))
        files = [url for url in page.files if self.source.owns(url)] if depth < 2 else []
        for url in files[: self.settings.getint("QUINTANAS_SITEMAP_FILES")]:
            yield self._listing(url, self.parse_sitemap, depth=depth + 1)
        # an index stays the same while its files change, so it is never asked for under conditions
        self._record_listing(response, asked, conditional=not page.files)

    def parse_section(self, response: Response, asked: str, page: int) -> Iterator[Request]:
        """Ask for the new articles of a section page, and for the next page while this one brought something new."""
        try:
            html = _text(response)
            found = read_section(html, response.url, self.source)
            following = next_page(html, response.url, self.source)
        except Exception as error:
            self._unreadable(response, asked, error)
            return
        yield from self._take(found)
        most = self.source.max_pages or self.settings.getint("QUINTANAS_SECTION_PAGES")
        if following and page < most and any(one.link.url in self.new for one in found):
            yield self._listing(following, self.parse_section, page=page + 1)
        self._record_listing(response, asked)

    def _own(self, found: Iterable[Found]) -> list[Found]:
        """Return the articles of a listing that are to be offered to the frontier; say of the others why not."""
        kept = []
        most = self.settings.getint("QUINTANAS_LISTING_ENTRIES")
        for one, reason in own(list(found)[:most], self.source):
            if reason is None:
                kept.append(one)
            elif one.link.url not in self.new:
                self.new.add(one.link.url)
                self._record(one.link.url, "article", "skipped", reason)
        return kept

    def _take(self, found: Iterable[Found], hops: int = 0) -> Iterator[Request]:
        """Offer articles to the frontier and ask for those that it wants."""
        offered = list(found)
        fresh = self.frontier.add([one.link for one in offered])
        wanted = {link.url for link in fresh}
        self.new |= wanted
        for one in offered:
            if one.link.url in wanted:
                self.addresses.setdefault(one.link.url, one.address)
        for link in fresh:
            yield self._article(link, hops)

    def _unreadable(self, response: Response, asked: str, error: Exception) -> None:
        reason = error.reason if isinstance(error, ListingError) else f"unreadable-{type(error).__name__}"
        logger.warning("%s: %s", asked, error, exc_info=not isinstance(error, ListingError))
        self._record(asked, "discovery", "failed", reason, response)

    def _record_listing(self, response: Response, asked: str, *, conditional: bool = True) -> None:
        self._record(asked, "discovery", "stored", None, response, conditional=conditional)

    # ------------------------------------------------------------------ articles

    def parse_article(self, response: Response, link: Link, hops: int) -> Iterator[Article | Request]:
        """Yield the article of a page and ask for the stories that it links to."""
        fetched = datetime.now(UTC)
        try:
            article = read_article(_text(response), response.url, self.source, fetched, link)
        except NotAnArticle as error:
            self._record(link.url, "article", "skipped", error.reason, response)
            return
        except Exception as error:
            logger.error("%s cannot be read", response.url, exc_info=True)
            self._record(link.url, "article", "failed", f"unreadable-{type(error).__name__}", response)
            return
        article.etag, article.last_modified = _header(response, "ETag"), _header(response, "Last-Modified")
        if article.url != link.url:
            new = self.frontier.add([Link(article.url, link.source, link.via, link.published, link.modified)])
            self._record(link.url, "article", "skipped", "redirected" if new else "duplicate", response)
            if not new:
                return
            self.new.add(article.url)
        yield article
        if hops < self.settings.getint("QUINTANAS_LINK_DEPTH"):
            stories = [Found(Link(canonical_url(url), self.source.id, "article"), url) for url in article.links]
            yield from self._take(stories, hops + 1)

    # ------------------------------------------------------------------ what went wrong

    def failed_listing(self, failure: Failure) -> None:
        """Record a listing that did not come."""
        request = failure.request  # type: ignore[attr-defined]
        outcome, reason, response = outcome_of(failure)
        # a feed that is not there any more is a fault to look into, not the end of an article
        self._record(request.cb_kwargs["asked"], "discovery", "failed" if outcome == "gone" else outcome, reason, response)

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

    def _record(
        self,
        url: str,
        kind: Kind,
        outcome: Outcome,
        reason: str | None,
        response: Response | None = None,
        *,
        conditional: bool = False,
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
            bytes=len(response.body) if response is not None else 0,
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
    if isinstance(error, IgnoreRequest):
        text = str(error)
        if "robots.txt" in text:
            return "skipped", "robots", None
        if "redirections" in text:
            return "failed", "redirects", None
        return "skipped", "offsite" if "offsite" in text else "ignored", None
    for kind, reason in _EXCEPTIONS:
        if isinstance(error, kind):
            return "failed", reason, None
    text = f"{error!r}".lower()
    return "failed", "tls" if "ssl" in text or "certificate" in text else "connection", None


def _text(response: Response) -> str:
    """Return the page's text. Raises NotAnArticle where the answer is no text."""
    if not isinstance(response, TextResponse):
        raise NotAnArticle("not-html")
    return decode(response.body, response.encoding)


def _header(response: Response | None, name: str) -> str | None:
    value = response.headers.get(name) if response is not None else None
    return value.decode("latin-1") if value else None


def _host(request: Request) -> str:
    from scrapy.utils.httpobj import urlparse_cached

    return urlparse_cached(request).hostname or ""
