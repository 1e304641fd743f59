"""What a visitor must not be able to do."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from db.serve import site

Report = Callable[..., dict[str, Any]]

ENDLESS = "with recursive t(n) as (select 1 union all select n + 1 from t) select count(*) from t"
MANY = "with recursive t(n) as (select 1 union all select n + 1 from t limit 50000) select n from t"
LARGE = (
    "with recursive t(n) as (select 1 union all select n + 1 from t limit 2000) select group_concat(zeroblob(900000)) from t"
)


@pytest.fixture
def news(newsroom: Any, report: Report) -> Any:
    newsroom.tell("norte", "a", report(), headline='<img src=x onerror=alert(1)> "comillas"')
    newsroom.publish()
    return newsroom


def ask(newsroom: Any, *paths: str, **settings: Any) -> list[httpx.Response]:
    datasette = site(newsroom.public, settings=settings)
    with asyncio.Runner() as runner:
        return [runner.run(datasette.client.get(path)) for path in paths]


def sql(statement: str, kind: str = ".json") -> str:
    return f"/incidents{kind}?{urlencode({'sql': statement, '_shape': 'objects'})}"


@pytest.mark.parametrize(
    "path", ["/incidents/incidents.json?_where=1=1", "/descargar/incidents.csv?_where=1=1", sql("select 1")]
)
def test_sql_of_visitors_is_refused_everywhere(news: Any, path: str) -> None:
    assert ask(news, path)[0].status_code == 403


def test_where_sql_is_open_it_is_bounded(news: Any) -> None:
    """By the operator's wish; time is bounded (here to a fifth of a second), and rows and memory are."""
    endless, many, large, after = ask(
        news, sql(ENDLESS), sql(MANY), sql(LARGE), sql("select 1 as n"), default_allow_sql=True, sql_time_limit_ms=200
    )
    assert endless.status_code == 400
    assert len(many.json()["rows"]) == 1000
    assert many.json()["truncated"]
    assert large.status_code == 400
    assert after.json()["rows"] == [{"n": 1}], "the site goes on"


@pytest.mark.parametrize(
    "statement",
    [
        "delete from incidents",
        "drop table incidents",
        "attach database '{archive}' as archive",
        "pragma writable_schema = 1",
        "select load_extension('x')",
        "select writefile('x', 'y')",
        "select readfile('{archive}')",
        "select 1; delete from incidents",
    ],
)
def test_where_sql_is_open_nothing_is_written_attached_or_loaded(news: Any, statement: str) -> None:
    before = hashlib.sha256(news.public.read_bytes()).digest()
    (answer, count) = ask(
        news,
        sql(statement.format(archive=news.archive)),
        sql(
            "select count(*) as n, (select count(*) from pragma_database_list where name = 'archive') as others from incidents"
        ),
        default_allow_sql=True,
    )
    assert answer.status_code == 400
    assert count.json()["rows"] == [{"n": 1, "others": 0}]
    assert hashlib.sha256(news.public.read_bytes()).digest() == before


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_can_be_sent(news: Any, method: str) -> None:
    datasette = site(news.public)
    with asyncio.Runner() as runner:
        for path in ("/incidents/incidents", "/incidents/por-distrito-y-mes", "/descargar/incidents.csv"):
            answer = runner.run(datasette.client.request(method, path, data={"tipo": "homicide"}))
            assert answer.status_code == 405
            assert answer.content == b""
    assert news.rows("SELECT count(*) AS n FROM incidents") == [{"n": 1}]


def test_files_of_text_from_the_web_are_never_pages(news: Any) -> None:
    paths = [
        "/descargar/incidents.csv?_exacto=1",
        "/descargar/incidents.csv.LEEME.txt?type=<script>alert(1)</script>",
        "/incidents/incidents.geojson",
        "/incidents/incidents.atom",
        "/incidents/incidents.json",
    ]
    for answer in ask(news, *paths):
        assert answer.status_code == 200
        assert "html" not in answer.headers["content-type"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("name", ["../archive", "..%2Farchive", "archive", "incidents.db/../archive", "%2e%2e%2farchive.db"])
def test_no_other_file_is_reachable(news: Any, name: str) -> None:
    datasette = site(news.public)
    with asyncio.Runner() as runner:
        for path in (f"/descargar/{name}.csv", f"/{name}.db", f"/assets/{name}.db", f"/-/static/{name}.db"):
            answer = runner.run(datasette.client.get(path, follow_redirects=True))
            assert answer.status_code in (400, 403, 404), answer.url
