"""The spaCy component `places`."""

from __future__ import annotations

from collections import Counter
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc, Span

from ..extensions import get_doc, register
from ..forms import tokens
from ..gazetteer import Gazetteer
from .mention import ADMIN, PlaceMention
from .scan import Scan
from .words import Word, is_special, shipped, word


@Language.factory("places", default_config={"country": "PE"}, assigns=["doc.spans", "span._.place"])
class PlaceScanner:
    """Finds the place mentions of a document and puts them into `doc.spans["places"]`, in order and not overlapping.

    The label of a span is its kind (street, facility, neighbourhood, populated_place, district, province, department, country);
    `span._.place` is its `PlaceMention`. Works with or without zones and sentences. `country` is the country assumed for
    articles that say none. Never raises on any text; time is linear in the number of tokens.
    """

    def __init__(self, nlp: Language, name: str, country: str = "PE") -> None:  # noqa: ARG002 (the factory signature)
        register()
        self.name = name
        self.country = country
        self.gazetteer = Gazetteer.default()
        self.words = shipped()

    def __call__(self, doc: Doc) -> Doc:
        if not len(doc):
            doc.spans["places"] = []
            return doc
        met = tokens(doc)
        words: list[Word] = met.pick(word, object).tolist()
        special = met.where(is_special)
        user_data: dict[Any, Any] = doc.user_data
        article = get_doc(doc, "article")
        country = (article.country if article is not None else None) or ""
        mentions = Scan(doc, words, special, self.words, self.gazetteer, country.upper() or self.country).run()
        if not country and (guess := self._country(words, mentions)) != self.country:
            mentions = Scan(doc, words, special, self.words, self.gazetteer, guess).run()
        spans = []
        for m in mentions:
            spans.append(Span(doc, m.first, m.last, m.kind))
            user_data["._.", "place", m.start, m.end] = m  # what Span._.place = m writes, at a tenth of its cost
        doc.spans["places"] = spans
        return doc

    def _country(self, words: list[Word], mentions: list[PlaceMention]) -> str:
        """The country that an article of unknown origin is about, by its places and by words that only one country uses."""
        votes: Counter[str] = Counter()
        cues = self.words.country_cues
        for w in words:
            if w.cue:
                votes[cues[w.key]] += 2
        for m in mentions:
            if not m.word or m.kind in ADMIN or "institution" in m.roles:
                found = {p.country for p in m.candidates}
                if len(found) == 1:
                    votes[found.pop() or ""] += 1 if "demonym" in m.roles else 2
                elif self.country in found:
                    votes[self.country] += 1
        if not votes:
            return self.country
        best, count = votes.most_common(1)[0]
        return best if best and count > votes[self.country] else self.country

    def to_bytes(self, **_: Any) -> bytes:
        """Nothing to store: the words and names ship with the package."""
        return b""

    def from_bytes(self, _data: bytes, **_: Any) -> PlaceScanner:
        """The counterpart of `to_bytes`."""
        return self

    def to_disk(self, _path: Any, **_: Any) -> None:
        """Nothing to store: the words and names ship with the package."""

    def from_disk(self, _path: Any, **_: Any) -> PlaceScanner:
        """The counterpart of `to_disk`."""
        return self
