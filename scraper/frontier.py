"""What a crawl remembers between requests and between runs.

The spiders speak to a `Frontier`; who keeps it is not their business. `MemoryFrontier` forgets with the process and serves
`scrapy crawl` and tests; the flows hand the spiders one that lives in the archive.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

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
        """Remember discovered articles and return those of them that are to be fetched now.

        An article already fetched comes back only where its stated modification is later than the one known when it was
        fetched, or where its turn on the revisit schedule has come; one handed out earlier in this run never does.
        """
        ...

    def due(self, source: str) -> list[Link]:
        """Articles of a newspaper that are to be fetched without being discovered anew: left over from a run that was
        cut off, failed and to be tried again, or due for a revisit."""
        ...

    def validators(self, url: str) -> Validators | None:
        """The validators that the last successful answer of this address carried, if any."""
        ...

    def record(self, visit: Visit) -> None:
        """Say what became of one request."""
        ...


class MemoryFrontier:
    """A frontier that lasts as long as the process: everything discovered is fetched once."""

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self.visits: list[Visit] = []

    def add(self, links: Iterable[Link]) -> list[Link]:
        fresh = []
        for link in links:
            if link.url not in self.seen:
                self.seen.add(link.url)
                fresh.append(link)
        return fresh

    def due(self, source: str) -> list[Link]:  # noqa: ARG002
        return []

    def validators(self, url: str) -> Validators | None:  # noqa: ARG002
        return None

    def record(self, visit: Visit) -> None:
        self.visits.append(visit)
