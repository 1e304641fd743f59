"""Learning the categorizer's tables."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import spacy
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from ..categorizer import BIAS, HEADED, Model, beginning, heading, headline, neighbour, plain, word
from .texts import Text

LEAST_TEXTS = 3
"""Texts that a term must stand in to be learnt."""
RELEVANCE_STRENGTH, TYPE_STRENGTH = 100.0, 30.0
"""Inverse strengths of the L2 penalties: the best of those tried by cross-validation."""
_TOLERANCE = 1e-3
"""Finer steps change no decision and take ten times as long."""

_tokenizer = spacy.blank("es").tokenizer


def beginnings(text: Text) -> list[str]:
    """The beginnings of words that `nlp.categorizer` reads of a text."""
    forms = _forms(text)
    headed = [key for form in forms[: headline(forms)] if (key := heading(form))]
    return [key for form in forms if (key := beginning(form))] + headed * HEADED


def words_and_pairs(text: Text) -> list[str]:
    """The words and pairs of neighbours that `nlp.categorizer` reads of a text."""
    forms = _forms(text)
    beside = [neighbour(form) for form in forms]
    return [key for form in forms if (key := word(form))] + [" ".join(pair) for pair in pairwise(beside)]


def _forms(text: Text) -> list[str]:
    return plain([token.text for token in _tokenizer(text.whole)])


@dataclass(frozen=True)
class Learner:
    """What was learnt from texts: for each of the two models, the weighting of terms and the weights."""

    by_type: TfidfVectorizer
    types: LogisticRegression
    told: TfidfVectorizer
    relevance: LogisticRegression

    @classmethod
    def learn(cls, texts: Sequence[Text]) -> Learner:
        """Learn from texts of which at least one tells no incident.

        The rarer types count as much as the frequent ones: which of them the press writes of most changes with place and year.
        """
        told = TfidfVectorizer(analyzer=words_and_pairs, min_df=LEAST_TEXTS, sublinear_tf=True)
        relevance = LogisticRegression(C=RELEVANCE_STRENGTH, max_iter=5000, tol=_TOLERANCE)
        telling = [text for text in texts if not text.wording]
        relevance.fit(told.fit_transform(telling), [text.type is not None for text in telling])
        by_type = TfidfVectorizer(analyzer=beginnings, min_df=LEAST_TEXTS, sublinear_tf=True).fit(texts)
        incidents = [text for text in texts if text.type is not None]
        types = LogisticRegression(C=TYPE_STRENGTH, max_iter=5000, tol=_TOLERANCE, class_weight="balanced")
        types.fit(by_type.transform(incidents), [text.type for text in incidents])
        return cls(by_type, types, told, relevance)

    def type_table(self) -> list[str]:
        """The lines of `nlp/data/categorizer.csv`."""
        return _lines(["beginning", "idf", *self.types.classes_], self.by_type, self.types)

    def relevance_table(self) -> list[str]:
        """The lines of `nlp/data/relevance.csv`."""
        return _lines(["term", "idf", "relevance"], self.told, self.relevance)

    def model(self) -> Model:
        """What `nlp.categorizer` would make of the tables."""
        return Model(self.type_table(), self.relevance_table())


def _lines(names: list[str], terms: TfidfVectorizer, model: LogisticRegression) -> list[str]:
    written = io.StringIO()
    out = csv.writer(written, lineterminator="\n")
    out.writerow(names)
    out.writerow([BIAS, "", *(f"{value:.3f}" for value in model.intercept_)])
    for key, column in sorted(terms.vocabulary_.items()):
        out.writerow([key, f"{terms.idf_[column]:.2f}", *(f"{value:.2f}" for value in model.coef_[:, column])])
    return written.getvalue().splitlines()
