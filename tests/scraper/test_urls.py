"""Which addresses are one article, and which are not."""

from __future__ import annotations

import pytest

from scraper.urls import canonical_url, date_in, fetch_url, looks_like_article, same_site

ONE = [
    ("https://diario.pe/policiales/capturan-a-banda", "https://diario.pe/policiales/capturan-a-banda"),
    ("https://diario.pe/policiales/capturan-a-banda/", "https://diario.pe/policiales/capturan-a-banda"),
    ("http://www.diario.pe/policiales/capturan-a-banda", "https://diario.pe/policiales/capturan-a-banda"),
    ("https://m.diario.pe/policiales/capturan-a-banda#comentarios", "https://diario.pe/policiales/capturan-a-banda"),
    ("https://amp.diario.pe/policiales/capturan-a-banda", "https://diario.pe/policiales/capturan-a-banda"),
    ("https://diario.pe/policiales/capturan-a-banda/amp/", "https://diario.pe/policiales/capturan-a-banda"),
    ("https://diario.pe/amp/policiales/capturan-a-banda/", "https://diario.pe/policiales/capturan-a-banda"),
    ("https://diario.pe/policiales/capturan-a-banda?amp=1", "https://diario.pe/policiales/capturan-a-banda"),
    ("https://diario.pe/policiales/capturan-a-banda/?outputType=amp", "https://diario.pe/policiales/capturan-a-banda"),
    (
        "https://DIARIO.pe:443/policiales/capturan-a-banda?utm_source=rss&utm_medium=x&fbclid=Iw",
        "https://diario.pe/policiales/capturan-a-banda",
    ),
    ("https://diario.pe/policiales/capturan-a-banda?replytocom=55", "https://diario.pe/policiales/capturan-a-banda"),
    ("https://diario.pe/policiales/capturan-a-banda?share=facebook&gbraid=9", "https://diario.pe/policiales/capturan-a-banda"),
    ("  https://diario.pe/policiales/capturan-a-banda  ", "https://diario.pe/policiales/capturan-a-banda"),
    ("https://diario.pe/?p=123&utm_campaign=x", "https://diario.pe/?p=123"),
    ("https://diario.pe/nota.php?seccion=2&id=5", "https://diario.pe/nota.php?id=5&seccion=2"),
    ("https://diario.pe/nota.php?id=5&seccion=2", "https://diario.pe/nota.php?id=5&seccion=2"),
    (
        "https://diario.pe/modules.php?name=News&file=article&sid=123",
        "https://diario.pe/modules.php?file=article&name=News&sid=123",
    ),
    ("https://diario.pe/robo-en-la-urbanización", "https://diario.pe/robo-en-la-urbanizaci%C3%B3n"),
    ("https://diario.pe/robo-en-la-urbanizaci%c3%b3n", "https://diario.pe/robo-en-la-urbanizaci%C3%B3n"),
    ("http://127.0.0.1:8123/nota/1/?utm_source=x", "http://127.0.0.1:8123/nota/1"),
    ("http://localhost:9000/a", "http://localhost:9000/a"),
    ("http://[::1]:9000/a", "http://[::1]:9000/a"),
    ("https://diario.pe:8443/a", "https://diario.pe:8443/a"),
    ("https://regional.diario.pe/a", "https://regional.diario.pe/a"),
    ("https://www.gob.pe/a", "https://gob.pe/a"),
]


@pytest.mark.parametrize(("url", "canonical"), ONE)
def test_twins_fold_to_one_address(url: str, canonical: str) -> None:
    assert canonical_url(url) == canonical


@pytest.mark.parametrize(("url", "canonical"), ONE)
def test_a_canonical_address_is_its_own(url: str, canonical: str) -> None:  # noqa: ARG001
    assert canonical_url(canonical) == canonical


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://diario.pe/?p=123", "https://diario.pe/?p=124"),
        ("https://diario.pe/nota?id=5", "https://diario.pe/nota?id=6"),
        ("https://diario.pe/modules.php?name=News&sid=5", "https://diario.pe/modules.php?name=News&sid=6"),
        ("https://diario.pe/index.php?id=5", "https://diario.pe/index.php?id=6"),
        ("https://diario.pe/a/nota-1", "https://diario.pe/b/nota-1"),
        ("https://diario.pe/nota-1", "https://otro.pe/nota-1"),
        ("https://trujillo.diario.pe/nota-1", "https://chimbote.diario.pe/nota-1"),
        ("https://diario.pe/Nota-Ab1", "https://diario.pe/nota-ab1"),
        ("http://127.0.0.1:8001/a", "http://127.0.0.1:8002/a"),
        ("https://diario.pe/nota.php?id=5&page=1", "https://diario.pe/nota.php?id=5&page=2"),
    ],
)
def test_different_articles_stay_apart(one: str, other: str) -> None:
    assert canonical_url(one) != canonical_url(other)


def test_relative_links_are_read_against_the_page() -> None:
    assert canonical_url("../otra-nota/", "https://diario.pe/policiales/nota/") == "https://diario.pe/policiales/otra-nota"


@pytest.mark.parametrize(
    "url", ["", "mailto:a@b.pe", "javascript:void(0)", "file:///etc/passwd", "https://", "http://a:port/", "http://[::1/x"]
)
def test_what_is_no_page_is_refused_by_name(url: str) -> None:
    with pytest.raises(ValueError, match=r"web page|Invalid IPv6"):
        canonical_url(url)


def test_the_address_to_ask_for_is_the_newspapers_own() -> None:
    assert fetch_url("/nota/?id=1&utm_source=rss#c", "http://www.diario.pe/") == "http://www.diario.pe/nota/?id=1"


@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("https://www.diario.pe/a", True),
        ("http://m.diario.pe/a", True),
        ("https://trujillo.diario.pe/a", True),
        ("https://otrodiario.pe/a", False),
        ("https://diario.pe.malo.com/a", False),
        ("https://diario.pe:8080/a", False),
        ("mailto:x@diario.pe", False),
    ],
)
def test_same_site(url: str, same: bool) -> None:
    assert same_site(url, "https://diario.pe/") is same


def test_two_newspapers_on_two_ports_are_two_sites() -> None:
    assert not same_site("http://127.0.0.1:8002/a", "http://127.0.0.1:8001/")


@pytest.mark.parametrize(
    ("url", "article"),
    [
        ("https://diario.pe/policiales/capturan-a-presunto-extorsionador-noticia/", True),
        ("https://diario.pe/2026/10/14/capturan-a-banda/", True),
        ("https://diario.pe/?p=1234", True),
        ("https://diario.pe/nota.php?id=5", True),
        ("https://diario.pe/trujillo/asalto-n169120", True),
        ("https://diario.pe/policiales/", False),
        ("https://diario.pe/", False),
        ("https://diario.pe/tag/robo-a-mano-armada/", False),
        ("https://diario.pe/autor/una-persona-con-nombre-largo/", False),
        ("https://diario.pe/policiales?page=2", False),
        ("https://diario.pe/2026/10/", False),
        ("https://diario.pe/wp-content/uploads/2026/10/foto-de-la-banda-capturada.jpg", False),
    ],
)
def test_which_links_of_a_section_page_are_articles(url: str, article: bool) -> None:
    assert looks_like_article(url) is article


def test_date_in_an_address() -> None:
    assert date_in("https://diario.pe/2026/10/14/robo/") == (2026, 10, 14)
    assert date_in("https://diario.pe/2026-10-14-robo-en-el-puerto/") == (2026, 10, 14)
    assert date_in("https://diario.pe/sociedad/2026/10/robo/") is None
    assert date_in("https://diario.pe/2026/10/3-detenidos-por-robo/") is None, "three detained, not the third"
    assert date_in("https://diario.pe/robo-2026/") is None
