"""Fixtures of the crawls."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from scraper_site import Answer, Site


@pytest.fixture
def site() -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            place.requests.append((self.path, dict(self.headers)))
            found = place.pages.get(self.path, Answer("<h1>No existe</h1>", 404, {"Content-Type": "text/html"}))
            answer = found(self.headers) if callable(found) else found
            body = answer.body
            if isinstance(body, str):
                body = body.replace("{base}", place.base).encode()
            etag = answer.headers.get("ETag")
            status = answer.status
            if etag and self.headers.get("If-None-Match") == etag:
                status, body = 304, b""
            self.send_response(status)
            for name, value in answer.headers.items():
                self.send_header(name, value.replace("{base}", place.base))
            if "Content-Length" not in answer.headers:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    port = server.server_address[1]
    place = Site(f"http://127.0.0.1:{port}", port)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield place
    server.shutdown()
    server.server_close()
    thread.join()
