"""Feeds, sitemaps and section pages, well made and badly made."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime

import pytest

from scraper.discovery import ListingError, next_page, read_feed, read_section, read_sitemap
from scraper.sources import Source

DIARY = Source("diario", "Diario", "https://diario.pe/")
URL = "https://diario.pe/feed/"
EVENING = datetime(2026, 10, 14, 2, 10, tzinfo=UTC)  # ten past nine of the 13th in Lima


def rss(date: str, link: str = "https://diario.pe/robo-en-virú/?utm_source=rss") -> bytes:
    return (
        f"<?xml version='1.0' encoding='UTF-8'?><rss version='2.0'><channel><title>d</title><link>https://diario.pe</link>"
        f"<item><title>Robo</title><link>{link}</link><pubDate>{date}</pubDate></item></channel></rss>"
    ).encode()


@pytest.mark.parametrize(
    "date",
    [
        "Tue, 13 Oct 2026 21:10:00 -0500",
        "Wed, 14 Oct 2026 02:10:00 +0000",
        "Wed, 14 Oct 2026 02:10:00 GMT",
        "2026-10-13T21:10:00-05:00",
        "2026-10-13T21:10:00",
        "2026-10-13 21:10:00",
        "Tue, 13 Oct 2026 21:10:00",
        "13/10/2026 21:10",
    ],
)
def test_the_instant_of_a_feed_is_right_with_or_without_a_zone(date: str) -> None:
    (found,) = read_feed(rss(date), URL, DIARY)
    assert found.link.published == EVENING
    assert found.link.published.utcoffset() == DIARY.zone.utcoffset(EVENING.replace(tzinfo=None))


@pytest.mark.parametrize("date", ["", "ayer", "0000-00-00 00:00:00", "Mié, 99 Oct 2026"])
def test_a_feed_with_a_bad_date_keeps_its_article(date: str) -> None:
    (found,) = read_feed(rss(date), URL, DIARY)
    assert found.link.published is None
    assert found.link.url == "https://diario.pe/robo-en-vir%C3%BA"
    assert found.address == "https://diario.pe/robo-en-virú/"


@pytest.mark.parametrize(
    "body",
    [
        rss("Wed, 14 Oct 2026 02:10:00 GMT").replace(b"Robo", b"Robo &aacute;&nbsp;& m\xe1s"),
        gzip.compress(rss("Wed, 14 Oct 2026 02:10:00 GMT")),
        b"\n\n  " + rss("Wed, 14 Oct 2026 02:10:00 GMT"),
        rss("Wed, 14 Oct 2026 02:10:00 GMT").removesuffix(b"</channel></rss>"),
        b"<?xml version='1.0'?><feed xmlns='http://www.w3.org/2005/Atom'><title>d</title><entry><title>Robo</title>"
        b"<link rel='alternate' href='/robo-en-vir%C3%BA/'/><published>2026-10-14T02:10:00Z</published></entry></feed>",
        b"<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'"
        b" xmlns:dc='http://purl.org/dc/elements/1.1/'><channel><title>d</title></channel><item><title>Robo</title>"
        b"<link>https://diario.pe/robo-en-vir%C3%BA/</link><dc:date>2026-10-13T21:10:00-05:00</dc:date></item></rdf:RDF>",
    ],
    ids=["entities", "gzip", "blanks", "cut off", "atom", "rdf"],
)
def test_feeds_of_all_makes(body: bytes) -> None:
    (found,) = read_feed(body, URL, DIARY)
    assert (found.link.url, found.link.published) == ("https://diario.pe/robo-en-vir%C3%BA", EVENING)


@pytest.mark.parametrize(
    "body", [b"", b"<html><body>Mantenimiento</body></html>", b"\x1f\x8b\x00broken", b"http://127.0.0.1:9/feed", b"/etc/passwd"]
)
def test_what_is_no_feed_is_said_to_be_none(body: bytes) -> None:
    with pytest.raises(ListingError):
        read_feed(body, URL, DIARY)


def test_an_empty_feed_is_a_feed() -> None:
    assert read_feed(b"<rss version='2.0'><channel><title>d</title></channel></rss>", URL, DIARY) == []


def test_entities_of_a_sitemap_are_not_read() -> None:
    body = (
        b"<?xml version='1.0'?><!DOCTYPE urlset [<!ENTITY x SYSTEM 'file:///etc/hostname'>]>"
        b"<urlset><url><loc>https://diario.pe/robo-en-viru/&x;</loc></url></urlset>"
    )
    page = read_sitemap(body, "https://diario.pe/sitemap.xml", DIARY)
    assert all(one.link.url == "https://diario.pe/robo-en-viru" for one in page.articles)


def test_a_sitemap_that_inflates_without_end_is_refused() -> None:
    with pytest.raises(ListingError, match="longer than"):
        read_sitemap(gzip.compress(b"<urlset>" + b" " * 20_000_000), "https://diario.pe/s.xml.gz", DIARY)


def test_a_sitemap_index_gives_its_latest_files_first() -> None:
    body = (
        b"<sitemapindex><sitemap><loc>https://diario.pe/2024.xml</loc><lastmod>2024-12-31</lastmod></sitemap>"
        b"<sitemap><loc>https://diario.pe/2026.xml</loc><lastmod>2026-10-01</lastmod></sitemap></sitemapindex>"
    )
    assert read_sitemap(body, "https://diario.pe/s.xml", DIARY).files == [
        "https://diario.pe/2026.xml",
        "https://diario.pe/2024.xml",
    ]


def test_a_section_page_gives_articles_once_and_nothing_else() -> None:
    html = """<nav><a href="/policiales/">Policiales</a></nav><a href="/robo-a-mano-armada-en-viru/"><img></a>
    <h2><a href="/robo-a-mano-armada-en-viru/?utm_source=home">Robo</a></h2><a href="mailto:a@b.pe">x</a>
    <a href="javascript:void(0)">x</a>
    <a href="https://otro.pe/una-nota-de-otro-diario/">x</a><a href="/tag/robo-a-mano-armada/">x</a><a href="https://[malo">x</a>"""
    assert [one.link.url for one in read_section(html, "https://diario.pe/", DIARY)] == [
        "https://diario.pe/robo-a-mano-armada-en-viru"
    ]


@pytest.mark.parametrize(
    ("selector", "html", "following"),
    [
        ("", "<link rel='next' href='/policiales/page/2/'>", "https://diario.pe/policiales/page/2/"),
        ("", "<a rel='nofollow next' href='?page=2'>2</a>", "https://diario.pe/policiales/?page=2"),
        ("a.sig", "<a class='sig' href='2.html'>»</a>", "https://diario.pe/policiales/2.html"),
        ("a.sig::attr(href)", "<a class='sig' href='2.html'>»</a>", "https://diario.pe/policiales/2.html"),
        ("a.sig", "<a class='sig' href='https://otro.pe/2'>»</a>", None),
        ("", "<a href='2.html'>2</a>", None),
    ],
)
def test_the_next_page_of_a_section(selector: str, html: str, following: str | None) -> None:
    source = Source("diario", "Diario", "https://diario.pe/", next_page=selector)
    assert next_page(html, "https://diario.pe/policiales/", source) == following
