"""From feeds, sitemaps and section pages to the addresses of articles, with the instants that they state."""

from __future__ import annotations

import io
import logging
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import fastfeedparser
import feedparser
from lxml import etree
from parsel import Selector
from scrapy.utils.sitemap import Sitemap

from scraper.frontier import Link
from scraper.instants import parse_instant
from scraper.sources import Source
from scraper.urls import canonical_url, fetch_url, is_listing, is_page

logger = logging.getLogger(__name__)

_NAIVE_STAMP = re.compile(
    rb"<(?:pubDate|published|updated|dc:date|issued|modified)>\s*(?:<!\[CDATA\[)?[^<\]]*"
    rb"[T\s]\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?\s*(?:\]\]>)?\s*</",
    re.I,
)
_INFLATED = 16 * 1024 * 1024


class ListingError(ValueError):
    """A feed, sitemap or section page cannot be read. `reason` is short and can be counted."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True)
class Found:
    """An article found on a listing."""

    link: Link
    address: str
    """Its address as the listing gives it, made absolute: the one to ask for."""


@dataclass(frozen=True)
class SitemapPage:
    """What one sitemap file holds: articles, or further files where it is an index; newest first."""

    articles: list[Found]
    files: list[str]
    changed: Mapping[str, datetime] = field(default_factory=dict)
    """File → when it last changed, as the index states."""


def unzip(body: bytes, most: int = _INFLATED) -> bytes:
    """Return a body without gzip, if it has any. Raises ListingError where it would be longer than `most` bytes."""
    if body[:2] != b"\x1f\x8b":
        return body
    reader = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        plain = reader.decompress(body, most + 1)
    except zlib.error as error:
        raise ListingError("bad-gzip", f"it is damaged gzip: {error}") from error
    if len(plain) > most:
        raise ListingError("too-large", f"unpacked it is longer than {most} bytes")
    return plain


def _found(
    source: Source, via: str, url: str | None, base: str, published: datetime | None, modified: datetime | None
) -> Found | None:
    try:
        address = fetch_url(url or "", base)
        return Found(Link(canonical_url(address), source.id, via, published, modified), address) if url else None
    except ValueError:
        return None


def read_feed(body: bytes, url: str, source: Source) -> list[Found]:
    """Return the articles of an RSS, Atom, RDF or JSON feed, in its order.

    fastfeedparser reads it; feedparser, which is 40 times slower, only what that one cannot: broken XML, and stamps without a
    zone, which are the newspaper's own time and not UTC. Raises ListingError where there is no feed.
    """
    body = unzip(body)
    entries: list[tuple[Any, Any, Any]] = []
    if not _NAIVE_STAMP.search(body):
        try:
            feed = fastfeedparser.parse(
                body, include_content=False, include_media=False, include_enclosures=False, include_tags=False
            )
            entries = [(e.get("link"), e.get("published"), e.get("updated")) for e in feed.entries]
        except Exception as error:  # it raises what its parsers raise
            logger.debug("fastfeedparser: %s: %s", url, error)
    if not entries:
        slow = feedparser.parse(io.BytesIO(body), sanitize_html=False, resolve_relative_uris=False)
        # dict.get, because feedparser's own warns where it takes one date for the other; dc:date it always calls "updated"
        entries = [
            (e.get("link"), dict.get(e, "published") or dict.get(e, "updated"), dict.get(e, "updated")) for e in slow.entries
        ]
        if not entries and not slow.get("version"):
            raise ListingError("not-a-feed", f"{url} answers with something that is no feed")
    found = []
    for link, published, updated in entries:
        one = _found(source, "feed", link, url, parse_instant(published, source.zone), parse_instant(updated, source.zone))
        if one is not None:
            found.append(one)
    return found


def read_sitemap(body: bytes, url: str, source: Source) -> SitemapPage:
    """Return the articles of a (news) sitemap, or the files of a sitemap index; those that state a later instant come first.

    Raises ListingError where there is no sitemap.
    """
    body = unzip(body)
    try:
        sitemap = Sitemap(body)
        kind, rows = sitemap.type, list(sitemap)
    except (etree.XMLSyntaxError, StopIteration) as error:
        raise ListingError("not-a-sitemap", f"{url} answers with something that is no sitemap") from error
    if kind not in {"urlset", "sitemapindex"}:
        raise ListingError("not-a-sitemap", f"{url} answers with <{kind}>, which is no sitemap")
    if kind == "sitemapindex":
        stamped = [
            (parse_instant(row.get("lastmod"), source.zone), fetch) for row in rows if (fetch := _address(row.get("loc"), url))
        ]
        stamped.sort(key=lambda item: item[0].timestamp() if item[0] else float("inf"), reverse=True)
        changed = {address: modified for modified, address in stamped if modified}
        return SitemapPage([], [address for _, address in stamped], changed)
    stated = _news_dates(body)
    articles = []
    for row in rows:
        loc = row.get("loc") or ""
        modified = parse_instant(row.get("lastmod"), source.zone)
        published = parse_instant(stated.get(loc.strip()), source.zone)
        one = _found(source, "sitemap", loc, url, published, modified)
        if one is not None:
            articles.append(one)
    articles.sort(key=lambda one: _latest(one.link), reverse=True)
    return SitemapPage(articles, [])


def _address(url: str | None, base: str) -> str | None:
    try:
        return fetch_url(url, base) if url else None
    except ValueError:
        return None


def _latest(link: Link) -> float:
    instants = [instant.timestamp() for instant in (link.published, link.modified) if instant]
    return max(instants, default=float("-inf"))


def _news_dates(body: bytes) -> dict[str, str]:
    """Return address → news:publication_date. Scrapy's reader looks at the children of <url> alone, not at theirs."""
    if b"publication_date" not in body:
        return {}
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, huge_tree=False)
    root = etree.fromstring(body, parser)
    dates: dict[str, str] = {}
    if root is None:
        return dates
    for entry in root.iter("{*}url"):
        loc, date = entry.find("{*}loc"), entry.find(".//{*}publication_date")
        if loc is not None and loc.text and date is not None and date.text:
            dates[loc.text.strip()] = date.text.strip()
    return dates


def read_section(html: str, url: str, source: Source) -> list[Found]:
    """Return the articles that a section page links to, in its order, each once."""
    found: dict[str, Found] = {}
    selector = Selector(html)
    base = _base(selector, url)
    for href in selector.xpath("//a/@href").getall():
        one = _found(source, "section", href, base, None, None)
        if one is not None and one.link.url not in found and source.may_be_article(one.link.url):
            found[one.link.url] = one
    return list(found.values())


def next_page(html: str, url: str, source: Source) -> str | None:
    """Return the address of a section's next page by the newspaper's selector or the page's `rel="next"`, or None."""
    selector = Selector(html)
    hrefs: list[str | None] = []
    if source.next_page:
        nodes = selector.css(source.next_page)
        hrefs += [node.get() if isinstance(node.root, str) else node.attrib.get("href") for node in nodes]
    else:
        hrefs += selector.xpath("//link[@rel='next']/@href | //a[contains(concat(' ', @rel, ' '), ' next ')]/@href").getall()
    for href in hrefs:
        address = _address(href, _base(selector, url))
        if address and source.owns(address) and address != url:
            return address
    return None


def _base(selector: Selector, url: str) -> str:
    return _address(selector.xpath("//base/@href").get(), url) or url


def own(found: list[Found], source: Source) -> Iterator[tuple[Found, str | None]]:
    """Yield what a feed or sitemap lists, each with the reason why it is not fetched, or None.

    Reasons: offsite; denied, by the newspaper's patterns; no-page, the address of a tag, an author, a picture…
    """
    for one in found:
        if not source.owns(one.address):
            yield one, "offsite"
        elif source.denies(one.link.url):
            yield one, "denied"
        elif not source.allow and (is_listing(one.link.url) or not is_page(one.address)):
            yield one, "no-page"
        else:
            yield one, None
