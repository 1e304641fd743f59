"""The spiders' frontier, kept in the archive."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict

from scrapy.exceptions import CloseSpider

from db.archive import Archive
from scraper.frontier import Link, Listing, Validators, Visit


class ArchiveFrontier:
    """A `scraper.frontier.Frontier` that one run of a crawl shares with `db.archive.Archive`.

    What the archive cannot write (the disk is full, another program holds the database) ends the run: `fault` keeps the first
    error, and `on_fault` is called once.
    """

    def __init__(self, archive: Archive, run: int, on_fault: Callable[[], None] = lambda: None) -> None:
        self.archive = archive
        self.run = run
        self.on_fault = on_fault
        self.fault: sqlite3.Error | None = None
        self.read = 0
        """Articles that the extractor read in this run."""
        self.incidents = 0
        """Incident reports that it found in them."""

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Note the archive's first fault and have the run ended. Raises `scrapy.exceptions.CloseSpider`, which ends one
        spider without a traceback."""
        try:
            yield
        except sqlite3.Error as error:
            if self.fault is None:
                self.fault = error
                self.on_fault()
            raise CloseSpider("archive") from error

    def add(self, links: Iterable[Link]) -> list[Link]:
        with self.writing():
            return [Link(**row) for row in self.archive.add_links(self.run, [asdict(link) for link in links], hand=False)]

    def due(self, source: str, most: int | None = None) -> list[Link]:
        with self.writing():
            return [Link(**row) for row in self.archive.hand_out(self.run, source, most)]

    def claim(self, link: Link) -> bool:
        with self.writing():
            return self.archive.claim(self.run, asdict(link))

    def add_listings(self, listings: Iterable[Listing]) -> list[Listing]:
        with self.writing():
            return [Listing(**row) for row in self.archive.add_listings(self.run, [asdict(one) for one in listings])]

    def due_listings(self, source: str) -> list[Listing]:
        with self.writing():
            return [Listing(**row) for row in self.archive.due_listings(self.run, source)]

    def listings_below(self, parent: str) -> list[Listing]:
        with self.writing():
            return [Listing(**row) for row in self.archive.listings_below(self.run, parent)]

    def validators(self, url: str) -> Validators | None:
        found = self.archive.validators(url)
        return Validators(*found) if found else None

    def record(self, visit: Visit) -> None:
        with self.writing():
            self.archive.record_visit(self.run, asdict(visit))
