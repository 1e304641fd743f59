"""The trained part: what the plain vocabulary of an article says of relevance and type.

The rules know how the press names a crime; this knows the company that such stories keep. Two linear models (term frequency,
inverse document frequency, unit length): a softmax one over the beginnings of words, the headline's apart ("^asalta"), says of
which type an incident is, a logistic one over whole words and pairs of neighbours ("la víctima", "de seguridad", "en #")
whether the text tells one at all, and each paragraph by itself. `python -m nlp.training` learns them from texts of the
project's own; the weights are `data/categorizer.csv`, one line a beginning, and `data/relevance.csv`, one line a word or pair,
so that they can be read. `nlp.events` weighs the answer beside the rules'.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc

from .extensions import put_doc, register
from .forms import tokens

LETTERS = 6
"""A word speaks of the type by its first letters, which serve as a stem."""
FIRST = 400
"""Tokens read of each text: the news comes first."""
HEADLINE = 40
"""Tokens that a headline has at most."""
HEADED = 2
"""How often a headline's word counts as one of the headline, beside what it counts as any word."""
OPENING = 90
"""Tokens that open a text."""
MOST = 6.0
"""Log-odds of a stretch beyond which it says no more."""
PARAGRAPH = 15
"""Tokens that a paragraph has at least, if it is read on its own."""
BIAS = "*"
"""Name of the line that holds the intercepts."""

_HEADED = "^"
_READ = slice(0, FIRST)
_BITS = 20
_MASK = (1 << _BITS) - 1
_LOGS = 1 + np.log(np.maximum(np.arange(FIRST + 1), 1))
_PLACE_BITS = 9
_PLACES = (1 << _PLACE_BITS) - 1
"""A token's place among the first `FIRST` needs no more bits."""
_RANGE = np.arange(FIRST)
_SHORTEST = 3
_OPENERS = frozenset('.!?:¿¡“«"(-—')
"""After these a capital is mere spelling."""


def word(form: str) -> str | None:
    """What a form counts as; None for short and capitalised ones (mostly names) and what is no word."""
    return form if len(form) >= _SHORTEST and form.isalpha() and form.islower() else None


def beginning(form: str) -> str | None:
    """What a form counts as in the choice of the type."""
    return form[:LETTERS] if word(form) else None


def heading(form: str) -> str | None:
    """What a form of the headline counts as besides, in the choice of the type."""
    return _HEADED + form[:LETTERS] if word(form) else None


def headline(forms: Sequence[str]) -> int:
    """Forms of the first line, 0 if it is too long for a headline."""
    return next((at for at, form in enumerate(forms[:HEADLINE]) if _ends_line(form)), 0)


def neighbour(form: str) -> str:
    """What a form counts as beside another: numbers are all alike, names too, anything else stands for itself."""
    if form.isdigit():
        return "#"
    return "^" if form[:1].isupper() else form.strip() or "_"


def plain(forms: Sequence[str]) -> list[str]:
    """The first forms of a text; those that open a sentence in lower case."""
    kept = forms[:FIRST]
    return [
        form.lower() if _is_titled(form) and (at == 0 or _is_opener(kept[at - 1])) else form for at, form in enumerate(kept)
    ]


def _is_titled(form: str, _lower: int = 0) -> bool:
    return form[:1].isupper() and form[1:].islower()


def _ends_line(form: str, _lower: int = 0) -> bool:
    return "\n" in form


def _is_opener(form: str, _lower: int = 0) -> bool:
    return form in _OPENERS or "\n" in form


@dataclass(frozen=True, slots=True)
class Odds:
    """Log-odds that a stretch of the text tells an incident, by its own words brought to unit length.

    The terms of a stretch are taken to differ: short texts repeat few. Only the first `FIRST` tokens are known.
    """

    bias: float
    weight: list[float]
    """Sum of the weights of all terms before each token, and of all."""
    square: list[float]
    """Sum of their squared lengths."""

    def between(self, start: int, end: int) -> float:
        """Of tokens `start` to `end`, kept within `MOST`."""
        last = len(self.weight) - 1
        start, end = min(start, last), min(end, last)
        length = math.sqrt(max(self.square[end] - self.square[start], 1.0))
        return max(-MOST, min(MOST, self.bias + (self.weight[end] - self.weight[start]) / length))


@dataclass(frozen=True)
class Categories:
    """What the plain words say."""

    relevance: float
    """Log-odds that the text tells an incident."""
    types: dict[str, float]
    """The log-probability of each type if it does."""
    odds: Odds
    """Log-odds of relevance of any stretch by itself."""
    opening: float
    """Those of the first words."""
    best: float
    """Those of the paragraph that speaks most for an incident: one deed may stand among statistics and protest."""
    mean: float
    """Their mean over the paragraphs."""


class _Terms:
    """Terms by row, their inverse document frequencies, and terms × weights."""

    def __init__(self, body: Sequence[Sequence[str]]) -> None:
        self.rows = {line[0]: row for row, line in enumerate(body)}
        figures = np.array([[float(cell or 0) for cell in line[1:]] for line in body])
        self.idf, self.weights = figures[:, 0].copy(), figures[:, 1:].copy()

    def score(self, rows: NDArray[np.intp], logs: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum of the weights of the terms in those rows, each once, the text brought to unit length.

        `logs`: one more than the logarithms of how often the text holds each of them.
        """
        if not len(rows):
            return np.zeros(self.weights.shape[1])
        values = logs * self.idf[rows]
        total: NDArray[np.float64] = values.dot(self.weights.take(rows, 0)) / np.sqrt(values.dot(values))
        return total


class Model:
    """Trained weights: `by_type`, the lines of `data/categorizer.csv`; `told`, those of `data/relevance.csv`."""

    def __init__(self, by_type: Iterable[str], told: Iterable[str]) -> None:
        table = csv.reader(by_type)
        self.types = next(table)[2:]
        self._type_bias = np.array([float(cell) for cell in next(table)[2:]])
        self._beginnings = _Terms(list(table))
        table = csv.reader(told)
        next(table)
        self._bias = float(next(table)[2])
        self._words = _Terms(list(table))
        self._first_word = len(self._beginnings.rows) + 1
        """Terms are numbered from 1 on, those of the second table after those of the first; 0 is none."""
        none, idf = np.zeros(self._first_word), self._words.idf
        self._gain, self._square = np.concatenate((none, idf * self._words.weights[:, 0])), np.concatenate((none, idf * idf))
        pairs = [(pair[0], pair[1], row) for key, row in self._words.rows.items() if len(pair := key.split(" ")) == 2]
        self._neighbours: dict[str, int] = {}
        for left, right, _ in pairs:
            self._neighbours.setdefault(left, len(self._neighbours) + 1)
            self._neighbours.setdefault(right, len(self._neighbours) + 1)
        self._many = len(self._neighbours) + 1
        coded = sorted((self._neighbours[left] * self._many + self._neighbours[right], row) for left, right, row in pairs)
        self._pairs = np.array([*(code for code, _ in coded), np.iinfo(np.int64).max], dtype=np.int64)
        self._pair_terms = np.array([self._first_word + row for _, row in coded], dtype=np.intp)

    def categories(self, doc: Doc) -> Categories:
        """What the words of a document say."""
        read = tokens(doc)
        known = read.pick(self._known, np.int64, _READ)
        capitals = read.pick(_is_titled, bool, _READ)
        capitals[1:] &= read.pick(_is_opener, bool, _READ)[:-1]
        openers = capitals.nonzero()[0]
        ends = read.pick(_ends_line, bool, _READ)
        breaks = ends[:HEADLINE].nonzero()[0]
        headed = read.pick(self._headed, np.int64, slice(0, int(breaks[0]) if len(breaks) else 0))
        if len(openers):
            known[openers] = read.pick(self._known_lowered, np.int64, openers)
            within = openers[: openers.searchsorted(len(headed))]
            headed[within] = read.pick(self._headed_lowered, np.int64, within)
        beside = known >> 2 * _BITS
        placed = (beside[:-1] * self._many + beside[1:] << _PLACE_BITS) + _RANGE[: len(beside[1:])]
        placed.sort()
        codes = placed >> _PLACE_BITS
        at = self._pairs.searchsorted(codes)
        stored = self._pairs[at] == codes
        pairs = self._pair_terms[at[stored]]
        words = known >> _BITS & _MASK
        terms = np.concatenate((known & _MASK, words, pairs, *[headed] * HEADED))
        rows, counts = _counted(terms[terms > 0])
        logs = _LOGS[counts]
        middle = int(rows.searchsorted(self._first_word))
        scores = self._type_bias + self._beginnings.score(rows[:middle] - 1, logs[:middle])
        scores -= np.maximum.reduce(scores)
        scores -= np.log(np.add.reduce(np.exp(scores)))
        told = self._bias + self._words.score(rows[middle:] - self._first_word, logs[middle:])[0]
        stands = placed[stored] & _PLACES
        odds = Odds(self._bias, _sums(self._gain, words, pairs, stands), _sums(self._square, words, pairs, stands))
        opening, best, mean = _stretches(odds, ends.nonzero()[0].tolist())
        return Categories(float(told), dict(zip(self.types, scores.tolist(), strict=True)), odds, opening, best, mean)

    def _known(self, form: str, _lower: int) -> int:
        """All that counts of a form in one number: as a term of either table and as a neighbour, 0 where it is none."""
        row = self._beginnings.rows.get(beginning(form) or "")
        known = 0 if row is None else row + 1
        row = self._words.rows.get(word(form) or "")
        known |= 0 if row is None else row + self._first_word << _BITS
        return known | self._neighbours.get(neighbour(form), 0) << 2 * _BITS

    def _known_lowered(self, form: str, lower: int) -> int:
        return self._known(form.lower(), lower)

    def _headed(self, form: str, _lower: int) -> int:
        """A form of the headline as a term of the first table, 0 where it is none."""
        row = self._beginnings.rows.get(heading(form) or "")
        return 0 if row is None else row + 1

    def _headed_lowered(self, form: str, lower: int) -> int:
        return self._headed(form.lower(), lower)


def _sums(
    values: NDArray[np.float64], words: NDArray[np.intp], pairs: NDArray[np.intp], stands: NDArray[np.intp]
) -> list[float]:
    """Sums of the values of the terms before each token: of its word, and of the pairs, which stand where they begin."""
    found = values[words]
    found[stands] += values[pairs]
    return [0.0, *np.add.accumulate(found).tolist()]


def _stretches(odds: Odds, ends: list[int]) -> tuple[float, float, float]:
    """Log-odds of the first words, the most among paragraphs, and their mean; `ends`: the tokens with which lines end."""
    found = [
        odds.between(start, end) for start, end in pairwise((0, *ends, len(odds.weight) - 1)) if end - start >= PARAGRAPH
    ] or [odds.between(0, FIRST)]
    return odds.between(0, OPENING), max(found), sum(found) / len(found)


def _counted(terms: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The different ones in order, and how often each of them comes (`np.unique`, in a third of its time)."""
    terms.sort()
    first = np.empty(len(terms), dtype=bool)
    first[:1] = True
    np.not_equal(terms[1:], terms[:-1], out=first[1:])
    starts = first.nonzero()[0]
    counts = np.empty_like(starts)
    np.subtract(starts[1:], starts[:-1], out=counts[:-1])
    counts[-1:] = len(terms) - starts[-1:]
    return terms[starts], counts


@cache
def shipped() -> Model:
    """The weights of `data/categorizer.csv` and `data/relevance.csv`."""
    folder = files("nlp") / "data"
    return Model(*((folder / name).read_text("utf-8").splitlines() for name in ("categorizer.csv", "relevance.csv")))


@Language.factory("categorizer", assigns=["doc._.categories"])
class Categorizer:
    """Sets `Doc._.categories`, a `Categories`."""

    def __init__(self, nlp: Language, name: str) -> None:  # noqa: ARG002 (the factory signature)
        register()
        self.name = name
        self.model = shipped()

    def __call__(self, doc: Doc) -> Doc:
        put_doc(doc, "categories", self.model.categories(doc))
        return doc
