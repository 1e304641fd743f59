"""Datasette hooks of the site: words and helpers for the templates, the start and incident pages' data, security headers."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import threading
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

from datasette import Response, hookimpl
from datasette.views.base import DatasetteError

from db import codebook
from db.site import presentation

DATABASE = "incidents"

logger = logging.getLogger("quintanas.site")

SECURITY_HEADERS = {
    b"content-security-policy": (
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        b"font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"permissions-policy": b"geolocation=(), camera=(), microphone=()",
}

_INCIDENT = """SELECT id, date, date_end, part_of_day, type, type_label, street, place, district, province, department,
    headline, newspapers, first_reported FROM incidents"""


@hookimpl
def startup(datasette: Any) -> Callable[[], Awaitable[None]]:
    """Open the database in every thread now: opened later, after a new release took its place, one thread would show that
    and the others this one."""

    async def inner() -> None:
        if datasette.executor is None or DATABASE not in datasette.databases:
            return
        threads = datasette.setting("num_sql_threads")
        together = threading.Barrier(threads, timeout=30)
        database = datasette.get_database(DATABASE)
        await asyncio.gather(*(database.execute_fn(lambda _conn: together.wait()) for _ in range(threads)))

    return inner


@hookimpl
def prepare_jinja2_environment(env: Any) -> None:
    """Words and helpers, also for the error page, which gets no template variables."""
    helpers = ("column_label", "column_help", "table_label", "value_label", "day", "instant", "number", "plural", "where")
    env.globals |= {name: getattr(presentation, name) for name in (*helpers, "safe_link", "marked")}
    env.globals |= {"w": presentation.words(), "book": codebook.load(), "today": lambda: date.today().isoformat()}


@hookimpl
def extra_template_vars(datasette: Any) -> dict[str, Any]:
    """Data of the pages that are more than one table."""
    if DATABASE not in datasette.databases:
        return {}
    database = datasette.get_database(DATABASE)

    async def ask(sql: str, *values: Any) -> list[dict[str, Any]]:
        return [dict(row) for row in (await database.execute(sql, list(values))).rows]

    async def release() -> dict[str, Any] | None:
        rows = await ask("SELECT * FROM releases ORDER BY number DESC LIMIT 1")
        return rows[0] if rows else None

    async def latest(limit: int = 8) -> list[dict[str, Any]]:
        return await ask(f"{_INCIDENT} WHERE date IS NOT NULL ORDER BY date DESC, last_reported DESC LIMIT ?", limit)

    async def counted(column: str, limit: int = 8) -> list[dict[str, Any]]:
        label = "type_label" if column == "type" else column
        return await ask(
            f"""SELECT "{column}" AS value, "{label}" AS label, count(*) AS n FROM incidents WHERE "{column}" IS NOT NULL
            GROUP BY "{column}" ORDER BY n DESC, label LIMIT ?""",
            limit,
        )

    async def reports(incident: str) -> list[dict[str, Any]]:
        return await ask(
            """SELECT reports.*, sources.name AS newspaper_name FROM reports JOIN sources ON sources.id = reports.newspaper
            WHERE incident = ? ORDER BY published IS NULL, datetime(published), reports.id""",
            incident,
        )

    async def corrections(incident: str) -> list[dict[str, Any]]:
        return await ask("SELECT * FROM corrections WHERE incident = ? ORDER BY id", incident)

    async def type_labels() -> dict[str, str]:
        return {row["id"]: row["label"] for row in await ask("SELECT id, label FROM types")}

    return {
        "release": release,
        "latest": latest,
        "counted": counted,
        "incident_reports": reports,
        "incident_corrections": corrections,
        "contact": datasette.metadata("contact"),
        "type_labels": type_labels,
    }


@hookimpl
def asgi_wrapper() -> Callable[[Any], Any]:
    """Security headers on every answer."""

    def wrap(app: Any) -> Any:
        async def wrapped(scope: Any, receive: Any, send: Any) -> None:
            async def send_with_headers(event: dict[str, Any]) -> None:
                if event["type"] == "http.response.start":
                    kept = [(name, value) for name, value in event.get("headers", []) if name.lower() not in SECURITY_HEADERS]
                    event = {**event, "headers": [*kept, *SECURITY_HEADERS.items()]}
                await send(event)

            await app(scope, receive, send_with_headers)

        return wrapped

    return wrap


@hookimpl
def register_routes() -> list[tuple[str, Callable[..., Awaitable[Response]]]]:
    """Datasette's own list of databases, without the paths of files on the server."""

    async def databases(datasette: Any, request: Any) -> Response:
        rows = [{key: value for key, value in row.items() if key != "path"} for row in datasette._connected_databases()]
        if request.path.endswith(".json"):
            return Response.json(rows)
        context = {"filename": "databases.json", "data_json": json.dumps(rows, indent=4)}
        return Response.html(await datasette.render_template(["show_json.html"], context, request=request))

    return [(r"^/-/databases(\.json)?$", databases)]


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
        if isinstance(exception, DatasetteError) and status == 500:
            status = 400
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
