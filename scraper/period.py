"""The days between which an archive is filled back."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from scraper.frontier import Link
from scraper.urls import date_in

_SLACK = timedelta(days=1)
"""Days begin and end at other instants elsewhere; a day more is asked for than is wanted."""
_FILE_DAY = re.compile(
    r"(?<!\d)(?P<year>(?:19|20)\d\d)[-_/.]?(?P<month>0[1-9]|1[0-2])(?:[-_/.]?(?P<day>0[1-9]|[12]\d|3[01]))?(?!\d)"
)
_QUERY_DAY = re.compile(r"[?&](?:yyyy|year|anio|y)=(?P<year>(?:19|20)\d\d)(?:&(?:amp;)?(?:mm|month|mes|m)=(?P<month>\d{1,2}))?")


@dataclass(frozen=True)
class Period:
    """From the first day to the last, both included; None leaves that end open. False where both are open."""

    since: date | None = None
    until: date | None = None

    @classmethod
    def of(cls, since: date | str | None, until: date | str | None) -> Period:
        """Make a period of days, or of texts like "2024-01-31". Raises ValueError."""
        first, last = (date.fromisoformat(day) if isinstance(day, str) and day else day or None for day in (since, until))
        assert not isinstance(first, str)
        assert not isinstance(last, str)
        if first and last and first > last:
            raise ValueError(f"the first day, {first}, comes after the last, {last}")
        return cls(first, last)

    def __bool__(self) -> bool:
        return bool(self.since or self.until)

    def overlaps(self, first: date, last: date) -> bool:
        """Whether days from `first` to `last` touch this period."""
        return not (self.since and last + _SLACK < self.since) and not (self.until and first - _SLACK > self.until)

    def holds(self, published: datetime | None) -> bool:
        """Whether an article appeared in this period, by the calendar of its newspaper; one without a date did not."""
        if published is None:
            return False
        return not (self.since and published.date() < self.since) and not (self.until and published.date() > self.until)

    def covers(self, link: Link) -> bool:
        """Whether an article may have appeared in this period; one of which nothing is known may."""
        day = _day_of(link)
        if day is not None:
            return self.overlaps(day, day)
        # no article was edited before it appeared
        return link.modified is None or self.overlaps(date.min + _SLACK, link.modified.date())

    def ended(self, links: Iterable[Link], today: date) -> bool:
        """Whether a section's page, which shows the newest first, lies before this period altogether, or, as the pages of a
        calendar without end do, after today."""
        days = [day for link in links if (day := _day_of(link))]
        if not days:
            return False
        return min(days) > today + _SLACK or (self.since is not None and max(days) + _SLACK < self.since)

    def may_hold(self, url: str, modified: datetime | None) -> bool:
        """Whether a file of a sitemap index may name articles of this period: by the day, month or year in its address, else
        by its last change."""
        found = _QUERY_DAY.search(url) or next(iter(_FILE_DAY.finditer(url)), None)
        if found:
            year, month = int(found["year"]), int(found["month"] or 0)
            day = int(found.groupdict().get("day") or 0)
            if month > 12:
                return True
            last_month = month or 12
            last_day = min(day, monthrange(year, last_month)[1]) or monthrange(year, last_month)[1]
            return self.overlaps(date(year, month or 1, min(day, last_day) or 1), date(year, last_month, last_day))
        return modified is None or self.since is None or modified.date() + _SLACK >= self.since


def _day_of(link: Link) -> date | None:
    if link.published:
        return link.published.date()
    stated = date_in(link.address or link.url)
    try:
        return date(*stated) if stated else None
    except ValueError:
        return None
