"""How a trigger's sentence means it: told as a fact, hedged, denied, general, planned, played, past (`data/context.toml`)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

from spacy.language import Language
from spacy.strings import get_string_id
from spacy.tokens import Doc

from .extensions import get, put, register
from .forms import lower_ids, words_of
from .lexicon import Lexicon, data, ids
from .sentences import Sentence
from .triggers import Trigger

Reading = Literal[
    "asserted", "hedged", "quoted", "general", "policy", "hypothetical", "background", "fiction", "denied", "habitual"
]
Status = Literal["completed", "attempted", "threatened"]


@dataclass(frozen=True, slots=True)
class Factuality:
    """Reading of one trigger."""

    reading: Reading
    weight: float
    """Share of the trigger's strength that is left, 0 to 1."""
    status: Status
    rule: str
    """The words that decided, "" where nothing spoke against a plain fact."""


_TRIED = 8
"""Tokens after a verb of trying within which the deed that was tried stands."""
_NOT = ids(("no", "nunca", "jamás", "ni", "sin", "tampoco", "ningún", "ninguna"))
_IRREALIS = {
    "future": 0.2,
    "conditional": 0.35,
    "subjunctive": 0.3,
    "infinitive": 0.45,
    "imperfect": 0.7,
    "gerund": 0.8,
    "present": 0.6,
}
_AFTER = ids(("tras", "después", "luego", "por", "haber", "al"))
_DIGITS_OR_MANY = ids(("varios", "varias", "muchos", "muchas", "más", "casos", "tantos", "tantas", "numerosos", "constantes"))
_DETERMINERS = ids(
    (
        "el",
        "la",
        "un",
        "una",
        "este",
        "esta",
        "ese",
        "esa",
        "su",
        "del",
        "al",
        "dos",
        "tres",
        "cuatro",
        "cinco",
        "ambos",
        "presunto",
        "presunta",
        "primer",
        "doble",
        "triple",
        "otro",
        "otra",
        "mismo",
        "segundo",
        "nuevo",
        "brutal",
        "violento",
        "cruento",
        "cada",
    )
)
_QUE = get_string_id("que")
_MAY_HAVE = ids(("haya", "hayan", "hubiera", "hubieran", "hubiese", "hubiesen"))
_FACT_BEFORE_QUE = ids(("después", "luego", "tras", "desde"))
_OPEN, _CLOSE = ids(("“", "«", "‘")), ids(("”", "»", "’"))
_QUOTE = get_string_id('"')
_QUOTES = _OPEN | {_QUOTE}


@cache
def _tried_words() -> dict[str, frozenset[int]]:
    return {name: ids(words) for name, words in data("context.toml")["tried"].items()}


@Language.factory("factuality", requires=["doc.spans", "span._.trigger"], assigns=["span._.factuality"])
class FactualityReader:
    """Sets `Span._.factuality` of every span in `doc.spans["triggers"]`."""

    def __init__(self, nlp: Language, name: str) -> None:  # noqa: ARG002 (the factory signature)
        register()
        self.name = name
        self._weights: dict[str, float] = {}
        self._cues: Lexicon[str] = Lexicon()
        for reading, table in data("context.toml")["reading"].items():
            self._weights[reading] = float(table["weight"])
            for cue in table["cues"]:
                self._cues.add(cue, reading)

    def __call__(self, doc: Doc) -> Doc:
        spans = doc.spans.get("triggers", ())
        readings: dict[int, dict[str, str]] = {}
        doc.user_data["readings"] = readings
        keys: list[int] = lower_ids(doc)
        found: list[Sentence] = doc.user_data.get("sentences", [])
        at = 0
        for span in spans:
            while at + 1 < len(found) and found[at].end <= span.start:
                at += 1
            sentence = found[at]
            if at not in readings:
                readings[at], tried = self._read(doc, keys, sentence)
            trigger: Trigger = get(span, "trigger")
            status = self._status(keys, span.start, span.end, trigger, readings[at], tried)
            put(span, "factuality", self._judge(keys, sentence, span.start, trigger, readings[at], status))
        return doc

    def _read(self, doc: Doc, keys: list[int], sentence: Sentence) -> tuple[dict[str, str], list[tuple[int, int]]]:
        """The readings' cues in a sentence, and from where to where it says that something was tried."""
        cues: dict[str, str] = {}
        tried: list[tuple[int, int]] = []
        for hit in self._cues.find(keys, sentence.start, sentence.end):
            if hit.value == "attempted":
                tried.append((hit.start, hit.end))
            if hit.value not in cues:
                cues[hit.value] = words_of(doc, hit.start, hit.end)
        return cues, tried

    @staticmethod
    def _status(
        keys: list[int], start: int, end: int, trigger: Trigger, cues: dict[str, str], tried: list[tuple[int, int]]
    ) -> Status:
        """Whether the deed that tokens `start` to `end` tell was only tried, or only threatened.

        What was tried stands soon after the verb of trying ("intentaron … asaltar"), or the words for failing after the deed
        ("no lograron…"); a verb in the past between them tells another deed, which was done, and one tries to flee as well.
        """
        words = _tried_words() if tried else {}
        for first, last in tried:
            if first < end and start < last:
                return "attempted"
            if last <= start <= last + _TRIED and not (trigger.form == "past" and start > last + 1):
                if words["aside"].isdisjoint(keys[last : last + 2]):
                    return "attempted"
            elif end <= first and not words["failed"].isdisjoint(keys[first:last]):
                return "attempted"
        return "threatened" if "threatened" in cues and trigger.type != "extortion" and trigger.form != "past" else "completed"

    def _judge(
        self, keys: list[int], sentence: Sentence, start: int, trigger: Trigger, cues: dict[str, str], status: Status
    ) -> Factuality:
        weight, reading, rule = 1.0, "asserted", ""
        for name in ("fiction", "denied", "general", "habitual", "policy", "background", "hypothetical"):
            if name == "habitual" and trigger.type == "extortion":
                continue
            if name in cues and self._weights[name] < weight:
                weight, reading, rule = self._weights[name], name, cues[name]
        low = max(sentence.start, start - 3)
        before = keys[low:start]
        form = trigger.form
        if form == "participle" and not _MAY_HAVE.isdisjoint(before):
            form = "subjunctive"
        if form == "subjunctive":
            clause = keys[max(sentence.start, start - 10) : start]
            if _QUE in clause and not _FACT_BEFORE_QUE.isdisjoint(clause):
                return Factuality("asserted", 0.9, status, "después de que")
        if form and form not in ("participle", "past") and weight > 0.3:
            factor = _IRREALIS.get(form, 1.0)
            if form == "infinitive" and (any(key in _AFTER for key in before) or status == "attempted"):
                factor = 0.9
            if form == "present" and sentence.zone in ("headline", "caption", "lead", "subhead"):
                factor = 1.0
            if factor < 1:
                weight *= factor
                reading, rule = ("hypothetical" if factor < 0.5 else reading), rule or form
        if trigger.role in ("act", "name") and any(key in _NOT for key in before) and weight > 0.1:
            weight, reading, rule = 0.1, "denied", "negation"
        bare = not any(key in _DETERMINERS for key in keys[max(sentence.start, start - 2) : start])
        if trigger.role == "name" and not trigger.form and weight > 0.4 and sentence.zone != "headline" and bare:
            weight *= 0.8
        if "hedged" in cues and weight > 0.5:
            weight *= self._weights["hedged"]
            reading, rule = "hedged", cues["hedged"]
        if weight > 0.5 and self._quoted(keys, sentence, start):
            weight *= 0.75
            reading, rule = "quoted", rule or "quotation marks"
        return Factuality(reading, weight, status, rule)  # type: ignore[arg-type]

    @staticmethod
    def _quoted(keys: list[int], sentence: Sentence, at: int) -> bool:
        """Whether a quotation is open at token `at`."""
        before = keys[sentence.start : at]
        if _QUOTES.isdisjoint(before):
            return False
        depth = straight = 0
        for key in before:
            if key in _OPEN:
                depth += 1
            elif key in _CLOSE:
                depth = max(0, depth - 1)
            elif key == _QUOTE:
                straight += 1
        return depth > 0 or straight % 2 == 1
