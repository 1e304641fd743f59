"""Turns what an expression states into days, by the conventions of the Spanish-speaking press.

A newspaper writes on its day of publication: a bare weekday, or a day and month without a year, is the latest one on or before
it, unless the clause looks ahead. Nothing is resolved that its anchor does not decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from nlp.dates.grammar import Expression
from nlp.dates.lexicon import ORDINARY, Word
from nlp.dates.value import Anchor, DateValue, PartOfDay, Precision

_AHEAD = timedelta(days=45)
"""A day and month with no verb to say so are in the future if they come up within this time."""
_SOON = timedelta(days=14)
"""The same where the clause has a past verb, but not right before the date ("autorizó un cierre el 4 de mayo")."""
_NEAR = timedelta(days=92)
"""How far a day and month without a year may be from a full date of the text that gives them theirs."""
_CLAUSE = 14
_SHORTLY = 80
"""Tokens between a day and "por la noche" that still means its night."""
_FORWARD = {"next", "following"}
_BACK = {"past", "last", "previous"}


def make_date(year: int, month: int, day: int) -> date | None:
    """The date, or None where the calendar has none (31 April)."""
    try:
        return date(year, month, day)
    except ValueError:
        return None


def month_end(year: int, month: int) -> date:
    """Last day of a month."""
    return (date(year + month // 12, month % 12 + 1, 1) if year + month // 12 < 9999 else date(9999, 12, 1)) - timedelta(days=1)


def shift_month(year: int, month: int, by: int) -> tuple[int, int]:
    """(year, month) `by` months later."""
    index = year * 12 + month - 1 + by
    return index // 12, index % 12 + 1


def looks_ahead(words: Sequence[Word], found: Expression) -> int:
    """1 where the verb nearest to the expression, in its clause, is future; -1 where it is past; 0 where there is none."""
    before = words[found.start - 1] if found.start else ORDINARY
    if before.purpose and not found.ends_range:
        return 1
    if before.participle:
        return words[found.start - 2].tense or -1  # "iniciado el 3 de enero", but "será velado el lunes"
    if before.until and not found.ends_range and (found.day or found.weekday >= 0):
        clause = words[max(0, found.start - 5) : found.start]  # "quedó en observación hasta el martes"
        last = max((i for i, word in enumerate(clause) if word.stop or word.comma or word.clause), default=-1)
        return -1 if any(word.tense < 0 and not word.perfect for word in clause[last + 1 :]) else 1
    for i in range(found.start - 1, max(-1, found.start - 1 - _CLAUSE), -1):
        word = words[i]
        if word.stop or word.comma or word.clause:
            break
        if word.tense:
            return word.tense
    for i in range(found.end, min(len(words), found.end + _CLAUSE)):
        word = words[i]
        if word.stop or word.clause:
            break
        if word.tense:
            return word.tense
    return 0


@dataclass(slots=True)
class Resolver:
    """Resolves the expressions of one text, in order; remembers the day last named."""

    words: Sequence[Word]
    published: date | None
    anchor_kind: Anchor = "published"
    previous: DateValue | None = None
    previous_end: int = 0
    last: date | None = None
    """Day of the expression just before, whatever it is."""
    last_end: int = 0
    stated: list[date] = field(default_factory=list)
    """First days of the dates that the text states in full; they can complete others where `published` is None."""

    def resolve(self, found: Expression) -> DateValue | None:
        """The value of `found`; None where it turns out to be no date ("el 31 de abril")."""
        value = self._value(found)
        if value is None:
            return None
        if value.start is not None and value.precision == "day":
            self.last, self.last_end = value.start, found.end
            reporting = found.rule == "deictic" and found.offset == 0 and not found.part  # "informó hoy"
            if not reporting or self.previous is None:
                self.previous, self.previous_end = value, found.end
        return value

    def _value(self, found: Expression) -> DateValue | None:
        if found.rule in ("calendar", "numeric"):
            return self._calendar(found)
        if found.rule == "day_number":
            return self._day_number(found)
        if found.rule == "weekday":
            return self._weekday(found)
        if found.rule == "deictic":
            return self._deictic(found)
        if found.rule == "same_day":
            return self._same_day(found)
        if found.rule == "ago":
            return self._ago(found)
        if found.rule == "period":
            return self._period(found)
        return self._festivity(found)

    def _made(
        self,
        found: Expression,
        start: date | None,
        end: date | None = None,
        precision: Precision = "day",
        relative: bool = True,
        anchored: Anchor | None = None,
    ) -> DateValue:
        part: PartOfDay | None = found.part or None  # type: ignore[assignment]
        return DateValue(
            found.rule,
            start,
            (end or start) if start else None,
            precision if start else "none",
            part,
            relative,
            (anchored or self.anchor_kind) if start and relative else None,
            found.year or None,
            found.month or None,
            found.day or None,
            found.weekday if found.weekday >= 0 else None,
        )

    def _stated_year(self, found: Expression) -> tuple[int, Anchor | None]:
        """The year that the words give, or point at; 0 where they do not."""
        if found.year:
            return found.year, None
        if found.year_modifier in ("that", "previous", "following"):
            if self.previous is None or self.previous.start is None:
                return 0, None
            return self.previous.start.year + {"that": 0, "previous": -1, "following": 1}[found.year_modifier], "text"
        if found.year_modifier and self.published:
            return self.published.year + {"past": -1, "last": -1, "this": 0, "next": 1}[found.year_modifier], self.anchor_kind
        return 0, None

    def _calendar(self, found: Expression) -> DateValue | None:
        if found.month_modifier:
            return self._in_month(found)
        year, anchored = self._stated_year(found)
        relative = not found.year
        if found.nth:
            return self._nth_weekday(found, year, anchored)
        if not found.month:
            return self._made(found, date(year, 1, 1), date(year, 12, 31), "year", relative=False)
        if found.day and make_date(year or 2000, found.month, found.day) is None:
            return None
        if year:
            if not found.day:
                first = date(year, found.month, 1)
                return self._made(found, first, month_end(year, found.month), "month", relative, anchored)
            return self._made(found, make_date(year, found.month, found.day), None, "day", relative, anchored)
        if found.year_modifier:
            return self._made(found, None)
        if self.published is None:
            return self._completed(found)
        if not found.day:
            return self._month(found, self.published)
        return self._made(found, self._day_and_month(found, self.published))

    def _nth_weekday(self, found: Expression, year: int, anchored: Anchor | None) -> DateValue:
        """The day of "el último sábado de agosto"."""

        def day_in(year: int) -> date:
            if found.nth > 0:
                first = date(year, found.month, 1)
                return first + timedelta(days=(found.weekday - first.weekday()) % 7 + 7 * (found.nth - 1))
            last = month_end(year, found.month)
            return last - timedelta(days=(last.weekday() - found.weekday) % 7)

        if year:
            return self._made(found, day_in(year), None, "day", not found.year, anchored)
        if self.published is None:
            return self._made(found, None)
        days = [day_in(self.published.year + by) for by in (-1, 0, 1)]
        if looks_ahead(self.words, found) > 0:
            return self._made(found, min(day for day in days if day > self.published))
        return self._made(found, max(day for day in days if day <= self.published))

    def _end_of_range(self, found: Expression) -> date | None:
        """The first day on or after the one before it that the words fit ("desde el 15 hasta el 20 de julio")."""
        if self.last is None or not 0 <= found.start - self.last_end <= 2:
            return None
        if found.modifier in _BACK or found.modifier in _FORWARD:
            return None
        for ahead in range(370):
            day = self.last + timedelta(days=ahead)
            if found.weekday >= 0 and day.weekday() != found.weekday:
                continue
            if found.day in (0, day.day) and found.month in (0, day.month):
                return day
        return None

    def _continued(self, found: Expression) -> date | None:
        """The day and month as a continuation of a full date of the same sentence ("el 5 de mayo de 2018 y el 9 de junio")."""
        if self.previous is None or not self.previous.year or self.previous.start is None:
            return None
        if found.start - self.previous_end > 20 or any(w.stop for w in self.words[self.previous_end : found.start]):
            return None
        day = make_date(self.previous.start.year, found.month, found.day)
        return day if day and day >= self.previous.start else None

    def _day_and_month(self, found: Expression, published: date) -> date | None:
        past = self._latest(found, published, published.year)
        future = self._earliest(found, published)
        if found.modifier in _BACK:
            return self._latest(found, published, published.year)
        if found.modifier in _FORWARD:
            return future
        if found.modifier == "this":
            near = [day for day in (past, future) if day]
            return min(near, key=lambda day: abs(day - published)) if near else None
        if found.ends_range and (day := self._end_of_range(found)):
            return day
        continued = self._continued(found)
        if continued and not found.complement:
            return continued
        if past == published or future is None:
            return past
        if found.weekday >= 0:
            fits = [day for day in (past, future) if day and day.weekday() == found.weekday]
            if len(fits) == 1:
                return fits[0]
        ahead = looks_ahead(self.words, found)
        if ahead > 0:
            return future
        if (ahead == 0 or found.complement) and future - published <= _AHEAD:
            return future
        before = self.words[found.start - 1] if found.start else ORDINARY
        if future - published <= _SOON and not before.participle and before.tense >= 0:
            return future
        return past

    @staticmethod
    def _latest(found: Expression, limit: date, year: int) -> date | None:
        for back in range(9):  # 29 February may be eight years away
            day = make_date(year - back, found.month, found.day)
            if day and day <= limit:
                return day
        return None

    @staticmethod
    def _earliest(found: Expression, published: date) -> date | None:
        for ahead in range(9):
            day = make_date(published.year + ahead, found.month, found.day)
            if day and day > published:
                return day
        return None

    def _month(self, found: Expression, published: date) -> DateValue:
        year = published.year
        if found.modifier in _FORWARD or (found.modifier not in (*_BACK, "this") and looks_ahead(self.words, found) > 0):
            year += found.month < published.month or (found.modifier == "next" and found.month == published.month)
        else:
            year -= found.month > published.month or (found.modifier in ("past", "last") and found.month == published.month)
        return self._made(found, date(year, found.month, 1), month_end(year, found.month), "month")

    def _completed(self, found: Expression) -> DateValue:
        """A day and month, with no year and no publication: completed from full dates of the text where these decide it."""
        if not found.day or not self.stated:
            return self._made(found, None)
        if found.weekday >= 0:
            latest = max(self.stated).year
            days = [make_date(year, found.month, found.day) for year in (latest - 1, latest, latest + 1)]
            fits = [day for day in days if day and day.weekday() == found.weekday]
            return self._made(found, fits[0] if len(fits) == 1 else None, anchored="text")
        near = {
            day
            for other in self.stated
            for year in (other.year - 1, other.year, other.year + 1)
            if (day := make_date(year, found.month, found.day)) and abs(day - other) <= _NEAR
        }
        return self._made(found, near.pop() if len(near) == 1 else None, anchored="text")

    def _in_month(self, found: Expression) -> DateValue | None:
        """Reads "el 3 del mes pasado", "el 12 del presente", "el 5 de ese mes"."""
        if found.month_modifier in ("that", "previous", "following"):
            if self.previous is None or self.previous.start is None:
                return self._made(found, None)
            by = {"that": 0, "previous": -1, "following": 1}[found.month_modifier]
            year, month = shift_month(self.previous.start.year, self.previous.start.month, by)
            return self._made(found, make_date(year, month, found.day), anchored="text")
        if self.published is None:
            return self._made(found, None)
        by = {"past": -1, "last": -1, "this": 0, "next": 1}[found.month_modifier]
        year, month = shift_month(self.published.year, self.published.month, by)
        return self._made(found, make_date(year, month, found.day))

    def _day_number(self, found: Expression) -> DateValue | None:
        """Reads "el día 5", "del 20", "el lunes 18": in the month of the date just named, else the latest up to publication."""
        if found.ends_range and self.published and (end := self._end_of_range(found)):
            return self._made(found, end)
        last = self.previous
        explicit = last is not None and last.month is not None and last.start is not None
        if explicit and last and last.start and found.modifier not in (*_BACK, *_FORWARD):
            day = make_date(last.start.year, last.start.month, found.day)
            if day and day >= last.start and (self.published is None or last.year or day <= self.published):
                return self._made(found, day, anchored="text")
        if self.published is None:
            return self._made(found, None)
        forward = found.modifier in _FORWARD
        if not forward and found.modifier not in _BACK:
            forward = looks_ahead(self.words, found) >= (0 if found.ranged else 1)
        for by in range(3):
            year, month = shift_month(self.published.year, self.published.month, by if forward else -by)
            day = make_date(year, month, found.day)
            if day and (day > self.published if forward else day <= self.published):
                return self._made(found, day)
        return self._made(found, None)

    def _weekday(self, found: Expression) -> DateValue | None:
        published = self.published
        if published and found.ends_range and (day := self._end_of_range(found)):
            return self._made(found, day)
        if found.day:
            return self._weekday_and_day(found)
        if published is None:
            return self._made(found, None)
        back = (published.weekday() - found.weekday) % 7
        ahead = (found.weekday - published.weekday()) % 7
        if found.week_modifier:
            by = {"past": -7, "last": -7, "previous": -7, "this": 0, "next": 7}.get(found.week_modifier)
            if by is None:
                return self._made(found, None)
            return self._made(found, published + timedelta(days=found.weekday - published.weekday() + by))
        if (
            found.modifier == "that"
            and self.previous
            and self.previous.start
            and self.previous.start.weekday() == found.weekday
        ):
            return self._made(found, self.previous.start, anchored="text")  # "aquel jueves"
        if found.modifier in _BACK:
            return self._made(found, published - timedelta(days=back or 7))
        if found.modifier in _FORWARD:
            return self._made(found, published + timedelta(days=ahead or 7))
        direction = looks_ahead(self.words, found)
        if found.modifier == "this" and direction == 0:
            direction = 1 if ahead < back else -1  # "se estrena este sábado"
        if direction > 0:
            return self._made(found, published + timedelta(days=ahead if found.modifier == "this" else ahead or 7))
        return self._made(found, published - timedelta(days=back))

    def _weekday_and_day(self, found: Expression) -> DateValue | None:
        """Reads "el lunes 18": the day number that falls on that weekday, near the day of publication."""
        if self.published is None:
            return self._made(found, None)
        ahead = found.modifier in _FORWARD or (found.modifier not in _BACK and looks_ahead(self.words, found) > 0)
        order = (0, 1, 2, -1) if ahead else (0, -1, -2, 1)
        months = [shift_month(self.published.year, self.published.month, by) for by in order]
        days = [day for day in (make_date(year, month, found.day) for year, month in months) if day]
        right = [day for day in days if (day >= self.published if ahead else day <= self.published)]
        fits = [day for day in right if day.weekday() == found.weekday] or [
            day for day in days if day.weekday() == found.weekday and abs((day - self.published).days) <= 31
        ]
        return self._made(found, next(iter(fits or right), None))

    def _deictic(self, found: Expression) -> DateValue | None:
        if self.published is None:
            return self._made(found, None)
        day = self.published + timedelta(days=found.offset)
        if found.month and found.day:  # "ayer, 12 de mayo"
            stated = make_date(found.year or day.year, found.month, found.day)
            if stated and (found.year or abs((stated - day).days) <= 10):
                day = stated
        elif found.weekday >= 0 and (day.weekday() != found.weekday or found.day not in (0, day.day)):
            # the weekday was written with the story, the day of publication may be a day or two off
            days = [day + timedelta(days=by) for by in (0, -1, 1, -2, 2, -3, 3)]
            fits = [d for d in days if d.weekday() == found.weekday]
            day = next((d for d in fits if found.day in (0, d.day)), fits[0])
        return self._made(found, day)

    def _same_day(self, found: Expression) -> DateValue | None:
        if found.bare and (self.previous is None or found.start - self.previous_end > _SHORTLY):
            return None
        if found.unit and (self.previous is None or found.start - self.previous_end > _SHORTLY):
            return self._made(found, self.published)  # "al final del día": of the day that the text is about
        if self.previous is None or self.previous.start is None:
            return self._made(found, None)
        base = self.previous.end if found.offset > 0 and self.previous.end else self.previous.start
        return self._made(found, base + timedelta(days=found.offset), anchored="text")

    def _ago(self, found: Expression) -> DateValue | None:
        if self.published is None:
            return self._made(found, None)
        count, published = found.offset, self.published
        days = {"day": 1, "week": 7, "fortnight": 15}.get(found.unit)
        if days:
            middle = published - timedelta(days=count * days)
            if found.unit == "day" and not found.approximate:
                return self._made(found, middle)
            if found.unit == "fortnight" and not found.approximate and count < 0:
                return self._made(found, middle)
            margin = timedelta(days=3 if abs(count) * days < 60 else 15)
            return self._made(found, middle - margin, middle + margin, "vague")
        months = {"month": 1, "year": 12, "lustrum": 60, "decade": 120}.get(found.unit, 0) * count
        if not months or months > 12 * 1000:
            return None
        year, month = shift_month(published.year, published.month, -months)
        if not 1 <= year <= 9999:
            return None
        if found.approximate or found.unit in ("lustrum", "decade"):
            margin_months = 1 if found.unit == "month" else 12
            before, after = shift_month(year, month, -margin_months), shift_month(year, month, margin_months)
            return self._made(found, date(*before, 1), month_end(*after), "vague")
        if found.unit == "month":
            return self._made(found, date(year, month, 1), month_end(year, month), "month")
        return self._made(found, date(year, 1, 1), date(year, 12, 31), "year")

    def _period(self, found: Expression) -> DateValue | None:
        published = self.published
        if published is None:
            return self._made(found, None)
        by = {"past": -1, "last": -1, "next": 1}.get(found.modifier, 0)
        if found.unit == "year":
            return self._made(found, date(published.year + by, 1, 1), date(published.year + by, 12, 31), "year")
        if found.unit == "month":
            year, month = shift_month(published.year, published.month, by)
            return self._made(found, date(year, month, 1), month_end(year, month), "month")
        monday = published - timedelta(days=published.weekday())
        if found.unit == "week":
            start = monday + timedelta(days=7 * by)
            return self._made(found, start, start + timedelta(days=6), "vague")
        saturday = monday + timedelta(days=5)
        ahead = found.modifier == "next" or (found.modifier in ("", "this") and looks_ahead(self.words, found) > 0)
        if found.modifier in ("past", "last") or (not ahead and saturday > published):
            saturday -= timedelta(days=7)
        elif found.modifier == "next" and saturday <= published:
            saturday += timedelta(days=7)
        return self._made(found, saturday, saturday + timedelta(days=1), "vague")

    def _festivity(self, found: Expression) -> DateValue | None:
        if found.year or found.year_modifier:
            return self._calendar(found)
        if self.published is None:
            return self._made(found, None)
        return self._made(found, self._day_and_month(found, self.published))
