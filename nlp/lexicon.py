"""Words and phrases looked up by the id of their lower-cased form: one dictionary access per token, patterns only after a hit.

The pattern language of the data files, one token a blank:

| written | means |
|---|---|
| `vida` | that word, in any case of its letters |
| `bala\\|balas` | either |
| `~robar`, `~robar\\|hurtar` | any form of the verb (`nlp.conjugation`) |
| `@vehicle` | any word of that list of `context.toml`, section `[lists]`; `@vehicle\\|nave` or another word |
| `?de`, `?el\\|la` | that word or nothing |
| `...` | up to four tokens, none of which ends a sentence |
"""

from __future__ import annotations

import tomllib
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Generic, NamedTuple, TypeVar

from spacy.strings import get_string_id

from .conjugation import forms
from .forms import latest

GAP = 4
_STOPS = frozenset(
    [
        "a",
        "al",
        "ante",
        "con",
        "de",
        "del",
        "el",
        "en",
        "es",
        "fue",
        "fueron",
        "ha",
        "han",
        "haber",
        "había",
        "la",
        "las",
        "le",
        "les",
        "lo",
        "los",
        "me",
        "nos",
        "no",
        "ni",
        "o",
        "para",
        "por",
        "que",
        "se",
        "sin",
        "su",
        "sus",
        "tras",
        "un",
        "una",
        "uno",
        "y",
        "ya",
        "como",
        "cuando",
        "dos",
        "tres",
        "más",
        "muy",
        "son",
    ]
)
_ENDS = frozenset(get_string_id(mark) for mark in (".", "?", "!", "…", "...", ";", "\n", "\n\n"))

_INFINITIVES = ("ar", "er", "ir", "ír")

T = TypeVar("T")
Element = dict[int, str]
"""Ids that fit, each with the class of the verb form ("" for a plain word)."""


@cache
def data(name: str) -> dict[str, Any]:
    """A TOML file of `nlp/data`."""
    return tomllib.loads((files("nlp") / "data" / name).read_text("utf-8"))


@cache
def verb_forms(infinitive: str) -> dict[int, str]:
    """Ids of a verb's forms and their class; the first class that `nlp.conjugation.forms` gives counts."""
    found: dict[int, str] = {}
    for form, cls in forms(infinitive):
        found.setdefault(get_string_id(form), cls)
    return found


def ids(words: Iterable[str]) -> frozenset[int]:
    """Ids of single lower-case words."""
    return frozenset(get_string_id(word) for word in words)


def _element(word: str) -> Element:
    if word.startswith("~"):
        merged: Element = {}
        for verb in word[1:].split("|"):
            infinitive = verb.lstrip("~")
            merged |= verb_forms(infinitive) if infinitive.endswith(_INFINITIVES) else {get_string_id(infinitive): ""}
        return merged
    plain: Element = {}
    for alternative in word.split("|"):
        if alternative.startswith("@"):
            plain |= {get_string_id(member): "" for member in data("context.toml")["lists"][alternative[1:]]}
        else:
            plain[get_string_id(alternative)] = ""
    return plain


Step = tuple[Element, bool, int]
"""What must stand next: the element, whether it may be left out, and how many tokens may come before it."""


class Near(NamedTuple):
    """Ids of which one must stand among the `reach` tokens on that side of the anchor for the steps there to fit."""

    reach: int
    ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class Pattern(Generic[T]):
    """One phrase: the steps before its anchor (nearest first) and those after it."""

    value: T
    before: tuple[Step, ...]
    after: tuple[Step, ...]


class Hit(NamedTuple, Generic[T]):
    """Tokens `start` to `end` match; `form` is the class of the verb form in it, "" if it holds no verb."""

    start: int
    end: int
    form: str
    value: T


class Lexicon(Generic[T]):
    """A table of words and phrases, each carrying a value."""

    def __init__(self) -> None:
        self._single: dict[int, list[tuple[T, str]]] = {}
        self._phrases: dict[int, list[tuple[Pattern[T], str, Near | None, Near | None]]] = {}
        self._anchors: set[int] = set()
        self._read: tuple[Sequence[int], list[int]] = ([], [])

    def add(self, pattern: str, value: T) -> None:
        """Add one pattern of the language above; raises ValueError for one that has no word which must be there."""
        words = pattern.split()
        steps: list[tuple[Element, bool, bool]] = []  # element, optional, a gap stands before it
        gap = False
        for word in words:
            if word == "...":
                gap = True
                continue
            steps.append((_element(word.removeprefix("?")), word.startswith("?"), gap))
            gap = False
        firm = [i for i, (_, optional, _) in enumerate(steps) if not optional]
        if not firm:
            raise ValueError(f"pattern without a word to start from: {pattern!r}")
        if len(steps) == 1:
            for key, form in steps[0][0].items():
                known = self._single.setdefault(key, [])
                if all(v is not value for v, _ in known):
                    known.append((value, form))
            self._anchors.update(steps[0][0])
            return
        anchor = min(firm, key=lambda i: _cost(steps[i][0]))
        before: list[Step] = []
        for i in range(anchor - 1, -1, -1):
            before.append((steps[i][0], steps[i][1], GAP if steps[i + 1][2] else 0))
        after: list[Step] = [(element, optional, GAP if gap else 0) for element, optional, gap in steps[anchor + 1 :]]
        found = Pattern(value, tuple(before), tuple(after))
        near = (_near(before), _near(after))
        for key, form in steps[anchor][0].items():
            self._phrases.setdefault(key, []).append((found, form, near[0], near[1]))
        self._anchors.update(steps[anchor][0])

    def _opens(self, _form: str, lower: int) -> bool:
        return lower in self._anchors

    def find(self, keys: Sequence[int], start: int = 0, end: int | None = None) -> list[Hit[T]]:
        """Every match within tokens `start` to `end`, in order of their anchors; they may overlap.

        `keys`: ids of a whole document. The same object asked for again, sentence by sentence, is looked through only once, so
        it must not change in between.
        """
        read, places = self._read
        if read is not keys:
            met = latest(keys)
            if met is not None:
                places = met.where(self._opens)
            else:
                anchors = self._anchors
                places = [at for at, key in enumerate(keys) if key in anchors]
            self._read = keys, places
        if not places:
            return []
        stop = len(keys) if end is None else end
        single, phrases = self._single, self._phrases
        hits: list[Hit[T]] = []
        for at in places[bisect_left(places, start) : bisect_left(places, stop)]:
            key = keys[at]
            known = phrases.get(key)
            if known:
                left = keys[at - 1] if at > start else 0
                right = keys[at + 1] if at + 1 < stop else 0
                for pattern, form, before, after in known:
                    if after is not None:
                        reach, wanted = after
                        if right not in wanted and (reach == 1 or wanted.isdisjoint(keys[at + 1 : min(at + 1 + reach, stop)])):
                            continue
                    if before is not None:
                        reach, wanted = before
                        if left not in wanted and (reach == 1 or wanted.isdisjoint(keys[max(at - reach, start) : at])):
                            continue
                    hit = _match(pattern, form, keys, at, start, stop)
                    if hit is not None:
                        hits.append(hit)
            for value, form in single.get(key, ()):
                hits.append(Hit(at, at + 1, form, value))
        return hits


def _near(steps: Iterable[Step]) -> Near | None:
    """What must stand near the anchor for the steps on that side to fit, None where they leave it open."""
    beside: set[int] = set()
    reach, gaps = 0, False
    for element, optional, gap in steps:
        gaps = gaps or gap > 0
        beside |= element.keys()
        reach += gap + 1
        if not optional:
            return Near(reach, frozenset(element)) if gaps else Near(1, frozenset(beside))
    return None


def _match(pattern: Pattern[T], form: str, keys: Sequence[int], at: int, low: int, high: int) -> Hit[T] | None:
    before = _walk(pattern.before, 0, at, -1, keys, low, high) if pattern.before else (at, "")
    if before is None:
        return None
    after = _walk(pattern.after, 0, at, 1, keys, low, high) if pattern.after else (at, "")
    if after is None:
        return None
    return Hit(before[0], after[0] + 1, form or before[1] or after[1], pattern.value)


def _walk(
    steps: tuple[Step, ...], step: int, at: int, way: int, keys: Sequence[int], low: int, high: int
) -> tuple[int, str] | None:
    """Take the steps from token `at` in direction `way`; the last token reached and the verb form met, None if they fail.

    What may be left out is left out where the rest fits only so.
    """
    form = ""
    for i in range(step, len(steps)):
        element, optional, gap = steps[i]
        place = at + way
        if not gap and not optional:
            met = element.get(keys[place]) if low <= place < high else None
            if met is None:
                return None
            at, form = place, form or met
            continue
        for _ in range(gap + 1):
            if not low <= place < high or keys[place] in element or keys[place] in _ENDS:
                break
            place += way
        fits = low <= place < high and keys[place] in element and abs(place - at) <= gap + 1
        if optional:
            if fits and (rest := _walk(steps, i + 1, place, way, keys, low, high)) is not None:
                return rest[0], form or element[keys[place]] or rest[1]
            continue
        if not fits:
            return None
        at, form = place, form or element[keys[place]]
    return at, form


_STOP_IDS = ids(_STOPS)
_COMMON = (
    "hacer dar poner tener llevar dejar quedar salir ir estar entrar encontrar hallar pedir recibir caer ser venir seguir "
    "traer meter ingresar tomar abrir caminar sacar obligar enviar realizar ofrecer"
)


@cache
def _common() -> frozenset[int]:
    return frozenset(key for verb in _COMMON.split() for key in verb_forms(verb))


def _cost(element: Element) -> tuple[int, int]:
    """How often an element would start a vain comparison: stop words above all, then common verbs, then long lists."""
    stops = sum(1 for key in element if key in _STOP_IDS)
    return (100 * stops + (10 if not _common().isdisjoint(element) else 0), len(element))
