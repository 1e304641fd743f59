"""Learn `nlp/data/categorizer.csv.gz`: `python -m nlp.training.categorizer [--check]` (needs scikit-learn).

Learns from the labelled articles for developing (`tests/gold/develop*.jsonl`) and the short texts beside this file
(`snippets-*.jsonl`), never from the held-out articles. `--check` writes nothing: it prints how well five-fold cross-validation
and, where the path of a labelled file follows, that file are categorized.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import spacy
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold

from ..categorizer import NONE

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "nlp" / "data" / "categorizer.csv.gz"
LEAST_TEXTS = 3
"""Texts that a word or pair must stand in to be learnt."""
STRENGTH = 15.0
"""Inverse of the regularization: chosen by cross-validation."""


@dataclass(frozen=True)
class Example:
    """A text and its category; `also`: other categories that are right."""

    words: tuple[str, ...]
    """As written."""
    category: str
    also: frozenset[str] = frozenset()


def labelled_files() -> list[Path]:
    """The labelled articles for developing."""
    return sorted((ROOT / "tests" / "gold").glob("develop*.jsonl"))


def snippet_files() -> list[Path]:
    """The short texts beside this file."""
    return sorted(Path(__file__).parent.glob("snippets-*.jsonl"))


def read(files: Iterable[Path]) -> list[Example]:
    """Labelled articles (with "incidents") and snippets (with "type") of JSONL files."""
    tokenizer = spacy.blank("es").tokenizer
    examples = []
    for file in files:
        for line in file.read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            main = record
            if "incidents" in record:
                main = next((i for i in record["incidents"] if i["main"]), {"type": NONE, "also": []})
            text = "\n\n".join(part for part in (record.get("title"), record["text"]) if part)
            words = tuple(token.text for token in tokenizer(text))
            examples.append(Example(words, main["type"], frozenset(main.get("also") or ())))
    return examples


def common_words(examples: Sequence[Example]) -> set[str]:
    """Words, lower case, that are written small at least half the time: no names of people or places are learnt."""
    small: Counter[str] = Counter()
    every: Counter[str] = Counter()
    for example in examples:
        for word in set(example.words):
            if word.isalpha() and len(word) > 1:
                every[word.lower()] += 1
                small[word.lower()] += word.islower()
    return {word for word, count in every.items() if small[word] * 2 >= count}


def terms(words: Sequence[str], common: set[str]) -> list[str]:
    """The words and pairs of neighbours of a text that may be learnt."""
    found = []
    before = ""
    for word in words:
        key = word.lower()
        if key in common:
            found.append(key)
            if before in common:
                found.append(f"{before} {key}")
        before = key
    return found


class Learner:
    """Term weighting and one linear model over all categories."""

    def __init__(self, examples: Sequence[Example]) -> None:
        common = common_words(examples)
        self.terms = TfidfVectorizer(
            analyzer=lambda example: terms(example.words, common), min_df=LEAST_TEXTS, sublinear_tf=True, norm="l2"
        )
        self.model = LogisticRegression(C=STRENGTH, max_iter=5000)
        self.model.fit(self.terms.fit_transform(examples), [example.category for example in examples])

    def probabilities(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        """Examples × categories, in the order of `self.model.classes_`."""
        return self.model.predict_proba(self.terms.transform(examples))

    def table(self) -> list[str]:
        """The lines of the table that `nlp.categorizer` reads."""
        lines = [
            "# Weights of words and pairs of words, learnt by `python -m nlp.training.categorizer`.",
            ",".join(["term", "idf", *self.model.classes_]),
            ",".join(["", "", *(f"{value:.3f}" for value in self.model.intercept_)]),
        ]
        for term, column in sorted(self.terms.vocabulary_.items()):
            weights = ",".join(f"{value:.2f}" for value in self.model.coef_[:, column])
            lines.append(f"{term},{self.terms.idf_[column]:.2f},{weights}")
        return lines


def figures(examples: Sequence[Example], probabilities: NDArray[np.float64], categories: Sequence[str]) -> str:
    """F1 of "an incident or none", and share of the incidents whose type is right."""
    none = list(categories).index(NONE)
    told = probabilities[:, none] < 0.5
    wanted = np.array([example.category != NONE for example in examples])
    right, false, missed = (told & wanted).sum(), (told & ~wanted).sum(), (~told & wanted).sum()
    types = probabilities.copy()
    types[:, none] = 0
    hits = [
        categories[best] in {example.category, *example.also}
        for best, example in zip(types.argmax(axis=1), examples, strict=True)
        if example.category != NONE
    ]
    return (
        f"{len(examples)} texts: incident or none F1 {2 * right / (2 * right + false + missed):.3f}, type {np.mean(hits):.3f}"
    )


def main() -> None:
    """Learn and write the table, or check."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", nargs="*", type=Path, metavar="FILE.jsonl", help="measure instead of writing the table")
    arguments = parser.parse_args()
    examples = read([*labelled_files(), *snippet_files()])
    if arguments.check is None:
        with gzip.GzipFile(TABLE, "wb", mtime=0) as packed:
            packed.write(("\n".join(Learner(examples).table()) + "\n").encode())
        print(f"{TABLE.relative_to(ROOT)}: learnt from {len(examples)} texts")
        return
    parts = []
    for train, test in KFold(5, shuffle=True, random_state=0).split(examples):
        learner = Learner([examples[i] for i in train])
        held = [examples[i] for i in test]
        parts.append((held, learner))
    for held, learner in parts:
        print("fold", figures(held, learner.probabilities(held), list(learner.model.classes_)))
    learner = Learner(examples)
    for file in arguments.check:
        held = read([file])
        print(file.name, figures(held, learner.probabilities(held), list(learner.model.classes_)))


if __name__ == "__main__":
    main()
