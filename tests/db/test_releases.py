"""A new release takes the old one's place while visitors read."""

from __future__ import annotations

import asyncio
import csv
import io
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from db.releases import Releases
from db.serve import site
from db.site import downloads

Report = Callable[..., dict[str, Any]]

SCRIPT = "from db.serve import serve; serve({path!r}, ready=lambda url: print(url, flush=True))"


@pytest.fixture
def served(newsroom: Any, report: Report) -> Iterator[tuple[Any, str, subprocess.Popen[str]]]:
    """A newsroom with a release of three incidents, the address that serves it and the process."""
    newsroom.tell("norte", "a0", *(report(date=f"2025-10-0{day}") for day in (1, 2, 3)))
    newsroom.publish()
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT.format(path=str(newsroom.public))],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout is not None
        try:
            yield newsroom, server.stdout.readline().strip(), server
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(30)


def edition(client: httpx.Client) -> int:
    return int(client.get("/incidents/releases.json?_shape=array&_sort_desc=number").json()[0]["number"])


def until_edition(client: httpx.Client, number: int) -> None:
    end = time.monotonic() + 60
    while edition(client) != number:
        assert time.monotonic() < end, f"edition {number} is not served"
        time.sleep(0.1)


def test_no_request_is_refused_and_no_page_is_of_two_releases(served: Any, report: Report) -> None:
    newsroom, url, _ = served
    known = {1: 3}
    seen: list[tuple[int, int]] = []
    wrong: list[str] = []
    stop = threading.Event()

    def visit() -> None:
        while not stop.is_set():
            try:
                with httpx.Client(base_url=url, timeout=30, trust_env=False) as client:
                    page = client.get("/")
                    number = re.search(r"Edición (\d+) ", page.text)
                    count = re.search(r"<strong>(\d+)</strong> incidentes", page.text)
                    # Two queries of one page, both counted in the release that it names.
                    if page.status_code != 200 or number is None or count is None:
                        wrong.append(f"/ {page.status_code}")
                        continue
                    seen.append((int(number[1]), int(count[1])))
                    whole = client.get("/descargar/incidents.csv")
                    told = re.search(r"edicion-(\d+)", whole.headers["content-disposition"])
                    assert told is not None
                    rows = list(csv.DictReader(io.StringIO(whole.text)))
                    seen.append((int(told[1]), len(rows)))
            except (httpx.HTTPError, AssertionError, KeyError) as error:
                wrong.append(repr(error))

    visitors = [threading.Thread(target=visit) for _ in range(3)]
    for visitor in visitors:
        visitor.start()
    try:
        with httpx.Client(base_url=url, timeout=30, trust_env=False) as client:
            for number in (2, 3, 4):
                newsroom.tell("norte", f"a{number}", report(date=f"2024-{number:02}-01"), report(date=f"2023-{number:02}-01"))
                known[number] = newsroom.publish()["incidents"]
                until_edition(client, number)
    finally:
        stop.set()
        for visitor in visitors:
            visitor.join(60)
    assert wrong == []
    assert {number for number, _ in seen} == {1, 2, 3, 4}
    assert {(number, count) for number, count in seen if known[number] != count} == set()
    assert len(set(known.values())) == 4, "each release is told from the others"


def test_download_that_began_before_ends_with_its_own_release(
    newsroom: Any, report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "_CHUNK", 20)
    newsroom.tell("norte", "a", *(report(date=f"2025-{day % 12 + 1:02}-{day % 28 + 1:02}") for day in range(70)))
    newsroom.publish()
    before = {row["id"] for row in newsroom.rows("SELECT id FROM incidents")}

    async def go() -> tuple[list[dict[str, str]], str]:
        releases = Releases(newsroom.public, lambda: site(newsroom.public))
        await releases.open()
        slow, pieces = asyncio.Event(), []
        begun = asyncio.Event()

        async def send(event: dict[str, Any]) -> None:
            pieces.append(event.get("body", b""))
            if len(pieces) == 3:
                begun.set()
                await slow.wait()  # a visitor who reads slowly

        reading = asyncio.ensure_future(releases(scope("/descargar/incidents.csv"), receive, send))
        await begun.wait()
        newsroom.tell("norte", "a", report(date="2020-01-01"), headline="Otro")
        newsroom.publish()
        await releases.look()
        slow.set()
        await reading
        after: list[bytes] = []

        async def send_after(event: dict[str, Any]) -> None:
            after.append(event.get("body", b""))

        await releases(scope("/incidents/incidents.json", b"_shape=array"), receive, send_after)
        rows = list(csv.DictReader(io.StringIO(b"".join(pieces).decode("utf-8-sig"))))
        return rows, b"".join(after).decode()

    rows, after = asyncio.run(go())
    assert {row["id"] for row in rows} == before
    assert len(rows) == 70
    assert '"date": "2020-01-01"' in after


def test_broken_file_leaves_the_release_that_is_served(served: Any, report: Report, tmp_path: Path) -> None:
    newsroom, url, _ = served
    with httpx.Client(base_url=url, timeout=30, trust_env=False) as client:
        for content in (b"", b"not a database" * 500, newsroom.public.read_bytes()[:9000]):
            broken = tmp_path / "broken"
            broken.write_bytes(content)
            kept = tmp_path / "kept"
            shutil.copy(newsroom.public, kept)
            broken.replace(newsroom.public)
            time.sleep(1.5)
            assert edition(client) == 1
            assert client.get("/").status_code == 200
            kept.replace(newsroom.public)
        newsroom.tell("norte", "b", report(date="2022-01-01"))
        newsroom.publish()
        until_edition(client, 2)


def test_replaced_files_are_let_go(served: Any, report: Report) -> None:
    newsroom, url, server = served
    with httpx.Client(base_url=url, timeout=30, trust_env=False) as client:
        for number in (2, 3, 4):
            newsroom.tell("norte", f"b{number}", report(date=f"2022-0{number}-01"))
            newsroom.publish()
            until_edition(client, number)
    folder = Path(f"/proc/{server.pid}/fd")
    if not folder.is_dir():  # not Linux
        return
    held = [target for path in folder.iterdir() if (target := _target(path)).startswith(str(newsroom.public.parent))]
    assert [path for path in held if path.endswith(" (deleted)")] == []
    assert 1 <= len(held) <= 3, "one for each thread"


def _target(path: Path) -> str:
    try:
        return os.readlink(path)  # noqa: PTH115 - Path would lose " (deleted)"
    except OSError:
        return ""


def scope(path: str, query: bytes = b"") -> dict[str, Any]:
    return {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
        "headers": [(b"host", b"localhost")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }


async def receive() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}
