"""The public tables as a Frictionless data package."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

from db import codebook
from db.export import opened, release_of, safe_row


def export_package(public_path: str | Path, folder: str | Path, *, exact: bool = False) -> Path:
    """Write every public table as CSV beside a Frictionless `datapackage.json` that describes them; returns its path.

    The folder is made where it is missing; files of those names in it are replaced. Tables and descriptor follow
    https://datapackage.org/standard/data-package/. `exact` leaves every text as it is, without the apostrophes that keep a
    spreadsheet from running it. Raises `FileNotFoundError` where there is no public database.
    """
    target = Path(folder)
    book = codebook.load()
    with opened(public_path) as conn:
        target.mkdir(parents=True, exist_ok=True)
        for table in book.tables.values():
            names = [column.name for column in table.columns]
            columns = ", ".join(f'"{name}"' for name in names)
            with (target / f"{table.name}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(names)
                rows = conn.execute(f'SELECT {columns} FROM "{table.name}" ORDER BY "{table.key}"')
                writer.writerows(rows if exact else map(safe_row, rows))
        release = release_of(conn)
    path = target / "datapackage.json"
    path.write_text(json.dumps(descriptor(release), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return path


def describe_csv(file: str | Path, release: tuple[int, str] | None = None) -> Path:
    """Write the Frictionless `datapackage.json` of a CSV of the incidents beside it; returns its path."""
    path = Path(file).with_name("datapackage.json")
    content = descriptor(release)
    incidents = next(resource for resource in content["resources"] if resource["name"] == "incidents")
    # The tables that its keys point to are not in this file.
    schema = {name: value for name, value in incidents["schema"].items() if name != "foreignKeys"}
    content["resources"] = [incidents | {"path": Path(file).name, "schema": schema}]
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return path


def descriptor(release: tuple[int, str] | None = None) -> dict[str, Any]:
    """The Frictionless descriptor of the public tables, of a release (number and instant) where one is given."""
    book = codebook.load()
    resources = []
    for table in book.tables.values():
        keys = [
            {"fields": column.name, "reference": dict(zip(("resource", "fields"), column.references.split("."), strict=True))}
            for column in table.columns
            if column.references
        ]
        fields = []
        for column in table.columns:
            constraints: dict[str, Any] = {"required": True} if column.required or column.name == table.key else {}
            if column.values:
                known = [int(value) if column.type == "integer" else value for value in column.values]
                constraints["enum"] = known
            kind = {"text": "string", "integer": "integer", "real": "number"}[column.type]
            field = {"name": column.name, "type": kind, "title": column.label, "description": column.es}
            fields.append(field | ({"constraints": constraints} if constraints else {}))
        resources.append(
            {
                "name": table.name,
                "path": f"{table.name}.csv",
                "title": table.label,
                "description": table.es,
                "format": "csv",
                "mediatype": "text/csv",
                "encoding": "utf-8",
                "profile": "tabular-data-resource",
                "schema": {"fields": fields, "primaryKey": table.key, "foreignKeys": keys, "missingValues": [""]},
            }
        )
    about: dict[str, Any] = {
        "profile": "tabular-data-package",
        "name": "quintanas",
        "title": book.title,
        "description": f"{book.es} {book.caution}",
        "licenses": [{"name": book.license.replace(" ", "-"), "path": book.license_url, "title": book.license}],
        "sources": [{"title": book.source}],
    }
    if release:
        about |= {"version": str(release[0]), "created": release[1]}
    return about | {"resources": resources}
