"""robots.txt, kept between runs and asked for under conditions, and obeyed where it cannot be had (RFC 9309)."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from scrapy import Request, signals
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest, UsageError
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK
from scrapy.utils.defer import maybe_deferred_to_future
from scrapy.utils.httpobj import urlparse_cached
from scrapy.utils.misc import build_from_crawler
from twisted.internet.defer import Deferred

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.robotstxt import RobotParser

logger = logging.getLogger(__name__)

FRESH = timedelta(days=1)
"""How long a robots.txt counts without asking (RFC 9309, 2.4)."""
STALE = timedelta(days=30)
"""How long the last one counts while a newspaper's cannot be had (RFC 9309, 2.3.1.4)."""
LONGEST = 512 * 1024
"""Bytes of a robots.txt that are read; RFC 9309, 2.5 asks for 500 KiB at least."""


@dataclass(frozen=True)
class RobotsFile:
    """The robots.txt of one host, as it was last had."""

    url: str
    fetched: datetime
    """When the newspaper last said that this is it, time-zone aware."""
    body: bytes = b""
    """Empty where there is none (an answer 4xx)."""
    etag: str | None = None
    last_modified: str | None = None


class RobotsUnreachable(Exception):  # noqa: N818 - named for what the file is
    """The robots.txt cannot be had, so nothing may be asked for. `cause` is what happened to it."""

    def __init__(self, url: str, cause: Exception | int) -> None:
        super().__init__(f"{url} cannot be had: {cause!r}")
        self.cause = cause


class KeptRobotsMiddleware(RobotsTxtMiddleware):
    """Scrapy's own, which asks for every robots.txt in every run, with a memory: what the spider's frontier keeps counts for
    a day, and is then asked for with its validators.

    A robots.txt that is answered with 5xx, or not at all, forbids everything, unless an earlier one is at most 30 days old.
    Raises `scrapy.exceptions.UsageError` where the settings say not to obey: there is no switch for that.
    """

    def __init__(self, crawler: Crawler) -> None:
        if not crawler.settings.getbool("ROBOTSTXT_OBEY"):
            raise UsageError("robots.txt is obeyed in every crawl: leave ROBOTSTXT_OBEY as it is")
        super().__init__(crawler)
        self._faults: dict[str, RobotsUnreachable] = {}

    async def robot_parser(self, request: Request) -> RobotParser | None:
        """Return the rules for a request's host, or None where there are none. Raises `RobotsUnreachable`."""
        parts = urlparse_cached(request)
        host = parts.netloc
        if host not in self._parsers:
            waiting: Deferred[RobotParser | None] = Deferred()
            self._parsers[host] = waiting
            rules = None
            try:
                rules = await self._rules(f"{parts.scheme}://{host}/robots.txt", request)
            except RobotsUnreachable as error:
                self._faults[host] = error
            except Exception:
                logger.exception("%s: its robots.txt", host)
            self._parsers[host] = rules
            waiting.callback(rules)
        found = self._parsers[host]
        if isinstance(found, Deferred):
            found = await maybe_deferred_to_future(found)
        if host in self._faults:
            raise self._faults[host]
        return found

    async def _rules(self, url: str, request: Request) -> RobotParser | None:
        frontier = getattr(self.crawler.spider, "frontier", None)
        kept: RobotsFile | None = frontier.robots(url) if frontier else None
        now = datetime.now(UTC)
        age = abs(now - kept.fetched) if kept else STALE  # a clock that was set back makes nothing young
        if kept is None or age >= FRESH:
            try:
                kept = await self._ask(url, kept, now)
            except IgnoreRequest:  # it leads to another site: there is none here
                return None
            except RobotsUnreachable:
                if kept is None or age >= STALE:
                    raise
            else:
                if frontier:
                    frontier.keep_robots(kept)
        parser = build_from_crawler(self._parserimpl, self.crawler, kept.body)
        await self.crawler.signals.send_catch_log_async(signal=signals.robots_parsed, robotparser=parser, request=request)
        return parser

    async def _ask(self, url: str, kept: RobotsFile | None, now: datetime) -> RobotsFile:
        headers = {}
        if kept and kept.etag:
            headers["If-None-Match"] = kept.etag
        if kept and kept.last_modified:
            headers["If-Modified-Since"] = kept.last_modified
        asked = Request(url, NO_CALLBACK, headers=headers, priority=self.DOWNLOAD_PRIORITY, meta={"dont_obey_robotstxt": True})
        engine = self.crawler.engine
        assert engine is not None
        try:
            response = await engine.download_async(asked)
        except IgnoreRequest:
            raise
        except Exception as error:
            raise RobotsUnreachable(url, error) from error
        self._stats.inc_value("robotstxt/request_count")
        self._stats.inc_value(f"robotstxt/response_status_count/{response.status}")
        if response.status == 304 and kept:
            return replace(kept, fetched=now)
        if response.status >= 500 or response.status == 429:
            raise RobotsUnreachable(url, response.status)
        body = response.body[:LONGEST] if response.status < 300 else b""
        return RobotsFile(url, now, body, _header(response, "ETag"), _header(response, "Last-Modified"))


def _header(response: Response, name: str) -> str | None:
    value = response.headers.get(name)
    return value.decode("latin-1") if value else None
