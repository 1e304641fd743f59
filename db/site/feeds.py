"""The incidents of any filter as an Atom feed and as GeoJSON."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

from datasette import Response
from datasette.utils.asgi import AsgiStream

from db import codebook
from db.export import feature
from db.site.downloads import listed, read
from db.site.presentation import Presentation, where
from db.site.queries import INCIDENT, Queries
from db.site.selection import DATABASE, query_pairs, selection

ENTRIES = 50
"""Incidents of a feed, the ones reported last."""

_ATOM = "http://www.w3.org/2005/Atom"
_PAGE = 1000


async def atom(datasette: Any, request: Any) -> Response:
    """The incidents of a filter that were reported last, as Atom (RFC 4287). Nothing but plain text is in it."""
    presentation: Presentation = datasette.jinja_env.globals["p"]
    words = presentation.words
    chosen = await selection(datasette, request)
    rows = await Queries(datasette).ask(
        f"""SELECT {INCIDENT}, evidence FROM incidents {chosen.where("last_reported IS NOT NULL")}
        ORDER BY datetime(last_reported) DESC, id LIMIT {ENTRIES}""",
        chosen.parameters,
    )
    release = await Queries(datasette).release()
    pairs = query_pairs(request, drop=("_sort", "_sort_desc"))
    table = datasette.urls.table(DATABASE, "incidents")
    this = datasette.absolute_url(request, datasette.urls.path(f"{_bare(datasette, table)}.atom"))
    page = datasette.absolute_url(request, table)
    query = f"?{urlencode(pairs)}" if pairs else ""
    ET.register_namespace("", _ATOM)
    feed = ET.Element(f"{{{_ATOM}}}feed", {"xml:lang": words.language})
    book = codebook.load()
    title = f"{book.title}: {presentation.table_label('incidents')}"
    asked = ", ".join(value for key, value in pairs if not key.startswith("_") or key == "_search")
    _add(feed, "id", this + query)
    _add(feed, "title", _plain(f"{title} ({asked})" if asked else title))
    _add(feed, "subtitle", presentation.caution)
    _add(feed, "updated", max((_rfc3339(row["last_reported"]) for row in rows), default=(release or {}).get("published") or ""))
    _add(feed, "rights", book.license)
    _add(ET.SubElement(feed, f"{{{_ATOM}}}author"), "name", book.title)
    ET.SubElement(feed, f"{{{_ATOM}}}link", {"rel": "self", "type": "application/atom+xml", "href": this + query})
    ET.SubElement(feed, f"{{{_ATOM}}}link", {"rel": "alternate", "type": "text/html", "href": page + query})
    for row in rows:
        address = datasette.absolute_url(request, datasette.urls.row(DATABASE, "incidents", row["id"]))
        entry = ET.SubElement(feed, f"{{{_ATOM}}}entry")
        _add(entry, "id", address)
        _add(entry, "title", _plain(row["headline"]))
        _add(entry, "updated", _rfc3339(row["last_reported"]))
        if row["first_reported"]:
            _add(entry, "published", _rfc3339(row["first_reported"]))
        ET.SubElement(entry, f"{{{_ATOM}}}link", {"rel": "alternate", "type": "text/html", "href": address})
        label = presentation.type_label(row)
        ET.SubElement(entry, f"{{{_ATOM}}}category", {"term": row["type"], "label": label})
        when = presentation.day(row["date"], row["date_end"]) or words.no_date
        told = presentation.plural(row["newspapers"], words.told_by_one, words.told_by_many)
        facts = f"{label} · {where(row) or words.no_place} · {when} · {told}"
        _add(entry, "summary", _plain(f"{facts}. «{row['evidence']}»" if row["evidence"] else facts))
    body = '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(feed, encoding="unicode")
    return Response(body, content_type="application/atom+xml; charset=utf-8")


async def geojson(datasette: Any, request: Any) -> AsgiStream:
    """All incidents of a filter as a GeoJSON FeatureCollection (RFC 7946), however many. An incident whose place is not known
    more exactly than its district has the capital's point and says so in `coordinates_of`; one without a point has a null
    geometry."""
    chosen = await selection(datasette, request)
    table = codebook.load().tables["incidents"]
    names = [column.name for column in table.columns]
    columns = ", ".join(f'"{name}"' for name in names)
    # Listed before the answer begins, so that a wrong filter is an error and no broken file.
    found = await listed(datasette, None, table, chosen)

    def text(conn: sqlite3.Connection, part: Sequence[int]) -> str:
        rows = (dict(zip(names, row, strict=True)) for row in read(conn, table.name, columns, part))
        return ",\n".join(json.dumps(feature(row), ensure_ascii=False) for row in rows)

    async def stream(response: Any) -> None:
        await response.write('{"type": "FeatureCollection", "features": [')
        for at in range(0, len(found), _PAGE):
            part = found[at : at + _PAGE]
            await response.write(",\n" if at else "\n")
            await response.write(await datasette.get_database(DATABASE).execute_fn(lambda conn, part=part: text(conn, part)))
        await response.write("\n]}\n")

    headers = {"content-disposition": 'attachment; filename="incidents.geojson"'} if request.args.get("_dl") else {}
    return AsgiStream(stream, headers=headers, content_type="application/geo+json; charset=utf-8")


def _add(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, f"{{{_ATOM}}}{name}").text = text


def _plain(text: str) -> str:
    """Text without the control characters that XML 1.0 has no way to write."""
    return "".join(char for char in text if char >= " " and char not in "\ufffe\uffff" and not "\ud800" <= char <= "\udfff")


def _rfc3339(instant: str) -> str:
    return instant if len(instant) > 10 else f"{instant}T00:00:00Z"


def _bare(datasette: Any, path: str) -> str:
    return "/" + str(path).removeprefix(datasette.setting("base_url"))
