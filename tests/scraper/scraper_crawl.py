"""Crawls in a process of its own, because a reactor cannot be started twice: this file reads orders as JSON from standard
input and writes what came of them as JSON to standard output. The frontier remembers between two orders in one process call.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from scraper.frontier import Link, Listing, MemoryFrontier, Validators, Visit


@dataclass
class Crawl:
    """What came of one crawl."""

    items: list[dict[str, Any]]
    visits: list[dict[str, Any]]
    log: str

    def visit(self, path: str) -> tuple[str, str | None]:
        """Outcome and reason of the only visit to the address that ends so."""
        found = [(v["outcome"], v["reason"]) for v in self.visits if v["url"].endswith(path)]
        assert len(found) == 1, (path, found, self.visits)
        return found[0]

    def item(self, path: str) -> dict[str, Any]:
        """The only article whose address ends so."""
        found = [item for item in self.items if item["url"].endswith(path)]
        assert len(found) == 1, (path, [item["url"] for item in self.items])
        return found[0]


def crawl(sources: Path, source: str, ports: list[int], state: Path | None = None, **settings: Any) -> Crawl:
    """Crawl one newspaper of a file of newspapers; `state` is where its frontier is kept between two crawls."""
    order = {
        "sources": str(sources),
        "source": source,
        "ports": ports,
        "state": str(state) if state else None,
        "settings": settings,
    }
    done = subprocess.run(
        [sys.executable, __file__], input=json.dumps(order), capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    return Crawl(answer["items"], answer["visits"], done.stderr)


class KeptFrontier(MemoryFrontier):
    """A frontier in a JSON file: what was fetched is known, and every address keeps its validators."""

    def __init__(self, path: Path | None) -> None:
        super().__init__()
        self.path = path
        self.kept: dict[str, list[str | None]] = {}
        self.left: list[str] = []
        self.below: dict[str, list[Listing]] = {}
        if path and path.exists():
            state = json.loads(path.read_text(encoding="utf-8"))
            self.kept, self.left = state["kept"], state["left"]
            self.seen |= set(state["seen"])
            self.below = {parent: [Listing(**one) for one in ones] for parent, ones in state.get("below", {}).items()}

    def due(self, source: str, most: int | None = None) -> list[Link]:
        left, self.left = self.left, []
        return [Link(url, source, "feed") for url in left] + super().due(source, most)

    def listings_below(self, parent: str) -> list[Listing]:
        return self.below.get(parent, [])

    def validators(self, url: str) -> Validators | None:
        return Validators(*self.kept[url]) if url in self.kept else None

    def record(self, visit: Visit) -> None:
        super().record(visit)
        if visit.outcome == "stored":
            self.kept[visit.url] = [visit.etag, visit.last_modified]

    def save(self, items: Iterable[dict[str, Any]]) -> None:
        for item in items:
            self.kept[item["url"]] = [item["etag"], item["last_modified"]]
        if self.path:
            below: dict[str, list[dict[str, Any]]] = {}
            for one in self.listings.values():
                below.setdefault(one.parent or "", []).append(asdict(one))
            state = {"kept": self.kept, "left": [], "seen": sorted(self.seen), "below": below}
            self.path.write_text(json.dumps(state), encoding="utf-8")


def main() -> None:
    from scrapy import signals
    from scrapy.crawler import AsyncCrawlerProcess

    from scraper.settings import scrapy_settings
    from scraper.spiders.newspaper import NewspaperSpider

    order = json.load(sys.stdin)
    quick = {"DOWNLOAD_DELAY": 0, "AUTOTHROTTLE_ENABLED": False, "RETRY_TIMES": 0, "DOWNLOAD_TIMEOUT": 5}
    settings = scrapy_settings(
        **{**quick, "QUINTANAS_SOURCES": [order["sources"]], "QUINTANAS_LOOPBACK_PORTS": order["ports"], **order["settings"]}
    )
    frontier = KeptFrontier(Path(order["state"]) if order["state"] else None)
    items: list[dict[str, Any]] = []

    def keep(item: Any) -> None:
        items.append(asdict(item))

    process = AsyncCrawlerProcess(settings)
    crawler = process.create_crawler(NewspaperSpider)
    crawler.signals.connect(keep, signals.item_scraped)
    process.crawl(crawler, source=order["source"], frontier=frontier)
    process.start()
    frontier.save(items)
    visits = [asdict(visit) for visit in frontier.visits]
    json.dump({"items": items, "visits": visits}, sys.stdout, default=str)


if __name__ == "__main__":
    main()
