"""Learning the categorizer's table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import spacy
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from ..categorizer import BIAS, FIRST, Model, beginning
from .texts import Text

LEAST_TEXTS = 3
"""Texts that a beginning must stand in to be learnt."""
RELEVANCE_STRENGTH, TYPE_STRENGTH = 30.0, 60.0
"""Inverse strengths of the L2 penalties: the best of those tried by cross-validation."""

_tokenizer = spacy.blank("es").tokenizer


def beginnings(text: Text) -> list[str]:
    """The beginnings that `nlp.categorizer` reads of a text."""
    return [key for token in _tokenizer(text.whole) if (key := beginning(token.text))][:FIRST]


@dataclass(frozen=True)
class Learner:
    """What was learnt from texts: the weighting of terms and the two models."""

    terms: TfidfVectorizer
    relevance: LogisticRegression
    types: LogisticRegression

    @classmethod
    def learn(cls, texts: Sequence[Text]) -> Learner:
        """Learn from texts of which at least one tells no incident."""
        terms = TfidfVectorizer(analyzer=beginnings, min_df=LEAST_TEXTS, sublinear_tf=True)
        matrix = terms.fit_transform(texts)
        told = np.array([text.type is not None for text in texts])
        relevance = LogisticRegression(C=RELEVANCE_STRENGTH, max_iter=5000).fit(matrix, told)
        types = LogisticRegression(C=TYPE_STRENGTH, max_iter=5000)
        types.fit(matrix[np.flatnonzero(told)], [text.type for text in texts if text.type is not None])
        return cls(terms, relevance, types)

    def table(self) -> list[str]:
        """The lines of `nlp/data/categorizer.csv`."""
        weights: NDArray[np.float64] = np.vstack([self.relevance.coef_, self.types.coef_])
        bias = np.concatenate([self.relevance.intercept_, self.types.intercept_])
        lines = [",".join(["beginning", "idf", "relevance", *self.types.classes_])]
        lines.append(",".join([BIAS, "", *(f"{value:.3f}" for value in bias)]))
        for key, column in sorted(self.terms.vocabulary_.items()):
            lines.append(",".join([key, f"{self.terms.idf_[column]:.2f}", *(f"{value:.2f}" for value in weights[:, column])]))
        return lines

    def model(self) -> Model:
        """What `nlp.categorizer` would make of the table."""
        return Model.read(self.table())
