"""Counts, facets, pages and files of the incidents are those that plain SQL gives, whatever is asked."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
from lxml import html
from sqlite_utils import Database

from db import tables
from db.searching import match_expression
from db.serve import site

Get = Callable[..., httpx.Response]

TYPES = ("homicide", "burglary", "extortion")
PLACES = (
    ("130101", "La Libertad", "Trujillo"),
    ("130102", "La Libertad", "El Porvenir"),
    ("220902", "San Martín", "El Porvenir"),
    ("131202", "La Libertad", "Chao"),
    ("010101", "Amazonas", "Chachapoyas"),
    ("130000", "La Libertad", None),
    (None, None, None),
)
WORDS = ("vivienda", "bodega", "moto", "policía", "robaron", "disparos")
FACETS = ("type", "department", "district", "year")

# Query string, and the same in SQL.
ASKED = [
    ("", "1"),
    ("type=burglary", "type = 'burglary'"),
    ("type=none-such", "0"),
    ("year=2024", "year = 2024"),
    ("year=2024.0", "year = 2024"),
    ("year__gte=2023&type=homicide", "year >= 2023 AND type = 'homicide'"),
    ("district__isnull=1", "district IS NULL"),
    ("district__notnull=1&department=La+Libertad", "district IS NOT NULL AND department = 'La Libertad'"),
    ("type__in=homicide,extortion", "type IN ('homicide', 'extortion')"),
    ("type__not=homicide", "type != 'homicide'"),
    ("ubigeo=130101&date__gte=2024", "ubigeo = '130101' AND date >= '2024'"),
    ("date__gte=2023-03&date__lte=2024-06-15", "date >= '2023-03' AND date <= '2024-06-15'"),
    ("date__gt=2024-02-01", "date > '2024-02-01'"),
    ("date__lt=2023", "date < '2023'"),
    ("date=2024-02", "date = '2024-02'"),
    ("date__startswith=2024-02", "date LIKE '2024-02%'"),
    ("date__startswith=2024", "date LIKE '2024%'"),
    ("date__startswith=%252024", "date LIKE '%2024%'"),
    ("date__isnull=1", "date IS NULL"),
    ("date__notnull=1&type=burglary", "date IS NOT NULL AND type = 'burglary'"),
    ("headline__contains=moto", "headline LIKE '%moto%'"),
    ("_search=viviendas", "found('viviendas')"),
    ("_search=vivienda+bodega&type=burglary", "found('vivienda bodega') AND type = 'burglary'"),
    ("_search=moto&date__gte=2023-07&district=Trujillo", "found('moto') AND date >= '2023-07' AND district = 'Trujillo'"),
    ("_search=moto&headline__contains=bodega", "found('moto') AND headline LIKE '%bodega%'"),
    ("_search=nada", "0"),
]


def _write(path: Path) -> None:
    chance = random.Random(1)
    db = Database(sqlite3.connect(path, isolation_level=None), execute_plugins=False)
    tables.create(db)
    tables.insert(db, "types", ({"id": name, "label": name} for name in TYPES))
    places = ({"ubigeo": code, "level": "district", "department": dep, "district": name} for code, dep, name in PLACES if code)
    tables.insert(db, "places", places)
    rows = []
    for _ in range(400):
        code, department, district = chance.choice(PLACES)
        day = f"{chance.randint(2022, 2025)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
        date = chance.choice((day, day, day, "2024-02-01", day[:7], day[:4], None))
        exact = bool(code) and chance.random() < 0.3
        point = {"latitude": -8.1 - chance.randint(0, 3) / 100, "longitude": -79.0, "coordinates_of": "place"} if exact else {}
        kind = chance.choice(TYPES)
        rows.append(
            {
                "id": f"Q{chance.randrange(10**12):012}",
                "date": date,
                "date_precision": "day",
                "year": int(date[:4]) if date else None,
                "type": kind,
                "type_label": kind,
                "status": "completed",
                "event": "crime",
                "place_level": "district",
                "district": district,
                "department": department,
                "country": chance.choice(("PE", "PE", None)) if code else None,
                "ubigeo": code,
                "confidence": 0.5,
                "headline": " ".join(chance.sample(WORDS, 3)),
                "evidence": "=1+1; " + " ".join(chance.sample(WORDS, 2)),
                "reports": 1,
                "newspapers": 1,
                "last_reported": f"{day}T10:00:00-05:00",
                "review": "unreviewed",
                **point,
            }
        )
    tables.insert(db, "incidents", rows)
    release = {"number": 1, "published": "2026-01-01T00:00:00Z", "incidents": 400, "reports": 0, "newspapers": 0, "articles": 0}
    tables.insert(db, "releases", [{**release, "software": "test"}])
    tables.arrange(db)
    tables.count(db)
    tables.index(db)
    db.close()


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rows") / "incidents.db"
    _write(path)
    return path


@pytest.fixture(scope="module", params=["arranged", "of an earlier version"])
def get(request: pytest.FixtureRequest, public: Path) -> Iterator[Get]:
    path = public
    if request.param != "arranged":
        path = public.with_name("earlier.db")
        path.write_bytes(public.read_bytes())
        with closing(sqlite3.connect(path)) as conn:
            conn.execute("PRAGMA user_version = 0")
    datasette = site(path)
    with asyncio.Runner() as runner:
        assert (runner.run(datasette.get_database("incidents").rows()) is None) == (path != public)
        yield cache(lambda address: runner.run(datasette.client.get(address)))


@pytest.fixture
def ask(public: Path) -> Iterator[Callable[..., list[tuple[Any, ...]]]]:
    with closing(sqlite3.connect(f"{public.as_uri()}?mode=ro", uri=True)) as conn:

        def found(words: str, number: int) -> bool:
            sql = "SELECT 1 FROM incidents_fts WHERE incidents_fts MATCH ? AND rowid = ?"
            return conn.execute(sql, [match_expression(words), number]).fetchone() is not None

        def ask(sql: str) -> list[tuple[Any, ...]]:
            return conn.execute(sql).fetchall()

        conn.create_function("found", 2, found)
        yield ask


def _where(sql: str) -> str:
    return sql.replace("')", "', rowid)")


@pytest.mark.parametrize(("query", "sql"), ASKED)
def test_count_facets_and_page(get: Get, ask: Callable[..., Any], query: str, sql: str) -> None:
    where = _where(sql)
    facets = "&".join(f"_facet={name}" for name in FACETS)
    answer = get(f"/incidents/incidents.json?_shape=objects&_size=30&{facets}&{query}").json()
    assert [answer["filtered_table_rows_count"]] == [row[0] for row in ask(f"SELECT count(*) FROM incidents WHERE {where}")]
    shown = [row["id"] for row in answer["rows"]]
    assert shown == [row[0] for row in ask(f"SELECT id FROM incidents WHERE {where} ORDER BY date DESC, id LIMIT 30")]
    for name in FACETS:
        counted = ask(
            f"""SELECT {name}, count(*) AS n FROM incidents WHERE {where} AND {name} IS NOT NULL GROUP BY 1
            ORDER BY n DESC, 1 LIMIT 30"""
        )
        assert [(one["value"], one["count"]) for one in answer["facet_results"][name]["results"]] == counted


@pytest.mark.parametrize("query", ["", "type=burglary", "_search=viviendas", "date__isnull=1", "headline__contains=moto"])
def test_following_the_pages_meets_each_incident_once_and_facets_count_all(
    get: Get, ask: Callable[..., Any], query: str
) -> None:
    where = _where(dict(ASKED)[query])
    shown: list[str] = []
    facets = []
    address: str | None = f"/incidents/incidents.json?_shape=objects&_size=17&_facet=type&{query}"
    while address:
        answer = get(address).json()
        shown += [row["id"] for row in answer["rows"]]
        facets.append([(one["value"], one["count"]) for one in answer["facet_results"]["type"]["results"]])
        address = answer["next_url"] and answer["next_url"].removeprefix("http://localhost")
    assert shown == [row[0] for row in ask(f"SELECT id FROM incidents WHERE {where} ORDER BY date DESC, id")]
    assert facets == facets[:1] * len(facets)


@pytest.mark.parametrize(("query", "sql"), ASKED)
def test_files_hold_what_was_found(get: Get, ask: Callable[..., Any], query: str, sql: str) -> None:
    expected = [row[0] for row in ask(f"SELECT id FROM incidents WHERE {_where(sql)} ORDER BY date DESC, id")]
    answer = get(f"/descargar/incidents.csv?_exacto=1&{query}")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert answer.headers["x-total-count"] == str(len(expected))
    assert sorted(row["id"] for row in rows) == sorted(expected)
    assert [row["date"] for row in rows] == sorted((row["date"] for row in rows), reverse=True)
    features = json.loads(get(f"/incidents/incidents.geojson?{query}").text)["features"]
    assert sorted(one["id"] for one in features) == sorted(expected)
    stream = get(f"/incidents/incidents.csv?_stream=1&_size=max&{query}")
    assert [row["id"] for row in csv.DictReader(io.StringIO(stream.text))] == expected


@pytest.mark.parametrize(("query", "sql"), ASKED)
def test_charts_and_maps_count_what_was_found(get: Get, ask: Callable[..., Any], query: str, sql: str) -> None:
    where = _where(sql)
    page = html.fromstring(get(f"/incidents/incidents?_vista=tiempo&{query}").content)
    drawn = [int(str(title.text).rsplit(": ")[1].split()[0]) for title in page.cssselect("svg.chart a title")]
    dated = ask(f"SELECT count(*) FROM incidents WHERE {where} AND length(date) >= 7")[0][0]
    vague = ask(f"SELECT count(*) FROM incidents WHERE {where} AND length(date) = 4")[0][0]
    assert sum(drawn) in (dated, dated + vague)
    bars = page.cssselect("ul.counts")[-1].cssselect("li")
    shown = {str(bar.cssselect("a")[0].text): str(bar.cssselect("span")[0].text) for bar in bars}
    by_code = f"FROM incidents WHERE {where} AND district IS NOT NULL GROUP BY ubigeo ORDER BY count(*) DESC, ubigeo"
    names = ask(f"SELECT district || iif(district = 'El Porvenir', ' (None, ' || department || ')', ''), count(*) {by_code}")
    assert list(shown.items()) == [(name, str(count)) for name, count in names]
    page = html.fromstring(get(f"/incidents/incidents?_vista=mapa&{query}").content)
    districts = ask(
        f"""SELECT CAST(count(*) AS TEXT) FROM incidents WHERE {where} AND ubigeo NOT LIKE '%00' GROUP BY ubigeo
        ORDER BY count(*) DESC"""
    )
    assert [(cell.text,) for cell in page.cssselect("details.twin td.num")] == districts


def test_a_map_names_the_latest_incidents_of_each_place(get: Get, ask: Callable[..., Any]) -> None:
    for query, sql in (("", "1"), ("type=burglary", "type = 'burglary'"), ("_search=moto", "found('moto')")):
        page = html.fromstring(get(f"/incidents/incidents?_vista=mapa&_caja=-79.01,-8.2,-78.99,-8.0&{query}").content)
        items = page.cssselect("ol.points > li")
        assert items
        for item in items:
            named = [str(link.get("href")).rpartition("/")[2] for link in item.cssselect("ul a")]
            there = f"latitude IN (SELECT latitude FROM incidents WHERE id IN ({', '.join(map(repr, named))}))"
            expected = ask(f"SELECT id FROM incidents WHERE {_where(sql)} AND {there} ORDER BY date DESC, id")
            assert named == [row[0] for row in expected[:5]]
            assert str(item.cssselect("h3 .n")[0].text).split()[0] == str(len(expected))


def test_sql_of_visitors_is_not_taken_for_a_pages(public: Path, ask: Callable[..., Any]) -> None:
    datasette = site(public, settings={"default_allow_sql": True})
    by_type = "where year > 2022 group by type"
    statements = (
        "select count(*) from incidents order by date desc limit 5",
        "select max(confidence) from incidents where type = 'burglary' order by date desc limit 3",
        "select distinct type from incidents where year = 2024 order by type",
        f"select type from incidents {by_type} order by date desc limit 7",
        f"select count(*) from incidents {by_type}",
        "select id from incidents where year = 2024 order by date desc, id limit 7",
        "select id from incidents where year = 2023 union select id from incidents where year = 2024 order by id limit 9",
        "select count(*) from incidents where year = 2023 union all select 1",
        "select count(*) from incidents where year = 2023 limit 0",
    )
    for sql in statements:
        answer = asyncio.run(datasette.client.get("/incidents.json", params={"sql": sql, "_shape": "arrays"})).json()
        assert sorted(map(tuple, answer["rows"])) == sorted(ask(sql)), sql
    either = "type = 'burglary' or type = 'homicide'"
    asked = f"_where={either}&district=Trujillo"
    page = asyncio.run(datasette.client.get(f"/incidents/incidents.json?_size=0&_facet=type&{asked}")).json()
    file = asyncio.run(datasette.client.get(f"/descargar/incidents.csv?{asked}"))
    assert page["filtered_table_rows_count"] == sum(one["count"] for one in page["facet_results"]["type"]["results"])
    assert file.headers["x-total-count"] == str(page["filtered_table_rows_count"])


def test_no_search_is_an_error(get: Get) -> None:
    for words in ('"', "AND OR", "vivienda NEAR(", "*", "'; DROP"):
        assert get(f"/incidents/incidents?_search={words}").status_code == 200
    assert get('/incidents/incidents?_searchmode=raw&_search="abierta').status_code == 400
    assert get("/descargar/incidents.csv?_searchmode=raw&_search=*").status_code == 400


def test_a_database_says_whether_its_incidents_are_arranged(public: Path) -> None:
    with closing(sqlite3.connect(f"{public.as_uri()}?mode=ro", uri=True)) as conn:
        assert conn.execute("PRAGMA user_version").fetchone() == (tables.ARRANGED,)
        rows = conn.execute("SELECT date, id FROM incidents ORDER BY rowid").fetchall()
        assert rows == conn.execute("SELECT date, id FROM incidents ORDER BY date DESC, id").fetchall()
        assert conn.execute("SELECT min(rowid), max(rowid) FROM incidents").fetchone() == (1, 400)
