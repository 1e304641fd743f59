"""Building the pipeline, and making its documents from news texts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date
from importlib import import_module

import spacy
from spacy.language import Language
from spacy.tokens import Doc

from . import categorizer, factuality, incidents, sentences, triggers, zones  # noqa: F401 (their factories register themselves)
from .extensions import put_doc, register
from .report import NewsText

COMPONENTS = ("zones", "sentences", "places", "dates", "triggers", "factuality", "categorizer", "incidents")
"""In order; `places` and `dates` come from `nlp.places` and `nlp.dates`."""

LONGEST = 200_000
"""Characters of an article that are read; no news story is longer, and nothing behind this point decides a field."""

_CACHED = 200_000
"""Chunks between blanks whose tokens are kept: spaCy's 10,000 are full after some hundred articles, and then each new word is
taken apart again whenever it comes."""

_JOINT = "\n\n"


def build() -> Language:
    """A blank Spanish pipeline with every component."""
    register()
    nlp = spacy.blank("es")
    nlp.max_length = 4_000_000
    setattr(nlp.tokenizer, "max_cache_size", _CACHED)  # noqa: B010 (unknown to the type of a tokenizer)
    for module in ("places", "dates"):
        with suppress(ModuleNotFoundError):
            import_module(f"nlp.{module}")
    for name in COMPONENTS:
        if Language.has_factory(name):
            nlp.add_pipe(name)
    return nlp


def joined(article: NewsText) -> str:
    """The text that the pipeline reads: headline, a blank line, text."""
    text = article.text[:LONGEST]
    if article.title and article.title.strip():
        text = article.title.strip().replace("\n", " ") + _JOINT + text
    return _RUN.sub(_broken, text) if _has_run(text) else text


_LONGEST_RUN = 150


def _has_run(text: str) -> bool:
    """Whether a run of `_LONGEST_RUN` characters without a space (U+0020) may be in the text: leaps from space to space."""
    at, last = 0, len(text) - _LONGEST_RUN
    while at <= last:
        space = text.rfind(" ", at, at + _LONGEST_RUN)
        if space < 0:
            return True
        at = space + 1
    return False


_RUN = re.compile(rf"\S{{{_LONGEST_RUN},}}")
"""Longer runs without a blank are no words: the tokenizer's time grows with their square."""


def _broken(run: re.Match[str]) -> str:
    """The run with every hundredth character made a blank, so that offsets stay."""
    characters = list(run.group())
    characters[99::100] = " " * len(characters[99::100])
    return "".join(characters)


def headline_length(article: NewsText) -> int:
    """Characters before the article's text begins in `joined`."""
    return len(article.title.strip()) + len(_JOINT) if article.title and article.title.strip() else 0


def headline_offset(article: NewsText) -> int:
    """Blanks that `joined` cut off the title's beginning."""
    return len(article.title) - len(article.title.lstrip()) if article.title else 0


_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def make_doc(nlp: Language, article: NewsText) -> Doc:
    """Tokenize one article and hang the article and its day of publication on the document."""
    text = joined(article)
    doc = nlp.make_doc(text)
    doc.user_data["text"] = text
    put_doc(doc, "article", article)
    if article.published and (found := _DAY.match(article.published.strip())):
        with suppress(ValueError):
            put_doc(doc, "published", date.fromisoformat(found.group()))
    return doc


def documents(nlp: Language, articles: Iterable[NewsText], batch_size: int = 64) -> Iterator[Doc]:
    """Every article as an annotated document, in order, streaming."""
    for doc in nlp.pipe((make_doc(nlp, article) for article in articles), batch_size=batch_size):
        for name in _PASSING:
            doc.user_data.pop(name, None)
        yield doc


_PASSING = ("tokens", "zones", "starts", "marked places", "marked dates")
"""What components tell one another and nobody else asks for."""
