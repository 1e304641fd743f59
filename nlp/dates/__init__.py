"""Date expressions of Spanish news, and the days they stand for."""

from __future__ import annotations

from nlp.dates.component import DatesComponent, find_dates, make_dates
from nlp.dates.value import DateValue, PartOfDay, Precision

__all__ = ["DateValue", "DatesComponent", "PartOfDay", "Precision", "find_dates", "make_dates"]
