"""The codebook: every public table and column, read from `codebook.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

PATH = Path(__file__).with_name("codebook.toml")


@dataclass(frozen=True)
class Column:
    """A public column. `label` and `es` are Spanish, `label_en` and `en` English."""

    name: str
    type: Literal["text", "integer", "real"]
    label: str
    label_en: str
    es: str
    en: str
    references: str | None = None
    """"table.column" that its values are keys of."""
    required: bool = False
    unit: str | None = None
    values: dict[str, str] = field(default_factory=dict)
    """Codes that the column holds and the Spanish words for them."""
    values_en: dict[str, str] = field(default_factory=dict)
    """English words for the codes that are not English themselves."""


@dataclass(frozen=True)
class Table:
    """A public table."""

    name: str
    label: str
    label_en: str
    es: str
    en: str
    key: str
    title: str
    columns: tuple[Column, ...]
    search: tuple[str, ...] = ()
    indexes: tuple[tuple[str, ...], ...] = ()
    site: dict[str, Any] = field(default_factory=dict)

    def column(self, name: str) -> Column | None:
        """The column of that name, or None."""
        return next((column for column in self.columns if column.name == name), None)


@dataclass(frozen=True)
class Section:
    """A section of the codebook's text."""

    title: str
    title_en: str
    es: str
    en: str


@dataclass(frozen=True)
class Codebook:
    """The public database, described."""

    title: str
    es: str
    en: str
    caution: str
    caution_en: str
    license: str
    license_url: str
    source: str
    source_en: str
    guide: tuple[Section, ...]
    tables: dict[str, Table]


@cache
def load() -> Codebook:
    """Read the codebook; raises `TypeError` where a table or column lacks a description."""
    content = tomllib.loads(PATH.read_text(encoding="utf-8"))
    content["guide"] = tuple(Section(**section) for section in content["guide"])
    tables = {}
    for name, table in content.pop("tables").items():
        table["columns"] = tuple(Column(**column) for column in table["columns"])
        table["search"] = tuple(table.get("search", ()))
        table["indexes"] = tuple(tuple(index) for index in table.get("indexes", ()))
        tables[name] = Table(name=name, **table)
    return Codebook(tables=tables, **content)


def markdown() -> str:
    """The codebook in English, as `docs/codebook.md` holds it (`python -m db.codebook > docs/codebook.md`)."""
    book = load()
    lines = ["# Codebook", "", "Generated from `db/codebook.toml` by `python -m db.codebook`; do not edit.", ""]
    lines += [book.en, "", f"**{book.caution_en}**", "", f"Licence of the data: [{book.license}]({book.license_url}).", ""]
    for section in book.guide:
        lines += [f"## {section.title_en}", "", section.en, ""]
    lines += ["## Tables", ""]
    for table in book.tables.values():
        lines += [
            f"### {table.name}",
            "",
            f"{table.en} Key: `{table.key}`.",
            "",
            "| column | type | what it says |",
            "|---|---|---|",
        ]
        for column in table.columns:
            notes = [column.en]
            if column.unit:
                notes.append(f"Unit: {column.unit}.")
            if column.values:
                notes.append(f"Values: {', '.join(f'`{value}`' for value in column.values)}.")
            if column.references:
                notes.append(f"Key of `{column.references}`.")
            if column.required:
                notes.append("Never empty.")
            lines.append(f"| `{column.name}` | {column.type} | {' '.join(notes)} |")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    print(markdown(), end="")
