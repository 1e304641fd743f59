"""What stands between the spiders and the network: safe addresses, redirects within a newspaper, patience."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import math
import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from scrapy import Request, Spider, signals
from scrapy.exceptions import IgnoreRequest
from scrapy.resolver import CachingHostnameResolver
from scrapy.utils.httpobj import urlparse_cached
from twisted.internet.interfaces import IAddress, IHostResolution, IResolutionReceiver
from zope.interface import implementer  # type: ignore[import-untyped]

from scraper.sources import Source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scrapy.core.downloader import Slot
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from scrapy.robotstxt import RobotParser

logger = logging.getLogger(__name__)

LONGEST_DELAY = 300.0  # seconds between two requests, whatever a robots.txt asks for, and of all waits of a run together
LONGEST_REST = 86_400.0  # seconds that a newspaper is left alone at most


class Refused(IgnoreRequest):
    """A request that is not sent, with a short reason that can be counted."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class SafeAddressMiddleware:
    """Refuses addresses of this machine and of private networks, but for the ports of `QUINTANAS_LOOPBACK_PORTS`."""

    def __init__(self, ports: frozenset[int]) -> None:
        self.ports = ports

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> SafeAddressMiddleware:
        return cls(frozenset(int(port) for port in crawler.settings.getlist("QUINTANAS_LOOPBACK_PORTS")))

    def process_request(self, request: Request) -> None:
        """Raise Refused where the address is not public."""
        parts = urlparse_cached(request)
        host = (parts.hostname or "").rstrip(".").lower()
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
        if is_private(host) and not (is_loopback(host) and port in self.ports):
            raise Refused("private-address", f"{request.url} is not a public address")


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def is_private(host: str) -> bool:
    """Whether a host is an address outside the public internet. A name that must be looked up is taken for public."""
    try:
        return not all(one.is_global and not one.is_multicast for one in _addresses(host))
    except ValueError:
        # a lone number or "127.1" is an address to the system's resolver
        return (
            is_loopback(host) or "." not in host or host.rpartition(".")[2].isdigit() or host.endswith((".local", ".internal"))
        )


_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def _addresses(host: str) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    """Return an address with those that are wrapped in it (mapped, 6to4, Teredo, NAT64). Raises ValueError for a name."""
    address = ipaddress.ip_address(host.partition("%")[0].strip("[]"))
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    wrapped = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64:
        wrapped.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    inside = [one for one in wrapped if one is not None]
    return inside if address.ipv4_mapped else [address, *inside]


class PublicResolver(CachingHostnameResolver):
    """A resolver that knows no name of a private address, whoever owns the name; this machine is asked by its address alone.

    What it answers is what is connected to, IPv4 and IPv6, so a name that changes its address in between gains nothing; where a
    name has public and private addresses, the private ones are left out.
    """

    def resolveHostName(  # noqa: N802 - Twisted's name
        self,
        resolutionReceiver: Any,  # noqa: N803
        hostName: str,  # noqa: N803
        portNumber: int = 0,  # noqa: N803
        addressTypes: Sequence[type[IAddress]] | None = None,  # noqa: N803
        transportSemantics: str = "TCP",  # noqa: N803
    ) -> IHostResolution:
        """Tell the receiver the public addresses of a host; none, like those of an unknown name, where it has no other."""
        receiver: Any = _PublicOnly(resolutionReceiver, hostName)
        return super().resolveHostName(receiver, hostName, portNumber, addressTypes, transportSemantics)


@implementer(IResolutionReceiver)
class _PublicOnly:
    """Hands on what a resolver finds, but for private addresses; those that stand in the URL itself were judged before."""

    def __init__(self, receiver: Any, name: str) -> None:
        self.receiver = receiver
        self.name = name

    def resolutionBegan(self, resolution: IHostResolution) -> None:  # noqa: N802
        self.receiver.resolutionBegan(resolution)

    def addressResolved(self, address: IAddress) -> None:  # noqa: N802
        host = str(getattr(address, "host", ""))
        if _is_literal(self.name) or not is_private(host):
            self.receiver.addressResolved(address)
        else:
            logger.warning("%s is at %s, which is not a public address", self.name, host)

    def resolutionComplete(self) -> None:  # noqa: N802
        self.receiver.resolutionComplete()


def _is_literal(host: str) -> bool:
    try:
        return bool(ipaddress.ip_address(host.partition("%")[0].strip("[]")))
    except ValueError:
        return False


class RedirectGuardMiddleware:
    """Refuses redirects that leave the newspaper's site; Scrapy drops some of them without a word and follows others."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> RedirectGuardMiddleware:
        return cls(crawler)

    def process_response(self, request: Request, response: Response) -> Response:
        """Pass the response on, or raise Refused."""
        source = getattr(self.crawler.spider, "source", None)
        location = response.headers.get("Location")
        if isinstance(source, Source) and location and 300 <= response.status < 400 and response.status != 304:
            target = urljoin(request.url, location.decode("latin-1"))
            if not source.owns(target):
                raise Refused("offsite-redirect", f"{request.url} redirects to {target}, outside {source.home}")
        return response


class RetryAfterMiddleware:
    """Waits as long as a newspaper that is overloaded asks (429 and 503 with `Retry-After`).

    Where that is more than `LONGEST_DELAY` seconds, all waits of a run together, the run of this newspaper ends, and no other
    begins before the time has come: what is left waits in the frontier.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.until = 0.0  # by the monotonic clock
        self.waited = 0.0
        self.ending: asyncio.Future[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> RetryAfterMiddleware:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:  # noqa: ARG002 - Scrapy's signature
        """Hold every request back while the newspaper rests."""
        while (pause := self.until - time.monotonic()) > 0:
            await asyncio.sleep(pause)

    def process_response(self, request: Request, response: Response) -> Response:
        """Note how long to wait; end the run where that is too long."""
        if response.status not in {429, 503}:
            return response
        asked = retry_after(response.headers.get("Retry-After"), datetime.now(UTC))
        if asked is None:
            return response
        now = time.monotonic()
        more = max(0.0, now + asked - max(self.until, now))
        if self.waited + more > LONGEST_DELAY:
            request.meta["dont_retry"] = True
            self._rest(asked)
        else:
            self.until, self.waited = max(self.until, now + asked), self.waited + more
        return response

    def _rest(self, seconds: float) -> None:
        spider, engine = self.crawler.spider, self.crawler.engine
        source, frontier = getattr(spider, "source", None), getattr(spider, "frontier", None)
        logger.warning("%s asks to be left alone for %.0f s", getattr(source, "id", "the site"), seconds)
        if isinstance(source, Source) and frontier is not None:
            frontier.rest(source.id, datetime.now(UTC) + timedelta(seconds=min(seconds, LONGEST_REST)))
        if engine is not None and engine.spider is not None and not self.ending:
            self.ending = asyncio.ensure_future(engine.close_spider_async(reason="retry-after"))


def retry_after(value: bytes | None, now: datetime) -> float | None:
    """Return the seconds that a `Retry-After` header asks for (RFC 9110, 10.2.3), or None where it says nothing readable."""
    if not value:
        return None
    text = value.decode("latin-1").strip()
    if text.isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


class CrawlDelay:
    """Keeps to `Crawl-delay` of robots.txt and `crawl_delay` of the newspaper's table, whichever is longer.

    Scrapy reads the directive and leaves it at that; AutoThrottle would lower the delay again, so it is set after each answer.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.least: dict[str, float] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> CrawlDelay:
        extension = cls(crawler)
        crawler.signals.connect(extension.spider_opened, signal=signals.spider_opened)
        crawler.signals.connect(extension.robots_parsed, signal=signals.robots_parsed)
        crawler.signals.connect(extension.response_downloaded, signal=signals.response_downloaded)
        return extension

    def spider_opened(self, spider: Spider) -> None:
        """Start with the delay that the newspaper's table states."""
        source = getattr(spider, "source", None)
        if isinstance(source, Source) and source.crawl_delay:
            host = urlparse_cached(Request(source.home)).hostname or ""
            self._set(host, source.crawl_delay)

    def robots_parsed(self, robotparser: RobotParser, request: Request) -> None:
        """Take the delay that a robots.txt asks for."""
        agent = self.crawler.settings["ROBOTSTXT_USER_AGENT"] or self.crawler.settings["USER_AGENT"]
        delay = robotparser.crawl_delay(agent)
        if delay is not None and math.isfinite(delay) and delay > 0:
            self._set(urlparse_cached(request).hostname or "", min(delay, LONGEST_DELAY))

    def response_downloaded(self, request: Request) -> None:
        """Undo what AutoThrottle lowered too far."""
        slot = _slot(self.crawler, request)
        key = request.meta.get("download_slot")
        if slot is not None and key in self.least:
            slot.delay = max(slot.delay, self.least[key])

    def _set(self, host: str, delay: float) -> None:
        delay = max(delay, self.least.get(host, 0.0))
        self.least[host] = delay
        downloader = self.crawler.engine.downloader if self.crawler.engine else None
        if downloader is None:
            return
        downloader.per_slot_settings[host] = {**downloader.per_slot_settings.get(host, {}), "concurrency": 1, "delay": delay}
        if host in downloader.slots:
            downloader.slots[host].concurrency = 1
            downloader.slots[host].delay = max(downloader.slots[host].delay, delay)
        logger.info("%s asks for %.1f s between requests", host, delay)


def _slot(crawler: Crawler, request: Request) -> Slot | None:
    """Return the downloader's slot of a request, or None before it has one."""
    engine = crawler.engine
    return engine.downloader.slots.get(request.meta.get("download_slot", "")) if engine else None
