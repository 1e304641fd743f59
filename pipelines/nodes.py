"""Crawling on several machines: newspapers are shared out over Scrapyd nodes, and one machine keeps the archive.

Politeness is per newspaper, so one process crawls a newspaper, on one node at a time; those at one host follow one another.
The machine that shares them out is the office: it keeps every newspaper's frontier and stores what nodes send, page by page, so
that a node that dies takes nothing with it but what it was fetching. Its newspapers are then leased to another node. Under a
new lease the old one is worth nothing: a node that was only cut off from the office can store nothing any more, and stops.
"""

from __future__ import annotations

import base64
import json
import os
import threading
import time
import tomllib
import urllib.error
import urllib.request
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import click
from scrapy.exceptions import CloseSpider

from pipelines.console import log
from pipelines.crawl import VISITS_KEPT, CrawlSummary, lines_of, loopback_settings, tidy
from pipelines.folder import DataFolder, writable_archive
from pipelines.frontier import ArchiveFrontier
from pipelines.health import newspaper_alarms
from pipelines.node import FRONTIER, KEY, OFFICE, NodeSpider, OfficeManager
from pipelines.store import store_item
from scraper.items import Article
from scraper.sources import Source

PROJECT = "quintanas"
POLL = 1.0
"""Seconds between two questions to a node."""
PATIENCE = 5
"""Questions in a row that a node leaves open until it counts as gone."""
TRIES = 5
"""Leases of one newspaper until it counts as broken in this run."""
TIMEOUT = 10.0


@dataclass(frozen=True)
class Nodes:
    """What a file of nodes says."""

    office: str
    """Host and port of this machine, as the nodes reach it."""
    nodes: Mapping[str, str]
    """Name → address of its Scrapyd."""


def read_nodes(path: Path) -> Nodes:
    """Read a TOML file of nodes: `office = "10.0.0.1:6900"`, and under `[nodes]` a line each, `norte = "http://10.0.0.2:6800"`.

    Raises:
        click.ClickException: it is not such a file.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
        nodes = Nodes(tables["office"], tables["nodes"])
        good = int(nodes.office.rpartition(":")[2]) >= 0 and bool(nodes.nodes)
        good = good and all(urlsplit(address).scheme in ("http", "https") for address in nodes.nodes.values())
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise click.ClickException(f"{path}: {error}; see docs/scale.md for a file of nodes") from None
    if not good:
        raise click.ClickException(f'{path}: under [nodes], a line each: norte = "http://10.0.0.2:6800"')
    return nodes


class Office:
    """What nodes may ask, each for the newspaper that it holds the lease of."""

    def __init__(self, frontier: ArchiveFrontier) -> None:
        self._frontier = frontier
        self._leases: dict[str, Source] = {}
        self.endings: dict[str, str] = {}
        """How spiders ended, by lease."""
        self._lock = threading.RLock()

    def lease(self, source: Source, name: str) -> None:
        """Lease a newspaper under a name, and end any lease of it before."""
        with self._lock:
            self.end(source)
            self._leases[name] = source

    def end(self, source: Source) -> None:
        """End the lease of a newspaper; what was handed out and not visited can be handed out again."""
        with self._lock:
            self._leases = {name: one for name, one in self._leases.items() if one.id != source.id}
            self._frontier.archive.hand_back(self._frontier.run, source.id)

    def source(self, lease: str) -> Source:
        """The newspaper of a lease. Raises `CloseSpider` where it has ended, as the other methods do."""
        if lease not in self._leases:
            raise CloseSpider("lease-ended")
        return self._leases[lease]

    def frontier(self, lease: str, method: str, *arguments: Any) -> Any:
        """Call a method of the frontier."""
        with self._lock:
            self.source(lease)
            if method not in FRONTIER:
                raise CloseSpider("lease-ended")
            return getattr(self._frontier, method)(*arguments)

    def closed(self, lease: str, reason: str) -> None:
        """Note how a spider came to its end."""
        with self._lock:
            self.source(lease)
            self.endings[lease] = reason

    def store(self, lease: str, item: Article) -> str | None:
        """Store an article, or return why it is left out."""
        with self._lock:
            self.source(lease)
            return store_item(self._frontier, item)


@contextmanager
def _open(office: Office, port: int) -> Iterator[int]:
    """Answer nodes on a port (0: a free one) of all interfaces of this machine; gives the port."""

    class Manager(OfficeManager):
        pass

    Manager.register("office", lambda: office, exposed=OFFICE)
    server = Manager(("", port), os.environ[KEY].encode()).get_server()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        address: Any = server.address
        yield address[1]
    finally:
        server.stop_event.set()  # type: ignore[attr-defined]
        thread.join(timeout=5)


def _ask(node: str, question: str, facts: Sequence[tuple[str, str]] = ()) -> Mapping[str, Any]:
    """Ask a Scrapyd; with facts, tell it something. Raises `OSError` where it does not answer, or answers with an error."""
    request = urllib.request.Request(f"{node.rstrip('/')}/{question}", urlencode(facts).encode() if facts else None)
    if user := os.environ.get("QUINTANAS_SCRAPYD_USER"):
        login = f"{user}:{os.environ.get('QUINTANAS_SCRAPYD_PASSWORD', '')}".encode()
        request.add_header("Authorization", f"Basic {base64.b64encode(login).decode()}")
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
        told: dict[str, Any] = json.loads(answer.read())
    if told.get("status") != "ok":
        raise OSError(str(told.get("message", told)))
    return told


class _Sharing:
    """Which node crawls which newspaper, until every newspaper was crawled."""

    def __init__(self, office: Office, nodes: Nodes, port: int, sources: Sequence[Source], changes: Mapping[str, str]) -> None:
        self.office = office
        self.nodes = nodes
        self.address = f"{nodes.office.rpartition(':')[0]}:{port}"
        self.changes = changes
        self.lines = [deque(line) for line in lines_of(sources)]
        self.jobs: dict[str, tuple[str, deque[Source]]] = {}
        """Job → node, and the line of newspapers whose first it crawls."""
        self.silent: Counter[str] = Counter()
        self.tries: Counter[str] = Counter()
        self.endings = {source.id: "did not start" for source in sources}

    def run(self) -> None:
        while self.lines or self.jobs:
            living = [node for node in self.nodes.nodes if self.silent[node] < PATIENCE]
            if not living:
                log.error("no node answers; what is left waits for the next run")
                return
            while self.lines:
                line = self.lines.pop()
                self._begin(line, min(living, key=lambda node: sum(one == node for one, _ in self.jobs.values())))
            time.sleep(POLL)
            for node in living:
                self._look(node)

    def _begin(self, line: deque[Source], node: str) -> None:
        source = line[0]
        self.tries[source.id] += 1
        if self.tries[source.id] > TRIES:
            self._next(line, "broke off")
            return
        job = f"{source.id}-{self.tries[source.id]}-{os.getpid()}-{int(time.time())}"
        self.office.lease(source, job)
        self.jobs[job] = (node, line)
        settings = {**loopback_settings(source), **self.changes}
        texts = {key: ",".join(map(str, value)) if isinstance(value, list) else str(value) for key, value in settings.items()}
        facts = [("project", PROJECT), ("spider", NodeSpider.name), ("jobid", job), ("office", self.address), ("lease", job)]
        try:
            _ask(self.nodes.nodes[node], "schedule.json", [*facts, *(("setting", f"{k}={v}") for k, v in texts.items())])
            log.info("source=%s node=%s", source.id, node)
        except (OSError, ValueError) as error:
            log.warning("node %s does not take %s: %s", node, source.id, error)

    def _look(self, node: str) -> None:
        mine = {job for job, (one, _) in self.jobs.items() if one == node}
        try:
            told = _ask(self.nodes.nodes[node], f"listjobs.json?project={PROJECT}")
        except (OSError, ValueError):
            self.silent[node] += 1
            if self.silent[node] >= PATIENCE:
                log.error("node %s does not answer; others take over its newspapers: %d", node, len(mine))
                for job in mine:
                    self._take_back(job)
            return
        self.silent[node] = 0
        alive = {job["id"] for state in ("pending", "running") for job in told.get(state, ())}
        for job in mine - alive:
            source = self.jobs[job][1][0]
            if (ending := self.office.endings.get(job)) is not None:
                _, line = self.jobs.pop(job)
                self.office.end(source)
                self._next(line, ending)
            else:  # its process died, or its daemon began anew
                self._take_back(job)

    def _take_back(self, job: str) -> None:
        _, line = self.jobs.pop(job)
        self.office.end(line[0])
        self.lines.append(line)

    def _next(self, line: deque[Source], ending: str) -> None:
        self.endings[line.popleft().id] = ending
        if line:
            self.lines.append(line)


def crawl_on_nodes(
    folder: DataFolder,
    sources: Sequence[Source],
    nodes: Nodes,
    changes: Mapping[str, str] | None = None,
    keep_visits: timedelta | None = VISITS_KEPT,
) -> CrawlSummary:
    """Crawl `sources` as `pipelines.crawl.crawl_newspapers` does, shared out over Scrapyd nodes. `changes`: Scrapy settings.

    Raises:
        click.ClickException: another process writes the archive, it cannot be written, or `QUINTANAS_NODE_KEY` is not set.
    """
    if not os.environ.get(KEY):
        raise click.ClickException(f"set {KEY} to a secret, here and on every node")
    if other := [source.id for source in sources if source.spider != "newspaper"]:
        raise click.ClickException(f"{', '.join(other)}: a newspaper with a spider of its own is crawled without --nodes")
    with writable_archive(folder) as archive:
        archive.sync_sources({key: value for key, value in vars(source).items() if key != "notes"} for source in sources)
        run = archive.start_run("crawl", [source.id for source in sources], version("quintanas"))
        frontier = ArchiveFrontier(archive, run)
        office = Office(frontier)
        begun = time.monotonic()
        with _open(office, int(nodes.office.rpartition(":")[2])) as port:
            sharing = _Sharing(office, nodes, port, sources, changes or {})
            sharing.run()
        if frontier.fault is not None:
            raise frontier.fault
        for source in sources:
            archive.store_yield(run, source.id, sharing.endings[source.id], time.monotonic() - begun)
        archive.finish_run(run)
        tidy(archive, keep_visits)
        alarms = {source.id: found for source in sources if (found := newspaper_alarms(archive, source.id))}
        return CrawlSummary(archive.run_summary(run), frontier.read, frontier.incidents, sharing.endings, alarms)
