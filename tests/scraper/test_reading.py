"""Reading in processes beside the crawl."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from scraper_site import article

from scraper.frontier import Link
from scraper.items import Article
from scraper.page import NotAnArticle
from scraper.reading import InProcess, Page, Reader, ReadingPool, Unreadable, read_page
from scraper.sources import Source

sys.path.insert(0, str(Path(__file__).parent))
SOURCE = Source("diario", "Diario", "https://diario.pe/", allow=("/nota-",))


def page(title: str, html: str | None = None) -> Page:
    body = (html if html is not None else article(title)).encode()
    url = "https://diario.pe/nota-de-hoy-en-la-avenida/"
    return Page(body, "utf-8", url, SOURCE, datetime(2026, 10, 20, tzinfo=UTC), Link(url, "diario", "feed"))


def read_or_die(one: Page) -> Article:
    """A reader that some pages kill and others break."""
    if b"mortal" in one.body:
        os._exit(9)
    if b"roto" in one.body:
        raise RecursionError("nested too deep")
    return read_page(one)


async def answers(reader: Reader, pages: list[Page]) -> list[object]:
    return list(await asyncio.gather(*(reader.read(one) for one in pages), return_exceptions=True))


def test_a_page_that_kills_its_reader_costs_itself_alone() -> None:
    async def crawl() -> list[object]:
        pool = ReadingPool(2, read_or_die, ("scraper.reading",))
        try:
            pages = [page(f"Robo {n}") for n in range(6)]
            pages[2] = page("Robo mortal")
            return await answers(pool, pages) + await answers(pool, [page("Robo después")])
        finally:
            pool.close()

    told = asyncio.run(crawl())
    assert isinstance(told[2], Unreadable)
    assert told[2].reason == "reader-died"
    read = [one.headline for one in told if isinstance(one, Article)]
    assert read == ["Robo 0", "Robo 1", "Robo 3", "Robo 4", "Robo 5", "Robo después"]


@pytest.mark.parametrize("pooled", [True, False])
def test_what_is_no_article_and_what_breaks_the_reader_are_told_apart(pooled: bool) -> None:
    async def crawl() -> list[object]:
        reader: Reader = ReadingPool(1, read_or_die) if pooled else InProcess(read_or_die)
        try:
            empty = page("", "<html><body><h1>Video</h1></body></html>")
            return await answers(reader, [page("Robo"), empty, page("Robo roto")])
        finally:
            reader.close()

    good, empty, broken = asyncio.run(crawl())
    assert isinstance(good, Article)
    assert good.headline == "Robo"
    assert isinstance(empty, NotAnArticle)
    assert empty.reason == "no-body"
    assert isinstance(broken, Unreadable)
    assert broken.reason == "unreadable-RecursionError"
