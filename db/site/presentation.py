"""How the site words what the database holds, in either of its languages."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any

from markupsafe import Markup, escape

from db import codebook

LANGUAGES = ("es", "en")
_FOLDER = Path(__file__).parent
_DATE = re.compile(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?")


@dataclass(frozen=True)
class Described:
    """The codebook's table or section in one language."""

    name: str
    label: str
    text: str


class Presentation:
    """How the site words things in one language."""

    def __init__(self, language: str = "es") -> None:
        """Raises `ValueError` for a language that there are no words of."""
        if language not in LANGUAGES:
            raise ValueError(f"language {language!r}: the site speaks {' and '.join(LANGUAGES)}")
        self.language = language
        self.words = words(language)
        book = codebook.load()
        spanish = language == "es"
        self.about = book.es if spanish else book.en
        self.caution = book.caution if spanish else book.caution_en
        self.source = book.source if spanish else book.source_en
        self.guide = [
            Described("", section.title if spanish else section.title_en, section.es if spanish else section.en)
            for section in book.guide
        ]
        self.tables = [
            Described(table.name, table.label if spanish else table.label_en, table.es if spanish else table.en)
            for table in book.tables.values()
        ]

    def column_label(self, table: str | None, column: str) -> str:
        """A column's name as the public reads it; the name itself where the codebook does not know it."""
        found = _column(table, column)
        if found is None:
            return self.words.columns.get(column, column)
        return found.label if self.language == "es" else found.label_en

    def column_help(self, table: str | None, column: str) -> str | None:
        """What a column means."""
        found = _column(table, column)
        return None if found is None else found.es if self.language == "es" else found.en

    def table_label(self, table: str) -> str:
        """A table's name as the public reads it."""
        return next((one.label for one in self.tables if one.name == table), table)

    def table_help(self, table: str) -> str | None:
        """What a row of a table is."""
        return next((one.text for one in self.tables if one.name == table), None)

    def value_label(self, table: str | None, column: str, value: Any) -> str:
        """A value as the public reads it: the word for a code, else the value."""
        found = _column(table, column)
        text = str(value)
        if found is None or text not in found.values:
            return text
        return found.values[text] if self.language == "es" else found.values_en.get(text, text.replace("_", " "))

    def type_label(self, row: Mapping[str, Any]) -> str:
        """The name of an incident's type."""
        return self.type_names.get(row["type"]) or row["type_label"]

    type_names: Mapping[str, str] = MappingProxyType({})
    """The types' names by key, where the language is not that of the column `type_label`."""

    def day(self, date: str | None, end: str | None = None) -> str:
        """A date of any precision: "2 nov. 2025", "noviembre 2025", "2025", "1 nov. – 2 nov. 2025"."""
        match = _DATE.fullmatch(date or "")
        if match is None:
            return date or ""
        year, month, number = match.groups()
        if month is None or not 1 <= int(month) <= 12:
            return date or ""
        if number is None:
            return f"{self.words.months_full[int(month) - 1]} {year}"
        text = f"{int(number)} {self.words.months[int(month) - 1]}"
        if end and end != date:
            return f"{text if end[:4] == year else f'{text} {year}'} – {self.day(end)}"
        return f"{text} {year}"

    def instant(self, text: str | None) -> str:
        """An instant in the zone that it is written in: "2 nov. 2025, 21:40"; a day alone has no hour."""
        if not text:
            return ""
        if len(text) <= len("2025-11-02"):
            return self.day(text)
        try:
            parsed = datetime.fromisoformat(text)
        except ValueError:
            return text
        return f"{self.day(parsed.date().isoformat())}, {parsed:%H:%M}"

    def number(self, value: int | None) -> str:
        """A whole number with thin spaces between the thousands from 10 000 on, as the Spanish academies write it."""
        return "" if value is None else f"{value:,}".replace(",", "\u202f") if abs(value) >= 10_000 else str(value)

    def short(self, value: int) -> str:
        """A number in the room of three digits, rounded: 950, 20k, 3M."""
        if value < 1000:
            return str(value)
        return f"{value / 1000:.0f}k" if value < 999_500 else f"{value / 1_000_000:.0f}M"

    def plural(self, count: int | None, one: str, many: str) -> str:
        """The words for one or for many."""
        return one if count == 1 else many.format(n=self.number(count))

    def marked(self, sentence: str | None, marks: Iterable[tuple[str | None, str]]) -> Markup:
        """A sentence with the words that decided something marked; `marks` are pairs of words and what they decided.

        Everything is escaped. Words that the sentence does not hold, or that overlap earlier ones, are not marked.
        """
        text = sentence or ""
        spans: list[tuple[int, int, str]] = []
        for wanted, name in marks:
            start = text.find(wanted) if wanted else -1
            if wanted and start >= 0 and all(start + len(wanted) <= begin or start >= end for begin, end, _ in spans):
                spans.append((start, start + len(wanted), name))
        pieces: list[Markup] = []
        at = 0
        for start, end, name in sorted(spans):
            pieces.append(escape(text[at:start]))
            pieces.append(
                Markup('<mark class="mark-{0}" title="{1}">{2}</mark>').format(
                    name, getattr(self.words, f"mark_{name}"), text[start:end]
                )
            )
            at = end
        pieces.append(escape(text[at:]))
        return Markup("").join(pieces)


@cache
def words(language: str = "es") -> SimpleNamespace:
    """The site's words in a language, by name; `lookups`, `columns` and `questions` are dictionaries."""
    path = _FOLDER / ("words.toml" if language == "es" else f"words.{language}.toml")
    return SimpleNamespace(**tomllib.loads(path.read_text(encoding="utf-8")))


def where(row: Mapping[str, Any]) -> str:
    """Place, district, province and department in one line, without saying a name twice."""
    parts: list[str] = []
    for column in ("street", "place", "district", "province", "department"):
        if row[column] and (not parts or row[column] != parts[-1]):
            parts.append(row[column])
    return ", ".join(parts)


def headline(row: Mapping[str, Any]) -> str:
    """A headline, or the row's identifier where nothing of it can be seen, so that every link has a name."""
    text: str = row["headline"] or ""
    return text if any(char.isprintable() and not char.isspace() for char in text) else row["id"]


def safe_link(url: Any) -> str | None:
    """An address that may be a link: http or https; None for anything else, such as `javascript:`."""
    return url if isinstance(url, str) and re.match(r"https?://[^\s<>\"']+\Z", url, re.IGNORECASE) else None


def _column(table: str | None, column: str) -> codebook.Column | None:
    found = codebook.load().tables.get(table or "")
    return found.column(column) if found else None
