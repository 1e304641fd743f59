"""The spiders' frontier, kept in the archive."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from scrapy.exceptions import CloseSpider

from db.archive import Archive
from scraper.frontier import Link, Listing, Validators, Visit
from scraper.robots import RobotsFile

GROUP = 0.25
"""Seconds after which what was written is on the disk. A kill loses no more, and all of it is asked for again."""


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
        self._timer: asyncio.TimerHandle | None = None
        self.read = 0
        """Articles that the extractor read in this run."""
        self.incidents = 0
        """Incident reports that it found in them."""

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Write inside; it reaches the disk within `GROUP` seconds, with what else is written meanwhile.

        Notes the archive's first fault and has the run ended. Raises `scrapy.exceptions.CloseSpider`, which ends one spider
        without a traceback.
        """
        try:
            self._open_group()
            yield
        except sqlite3.Error as error:
            if self.fault is None:
                self.fault = error
                self.on_fault()
            raise CloseSpider("archive") from error

    def _open_group(self) -> None:
        if self._timer is None and self.fault is None:
            try:
                loop = asyncio.get_running_loop()
            except RuntimeError:
                return  # outside a crawl each write is brought to the disk at once
            self.archive.open_group()
            self._timer = loop.call_later(GROUP, self.flush)

    def flush(self) -> None:
        """Bring to the disk what was written; notes a fault like `writing`, and raises nothing."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        try:
            self.archive.close_group()
        except sqlite3.Error as error:
            if self.fault is None:
                self.fault = error
                self.on_fault()

    def add(self, links: Iterable[Link]) -> list[Link]:
        with self.writing():
            return [Link(**row) for row in self.archive.add_links(self.run, [vars(link) for link in links], hand=False)]

    def due(self, source: str, most: int | None = None) -> list[Link]:
        with self.writing():
            return [Link(**row) for row in self.archive.hand_out(self.run, source, most)]

    def claim(self, link: Link) -> bool:
        with self.writing():
            return self.archive.claim(self.run, vars(link))

    def add_listings(self, listings: Iterable[Listing]) -> list[Listing]:
        with self.writing():
            return [Listing(**row) for row in self.archive.add_listings(self.run, [vars(one) for one in listings])]

    def due_listings(self, source: str) -> list[Listing]:
        with self.writing():
            return [Listing(**row) for row in self.archive.due_listings(self.run, source)]

    def listings_below(self, parent: str) -> list[Listing]:
        with self.writing():
            return [Listing(**row) for row in self.archive.listings_below(self.run, parent)]

    def validators(self, url: str) -> Validators | None:
        found = self.archive.validators(url)
        return Validators(*found) if found else None

    def rests_until(self, source: str) -> datetime | None:
        return self.archive.rests_until(source)

    def rest(self, source: str, until: datetime) -> None:
        with self.writing():
            self.archive.rest(source, until)

    def robots(self, url: str) -> RobotsFile | None:
        row = self.archive.robots(url)
        return RobotsFile(**row) if row else None

    def keep_robots(self, robots: RobotsFile) -> None:
        with self.writing():
            self.archive.keep_robots(vars(robots))

    def record(self, visit: Visit) -> None:
        with self.writing():
            self.archive.record_visit(self.run, vars(visit))
