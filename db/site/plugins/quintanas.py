"""Datasette hooks of the site: words and helpers for templates, the pages' data, ready questions, feeds, security headers."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import sqlite3
import threading
from collections.abc import Awaitable, Callable
from datetime import date
from functools import cache
from typing import Any
from urllib.parse import urlencode, urlsplit

from datasette import NotFound, Response, hookimpl
from datasette.views.base import DatasetteError
from markupsafe import Markup

from db import codebook
from db.searching import match_expression
from db.site import charts, downloads, feeds, presentation, questions
from db.site.cartography import Box
from db.site.kept import keep_pages
from db.site.queries import Queries
from db.site.selection import DATABASE, query_pairs, selection

logger = logging.getLogger("quintanas.site")

SETTINGS = "quintanas"
"""Name of the site's own settings among those of plugins: `language`, `tiles` (`url`, `attribution`)."""

LONGEST_VALUE = 1_000_000
"""Bytes of a value or row in a visitor's SQL."""
LARGEST_MAP = 16 * 1024**3
"""Bytes of the file that SQLite reads where the system keeps them and does not copy: two thirds of a search's time. The file of
a release is never written or cut, only replaced by name."""
LARGEST_HEAP = 256 * 1024 * 1024
"""Bytes that SQLite may take in a process where visitors write SQL."""

SECURITY_HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"permissions-policy": b"geolocation=(), camera=(), microphone=()",
}
_METHODS = ("GET", "HEAD", "OPTIONS")
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'{tiles}; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def _tiles(datasette: Any) -> dict[str, str]:
    return (datasette.plugin_config(SETTINGS) or {}).get("tiles") or {}


@hookimpl
def startup(datasette: Any) -> Callable[[], Awaitable[None]]:
    """Open the database in every thread now: opened later, after a new release took its place, one thread would show that
    and the others this one. Where the site speaks another language than the database, read the types' names in it."""

    async def inner() -> None:
        if datasette.executor is None or DATABASE not in datasette.databases:
            return
        threads = datasette.setting("num_sql_threads")
        together = threading.Barrier(threads, timeout=30)
        database = datasette.get_database(DATABASE)
        await asyncio.gather(*(database.execute_fn(lambda _conn: together.wait()) for _ in range(threads)))
        speaks = datasette.jinja_env.globals["p"]
        key = "label" if speaks.language == "es" else "label_en"
        speaks.type_names = {row["id"]: row[key] or row["label"] for row in await Queries(datasette).types()}

    return inner


@hookimpl(trylast=True)
def prepare_connection(conn: sqlite3.Connection, datasette: Any) -> None:
    """SQL functions, of which `escape_fts` takes the place of Datasette's, so that searches on every page ask for stems; and
    limits of memory where the operator lets visitors write SQL (Datasette bounds time and rows)."""
    conn.execute(f"PRAGMA mmap_size = {LARGEST_MAP}")
    conn.create_function("escape_fts", 1, match_expression)
    questions.register(conn)
    if datasette.setting("default_allow_sql"):
        conn.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
        conn.setlimit(sqlite3.SQLITE_LIMIT_SQL_LENGTH, 100_000)
        conn.execute(f"PRAGMA hard_heap_limit = {LARGEST_HEAP}")


@hookimpl
def prepare_jinja2_environment(env: Any, datasette: Any) -> None:
    """Words and helpers, also for the error page, which gets no template variables."""
    speaks = presentation.Presentation((datasette.plugin_config(SETTINGS) or {}).get("language") or "es")
    helpers = ("column_label", "column_help", "table_label", "table_help", "value_label", "type_label")
    texts = ("day", "instant", "number", "short", "plural", "marked")
    env.globals |= {name: getattr(speaks, name) for name in (*helpers, *texts)}
    env.globals |= {name: getattr(presentation, name) for name in ("where", "safe_link", "headline")}
    env.globals |= {
        "p": speaks,
        "w": speaks.words,
        "book": codebook.load(),
        "today": lambda: date.today().isoformat(),
        "chart_size": (charts.WIDTH, charts.HEIGHT),
    }


@hookimpl
def extra_template_vars(datasette: Any, request: Any) -> dict[str, Any]:
    """Data of the pages that are more than one table."""
    if DATABASE not in datasette.databases:
        return {}
    queries = Queries(datasette)
    tiles = _tiles(datasette)
    table = datasette.urls.table(DATABASE, "incidents")

    async def here() -> Any:
        return await selection(datasette, request)

    async def selected_map() -> dict[str, Any]:
        return await queries.map(await here(), box=Box.parse(request.args.get("_caja")), tiles=tiles.get("url"))

    async def selected_timeline() -> Any:
        return await queries.timeline(await here())

    async def selected_counts(column: str, limit: int = 12) -> list[dict[str, Any]]:
        return await queries.counted(column, await here(), limit)

    async def selected_districts(limit: int) -> list[dict[str, Any]]:
        return await queries.counted_districts(await here(), limit)

    def incidents(view: str | None = None, /, **changes: Any) -> str:
        """The address of the incidents' table with these filters and no others, as a list or another view."""
        pairs = [(key, value) for key, value in changes.items() if value is not None]
        pairs += [("_vista", view)] if view else []
        return f"{table}?{urlencode(pairs)}" if pairs else str(table)

    @cache  # a map has thousands of addresses
    def pairs_without(names: tuple[str, ...]) -> list[tuple[str, str]]:
        return query_pairs(request, drop=names)

    def kept(view: str | None = None, /, *, drop: tuple[str, ...] = (), **changes: Any) -> str:
        """The address of the incidents' table with this page's filters, some of them changed."""
        pairs = list(pairs_without((*drop, *changes)))
        pairs += [("_vista", view)] if view else []
        pairs += [(key, value) for key, value in changes.items() if value is not None]
        return f"{table}?{urlencode(pairs)}" if pairs else str(table)

    def exported(ending: str, **more: str) -> str:
        """The address of this page's incidents in another format."""
        pairs = [*query_pairs(request, drop=("_sort", "_sort_desc", "_col", "_nocol")), *more.items()]
        path = datasette.urls.table(DATABASE, "incidents", format=ending)
        return f"{path}?{urlencode(pairs)}" if pairs else str(path)

    def download(name: str, ending: str = "csv", **more: str) -> str:
        """The address of everything that this page shows a part of, as a file: a table's name, or "preguntas/" and a
        question's."""
        pairs = [*query_pairs(request, drop=("_col", "_nocol")), *more.items()]
        path = datasette.urls.path(f"/descargar/{name}.{ending}")
        return f"{path}?{urlencode(pairs)}" if pairs else str(path)

    async def answer_rows(question: str) -> int:
        return await downloads.answer_rows(datasette, request, question)

    return {
        "download_url": download,
        "answer_rows": answer_rows,
        "release": queries.release,
        "latest": queries.latest,
        "counted": queries.counted,
        "all_types": queries.types,
        "frequent_places": queries.frequent_places,
        "all_places": queries.places,
        "place_names": queries.place_names,
        "commonest": queries.commonest,
        "newest": queries.newest,
        "timeline": queries.timeline,
        "map_of_all": lambda: queries.map(tiles=tiles.get("url")),
        "selected_map": selected_map,
        "selected_timeline": selected_timeline,
        "selected_counts": selected_counts,
        "selected_districts": selected_districts,
        "counted_districts": queries.counted_districts,
        "district_names": queries.district_names,
        "incident_row": queries.incident,
        "incident_map": lambda row: queries.incident_map(row, tiles.get("url")),
        "incident_reports": queries.reports,
        "incident_corrections": queries.corrections,
        "incidents_url": incidents,
        "kept_url": kept,
        "exported_url": exported,
        "absolute": lambda path: datasette.absolute_url(request, path) if request else path,
        "contact": datasette.metadata("contact"),
        "tiles_attribution": tiles.get("attribution"),
        "ready_questions": lambda: datasette.get_canned_queries(DATABASE, request.actor if request else None),
    }


@hookimpl
def canned_queries(datasette: Any, database: str) -> Callable[[], Awaitable[dict[str, Any]]]:
    """The ready questions."""

    async def inner() -> dict[str, Any]:
        if database != DATABASE:
            return {}
        known = await Queries(datasette).population_known()
        return questions.canned_queries(datasette.jinja_env.globals["w"], population=known)

    return inner


@hookimpl
def render_cell(row: Any, value: Any, column: str, table: str | None, database: str, datasette: Any) -> Any:
    """In answers to ready questions: headlines lead to their incident, types and days are words."""
    if database != DATABASE or table is not None or value is None:
        return None
    speaks = datasette.jinja_env.globals["p"]
    if column == "headline" and "id" in row.keys():  # noqa: SIM118 - a row's "in" looks at its values
        address = datasette.urls.row(DATABASE, "incidents", row["id"])
        return Markup('<a href="{}">{}</a>').format(address, presentation.headline(row))
    if column == "type":
        return speaks.type_names.get(value, value)
    if column in ("date", "month"):
        return speaks.day(str(value))
    if column == "first_reported":
        return speaks.instant(str(value))
    return None


@hookimpl
def asgi_wrapper(datasette: Any) -> Callable[[Any], Any]:
    """Security headers on every answer. A tile server sees where its pictures are asked from, as such servers demand, and
    nobody else does."""
    template = _tiles(datasette).get("url")
    origin = f" {urlsplit(template).scheme}://{urlsplit(template).netloc}" if template else ""
    headers = {
        **SECURITY_HEADERS,
        b"content-security-policy": _POLICY.format(tiles=origin).encode(),
        b"referrer-policy": b"strict-origin-when-cross-origin" if origin else b"no-referrer",
    }

    start = datasette.setting("base_url")
    table = f"{start}{DATABASE}/incidents"

    def worth(scope: Any) -> bool:
        """The pages that everybody asks for and that take longest."""
        unfiltered = (table, b"_vista=mapa"), (table, b"_vista=tiempo"), (start, b"")
        return (scope["path"], scope["query_string"]) in unfiltered

    def wrap(app: Any) -> Any:
        app = keep_pages(app, worth)

        async def wrapped(scope: Any, receive: Any, send: Any) -> None:
            async def send_with_headers(event: dict[str, Any]) -> None:
                if event["type"] == "http.response.start":
                    kept = [(name, value) for name, value in event.get("headers", []) if name.lower() not in headers]
                    event = {**event, "headers": [*kept, *headers.items()]}
                await send(event)

            if scope["type"] == "http" and scope["method"] not in _METHODS:  # some of which Datasette answers with 500
                allowed = [(b"allow", ", ".join(_METHODS).encode()), (b"content-length", b"0")]
                await send_with_headers({"type": "http.response.start", "status": 405, "headers": allowed})
                await send({"type": "http.response.body", "body": b""})
                return
            await app(scope, receive, send_with_headers)

        return wrapped

    return wrap


@hookimpl
def sitemap_extra_paths(datasette: Any) -> Callable[[], Awaitable[list[str]]]:
    """For datasette-sitemap: the start page, the tables' explanations, and the 10,000 incidents reported last."""

    async def inner() -> list[str]:
        if DATABASE not in datasette.databases:
            return []
        urls = datasette.urls
        pages = [urls.instance(), urls.path("/libro-de-codigos"), urls.path("/correcciones"), urls.database(DATABASE)]
        rows = await Queries(datasette).once("SELECT id FROM incidents ORDER BY last_reported DESC, id LIMIT 10000")
        return [str(path) for path in pages] + [str(urls.row(DATABASE, "incidents", row["id"])) for row in rows]

    return inner


@hookimpl
def register_routes() -> list[tuple[str, Callable[..., Awaitable[Response]]]]:
    """Feeds and GeoJSON of the incidents; Datasette's own list of databases, without the paths of files on the server; and
    none of its pages for developers."""

    async def databases(datasette: Any, request: Any) -> Response:
        rows = [{key: value for key, value in row.items() if key != "path"} for row in datasette._connected_databases()]
        if request.path.endswith(".json"):
            return Response.json(rows)
        context = {"filename": "databases.json", "data_json": json.dumps(rows, indent=4)}
        return Response.html(await datasette.render_template(["show_json.html"], context, request=request))

    async def absent() -> Response:
        raise NotFound("a page for developers of Datasette")

    async def narrow(datasette: Any, request: Any) -> Response:
        """Where the form for type, district and days leads: to the table, without the fields that were left open."""
        asked = [(key, value.strip()) for key in request.args for value in request.args.getlist(key) if value.strip()]
        given = dict(asked)
        if "_sort_by_desc" in given:
            asked = [("_sort_desc" if key == "_sort" else key, value) for key, value in asked if key != "_sort_by_desc"]
        usual = datasette.table_metadata(DATABASE, "incidents").get("sort_desc")
        pairs = [
            (key, _as_far_as_it_goes(value) if key == "date__gte" else value)
            for key, value in asked
            if (key, value) != ("_sort_desc", usual)
            and not (key.startswith("_filter_") and re.sub("op|value", "column", key) not in given)
        ]
        table = datasette.urls.table(DATABASE, "incidents")
        return Response.redirect(f"{table}?{urlencode(pairs)}" if pairs else str(table))

    return [
        (r"^/filtrar$", narrow),
        # In English, with inline code that the security policy stops, and of no use without accounts.
        (r"^/-/(?:allow-debug|auth-token|logout|messages|patterns|permissions)$", absent),
        (r"^/-/databases(\.json)?$", databases),
        (rf"^/{DATABASE}/incidents\.atom$", feeds.atom),
        (r"^/descargar/(?P<table>\w+)\.csv$", downloads.table_csv),
        (r"^/descargar/(?P<table>\w+)\.csv\.LEEME\.txt$", downloads.about),
        (r"^/descargar/preguntas/(?P<question>[\w-]+)\.csv$", downloads.question_csv),
        (rf"^/{DATABASE}/incidents\.geojson$", feeds.geojson),
    ]


def _as_far_as_it_goes(day: str) -> str:
    """A first day as the database writes what begins with it: January 1 as the year, another first as the month, so that
    "from January 1" holds what is known to the month or the year only."""
    return re.sub(r"-01$", "", re.sub(r"^(\d{4})-01-01$", r"\1", day)) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", day) else day


async def _standing(datasette: Any, path: str) -> str | None:
    """Where an incident's page leads whose identifier was merged into another's; None where that is not so."""
    match = re.search(r"/incidents/incidents/(Q[A-Z2-7]{12})(\.json)?$", path)
    if match is None or DATABASE not in datasette.databases:
        return None
    database = datasette.get_database(DATABASE)
    found = await database.execute("SELECT merged_into FROM removed WHERE id = ?", [match[1]])
    row = found.first()
    return f"/incidents/incidents/{row['merged_into']}{match[2] or ''}" if row and row["merged_into"] else None


@hookimpl
def handle_exception(datasette: Any, request: Any, exception: Exception) -> Callable[[], Awaitable[Response]]:
    """Errors in the site's words, as JSON where that was asked for. What the visitor got wrong leaves no trace in the log."""

    async def inner() -> Response:
        status = getattr(exception, "status", 500)
        if isinstance(exception, DatasetteError | MemoryError) and status == 500:
            status = 400  # MemoryError: a visitor's SQL met the limit of memory
        message = getattr(exception, "message", None) or str(exception)
        if status >= 500:
            logger.error("%s %s", request.method, request.full_path, exc_info=exception)
            message = ""
        if status == 404 and (standing := await _standing(datasette, request.path)):
            return Response.redirect(datasette.urls.path(standing), status=301)
        if request.path.endswith(".json"):
            return Response.json({"ok": False, "error": message, "status": status, "title": None}, status=status)
        page = datasette.jinja_env.get_template("error.html")
        context = {"status": status, "error": message, "urls": datasette.urls}
        return Response.html(await page.render_async(context), status=status)

    return inner
