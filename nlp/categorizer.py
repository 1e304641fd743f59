"""The trained part: how likely a text is to tell each type of incident, or none, judged by its words alone.

A linear model over words and pairs of words (term frequency, inverse document frequency, unit length, softmax), learnt by
`nlp.training.categorizer` from texts of the project's own. It knows nothing of order or syntax; `nlp.events` weighs it beside
the rules. The weights are a table that can be read: one row a word, one column a type.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray
from spacy.language import Language
from spacy.strings import get_string_id
from spacy.tokens import Doc

from .extensions import register

NONE = "none"
"""The category of texts that tell no incident."""

_TABLE = "categorizer.csv.gz"


@dataclass(frozen=True)
class Model:
    """`words`, `pairs`: from ids of lower-case words to rows of `idf` (n) and `weights` (n × categories)."""

    categories: tuple[str, ...]
    words: dict[int, int]
    pairs: dict[tuple[int, int], int]
    idf: NDArray[np.float32]
    weights: NDArray[np.float32]
    intercept: NDArray[np.float32]

    def probabilities(self, keys: list[int]) -> dict[str, float]:
        """Probability of each category for a text given as the ids of its lower-case words, in order."""
        counts: dict[int, int] = {}
        words, pairs = self.words.get, self.pairs.get
        before = 0
        for key in keys:
            row = words(key)
            if row is not None:
                counts[row] = counts.get(row, 0) + 1
            row = pairs((before, key))
            if row is not None:
                counts[row] = counts.get(row, 0) + 1
            before = key
        scores = self.intercept
        if counts:
            rows = np.fromiter(counts, dtype=np.int64, count=len(counts))
            values = (1 + np.log(np.fromiter(counts.values(), dtype=np.float32, count=len(counts)))) * self.idf[rows]
            scores = scores + (values / np.sqrt(values @ values)) @ self.weights[rows]
        odds = np.exp(scores - scores.max())
        return dict(zip(self.categories, (odds / odds.sum()).tolist(), strict=True))


def read_table(lines: Iterable[str]) -> Model:
    """The weights of a table: a row of categories, a row of intercepts, then one row a word or pair of words."""
    rows = csv.reader(line for line in lines if not line.startswith("#"))
    categories = tuple(next(rows)[2:])
    intercept = np.array(next(rows)[2:], dtype=np.float32)
    words: dict[int, int] = {}
    pairs: dict[tuple[int, int], int] = {}
    figures: list[list[float]] = []
    for term, *values in rows:
        first, _, second = term.partition(" ")
        if second:
            pairs[get_string_id(first), get_string_id(second)] = len(figures)
        else:
            words[get_string_id(first)] = len(figures)
        figures.append([float(value) for value in values])
    matrix = np.array(figures, dtype=np.float32)
    return Model(categories, words, pairs, matrix[:, 0].copy(), matrix[:, 1:].copy(), intercept)


@cache
def model() -> Model:
    """The weights of `nlp/data/categorizer.csv.gz`."""
    with (files("nlp") / "data" / _TABLE).open("rb") as packed, gzip.open(packed, "rt", encoding="utf-8", newline="") as table:
        return read_table(table)


@Language.factory("categorizer", assigns=["doc._.categories"])
class Categorizer:
    """Sets `Doc._.categories`: probability of each incident type and of `none`, summing to 1."""

    def __init__(self, nlp: Language, name: str) -> None:  # noqa: ARG002 (the factory signature)
        register()
        self.name = name
        self.model = model()

    def __call__(self, doc: Doc) -> Doc:
        doc._.categories = self.model.probabilities(doc.to_array("LOWER").tolist())
        return doc
