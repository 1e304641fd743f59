"""The spiders' frontier, kept in the archive."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

from db.archive import Archive
from scraper.frontier import Link, Validators, Visit


class ArchiveFrontier:
    """A `scraper.frontier.Frontier` that one run of a crawl shares with `db.archive.Archive`."""

    def __init__(self, archive: Archive, run: int) -> None:
        self.archive = archive
        self.run = run

    def add(self, links: Iterable[Link]) -> list[Link]:
        return [Link(**row) for row in self.archive.add_links(self.run, [asdict(link) for link in links])]

    def due(self, source: str) -> list[Link]:
        return [Link(**row) for row in self.archive.due(self.run, source)]

    def validators(self, url: str) -> Validators | None:
        found = self.archive.validators(url)
        return Validators(*found) if found else None

    def record(self, visit: Visit) -> None:
        self.archive.record_visit(self.run, asdict(visit))
