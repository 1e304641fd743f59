"""The words that dates are made of, looked up by the hash of a token's lower-case form."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from spacy.tokens import Doc

from nlp.forms import tokens

_NUMERIC = re.compile(
    r"(?:(?P<y>[12]\d{3})(?P<s>[-/.])(?P<m>\d{1,2})(?P=s)(?P<d>\d{1,2})(?:t[\d:.,z+-]*)?"
    r"|(?P<d2>\d{1,2})(?P<s2>[-/.])(?P<m2>\d{1,2}|[a-záéíóú]{3,10}\.?)(?P=s2)(?P<y2>[12]\d{3})"
    r"|(?P<d3>\d{1,2})/(?P<m3>\d{1,2})/(?P<y3>\d{2})"
    r"|(?P<d4>\d{1,2})/(?P<m4>\d{1,2}))"
)
_CLOCK = re.compile(r"(\d{1,2})[:.]\d{2}(?:h|hrs|am|pm)?")


@dataclass(slots=True)
class Word:
    """What one word can be in a date expression; the fields that do not apply keep their defaults."""

    hot: bool = False
    """A date expression may begin here (after its determiners and modifiers)."""
    month: int = 0
    abbreviation: bool = False
    weekday: int = -1
    number: int = 0
    digits: bool = False
    """The number is written in figures."""
    year: int = 0
    offset: int | None = None
    part: str = ""
    unit: str = ""
    modifier: str = ""
    festivity: tuple[int, int] | None = None
    numeric: tuple[int, int, int] | None = None
    """Year (0 where not stated), month, day."""
    after_number: bool = False
    """What can follow a number that is a day, or counts days."""
    before_number: bool = False
    tense: int = 0
    """1 future, -1 past."""
    participle: bool = False
    determiner: bool = False
    article: bool = False
    masculine: bool = False
    plural: bool = False
    preposition: bool = False
    of: bool = False
    joins: bool = False
    range: bool = False
    dash: bool = False
    comma: bool = False
    stop: bool = False
    clause: bool = False
    ago: bool = False
    within: bool = False
    dating: bool = False
    dates_back: bool = False
    perfect: bool = False
    midnight: bool = False
    moments: bool = False
    more: bool = False
    first: bool = False
    second: bool = False
    third: bool = False
    fourth: bool = False
    place_preposition: bool = False
    later: bool = False
    earlier: bool = False
    back: bool = False
    eve: bool = False
    weekend: bool = False
    thousand: bool = False
    nine_hundred: bool = False
    new: bool = False
    year_cue: bool = False
    stretch: bool = False
    approximately: bool = False
    exactly: bool = False
    several: bool = False
    each: bool = False
    ordinal_mark: bool = False
    half: bool = False
    name_before: bool = False
    name_between: bool = False
    saint: bool = False
    epithet: bool = False
    stative: bool = False
    quantity: bool = False
    purpose: bool = False
    until: bool = False
    clock: bool = False
    coming: bool = False
    other: bool = False
    opening: bool = False
    morning: bool = False
    evening: bool = False
    the_hour: bool = False
    ordinal: bool = False
    indefinite: bool = False
    hour: int = -1
    """Of a clock time ("22:15"); `digits` where it is written in the 24-hour way ("02:15")."""
    stated: bool = False
    between: bool = False


ORDINARY = Word()
_FUTURE = Word(tense=1)
_PAST = Word(tense=-1)
_PARTICIPLE = Word(participle=True)
_ROLE_FIELDS = {"and": "joins"}
_HOT = ("month", "offset", "part", "unit", "festivity", "numeric", "ago", "within", "eve", "weekend", "moments")


@cache
def read_table() -> dict[str, Word]:
    """`nlp/data/dates.toml` as one `Word` for each lower-case form."""
    data: dict[str, Any] = tomllib.loads((files("nlp") / "data" / "dates.toml").read_text(encoding="utf-8"))
    words: dict[str, Word] = {}

    def note(form: str, field: str, value: object) -> None:
        setattr(words.setdefault(form, Word()), field, value)

    for table, field in (
        ("months", "month"),
        ("month_abbreviations", "month"),
        ("weekdays", "weekday"),
        ("numbers", "number"),
        ("adverbs", "offset"),
        ("parts", "part"),
        ("adverb_parts", "part"),
        ("units", "unit"),
    ):
        for form, value in data[table].items():
            note(form, field, value)
    for form in data["month_abbreviations"]:
        note(form, "abbreviation", True)
    for form, (month, day) in data["festivities"].items():
        note(form, "festivity", (month, day))
    for kind, forms in data["modifiers"].items():
        for form in forms:
            note(form, "modifier", kind)
    for role, forms in data["roles"].items():
        for form in forms:
            note(form, _ROLE_FIELDS.get(role, role), True)
    tense = data["tense"]
    for forms, value in ((tense["future_words"], 1), (tense["past_words"], -1)):
        for form in forms:
            note(form, "tense", value)
    for form in tense["no_tense"]:
        words.setdefault(form, Word())
    for field, forms in (
        ("purpose", tense["future_before"]),
        ("until", tense["until"]),
        ("name_before", data["names"]["before"]),
        ("name_between", data["names"]["between"]),
        ("saint", data["names"]["saint"]),
        ("place_preposition", data["names"]["place_prepositions"]),
        ("quantity", data["quantities"]["after"]),
    ):
        for form in forms:
            note(form, field, True)
    for number in range(1, 100):
        for form in (str(number), f"{number:02}"):
            note(form, "number", number)
            note(form, "digits", True)
    for year in range(1900, 2100):
        note(str(year), "year", year)
    for word in words.values():
        link = word.range or word.comma or word.joins
        word.after_number = bool(word.of or word.month or word.unit or word.ordinal_mark or word.stop or link)
        word.before_number = bool(word.masculine or word.modifier or word.unit)
        word.hot = (
            word.weekday >= 0
            or word.year > 0
            or (0 < word.number <= 31 and not word.indefinite)
            or word.offset is not None
            or any(getattr(word, field) for field in _HOT)
        )
    return words


@cache
def _endings() -> tuple[tuple[str, ...], ...]:
    tense = tomllib.loads((files("nlp") / "data" / "dates.toml").read_text(encoding="utf-8"))["tense"]
    return tuple(tuple(tense[f"{name}_endings"]) for name in ("future", "past", "participle", "no_tense"))


class Lexicon:
    """Words by the hash of their lower-case form (the same in every spaCy vocabulary); a form is classified when first met."""

    def __init__(self) -> None:
        self._table = read_table()
        self._future, self._past, self._participle, self._no_tense = _endings()

    def words(self, doc: Doc) -> list[Word]:
        """One `Word` for each token of `doc`."""
        found: list[Word] = tokens(doc).pick(self._word, object).tolist()
        return found

    def hot(self, doc: Doc) -> list[int]:
        """Tokens of `doc` with which an expression may begin, in order."""
        return tokens(doc).where(self._is_hot)

    def _is_hot(self, form: str, lower: int) -> bool:
        return self._word(form, lower).hot

    def _word(self, form: str, _lower: int) -> Word:
        form = form.lower()
        return self._table.get(form) or self._classify(form)

    def _classify(self, form: str) -> Word:
        if not form.strip():
            return Word(stop="\n" in form)
        bare = form.rstrip(".-–—,;:)")
        if bare != form and bare in self._table:
            return self._table[bare]  # "2024.-"
        if form[0].isdigit():
            numeric = numeric_date(form) or numeric_date(bare)
            if numeric:
                return Word(hot=True, numeric=numeric)
            clock = _CLOCK.fullmatch(form)
            return Word(hour=int(clock[1]), digits=form[0] == "0") if clock and int(clock[1]) < 25 else ORDINARY
        if len(form) > 3 and form.endswith(self._future):
            return _FUTURE
        if form.endswith(self._no_tense):
            return ORDINARY
        if len(form) > 3 and form.endswith(self._past):
            return _PAST
        if len(form) > 4 and form.endswith(self._participle):
            return _PARTICIPLE
        return ORDINARY


@cache
def default_lexicon() -> Lexicon:
    """The lexicon that all pipelines of a process share."""
    return Lexicon()


def numeric_date(form: str) -> tuple[int, int, int] | None:
    """(year, month, day) of "19/08/2025", "2025-08-19", "19.ago.2025", "19/08/25"; year 0 for "19/08"; None for anything else.

    Day before month, as all of the Spanish-speaking press writes; a month beyond 12 is no date, never read the other way round.
    """
    match = _NUMERIC.fullmatch(form)
    if not match:
        return None
    got = match.groupdict()
    for suffix in ("", "2", "3", "4"):
        day, month_form = got[f"d{suffix}"], got[f"m{suffix}"]
        if day is None:
            continue
        year = int(got.get(f"y{suffix}") or 0)
        if suffix == "3":
            year += 2000 if year < 70 else 1900
        month = int(month_form) if month_form.isdigit() else (read_table().get(month_form) or ORDINARY).month
        if 1 <= month <= 12 and 1 <= int(day) <= 31 and (year == 0 or 1900 <= year < 2100):
            return year, month, int(day)
    return None
