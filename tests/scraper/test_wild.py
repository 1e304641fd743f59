"""`quintanas crawl` against newspapers with everything wrong that real ones have."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scraper_site import Answer, Site, article, feed

HTML = {"Content-Type": "text/html; charset=utf-8"}


def quintanas(*arguments: object, before: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", f"{before}\nfrom pipelines.cli import main\nmain()", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def rows(data: Path, statement: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(data / "archive.db")) as archive, archive:
        return archive.execute(statement).fetchall()


def headlines(data: Path) -> list[str]:
    return sorted(row[0] for row in rows(data, "SELECT headline FROM article_versions"))


def reasons(data: Path) -> dict[str, str]:
    """Last folder of an address → outcome and reason of its last visit, where it gave no article."""
    found = rows(data, "SELECT url, outcome, reason FROM visits WHERE effect IS NULL AND kind = 'article' ORDER BY id")
    return {url.rstrip("/").rpartition("/")[2]: f"{outcome} {reason}" for url, outcome, reason in found}


def test_what_is_broken_costs_itself_alone_and_has_a_reason(site: Site, tmp_path: Path) -> None:
    huge = 30 * 1024 * 1024
    wall = (
        "<html><body><h1>Balean a un comerciante</h1><p>Inicia sesión para continuar leyendo.</p><input type='password'></body>"
    )
    again = "<meta http-equiv='refresh' content='0;url=/nota-que-se-recarga-sola/'>"
    broken = (
        '<script type="application/ld+json">{"@type": "NewsArticle", "datePublished": "2026-10-13T22:00:00Z",'
        ' "headline": "Robo en el "Mercado Central"", "articleBody": "corto", }</script>'
    )
    pages = {
        "nota-que-se-recarga-sola": f"<html><head>{again}</head><body><p>Un momento</p></body></html>",
        "nota-de-treinta-megas": Answer(b"", 200, {**HTML, "Content-Length": str(huge)}),
        "nota-tras-un-muro-hoy": wall,
        "nota-que-ya-no-existe": "<html><head><title>Página no encontrada | Diario</title></head><body><h1>Ups</h1></body>",
        "nota-vacia-del-todo-hoy": "",
        "nota-con-json-ld-roto": article("Robo en el mercado central", "", broken).replace("article:published_time", "x"),
        "nota-fechada-en-el-futuro": article("Asalto del porvenir").replace("2026-10-14T10", "2096-10-14T10"),
        "nota-con-letras-revueltas": article("Robo en Ñaupe: “vivió” el niño").encode().replace("ñ".encode(), b"\xf1"),
    }
    site.add("/feed/", feed(*(f"/{name}/" for name in pages)))
    for name, page in pages.items():
        site.pages[f"/{name}/"] = page if isinstance(page, Answer) else Answer(page, 200, dict(HTML))
    data = tmp_path / "data"
    done = quintanas("crawl", "diario", "--sources", site.table(tmp_path, feeds=["/feed/"]), "--data", data)
    assert done.returncode == 1, "the page of 30 MB could not be had"
    assert "Traceback" not in done.stderr
    assert reasons(data) == {
        "nota-que-se-recarga-sola": "skipped no-body",
        "nota-de-treinta-megas": "failed too-large",
        "nota-tras-un-muro-hoy": "skipped login-wall",
        "nota-que-ya-no-existe": "skipped soft-404",
        "nota-vacia-del-todo-hoy": "skipped not-html",
    }
    published = dict(rows(data, "SELECT headline, published FROM article_versions"))
    assert published["Robo en el mercado central"] == "2026-10-13T17:00:00-05:00"
    assert published["Asalto del porvenir"] == "2026-10-14T10:00:00-05:00", "the feed's word, not one from the future"
    assert "Robo en Ñaupe: “vivió” el niño" in published
    assert site.paths().count("/nota-que-se-recarga-sola/") == 1


def test_who_asks_for_a_long_rest_gets_it(site: Site, tmp_path: Path) -> None:
    paths = [f"/nota-numero-{n}-de-hoy/" for n in range(40)]
    site.add("/feed/", feed(*paths))
    for path in paths:
        site.pages[path] = Answer("", 503, {"Retry-After": "7200"})
    data = tmp_path / "data"
    arguments = ("crawl", "diario", "--sources", site.table(tmp_path, feeds=["/feed/"]), "--data", data)
    done = quintanas(*arguments)
    assert done.returncode == 1
    assert "diario (retry-after)" in done.stdout
    assert len(site.requests) < 10
    before = len(site.requests)
    assert "left alone until" in quintanas(*arguments).stderr
    assert len(site.requests) == before

    for n, path in enumerate(paths):
        site.add(path, article(f"Robo número {n}"))
    rows(data, "UPDATE sources SET rests_until = '2020-01-01T00:00:00+00:00'")
    rows(data, "UPDATE addresses SET next_due = '2020-01-01T00:00:00+00:00' WHERE state = 'failed'")
    assert quintanas(*arguments).returncode == 0
    assert len(headlines(data)) == 40


def test_a_calendar_without_end_ends(site: Site, tmp_path: Path) -> None:
    def day(n: int) -> Answer:
        links = f"<a href='/{2030 + n}/01/02/evento-del-dia-en-la-plaza/'>x</a><a rel='next' href='/agenda/{n + 1}/'>»</a>"
        return Answer(links, 200, dict(HTML))

    for n in range(60):
        site.pages[f"/agenda/{n}/"] = day(n)
        site.pages[f"/{2030 + n}/01/02/evento-del-dia-en-la-plaza/"] = Answer(article(f"Evento {n}"), 200, dict(HTML))
    site.add("/ciclo/", "<a href='/nota-de-siempre-en-la-plaza/'>x</a><a rel='next' href='/ciclo/otra-vez/'>»</a>")
    site.add("/ciclo/otra-vez/", "<a href='/nota-de-siempre-en-la-plaza/'>x</a><a rel='next' href='/ciclo/'>»</a>")
    site.add("/nota-de-siempre-en-la-plaza/", article("Nota de siempre"))
    sources = site.table(tmp_path, sections=["/agenda/0/", "/ciclo/"])
    quintanas("crawl", "diario", "--sources", sources, "--data", tmp_path / "data")
    assert sum(path.startswith("/agenda/") for path in site.paths()) == 5
    assert sum(path.startswith("/ciclo/") for path in site.paths()) <= 2
    before = len(site.requests)
    quintanas("crawl", "diario", "--sources", sources, "--data", tmp_path / "back", "--since", "2026-01-01")
    asked = [path for path, _ in site.requests[before:]]
    assert sum(path.startswith("/agenda/") for path in asked) == 1
    assert sum(path.startswith("/ciclo/") for path in asked) <= 2


def test_a_back_fill_stores_what_appeared_in_its_period_alone(site: Site, tmp_path: Path) -> None:
    names = {"vieja": "2024-01-05", "buena": "2024-01-20", "vecina": "2024-02-11", "sin-fecha": None}
    site.add("/policiales/", "".join(f"<a href='/nota-{name}-de-la-plaza/'>x</a>" for name in names))
    for name, stated in names.items():
        page = article(f"Nota {name}").replace("2026-10-14T10", f"{stated}T10")
        site.add(f"/nota-{name}-de-la-plaza/", page if stated else page.replace("article:published_time", "x"))
    data = tmp_path / "data"
    arguments = ("crawl", "diario", "--sources", site.table(tmp_path, sections=["/policiales/"]), "--data", data)
    done = quintanas(*arguments, "--since", "2024-01-15", "--until", "2024-02-10")
    assert headlines(data) == ["Nota buena"]
    assert "2 outside-period, 1 undated" in done.stdout
    assert quintanas(*arguments).returncode == 0
    assert len(headlines(data)) == 4, "what a back-fill left aside, an ordinary run takes"


def newspaper(site: Site, tmp_path: Path) -> Iterator[Any]:
    site.add("/feed/", feed("/nota-buena-de-hoy/"), ETag='"f1"')
    site.add("/nota-buena-de-hoy/", article("Robo en la avenida"), ETag='"a1"')
    yield from ("crawl", "diario", "--sources", site.table(tmp_path, feeds=["/feed/"]), "--data", tmp_path / "data")


def test_another_program_that_holds_the_archive_is_waited_for_and_then_named(site: Site, tmp_path: Path) -> None:
    arguments = list(newspaper(site, tmp_path))
    assert quintanas(*arguments).returncode == 0
    site.add("/feed/", feed("/nota-buena-de-hoy/", "/nota-nueva-de-hoy/"))
    site.add("/nota-nueva-de-hoy/", article("Estafa en el mercado"))
    with contextlib.closing(sqlite3.connect(tmp_path / "data" / "archive.db", check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        done = quintanas(*arguments, before="import db.archive; db.archive.BUSY_TIMEOUT = 0.5")
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        assert "locked" in done.stderr.splitlines()[-1]
        assert "run the same command again" in done.stderr.splitlines()[-1]
        timer = threading.Timer(2.0, other.rollback)
        timer.start()
        done = quintanas(*arguments)
        timer.join()
    assert done.returncode == 0, done.stderr
    assert headlines(tmp_path / "data") == ["Estafa en el mercado", "Robo en la avenida"]


def test_a_clock_that_was_ahead_is_said_and_stops_nothing(site: Site, tmp_path: Path) -> None:
    arguments = list(newspaper(site, tmp_path))
    site.add("/nota-buena-de-hoy/", status=500)
    assert quintanas(*arguments, "-s", "RETRY_TIMES=0").returncode == 1
    data = tmp_path / "data"
    later = "'2096-01-01T00:00:00+00:00'"
    rows(data, f"UPDATE addresses SET next_due = {later} WHERE kind = 'article'")
    rows(data, f"UPDATE addresses SET last_visit = {later}, last_full = {later}")
    rows(data, f"UPDATE runs SET started = {later}")
    rows(data, f"UPDATE robots SET fetched = {later}")
    site.add("/nota-buena-de-hoy/", article("Robo en la avenida"))
    before, begun = len(site.requests), time.monotonic()
    done = quintanas(*arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    assert time.monotonic() - begun < 60
    assert "the clock is behind" in done.stderr
    assert headlines(data) == ["Robo en la avenida"]
    asked = [path for path, _ in site.requests[before:]]
    assert asked[0] == "/robots.txt"
    assert sorted(asked[1:]) == ["/feed/", "/nota-buena-de-hoy/"], "one request each, in either order"


def test_two_newspapers_at_one_host_follow_one_another(site: Site, tmp_path: Path) -> None:
    tables = ""
    for region in ("norte", "sur"):
        site.add(f"/{region}.xml", feed(*(f"/{region}/nota-numero-{n}-de-hoy/" for n in range(6))))
        for n in range(6):
            site.add(f"/{region}/nota-numero-{n}-de-hoy/", article(f"Robo número {n} del {region}"))
        tables += f'[{region}]\nname = "Diario del {region}"\nhome = "{site.base}/"\nfeeds = ["{site.base}/{region}.xml"]\n'
    (tmp_path / "sources.toml").write_text(tables, encoding="utf-8")
    done = quintanas("crawl", "norte", "sur", "--sources", tmp_path / "sources.toml", "--data", tmp_path / "data")
    assert done.returncode == 0, done.stderr
    order = [path.strip("/")[:3] for path in site.paths() if path != "/robots.txt"]
    assert order == ["nor"] * 7 + ["sur"] * 7
    assert site.paths().count("/robots.txt") == 1
