"""robots.txt: kept, asked for under conditions, and obeyed where it cannot be had."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from scraper_crawl import crawl
from scraper_site import Answer, Site, article, feed

DAY_AGO = "UPDATE robots SET fetched = '2020-01-01T00:00:00+00:00'"


def quintanas(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipelines.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def newspaper(site: Site, tmp_path: Path) -> tuple[Any, ...]:
    site.add("/robots.txt", "User-agent: *\nDisallow: /privado/\n", ETag='"r1"')
    site.add("/feed/", feed("/nota-buena-de-hoy/", "/privado/nota-de-hoy/"), ETag='"f1"')
    site.add("/nota-buena-de-hoy/", article("Robo en la avenida"), ETag='"a1"')
    return ("crawl", "diario", "--sources", site.table(tmp_path, feeds=["/feed/"]), "--data", tmp_path / "data")


def execute(data: Path, statement: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(data / "archive.db")) as archive, archive:
        return archive.execute(statement).fetchall()


def test_it_is_kept_for_a_day_and_then_asked_for_under_conditions(site: Site, tmp_path: Path) -> None:
    arguments = newspaper(site, tmp_path)
    assert quintanas(*arguments).returncode == 0
    assert "/privado/nota-de-hoy/" not in site.paths()

    before = len(site.requests)
    again = quintanas(*arguments)
    assert again.returncode == 0, again.stderr
    assert [(path, headers.get("If-None-Match")) for path, headers in site.requests[before:]] == [("/feed/", '"f1"')]

    execute(tmp_path / "data", DAY_AGO)
    before = len(site.requests)
    assert quintanas(*arguments).returncode == 0
    path, headers = site.requests[before]
    assert (path, headers.get("If-None-Match")) == ("/robots.txt", '"r1"')
    [(fetched, body)] = execute(tmp_path / "data", "SELECT fetched, body FROM robots")
    assert fetched > "2026"
    assert b"/privado/" in body

    site.add("/robots.txt", "User-agent: *\nDisallow: /\n", ETag='"r2"')
    execute(tmp_path / "data", DAY_AGO)
    before = len(site.requests)
    done = quintanas(*arguments)
    assert [path for path, _ in site.requests[before:]] == ["/robots.txt"]
    assert "robots" in done.stdout


@pytest.mark.parametrize("status", [503, 429])
def test_where_it_cannot_be_had_nothing_is_asked_for(site: Site, tmp_path: Path, status: int) -> None:
    site.add("/robots.txt", status=status)
    site.add("/feed/", feed("/nota-buena-de-hoy/"))
    done = crawl(site.table(tmp_path, feeds=["/feed/"]), "diario", [site.port])
    assert done.visit("/feed/") == ("failed", f"robots-http-{status}")
    assert set(site.paths()) == {"/robots.txt"}


@pytest.mark.parametrize("answer", [Answer("", 403), Answer("", 302, {"Location": "https://otro.example/"})])
def test_where_there_is_none_everything_may_be_asked_for(site: Site, tmp_path: Path, answer: Answer) -> None:
    site.pages["/robots.txt"] = answer
    site.add("/feed/", feed("/nota-buena-de-hoy/"))
    site.add("/nota-buena-de-hoy/", article("Robo en la avenida"))
    assert len(crawl(site.table(tmp_path, feeds=["/feed/"]), "diario", [site.port]).items) == 1


def test_it_cannot_be_switched_off(site: Site, tmp_path: Path) -> None:
    arguments = newspaper(site, tmp_path)
    done = quintanas(*arguments, "-s", "ROBOTSTXT_OBEY=0")
    assert done.returncode == 1
    assert "robots.txt is obeyed" in done.stderr
    assert site.requests == []
