"""The public incidents as a file."""

from __future__ import annotations

import csv
import json
import os
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

from db import codebook

_FORMULA = tuple("=+-@＝＋－＠")
_CONTROL = ("\t", "\r", "\n", "|")


def export_csv(public_path: str | Path, out: str | Path) -> int:
    """Write every incident to a CSV file, in the codebook's order of columns, latest first; returns the number of rows.

    UTF-8 with a byte order mark: without it Excel takes the file for the local code page and breaks every accent, while
    LibreOffice, pandas and readr drop the mark by themselves. Text that a spreadsheet would run as a formula is preceded by an
    apostrophe (https://owasp.org/www-community/attacks/CSV_Injection); numbers stay numbers. The file is whole or absent.
    Raises `FileNotFoundError` where there is no public database.
    """
    public, target = Path(public_path), Path(out)
    if not public.is_file():
        raise FileNotFoundError(f"there is no public database at {public}: run `quintanas publish` first")
    names = [column.name for column in codebook.load().tables["incidents"].columns]
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
    written = Path(name)
    conn = sqlite3.connect(f"{public.resolve().as_uri()}?mode=ro", uri=True)
    count = 0
    try:
        with os.fdopen(handle, "w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(names)
            columns = ", ".join(f'"{name}"' for name in names)
            for row in conn.execute(f"SELECT {columns} FROM incidents ORDER BY date DESC, id"):
                writer.writerow([safe_cell(value) for value in row])
                count += 1
            file.flush()
            os.fsync(file.fileno())
        written.chmod(0o644)
        written.replace(target)
    finally:
        conn.close()
        written.unlink(missing_ok=True)
    return count


def safe_cell(value: Any) -> Any:
    """A cell that no spreadsheet runs: text that begins like a formula gets an apostrophe before it."""
    if isinstance(value, str) and (value.startswith(_CONTROL) or value.lstrip().startswith(_FORMULA)):
        return f"'{value}"
    return value


def export_package(public_path: str | Path, folder: str | Path) -> Path:
    """Write every public table as CSV beside a Frictionless `datapackage.json` that describes them; returns its path.

    The folder is made where it is missing; files of those names in it are replaced. Tables and descriptor follow
    https://datapackage.org/standard/data-package/. Raises `FileNotFoundError` where there is no public database.
    """
    public, target = Path(public_path), Path(folder)
    if not public.is_file():
        raise FileNotFoundError(f"there is no public database at {public}: run `quintanas publish` first")
    target.mkdir(parents=True, exist_ok=True)
    book = codebook.load()
    conn = sqlite3.connect(f"{public.resolve().as_uri()}?mode=ro", uri=True)
    try:
        for table in book.tables.values():
            names = [column.name for column in table.columns]
            columns = ", ".join(f'"{name}"' for name in names)
            with (target / f"{table.name}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(names)
                for row in conn.execute(f'SELECT {columns} FROM "{table.name}" ORDER BY "{table.key}"'):
                    writer.writerow([safe_cell(value) for value in row])
        release = conn.execute("SELECT number, published FROM releases ORDER BY number DESC LIMIT 1").fetchone()
    finally:
        conn.close()
    path = target / "datapackage.json"
    path.write_text(json.dumps(descriptor(release), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return path


def describe_csv(file: str | Path) -> Path:
    """Write the Frictionless `datapackage.json` of a CSV of the incidents beside it; returns its path."""
    path = Path(file).with_name("datapackage.json")
    content = descriptor()
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
