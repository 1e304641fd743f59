"""Serves the sample newspapers on this machine, each on a port of its own, for the demonstration and the tests.

Run `python -m pipelines.demo.server` to read them in a browser.
"""

from __future__ import annotations

import gzip
import json
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

from pipelines.demo.articles import EDITIONS, NEWSPAPERS, Newspaper, SampleArticle, read_newspapers
from pipelines.demo.pages import Page, Site

HOST = "127.0.0.1"
IDLE = 30.0  # seconds after which a silent connection is closed


@dataclass(frozen=True)
class Request:
    """One request that a sample newspaper answered."""

    method: str
    newspaper: str
    """Identifier of the newspaper."""
    path: str
    """Path with its query, as asked."""
    status: int
    conditional: bool
    """Whether it carried `If-None-Match` or `If-Modified-Since`."""
    bytes: int
    """Length of the body sent, as sent (compressed where compressed)."""
    user_agent: str | None = None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout: ClassVar[float] = IDLE
    newspaper: ClassVar[str]
    answer: ClassVar[Callable[[str], Page]]
    note: ClassVar[Callable[[Request], None]]

    def do_GET(self) -> None:
        self._respond(with_body=True)

    def do_HEAD(self) -> None:
        self._respond(with_body=False)

    def _respond(self, *, with_body: bool) -> None:
        page = type(self).answer(self.path)
        body, etag = page.body, page.etag
        zipped = bool(body) and "gzip" in self.headers.get("Accept-Encoding", "")
        if zipped:
            body = gzip.compress(body, mtime=0)
            etag = f"W/{etag}"
        fresh = page.status == HTTPStatus.OK and self._has_current(page)
        status = HTTPStatus.NOT_MODIFIED if fresh else HTTPStatus(page.status)
        self.send_response(status)
        self.send_header("Vary", "Accept-Encoding")
        if page.status == HTTPStatus.OK:
            self.send_header("ETag", etag)
            self.send_header("Cache-Control", "max-age=0, must-revalidate")
        if page.last_modified is not None:
            self.send_header("Last-Modified", format_datetime(_utc(page), usegmt=True))
        if page.location is not None:
            self.send_header("Location", page.location)
        if fresh:
            body = b""
        else:
            self.send_header("Content-Type", page.content_type)
            self.send_header("Content-Length", str(len(body)))
            if zipped:
                self.send_header("Content-Encoding", "gzip")
        conditional = "If-None-Match" in self.headers or "If-Modified-Since" in self.headers
        sent = body if with_body else b""
        # noted before it is sent, so that whoever has the answer finds it in the log
        type(self).note(
            Request(
                self.command,
                self.newspaper,
                self.path,
                status.value,
                conditional,
                len(sent),
                self.headers.get("User-Agent"),
            )
        )
        self.end_headers()
        self.wfile.write(sent)

    def _has_current(self, page: Page) -> bool:
        """Whether the asker holds this very page (RFC 9110, 13.2.2: `If-None-Match` goes before `If-Modified-Since`)."""
        held = self.headers.get("If-None-Match")
        if held is not None:
            tags = {tag.strip().removeprefix("W/") for tag in held.split(",")}
            return "*" in tags or page.etag in tags
        since = self.headers.get("If-Modified-Since")
        if since is None or page.last_modified is None:
            return False
        try:
            return _utc(page) <= parsedate_to_datetime(since)
        except (ValueError, TypeError):
            return False

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: `SampleNewspapers.requests` is the log."""


def _utc(page: Page) -> datetime:
    assert page.last_modified is not None
    return page.last_modified.astimezone(UTC).replace(microsecond=0)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing where the asker hung up; that is its right."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class SampleNewspapers:
    """The sample newspapers, served on loopback from the moment that this is made until `close`.

    Each has a port of its own that the system chose. `edition` is 1 or 2 and may be changed while they are served: in edition
    2 some articles are edited, one is withdrawn (410) and some are new. Use it as a context manager::

        with SampleNewspapers() as newspapers:
            Path("sources.toml").write_text(newspapers.sources_toml(), encoding="utf-8")

    Raises `pipelines.demo.articles.SampleError` where a file of theirs is faulty, ValueError for an edition that is none.
    """

    def __init__(self, edition: int = 1, directory: Path = NEWSPAPERS) -> None:
        self._newspapers = {newspaper.id: newspaper for newspaper in read_newspapers(directory)}
        self._edition = _known(edition)
        self._log: list[Request] = []
        self._lock = threading.Lock()
        self._servers: dict[str, _Server] = {}
        self._threads: list[threading.Thread] = []
        for name in self._newspapers:
            self._serve(name)

    def _serve(self, name: str) -> None:
        sites: dict[int, Site] = {}

        def answer(target: str) -> Page:
            return sites[self._edition].page(target)

        attributes = {"newspaper": name, "answer": staticmethod(answer), "note": staticmethod(self._note)}
        server = _Server((HOST, 0), type(f"{name.title()}Handler", (_Handler,), attributes))
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), name=f"sample-{name}", daemon=True)
        self._servers[name] = server
        # the pages hold the address, which is known from here on; all are rendered before the first is asked for
        for edition in EDITIONS:
            sites[edition] = Site(self._newspapers[name], edition, self.url(name))
        self._threads.append(thread)
        thread.start()

    def _note(self, request: Request) -> None:
        with self._lock:
            self._log.append(request)

    @property
    def edition(self) -> int:
        """The edition shown: 1 or 2."""
        return self._edition

    @edition.setter
    def edition(self, edition: int) -> None:
        self._edition = _known(edition)

    @property
    def requests(self) -> list[Request]:
        """Every request answered so far, oldest first; a copy, safe to read while they are served."""
        with self._lock:
            return list(self._log)

    @property
    def newspapers(self) -> dict[str, Newspaper]:
        """Identifier → newspaper."""
        return dict(self._newspapers)

    def url(self, newspaper: str, path: str = "") -> str:
        """Address of a path ("/feed/") of a newspaper; without one, its address with no slash at the end."""
        return f"http://{HOST}:{self._servers[newspaper].server_address[1]}{path}"

    def articles(self, edition: int | None = None) -> list[SampleArticle]:
        """Every article that can be read in an edition (the one shown if none is named), with the incidents expected of it.

        Withdrawn articles are left out; articles that nothing lists, only a link in another article leads to, are in it.
        """
        edition = self._edition if edition is None else _known(edition)
        return [
            article
            for newspaper in self._newspapers.values()
            for article in newspaper.editions[edition].values()
            if not article.withdrawn
        ]

    def sources_toml(self) -> str:
        """The newspapers as tables of a `sources.toml`, with the addresses where they are served now."""
        lines = ["# The sample newspapers, served on this machine."]
        for newspaper in self._newspapers.values():
            lines += ["", f"[{newspaper.id}]"]
            for key, value in newspaper.sources.items():
                lines.append(f"{key} = {_toml(value, self.url(newspaper.id))}")
        return "\n".join(lines) + "\n"

    def close(self) -> None:
        """Stop serving and free the ports. Closing twice does nothing."""
        for server in self._servers.values():
            server.shutdown()
            server.server_close()
        for thread in self._threads:
            thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def _known(edition: int) -> int:
    if edition not in EDITIONS:
        raise ValueError(f"no edition {edition}: choose one of {', '.join(map(str, EDITIONS))}")
    return edition


def _toml(value: str | list[str], base: str) -> str:
    """A string or list of strings as TOML; basic strings are JSON's but for the slash, which JSON may leave bare too."""
    if isinstance(value, list):
        return f"[{', '.join(_toml(item, base) for item in value)}]"
    return json.dumps(value.replace("{base}", base), ensure_ascii=False)


def main() -> None:
    """Print the addresses as a `sources.toml` and serve until Ctrl-C."""
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell may have started this with the interrupt switched off
        signal.signal(number, signal.default_int_handler)
    with SampleNewspapers() as newspapers:
        print(newspapers.sources_toml(), flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print("Stopped.")


if __name__ == "__main__":
    main()
