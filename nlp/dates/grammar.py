"""Finds date expressions: a recursive descent over looked-up words, one pass, each expression read from its first word on.

The grammar says what an expression states (a weekday, a day number, a month, "the day after"); `nlp.dates.resolve` says which
day that is. Nothing here looks more than a dozen words ahead, so time is linear in the number of words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nlp.dates.lexicon import ORDINARY, Word

_PADDING = 16
_DAYS_IN = {"day": 1, "week": 7, "fortnight": 15}


@dataclass(slots=True)
class Expression:
    """What the words from `start` to `end` (token indices) state, before anything is resolved."""

    start: int
    end: int
    rule: str
    year: int = 0
    month: int = 0
    day: int = 0
    weekday: int = -1
    part: str = ""
    modifier: str = ""
    """past, last, next, this, that, previous, following: what stands beside the weekday, month or period."""
    year_modifier: str = ""
    month_modifier: str = ""
    week_modifier: str = ""
    offset: int = 0
    """Days from the anchor; for "ago", units back from it."""
    unit: str = ""
    approximate: bool = False
    weak: bool = False
    """A day number alone: a date only if its neighbours say so."""
    bare: bool = False
    """A part of the day alone, or "horas después": says something only where a day was named shortly before."""
    listed: bool = False
    """A number before others, without an article: a day only if one of these is."""
    nth: int = 0
    """Which of the month's weekdays ("el primer lunes de mayo"); -1 the last."""
    ranged: bool = False
    """One end of "del 3 al 5"."""
    ends_range: bool = False
    """The second end, of which the first stands right before."""
    complement: bool = False
    """Attached to a noun ("las elecciones del 12 de marzo"), not to a verb."""


class Grammar:
    """Reads the date expressions of one text."""

    def __init__(self, words: Sequence[Word], hot: Sequence[int]) -> None:
        self.hot = hot
        """Words with which an expression may begin, in order."""
        self.words = [*words, *[ORDINARY] * _PADDING]

    def expressions(self) -> list[Expression]:
        """All expressions in order of `start`, not overlapping; weak ones included."""
        found = []
        low = 0
        words = self.words
        for index in self.hot:
            if index < low:
                continue
            if words[index].number and not (words[index + 1].after_number or words[index - 1].before_number):
                continue  # most numbers by far count something
            expression = self._at(index, low)
            if expression is not None:
                found.append(expression)
                low = expression.end
            else:
                low = max(low, self._recurring(index))
        return found

    def _recurring(self, i: int) -> int:
        """End of "lunes a viernes" or "(cada) 5 de mayo" at `i`, which no part of is a date; 0 where there is none."""
        words = self.words
        if words[i].number and words[i + 1].of and words[i + 2].month:
            return i + 3
        return i + 3 if words[i].weekday >= 0 and words[i + 1].range and words[i + 2].weekday >= 0 else 0

    def _left(self, i: int, low: int) -> tuple[int, str]:
        """Start of the determiners and modifiers before `i`, and the modifier among them."""
        words, modifier = self.words, ""
        takes_day = words[i].number > 0 or words[i].weekday >= 0
        while i > low:
            word = words[i - 1]
            if word.modifier:
                if word.modifier == "past" and words[i].determiner:
                    break  # "pasada la medianoche"
                modifier = modifier if modifier not in ("", "that") else word.modifier
            elif not (word.determiner or (takes_day and word.unit == "day")):
                break
            i -= 1
        return i, modifier

    def _at(self, i: int, low: int) -> Expression | None:
        """The expression whose first telling word is `i`; it does not reach back beyond `low`."""
        word = self.words[i]
        if word.numeric:
            return self._numeric(i, low)
        if word.ago:
            return self._ago(i)
        if word.within:
            return self._within(i)
        if word.offset is not None or (word.part == "mañana" and self._is_tomorrow(i)):
            return self._deictic(i, low)
        if word.part:
            return self._part(i, low)
        if word.weekday >= 0:
            return self._weekday(i, low)
        if word.number:
            return self._day_number(i, low)
        if word.month:
            return self._month(i, low)
        if word.year:
            return self._year(i, low)
        if word.weekend and (self.words[i + 1].of and self.words[i + 2].unit == "week"):
            return self._weekend(i, low)
        if word.unit:
            return self._period(i, low)
        if word.moments:
            return self._moments(i)
        if word.eve:
            return self._eve(i, low)
        if word.festivity:
            return self._festivity(i, low)
        return None

    # --- calendar dates -------------------------------------------------------------------------------------------------

    def _numeric(self, i: int, low: int) -> Expression | None:
        words = self.words
        year, month, day = words[i].numeric or (0, 0, 0)
        start, modifier = self._left(i, low)
        weekday = -1
        if start == i and i > low and words[i - 1].weekday >= 0:
            weekday = words[i - 1].weekday
            start, modifier = self._left(i - 1, low)
        if not year and weekday < 0 and not (start < i and words[i - 1].masculine):
            return None  # "3/5" alone is a score or a fraction
        found = Expression(start, i + 1, "numeric", year, month, day, weekday, modifier=modifier)
        return self._with_part(found)

    def _weekday(self, i: int, low: int) -> Expression | None:
        words = self.words
        start, modifier = self._left(i, low)
        before = words[start - 1] if start else ORDINARY
        if before.each and start == i:
            return None
        found = Expression(start, i + 1, "weekday", weekday=words[i].weekday, modifier=modifier)
        found.complement = words[start].of
        k = i + 1
        if words[k].modifier and words[k].modifier not in ("this", "that"):
            found.modifier = words[k].modifier
            k += 1
        elif words[k].range and words[k + 1].weekday >= 0 and start == i:
            return None
        elif words[k].clause and words[k + 1].coming:
            found.modifier, k = "next", k + 2
        if words[k].saint or words[k].epithet or (words[k].of and words[k + 1].epithet):
            return None  # "viernes santo", "el lunes negro", "domingo de Ramos"
        if words[k].of and words[k + 1].month:
            return self._nth_weekday(found, i)
        found.end = end = k
        if words[k].comma:
            k += 1
        while (words[k].determiner and words[k].masculine) or words[k].unit == "day" or words[k].opening:
            k += 1
        if words[k].number and words[k].number <= 31 and self._is_day(k):
            self._calendar(found, k)
            if not found.month and (not words[k].digits or words[k - 1].opening):
                found.day, found.end = 0, end  # "el lunes, una banda"
        elif words[start].plural and start < i and words[i - 1].unit != "day":
            return None  # "los lunes"
        elif words[k].numeric:
            found.year, found.month, found.day = words[k].numeric or (0, 0, 0)
            found.rule, found.end = "numeric", k + 1
        else:
            self._of_week(found)
        return self._with_part(found)

    def _nth_weekday(self, found: Expression, i: int) -> Expression | None:
        """Reads "el último sábado de agosto"; any other Saturday of August is only its month."""
        words = self.words
        found.rule, found.month, found.end = "calendar", words[i + 2].month, i + 3
        before = words[i - 1]
        found.nth = (before.first and 1) or (before.second and 2) or (before.third and 3) or (before.fourth and 4) or 0
        if found.modifier == "last":
            found.nth = -1
        found.modifier = ""
        if not found.nth:
            found.weekday = -1
        self._year_after(found)
        return found

    def _of_week(self, found: Expression) -> None:
        """Reads "de la semana pasada" after a weekday."""
        words, k = self.words, found.end
        if not words[k].of:
            return
        k, modifier = self._skip(k + 1)
        if words[k].unit != "week":
            return
        if words[k + 1].modifier:
            k, modifier = k + 1, words[k + 1].modifier
        if modifier:
            found.week_modifier, found.end = modifier, k + 1

    def _skip(self, k: int) -> tuple[int, str]:
        """First index from `k` on that is neither determiner nor modifier, and the modifier met."""
        words, modifier = self.words, ""
        while words[k].determiner or words[k].modifier:
            modifier = words[k].modifier or modifier
            k += 1
        return k, modifier

    def _is_day(self, k: int) -> bool:
        """Whether the number at `k` counts nothing ("lunes 18", not "lunes 18 personas")."""
        after, second, third = self.words[k + 1 : k + 4]
        hour = after.of and (second.part or (second.determiner and third.part))  # "sábado, 7 de la noche"
        return not (after.quantity or after.unit or after.clock or after.number or second.quantity or hour)

    def _day_number(self, i: int, low: int) -> Expression | None:
        words = self.words
        if words[i + 1].unit:
            return self._counted(i)
        if words[i].number > 31:
            return None
        start, modifier = self._left(i, low)
        found = Expression(start, i + 1, "day_number", modifier=modifier, complement=words[start].of)
        self._calendar(found, i)
        plural = start < i and words[i - 1].plural and not self._is_listed(i)
        if (plural or (words[start - 1].each and start == i)) and not found.year:
            return None  # "los 5 de mayo", "cada 5 de mayo"
        if found.month or (found.month_modifier and start < i):
            return self._with_part(found)
        if not words[i].digits:
            return None
        masculine = start < i and (words[i - 1].masculine or words[i - 1].modifier in ("past", "last", "next", "this"))
        named_day = start < i and words[i - 1].unit == "day"
        after = words[found.end]
        if start == i and self._is_listed(i):
            found.weak = found.listed = True
            return found
        if not (named_day or masculine) or not self._is_day(found.end - 1) or (after.of and not words[found.end + 1].part):
            return None
        found.weak = not named_day and modifier not in ("past", "last", "next", "this")
        return self._with_part(found)

    def _is_listed(self, i: int) -> bool:
        """Whether the number at `i` is one of several ("5, 6 y 7 de junio"); only the grammar of what follows tells of what."""
        words = self.words
        k = i + 1
        if not (words[k].comma or words[k].joins or words[k].range):
            return False
        while words[k].comma or words[k].joins or words[k].range or words[k].determiner:
            k += 1
        if words[i + 1].comma and not (words[k + 1].comma or words[k + 1].joins):
            return False
        return k <= i + 3 and 0 < words[k].number <= 31

    def _calendar(self, found: Expression, i: int) -> None:
        """Reads day, month and year from the day number at `i` on into `found`."""
        words = self.words
        found.day, k = words[i].number, i + 1
        dotted = words[i].ordinal and words[k].stop and words[k + 1].of and words[k + 2].month  # "1ro. de agosto"
        compound = words[i].number in (20, 30) and words[k].joins and words[k + 1].number and words[k + 2].of
        if words[k].ordinal_mark or dotted:
            k += 1
        elif compound and words[k + 3].month:
            found.day, k = words[i].number + words[k + 1].number, k + 2
        found.end = k
        m = k + 1 if words[k].of else k
        if m == k and words[k].dash and words[k + 1].month:
            m = k + 1  # "12-mar"
        if words[m].of or words[m].determiner:
            pass
        elif words[m].month and not (
            words[m].abbreviation and m == k and not self._year_near(m + 1) and not words[i - 1].masculine
        ):
            found.month, found.end, found.rule = words[m].month, m + 1, "calendar"
            if words[m].abbreviation and words[m + 1].stop and words[m + 2].year:
                found.end += 1
            self._year_after(found)
            return
        if not words[k].of:
            return
        m, modifier = self._skip(k + 1)
        if words[m].unit == "month":
            if words[m + 1].of and words[m + 2].month:  # "el 5 del mes de mayo"
                found.month, found.end, found.rule = words[m + 2].month, m + 3, "calendar"
                self._year_after(found)
                return
            if words[m + 1].modifier:
                m, modifier = m + 1, words[m + 1].modifier
            elif words[m + 1].preposition and not modifier:
                modifier, m = "this", m + 2  # "del mes en curso"
            if modifier:
                found.month_modifier, found.end, found.rule = modifier, m + 1, "calendar"
        elif words[m].month:
            found.month, found.modifier, found.end, found.rule = words[m].month, modifier or found.modifier, m + 1, "calendar"
            self._year_after(found)
        elif modifier == "this" and not words[m].unit and words[m - 1].modifier == "this":
            found.month_modifier, found.end, found.rule = modifier, m, "calendar"

    def _year_near(self, k: int) -> bool:
        words = self.words
        return any(words[k + n].year for n in range(3))

    def _year_after(self, found: Expression) -> None:
        """Reads the year, or what stands for it, after a month."""
        words, k = self.words, found.end
        if words[k].year and not words[k + 1].quantity:
            found.year, found.end = words[k].year, k + 1
        elif words[k].comma and words[k + 1].year and not words[k + 2].quantity:
            found.year, found.end = words[k + 1].year, k + 2
        elif words[k].modifier in ("past", "last", "next"):
            found.modifier, found.end = words[k].modifier, k + 1
        elif words[k].of or (words[k].comma and words[k + 1].of):
            m, modifier = self._skip(k + 1 if words[k].of else k + 2)
            if words[m].unit == "year":
                m += 1
                if words[m].modifier:
                    modifier, m = words[m].modifier, m + 1
                elif words[m].preposition and not modifier and not words[m + 1].year:
                    modifier, m = "this", m + 2  # "del año en curso"
                if words[m].year:
                    found.year, found.end = words[m].year, m + 1
                elif spelled := self._spelled_year(m):
                    found.year, found.end = spelled
                elif modifier:
                    found.year_modifier, found.end = modifier, m
            elif words[m].year and not words[m + 1].quantity and words[k].of:
                found.year, found.end = words[m].year, m + 1
            elif words[k].of and not found.year:
                found.year, found.end = self._spelled_year(m) or (0, found.end)

    def _spelled_year(self, k: int) -> tuple[int, int] | None:
        """Year and end of "dos mil dieciséis", "mil novecientos noventa y ocho" at `k`, the way of court rulings."""
        words = self.words
        if words[k].number == 2 and words[k + 1].thousand:
            year, k = 2000, k + 2
        elif words[k].thousand and words[k + 1].nine_hundred:
            year, k = 1900, k + 2
        else:
            return None
        if words[k].number and not words[k].digits:
            year, k = year + words[k].number, k + 1
            if words[k].joins and 0 < words[k + 1].number < 10:
                year, k = year + words[k + 1].number, k + 2
        return (year, k) if year < 2100 and not words[k].quantity else None

    def _month(self, i: int, low: int) -> Expression | None:
        words = self.words
        start, modifier = self._left(i, low)
        if words[start - 1].of and words[start - 2].unit == "month" and start - 2 >= low:
            start, modifier = self._left(start - 2, low)
        elif words[start - 1].of and words[start - 2].stretch and start - 2 >= low:
            start -= 2
        found = Expression(start, i + 1, "calendar", month=words[i].month, modifier=modifier)
        k = i + 2 if words[i].abbreviation and words[i + 1].stop else i + 1
        if words[k].number and words[k].number <= 31 and self._year_near(k + 1) and self._is_day(k):
            found.day, found.end = words[k].number, k + 1
            self._year_after(found)
            if found.year:
                return self._with_part(found)
            found.day, found.end = 0, i + 1
        self._year_after(found)
        if words[i].abbreviation and not found.year:
            return None
        return found

    def _year(self, i: int, low: int) -> Expression | None:
        words = self.words
        if words[i + 1].quantity or i <= low:
            return None
        start = i
        before = words[i - 1]
        if before.unit == "year":
            start, _ = self._left(i - 1, low)
        elif before.masculine and words[i - 2].year_cue:
            start = i - 1
        elif words[i - 2].dates_back:
            start = i  # "se remontan a 2021"
        elif before.between:
            if not (words[i + 1].joins and words[i + 2].year and not words[i + 3].quantity):
                return None
        elif not before.year_cue and not (before.joins and words[i - 2].year):
            return None
        if words[start - 1].of and words[start - 2].stretch and start - 2 >= low:
            start -= 2
        return Expression(start, i + 1, "calendar", year=words[i].year)

    # --- relative to the day of publication -----------------------------------------------------------------------------

    def _is_tomorrow(self, i: int) -> bool:
        words = self.words
        before, after = words[i - 1] if i else ORDINARY, words[i + 1]
        if before.modifier == "past" and i >= 2 and not words[i - 2].determiner:
            return True  # "pasado mañana"
        return not (before.determiner or before.modifier or before.each or before.half or (after.joins and words[i + 2].part))

    def _deictic(self, i: int, low: int) -> Expression | None:
        words = self.words
        word = words[i]
        start, offset, part = i, word.offset, word.part
        if offset is None:
            offset, part = 1, ""
            if i > low and words[i - 1].modifier == "past":
                start, offset = i - 1, 2
        elif word.offset == 0 and words[i + 1].preposition and (words[i + 2].unit == "day" or words[i + 2].offset == 0):
            return None  # "hoy en día", "hoy por hoy"
        elif word.offset == 0 and (words[i - 1].determiner or (words[i - 1].preposition and words[i - 2].offset == 0)):
            return None  # "el hoy occiso"
        elif word.offset == 0 and self._is_nowadays(i + 1):
            return None  # "hoy hay 300", "la hoy extinta", "hoy el local es una pollería"
        if (
            word.offset == -1
            and not part
            and i - 2 >= low
            and words[i - 1].of
            and words[i - 2].earlier
            and not words[i - 2].back
        ):
            start, offset = i - 2, -2  # "antes de ayer"
        elif start > low and words[start - 1].of and start - 2 >= low and words[start - 2].unit == "day":
            start, _ = self._left(start - 2, low)  # "el día de ayer"
        found = Expression(start, i + 1, "deictic", offset=offset, part=part)
        k = i + 1
        if words[k].modifier == "that":  # "hoy mismo"
            k += 1
            found.end = k
        if word.offset is not None and words[k].part and words[k].offset is None and not words[k + 1].of:
            found.part, found.end = words[k].part, k + 1  # "ayer noche"
            return found
        if words[k].comma:
            k += 1
        if words[k].determiner and words[k].masculine:
            k += 1
        if words[k].weekday >= 0:
            found.weekday, found.end = words[k].weekday, k + 1
            k += 1
            if words[k].comma:
                k += 1
        if words[k].number and 0 < words[k].number <= 31 and self._is_day(k):
            stated = Expression(k, k, "calendar")
            self._calendar(stated, k)
            if stated.month:
                found.day, found.month, found.year, found.end = stated.day, stated.month, stated.year, stated.end
            elif words[k - 1].weekday >= 0 and words[k].digits:
                found.day, found.end = stated.day, stated.end
        return self._with_part(found)

    def _is_nowadays(self, k: int) -> bool:
        """Whether what follows "hoy" tells of a state, which no day bounds."""
        words = self.words
        if words[k].of and words[k + 1].number and words[k + 2].unit == "year":
            return True  # "hoy de 58 años"
        if words[k].comma:
            k += 1
        if words[k].determiner:
            k += 2
        return words[k].stative

    def _ago(self, i: int) -> Expression | None:
        words = self.words
        k, approximate = i + 1, False
        while words[k].approximately or words[k].exactly or (words[k].of and k > i + 1):
            approximate |= words[k].approximately
            k += 1
        if words[k].several or not words[k].number or not words[k + 1].unit:
            return None
        found = Expression(i, k + 2, "ago", offset=words[k].number, unit=words[k + 1].unit, approximate=approximate)
        if words[k + 2].back:
            found.end = k + 3
        elif words[k + 2].joins and (words[k + 3].half or words[k + 3].number):
            found.approximate, found.end = True, k + 4
        elif words[k + 2].approximately and words[k + 3].stop:
            found.approximate, found.end = True, k + 3
        return found

    def _within(self, i: int) -> Expression | None:
        words = self.words
        k = i + 2
        if words[i + 1].of and words[k].number and words[k + 1].unit in _DAYS_IN:
            return Expression(i, k + 2, "ago", offset=-words[k].number, unit=words[k + 1].unit)
        return None

    def _counted(self, i: int) -> Expression | None:
        """Reads "dos días después", "una semana antes", "un mes atrás"."""
        words = self.words
        k, unit = i + 2, words[i + 1].unit
        if words[k].back:
            return Expression(i, k + 1, "ago", offset=words[i].number, unit=unit)
        if unit in _DAYS_IN and words[i - 1].plural and words[i - 2].range and words[i - 2].preposition and words[k].comma:
            return Expression(i - 2, k, "same_day", offset=words[i].number * _DAYS_IN[unit])  # "a los dos días, ..."
        if unit not in _DAYS_IN or not (words[k].later or words[k].earlier):
            return None
        if words[k + 1].of:
            return None  # after what, only a reader knows
        sign = 1 if words[k].later else -1
        return Expression(i, k + 1, "same_day", offset=sign * words[i].number * _DAYS_IN[unit])

    def _moments(self, i: int) -> Expression | None:
        """Reads "horas después", "minutos más tarde": still the day last named."""
        words = self.words
        if words[i + 1].later and not words[i + 2].of:
            return Expression(i, i + 2, "same_day", bare=True)
        if words[i + 1].more and words[i + 2].part == "tarde":
            return Expression(i, i + 3, "same_day", bare=True)
        return None

    def _part(self, i: int, low: int) -> Expression | None:
        words = self.words
        part = words[i].part
        start, modifier = self._left(i, low)
        if words[i].midnight and words[start - 1].modifier == "past":
            part = "madrugada"
        k = i + 1
        if words[k].modifier and words[k].modifier != "this":
            modifier, k = words[k].modifier, k + 1
        inner_low = k
        if words[k].of:
            core, _ = self._skip(k + 1)
            if words[core].unit == "day" and (words[core + 1].number or words[core + 1].weekday >= 0):
                core += 1
        elif words[k].weekday >= 0:
            core = k
        else:
            core = -1
        if core >= 0 and words[core].hot and not words[core].part:
            inner = self._at(core, inner_low)
            if inner is not None and self._names_day(inner):
                inner.start, inner.part = start, part
                inner.complement, inner.weak = False, False
                return inner
        if core >= 0 and words[core].part and words[core].offset is None:
            return None
        if modifier == "this":
            return Expression(start, k, "deictic", part=part)
        if modifier in ("that", "previous", "following"):
            return Expression(start, k, "same_day", offset={"that": 0, "previous": -1, "following": 1}[modifier], part=part)
        if modifier in ("past", "last") and start < i:
            return Expression(start, k, "deictic", offset=0 if part == "madrugada" else -1, part=part)
        if not modifier and start == i - 1 and words[start - 1].preposition and not words[i].each and not words[k].of:
            return Expression(start - 1, k, "same_day", part=part, bare=True)  # "por la noche"
        return None

    @staticmethod
    def _names_day(found: Expression) -> bool:
        return found.rule in ("weekday", "deictic", "day_number", "same_day", "numeric", "festivity") or found.day > 0

    def _with_part(self, found: Expression) -> Expression:
        """Adds "por la noche", "de madrugada", "al mediodía", "en horas de la mañana", "a las 8 de la noche"."""
        words, k = self.words, found.end
        if words[k].comma:
            k += 1
        if words[k].preposition or words[k].of:
            k += 1
            if words[k].clock and words[k + 1].of:
                k += 2
        elif not (words[k].determiner or (words[k].number and words[k - 1].comma)):  # "ayer, 7 de la noche"
            return found
        if words[k].determiner:
            k += 1
        if words[k].number and words[k + 1].of and words[k + 2].determiner and words[k + 3].part:
            k += 3
        if words[k].part and words[k].offset is None and (words[k - 1].determiner or words[k - 1].of):
            after = words[k + 1]
            if not after.of or not (words[k + 2].hot or words[k + 3].hot):
                found.part, found.end = words[k].part, k + 1
        return found

    def clock_part(self, found: Expression) -> str:
        """Part of the day of a clock time beside `found` ("a las 22:15 del lunes", "el lunes, cerca de las 5:30 a. m.")."""
        words = self.words
        for k in range(found.start - 1, max(0, found.start - 6), -1):
            if words[k].comma or words[k].clause:
                break
            if words[k].the_hour and (words[k + 1].hour >= 0 or words[k + 1].number):
                return self._part_at(k + 1)
        for k in range(found.end, found.end + 8):
            if words[k].stop or words[k].clause or words[k].tense:
                break
            if words[k].the_hour and (words[k + 1].hour >= 0 or words[k + 1].number):
                return self._part_at(k + 1)
        return ""

    def _part_at(self, k: int) -> str:
        words = self.words
        word, after = words[k], words[k + 1]
        hour = word.hour if word.hour >= 0 else word.number if 0 < word.number < 25 else -1
        if hour < 0:
            return ""
        if after.joins:  # "las siete y cuarto", "las 9 y 20"
            k, after = k + 2, words[k + 3]
        if after.of and words[k + 2].determiner and words[k + 3].part:
            return words[k + 3].part
        if after.evening:
            hour = hour % 12 + 12
        elif after.morning:
            hour %= 12
        elif hour < 13 and word.hour != 0 and not (word.hour > 0 and word.digits):
            return ""
        hour %= 24
        return "madrugada" if hour < 6 else "mañana" if hour < 12 else "tarde" if hour < 19 else "noche"

    def _period(self, i: int, low: int) -> Expression | None:
        words = self.words
        unit = words[i].unit
        if words[i - 1].number and i > low:
            return self._counted(i - 1)
        start, modifier = self._left(i, low)
        before = words[start - 1] if start else ORDINARY
        k = i + 1
        if unit == "day":
            after = words[k]
            if after.weekday >= 0 or (after.number and after.number <= 31):
                return self._at(k, low)
            if (after.of and words[k + 1].offset is not None) or (after.of and words[k + 1].part and self._is_tomorrow(k + 1)):
                return self._at(k + 1, low)
            if after.modifier in ("previous", "following") or (after.modifier in ("that",) and not modifier):
                modifier, k = after.modifier, k + 1
            if before.other and i >= 2 and words[i - 2].range:
                return self._with_part(Expression(i - 2, k, "same_day", offset=1))  # "al otro día"
            if modifier == "this" and not words[start].plural and not before.each:
                return Expression(start, k, "deictic")
            if words[i - 1].of and words[i - 2].stretch and i - 2 >= low and start == i - 1:
                start, _ = self._left(i - 2, low)  # "al final del día"
                return Expression(start, k, "same_day", unit="day")
            shift = {"that": 0, "previous": -1, "following": 1}.get(modifier)
            if shift is None or before.each:
                return None
            return self._with_part(Expression(start, k, "same_day", offset=shift))
        if unit not in ("week", "month", "year"):
            return None
        if words[k].modifier in ("past", "next", "this"):
            modifier, k = words[k].modifier, k + 1
        elif words[k].clause and words[k + 1].coming:
            modifier, k = "next", k + 2
        if unit == "month" and words[k].of and words[k + 1].month:
            return self._month(k + 1, low)
        if unit == "year" and words[k].year:
            return self._year(k, low)
        if modifier not in ("past", "next", "this") or before.each or words[start].plural:
            return None
        return Expression(start, k, "period", modifier=modifier, unit=unit)

    def _weekend(self, i: int, low: int) -> Expression | None:
        words = self.words
        start, modifier = self._left(i, low)
        before = words[start - 1] if start else ORDINARY
        if words[start].plural or before.each or start == i:
            return None
        k = i + 3
        if words[k].modifier in ("past", "last", "next"):
            modifier, k = words[k].modifier, k + 1
        return Expression(start, k, "period", modifier=modifier, unit="weekend")

    def _eve(self, i: int, low: int) -> Expression | None:
        words = self.words
        start, _ = self._left(i, low)
        if start == i:
            return None
        if words[i + 1].of:  # "la víspera de Año Nuevo"
            k, _ = self._skip(i + 2)
            month, day, end = self._feast(k)
            eve = (12, 31) if (month, day) == (1, 1) else (month, day - 1)
            return Expression(start, end, "festivity", month=eve[0], day=eve[1]) if day else None
        return Expression(start, i + 1, "deictic", offset=-1)

    def _feast(self, k: int) -> tuple[int, int, int]:
        """Month, day and end of "Navidad", "Año Nuevo" at `k`; zeros where there is none."""
        words = self.words
        if words[k].unit == "year" and words[k + 1].new:
            return 1, 1, k + 2
        month, day = words[k].festivity or (0, 0)
        return month, day, k + 1

    def _festivity(self, i: int, low: int) -> Expression | None:
        words = self.words
        start, modifier = self._left(i, low)
        before = words[start - 1] if start else ORDINARY
        dated = before.dating or modifier or (before.of and (words[start - 2].part or words[start - 2].unit == "day"))
        if not dated:
            return None
        month, day = words[i].festivity or (0, 0)
        found = Expression(start, i + 1, "festivity", month=month, day=day, modifier=modifier)
        self._year_after(found)
        return found
