"""What the download buttons of the site give."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from lxml import html

from db.serve import site

Report = Callable[..., dict[str, Any]]

FORMULA = '=HYPERLINK("http://malo.example";"clic")'


@pytest.fixture
def news(newsroom: Any, report: Report) -> Any:
    """Incidents in two districts, a formula for a headline, one without a day."""
    newsroom.tell("norte", "a", report(), headline=FORMULA)
    newsroom.tell("norte", "b", report(date="2025-11-03"), headline="Roban una vivienda en el centro")
    newsroom.tell("sol", "c", report(date=None, precision="none"), headline="Un robo sin fecha")
    chao = report(type="homicide", ubigeo="131202", district="Chao", province="Virú", place_text=None, level="district")
    newsroom.tell("voz", "d", chao, headline="Matan a un hombre")
    newsroom.publish()
    return newsroom


def ask(newsroom: Any, *paths: str, **settings: Any) -> list[httpx.Response]:
    datasette = site(newsroom.public, settings=settings)
    with asyncio.Runner() as runner:
        return [runner.run(datasette.client.get(path)) for path in paths]


def rows_of(answer: httpx.Response) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


FILTERS = ["", "ubigeo=131202", "type=burglary&date__gte=2025-11-03", "_search=vivienda&_sort=headline", "date__isnull=1"]


@pytest.mark.parametrize("query", FILTERS)
def test_button_gives_the_rows_of_the_page_in_its_order_and_says_how_many(news: Any, query: str) -> None:
    page, listed = ask(news, f"/incidents/incidents?{query}", f"/incidents/incidents.json?_shape=array&{query}")
    (button,) = html.fromstring(page.text).xpath("//section[@id='export']//a[@download and @class='button']")
    exact = html.fromstring(page.text).xpath("string(//section[@id='export']//a[contains(@href, '_exacto')]/@href)")
    safe, plain = ask(news, button.get("href"), exact)
    expected = [row["id"] for row in listed.json()]
    assert [row["id"] for row in rows_of(safe)] == expected
    assert [row["id"] for row in rows_of(plain)] == expected
    assert safe.headers["x-total-count"] == str(len(expected))
    told = button.text_content()
    assert (str(len(expected)) in told) if len(expected) > 1 else ("todos los resultados" in told)


def test_two_flavours(news: Any) -> None:
    safe, exact = ask(news, "/descargar/incidents.csv", "/descargar/incidents.csv?_exacto=1")
    assert safe.content.startswith(b"\xef\xbb\xbfid,date,")
    assert exact.content.startswith(b"id,date,")
    assert f"'{FORMULA}" in {row["headline"] for row in rows_of(safe)}
    stored = news.rows("SELECT * FROM incidents ORDER BY date DESC, rowid")
    assert rows_of(exact) == [{name: "" if value is None else str(value) for name, value in row.items()} for row in stored]
    for answer in (safe, exact):
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert "edicion-1" in answer.headers["content-disposition"]
        assert 'rel="license"' in answer.headers["link"]
        assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_every_table_can_be_had_whole(news: Any) -> None:
    for table in ("reports", "types", "places", "counts", "sources", "releases", "changes", "corrections", "removed"):
        (answer,) = ask(news, f"/descargar/{table}.csv?_exacto=1")
        assert len(rows_of(answer)) == news.rows(f"SELECT count(*) AS n FROM {table}")[0]["n"], table


def test_ready_question_in_both_flavours(news: Any) -> None:
    safe, exact = ask(
        news,
        "/descargar/preguntas/nuevos-desde.csv?desde=2025-01-01",
        "/descargar/preguntas/nuevos-desde.csv?desde=2025-01-01&_exacto=1",
    )
    assert {row["headline"] for row in rows_of(exact)} == {
        row["headline"] for row in news.rows("SELECT headline FROM incidents")
    }
    assert f"'{FORMULA}" in {row["headline"] for row in rows_of(safe)}


def test_note_names_licence_selection_and_number(news: Any) -> None:
    (note,) = ask(news, "/descargar/incidents.csv.LEEME.txt?ubigeo=131202")
    for said in ("CC BY 4.0", "edición 1", "Filas: 1", "http://localhost/incidents/incidents?ubigeo=131202", "apóstrofo"):
        assert said in note.text
    assert note.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/descargar/nada.csv", 404),
        ("/descargar/sqlite_master.csv", 404),
        ("/descargar/incidents_fts.csv", 404),
        ("/descargar/preguntas/nada.csv", 404),
        ("/descargar/incidents.csv?_sort=nada", 400),
        ("/descargar/incidents.csv?_sort=id;DROP", 400),
        ("/descargar/incidents.csv?_where=1%3D1", 403),
        ('/descargar/incidents.csv?nada"=1', 400),
    ],
)
def test_what_is_not_to_be_had_is_an_error_and_no_file(news: Any, path: str, status: int) -> None:
    (answer,) = ask(news, path)
    assert answer.status_code == status
    assert "attachment" not in answer.headers.get("content-disposition", "")
