"""The trained part: what the plain vocabulary of an article says of relevance and type.

The rules know how the press names a crime; this knows the company that such stories keep. Two linear models (term frequency,
inverse document frequency, unit length): a softmax one over the beginnings of words says of which type an incident is, a
logistic one over whole words and pairs of neighbours ("la víctima", "de seguridad", "en #") whether the text tells one at all.
`python -m nlp.training` learns them from texts of the project's own; the weights are `data/categorizer.csv`, one line a
beginning, and `data/relevance.csv`, one line a word or pair, so that they can be read. `nlp.events` weighs the answer beside
the rules'.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
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
BIAS = "*"
"""Name of the line that holds the intercepts."""

_BITS = 20
_MASK = (1 << _BITS) - 1
_LOGS = 1 + np.log(np.maximum(np.arange(FIRST + 1), 1))
_SHORTEST = 3
_OPENERS = frozenset('.!?:¿¡“«"(-—')
"""After these a capital is mere spelling."""


def word(form: str) -> str | None:
    """What a form counts as; None for short and capitalised ones (mostly names) and what is no word."""
    return form if len(form) >= _SHORTEST and form.isalpha() and form.islower() else None


def beginning(form: str) -> str | None:
    """What a form counts as in the choice of the type."""
    return form[:LETTERS] if word(form) else None


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


def _is_opener(form: str, _lower: int = 0) -> bool:
    return form in _OPENERS or "\n" in form


@dataclass(frozen=True)
class Categories:
    """`relevance`: log-odds that the text tells an incident; `types`: the log-probability of each type if it does."""

    relevance: float
    types: dict[str, float]


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
        known = read.pick(self._known, np.int64)[:FIRST]
        capitals = read.pick(_is_titled)[:FIRST]
        capitals[1:] &= read.pick(_is_opener)[: len(known) - 1]
        openers = capitals.nonzero()[0]
        if len(openers):
            known[openers] = read.pick(self._known_lowered, np.int64)[openers]
        beside = known >> 2 * _BITS
        codes = beside[:-1] * self._many + beside[1:]
        codes.sort()
        at = self._pairs.searchsorted(codes)
        pairs = self._pair_terms[at[self._pairs[at] == codes]]
        terms = np.concatenate((known & _MASK, known >> _BITS & _MASK, pairs))
        rows, counts = _counted(terms[terms > 0])
        logs = _LOGS[counts]
        middle = int(rows.searchsorted(self._first_word))
        scores = self._type_bias + self._beginnings.score(rows[:middle] - 1, logs[:middle])
        scores -= np.maximum.reduce(scores)
        scores -= np.log(np.add.reduce(np.exp(scores)))
        told = self._bias + self._words.score(rows[middle:] - self._first_word, logs[middle:])[0]
        return Categories(float(told), dict(zip(self.types, scores.tolist(), strict=True)))

    def _known(self, form: str, _lower: int) -> int:
        """All that counts of a form in one number: as a term of either table and as a neighbour, 0 where it is none."""
        row = self._beginnings.rows.get(beginning(form) or "")
        known = 0 if row is None else row + 1
        row = self._words.rows.get(word(form) or "")
        known |= 0 if row is None else row + self._first_word << _BITS
        return known | self._neighbours.get(neighbour(form), 0) << 2 * _BITS

    def _known_lowered(self, form: str, lower: int) -> int:
        return self._known(form.lower(), lower)


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
