"""What a crawl remembers between requests and between runs.

The spiders speak to a `Frontier`; who keeps it is not their business. `MemoryFrontier` forgets with the process and serves
`scrapy crawl` and tests; the flows hand the spiders one that lives in the archive.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from scraper.robots import RobotsFile

Kind = Literal["discovery", "article"]
Outcome = Literal["stored", "not_modified", "skipped", "failed", "gone"]


@dataclass(frozen=True)
class Link:
    """An article's address as it was discovered, before it is fetched."""

    url: str
    """Canonical URL."""
    source: str
    via: str
    """What led to it: feed, sitemap, section, article."""
    published: datetime | None = None
    """The publication instant that the feed or sitemap states, time-zone aware."""
    modified: datetime | None = None
    address: str | None = None
    """The address to ask for, as the listing writes it; None: made from `url`."""
    hops: int = 0
    """Articles that stand between a listing and this one, each linking to the next."""


Way = Literal["feed", "sitemap", "section"]


@dataclass(frozen=True)
class Listing:
    """The address of a feed, of a sitemap or of a page of a section."""

    url: str
    source: str
    way: Way
    step: int = 0
    """How many files of sitemap indexes, or pages of the section, stand before it; 0: the newspaper's table names it."""
    parent: str | None = None
    """The sitemap index that names it, or the section's page before it."""
    modified: datetime | None = None
    """When its content last changed, as its index states it, time-zone aware."""


@dataclass(frozen=True)
class Validators:
    """What a conditional request sends back to the newspaper."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True)
class Visit:
    """What became of one request. Every request ends in exactly one visit, so that no page is lost without a reason."""

    url: str
    """Canonical URL for an article, the address itself for a feed, sitemap or section."""
    source: str
    kind: Kind
    outcome: Outcome
    at: datetime
    reason: str | None = None
    """Short and countable: "http-404", "timeout", "robots", "no-body", "not-an-article"; None where all went well."""
    status: int | None = None
    bytes: int = 0
    etag: str | None = None
    last_modified: str | None = None


class Frontier(Protocol):
    """Which articles are known, which are to be fetched, and what became of each request."""

    def add(self, links: Iterable[Link]) -> list[Link]:
        """Remember discovered articles and return those of them that `due` will hand out.

        An article already fetched is among them only where its stated modification is later than the one known when it was
        fetched, or where its turn on the revisit schedule has come; one handed out earlier in this run never is.
        """
        ...

    def due(self, source: str, most: int | None = None) -> list[Link]:
        """At most so many articles of a newspaper that are to be fetched now: discovered and never fetched, failed and to be
        tried again, edited, or due for a revisit. None is handed out twice in one run."""
        ...

    def claim(self, link: Link) -> bool:
        """Whether an article that another address led to is to be stored in this run; from then on it is not, nor is it due."""
        ...

    def add_listings(self, listings: Iterable[Listing]) -> list[Listing]:
        """Remember the files of an index or the next page of a section, and return those to be read now.

        Not those that state when they changed and were read whole since then, less than a day ago.
        """
        ...

    def due_listings(self, source: str) -> list[Listing]:
        """Files and pages that a run that was cut off, or failed on them, left unread."""
        ...

    def listings_below(self, parent: str) -> list[Listing]:
        """The files that an index named when it was last read and that state no instant of their own: it may stay the same
        while they change."""
        ...

    def validators(self, url: str) -> Validators | None:
        """The validators that the last successful answer of this address carried, if any."""
        ...

    def rests_until(self, source: str) -> datetime | None:
        """Until when a newspaper asked to be left alone, where that is still to come."""
        ...

    def rest(self, source: str, until: datetime) -> None:
        """Remember that a newspaper asks to be left alone."""
        ...

    def robots(self, url: str) -> RobotsFile | None:
        """The robots.txt that was last had from this address, if any."""
        ...

    def keep_robots(self, robots: RobotsFile) -> None:
        """Remember a robots.txt for later runs."""
        ...

    def record(self, visit: Visit) -> None:
        """Say what became of one request."""
        ...


class MemoryFrontier:
    """A frontier that lasts as long as the process: everything discovered is fetched once."""

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self.waiting: deque[Link] = deque()
        self.listings: dict[str, Listing] = {}
        self.visits: list[Visit] = []

    def add(self, links: Iterable[Link]) -> list[Link]:
        fresh = []
        for link in links:
            if link.url not in self.seen:
                self.seen.add(link.url)
                fresh.append(link)
        self.waiting.extend(fresh)
        return fresh

    def due(self, source: str, most: int | None = None) -> list[Link]:  # noqa: ARG002
        most = len(self.waiting) if most is None else min(most, len(self.waiting))
        return [self.waiting.popleft() for _ in range(most)]

    def claim(self, link: Link) -> bool:
        if link.url not in self.seen:
            self.seen.add(link.url)
            return True
        waiting = len(self.waiting)
        self.waiting = deque(one for one in self.waiting if one.url != link.url)
        return len(self.waiting) < waiting

    def add_listings(self, listings: Iterable[Listing]) -> list[Listing]:
        fresh = [listing for listing in listings if listing.url not in self.listings]
        self.listings |= {listing.url: listing for listing in fresh}
        return fresh

    def due_listings(self, source: str) -> list[Listing]:  # noqa: ARG002
        return []

    def listings_below(self, parent: str) -> list[Listing]:  # noqa: ARG002
        return []

    def validators(self, url: str) -> Validators | None:  # noqa: ARG002
        return None

    def rests_until(self, source: str) -> datetime | None:  # noqa: ARG002
        return None

    def rest(self, source: str, until: datetime) -> None:
        """A run that is asked to wait long ends, and this frontier with it."""

    def robots(self, url: str) -> RobotsFile | None:  # noqa: ARG002
        return None

    def keep_robots(self, robots: RobotsFile) -> None:
        """Scrapy's middleware remembers it as long as this frontier lasts."""

    def record(self, visit: Visit) -> None:
        self.visits.append(visit)
