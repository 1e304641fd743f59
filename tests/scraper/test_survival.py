"""`quintanas crawl` killed, interrupted, run twice at once, and with nowhere to write."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from scraper_site import Answer, Site, article, feed

from pipelines.demo.server import SampleNewspapers

KILLS = int(os.environ.get("QUINTANAS_KILLS", "10"))
PATIENCE = 120.0  # seconds that any one command may take


@pytest.fixture(scope="module")
def samples() -> Iterator[SampleNewspapers]:
    with SampleNewspapers() as newspapers:
        yield newspapers


def command(folder: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "pipelines.cli", "crawl", *arguments, "--data", str(folder)]


def start(folder: Path, *arguments: str, **more: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command(folder, *arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        **more,
    )


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(folder, *arguments), capture_output=True, text=True, timeout=PATIENCE, check=False)


def data_folder(path: Path, samples: SampleNewspapers) -> Path:
    path.mkdir()
    (path / "sources.toml").write_text(samples.sources_toml(), encoding="utf-8")
    return path


def rows(folder: Path, statement: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(f"file:{folder / 'archive.db'}?mode=ro", uri=True)) as archive:
        return archive.execute(statement).fetchall()


def articles(folder: Path) -> list[tuple[Any, ...]]:
    return rows(
        folder,
        "SELECT url, headline, body, published FROM articles JOIN article_versions v ON v.article = articles.id ORDER BY 1",
    )


def reports(folder: Path) -> list[tuple[Any, ...]]:
    return rows(
        folder,
        "SELECT a.url, r.position, r.type, r.ubigeo, r.date FROM reports r JOIN article_versions v ON v.id = r.version"
        " JOIN articles a ON a.id = v.article ORDER BY 1, 2",
    )


def wait_for_group(group: int) -> None:
    """Until no process of a group is left."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    raise AssertionError(f"processes of group {group} outlive the crawl that was killed")


def test_killed_at_any_moment_it_loses_and_doubles_nothing(samples: SampleNewspapers, tmp_path: Path) -> None:
    names = list(samples.newspapers)
    whole = data_folder(tmp_path / "whole", samples)
    before = len(samples.requests)
    done = run(whole, *names)
    assert done.returncode == 0, done.stdout + done.stderr
    requests = len(samples.requests) - before

    killed = data_folder(tmp_path / "killed", samples)
    chance = random.Random(int(os.environ.get("QUINTANAS_SEED", "20261014")))
    kills = 0
    for _ in range(KILLS):
        before = len(samples.requests)
        wanted = before + chance.randint(1, max(2, requests // 6))
        process = start(killed, *names)
        end = time.monotonic() + PATIENCE
        while process.poll() is None and len(samples.requests) < wanted and time.monotonic() < end:
            time.sleep(0.002)
        time.sleep(chance.random() * 0.2)
        if process.poll() is None:
            kills += 1
            process.kill()
        process.communicate(timeout=PATIENCE)
        wait_for_group(process.pid)
    assert kills >= KILLS // 2, "most runs are to be killed before they end"
    done = run(killed, *names)
    assert "Traceback" not in done.stderr
    assert articles(killed) == articles(whole)
    assert reports(killed) == reports(whole)
    assert rows(killed, "SELECT url FROM visits WHERE effect = 'new' GROUP BY url HAVING count(*) > 1") == []
    assert rows(killed, "SELECT count(*) FROM addresses WHERE state = 'pending'") == [(0,)]
    assert rows(killed, "PRAGMA integrity_check") == [("ok",)]


def slow_site(site: Site, count: int) -> None:
    paths = [f"/nota-lenta-numero-{n}/" for n in range(count)]
    site.add("/feed/", feed(*paths))
    for n, path in enumerate(paths):
        page = Answer(article(f"Robo número {n} en la avenida").encode(), 200, {"Content-Type": "text/html; charset=utf-8"})

        def answer(_headers: Any, page: Answer = page) -> Answer:
            time.sleep(0.1)
            return page

        site.pages[path] = answer


def wait_until(condition: Any) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_ctrl_c_ends_it_and_says_what_is_left(site: Site, tmp_path: Path) -> None:
    slow_site(site, 60)
    sources = site.table(tmp_path, feeds=["/feed/"])
    data = tmp_path / "data"
    process = start(data, "diario", "--sources", str(sources))
    wait_until(lambda: len(site.requests) > 8)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to everything that the command started
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert "Traceback" not in output
    last = output.strip().splitlines()[-1]
    assert last.startswith("interrupted: ")
    [(left,)] = rows(data, "SELECT count(*) FROM addresses WHERE kind = 'article' AND state = 'pending'")
    assert 0 < left < 60
    assert f"{left} articles left for the next run" in last
    assert run(data, "diario", "--sources", str(sources)).returncode == 0
    assert len(articles(data)) == 60


def test_a_second_crawl_of_the_same_archive_says_so_and_stops(site: Site, tmp_path: Path) -> None:
    slow_site(site, 600)
    sources = site.table(tmp_path, feeds=["/feed/"])
    data = tmp_path / "data"
    first = start(data, "diario", "--sources", str(sources))
    try:
        wait_until(lambda: len(site.requests) > 4)
        second = run(data, "diario", "--sources", str(sources))
        assert first.poll() is None
    finally:
        first.send_signal(signal.SIGTERM)
        first.communicate(timeout=PATIENCE)
    assert second.returncode == 1
    assert "is being written by" in second.stderr
    assert str(first.pid) in second.stderr
    assert "Traceback" not in second.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="files are bounded by ulimit")
def test_a_full_disk_is_said_and_what_was_stored_is_safe(site: Site, tmp_path: Path) -> None:
    chance = random.Random(7)  # texts are stored packed: these cannot be made much smaller
    filler = "".join(f"<p>El agente contó de la placa {chance.randbytes(60).hex()} en la avenida.</p>" for _ in range(200))
    paths = [f"/nota-larga-numero-{n}/" for n in range(120)]
    site.add("/feed/", feed(*paths))
    for n, path in enumerate(paths):
        site.add(path, article(f"Robo número {n} en la avenida", filler.replace("agente", f"agente {n}").replace("7", str(n))))
    sources = site.table(tmp_path, feeds=["/feed/"])
    data = tmp_path / "data"
    limited = f'ulimit -f {1500 * 1024 // 512}; exec "$@"'
    done = subprocess.run(
        ["sh", "-c", limited, "sh", *command(data, "diario", "--sources", str(sources))],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert "archive.db" in done.stderr.splitlines()[-1]
    assert rows(data, "PRAGMA integrity_check") == [("ok",)]
    kept = len(articles(data))
    assert 0 < kept < 120
    again = run(data, "diario", "--sources", str(sources))
    assert again.returncode == 0, again.stdout + again.stderr
    assert len(articles(data)) == 120


def test_the_same_text_under_two_addresses_is_one_article(site: Site, tmp_path: Path) -> None:
    text = "".join(
        f"<p>La Policía contó en su parte número {n} lo que halló aquella noche en el mercado.</p>" for n in range(8)
    )
    site.add("/feed/", feed("/nota-de-agencia-de-hoy/", "/mundo/la-misma-nota-de-agencia/", "/otra-nota-de-hoy/"))
    site.add("/nota-de-agencia-de-hoy/", article("Robo en el mercado", text))
    site.add("/mundo/la-misma-nota-de-agencia/", article("Robo en el mercado", text))
    site.add("/otra-nota-de-hoy/", article("Estafa en el mercado", text.replace("mercado", "puerto")))
    done = run(tmp_path / "data", "diario", "--sources", str(site.table(tmp_path, feeds=["/feed/"])))
    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(headline for _, headline, _, _ in articles(tmp_path / "data")) == [
        "Estafa en el mercado",
        "Robo en el mercado",
    ]
    assert "same-text" in done.stdout
