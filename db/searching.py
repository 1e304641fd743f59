"""How text is searched: words without case, accents and endings, in the index as in the question.

The stemmer is Snowball's for Spanish (https://snowballstem.org/algorithms/spanish/stemmer.html), after the accents are taken
off, so that what is typed without them meets what is printed with them. What it is worth: `benchmarks/bench_search.py`.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache, lru_cache
from pathlib import Path

import snowballstemmer  # type: ignore[import-untyped]

from db.particulars import fold

TOKENIZER = "unicode61 remove_diacritics 2"
"""Of the full-text index. What it gets is stemmed already; this splits the words, and folds what is asked in raw mode."""

_WORD = re.compile(r"[^\W_]+")
_ASKED = re.compile(r'"([^"]*)"|(\S+)')
_LONGEST = 40  # words of a question that count; more are left out
_STEMMER = snowballstemmer.stemmer("spanish")


@cache
def _stop_words() -> frozenset[str]:
    return frozenset(tomllib.loads(Path(__file__).with_name("searching.toml").read_text(encoding="utf-8"))["stop_words"])


@lru_cache(maxsize=200_000)
def _stem(word: str) -> str:
    return word if word.isdigit() else _STEMMER.stemWord(word)


def stemmed(text: str | None) -> str | None:
    """The stems of a text's words in order, as the index keeps them; None for no text."""
    return " ".join(_stem(word) for word in _WORD.findall(fold(text))) if text else None


def match_expression(question: str | None) -> str:
    """What FTS5 is asked for a visitor's words: every word, in any order; words in double quotes as a phrase.

    Common words are left out unless there are no others. No input is a syntax error; one without any word finds nothing.
    """
    phrases: list[list[str]] = []
    for quoted, bare in _ASKED.findall((question or "")[:1000]):
        words = _WORD.findall(fold(quoted or bare))
        phrases += [words] if quoted else [[word] for word in words]
    telling = [words for words in phrases if words and not (len(words) == 1 and words[0] in _stop_words())]
    asked = telling or [words for words in phrases if words]
    return " ".join('"{}"'.format(" ".join(map(_stem, words))) for words in asked[:_LONGEST]) or '""'
