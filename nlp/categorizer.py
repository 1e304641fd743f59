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

_NONE = -1
_BITS = 20
_MASK = (1 << _BITS) - 1
_OPENS, _TITLED = 1 << 3 * _BITS, 1 << 3 * _BITS + 1
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


def _is_titled(form: str) -> bool:
    return form[:1].isupper() and form[1:].islower()


def _is_opener(form: str) -> bool:
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

    def score(self, rows: NDArray[np.intp]) -> NDArray[np.float64]:
        """Sum of the weights of the terms in those rows, the text brought to unit length."""
        if not len(rows):
            return np.zeros(self.weights.shape[1])
        met, counts = np.unique(rows, return_counts=True)
        values = (1 + np.log(counts)) * self.idf[met]
        total: NDArray[np.float64] = (values @ self.weights[met]) / np.sqrt(values @ values)
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
        pairs = [(pair[0], pair[1], row) for key, row in self._words.rows.items() if len(pair := key.split(" ")) == 2]
        self._neighbours: dict[str, int] = {}
        for left, right, _ in pairs:
            self._neighbours.setdefault(left, len(self._neighbours))
            self._neighbours.setdefault(right, len(self._neighbours))
        self._many = len(self._neighbours)
        coded = sorted((self._neighbours[left] * self._many + self._neighbours[right], row) for left, right, row in pairs)
        self._pairs = np.array([*(code for code, _ in coded), np.iinfo(np.int64).max], dtype=np.int64)
        self._pair_rows = np.array([row for _, row in coded], dtype=np.intp)

    def categories(self, doc: Doc) -> Categories:
        """What the words of a document say."""
        read = tokens(doc)
        known = read.pick(self._known, np.int64)[:FIRST]
        opens = known & _OPENS > 0
        opens[1:], opens[:1] = opens[:-1].copy(), True
        places = (opens & (known & _TITLED > 0)).nonzero()[0]
        if len(places):
            known[places] = read.pick(self._known_lowered, np.int64)[places]
        scores = self._type_bias + self._beginnings.score(_part(known, 0))
        scores = scores - scores.max()
        scores = scores - np.log(np.exp(scores).sum())
        beside = (known >> 2 * _BITS & _MASK) - 1
        codes = (beside[:-1] * self._many + beside[1:])[(beside[:-1] >= 0) & (beside[1:] >= 0)]
        at = np.searchsorted(self._pairs, codes)
        met = np.concatenate((_part(known, 1), self._pair_rows[at[self._pairs[at] == codes]]))
        told = self._bias + self._words.score(met)[0]
        return Categories(float(told), dict(zip(self.types, scores.tolist(), strict=True)))

    def _known(self, form: str, _lower: int) -> int:
        """All that counts of a form in one number: its rows in the tables and among the neighbours, and how it is written."""
        known = self._beginnings.rows.get(beginning(form) or "", _NONE) + 1
        known |= self._words.rows.get(word(form) or "", _NONE) + 1 << _BITS
        known |= self._neighbours.get(neighbour(form), _NONE) + 1 << 2 * _BITS
        return known | _is_opener(form) * _OPENS | _is_titled(form) * _TITLED

    def _known_lowered(self, form: str, lower: int) -> int:
        return self._known(form.lower(), lower)


def _part(known: NDArray[np.int64], number: int) -> NDArray[np.intp]:
    rows = (known >> number * _BITS & _MASK) - 1
    return rows[rows >= 0]


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
