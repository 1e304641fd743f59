"""Is an article about an incident, and of what type: weighing the triggers of a document against what speaks for no event."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from functools import cache

from spacy.tokens import Doc, Span

from .extensions import get, get_doc
from .factuality import Factuality
from .forms import tokens
from .lexicon import data, ids
from .sentences import Sentence
from .triggers import Circumstance, Trigger

_ZONE = {"headline": 2.2, "lead": 1.5, "body": 1.0, "subhead": 0.7, "caption": 0.6, "dateline": 0.5, "link": 0.0, "byline": 0.0}
_DECAY = 0.94
_REPEAT = 0.25
_MERE_BEATING = 0.6
"""What a beating counts beside another crime: most robbers beat."""


@dataclass(frozen=True, slots=True)
class Mention:
    """One trigger where it stands, with the share of its strength that counts."""

    span: Span
    trigger: Trigger
    factuality: Factuality
    sentence: Sentence
    score: float


@dataclass
class Evidence:
    """What a document (or a stretch of its sentences) holds for and against an event."""

    mentions: list[Mention]
    circumstances: dict[str, float]
    """How often each circumstance is told, headline and lead counting more."""
    readings: dict[str, float] = field(default_factory=dict)
    vehicles: list[int] = field(default_factory=list)
    """Tokens that name vehicles."""


def mentions(doc: Doc) -> list[Mention]:
    """The document's triggers with their sentences and scores, in order."""
    found: list[Sentence] = doc.user_data.get("sentences", [])
    result: list[Mention] = []
    at = 0
    for span in doc.spans.get("triggers", ()):
        while at + 1 < len(found) and found[at].end <= span.start:
            at += 1
        trigger: Trigger = get(span, "trigger")
        factuality: Factuality = get(span, "factuality")
        sentence = found[at]
        score = trigger.strength * factuality.weight * _ZONE.get(sentence.zone, 1.0) * _DECAY ** min(sentence.order, 40)
        result.append(Mention(span, trigger, factuality, sentence, score))
    return result


def gather(doc: Doc, found: list[Mention], orders: Collection[int] | None = None, since: int = 0) -> Evidence:
    """Everything that the decisions need, from the mentions of `mentions(doc)`.

    `orders`: only of those sentences; `since`: the sentence from which on what comes later counts less.
    """
    sentences: list[Sentence] = doc.user_data.get("sentences", [])
    readings: dict[int, dict[str, str]] = doc.user_data.get("readings", {})
    circumstances: dict[str, float] = defaultdict(float)
    vehicles: list[int] = []
    circumstance: Circumstance
    starts = [sentence.start for sentence in sentences]
    tried = {m.span.start for m in found if m.factuality.status == "attempted"}
    for circumstance in doc.user_data.get("circumstances", []):
        at = bisect_right(starts, circumstance.at) - 1
        if orders is not None and at not in orders:
            continue
        told = readings.get(at, {})
        weight = 0.3 if any(r in told for r in ("fiction", "general", "policy", "background", "denied")) else 1.0
        weight *= _ZONE.get(sentences[at].zone, 1.0) * _DECAY ** max(min(at, 40) - since, 0)
        for name in circumstance.names:
            circumstances["survived" if name == "death" and circumstance.at in tried else name] += weight
        if "vehicle" in circumstance.names:
            vehicles.append(circumstance.at)
    against: dict[str, float] = defaultdict(float)
    for order, cues in readings.items():
        weight = _ZONE.get(sentences[order].zone, 1.0) * _DECAY ** min(order, 40)
        for name in cues:
            against[name] += weight
    if since:
        found = [replace(m, score=m.score / _DECAY ** min(m.sentence.order, since, 40)) for m in found]
    return Evidence(found, circumstances, against, vehicles)


def sums(found: Iterable[Mention]) -> dict[str, float]:
    """Score of each rule's type: the best mention of every rule in full, repetitions at a quarter."""
    by_rule: dict[tuple[str, str], list[float]] = defaultdict(list)
    for mention in found:
        key = mention.trigger.type or mention.trigger.role
        by_rule[key, mention.trigger.rule].append(mention.score)
    totals: dict[str, float] = defaultdict(float)
    for (key, _), scores in by_rule.items():
        scores.sort(reverse=True)
        totals[key] += scores[0] + _REPEAT * sum(scores[1:4])
    return totals


@cache
def _genres() -> dict[str, frozenset[int]]:
    return {f"genre_{name}": ids(words) for name, words in data("context.toml")["genre"].items()}


def _is_of_genre(_form: str, lower: int) -> bool:
    return any(lower in words for words in _genres().values())


def relevance_features(
    doc: Doc, evidence: Evidence, scores: dict[str, float], specific: float = 0.0, placed: float = 0.0
) -> dict[str, float]:
    """The figures that `relevance` weighs, by the names of `data/decision.toml`.

    `scores`: of the types; `specific`: how well the best sentence of the deed says when, where and that it happened, 0 to 4;
    `placed`: score of the best fine place.
    """
    event = [m for m in evidence.mentions if m.trigger.role in ("act", "name", "police", "court")]
    headline = max((m.score for m in event if m.sentence.zone == "headline"), default=0.0)
    strongest = max((m.score for m in event), default=0.0)
    past = [m for m in event if m.trigger.form in ("past", "participle") and m.factuality.weight > 0.5]
    asserted = sum(1 for m in event if m.factuality.weight > 0.5)
    agents = sum(m.score for m in evidence.mentions if m.trigger.role in ("agent", "sign"))
    read = tokens(doc)
    vocabulary = {read.lower[at] for at in read.where(_is_of_genre)}
    genre = {name: min(len(words & vocabulary), 12) / 4 for name, words in _genres().items()}
    total = sum(scores.values())
    words = get_doc(doc, "categories")
    return genre | {
        "words": _kept(words.relevance),
        "words_opening": _kept(words.opening),
        "words_best": _kept(words.best),
        "words_mean": _kept(words.mean),
        "specific": specific,
        "placed": max(0.0, min(placed, 5.0)),
        "headline": min(headline, 5.5),
        "headline_verb": float(
            any(
                m.sentence.zone == "headline"
                and m.trigger.role in ("act", "police", "court")
                and m.trigger.form in ("past", "present", "participle")
                and m.factuality.weight > 0.7
                for m in event
            )
        ),
        "strongest": min(strongest, 4.0),
        "weak": float(strongest < 1.6),
        "focus": max(scores.values()) / total if total else 0.0,
        "many_types": float(min(sum(1 for value in scores.values() if value > 1.2), 5)),
        "past": float(min(len(past), 6)),
        "asserted_share": asserted / len(event) if event else 0.0,
        "agents": min(agents, 4.0),
        "general": min(evidence.readings.get("general", 0.0), 4.0),
        "policy": min(evidence.readings.get("policy", 0.0), 5.0),
        "fiction": min(evidence.readings.get("fiction", 0.0), 3.0),
        "hypothetical": min(evidence.readings.get("hypothetical", 0.0), 3.0),
        "police": min(max((m.score for m in event if m.trigger.role in ("police", "court")), default=0.0), 4.0),
    }


def _kept(odds: float) -> float:
    return max(-6.0, min(6.0, odds))


def relevance(features: dict[str, float]) -> float:
    """Probability that the article reports an incident: a logistic combination, weights in `data/decision.toml`."""
    weights: dict[str, float] = data("decision.toml")["relevance"]
    z = weights["bias"] + sum(weights.get(name, 0.0) * value for name, value in features.items())
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, z))))


def type_scores(evidence: Evidence) -> dict[str, float]:
    """Score of every incident type that the evidence speaks for, the circumstances taken into account."""
    totals = sums(evidence.mentions)
    about = evidence.circumstances.get
    scores = {key: value for key, value in totals.items() if key not in ("take", "police", "court", "feature")}
    take = totals.get("take", 0.0)
    force, entry, unseen = about("force", 0.0), about("entry", 0.0), about("unseen", 0.0)
    if take:
        shares = taking_shares(about)
        most = max(shares.values())
        for kind, share in shares.items():
            if share > 0:
                scores[kind] = scores.get(kind, 0.0) + take * (1.0 if share == most else 0.5 * share / most)
    if scores.get("burglary") and scores.get("robbery") and force > entry + unseen:
        scores["robbery"] += 0.5 * scores["burglary"]
    dead, injured = about("death", 0.0), about("injury", 0.0)
    if about("shootout", 0.0) >= 1.0:
        scores["homicide"] = 0.3 * scores.get("homicide", 0.0)
        scores["attempted_homicide"] = 0.6 * scores.get("attempted_homicide", 0.0)
        dead = 0.0
    attack = scores.get("attempted_homicide", 0.0)
    if attack and dead >= 1.0 and dead >= 0.8 * about("survived", 0.0):
        scores["homicide"] = scores.get("homicide", 0.0) + attack
        scores["attempted_homicide"] = 0.3 * attack
    elif scores.get("homicide") and dead < 0.8 and (about("survived", 0.0) or injured > 1.5):
        scores["attempted_homicide"] = attack + scores["homicide"]
        scores["homicide"] *= 0.3
    killing = scores.get("homicide", 0.0)
    if killing and (scores.get("femicide") or (about("partner", 0.0) >= 1.5 and about("woman", 0.0) >= 1.0)):
        scores["femicide"] = scores.get("femicide", 0.0) + 0.9 * killing
        if scores["femicide"] > killing:
            scores["homicide"] = 0.5 * killing
    beating = scores.get("assault", 0.0)
    if beating and max((value for kind, value in scores.items() if kind != "assault"), default=0.0) >= 0.5 * beating:
        scores["assault"] = _MERE_BEATING * beating
    best = max(scores.values(), default=0.0)
    for kind in ("homicide", "femicide"):
        if best > 0 and kind in scores and scores[kind] >= 0.6 * best and dead >= 0.8:
            scores[kind] = max(scores[kind], best * (1.05 if kind == "homicide" else 1.1))
    if scores.get("explosive_attack", 0.0) >= 0.7 * scores.get("extortion", 0.0) > 0 and about("explosive", 0.0) > 1.5:
        scores["explosive_attack"] = max(scores["explosive_attack"], 1.02 * scores["extortion"])
    if about("explosive", 0.0) > 1.5 and scores.get("explosive_attack", 0.0) >= 0.5 * scores.get("property_damage", 0.0) > 0:
        scores["explosive_attack"] = max(scores["explosive_attack"], 1.02 * scores["property_damage"])
    vehicles = _vehicles_taken(evidence)
    if vehicles:
        scores["vehicle_theft"] = scores.get("vehicle_theft", 0.0) + vehicles
    if scores.get("vehicle_theft", 0.0) > 0.1 and scores["vehicle_theft"] >= 0.6 * max(
        scores.get("robbery", 0.0), scores.get("theft", 0.0)
    ):
        scores["vehicle_theft"] = max(scores["vehicle_theft"], 1.02 * max(scores.get("robbery", 0.0), scores.get("theft", 0.0)))
    return scores


def taking_shares(about: Callable[[str, float], float]) -> dict[str, float]:
    """How well each kind of taking fits the circumstances, where the verb ("robar", "llevarse") leaves it open."""
    force, entry, unseen = (min(about(name, 0.0), 2.0) for name in ("force", "entry", "unseen"))
    premises, person = min(about("premises", 0.0), 3.0), min(about("victim", 0.0), 3.0)
    return {
        "robbery": 0.45 + 0.8 * force - 0.25 * entry - 0.3 * unseen - 0.1 * premises + 0.1 * person,
        "burglary": 0.1 + 0.6 * entry + 0.45 * unseen + 0.2 * premises - 0.5 * force,
        "theft": 0.35 + 0.4 * about("stealth", 0.0) - 0.4 * force - 0.2 * entry,
    }


def _vehicles_taken(evidence: Evidence) -> float:
    """Score of participles of taking ("robadas", "recuperadas") in sentences that name vehicles."""
    best = 0.0
    for mention in evidence.mentions:
        if mention.trigger.type == "take" and mention.trigger.form == "participle":
            inside = range(mention.sentence.start, mention.sentence.end)
            if any(place in inside for place in evidence.vehicles):
                best = max(best, mention.score)
    return best
