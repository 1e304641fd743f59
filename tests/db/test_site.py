"""The Datasette site, asked through Datasette's own client and over a real socket."""

from __future__ import annotations

import asyncio
import csv
import io
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from lxml import html

from db.archive import Archive
from db.corrections import merge
from db.serve import listen, serve, site
from db.site.presentation import Presentation, headline, safe_link, words

SPANISH = Presentation()
day, instant, marked = SPANISH.day, SPANISH.instant, SPANISH.marked

Report = Callable[..., dict[str, Any]]
Get = Callable[..., httpx.Response]

HOSTILE = '<script>alert(1)</script><img src=x onerror=alert(2)> "comillas" & {{ 7*7 }} 🚔'


def fill(newsroom: Any, report: Report) -> Any:
    newsroom.tell("norte", "robo", report(), headline="Roban casa en Las Quintanas")
    later = datetime.fromisoformat("2025-11-04T07:00:00-05:00")
    newsroom.tell("sol", "robo", report(), headline="Desvalijan vivienda", published=later)
    newsroom.tell(
        "voz",
        "crimen",
        report(
            type="homicide",
            ubigeo="131202",
            district="Chao",
            province="Virú",
            date="2024-08",
            precision="month",
            level="district",
            place_text=None,
            latitude=None,
            longitude=None,
        ),
        headline=HOSTILE,
    )
    newsroom.tell("voz", "enlace", report(date="2024-05-01"), url="javascript:alert(3)", headline="Enlace raro")
    newsroom.publish()
    return newsroom


@pytest.fixture
def filled(newsroom: Any, report: Report) -> Any:
    """A public database that a test may publish again."""
    return fill(newsroom, report)


@pytest.fixture(scope="module")
def shared(found: Any, report_factory: Report, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return fill(found(tmp_path_factory.mktemp("site")), report_factory)


@pytest.fixture(scope="module")
def get(shared: Any) -> Iterator[Get]:
    """Asks the site; an address that was asked before is not asked again."""
    datasette = site(shared.public)
    with asyncio.Runner() as runner:
        yield cache(lambda path: runner.run(datasette.client.get(path)))


def tree(response: httpx.Response) -> Any:
    return html.fromstring(response.text)


def test_start_page_says_what_this_is_and_how_fresh(get: Get) -> None:
    page = tree(get("/"))
    text = page.text_content()
    assert page.get("lang") == "es"
    assert "Noticias de delitos" in text
    assert "Última lectura" in text
    assert "Edición 1" in text
    assert "Roban casa en Las Quintanas" in text
    assert "no es una denuncia, una acusación ni una condena" in text
    assert page.xpath("//form[@role='search']//input[@name='_search']")
    targets = page.xpath("//a/@href")
    assert "/incidents/incidents" in targets
    assert "/descargar/incidents.csv" in targets


PAGES = [
    "/",
    "/incidents",
    "/incidents/incidents",
    "/incidents/incidents?_vista=completa",
    "/incidents/incidents?_vista=mapa",
    "/incidents/incidents?_vista=mapa&type=homicide&_caja=-79.2,-8.3,-78.8,-8.0",
    "/incidents/incidents?_vista=tiempo&_search=vivienda",
    "/incidents/incidents?_col=date&_col=type",
    "/incidents/incidents?type=burglary&date__gte=2024-01-01&_search=vivienda",
    "/incidents/incidents?_search=nadadenada",
    "/incidents/incidents?date__isnull=1",
    "/incidents/incidents?_facet=newspapers&_facet_size=1",
    "/incidents/reports",
    "/incidents/types",
    "/incidents/types/homicide",
    "/incidents/places?level=district",
    "/incidents/places/130101",
    "/incidents/sources",
    "/incidents/sources/voz",
    "/incidents/releases",
    "/incidents/changes",
    "/incidents/corrections",
    "/incidents/removed",
    "/libro-de-codigos",
    "/correcciones",
    "/preguntas",
    "/incidents/por-distrito-y-mes",
    "/incidents/por-tipo-y-ano?tipo=burglary",
    "/incidents/cerca-de",
    "/incidents/cerca-de?lugar=quintanas&km=5",
    "/incidents/nuevos-desde?desde=2025-01-01",
    "/incidents/comparar-distritos?distrito=130101&con=131202",
    "/-/versions",
]


@pytest.mark.parametrize("path", PAGES)
def test_every_link_of_every_page_answers(get: Get, path: str) -> None:
    response = get(path)
    assert response.status_code == 200
    page = tree(response)
    assert page.get("lang") == "es"
    assert len(page.xpath("//h1")) == 1
    assert not re.search(r"built-in|Undefined|\bNone\b", page.text_content())
    internal = {urlsplit(href)._replace(fragment="").geturl() for href in page.xpath("//a/@href")}
    for target in sorted(internal):
        if target.startswith("/"):
            answer = get(target)
            assert answer.status_code == 200, target


@pytest.mark.parametrize("path", PAGES)
def test_controls_have_names_and_pages_no_inline_code(get: Get, path: str) -> None:
    """What the content security policy would stop, and what a screen reader could not say."""
    page = tree(get(path))
    assert page.xpath("//script[not(@src)] | //style | //@style | //@onclick | //@onload | //@onerror") == []
    for control in page.xpath("//select | //input[not(@type='hidden')] | //textarea"):
        labelled = control.get("aria-label") or page.xpath(f"//label[@for='{control.get('id')}']")
        assert labelled or control.xpath("ancestor::label"), html.tostring(control)


ENGLISH = re.compile(r"\b(rows?|where|sorted by|Search|Apply|Powered|Advanced|Suggested|column|descending|Next page)\b")


@pytest.mark.parametrize("path", PAGES)
def test_visitors_read_spanish(get: Get, path: str) -> None:
    page = tree(get(path))
    for code in page.xpath("//code | //*[@lang='en'] | //pre"):
        code.drop_tree()
    assert ENGLISH.search(page.text_content()) is None


def test_table_facets_by_type_department_district_and_year(get: Get) -> None:
    page = tree(get("/incidents/incidents"))
    facets = [summary.text_content() for summary in page.xpath("//section[@id='filtros']//summary")]
    assert facets == ["Tipo", "Departamento", "Distrito", "Año"]
    (homicide,) = page.xpath("//section[@id='filtros']//a[text()='Homicidio']/@href")
    assert parse_qs(urlsplit(homicide).query)["type"] == ["homicide"]
    filtered = tree(get(urlsplit(homicide)._replace(scheme="", netloc="").geturl()))
    assert filtered.xpath("//p[@class='total']/text()") == ["1 resultado"]
    assert "Tipo es «Homicidio»" in " ".join(filtered.text_content().split())


def test_search_ignores_accents_and_endings(get: Get) -> None:
    page = tree(get("/incidents/incidents?_search=urbanizacion+quintanas+casas"))
    assert page.xpath("//p[@class='total']/text()") == ["1 resultado"]


def test_incident_page_shows_each_report_with_marked_evidence(get: Get, shared: Any) -> None:
    (row,) = shared.rows("SELECT id FROM incidents WHERE reports = 2")
    page = tree(get(f"/incidents/incidents/{row['id']}"))
    text = " ".join(page.text_content().split())
    assert "2 nov. 2025, noche" in text
    assert "urbanización Las Quintanas, Trujillo, La Libertad" in text
    assert "Las 2 noticias que lo cuentan" in text
    articles = page.xpath("//article")
    assert ["Diario del Norte" in articles[0].text_content(), "El Sol de Moche" in articles[1].text_content()] == [True, True]
    assert articles[0].xpath(".//h3/a/@href") == ["https://norte.example/robo"]
    assert articles[0].xpath(".//mark/text()") == ["robaron una vivienda", "urbanización Las Quintanas", "la noche del domingo"]
    assert f"registro {row['id']}" in text


def test_hostile_headlines_are_text_everywhere(get: Get, shared: Any) -> None:
    (row,) = shared.rows("SELECT id FROM incidents WHERE type = 'homicide'")
    seen = 0
    for path in ("/", "/incidents/incidents", "/incidents/reports", "/incidents/incidents?_vista=completa"):
        page = tree(get(path))
        assert page.xpath("//script[not(@src)] | //img | //@onerror") == []
        seen += HOSTILE in page.text_content()
    page = tree(get(f"/incidents/incidents/{row['id']}"))
    assert page.xpath("//script[not(@src)] | //img") == []
    assert page.xpath("//h1/text()") == [HOSTILE]
    assert seen == 4
    searched = tree(get("/incidents/incidents?_search=%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E"))
    assert searched.xpath("//script[not(@src)]") == []


def test_address_that_is_no_web_address_is_no_link(get: Get, shared: Any) -> None:
    (row,) = shared.rows("SELECT incident FROM reports WHERE link LIKE 'javascript:%'")
    for path in (f"/incidents/incidents/{row['incident']}", "/incidents/reports"):
        page = tree(get(path))
        assert "Enlace raro" in page.text_content()
        assert not [href for href in page.xpath("//@href") if href.lower().startswith("javascript")]


def test_datasettes_own_json_stays_as_its_users_know_it(get: Get) -> None:
    answer = get("/incidents/incidents.json?_facet=type&_search=vivienda&_shape=objects").json()
    assert answer["filtered_table_rows_count"] == 3
    assert {item["value"]: item["label"] for item in answer["facet_results"]["type"]["results"]} == {
        "burglary": "Robo en vivienda o local",
        "homicide": "Homicidio",
    }
    row = next(row for row in answer["rows"] if row["type"] == "homicide")
    assert (row["district"], row["ubigeo"], row["date"]) == ("Chao", "131202", "2024-08")
    array = get("/incidents/incidents.json?_shape=array&type=homicide").json()
    assert [row["headline"] for row in array] == [HOSTILE]


SORTS = ["", "_sort=date", "_sort_desc=date", "_sort=place", "_sort_desc=confidence", "_sort=street", "_sort=id"]


@pytest.fixture
def many(newsroom: Any, report: Report) -> Any:
    """130 incidents, more than two pages, with many equal dates and places."""
    reports = [report(date=f"2025-{number % 12 + 1:02}-01" if number % 5 else None) for number in range(130)]
    newsroom.tell("norte", "resumen", *reports)
    newsroom.publish()
    return newsroom


@pytest.mark.parametrize("sort", SORTS)
def test_paging_and_csv_lose_and_double_no_row(many: Any, sort: str) -> None:
    datasette = site(many.public)
    with asyncio.Runner() as runner:
        seen: list[str] = []
        following = ""
        while following is not None:
            url = f"/incidents/incidents.json?_shape=objects&_size=50&{sort}&_next={following}".rstrip("=").removesuffix(
                "&_next"
            )
            answer = runner.run(datasette.client.get(url)).json()
            seen += [row["id"] for row in answer["rows"]]
            following = answer["next"]
        content = runner.run(datasette.client.get(f"/incidents/incidents.csv?_stream=on&{sort}")).text
    streamed = [row["id"] for row in csv.DictReader(io.StringIO(content))]
    expected = sorted(row["id"] for row in many.rows("SELECT id FROM incidents"))
    assert sorted(seen) == expected
    assert sorted(streamed) == expected


@pytest.mark.parametrize("largest", [1000, 60])
def test_csv_button_gives_every_row_and_says_how_many(many: Any, largest: int) -> None:
    """Where one page holds them all, and where it does not."""
    datasette = site(many.public, settings={"max_returned_rows": largest})
    with asyncio.Runner() as runner:
        page = tree(runner.run(datasette.client.get("/incidents/incidents?_sort_desc=date&department=La+Libertad")))
        (button,) = page.xpath("//section[@id='export']//a[@download and @class='button']")
        assert "130" in button.text_content()
        content = runner.run(datasette.client.get(button.get("href"))).text
    rows = list(csv.DictReader(io.StringIO(content)))
    assert len(rows) == 130
    assert {row["ubigeo"] for row in rows} == {"130101"}


def test_answers_carry_a_strict_security_policy(get: Get) -> None:
    for path in ("/", "/incidents/incidents.json", "/nada", "/assets/site.css"):
        headers = get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/nada", 404, "No existe esta página"),
        ("/incidents/incidents/QNADA", 404, "No existe esta página"),
        ("/incidents/nada", 404, "No existe esta página"),
        ("/-/patterns", 404, "No existe esta página"),
        ("/-/messages", 404, "No existe esta página"),
        ("/incidents?sql=select+1", 403, "No está permitido"),
        ("/incidents/incidents?_where=1", 403, "No está permitido"),
        ("/incidents/incidents?_sort=nada", 400, "No se entiende"),
    ],
)
def test_errors_are_spanish_and_leave_no_trace(
    get: Get, capfd: pytest.CaptureFixture[str], path: str, status: int, says: str
) -> None:
    response = get(path)
    assert response.status_code == status
    page = tree(response)
    assert says in page.text_content()
    assert page.get("lang") == "es"
    assert "Traceback" not in "".join(capfd.readouterr())


def test_json_errors_are_json(get: Get) -> None:
    response = get("/incidents/incidents/QNADA.json")
    assert response.status_code == 404
    assert response.json()["ok"] is False


def test_archive_is_not_reachable(get: Get, shared: Any) -> None:
    assert set(get("/-/databases.json").json()[0]) >= {"name"}
    assert [database["name"] for database in get("/-/databases.json").json()] == ["incidents"]
    assert get("/archive").status_code == 404
    assert str(shared.archive.parent) not in get("/-/databases.json").text


def test_every_word_that_the_templates_use_exists() -> None:
    folder = Path(site.__code__.co_filename).parent / "site"
    used = set()
    for template in (folder / "templates").rglob("*.html"):
        used |= set(re.findall(r"\bw\.([a-z_0-9]+)", template.read_text(encoding="utf-8")))
    assert used
    assert used <= set(vars(words()))


def test_site_needs_a_public_database(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="quintanas publish"):
        site(tmp_path / "incidents.db")


def test_port_that_is_taken_is_named(filled: Any) -> None:
    taken = listen("127.0.0.1", 0)
    try:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=f"{port}"):
            serve(filled.public, port=port)
    finally:
        taken.close()


def test_served_for_real_and_ended_cleanly(filled: Any) -> None:
    script = f"from db.serve import serve; serve({str(filled.public)!r}, ready=lambda url: print(url, flush=True))"
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        assert server.stderr is not None
        try:
            url = server.stdout.readline().strip()
            assert url.startswith("http://127.0.0.1:")
            with httpx.Client(base_url=url, timeout=30, trust_env=False) as client:
                assert "Quintanas" in client.get("/").text
                assert client.get("/assets/site.css").headers["content-type"].startswith("text/css")
                assert len(client.get("/incidents/incidents.json?_shape=array").json()) == 3
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(30)
        assert "Traceback" not in server.stderr.read()


def test_dates_read_as_spanish() -> None:
    assert day("2025-11-02") == "2 nov. 2025"
    assert day("2025-11-02", "2025-11-03") == "2 nov. – 3 nov. 2025"
    assert day("2025-12-31", "2026-01-01") == "31 dic. 2025 – 1 ene. 2026"
    assert day("2025-09") == "setiembre 2025"
    assert day("2019") == "2019"
    assert day(None) == ""
    assert instant("2025-11-03T21:40:00-05:00") == "3 nov. 2025, 21:40"
    assert instant("2025-11-03") == "3 nov. 2025", "no hour that nobody gave"


def test_numbers_in_the_room_of_three_digits() -> None:
    short = Presentation().short
    assert [short(number) for number in (1, 999, 1_000, 1_536, 40_404, 999_499, 999_500, 3_400_000)] == (
        ["1", "999", "1k", "2k", "40k", "999k", "1M", "3M"]
    )


@pytest.mark.parametrize("text", ["", "  ", "\u200b\u2060", None])
def test_every_link_to_an_incident_has_a_name(text: str | None) -> None:
    assert headline({"id": "QABC", "headline": text}) == "QABC"
    assert headline({"id": "QABC", "headline": "<b>Ñ</b>"}) == "<b>Ñ</b>"


def test_marks_are_escaped_and_never_overlap() -> None:
    shown = marked(
        "<b>robaron una vivienda</b>", [("una vivienda", "type"), ("robaron una", "place"), ("<b>", "date"), (None, "date")]
    )
    page = html.fromstring(f"<div>{shown}</div>")
    assert page.text_content() == "<b>robaron una vivienda</b>"
    assert page.xpath("//b") == []
    assert page.xpath("//mark/text()") == ["<b>", "una vivienda"]


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", " https://a.example", "https://a b", "//a.example", None]
)
def test_only_web_addresses_become_links(url: str | None) -> None:
    assert safe_link(url) is None
    assert safe_link("https://norte.example/nota?x=1") == "https://norte.example/nota?x=1"


def test_identifier_that_was_merged_leads_to_the_one_that_stands(filled: Any) -> None:
    one, other = (row["id"] for row in filled.rows("SELECT id FROM incidents WHERE type = 'burglary'"))
    with Archive(filled.archive, write=True) as archive:
        standing = merge(archive, one, other, reason="Son el mismo hecho", author="mesa")
    filled.publish()
    given_up = other if standing == one else one
    with asyncio.Runner() as runner:
        datasette = site(filled.public)
        answer = runner.run(datasette.client.get(f"/incidents/incidents/{given_up}"))
        assert (answer.status_code, answer.headers["location"]) == (301, f"/incidents/incidents/{standing}")
        page = runner.run(datasette.client.get(f"/incidents/incidents/{standing}"))
        assert "Son el mismo hecho" in page.text


@pytest.mark.parametrize("contact", ["datos@diario.example", "https://diario.example/contacto", None, "javascript:alert(1)"])
def test_page_for_corrections_names_the_operator(filled: Any, contact: str | None) -> None:
    with asyncio.Runner() as runner:
        answer = runner.run(site(filled.public, contact=contact).client.get("/correcciones"))
    assert answer.status_code == 200
    assert (contact or "quien opera este sitio") in answer.text
    assert not [href for href in tree(answer).xpath("//a/@href") if href.startswith("javascript")]
