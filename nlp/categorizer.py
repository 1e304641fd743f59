"""The trained part: what the plain vocabulary of an article says of relevance and type.

The rules know how the press names a crime; this knows the company that such stories keep. Two linear models (term frequency,
inverse document frequency, unit length): a softmax one over the beginnings of words, the headline's apart ("^asalta"), says
of which type an incident is, a logistic one over whole words and pairs of neighbours ("la víctima", "de seguridad", "en #")
whether the text tells one at all, and each paragraph by itself. `python -m nlp.training` learns them from texts of the
project's own; the weights are `data/categorizer.csv`, one line a beginning, and `data/relevance.csv`, one line a word or
pair, so that they can be read. `nlp.events` weighs the answer beside the rules'.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

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
PARAGRAPH = 15
"""Tokens that a paragraph has at least, if it is read on its own."""
BIAS = "*"
"""Name of the line that holds the intercepts."""

_MOST = 6.0
"""Log-odds of one paragraph beyond which it says no more."""
_HEADED = "^"
_READ = slice(0, FIRST)
_BITS = 20
_MASK = (1 << _BITS) - 1
_LOGS = 1 + np.log(np.maximum(np.arange(FIRST + 1), 1))
_PLACE_BITS = 9
_PLACES = (1 << _PLACE_BITS) - 1
"""A token's place among the first `FIRST` needs no more bits."""
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


@dataclass(frozen=True)
class Categories:
    """What the plain words say."""

    relevance: float
    """Log-odds that the text tells an incident."""
    types: dict[str, float]
    """The log-probability of each type if it does."""
    opening: float = 0.0
    """Log-odds of relevance by the first words alone."""
    best: float = 0.0
    """Those of the paragraph that speaks most for an incident: one deed may stand among statistics and protest."""
    mean: float = 0.0
    """Their mean over the paragraphs."""
    lines: tuple[float, ...] = ()
    """Those of each line."""


class _Terms:
    """Terms by row, their inverse document frequencies, and terms × weights."""

    def __init__(self, body: Sequence[Sequence[str]]) -> None:
        self.rows = {line[0]: row for row, line in enumerate(body)}
        figures = np.array([[float(cell or 0) for cell in line[1:]] for line in body])
        self.idf, self.weights = figures[:, 0].copy(), figures[:, 1:].copy()
        self._gain, self._square = self.idf * self.weights[:, 0], self.idf * self.idf

    def score(self, rows: NDArray[np.intp], logs: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum of the weights of the terms in those rows, each once, the text brought to unit length.

        `logs`: one more than the logarithms of how often the text holds each of them.
        """
        if not len(rows):
            return np.zeros(self.weights.shape[1])
        values = logs * self.idf[rows]
        total: NDArray[np.float64] = values.dot(self.weights.take(rows, 0)) / np.sqrt(values.dot(values))
        return total

    def by_part(self, rows: NDArray[np.intp], *divisions: NDArray[np.intp]) -> Iterator[NDArray[np.float64]]:
        """Sums of the first weights for each part of a text, the part brought to unit length, for each way to divide it.

        A division says to which part each of the terms belongs. A part's terms are taken to differ: short texts repeat few.
        """
        gain, square = self._gain[rows], self._square[rows]
        for part in divisions:
            yield np.bincount(part, gain) / np.sqrt(np.maximum(np.bincount(part, square), 1.0))


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
        placed = (beside[:-1] * self._many + beside[1:] << _PLACE_BITS) + np.arange(max(len(known) - 1, 0))
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
        single = words.nonzero()[0]
        stands = np.concatenate((single, placed[stored] & _PLACES))
        parts = self._parts(np.concatenate((words[single], pairs)) - self._first_word, stands, ends)
        return Categories(float(told), dict(zip(self.types, scores.tolist(), strict=True)), *parts)

    def _parts(
        self, rows: NDArray[np.intp], stands: NDArray[np.intp], ends: NDArray[np.bool_]
    ) -> tuple[float, float, float, tuple[float, ...]]:
        """Log-odds of relevance by the first words, by the best paragraph, their mean over paragraphs, and those of all lines.

        `stands`: where in the text the terms of those rows stand; `ends`: which tokens end a line.
        """
        lines = np.add.accumulate(ends, dtype=np.intp)
        lengths = np.bincount(lines)
        halves, by_line = self._words.by_part(rows, (stands >= OPENING).astype(np.intp), lines[stands])
        opening = self._bias + float(halves[0]) if len(halves) else self._bias
        odds = np.full(len(lengths), self._bias)
        odds[: len(by_line)] += by_line
        np.minimum(np.maximum(odds, -_MOST, out=odds), _MOST, out=odds)
        long = odds[lengths >= PARAGRAPH]
        best, mean = (
            (float(np.maximum.reduce(long)), float(np.add.reduce(long)) / len(long)) if len(long) else (opening, opening)
        )
        return opening, best, mean, tuple(odds.tolist())

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
