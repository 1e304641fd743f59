"""One crawl of the sample newspapers, shared by the tests that read what came of it."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import httpx
import pytest
from support import Crawled, Run, quintanas

from pipelines.demo.server import SampleNewspapers


@pytest.fixture(scope="session", name="quintanas")
def quintanas_command() -> Run:
    return quintanas


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    folder = tmp_path_factory.mktemp("crawled")
    with SampleNewspapers() as newspapers:
        (folder / "sources.toml").write_text(newspapers.sources_toml(), encoding="utf-8")
        crawl = quintanas("crawl", *newspapers.newspapers, "--data", folder)
        assert crawl.returncode == 0, crawl.stdout + crawl.stderr
        publish = quintanas("publish", "--data", folder)
        assert publish.returncode == 0, publish.stdout + publish.stderr
        yield Crawled(folder, newspapers, crawl.stdout)


@pytest.fixture(scope="module")
def site(crawled: Crawled) -> Iterator[httpx.Client]:
    """A client of a real Datasette over what was published."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "pipelines.cli", "serve", "--data", str(crawled.folder), "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            for _ in range(300):
                try:
                    client.get("/-/versions.json")
                    break
                except httpx.ConnectError:
                    assert process.poll() is None, "quintanas serve ended by itself"
                    time.sleep(0.1)
            yield client
    finally:
        process.terminate()
        process.wait(timeout=30)
