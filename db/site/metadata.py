"""Datasette's metadata and settings, made from the codebook."""

from __future__ import annotations

import re
from typing import Any

from db import codebook
from db.site.presentation import Presentation

SETTINGS: dict[str, Any] = {
    # Suggesting facets scans the whole table for every page; asked-for ones get time to finish on a million rows.
    "suggest_facets": False,
    "facet_time_limit_ms": 1000,
    "sql_time_limit_ms": 3000,
    # A CSV that stops at 100 MB with status 200 is a wrong file.
    "max_csv_mb": 0,
    # One anonymous query can take all memory; JSON, CSV, facets and search need none.
    "default_allow_sql": False,
    "default_page_size": 50,
    "truncate_cells_html": 300,
}


# Filtered and sorted tables have no end of addresses; what is worth finding is in the sitemap. RFC 9309 has the asterisk.
_ROBOTS = """User-agent: *
Disallow: {base}incidents/*?
Disallow: {base}incidents?
Disallow: {base}-/
Disallow: {base}descargar/
"""


def metadata(
    database: str = "incidents",
    contact: str | None = None,
    *,
    language: str = "es",
    tiles: str | None = None,
    tiles_attribution: str | None = None,
    base_url: str = "/",
) -> dict[str, Any]:
    """The metadata of an instance that serves the public database under this name; `contact` is the operator's, `tiles` the
    address of a tile server's pictures with {z}, {x} and {y}. Raises `ValueError` where the address lacks them or is no web
    address."""
    if tiles and not (
        re.fullmatch(r"https?://[^/\s;,'\"<>]+/[^\s;,'\"<>]*", tiles) and all(part in tiles for part in ("{z}", "{x}", "{y}"))
    ):
        raise ValueError(f"{tiles}: the address of map tiles begins with https:// and holds {{z}}, {{x}} and {{y}}")
    book = codebook.load()
    words = Presentation(language)
    tables = {}
    for table in book.tables.values():
        tables[table.name] = {
            "title": words.table_label(table.name),
            "description": words.table_help(table.name),
            "label_column": "label_en" if table.name == "types" and language == "en" else table.title,
            "columns": {column.name: words.column_help(table.name, column.name) for column in table.columns},
            **table.site,
        }
    about = {"license": book.license, "license_url": book.license_url, "source": words.source}
    own: dict[str, Any] = {"language": language}
    if tiles:
        own["tiles"] = {"url": tiles, "attribution": tiles_attribution}
    return {
        "title": book.title,
        "description": words.about,
        "contact": contact,
        **about,
        "plugins": {"quintanas": own, "datasette-block-robots": {"literal": _ROBOTS.format(base=base_url).strip()}},
        "databases": {database: {"title": words.words.data, "description": words.caution, **about, "tables": tables}},
    }
