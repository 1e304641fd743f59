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

FORMULA = "=CONTAR(2;3)"


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


def test_json_is_as_docs_export_says(news: Any) -> None:
    name = news.rows("SELECT id FROM incidents WHERE district = 'Chao'")[0]["id"]
    page, objects, one, reports, question, counts, changes = ask(
        news,
        "/incidents/incidents.json?_shape=array&type=burglary&_size=2",
        "/incidents/incidents.json?_shape=objects&_size=2",
        f"/incidents/incidents/{name}.json?_shape=array",
        f"/incidents/reports.json?incident={name}&_shape=array",
        "/incidents/por-distrito-y-mes.json?_shape=array&tipo=homicide",
        "/incidents/incidents.json?_facet=type&_size=0",
        "/incidents/changes.json?release__gt=12&_shape=array",
    )
    assert len(page.json()) == 2
    assert 'rel="next"' in page.headers["link"]
    assert objects.json()["filtered_table_rows_count"] == 4
    assert objects.json()["next"]
    assert objects.json()["next_url"].startswith("http://localhost/incidents/incidents.json?")
    assert one.json()[0]["id"] == name
    assert [row["incident"] for row in reports.json()] == [name]
    assert len(question.json()) == 1
    found = {row["value"]: row["count"] for row in counts.json()["facet_results"]["type"]["results"]}
    assert found == {"burglary": 3, "homicide": 1}
    assert changes.json() == []


def test_facets_of_a_search_are_counted_right(news: Any) -> None:
    """They are counted together, which must not show."""
    (answer,) = ask(
        news, "/incidents/incidents.json?_search=vivienda&_facet=type&_facet=district&_facet=year&_facet=status&_size=0"
    )
    found = {
        name: {row["value"]: row["count"] for row in facet["results"]} for name, facet in answer.json()["facet_results"].items()
    }
    ids = [row["id"] for row in ask(news, "/incidents/incidents.json?_search=vivienda&_shape=array")[0].json()]
    marks = ", ".join("?" for _ in ids)
    for column in ("type", "district", "year", "status"):
        rows = news.rows(
            f"SELECT {column} AS value, count(*) AS n FROM incidents WHERE id IN ({marks}) AND {column} IS NOT NULL GROUP BY 1",
            *ids,
        )
        assert found[column] == {row["value"]: row["n"] for row in rows}, column
    assert found["type"]


def test_pages_that_are_kept_are_told_apart_by_host_and_release(news: Any, report: Report) -> None:
    datasette = site(news.public)
    with asyncio.Runner() as runner:

        async def go() -> list[str]:
            transport = httpx.ASGITransport(app=datasette.app())
            texts = []
            for host in ("uno.example", "dos.example", "uno.example"):
                async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as client:
                    texts.append((await client.get("/incidents/incidents?_vista=mapa")).text)
            return texts

        one, two, again = runner.run(go())
    assert one == again
    assert "http://uno.example/" in one
    assert "uno.example" not in two
    news.tell("norte", "z", report(date="2021-01-01"), headline="Nuevo")
    news.publish()
    assert "Edición 2" in ask(news, "/")[0].text
