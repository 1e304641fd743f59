"""Sentence boundaries for Spanish news: line breaks always, marks only where no abbreviation, number or initial stands before.

spaCy's `sentencizer` cuts "Mz. B, Lt. 5 de la urb. La Merced" into four; this one knows addresses, police ranks, clock times,
sums of money and initials (`data/sentences.toml`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from spacy.language import Language
from spacy.strings import get_string_id
from spacy.tokens import Doc

from .forms import tokens
from .lexicon import data
from .zones import ZoneIndex

_CLOSING = frozenset("\"'”’»)]")
_MARKS = {get_string_id(mark): mark for mark in (".", "?", "!", "…", "...", "?!", "!?", "..", "....")}
_DOTTED = {"m.": "m", "p.m.": "p.m", "a.m.": "a.m", "etc.": "etc", "s.a.": "s.a", "s.a.c.": "s.a.c", "ee.uu.": "ee.uu"}
_DOTTED_IDS = {get_string_id(word): word for word in _DOTTED}
_WATCHED = frozenset((*_MARKS, *_DOTTED_IDS))


def _is_watched(_form: str, lower: int) -> bool:
    return lower in _WATCHED


_LONGEST = 300
"""Tokens; what runs on for longer is no prose, and is cut."""


class Sentence(NamedTuple):
    """Tokens `start` to `end` of one sentence, the zone that it stands in, and its place among the article's sentences."""

    start: int
    end: int
    zone: str
    order: int


@Language.factory("sentences", assigns=["token.is_sent_start", "doc.sents"])
class Sentences:
    """Sets `Token.is_sent_start` for every token."""

    def __init__(self, nlp: Language, name: str) -> None:  # noqa: ARG002 (the factory signature)
        self.name = name
        table = data("sentences.toml")
        self._always = frozenset(table["always"])
        self._sometimes = frozenset(table["sometimes"])

    def __call__(self, doc: Doc) -> Doc:
        length = len(doc)
        if not length:
            return doc
        flags = np.full(length, -1, dtype=np.int64)
        met = tokens(doc)
        keys = met.lower
        firsts = {0, *ZoneIndex(doc).starts}
        for at in met.where(_is_watched):
            if at + 1 == length:
                break
            if keys[at] in _MARKS:
                after = self._boundary(doc, at)
                if 0 < after < length:
                    firsts.add(after)
            elif doc[at + 1].text[:1].isupper():
                firsts.add(at + 1)
        since = 0
        for at in [*sorted(firsts), length]:
            firsts.update(range(since + _LONGEST, at, _LONGEST))
            since = at
        flags[list(firsts)] = 1
        doc.from_array(["SENT_START"], flags.view(np.uint64))  # type: ignore[arg-type]
        doc.user_data["starts"] = sorted(firsts)
        return doc

    def _boundary(self, doc: Doc, at: int) -> int:
        """Index of the token that opens the next sentence after the mark at `at`, 0 if the mark ends none."""
        after = at + 1
        length = len(doc)
        while after < length and (doc[after].text in _CLOSING or doc[after].lower in _MARKS):
            after += 1
        if after >= length:
            return 0
        following = doc[after].text
        head = following.lstrip("¿¡\"'“‘«(—–-•")[:1]
        if doc[after].is_space:
            return after + 1 if "\n" in following else 0
        opening = following[0] in '¿¡“«‘"(•'
        if not (head.isupper() or head.isdigit() or opening):
            return 0
        if doc[at].text == "." and at:
            before = doc[at - 1]
            word = before.lower_
            if before.is_space:
                return after
            if len(word) == 1 and before.is_upper and word.isalpha():
                return 0
            if word in self._sometimes and head.isupper():
                return after if len(following) > 2 and word in ("m", "p.m", "a.m", "etc", "ee.uu", "no") else 0
            if word in self._always:
                return 0
            if head.isdigit() and not doc[at].whitespace_:
                return 0
        return after


def sentence_starts(doc: Doc) -> list[int]:
    """First tokens of the document's sentences, in order."""
    starts: list[int] | None = doc.user_data.get("starts")
    return (doc.to_array("SENT_START") == 1).nonzero()[0].tolist() if starts is None else starts


def sentences(doc: Doc) -> list[Sentence]:
    """The document's sentences with their zones, in order; blank ones are left out."""
    zones = ZoneIndex(doc)
    starts = sentence_starts(doc)
    ends = [*starts[1:], len(doc)]
    return [Sentence(start, end, zones.at(start), order) for order, (start, end) in enumerate(zip(starts, ends, strict=False))]
