"""How the site words what the database holds: plain functions that the templates call."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from markupsafe import Markup, escape

from db import codebook

WORDS = Path(__file__).with_name("words.toml")
_DATE = re.compile(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?")


@cache
def words() -> SimpleNamespace:
    """The site's words, by name; `lookups` is a dictionary."""
    return SimpleNamespace(**tomllib.loads(WORDS.read_text(encoding="utf-8")))


def column_label(table: str | None, column: str) -> str:
    """A column's name as the public reads it; the name itself where the codebook does not know it."""
    found = _column(table, column)
    return found.label if found else column


def column_help(table: str | None, column: str) -> str | None:
    """What a column means."""
    found = _column(table, column)
    return found.es if found else None


def table_label(table: str) -> str:
    """A table's name as the public reads it."""
    found = codebook.load().tables.get(table)
    return found.label if found else table


def value_label(table: str | None, column: str, value: Any) -> str:
    """A value as the public reads it: the word for a code, else the value."""
    found = _column(table, column)
    return found.values.get(str(value), str(value)) if found else str(value)


def day(date: str | None, end: str | None = None) -> str:
    """A date of any precision in Spanish: "2 nov. 2025", "noviembre 2025", "2025", "1 nov. – 2 nov. 2025"."""
    match = _DATE.fullmatch(date or "")
    if match is None:
        return date or ""
    year, month, number = match.groups()
    if month is None or not 1 <= int(month) <= 12:
        return date or ""
    if number is None:
        return f"{words().months_full[int(month) - 1]} {year}"
    text = f"{int(number)} {words().months[int(month) - 1]}"
    if end and end != date:
        return f"{text if end[:4] == year else f'{text} {year}'} – {day(end)}"
    return f"{text} {year}"


def instant(text: str | None) -> str:
    """An instant in Spanish, in the zone that it is written in: "2 nov. 2025, 21:40"."""
    if not text:
        return ""
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        return text
    return f"{day(parsed.date().isoformat())}, {parsed:%H:%M}"


def number(value: int | None) -> str:
    """A whole number with thin spaces between the thousands, as the Spanish academies write it."""
    return "" if value is None else f"{value:,}".replace(",", "\u202f") if abs(value) >= 10_000 else str(value)


def plural(count: int | None, one: str, many: str) -> str:
    """The words for one or for many."""
    return one if count == 1 else many.format(n=number(count))


def where(row: Mapping[str, Any]) -> str:
    """Place, district, province and department in one line, without saying a name twice."""
    parts: list[str] = []
    for column in ("street", "place", "district", "province", "department"):
        if row[column] and (not parts or row[column] != parts[-1]):
            parts.append(row[column])
    return ", ".join(parts)


def safe_link(url: Any) -> str | None:
    """An address that may be a link: http or https; None for anything else, such as `javascript:`."""
    return url if isinstance(url, str) and re.match(r"https?://[^\s<>\"']+\Z", url, re.IGNORECASE) else None


def marked(sentence: str | None, marks: Iterable[tuple[str | None, str]]) -> Markup:
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
                name, getattr(words(), f"mark_{name}"), text[start:end]
            )
        )
        at = end
    pieces.append(escape(text[at:]))
    return Markup("").join(pieces)


def _column(table: str | None, column: str) -> codebook.Column | None:
    found = codebook.load().tables.get(table or "")
    return found.column(column) if found else None
