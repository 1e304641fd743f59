"""The spaCy component: from a tokenized document to `doc.spans["dates"]`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from spacy.language import Language
from spacy.tokens import Doc, Span

from nlp.dates.grammar import Expression, Grammar
from nlp.dates.lexicon import ORDINARY, Word, default_lexicon
from nlp.dates.resolve import Resolver, make_date
from nlp.dates.value import DateValue
from nlp.extensions import get_doc, put

_NAME_WINDOW = 6
_DATELINE_TOKENS = 40
_REISSUED = timedelta(days=4)
"""A text whose own dateline is further than this from its day of publication was written on that day and put out again."""
_ATTRIBUTES = 2
"""Words between "al día siguiente" and the day that it follows."""
_STATED = 100
"""Full dates of a text that may complete others; no news article has as many, and it bounds the work on what is none."""


def find_dates(doc: Doc) -> list[Span]:
    """Date expressions of `doc` in order, not overlapping, each with its `DateValue` in `span._.date`.

    Needs only the tokenizer's work. Relative expressions are resolved against `doc._.published` (a `datetime.date`, or None:
    then only what the text itself decides is resolved, the rest keeps precision "none"). Ages, durations, clock times,
    recurring days ("los lunes"), and streets, institutions and persons called like dates are left out. Raises nothing.
    """
    lexicon = default_lexicon()
    hot = lexicon.hot(doc)
    if not hot:
        return []
    words = lexicon.words(doc)
    grammar = Grammar(words, hot)
    found = [expression for expression in grammar.expressions() if not _is_name(doc, words, expression)]
    if not found:
        return []
    found = _share_months(grammar.words, found)
    for expression in found:
        if not expression.part and (expression.day or expression.rule in ("weekday", "deictic")):
            expression.part = grammar.clock_part(expression)
    return _spans(doc, _values(doc, words, found, _anchor(get_doc(doc, "published"))))


def _anchor(published: date | None) -> date | None:
    """`published` as a day that arithmetic cannot carry out of the calendar; None for a stamp of no real article."""
    if isinstance(published, datetime):
        published = published.date()
    return published if published and 1000 <= published.year <= 9000 else None


class DatesComponent:
    """Sets `doc.spans["dates"]`. Has no state: what it knows is `nlp/data/dates.toml`."""

    def __call__(self, doc: Doc) -> Doc:
        """Add the date expressions of `doc`."""
        doc.spans["dates"] = find_dates(doc)
        return doc


@Language.factory("dates", assigns=["doc.spans", "span._.date"])
def make_dates(nlp: Language, name: str) -> DatesComponent:  # noqa: ARG001  (the factory's signature)
    """The component "dates"; takes no settings."""
    return DatesComponent()


def _is_name(doc: Doc, words: Sequence[Word], found: Expression) -> bool:
    """Whether a street, an institution or a person is called so ("jirón Dos de Mayo", "Julio Abril")."""
    start = found.start
    first = words[start]
    if found.month and not found.year and found.rule in ("calendar", "day_number"):
        if found.day:
            return not first.modifier and _after_kind_word(doc, words, found)
        return _is_proper_month(doc, words, found)
    if found.rule == "weekday" and found.weekday == 6 and not found.day:
        return _is_person(doc, words, found)
    return False


def _after_kind_word(doc: Doc, words: Sequence[Word], found: Expression) -> bool:
    if words[found.start].determiner and not (words[found.start].of and doc[found.end - 1].is_title):
        return False
    start = found.start
    number = next(i for i in range(start, found.end) if words[i].number)
    if (
        number == start
        and words[number].number > 1
        and not words[number].digits
        and doc[number].is_title
        and doc[found.end - 1].is_title
    ):
        return True  # "el distrito de Veintiséis de Octubre"
    i = start - 1
    if i >= 0 and words[i].place_preposition and not words[found.start].determiner and words[found.start].number:
        return True  # "en 18 de Julio"
    while i >= 0 and (words[i].name_between or words[i].ordinal_mark):
        i -= 1
    if i >= 0 and words[i].name_before:
        return True
    if i >= 1 and doc[i].is_punct and words[i - 1].name_before and doc[i].text == ".":
        return True
    if not doc[found.end - 1].is_title:
        return False
    if i >= 0 and words[i] is ORDINARY and not words[found.start].determiner:
        return True  # a date takes an article, a name does not ("la agrupación 1 de Mayo")
    for j in range(i, max(-1, i - _NAME_WINDOW), -1):
        word = words[j]
        if word.name_before:
            return True
        if word.stop or not (
            word.joins or word.of or word.determiner or word.number or doc[j].text[:1].isupper() or doc[j].text in ("con", ",")
        ):
            return False
    return False


def _is_proper_month(doc: Doc, words: Sequence[Word], found: Expression) -> bool:
    month = next(i for i in range(found.start, found.end) if words[i].month)
    before = words[month - 1] if month else ORDINARY
    if before.name_before or (before.of and month >= 2 and words[month - 2].name_before):
        return True
    if not doc[month].text[:1].isupper() or doc[month].is_upper:
        return False
    if found.end > month + 1 or before.modifier or (before.of and month >= 2 and words[month - 2].unit == "month"):
        return False
    if not (before.preposition and not before.of):
        return True
    return month + 1 < len(doc) and doc[month + 1].is_title


def _is_person(doc: Doc, words: Sequence[Word], found: Expression) -> bool:
    i = next(i for i in range(found.start, found.end) if words[i].weekday >= 0)
    if not doc[i].text[:1].isupper():
        return False
    before = words[i - 1] if i else ORDINARY
    if before.saint or before.name_before:
        return True
    if i + 1 < len(doc) and doc[i + 1].text[:1].isupper() and not words[i + 1].hot and found.end == i + 1:
        return True
    if before.modifier or (before.determiner and before.masculine):
        return False
    free = before.determiner or before.preposition or before.of or before.joins or before.hot or before.tense < 0
    return i > 0 and not free and doc[i - 1].is_alpha


def _share_months(words: Sequence[Word], found: list[Expression]) -> list[Expression]:
    """Gives month and year to day numbers that are listed before a full one ("lunes 10 y martes 11 de febrero")."""
    kept: list[Expression] = []
    following: Expression | None = None
    for expression in reversed(found):
        if following is not None and _linked(words, expression, following):
            if words[following.start].range or any(w.range for w in words[expression.end : following.start]):
                following.ends_range = True
            if _shares_year(expression, following):
                expression.year, expression.year_modifier = following.year, following.year_modifier
        lacks = expression.day and not expression.month and expression.rule in ("day_number", "weekday")
        if following is not None and lacks and following.day and _linked(words, expression, following):
            if following.month or following.month_modifier:
                expression.month, expression.year = following.month, following.year
                expression.modifier = expression.modifier or following.modifier
                expression.month_modifier, expression.year_modifier = following.month_modifier, following.year_modifier
                expression.rule, expression.weak = "calendar", False
            elif words[following.start].range or any(w.range for w in words[expression.end : following.start]):
                expression.ranged = following.ranged = True
                if not following.weak or not expression.weak:
                    expression.weak = following.weak = False
        kept.append(expression)
        following = expression
    kept.reverse()
    if not any(e.month and e.day for e in kept):
        return [e for e in kept if not e.weak]
    return [e for i, e in enumerate(kept) if not e.weak or (not e.listed and _is_plain_day(words, kept, i))]


def _shares_year(first: Expression, second: Expression) -> bool:
    """Whether the year after the second is the first's too ("abril y mayo de 2023")."""
    if not (first.month and second.month) or bool(first.day) != bool(second.day):
        return False
    stated = first.year or first.year_modifier or first.modifier
    return not stated and (first.month, first.day) <= (second.month, second.day)


def _is_plain_day(words: Sequence[Word], found: Sequence[Expression], i: int) -> bool:
    """Whether a bare "el 25" is a day, in a text that names a day and a month: nothing counted follows."""
    expression = found[i]
    linked = i > 0 and found[i - 1].day > 0 and _linked(words, found[i - 1], expression)
    if linked:
        return True
    if words[expression.end - 1].number == 0 and not expression.part:
        return False
    after = words[expression.end] if expression.end < len(words) else ORDINARY
    if (after.comma or after.joins) and any(word.number for word in words[expression.end + 1 : expression.end + 3]):
        return False  # "entre el 1 y el 2 por ciento"
    closed = after.comma or after.stop or after.joins or after.clause or expression.end >= len(words)
    if words[expression.start].of:
        return closed
    return words[expression.start].article and (closed or after.preposition or after.tense != 0)


def _linked(words: Sequence[Word], first: Expression, second: Expression) -> bool:
    """Whether only "y", "al", "a", a comma or a dash stand between the two."""
    gap = words[first.end : second.start]
    if not gap:
        return words[second.start].range  # "del 7" + "al 11"
    return len(gap) <= 2 and all(word.joins or word.range or word.comma for word in gap)


def _values(
    doc: Doc, words: Sequence[Word], found: Sequence[Expression], published: date | None
) -> list[tuple[Expression, DateValue]]:
    resolver = Resolver(words, published)
    written = _dateline(doc, words, found)
    if published is None or (written is not None and abs(written - published) > _REISSUED):
        resolver.published, resolver.anchor_kind = written, "text"
    if published is None:
        full = (make_date(e.year, e.month, e.day) for e in found if e.year and e.month and e.day)
        resolver.stated = sorted({day for day in full if day})[:_STATED]
    values: list[tuple[Expression, DateValue]] = []
    for i, expression in enumerate(found):
        if (
            expression.rule == "same_day"
            and i + 1 < len(found)
            and words[expression.end].of
            and found[i + 1].start - expression.end <= _ATTRIBUTES
        ):
            resolver.resolve(found[i + 1])  # "al día siguiente del (trágico) 11 de septiembre"
        value = resolver.resolve(expression)
        if value is None:
            continue
        if values and (joined := _joined(words, *values[-1], expression, value)):
            values[-1] = joined
        elif values and (wide := _stretch(words, *values[-1], expression, value)):
            values[-1] = wide
        else:
            values.append((expression, value))
    return values


def _joined(
    words: Sequence[Word], first: Expression, left: DateValue, second: Expression, right: DateValue
) -> tuple[Expression, DateValue] | None:
    """One interval out of two days, where the words make them one ("entre el 3 y el 5 de mayo")."""
    if (
        left.precision != "day"
        or right.precision != "day"
        or not left.end
        or not right.start
        or not _linked(words, first, second)
    ):
        return None
    if first.rule == "deictic" or not left.end < right.start:
        return None
    gap = words[first.end : second.start]
    ranged = words[second.start].range or any(word.range for word in gap)
    between = _is_between(words, first.start)
    if not (ranged or between or (right.start - left.end).days == 1):
        return None
    part = left.part_of_day or right.part_of_day
    expression = replace(first, end=second.end)
    value = replace(left, end=right.end, part_of_day=part, month=left.month or right.month, year=left.year or right.year)
    return expression, value


def _stretch(
    words: Sequence[Word], first: Expression, left: DateValue, second: Expression, right: DateValue
) -> tuple[Expression, DateValue] | None:
    """Months or years from one to another ("entre agosto y octubre", "de 2016 a 2018"): the year in which they begin."""
    if left.precision != right.precision or left.precision not in ("month", "year") or not left.start or not right.end:
        return None
    if not left.start < right.end or not _linked(words, first, second):
        return None
    gap = words[first.end : second.start]
    if not (words[second.start].range or any(word.range for word in gap) or _is_between(words, first.start)):
        return None
    value = replace(left, end=right.end, precision="year", year=left.year or right.year)
    return replace(first, end=second.end), value


def _is_between(words: Sequence[Word], start: int) -> bool:
    return any(word.between for word in words[max(0, start - 2) : start])


def _dateline(doc: Doc, words: Sequence[Word], found: Sequence[Expression]) -> date | None:
    """The day of writing where the text states it itself, at its head ("Trujillo, 12 de marzo de 2024")."""
    for expression in found:
        if expression.start > _DATELINE_TOKENS:
            return None
        if not (expression.year and expression.month and expression.day):
            continue
        line = expression.start
        while line > 0 and "\n" not in doc[line - 1].text:
            line -= 1
        lead = words[line : expression.start]
        after = words[expression.end] if expression.end < len(words) else None
        closed = after is None or after.stop or after.range or doc[expression.end - 1].text[-1] in ".-–—"
        place = len(lead) <= 5 and (not lead or lead[-1].comma or lead[-1].stop or lead[-1].range)
        plain = closed and place and not words[expression.start].determiner
        if plain or (len(lead) <= 5 and any(word.stated for word in lead)):
            return make_date(expression.year, expression.month, expression.day)
    return None


def _spans(doc: Doc, values: Sequence[tuple[Expression, DateValue]]) -> list[Span]:
    spans = []
    for expression, value in values:
        span = Span(doc, expression.start, expression.end, label="date")
        put(span, "date", value)
        spans.append(span)
    return spans
