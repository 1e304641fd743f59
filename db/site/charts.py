"""Charts as SVG, drawn on the server."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT = 640, 220
"""Of a chart, in units of its viewBox."""

_LEFT, _TOP, _BOTTOM = 36, 14, 42
_DIGIT = 10  # units that a digit takes beside the chart on a phone, where letters are the largest
_NAMED_MONTHS = 9  # columns that are wide enough, on a phone, for the name of their month
_NAMED_YEARS = 8  # years that there is room to name on a phone
_MOST_MONTHS = 48  # more columns than that are too thin for a finger: years instead


@dataclass(frozen=True)
class Column:
    """A column of a chart."""

    key: str
    """"2025-11" or "2025"."""
    count: int
    x: float
    y: float
    width: float
    height: float
    month: int | None
    """The month that is written under it, 1 to 12; None for none."""
    year: str | None
    """The year that is written under it, or under the month."""


@dataclass(frozen=True)
class Timeline:
    """Incidents over time. `undated` have no year, `vague` no month where months are shown, `earlier` lie before the chart."""

    columns: tuple[Column, ...]
    lines: tuple[tuple[float, int], ...]
    """Height and value of the horizontal lines."""
    by_month: bool
    left: int = _LEFT
    """Where the columns begin, right of the numbers."""
    undated: int = 0
    vague: int = 0
    earlier: int = 0


def timeline(rows: Iterable[Mapping[str, Any]]) -> Timeline:
    """A chart of rows with `year`, `month` ("2025-11") and `n`, of which the first two may be None.

    By month where all months that matter fit, without holes: a month without incidents is a column of height 0.
    """
    known = list(rows)
    undated = sum(row["n"] for row in known if row["year"] is None)
    months: dict[str, int] = {}
    years: dict[int, int] = {}
    for row in known:
        if row["year"] is not None:
            years[row["year"]] = years.get(row["year"], 0) + row["n"]
        if row["month"]:
            months[row["month"]] = months.get(row["month"], 0) + row["n"]
    if not years:
        return Timeline((), (), by_month=False, undated=undated)
    begin, earlier = _beginning(years)
    first, last = min((month for month in months if month >= str(begin)), default=""), max(months, default="")
    if first and _span(first, last) <= _MOST_MONTHS:
        keys = [_month(first, step) for step in range(_span(first, last))]
        counts = [months.get(key, 0) for key in keys]
        named = len(keys) <= _NAMED_MONTHS
        ticks = [
            (int(key[5:7]) if named else None, key[:4] if key.endswith("-01") or step == 0 else None)
            for step, key in enumerate(keys)
        ]
        vague = sum(row["n"] for row in known if row["year"] is not None and row["year"] >= begin and not row["month"])
        left, columns, lines = _columns(keys, counts, ticks)
        return Timeline(columns, lines, by_month=True, left=left, undated=undated, vague=vague, earlier=earlier)
    span = range(begin, max(years) + 1)
    every = math.ceil(len(span) / _NAMED_YEARS)
    left, columns, lines = _columns(
        [str(year) for year in span],
        [years.get(year, 0) for year in span],
        [(None, str(year) if (max(years) - year) % every == 0 else None) for year in span],
    )
    return Timeline(columns, lines, by_month=False, left=left, undated=undated, earlier=earlier)


def _beginning(years: Mapping[int, int]) -> tuple[int, int]:
    """The year that a chart begins with, and how many incidents lie before: at most 5 %, told late."""
    total, before = sum(years.values()), 0
    for year in sorted(years):
        if (before + years[year]) * 20 > total:
            return year, before
        before += years[year]
    return min(years), 0


def _columns(
    keys: list[str], counts: list[int], ticks: list[tuple[int | None, str | None]]
) -> tuple[int, tuple[Column, ...], tuple[tuple[float, int], ...]]:
    step = _step(max(counts))
    top = max(step * math.ceil(max(counts) / step), step)
    high = HEIGHT - _TOP - _BOTTOM
    left = max(_LEFT, _DIGIT * len(f"{top:,}") + 8)
    wide = (WIDTH - left) / len(keys)
    columns = tuple(
        Column(
            key,
            count,
            x=left + place * wide + wide * 0.1,
            y=_TOP + high - high * count / top,
            width=min(wide * 0.8, 60),
            height=high * count / top,
            month=month,
            year=year,
        )
        for place, (key, count, (month, year)) in enumerate(zip(keys, counts, ticks, strict=True))
    )
    lines = tuple((_TOP + high - high * value / top, value) for value in range(0, top + 1, step))
    return left, columns, lines


def _step(greatest: int) -> int:
    """A round number of which three to five reach the greatest."""
    for power in range(12):
        for digit in (1, 2, 5):
            if digit * 10**power * 5 >= greatest:
                return digit * 10**power
    return max(greatest, 1)


def _span(first: str, last: str) -> int:
    return (int(last[:4]) - int(first[:4])) * 12 + int(last[5:7]) - int(first[5:7]) + 1


def _month(first: str, step: int) -> str:
    months = int(first[:4]) * 12 + int(first[5:7]) - 1 + step
    return f"{months // 12:04}-{months % 12 + 1:02}"
