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
    tables: dict[str, Table]


@cache
def load() -> Codebook:
    """Read the codebook; raises `TypeError` where a table or column lacks a description."""
    content = tomllib.loads(PATH.read_text(encoding="utf-8"))
    tables = {}
    for name, table in content.pop("tables").items():
        table["columns"] = tuple(Column(**column) for column in table["columns"])
        table["search"] = tuple(table.get("search", ()))
        table["indexes"] = tuple(tuple(index) for index in table.get("indexes", ()))
        tables[name] = Table(name=name, **table)
    return Codebook(tables=tables, **content)
