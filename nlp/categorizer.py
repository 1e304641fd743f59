"""The trained part: what the plain vocabulary of an article says of relevance and type.

The rules know how the press names a crime; this knows the company that such stories keep. Two linear models over the beginnings
of words (term frequency, inverse document frequency, unit length): a logistic one says whether the text tells an incident, a
softmax one of which type. `python -m nlp.training` learns them from texts of the project's own; the weights are
`data/categorizer.csv`, one line a beginning, so that they can be read. `nlp.events` weighs the answer beside the rules'.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc

from .extensions import register
from .forms import tokens

LETTERS = 7
"""A word counts by its first letters, which serves as a stem."""
FIRST = 250
"""Words read of each text: the news comes first."""
BIAS = "*"
"""Name of the line that holds the intercepts."""

_NOT_READ = -2
_UNKNOWN = -1


def beginning(word: str) -> str | None:
    """What a word counts as; None for short and capitalised ones (mostly names) and what is no word."""
    return word[:LETTERS] if len(word) > 2 and word.isalpha() and word.islower() else None


@dataclass(frozen=True)
class Categories:
    """`relevance`: log-odds that the text tells an incident; `types`: the log-probability of each type if it does."""

    relevance: float
    types: dict[str, float]


class Model:
    """Trained weights. `idf`: one figure a beginning; `weights`: beginnings × (relevance, types…)."""

    def __init__(
        self,
        types: list[str],
        rows: dict[str, int],
        idf: NDArray[np.float64],
        weights: NDArray[np.float64],
        bias: NDArray[np.float64],
    ) -> None:
        self.types, self.rows, self.idf, self.weights, self.bias = types, rows, idf, weights, bias

    @classmethod
    def read(cls, lines: Iterable[str]) -> Model:
        """The weights of a table: a line of names, the intercepts, then a line a beginning."""
        table = csv.reader(lines)
        types = next(table)[3:]
        bias = np.array([float(cell) for cell in next(table)[2:]])
        body = list(table)
        figures = np.array([[float(cell or 0) for cell in line[1:]] for line in body])
        return cls(types, {line[0]: i for i, line in enumerate(body)}, figures[:, 0].copy(), figures[:, 1:].copy(), bias)

    def categories(self, doc: Doc) -> Categories:
        """What the words of a document say."""
        met = tokens(doc).pick(self._row, np.intp)
        counts = Counter(met[met != _NOT_READ][:FIRST].tolist())
        del counts[_UNKNOWN]
        scores = self.bias
        if counts:
            rows = np.fromiter(counts, dtype=np.intp, count=len(counts))
            values = (1 + np.log(np.fromiter(counts.values(), dtype=float, count=len(counts)))) * self.idf[rows]
            scores = scores + (values / np.sqrt(values @ values)) @ self.weights[rows]
        by_type = scores[1:] - scores[1:].max()
        by_type = by_type - np.log(np.exp(by_type).sum())
        return Categories(float(scores[0]), dict(zip(self.types, by_type.tolist(), strict=True)))

    def _row(self, word: str, _lower: int) -> int:
        key = beginning(word)
        return _NOT_READ if key is None else self.rows.get(key, _UNKNOWN)


@cache
def shipped() -> Model:
    """The weights of `data/categorizer.csv`."""
    return Model.read((files("nlp") / "data" / "categorizer.csv").read_text("utf-8").splitlines())


@Language.factory("categorizer", assigns=["doc._.categories"])
class Categorizer:
    """Sets `Doc._.categories`, a `Categories`."""

    def __init__(self, nlp: Language, name: str) -> None:  # noqa: ARG002 (the factory signature)
        register()
        self.name = name
        self.model = shipped()

    def __call__(self, doc: Doc) -> Doc:
        doc._.categories = self.model.categories(doc)
        return doc
