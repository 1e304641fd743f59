"""Saved pages, each with the article that a reader of it would expect beside it (tests/scraper/pages/<name>.html and .json)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from scraper.frontier import Link
from scraper.page import NotAnArticle, decode, read_article
from scraper.sources import Source

PAGES = Path(__file__).parent / "pages"
FETCHED = datetime(2026, 10, 20, 15, tzinfo=UTC)
DIARY = Source("diario", "Diario del Valle", "https://diariodelvalle.pe/")
NAMES = sorted(path.stem for path in PAGES.glob("*.json"))


def expected(name: str) -> dict[str, Any]:
    return json.loads((PAGES / f"{name}.json").read_text(encoding="utf-8"))


def read(name: str) -> Any:
    case = expected(name)
    source = Source("x", **{key: tuple(value) if isinstance(value, list) else value for key, value in case["source"].items()})
    html = decode((PAGES / f"{name}.html").read_bytes(), case["charset"])
    return read_article(html, case["url"], source, datetime.fromisoformat(case["fetched"]))


@pytest.mark.parametrize("name", [name for name in NAMES if "article" in expected(name)])
def test_saved_page_gives_its_article(name: str) -> None:
    wanted = expected(name)["article"]
    article = read(name)
    told = {
        key: value.isoformat() if isinstance(value := getattr(article, key), datetime) else value
        for key in wanted
        if key not in {"body", "body_holds"}
    }
    assert told == {key: value for key, value in wanted.items() if key not in {"body", "body_holds"}}
    paragraphs = article.body.split("\n\n")
    if "body" in wanted:
        assert paragraphs == wanted["body"]
    for paragraph in wanted.get("body_holds", []):
        assert paragraph in paragraphs


@pytest.mark.parametrize("name", [name for name in NAMES if "reason" in expected(name)])
def test_saved_page_is_no_article(name: str) -> None:
    with pytest.raises(NotAnArticle) as refused:
        read(name)
    assert refused.value.reason == expected(name)["reason"]


SENTENCES = (
    "Un comerciante fue baleado la noche del martes en la avenida Condorcanqui del distrito de La Esperanza.",
    "La víctima fue llevada al hospital regional, donde los médicos informaron que su estado es reservado.",
)


def page(body: str = "", head: str = "", headline: str = "Balean a comerciante en La Esperanza") -> str:
    text = "".join(f"<p>{sentence}</p>" for sentence in SENTENCES)
    return (
        f"<html lang='es'><head><title>{headline}</title>{head}</head>"
        f"<body><article><h1>{headline}</h1>{text}{body}</article></body></html>"
    )


def read_text(
    html: str, url: str = "https://diariodelvalle.pe/balean-a-comerciante-en-la-esperanza/", hint: Link | None = None
) -> Any:
    return read_article(html, url, DIARY, FETCHED, hint)


@pytest.mark.parametrize(
    "pointer",
    [
        "<p>VER MÁS: <a href='/matan-a-taxista-en-el-porvenir/'>Matan a taxista en El Porvenir</a></p>",
        "<p><b>PUEDE LEER</b>: <a href='/matan-a-taxista-en-el-porvenir/'>Matan a taxista en El Porvenir</a></p>",
        "<h3>LEA TAMBIÉN: <a href='/matan-a-taxista-en-el-porvenir/'>Matan a taxista en El Porvenir</a></h3>",
        "<p>MIRA: <a href='/matan-a-taxista-en-el-porvenir/'>Matan a taxista en El Porvenir</a></p>",
        "<ul><li>TE PUEDE INTERESAR | <a href='/matan-a-taxista-en-el-porvenir/'>Matan a taxista en El Porvenir</a></li></ul>",
        "<p>LEE MÁS <a href='/matan-a-taxista-en-el-porvenir/'>Matan a taxista en El Porvenir</a></p>",
        "<p><strong><a href='/matan-a-taxista-en-el-porvenir/'>LEE TAMBIÉN: Matan a taxista en El Porvenir</a></strong></p>",
        "<h2><a href='/matan-a-taxista-en-el-porvenir/'>Matan a taxista en El Porvenir</a></h2>",
        "<p>(LEE TAMBIÉN: <a href='/matan-a-taxista-en-el-porvenir/'>Matan a taxista en El Porvenir</a>)</p>",
        "<p>Más información: <a href='/matan-a-taxista-en-el-porvenir/'>Matan a taxista en El Porvenir</a></p>",
    ],
)
def test_a_link_to_another_story_is_followed_and_is_no_text(pointer: str) -> None:
    article = read_text(page(f"{pointer}<p>La Policía busca a los autores del ataque en toda la provincia.</p>"))
    assert "taxista" not in article.body
    assert article.body.endswith("en toda la provincia.")
    assert article.links == ["https://diariodelvalle.pe/matan-a-taxista-en-el-porvenir/"]


def test_a_pointer_whose_link_was_lost_is_no_text() -> None:
    article = read_text(
        page("<p>VER MÁS: Robacasas causan temor en vecinos de Las Quintanas</p><p>Fin de la nota policial de hoy.</p>")
    )
    assert "Robacasas" not in article.body


@pytest.mark.parametrize(
    "sentence",
    [
        "Además, los vecinos pidieron más patrullaje en el sector Jerusalén.",
        "Ver para creer: así reaccionó la madre del joven baleado en su casa.",
        "La banda coordinaba los cobros en un grupo de WhatsApp desde el penal.",
        "Sigue a la espera de una cama en el hospital regional, dijo su hermana.",
        "El fiscal, como informó <a href='/la-primera-nota-del-caso/'>este diario la semana pasada</a>, pidió su captura.",
        "Más de veinte impactos de bala quedaron en la fachada del local.",
    ],
)
def test_a_sentence_that_only_looks_like_a_pointer_stays(sentence: str) -> None:
    article = read_text(page(f"<p>{sentence}</p>"))
    assert article.body.split("\n\n")[-1] == sentence.replace("<a href='/la-primera-nota-del-caso/'>", "").replace("</a>", "")


def test_links_to_other_sites_are_not_stories() -> None:
    article = read_text(page("<p>LEE TAMBIÉN: <a href='https://otro.pe/una-nota-de-otro-diario-peruano/'>Una nota</a></p>"))
    assert article.links == []


@pytest.mark.parametrize(
    ("head", "published", "signal"),
    [
        ("<meta property='article:published_time' content='2026-10-14T03:00:00Z'>", "2026-10-13T22:00:00-05:00", "meta"),
        ("<meta property='article:published_time' content='2026-10-14T03:00:00'>", "2026-10-14T03:00:00-05:00", "meta"),
        ("<meta property='article:published_time' content='2026-10-14T03:00:00-0500'>", "2026-10-14T03:00:00-05:00", "meta"),
        ("<meta name='date' content='Tue, 13 Oct 2026 22:00:00 -0500'>", "2026-10-13T22:00:00-05:00", "meta"),
        ("<meta itemprop='datePublished' content='13/10/2026 10:05 p.m.'>", "2026-10-13T22:05:00-05:00", "meta"),
        ("<meta name='pubdate' content='03/08/2026'>", "2026-08-03T00:00:00-05:00", "meta"),
        (
            '<script type="application/ld+json">{"@type": "WebPage", "datePublished": "2026-10-14T03:00:00Z"}</script>',
            "2026-10-13T22:00:00-05:00",
            "json-ld",
        ),
    ],
)
def test_published_is_in_the_newspapers_zone(head: str, published: str, signal: str) -> None:
    article = read_text(page(head=head))
    assert article.published.isoformat() == published
    assert article.published_from == signal


def test_a_date_in_the_future_is_not_believed() -> None:
    head = "<meta property='article:published_time' content='2027-10-14T03:00:00Z'>"
    article = read_text(page(head=head, body="<span class='fecha'>Trujillo, martes 13 de octubre de 2026</span>"))
    assert (article.published.isoformat(), article.published_from) == ("2026-10-13T00:00:00-05:00", "text")


def test_the_line_below_the_headline_knows_the_hour_of_the_day_in_the_address() -> None:
    url = "https://diariodelvalle.pe/2026/10/13/balean-a-comerciante-en-la-esperanza/"
    article = read_text(page("<span class='fecha'>13 de octubre de 2026, 9:40 p. m.</span>"), url)
    assert (article.published.isoformat(), article.published_from) == ("2026-10-13T21:40:00-05:00", "text")
    article = read_text(page("<span class='fecha'>2 de octubre de 2026, 9:40 p. m.</span>"), url)
    assert (article.published.isoformat(), article.published_from) == ("2026-10-13T00:00:00-05:00", "url")


def test_without_a_date_on_the_page_the_feed_says_it() -> None:
    hint = Link("https://diariodelvalle.pe/x", "diario", "feed", published=datetime(2026, 10, 14, 2, tzinfo=UTC))
    article = read_text(page(), hint=hint)
    assert (article.published.isoformat(), article.published_from) == ("2026-10-13T21:00:00-05:00", "feed")


def test_without_any_date_there_is_none() -> None:
    article = read_text(page())
    assert (article.published, article.published_from) == (None, None)


@pytest.mark.parametrize(
    ("canonical", "url"),
    [
        (
            "https://diariodelvalle.pe/balean-a-comerciante-en-la-esperanza/",
            "https://diariodelvalle.pe/balean-a-comerciante-en-la-esperanza",
        ),
        ("https://otro.pe/balean-a-comerciante-en-la-esperanza/", "https://diariodelvalle.pe/otra-direccion-de-la-misma-nota"),
        ("https://diariodelvalle.pe/", "https://diariodelvalle.pe/otra-direccion-de-la-misma-nota"),
    ],
)
def test_rel_canonical_is_believed_within_the_site(canonical: str, url: str) -> None:
    html = page(head=f"<link rel='canonical' href='{canonical}'>")
    assert read_text(html, "https://diariodelvalle.pe/otra-direccion-de-la-misma-nota/").url == url


def test_rel_canonical_does_not_merge_numbered_articles() -> None:
    html = page(head="<link rel='canonical' href='https://diariodelvalle.pe/nota.php'>")
    assert read_text(html, "https://diariodelvalle.pe/nota.php?id=7").url == "https://diariodelvalle.pe/nota.php?id=7"


@pytest.mark.parametrize(
    "html", ["", "   ", "\x00", "<", "<html>", "no es html", "<html><body></body></html>", "%PDF-1.4 \x01\x02", "<p>" * 3000]
)
def test_what_is_no_page_is_refused(html: str) -> None:
    with pytest.raises(NotAnArticle):
        read_text(html)


def test_deeply_broken_markup_is_still_read() -> None:
    html = page().replace("</p>", "").replace("</article>", "</div></span>") + "<table><tr><td>"
    assert SENTENCES[0] in read_text(html).body


@pytest.mark.parametrize("charset", [None, "utf-8", "iso-8859-1", "nonsense"])
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-8-sig", "utf-16"])
def test_a_page_is_decoded_in_spite_of_its_charset(encoding: str, charset: str | None) -> None:
    text = "El niño cayó en Ñaupe: “vivió”"
    assert decode(text.encode(encoding), charset) == text
