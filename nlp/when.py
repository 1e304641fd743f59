"""When the incident happened: of every date that the text names, is it the deed's own?

The arrest, the complaint, the funeral, the hearing and the video have dates of their own. Where none belongs to the deed, there
is no date: an invented one is the worst fault.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Literal

from spacy.tokens import Doc, Span

from .conjugation import forms
from .extensions import get_doc, marked
from .forms import lower_ids, tokens
from .lexicon import data, ids
from .scene import Scene

if TYPE_CHECKING:
    from .dates import DateValue
    from .events import Mention
    from .sentences import Sentence


@dataclass(frozen=True, slots=True)
class Candidate:
    """A date expression and how well it fits as the deed's day."""

    span: Span
    value: DateValue
    score: float
    """Log-odds that it is the deed's."""
    rule: str
    features: dict[str, float]


@cache
def _weights() -> dict[str, float]:
    return {key: float(value) for key, value in data("decision.toml")["when"].items()}


@cache
def _words() -> dict[str, frozenset[int]]:
    return {
        name: ids(form for word in words for form in _told(word)) for name, words in data("context.toml")["date_words"].items()
    }


def _told(word: str) -> list[str]:
    """The forms in which news tells of a verb ("~robar": simple past and participles); any other word as it is."""
    if not word.startswith("~"):
        return [word]
    return [form for form, kind in forms(word[1:]) if kind in ("past", "participle")]


_BEFORE, _AFTER = 5, 3
"""Tokens before and after a date among which its verb stands."""
_NEIGHBOURS = ("said", "judged", "caught", "found", "happened")
_TOLD_THERE = 0.5
"""Strength of a trigger from which a clause tells the deed; else a date beside a verb of speaking is the speaker's own."""
_DEED = ("act", "name")
_HELD = ("drug_offence", "weapons_offence", "environmental_crime", "corruption", "fraud", "other_crime")
"""Types of which one is mostly caught in the act: the arrest's day is the deed's."""
_NEVER = ("announced", "paper", "died_later", "decayed")
"""What settles that a date is not the deed's."""
_STOP, _DASH = ids((".", ".-", ".–", ".—")), ids(("-", "–", "—", ".-", ".–", ".—", "|", "/"))
_LINKS = ids(("de", "del", "la", "el", "los"))
_DATELINE = 9
"""Tokens before the date of a dateline."""
_PROSE = 6
"""Tokens of the shortest sentence of a story."""
_MARKS = ids((",", ".", ";", ":", "(", ")", "|", "-", "–", "—", "“", "”", "«", "»", '"'))
_AND = ids(("y", "e"))

_PAST = ("ó", "aron", "ieron", "eron", "aba", "aban", "ían")
_OLD = 45
"""Days before publication after which news seldom tells of a fresh deed."""


def _is_past(form: str, _lower: int) -> bool:
    return form.endswith(_PAST)


def features(
    doc: Doc, scene: Scene, span: Span, value: DateValue, keys: list[int], told: Sequence[Mention], rank: int
) -> dict[str, float]:
    """What speaks for and against one date, by the names of `data/decision.toml`.

    `told`: the triggers of its sentence; `rank`: how many sentences of prose stand before it.
    """
    view = scene.view(span.start)
    if view is None:
        return {}
    sentence, words = view.sentence, _words()
    order, police = sentence.order, scene.event != "crime"
    around = [scene.views[o] for o in (order - 1, order + 1) if 0 <= o < len(scene.views)]
    beside = [other for other in around if other.sentence.zone == sentence.zone or sentence.zone == "subhead"]
    here = set(keys[sentence.start : sentence.end])
    before = keys[max(sentence.start, span.start - 2) : span.start]
    found = {
        "event": min(view.event, 2.5),
        "event_beside": min(max((other.event for other in beside), default=0.0), 2.5) if view.event < 0.5 else 0.0,
        "police": min(view.police, 2.5) if police else 0.0,
        "arrest": float(not police and view.police > view.event),
        "told": float(view.told),
        "placed": float(view.placed),
        "aside": float(bool(view.aside)),
        "order": min(rank, 15) / 5,
        "clock": float(bool(here & words["clock"])),
        "part_of_day": float(bool(value.part_of_day)),
        "past": float(tokens(doc).any(_is_past, sentence.start, sentence.end)),
        "month": float(value.precision == "month"),
        "year": float(value.precision == "year"),
        "vague": float(value.precision == "vague"),
        "today": float(len(span) == 1 and keys[span.start] in words["today"]),
        "since": float(any(key in words["since"] for key in before)),
        "ago": float(value.rule in ("ago", "period", "festivity")),
        "full": float(value.day is not None and value.month is not None),
        "other": float(bool(here & words["other"])),
        "quoted": float(bool(here & words["quotes"])),
        f"zone_{sentence.zone}": 1.0,
        f"order_{scene.event}": min(rank, 15) / 5,
    }
    for name in view.aftermath:
        found[name] = 1.0
    first, last = _clause(keys, span, sentence.start, sentence.end)
    inside = [m for m in told if first <= m.span.start < last]
    if here & words["died"] and any(key in words["agony"] for key in keys):
        found["died_later"] = 1.0
    if scene.kind == "kidnapping" and here & words["freed"]:
        found["freed"] = 1.0
    if keys[span.start] in words["of"] and any(
        key in words["papers"] for key in keys[max(sentence.start, span.start - 7) : span.start]
    ):
        found["paper"] = 1.0
    if any(key in words["so_far"] for key in keys[span.end : span.end + 4]) or (before and before[0] in words["so_far"]):
        found["so_far"] = 1.0
    found["clause_event"] = max(
        (m.trigger.strength * m.factuality.weight for m in inside if m.trigger.role in _DEED), default=0.0
    )
    found["clause_police"] = max((m.trigger.strength for m in inside if m.trigger.role in ("police", "court")), default=0.0)
    if set(keys[first : first + 4]) & words["nobody"] and not found["clause_event"]:
        found["nobody"] = 1.0
    near = _beside(keys, span, first, last)
    if near & words["impersonal"] and any(  # "el robo se reportó el lunes" tells when it was
        keys[at] in words["itself"] and keys[at + 1] in words["impersonal"] for at in range(first, last - 1)
    ):
        near = near - words["impersonal"]
        found["beside_happened"] = 1.0
    for name in _NEIGHBOURS:
        if near & words[name]:
            found[f"beside_{name}"] = 1.0
    before = keys[max(first, span.start - 2) : span.start]
    if before and (before[-1] in words["copula"] or (before[0] in words["copula"] and before[-1] in words["prepositions"])):
        found["beside_happened"] = 1.0
    if "beside_found" in found and here & words["remains"] and any(key in words["decayed"] for key in keys):
        found["decayed"] = 1.0  # found dead long after: nobody says when it was
    if "beside_happened" in found:
        clause = {*keys[first : span.start], *_until_joint(keys[span.end : last])}
        if clause & words["after_it"]:
            del found["beside_happened"]
            found["stated_other"] = 1.0
        elif clause & words["it"] or first >= span.start - 3:
            found["stated"] = 1.0
    if found["clause_police"] >= _TOLD_THERE or "beside_caught" in found:
        found[f"caught_{'with' if scene.kind in _HELD else 'for'}_{scene.event}"] = 1.0
    spoken = "beside_said" in found or "beside_judged" in found
    acted = police and (found["clause_police"] >= _TOLD_THERE or "beside_caught" in found)
    if spoken and not acted and "beside_happened" not in found and found["clause_event"] < _TOLD_THERE:
        found["announced"] = 1.0
    if max(found["event"], found["event_beside"], found["clause_police"]) < _TOLD_THERE and not view.told:
        found["bare"] = float(not any(name.startswith("beside_") for name in found))
    published = get_doc(doc, "published")
    if published is not None and value.start is not None:
        old = (published - value.start).days > _OLD
        found["old_judicial" if scene.event == "judicial" else "old"] = float(old)
        if scene.event == "judicial" and not old:
            found["recent_judicial"] = 1.0
    return found


def _clause(keys: list[int], span: Span, start: int, end: int) -> tuple[int, int]:
    """The stretch between two marks or subordinators of a sentence that holds a date."""
    first, last = span.start, span.end
    turns = _words()["turns"]
    while first > start and keys[first - 1] not in _MARKS and keys[first - 1] not in turns:
        first -= 1
    while last < end and keys[last] not in _MARKS and keys[last] not in turns:
        last += 1
    return first, last


def _beside(keys: list[int], span: Span, first: int, last: int) -> set[int]:
    """The words right before and after a date, of its clause."""
    after = _until_joint(keys[span.end : min(last, span.end + _AFTER)])
    return {*keys[max(first, span.start - _BEFORE) : span.start], *after}


def _until_joint(keys: list[int]) -> list[int]:
    """The words before an "y", after which another verb may come."""
    return keys[: next((at for at, key in enumerate(keys) if key in _AND), len(keys))]


def candidates(doc: Doc, scene: Scene, within: Collection[int] | None = None) -> list[Candidate]:
    """Every date expression that can be the incident's, best first. `within`: only sentences of those orders."""
    if scene.dates is None:
        scene.dates = _score(doc, scene)
    if within is None:
        return scene.dates
    return [c for c in scene.dates if (view := scene.view(c.span.start)) is not None and view.sentence.order in within]


def _score(doc: Doc, scene: Scene) -> list[Candidate]:
    w = _weights()
    published = get_doc(doc, "published")
    keys: list[int] = lower_ids(doc)
    by_sentence: dict[int, list[Mention]] = {}
    for mention in scene.mentions:
        by_sentence.setdefault(mention.sentence.order, []).append(mention)
    found: list[Candidate] = []
    rank = _ranks(scene)
    first = True
    for span, value in marked(doc, "dates", "date"):
        view = scene.view(span.start)
        if value is None or view is None or view.sentence.zone in ("link", "byline", "dateline"):
            continue
        if published is not None and value.start is not None and value.start > published:
            continue
        if _is_dateline(doc, keys, span, value, view.sentence):
            continue
        told = features(doc, scene, span, value, keys, by_sentence.get(view.sentence.order, ()), rank[view.sentence.order])
        told["first"] = float(first)
        first = False
        score = w["bias"] + sum(w.get(name, 0.0) * amount for name, amount in told.items() if amount)
        rules = [text for name, text in _REASONS.items() if told.get(name, 0.0) > 0.5]
        found.append(Candidate(span, value, score, "; ".join(rules) or f"named in the {view.sentence.zone}", told))
    named = Counter(c.value.iso() for c in found)
    spoken = {c.value.iso() for c in found if c.features.get("announced") or c.features.get("stated_other")}
    for i, candidate in enumerate(found):
        if (again := named[candidate.value.iso()]) > 1 and candidate.value.precision != "none":
            more = {"again": float(min(again - 1, 2)), "again_announced": float(candidate.value.iso() in spoken)}
            candidate.features.update(more)
            found[i] = replace(candidate, score=candidate.score + sum(w.get(name, 0.0) * more[name] for name in more))
    days = {c.value.iso() for c in found if c.value.precision == "day"}
    if len(days) == 1:
        for i, candidate in enumerate(found):
            if candidate.value.precision == "day":
                candidate.features["alone"] = 1.0
                found[i] = replace(candidate, score=candidate.score + w.get("alone", 0.0))
    found.sort(key=lambda c: -c.score)
    return found


def _ranks(scene: Scene) -> list[int]:
    """For every sentence the number of those of prose before it; what a page puts around a story ("Cargando...") is none."""
    ranks, prose = [], 0
    for view in scene.views:
        ranks.append(prose)
        sentence = view.sentence
        prose += sentence.zone in ("lead", "body") and sentence.end - sentence.start >= _PROSE
    return ranks


def _is_dateline(doc: Doc, keys: list[int], span: Span, value: DateValue, sentence: Sentence) -> bool:
    """Whether a date tells the day of writing ("MOTUL, Yucatán, sábado 20 de septiembre.- …", "Lima, 3 mayo (Agencia) …")."""
    if value.day is None or value.month is None or span.start - sentence.start > _DATELINE:
        return False
    lead = [doc[at] for at in range(sentence.start, span.start)]
    if not all(token.is_punct or token.text[:1].isupper() or keys[token.i] in _LINKS for token in lead):
        return False
    after = span.end + (span.end < len(doc) and keys[span.end] in _STOP)
    if doc[after - 1].text.endswith((".-", ".–", ".—")):
        return True
    return after < len(doc) and (keys[after] in _DASH or (doc[after].text[:1] == "(" and bool(lead)))


_REASONS = {
    "event": "in the sentence of the deed",
    "event_beside": "beside the sentence of the deed",
    "police": "in the sentence of the police action",
    "told": "with a verb of happening",
    "part_of_day": "with a part of the day",
    "clock": "with a clock time",
    "beside_happened": "beside a verb of happening",
}


def day_of_crime(doc: Doc, scene: Scene, within: Collection[int] | None = None) -> Candidate | None:
    """The date of the incident, None where the text decides none."""
    w = data("decision.toml")["when_choice"]
    ranked = [
        c for c in candidates(doc, scene, within) if c.score >= w["least"] and not any(c.features.get(name) for name in _NEVER)
    ]
    best: Candidate | None = None
    for candidate in ranked:
        if candidate.value.rule == "same_day" and candidate.value.start is None:
            continue  # another date says which day
        best = candidate if best is None else best
        if candidate.score < best.score - w["undecided_gap"]:
            return None
        if resolved(candidate.value)[0] is not None:
            return candidate
    return None


def resolved(value: DateValue) -> tuple[str | None, str | None, Literal["day", "month", "year", "none"]]:
    """Date, last day and precision of a report.

    Days apart by more than one ("entre el viernes 23 y el domingo 25", "el fin de semana") decide no day: they are told as
    their month, or not at all where they lie in two.
    """
    start, end = value.start, value.end
    if value.precision == "none" or start is None:
        return None, None, "none"
    if value.precision == "vague" or (value.precision == "day" and end is not None and (end - start).days > 1):
        within = end is not None and (start.year, start.month) == (end.year, end.month)
        return (f"{start:%Y-%m}", None, "month") if within else (None, None, "none")
    last = end.isoformat() if value.precision == "day" and end is not None and end > start else None
    return value.iso(), last, value.precision
