"""Whole crawls through real HTTP on loopback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from scraper_crawl import crawl
from scraper_site import Answer, Site, article, feed, packed

from pipelines.demo.server import SampleNewspapers


@pytest.fixture(scope="module")
def samples() -> SampleNewspapers:
    with SampleNewspapers() as newspapers:
        yield newspapers


@pytest.mark.parametrize("newspaper", ["vigia", "pregon", "farol"])
def test_a_sample_newspaper_is_crawled_whole(samples: SampleNewspapers, newspaper: str, tmp_path: Path) -> None:
    sources = tmp_path / "s.toml"
    sources.write_text(samples.sources_toml(), encoding="utf-8")
    done = crawl(sources, newspaper, [urlsplit(samples.url(newspaper)).port or 0])
    wanted = {a.path.strip("/"): a for a in samples.articles() if a.newspaper == newspaper}
    got = {item["url"].split("/", 3)[3].strip("/"): item for item in done.items}
    assert sorted(got) == sorted(wanted)
    for path, expected in wanted.items():
        assert got[path]["headline"] == expected.title
        assert got[path]["body"] == expected.text
        assert got[path]["published"][:10] == expected.published.date().isoformat()
        assert len(got[path]["links"]) >= len(expected.links)


def test_the_line_of_the_readme_crawls(samples: SampleNewspapers, tmp_path: Path) -> None:
    sources, out = tmp_path / "s.toml", tmp_path / "articles.jsonl"
    sources.write_text(samples.sources_toml(), encoding="utf-8")
    port = urlsplit(samples.url("vigia")).port
    options = [f"QUINTANAS_SOURCES={sources}", f"QUINTANAS_LOOPBACK_PORTS={port}", "DOWNLOAD_DELAY=0", "AUTOTHROTTLE_ENABLED=0"]
    command = [sys.executable, "-m", "scrapy", "crawl", "newspaper", "-a", "source=vigia", "-O", str(out)]
    done = subprocess.run(
        [*command, *(part for option in options for part in ("-s", option))],
        env={**os.environ, "SCRAPY_SETTINGS_MODULE": "scraper.settings"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert len(out.read_text(encoding="utf-8").splitlines()) == len([a for a in samples.articles() if a.newspaper == "vigia"])


def test_every_request_ends_in_one_visit_with_a_reason(site: Site, tmp_path: Path) -> None:
    site.add("/robots.txt", "User-agent: *\nDisallow: /privado/\n")
    paths = [
        "/nota-buena-de-hoy/",
        "/nota-que-falta-hoy/",
        "/nota-retirada-hoy/",
        "/privado/nota-de-hoy/",
        "/nota-rota-de-hoy/",
    ]
    paths += [
        "/nota-que-se-va-lejos/",
        "/nota-que-da-vueltas/",
        "/nota-en-pdf-de-hoy/",
        "/nota-vacia-de-hoy/",
        "/tag/una-nota-de-hoy/",
    ]
    paths += ["/nota-a-la-maquina-vecina/", "/nota-mudada-de-hoy/", "/nota-enorme-de-hoy/", "/nota-cortada-de-hoy/"]
    site.add("/feed/", feed(*paths))
    site.add("/nota-buena-de-hoy/", article("Robo en la avenida"), ETag='"1"')
    site.add("/nota-retirada-hoy/", status=410)
    site.add("/nota-rota-de-hoy/", status=500)
    site.add("/nota-que-se-va-lejos/", status=302, Location="https://otro.example/nota/")
    site.add("/nota-a-la-maquina-vecina/", status=302, Location="http://127.0.0.1:9/secreto")
    site.add("/nota-que-da-vueltas/", status=302, Location="{base}/nota-que-da-vueltas/")
    site.add("/nota-en-pdf-de-hoy/", b"%PDF-1.4 \x00\x01\x02", Content_Type="application/pdf")
    site.add("/nota-vacia-de-hoy/", "<html><body><h1>Video</h1></body></html>")
    site.add("/nota-mudada-de-hoy/", status=301, Location="{base}/nota-en-su-casa-nueva/")
    site.add("/nota-en-su-casa-nueva/", article("Estafa en el mercado"))
    site.add("/nota-enorme-de-hoy/", b"<p>" + b"a" * 300_000)
    site.add("/nota-cortada-de-hoy/", "<html>", Content_Length="5000", Connection="close")
    done = crawl(site.table(tmp_path, feeds=["/feed/"]), "diario", [site.port], DOWNLOAD_MAXSIZE=200_000)
    assert {item["headline"] for item in done.items} == {"Robo en la avenida", "Estafa en el mercado"}
    assert done.item("/nota-buena-de-hoy")["etag"] == '"1"'
    assert done.visit("/feed/") == ("stored", None)
    assert done.visit("/nota-que-falta-hoy") == ("gone", "http-404")
    assert done.visit("/nota-retirada-hoy") == ("gone", "http-410")
    assert done.visit("/privado/nota-de-hoy") == ("skipped", "robots")
    assert done.visit("/nota-rota-de-hoy") == ("failed", "http-500")
    assert done.visit("/nota-que-se-va-lejos") == ("skipped", "offsite-redirect")
    assert done.visit("/nota-a-la-maquina-vecina") == ("skipped", "offsite-redirect")
    assert done.visit("/nota-que-da-vueltas") == ("failed", "redirects")
    assert done.visit("/nota-en-pdf-de-hoy") == ("skipped", "not-html")
    assert done.visit("/nota-vacia-de-hoy") == ("skipped", "no-body")
    assert done.visit("/tag/una-nota-de-hoy") == ("skipped", "no-page")
    assert done.visit("/nota-mudada-de-hoy") == ("skipped", "redirected")
    assert done.visit("/nota-enorme-de-hoy") == ("failed", "too-large")
    assert done.visit("/nota-cortada-de-hoy")[0] == "failed"
    assert len(done.visits) == 14, "one visit each, and none for the two that were stored"


def test_what_a_bomb_inflates_to_is_bounded(site: Site, tmp_path: Path) -> None:
    site.add("/feed/", feed("/nota-bomba-de-hoy/"))
    site.add("/nota-bomba-de-hoy/", packed("<p>" + "a" * 30_000_000), Content_Encoding="gzip")
    done = crawl(site.table(tmp_path, feeds=["/feed/"]), "diario", [site.port])
    assert done.items == []
    assert done.visit("/nota-bomba-de-hoy")[0] in {"failed", "skipped"}


def test_links_inside_articles_are_followed_to_a_bound(site: Site, tmp_path: Path) -> None:
    site.add("/feed/", feed("/nota-numero-1-de-hoy/"))
    for n in range(1, 7):
        link = f"<p>VER MÁS: <a href='/nota-numero-{n + 1}-de-hoy/'>La nota número {n + 1} de hoy</a></p>"
        site.add(f"/nota-numero-{n}-de-hoy/", article(f"Nota {n}", link))
    done = crawl(site.table(tmp_path, feeds=["/feed/"]), "diario", [site.port])
    assert sorted(item["headline"] for item in done.items) == ["Nota 1", "Nota 2", "Nota 3"]
    assert all("La nota número" not in item["body"] for item in done.items)


def test_a_broken_listing_stops_nothing_else(site: Site, tmp_path: Path) -> None:
    site.add("/roto.xml", "<html><body>Mantenimiento</body></html>")
    site.add("/mapa.xml", "esto no es XML")
    site.add("/feed/", feed("/nota-buena-de-hoy/").replace("<title>d</title>", "<title>&aacute;</title>"))
    site.add("/nota-buena-de-hoy/", article("Robo en la avenida"))
    sources = site.table(tmp_path, feeds=["/roto.xml", "/no-hay.xml", "/feed/"], news_sitemaps=["/mapa.xml"])
    done = crawl(sources, "diario", [site.port])
    assert [item["headline"] for item in done.items] == ["Robo en la avenida"]
    assert done.visit("/roto.xml") == ("failed", "not-a-feed")
    assert done.visit("/mapa.xml") == ("failed", "not-a-sitemap")
    assert done.visit("/no-hay.xml") == ("failed", "http-404")


def test_packed_sitemaps_and_their_index(site: Site, tmp_path: Path) -> None:
    news = (
        "<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9' xmlns:news='http://www.google.com/schemas/sitemap-news/0.9'>"
        f"<url><loc>{site.base}/nota-del-mapa-de-hoy/</loc><news:news><news:publication_date>2026-10-14T20:00:00-05:00"
        "</news:publication_date></news:news></url></urlset>"
    )
    index = f"<sitemapindex><sitemap><loc>{site.base}/noticias.xml.gz</loc></sitemap></sitemapindex>"
    site.add("/indice.xml", index, ETag='"i"')
    site.add("/noticias.xml.gz", packed(news), Content_Type="application/gzip", ETag='"n"')
    site.add("/nota-del-mapa-de-hoy/", article("Robo").replace("article:published_time", "x"))
    state = tmp_path / "state.json"
    sources = site.table(tmp_path, news_sitemaps=["/indice.xml"])
    done = crawl(sources, "diario", [site.port], state)
    assert done.item("/nota-del-mapa-de-hoy")["published"] == "2026-10-14 20:00:00-05:00"
    assert done.item("/nota-del-mapa-de-hoy")["published_from"] == "sitemap"
    again = crawl(sources, "diario", [site.port], state)
    assert again.visit("/noticias.xml.gz") == ("not_modified", None), "an index that did not change may lead to files that did"


def test_sections_are_paged_while_they_bring_something_new(site: Site, tmp_path: Path) -> None:
    for n in range(1, 9):
        site.add(
            f"/policiales/{n}.html",
            f"<a href='/nota-numero-{n}-de-hoy.html'>x</a><a class='sig' href='/policiales/{n + 1}.html'>»</a>",
        )
        site.add(f"/nota-numero-{n}-de-hoy.html", article(f"Nota {n}"))
    state = tmp_path / "state.json"
    sources = site.table(tmp_path, sections=["/policiales/1.html"], next_page="a.sig", max_pages=4)
    done = crawl(sources, "diario", [site.port], state)
    assert len(done.items) == 4
    before = len(site.requests)
    again = crawl(sources, "diario", [site.port], state)
    assert again.items == []
    assert [path for path, _ in site.requests[before:] if path != "/robots.txt"] == ["/policiales/1.html"]


def test_an_unchanged_world_costs_one_conditional_request(site: Site, tmp_path: Path) -> None:
    site.add("/feed/", feed("/nota-buena-de-hoy/"), ETag='"f1"')
    site.add("/nota-buena-de-hoy/", article("Robo en la avenida"), ETag='"a1"')
    state = tmp_path / "state.json"
    sources = site.table(tmp_path, feeds=["/feed/"])
    assert len(crawl(sources, "diario", [site.port], state).items) == 1
    before = len(site.requests)
    again = crawl(sources, "diario", [site.port], state)
    assert again.items == []
    assert again.visit("/feed/") == ("not_modified", None)
    asked = [(path, headers.get("If-None-Match")) for path, headers in site.requests[before:] if path != "/robots.txt"]
    assert asked == [("/feed/", '"f1"')]


def test_what_an_earlier_run_left_is_fetched(site: Site, tmp_path: Path) -> None:
    site.add("/nota-que-quedo-de-ayer/", article("Robo en la avenida"))
    state = tmp_path / "state.json"
    left = f'{{"kept": {{}}, "seen": [], "left": ["{site.base}/nota-que-quedo-de-ayer"]}}'
    state.write_text(left, encoding="utf-8")
    done = crawl(site.table(tmp_path), "diario", [site.port], state)
    assert [item["headline"] for item in done.items] == ["Robo en la avenida"], "asked for without its slash, found with it"


def test_crawl_delay_of_robots_is_kept(site: Site, tmp_path: Path) -> None:
    site.add("/robots.txt", "User-agent: *\nCrawl-delay: 0.2\n")
    site.add("/feed/", feed("/nota-buena-de-hoy/"))
    site.add("/nota-buena-de-hoy/", article("Robo en la avenida"))
    done = crawl(site.table(tmp_path, feeds=["/feed/"]), "diario", [site.port])
    assert len(done.items) == 1
    assert "asks for 0.2 s between requests" in done.log


def test_the_user_agent_names_the_project_and_the_contact(site: Site, tmp_path: Path) -> None:
    site.add("/feed/", feed())
    crawl(site.table(tmp_path, feeds=["/feed/"]), "diario", [site.port], QUINTANAS_CONTACT="redaccion@example.org")
    agents = {headers["User-Agent"] for _, headers in site.requests}
    assert len(agents) == 1
    agent = agents.pop()
    assert agent.startswith("Quintanas/")
    assert "redaccion@example.org" in agent


def test_no_port_of_this_machine_but_those_named_is_asked(site: Site, tmp_path: Path) -> None:
    site.add("/feed/", feed("/nota-buena-de-hoy/"))
    done = crawl(site.table(tmp_path, feeds=["/feed/"]), "diario", [])
    assert done.visit("/feed/") == ("skipped", "private-address")
    assert site.requests == []


def test_the_open_web_is_not_crawled_without_a_contact(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "scrapy", "crawl", "newspaper", "-a", "source=laindustria"],
        env={**os.environ, "SCRAPY_SETTINGS_MODULE": "scraper.settings", "QUINTANAS_CONTACT": ""},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "QUINTANAS_CONTACT" in done.stderr


def test_a_page_that_cannot_be_read_is_recorded(site: Site, tmp_path: Path) -> None:
    site.add("/feed/", feed("/nota-de-bytes-de-hoy/", "/nota-buena-de-hoy/"))
    site.add("/nota-de-bytes-de-hoy/", bytes(range(256)) * 50)
    site.add("/nota-buena-de-hoy/", article("Robo en la avenida"))
    done = crawl(site.table(tmp_path, feeds=["/feed/"]), "diario", [site.port])
    assert len(done.items) == 1
    assert done.visit("/nota-de-bytes-de-hoy")[0] == "skipped"


def test_overload_is_answered_with_patience(site: Site, tmp_path: Path) -> None:
    turns = iter([Answer("", 503, {"Retry-After": "1"})])
    good = Answer(article("Robo en la avenida"), 200, {"Content-Type": "text/html"})
    site.add("/feed/", feed("/nota-buena-de-hoy/"))
    site.pages["/nota-buena-de-hoy/"] = lambda _headers: next(turns, good)
    done = crawl(site.table(tmp_path, feeds=["/feed/"]), "diario", [site.port], RETRY_TIMES=2)
    assert len(done.items) == 1
    assert site.paths().count("/nota-buena-de-hoy/") == 2
