"""Crawling with two real Scrapyd daemons: nothing is asked for twice, and a killed node's newspapers are taken over."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import click
import pytest
from scrapy.exceptions import CloseSpider

from db.archive import Archive
from pipelines.frontier import ArchiveFrontier
from pipelines.nodes import Office, read_nodes
from scraper.frontier import Link
from scraper.items import Article
from scraper.sources import Source

ARTICLES = 12
NEWSPAPERS = ("uno", "dos")


class Newspaper:
    """A newspaper on loopback: a feed of articles, each of which takes a moment. Every request is kept."""

    def __init__(self, name: str, seconds: float) -> None:
        self.name = name
        self.asked: list[str] = []
        newspaper = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                newspaper.asked.append(self.path)
                body = newspaper.page(self.path)
                if self.path.startswith("/nota"):
                    time.sleep(seconds)
                self.send_response(200 if body else 404)
                self.send_header("Content-Type", "text/xml" if self.path == "/feed" else "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.home = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def page(self, path: str) -> bytes:
        if path == "/feed":
            items = "".join(
                f"<item><title>t</title><link>{self.home}/nota-{n}-del-diario-{self.name}-del-dia</link></item>"
                for n in range(ARTICLES)
            )
            return f"<rss version='2.0'><channel><title>d</title><link>{self.home}</link>{items}</channel></rss>".encode()
        if not path.startswith("/nota"):
            return b""
        return (
            f"<html lang='es'><head><title>Nota {path}</title></head><body><article><h1>Asaltan un grifo: {path}</h1><p>Tres "
            f"hombres asaltaron un grifo en el distrito de Huanchaco, según la Policía, que dio el número {path} al hecho.</p>"
            "<p>Los agentes de la comisaría del sector iniciaron las diligencias para dar con los responsables.</p></article>"
            "</body></html>"
        ).encode()

    @property
    def articles(self) -> Counter[str]:
        return Counter(path for path in self.asked if path.startswith("/nota"))


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def scrapyd(folder: Path) -> Iterator[tuple[str, int]]:
    """A daemon in a process group of its own: its address, and the group's number."""
    folder.mkdir()
    port = free_port()
    (folder / "scrapy.cfg").write_text(
        f"[scrapyd]\nbind_address = 127.0.0.1\nhttp_port = {port}\nmax_proc = 2\npoll_interval = 0.2\n"
        "[settings]\nquintanas = pipelines.node_settings\n",
        encoding="utf-8",
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "scrapyd"],
        cwd=folder,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(300):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None, "scrapyd ended by itself"
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}", process.pid
    finally:
        kill(process.pid)
        process.wait(timeout=30)


def kill(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return


@pytest.fixture
def crawl(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[list[Newspaper], list[int], subprocess.Popen[str]]]:
    """A crawl of two newspapers over two nodes that has begun."""
    monkeypatch.setenv("QUINTANAS_NODE_KEY", "secreto de prueba")
    newspapers = [Newspaper(name, 0.3) for name in NEWSPAPERS]
    (tmp_path / "sources.toml").write_text(
        "".join(f'[{n.name}]\nname = "{n.name}"\nhome = "{n.home}/"\nfeeds = ["{n.home}/feed"]\n' for n in newspapers),
        encoding="utf-8",
    )
    with ExitStack() as stack:
        nodes = [stack.enter_context(scrapyd(tmp_path / f"node{n}")) for n in range(2)]
        lines = "".join(f'nodo{n} = "{address}"\n' for n, (address, _) in enumerate(nodes))
        (tmp_path / "nodes.toml").write_text(f'office = "127.0.0.1:0"\n[nodes]\n{lines}', encoding="utf-8")
        command = [sys.executable, "-m", "pipelines.cli", "crawl", *NEWSPAPERS, "--nodes", str(tmp_path / "nodes.toml")]
        process = subprocess.Popen(
            [*command, "--data", str(tmp_path), "--set", "QUINTANAS_READERS=0"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            yield newspapers, [group for _, group in nodes], process
        finally:
            process.kill()
            process.wait(timeout=30)
            for newspaper in newspapers:
                newspaper.server.shutdown()
                newspaper.server.server_close()


def stored(folder: Path) -> list[tuple[str, int]]:
    if not (folder / "archive.db").exists():
        return []
    with closing(sqlite3.connect(folder / "archive.db")) as conn:
        return conn.execute(
            """SELECT a.source, count(*) FROM articles a JOIN extractions e ON e.version = a.current_version
            GROUP BY 1 ORDER BY 1"""
        ).fetchall()


def ended(process: subprocess.Popen[str]) -> str:
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    return output


def test_newspapers_are_shared_out_and_no_page_is_fetched_twice(
    crawl: tuple[list[Newspaper], list[int], subprocess.Popen[str]], tmp_path: Path
) -> None:
    newspapers, _, process = crawl
    output = ended(process)
    assert stored(tmp_path) == [("dos", ARTICLES), ("uno", ARTICLES)], output
    for newspaper in newspapers:
        assert set(newspaper.articles.values()) == {1}
        assert len(newspaper.articles) == ARTICLES
    for node in ("node0", "node1"):  # each had one
        assert len(list((tmp_path / node / "logs").rglob("*.log"))) == 1


def test_a_killed_nodes_newspapers_are_taken_over_and_nothing_is_lost(
    crawl: tuple[list[Newspaper], list[int], subprocess.Popen[str]], tmp_path: Path
) -> None:
    newspapers, groups, process = crawl
    for _ in range(600):
        if all(sum(newspaper.articles.values()) >= 3 for newspaper in newspapers):
            break
        time.sleep(0.1)
    kill(groups[0])
    output = ended(process)
    assert "others take over its newspapers: 1" in output
    assert stored(tmp_path) == [("dos", ARTICLES), ("uno", ARTICLES)], output
    twice = [sum(count > 1 for count in newspaper.articles.values()) for newspaper in newspapers]
    # what was being fetched, and no more: a newspaper is asked for two pages at a time, and one may be being read
    assert min(twice) == 0
    assert max(twice) <= 4
    assert max(count for newspaper in newspapers for count in newspaper.articles.values()) <= 2


@pytest.mark.parametrize("text", ["", 'office = "x"\n[nodes]\na = "http://b:1"', 'office = "x:1"\n[nodes]\n', "office ="])
def test_a_wrong_file_of_nodes_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "nodes.toml").write_text(text, encoding="utf-8")
    with pytest.raises(click.ClickException, match=r"nodes\.toml"):
        read_nodes(tmp_path / "nodes.toml")


def test_a_node_whose_lease_ended_can_store_nothing(tmp_path: Path) -> None:
    source = Source("uno", "Uno", "https://uno.example/")
    with Archive(tmp_path / "archive.db", write=True) as archive:
        archive.sync_sources([vars(source) | {"notes": None}])
        office = Office(ArchiveFrontier(archive, archive.start_run("crawl", ["uno"], "test")))
        office.lease(source, "first")
        link = Link("https://uno.example/nota-del-dia", "uno", "feed")
        office.frontier("first", "add", [link])
        assert [one.url for one in office.frontier("first", "due", "uno", 10)] == [link.url]
        assert office.frontier("first", "due", "uno", 10) == []
        office.lease(source, "second")
        article = Article(link.url, "uno", "Titular", "Texto de la nota. " * 9, datetime.now(UTC), link.url)
        for method, arguments in (("frontier", ("due", "uno", 10)), ("store", (article,)), ("closed", ("finished",))):
            with pytest.raises(CloseSpider):
                getattr(office, method)("first", *arguments)
        assert archive.counts()["articles"] == 0
        assert [one.url for one in office.frontier("second", "due", "uno", 10)] == [link.url]
        assert office.store("second", article) is None
        assert archive.counts()["articles"] == 1
