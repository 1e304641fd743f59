"""What the spiders yield."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass
class Article:
    """One news article as one page told it at one moment.

    Instants are time-zone aware; `published` and `modified` are in the newspaper's own zone.
    """

    url: str
    """Canonical URL, folded by `scraper.urls.canonical_url`: the article's identity."""
    source: str
    """Identifier of the newspaper: its table's name in `sources.toml`."""
    headline: str
    body: str
    """Paragraphs separated by one blank line, without the links to other stories."""
    fetched: datetime
    fetched_url: str
    """The address that answered, after redirects."""
    link: str | None = None
    """The address to give to readers: as the page writes its own, else the one that answered. `url` is folded for comparing,
    and a newspaper need not answer it."""
    lead: str | None = None
    published: datetime | None = None
    published_from: str | None = None
    """The signal that gave `published`: json-ld, meta, feed, sitemap, time-element, url, text."""
    modified: datetime | None = None
    section: str | None = None
    language: str | None = None
    """ISO 639-1 code."""
    dateline: str | None = None
    """Place that opens the story ("TRUJILLO"), where the page states it apart from the body."""
    location_created: str | None = None
    """JSON-LD `locationCreated`: where the newspaper says that the story was written."""
    links: list[str] = field(default_factory=list)
    """Addresses of other stories of the same newspaper that the article links to, as it writes them."""
    etag: str | None = None
    last_modified: str | None = None
    status: int | None = None
    """HTTP status of the answer."""
    bytes: int = 0
    """Size of the answer, unpacked."""
