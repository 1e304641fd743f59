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
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Generic, TypeVar

from spacy.strings import get_string_id

from .conjugation import forms

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


@dataclass(frozen=True, slots=True)
class Pattern(Generic[T]):
    """One phrase: the elements before its anchor (adjacent, nearest first) and those after it."""

    value: T
    before: tuple[tuple[Element, bool], ...]
    after: tuple[tuple[Element | None, bool], ...]


@dataclass(frozen=True, slots=True)
class Hit(Generic[T]):
    """Tokens `start` to `end` match; `form` is the class of the verb form in it, "" if it holds no verb."""

    start: int
    end: int
    form: str
    value: T


class Lexicon(Generic[T]):
    """A table of words and phrases, each carrying a value."""

    def __init__(self) -> None:
        self._single: dict[int, list[tuple[T, str]]] = {}
        self._phrases: dict[int, list[tuple[Pattern[T], str]]] = {}

    def add(self, pattern: str, value: T) -> None:
        """Add one pattern of the language above; raises ValueError for one that is empty or only gaps."""
        words = pattern.split()
        if not words:
            raise ValueError("empty pattern")
        elements: list[tuple[Element | None, bool]] = [
            (None, True) if word == "..." else (_element(word.removeprefix("?")), word.startswith("?")) for word in words
        ]
        if len(elements) == 1:
            for key, form in (elements[0][0] or {}).items():
                entry = (value, form)
                known = self._single.setdefault(key, [])
                if all(v is not value for v, _ in known):
                    known.append(entry)
            return
        anchor = next((i for i, word in enumerate(words) if word != "..." and word[0] != "?" and word not in _STOPS), None)
        if anchor is not None and any(w == "..." for w in words[:anchor]):
            anchor = None
        if anchor is None:
            anchor = next((i for i, word in enumerate(words) if word != "..." and word[0] != "?"), None)
        if anchor is None or any(element is None for element, _ in elements[:anchor]):
            raise ValueError(f"pattern without a word to start from: {pattern!r}")
        before = tuple((element or {}, optional) for element, optional in reversed(elements[:anchor]))
        found = Pattern(value, before, tuple(elements[anchor + 1 :]))
        for key, form in (elements[anchor][0] or {}).items():
            self._phrases.setdefault(key, []).append((found, form))

    def find(self, keys: Sequence[int], start: int = 0, end: int | None = None) -> list[Hit[T]]:
        """Every match within tokens `start` to `end`, in order of their anchors; they may overlap."""
        stop = len(keys) if end is None else end
        single, phrases = self._single, self._phrases
        hits: list[Hit[T]] = []
        for at in range(start, stop):
            key = keys[at]
            if key in phrases:
                for pattern, form in phrases[key]:
                    hit = self._match(pattern, form, keys, at, start, stop)
                    if hit is not None:
                        hits.append(hit)
            if key in single:
                for value, form in single[key]:
                    hits.append(Hit(at, at + 1, form, value))
        return hits

    @staticmethod
    def _match(pattern: Pattern[T], form: str, keys: Sequence[int], at: int, low: int, high: int) -> Hit[T] | None:
        left = at
        for element, optional in pattern.before:
            if left > low and keys[left - 1] in element:
                left -= 1
                form = form or element[keys[left]]
            elif not optional:
                return None
        right, gap = at + 1, 0
        for follow, optional in pattern.after:
            if follow is None:
                gap = GAP
                continue
            place = right
            limit = min(high, right + gap + 1)
            while place < limit and keys[place] not in follow:
                if keys[place] in _ENDS:
                    place = limit
                place += 1
            if place < limit:
                form = form or follow[keys[place]]
                right, gap = place + 1, 0
            elif not optional:
                return None
        return Hit(left, right, form, pattern.value)
