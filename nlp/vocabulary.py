"""What the plain vocabulary of an article says of relevance and type: two linear models over word beginnings.

The rules know how the press names a crime; this knows the company that such stories keep. Trained by `python -m nlp.train`
on the labelled articles of `tests/gold/develop*.jsonl`; the weights are `data/vocabulary.csv`, one line a word beginning.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray
from spacy.tokens import Doc

LETTERS = 7
"""A word counts by its first letters, which serves as a stem."""
FIRST = 250
"""Words read of each article: the news comes first."""
BIAS = "*"
"""Name of the line that holds the intercepts."""

Vector = NDArray[np.float64]


def beginnings(doc: Doc) -> list[str]:
    """Beginnings of the article's first words of three letters and more; without capitalised ones, which are mostly names."""
    found: list[str] = []
    for token in doc:
        if token.is_alpha and token.is_lower and len(token) > 2:
            found.append(token.lower_[:LETTERS])
            if len(found) == FIRST:
                break
    return found


class Vocabulary:
    """The trained weights; `score` reads one document."""

    def __init__(self) -> None:
        path = files("nlp") / "data" / "vocabulary.csv"
        lines = list(csv.reader(path.read_text("utf-8").splitlines()))
        self.types = lines[0][2:]
        self._row = {line[0]: i for i, line in enumerate(lines[1:])}
        self._weights: Vector = np.array([[float(cell or 0) for cell in line[1:]] for line in lines[1:]])
        self._known: dict[int, int] = {}

    def score(self, doc: Doc) -> tuple[float, dict[str, float]]:
        """Log-odds that the article reports an incident, and the log-probability of every type if it does."""
        keys: list[int] = doc.to_array("ORTH").tolist()
        known, strings = self._known, doc.vocab.strings
        rows = {self._row[BIAS]}
        seen = 0
        for key in keys:
            row = known.get(key)
            if row is None:
                row = known[key] = self._look_up(strings[key])
            if row != _SHORT:
                seen += 1
                if row >= 0:
                    rows.add(row)
                if seen == FIRST:
                    break
        if len(known) > _MOST_KNOWN:
            known.clear()
        totals = self._weights[list(rows)].sum(axis=0)
        by_type = totals[1:]
        by_type = by_type - (top := by_type.max()) - np.log(np.exp(by_type - top).sum())
        return float(totals[0]), dict(zip(self.types, by_type.tolist(), strict=True))

    def _look_up(self, word: str) -> int:
        return self._row.get(word[:LETTERS], -1) if len(word) > 2 and word.isalpha() and word.islower() else _SHORT


_SHORT = -2
_MOST_KNOWN = 200_000


@cache
def default() -> Vocabulary:
    """The shipped weights."""
    return Vocabulary()


def write(path: Any, types: list[str], rows: dict[str, Vector]) -> None:
    """Write trained weights, the bias first; zeros are left empty."""
    with open(path, "w", encoding="utf-8", newline="") as file:  # noqa: PTH123
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["beginning", "relevance", *types])
        for name in [BIAS, *sorted(key for key in rows if key != BIAS)]:
            out.writerow(
                [name, *(f"{value:.2f}".rstrip("0").rstrip(".") if abs(value) >= 0.005 else "" for value in rows[name])]
            )
