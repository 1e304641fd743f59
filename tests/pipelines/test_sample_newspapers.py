"""The sample newspapers behave as newspapers do, and their labels hold what they say."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from email.utils import parsedate_to_datetime
from importlib import resources
from pathlib import Path

import feedparser
import httpx
import pytest
from lxml import etree, html

from pipelines.demo.articles import INCIDENT_KEYS, NEWSPAPERS, SampleArticle, SampleError, read_newspapers
from pipelines.demo.server import SampleNewspapers

LEVELS = {"street", "neighbourhood", "populated_place", "facility", "district", "province", "department", "country", "none"}
DATES = {"day": r"\d{4}-\d\d-\d\d", "month": r"\d{4}-\d\d", "year": r"\d{4}"}
WEEKDAYS = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")
SITEMAP = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9", "n": "http://www.google.com/schemas/sitemap-news/0.9"}
REFERENCE = "gobernador-regional-se-reune-con-embajada-por-plan-contra-el-crimen"
LINKED = {
    "robacasas-causan-temor-en-vecinos-de-la-urbanizacion-las-quintanas",
    "adolescente-es-acribillado-en-centro-poblado-de-nuevo-chao",
}
LABELLED = [
    pytest.param(article, id=f"{article.newspaper}/{article.slug}.{edition}")
    for newspaper in read_newspapers()
    for edition, articles in newspaper.editions.items()
    for article in articles.values()
    if article.edition == edition and not article.withdrawn
]


@pytest.fixture
def newspapers() -> Iterator[SampleNewspapers]:
    with SampleNewspapers() as served:
        yield served


@pytest.fixture
def web() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=20, headers={"Accept-Encoding": "identity"}) as client:
        yield client


def by_slug(newspapers: SampleNewspapers) -> dict[str, SampleArticle]:
    return {article.slug: article for article in newspapers.articles()}


def address(newspapers: SampleNewspapers, article: SampleArticle) -> str:
    return newspapers.url(article.newspaper, article.path)


def locs(web: httpx.Client, url: str) -> list[str]:
    """Addresses in a sitemap; those of an index's sitemaps together."""
    root = etree.fromstring(web.get(url).content)
    found = [str(loc.text) for loc in root.findall("s:*/s:loc", SITEMAP)]
    if root.tag == f"{{{SITEMAP['s']}}}sitemapindex":
        return [loc for url in found for loc in locs(web, url)]
    return found


def listed(newspapers: SampleNewspapers, paper: str) -> set[str]:
    """Addresses of the articles that a newspaper is meant to list."""
    return {address(newspapers, article) for article in newspapers.articles() if article.newspaper == paper and article.listed}


def oddity(newspapers: SampleNewspapers, paper: str, kind: str) -> str:
    path = next(oddity.path for oddity in newspapers.newspapers[paper].oddities if oddity.kind == kind)
    return newspapers.url(paper, path)


def test_every_article_is_served_with_its_headline_and_every_paragraph(newspapers: SampleNewspapers, web: httpx.Client) -> None:
    for edition in (1, 2):
        newspapers.edition = edition
        for article in newspapers.articles():
            answer = web.get(address(newspapers, article))
            assert answer.status_code == 200
            page = " ".join(html.fromstring(answer.content).text_content().split())
            assert article.title in page
            for paragraph in article.text.split("\n\n"):
                assert paragraph in page


def test_there_is_enough_to_read_and_most_of_it_is_crime(newspapers: SampleNewspapers) -> None:
    articles = newspapers.articles()
    crime = [article for article in articles if article.incidents]
    assert len(articles) >= 48
    assert 0.5 <= len(crime) / len(articles) <= 0.7
    assert len({incident["type"] for article in crime for incident in article.incidents}) >= 16
    tellers = Counter(story for story, _ in {(story, a.newspaper) for a in crime for story in a.stories if story})
    assert sum(count >= 2 for count in tellers.values()) >= 8


def test_sources_file_names_the_addresses_that_answer(newspapers: SampleNewspapers, web: httpx.Client) -> None:
    tables = tomllib.loads(newspapers.sources_toml())
    assert set(tables) == {"vigia", "pregon", "farol"}
    for table in tables.values():
        assert (table["country"], table["timezone"], table["language"]) == ("PE", "America/Lima", "es")
        for url in [table["home"], *table["feeds"], *table["news_sitemaps"], *table["sections"]]:
            assert web.get(url).status_code == 200
        for article in newspapers.articles():
            if table["allow"] and table["name"] == newspapers.newspapers[article.newspaper].name:
                assert any(re.search(pattern, address(newspapers, article)) for pattern in table["allow"])


def test_feed_is_sound_and_tells_what_the_articles_tell(newspapers: SampleNewspapers, web: httpx.Client) -> None:
    feed = feedparser.parse(web.get(newspapers.url("vigia", "/feed/")).content)
    assert not feed.bozo
    assert feed.version == "rss20"
    articles = {address(newspapers, article): article for article in newspapers.articles()}
    told = 0
    for entry in feed.entries:
        url, _, query = entry.link.partition("?")
        assert "utm_source=" in query
        assert "?p=" in entry.id
        if url in articles:
            told += 1
            assert entry.title == articles[url].title
            assert parsedate_to_datetime(entry.published) == articles[url].published
            assert articles[url].text.split("\n\n")[0] in html.fromstring(entry.content[0].value).text_content()
            assert web.get(entry.id).headers["Location"] == articles[url].path
    assert told >= 8


def test_wordpress_sitemap_lists_every_article_and_the_contact_page(newspapers: SampleNewspapers, web: httpx.Client) -> None:
    urls = locs(web, newspapers.url("vigia", "/wp-sitemap.xml"))
    assert len(urls) == len(set(urls))
    assert listed(newspapers, "vigia") <= set(urls)
    assert oddity(newspapers, "vigia", "page") in urls


def test_news_sitemaps_list_every_article_with_its_instant(newspapers: SampleNewspapers, web: httpx.Client) -> None:
    index = newspapers.url("pregon", "/arc/outboundfeeds/news-sitemap-index/?outputType=xml")
    urls = locs(web, index)
    assert len(urls) == len(set(urls))
    assert listed(newspapers, "pregon") <= set(urls)
    parts = etree.fromstring(web.get(index).content).findall("s:sitemap/s:loc", SITEMAP)
    assert len(parts) >= 2
    stated = {}
    for part in parts:
        for url in etree.fromstring(web.get(str(part.text)).content).findall("s:url", SITEMAP):
            stated[url.findtext("s:loc", namespaces=SITEMAP)] = url.findtext("n:news/n:publication_date", namespaces=SITEMAP)
    for article in newspapers.articles():
        if article.newspaper == "pregon" and article.listed:
            assert datetime.fromisoformat(str(stated[address(newspapers, article)])) == article.published


def test_section_pages_lead_through_all_articles_of_the_handmade_site(newspapers: SampleNewspapers, web: httpx.Client) -> None:
    table = tomllib.loads(newspapers.sources_toml())["farol"]
    found, pages = set(), 0
    for section in table["sections"]:
        following: str | None = section
        while following and pages < 20:
            pages += 1
            page = html.fromstring(web.get(following).content, base_url=following)
            page.make_links_absolute()
            found |= {link for _, _, link, _ in page.iterlinks()}
            following = next((str(link) for link in page.xpath("//a[@class='sig']/@href")), None)
    assert pages > len(table["sections"])
    assert listed(newspapers, "farol") <= found


def test_handmade_site_is_latin_1_and_says_so_only_inside_the_page(newspapers: SampleNewspapers, web: httpx.Client) -> None:
    article = by_slug(newspapers)["cocaina-en-sacos-de-harina-en-el-puerto"]
    answer = web.get(address(newspapers, article))
    assert answer.headers["Content-Type"] == "text/html"
    assert b"charset=iso-8859-1" in answer.content
    assert "Cocaína en sacos".encode("latin-1") in answer.content
    assert "Salaverry, 2 de noviembre de 2026" in answer.content.decode("latin-1")
    with pytest.raises(UnicodeDecodeError):
        answer.content.decode("utf-8")
    assert b"2026-11-02" not in answer.content


def test_the_two_linked_stories_are_reachable_only_through_the_reference_article(
    newspapers: SampleNewspapers, web: httpx.Client
) -> None:
    articles = by_slug(newspapers)
    linked = {address(newspapers, articles[slug]) for slug in LINKED}
    page = html.fromstring(web.get(address(newspapers, articles[REFERENCE])).content)
    anchors = {str(a.get("href")): a.text_content() for a in page.iter("a")}
    assert {url: anchors[url] for url in linked} == {address(newspapers, articles[s]): articles[s].title for s in LINKED}
    paragraphs = [p.text_content() for p in page.iter("p")]
    assert "VER MÁS: Robacasas causan temor en vecinos de la urbanización Las Quintanas" in paragraphs
    assert "PUEDE LEER: Adolescente es acribillado en centro poblado de Nuevo Chao" in paragraphs
    assert articles[REFERENCE].incidents == ()

    elsewhere = [
        newspapers.url("pregon", "/"),
        newspapers.url("pregon", "/arc/outboundfeeds/news-sitemap-index/?outputType=xml"),
    ]
    elsewhere += [address(newspapers, article) for article in newspapers.articles() if article.slug not in {REFERENCE, *LINKED}]
    everything = locs(web, elsewhere[1]) + [web.get(url).text for url in elsewhere]
    for url in linked:
        assert not any(url in text for text in everything)

    burglary, homicide = (articles[slug].incidents[0] for slug in sorted(LINKED, reverse=True))
    assert (burglary["type"], burglary["district"], burglary["date"]) == ("burglary", "Trujillo", "2026-10-11")
    assert (homicide["type"], homicide["district"], homicide["date"]) == ("homicide", "Chao", "2026-10-12")


def test_amp_twin_points_to_its_article(newspapers: SampleNewspapers, web: httpx.Client) -> None:
    url = address(newspapers, by_slug(newspapers)[REFERENCE])
    twin = html.fromstring(web.get(url).content).xpath("string(//link[@rel='amphtml']/@href)")
    assert twin == f"{url}?outputType=amp"
    answer = web.get(twin)
    assert b"<html amp" in answer.content
    assert html.fromstring(answer.content).xpath("string(//link[@rel='canonical']/@href)") == url


@pytest.mark.parametrize("paper", ["vigia", "pregon", "farol"])
def test_each_newspaper_has_its_oddities(newspapers: SampleNewspapers, web: httpx.Client, paper: str) -> None:
    assert web.get(newspapers.url(paper, "/favicon.ico")).status_code == 404
    assert web.get(oddity(newspapers, paper, "missing")).status_code == 404
    assert web.get(oddity(newspapers, paper, "gone")).status_code == 410
    assert web.get(oddity(newspapers, paper, "page")).status_code == 200
    assert "password" in web.get(oddity(newspapers, paper, "wall")).text
    assert web.get(oddity(newspapers, paper, "empty")).status_code == 200
    moved = web.get(oddity(newspapers, paper, "redirect"))
    assert moved.status_code == 301
    assert newspapers.url(paper, moved.headers["Location"]) in listed(newspapers, paper)


def test_robots_forbids_a_page_that_an_article_links_to(newspapers: SampleNewspapers, web: httpx.Client) -> None:
    robots = web.get(newspapers.url("pregon", "/robots.txt")).text
    assert "Crawl-delay: 0.1" in robots
    forbidden = oddity(newspapers, "pregon", "disallowed")
    rule = re.search(r"^Disallow: (/\S+)$", robots, re.MULTILINE)
    assert rule is not None
    assert forbidden.startswith(newspapers.url("pregon", rule[1]))
    assert any(forbidden in web.get(url).text for url in listed(newspapers, "pregon"))


@pytest.mark.parametrize(
    ("paper", "path"),
    [
        ("vigia", "/feed/"),
        ("vigia", "/wp-sitemap-posts-post-1.xml"),
        ("farol", "/policiales.html"),
        ("farol", "/notas/nota95.html"),
    ],
)
def test_conditional_requests_get_304(newspapers: SampleNewspapers, web: httpx.Client, paper: str, path: str) -> None:
    url = newspapers.url(paper, path)
    first = web.get(url)
    etag, modified = first.headers["ETag"], first.headers["Last-Modified"]
    held = web.get(url, headers={"If-None-Match": etag})
    assert (held.status_code, held.content, held.headers["ETag"]) == (304, b"", etag)
    assert web.get(url, headers={"If-Modified-Since": modified}).status_code == 304
    assert web.get(url, headers={"If-Modified-Since": "Tue, 01 Sep 2026 00:00:00 GMT"}).status_code == 200
    assert web.get(url, headers={"If-None-Match": '"other"', "If-Modified-Since": modified}).status_code == 200
    zipped = web.get(url, headers={"Accept-Encoding": "gzip"})
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert zipped.content == first.content
    assert web.get(url, headers={"If-None-Match": zipped.headers["ETag"], "Accept-Encoding": "gzip"}).status_code == 304
    head = web.head(url)
    assert (head.status_code, head.content, head.headers["ETag"]) == (200, b"", etag)
    assert int(head.headers["Content-Length"]) == len(first.content)


def test_second_edition_changes_just_the_articles_that_were_edited(newspapers: SampleNewspapers, web: httpx.Client) -> None:
    before = by_slug(newspapers)
    seen = {slug: web.get(address(newspapers, article)).headers for slug, article in before.items()}
    newspapers.edition = 2
    after = by_slug(newspapers)
    edited = {slug for slug, article in after.items() if slug in before and article.edition == 2}
    withdrawn, new = before.keys() - after.keys(), after.keys() - before.keys()
    assert (len(edited), len(withdrawn), len(new)) == (5, 1, 2)
    for held, validator in (("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified")):
        for slug, headers in seen.items():
            answer = web.get(address(newspapers, before[slug]), headers={held: headers[validator]})
            assert answer.status_code == (410 if slug in withdrawn else 200 if slug in edited else 304), slug
    changed = {
        slug
        for slug in edited
        if [*before[slug].incidents] != [*after[slug].incidents] or before[slug].title != after[slug].title
    }
    assert len(changed) >= 3
    for slug in new:
        assert web.get(address(newspapers, after[slug])).status_code == 200
        newspapers.edition = 1
        assert web.get(address(newspapers, after[slug])).status_code == 404
        newspapers.edition = 2
    feed = web.get(newspapers.url("vigia", "/feed/")).text
    assert after["cae-acusado-de-feminicidio-en-huamachuco"].title in feed


def test_every_request_is_logged(newspapers: SampleNewspapers, web: httpx.Client) -> None:
    url = newspapers.url("vigia", "/feed/")
    first = web.get(url)
    web.get(url, headers={"If-None-Match": first.headers["ETag"]})
    web.head(newspapers.url("farol", "/nada.html"))
    log = [(r.method, r.newspaper, r.path, r.status, r.conditional, r.bytes) for r in newspapers.requests]
    assert log == [
        ("GET", "vigia", "/feed/", 200, False, len(first.content)),
        ("GET", "vigia", "/feed/", 304, True, 0),
        ("HEAD", "farol", "/nada.html", 404, False, 0),
    ]


def test_closing_frees_the_ports_and_may_be_done_twice(web: httpx.Client) -> None:
    newspapers = SampleNewspapers()
    url = newspapers.url("vigia", "/feed/")
    assert web.get(url).status_code == 200
    newspapers.close()
    newspapers.close()
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)


def test_an_edition_that_does_not_exist_is_refused(newspapers: SampleNewspapers) -> None:
    with pytest.raises(ValueError, match="no edition 3"):
        newspapers.edition = 3
    assert newspapers.edition == 1


def test_command_prints_the_addresses_and_ends_on_interrupt() -> None:
    command = [sys.executable, "-m", "pipelines.demo.server"]
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        assert process.stdout is not None
        try:
            home = next(line for line in process.stdout if line.startswith("home"))
            assert httpx.get(home.split('"')[1]).status_code == 200
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0


@pytest.mark.parametrize("article", LABELLED)
def test_labels_say_what_the_article_says(article: SampleArticle) -> None:
    taxonomy = tomllib.loads((resources.files("nlp") / "data" / "taxonomy.toml").read_text(encoding="utf-8"))
    types = {entry["key"] for entry in taxonomy["type"]}
    whole = f"{article.title}\n{article.text}".casefold()
    assert 120 <= len(article.text.split()) <= 350
    assert [incident["main"] for incident in article.incidents] == [True, False, False, False][: len(article.incidents)]
    for incident in article.incidents:
        assert tuple(incident) == INCIDENT_KEYS
        assert {incident["type"], *incident["also"]} <= types
        assert incident["type"] not in incident["also"]
        assert incident["level"] in LEVELS
        for key in ("place_text", "street", "date_text"):
            assert (incident[key] or "").casefold() in whole, key
        if incident["street"]:
            assert incident["level"] == "street"
        elif incident["place_text"] is None:
            assert incident["level"] in {"district", "province", "department", "country", "none"}
            assert incident["level"] == "none" or incident[incident["level"]]
        if incident["precision"] == "none":
            assert incident["date"] is None
            continue
        assert re.fullmatch(DATES[incident["precision"]], incident["date"])
        assert incident["date"] <= article.published.date().isoformat()
        if incident["precision"] == "day":
            named = {day for day in WEEKDAYS if day in incident["date_text"].casefold()}
            assert named <= {WEEKDAYS[date.fromisoformat(incident["date"]).weekday()]}


def copy_of_farol(tmp_path: Path) -> Path:
    source = NEWSPAPERS / "farol"
    for path in source.rglob("*"):
        if path.is_file():
            target = tmp_path / "farol" / path.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    return tmp_path / "farol" / "articles"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("No head at all.", "TOML head"),
        ('+++\ntitle = "Nota"\nsection = "locales"\n+++\nTexto.\n', "has no 'published'"),
        ('+++\ntitle = "Nota"\nsection = "locales"\npublished = 2026-10-01\n+++\nTexto.\n', "with its offset"),
        (
            '+++\ntitle = "Nota"\nsection = "locales"\npublished = 2026-10-01T08:00:00-05:00\nautor = "X"\n+++\nTexto.\n',
            "unknown keys",
        ),
        (
            '+++\ntitle = "Nota"\nsection = "locales"\npublished = 2026-10-01T08:00:00-05:00\n+++\n>> VER MÁS: nada\n',
            "links to nada",
        ),
    ],
)
def test_a_faulty_file_is_named(tmp_path: Path, text: str, message: str) -> None:
    articles = copy_of_farol(tmp_path)
    (articles / "nota-con-falla.md").write_text(text, encoding="utf-8")
    with pytest.raises(SampleError, match=message) as caught:
        SampleNewspapers(directory=tmp_path)
    assert "nota-con-falla" in str(caught.value)
