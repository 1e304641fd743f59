"""Datasette's metadata and settings, made from the codebook."""

from __future__ import annotations

from typing import Any

from db import codebook

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


def metadata(database: str = "incidents", contact: str | None = None) -> dict[str, Any]:
    """The metadata of an instance that serves the public database under this name; `contact` is the operator's."""
    book = codebook.load()
    tables = {}
    for table in book.tables.values():
        tables[table.name] = {
            "title": table.label,
            "description": table.es,
            "label_column": table.title,
            "columns": {column.name: column.es for column in table.columns},
            **table.site,
        }
    about = {"license": book.license, "license_url": book.license_url, "source": book.source}
    return {
        "title": book.title,
        "description": book.es,
        "contact": contact,
        **about,
        "databases": {database: {"title": "Datos", "description": book.caution, **about, "tables": tables}},
    }
