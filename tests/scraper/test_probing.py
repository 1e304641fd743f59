"""Looking at a newspaper before it is crawled, filling its archive back, keeping pages, and noticing that it went bad."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import sqlite3
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from scraper_site import Site, article, feed

from db.archive import Archive
from pipelines.demo.server import SampleNewspapers
from pipelines.health import newspaper_alarms
from scraper.sources import read_sources


@pytest.fixture(scope="module")
def samples() -> Iterator[SampleNewspapers]:
    with SampleNewspapers() as newspapers:
        yield newspapers


def quintanas(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pipelines.cli", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def headlines(data: Path) -> list[str]:
    with contextlib.closing(sqlite3.connect(f"file:{data / 'archive.db'}?mode=ro", uri=True)) as archive:
        return sorted(row[0] for row in archive.execute("SELECT headline FROM article_versions"))


def test_check_shows_every_way_and_an_article_and_stores_nothing(samples: SampleNewspapers, tmp_path: Path) -> None:
    (tmp_path / "sources.toml").write_text(samples.sources_toml(), encoding="utf-8")
    done = quintanas("sources", "check", "vigia", "pregon", "--data", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "/feed/" in done.stdout
    assert "/wp-sitemap.xml" in done.stdout
    assert any(a.title in done.stdout for a in samples.articles() if a.newspaper == "pregon")
    assert "published  2026-" in done.stdout
    assert len(done.stdout.splitlines()) < 60
    assert not (tmp_path / "archive.db").exists()


def test_check_says_what_does_not_answer(site: Site, tmp_path: Path) -> None:
    site.add("/feed/", feed("/nota-buena-de-hoy/"))
    site.add("/nota-buena-de-hoy/", article("Robo en la avenida"))
    sources = site.table(tmp_path, feeds=["/feed/", "/no-hay.xml"])
    done = quintanas("sources", "check", "diario", "--sources", sources, "--data", tmp_path)
    assert done.returncode == 1
    assert "http-404" in done.stdout
    assert "Robo en la avenida" in done.stdout


def test_a_proposed_table_is_one_that_crawls(samples: SampleNewspapers, tmp_path: Path) -> None:
    done = quintanas("sources", "add", samples.url("vigia", "/"))
    assert done.returncode == 0, done.stderr
    [(name, table)] = tomllib.loads(done.stdout).items()
    assert samples.url("vigia", "/feed/") in table["feeds"]
    own = tmp_path / "own.toml"
    own.write_text(done.stdout, encoding="utf-8")
    source = read_sources(own)[name]
    noted = source.note(samples.url("vigia", "/feed/"))
    assert noted is not None
    assert noted.confirmed
    crawl = quintanas("crawl", name, "--sources", own, "--data", tmp_path / "data")
    assert len(headlines(tmp_path / "data")) > 5, crawl.stderr


def test_a_site_without_listings_is_said(site: Site) -> None:
    site.add("/", "<html><head><title>Taller</title></head><body><p>Nada.</p></body></html>")
    done = quintanas("sources", "add", site.base)
    assert done.returncode == 1
    assert "no feed" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_saved_pair_is_a_test_that_passes(site: Site, tmp_path: Path) -> None:
    site.add("/nota-buena-de-hoy/", article("Robo en la avenida"))
    sources = site.table(tmp_path)
    done = quintanas(
        *("sources", "save", "diario", f"{site.base}/nota-buena-de-hoy/", "robo", "--to", tmp_path / "pages"),
        *("--sources", sources, "--data", tmp_path),
    )
    assert done.returncode == 0, done.stderr
    said = json.loads((tmp_path / "pages" / "robo.json").read_text(encoding="utf-8"))
    assert said["article"]["headline"] == "Robo en la avenida"
    assert said["article"]["published"] == "2026-10-14T10:00:00-05:00"
    assert len(said["article"]["body"]) == 2
    assert b"Robo en la avenida" in (tmp_path / "pages" / "robo.html").read_bytes()


def test_an_archive_is_filled_back_between_two_days(site: Site, tmp_path: Path) -> None:
    def files(*months: str) -> str:
        return (
            "<sitemapindex>"
            + "".join(f"<sitemap><loc>{{base}}/mapa-{m}.xml</loc></sitemap>" for m in months)
            + "</sitemapindex>"
        )

    def month(*days: str) -> str:
        urls = "".join(f"<url><loc>{{base}}/{day.replace('-', '/')}/nota-del-dia-{day}/</loc></url>" for day in days)
        return f"<urlset>{urls}</urlset>"

    site.add("/indice.xml", files("2024-01", "2024-02", "2024-03"))
    site.add("/mapa-2024-01.xml", month("2024-01-05", "2024-01-20"))
    site.add("/mapa-2024-02.xml", month("2024-02-03", "2024-02-15"))
    site.add("/mapa-2024-03.xml", month("2024-03-09"))
    for day in ("2024-01-05", "2024-01-20", "2024-02-03", "2024-02-15", "2024-03-09"):
        page = article(f"Nota del {day}").replace("2026-10-14T10", f"{day}T10")
        site.add(f"/{day.replace('-', '/')}/nota-del-dia-{day}/", page)
    sources = site.table(tmp_path, news_sitemaps=["/indice.xml"])
    done = quintanas(
        *("crawl", "diario", "--sources", sources, "--data", tmp_path / "data"),
        *("--since", "2024-01-15", "--until", "2024-02-10"),
    )
    assert done.returncode == 0, done.stderr
    assert headlines(tmp_path / "data") == ["Nota del 2024-01-20", "Nota del 2024-02-03"]
    assert "/mapa-2024-03.xml" not in site.paths()


def test_pages_that_were_not_read_well_are_kept_on_demand(site: Site, tmp_path: Path) -> None:
    site.add("/feed/", feed("/nota-buena-de-hoy/", "/nota-vacia-de-hoy/"))
    site.add("/nota-buena-de-hoy/", article("Robo en la avenida"))
    site.add("/nota-vacia-de-hoy/", "<html><body><h1>Video</h1></body></html>")
    sources = site.table(tmp_path, feeds=["/feed/"])
    done = quintanas("crawl", "diario", "--sources", sources, "--data", tmp_path / "data", "--keep-html", tmp_path / "html")
    assert done.returncode == 0, done.stderr
    [page] = (tmp_path / "html" / "diario").glob("*.html.gz")
    assert b"<h1>Video</h1>" in gzip.decompress(page.read_bytes())
    facts = json.loads(next((tmp_path / "html" / "diario").glob("*.json")).read_text(encoding="utf-8"))
    assert facts["reason"] == "no-body"
    assert facts["url"].endswith("/nota-vacia-de-hoy/")
    strange = page.with_name("apuntes-del-editor.html.gz")
    strange.write_bytes(b"")
    for path in page.parent.iterdir():
        os.utime(path, (time.time() - 91 * 86_400,) * 2)
    again = ("crawl", "diario", "--sources", sources, "--data", tmp_path / "data", "--keep-html", tmp_path / "html")
    assert quintanas(*again, "--set", "QUINTANAS_KEEP_HTML_DAYS=0").returncode == 0
    assert page.exists(), "0: never"
    assert quintanas(*again).returncode == 0
    assert list(page.parent.iterdir()) == [strange], "what is not of the crawl's making stays"


def test_a_newspaper_that_loses_its_dates_or_its_listings_is_reported(site: Site, tmp_path: Path) -> None:
    data = tmp_path / "data"
    sources = site.table(tmp_path, feeds=["/feed/"])
    arguments = ("crawl", "diario", "--sources", sources, "--data", data)
    bare = "<rss version='2.0'><channel><title>d</title><link>{base}</link>%s</channel></rss>"

    def publish(first: int, *, dated: bool) -> None:
        paths = [f"/nota-del-dia-numero-{n}/" for n in range(first, first + 10)]
        items = "".join(f"<item><title>t</title><link>{{base}}{path}</link></item>" for path in paths)
        site.add("/feed/", bare % items)
        for path in paths:
            page = article(f"Robo en la avenida {path}")
            site.add(path, page if dated else page.replace("article:published_time", "x"))

    publish(0, dated=True)
    assert quintanas(*arguments).returncode == 0
    publish(20, dated=False)
    done = quintanas(*arguments)
    assert done.returncode == 1
    assert "without a date: 10 of the last 10" in done.stdout
    listed = quintanas("sources", "--sources", sources, "--data", data)
    assert listed.returncode == 1
    assert "diario: articles without a date" in listed.stdout
    site.add("/feed/", bare % "")
    assert "name no article any more" in quintanas(*arguments).stdout


def test_a_newspaper_that_falls_silent_is_reported(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    with Archive(tmp_path / "archive.db", write=True) as archive:
        archive.sync_sources([{"id": "diario", "name": "Diario"}])
        run = archive.start_run("crawl", ["diario"], "0")

        def store(number: int, at: datetime) -> None:
            facts: dict[str, Any] = {"url": f"https://d.example/{number}", "source": "diario", "headline": "h", "body": "b"}
            archive.store_article(run, facts | {"fetched": at, "fetched_url": "https://d.example/"})

        for day in range(10, 30):
            store(day, now - timedelta(days=day))
        archive.store_yield(run, "diario", "finished", 1.0)
        [alarm] = newspaper_alarms(archive, "diario")
        assert "silent" in alarm
        assert "10 days" in alarm
        store(1, now - timedelta(hours=1))
        assert newspaper_alarms(archive, "diario") == []
