"""Ready questions: what anybody may ask with a form while public SQL is off."""

from __future__ import annotations

import math
import sqlite3
import tomllib
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from db.particulars import fold

_PATH = Path(__file__).with_name("questions.toml")


@cache
def _questions() -> dict[str, dict[str, Any]]:
    return tomllib.loads(_PATH.read_text(encoding="utf-8"))


def canned_queries(words: SimpleNamespace, *, population: bool) -> dict[str, dict[str, Any]]:
    """Datasette's canned queries by name, titled in the site's language; those that need inhabitants only where they are
    known."""
    queries = {}
    for name, question in _questions().items():
        if question.get("needs") == "population" and not population:
            continue
        queries[name] = {
            "sql": question["sql"].strip(),
            "title": words.questions[name]["title"],
            "description": words.questions[name]["text"],
            "params": [field["name"] for field in question["form"]],
            "form": question["form"],
            "hide_sql": True,
        }
    return queries


def register(connection: sqlite3.Connection) -> None:
    """The SQL functions that the questions use."""
    connection.create_function("fold", 1, _fold, deterministic=True)
    connection.create_function("kilometres", 4, kilometres, deterministic=True)


def _fold(text: Any) -> str | None:
    return None if text is None else fold(str(text)[:1000])


def kilometres(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float | None:
    """The great-circle distance of two points in degrees (haversine, a sphere of 6,371 km); None where one is unknown."""
    if None in (latitude, longitude, other_latitude, other_longitude):
        return None
    one, two = math.radians(latitude), math.radians(other_latitude)
    across = math.radians(other_longitude - longitude)
    half = math.sin((two - one) / 2) ** 2 + math.cos(one) * math.cos(two) * math.sin(across / 2) ** 2
    return 6371 * 2 * math.asin(min(1.0, math.sqrt(half)))
