"""What a date expression says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

Precision = Literal["day", "month", "year", "vague", "none"]
PartOfDay = Literal["madrugada", "mañana", "tarde", "noche"]
Anchor = Literal["published", "text"]


@dataclass(frozen=True, slots=True)
class DateValue:
    """The days that an expression stands for, or, where nothing decides them, what it does say.

    `precision` "day" is one day, or an interval of days where `end` is later than `start`; "month" and "year" are whole ones
    (`start` their first and `end` their last day). "vague" is a stretch whose days the text leaves open ("hace dos semanas",
    "el fin de semana"): it happened somewhere between `start` and `end`. "none" has neither.
    """

    rule: str
    """The form of the expression: calendar, numeric, deictic, weekday, day_number, ago, period, same_day, festivity."""
    start: date | None = None
    end: date | None = None
    precision: Precision = "none"
    part_of_day: PartOfDay | None = None
    relative: bool = False
    """Whether an anchor was needed, or is missing: the words alone do not name the day, month or year."""
    anchored: Anchor | None = None
    """What it was resolved against: the day of publication, or another date in the text; None where nothing was needed."""
    year: int | None = None
    month: int | None = None
    day: int | None = None
    """Year, month and day as the words state them, kept where `precision` is "none", so that others may complete them."""
    weekday: int | None = None
    """Monday is 0; as the words state it."""

    def iso(self) -> str | None:
        """`start` as ISO 8601, as fine as `precision` allows: "2025-11-02", "2025-11", "2019"; None if vague or undecided."""
        if self.start is None or self.precision in ("vague", "none"):
            return None
        return self.start.isoformat()[: {"day": 10, "month": 7, "year": 4}[self.precision]]
