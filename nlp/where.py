"""Where the incident happened: of every place that the text names, is this the scene?

Most places of a crime story are not: the police station, the hospital, the victim's birthplace, the gang's name. Each mention
is scored by what stands around it, and the best one is handed to `nlp.places.Resolver`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from spacy.tokens import Doc, Span

from .extensions import get
from .lexicon import data, ids
from .scene import Scene, View

if TYPE_CHECKING:
    from .places import PlaceMention, ResolvedPlace

FINE = frozenset({"street", "neighbourhood", "populated_place", "facility"})


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place mention and how well it fits as the scene."""

    span: Span
    mention: PlaceMention
    score: float
    rule: str


@dataclass(frozen=True, slots=True)
class Found:
    """The resolved scene and the mention that decided it."""

    place: ResolvedPlace
    span: Span
    rule: str


@cache
def _weights() -> dict[str, float]:
    return {key: float(value) for key, value in data("decision.toml")["where"].items()}


@cache
def _prepositions() -> dict[str, frozenset[int]]:
    return {
        "at": ids(("en", "frente", "dentro", "alrededores", "inmediaciones", "altura", "cerca", "afueras", "interior", "por")),
        "of": ids(("de", "del", "la", "el", "los", "las")),
        "off": ids(("hacia", "hasta", "desde", "rumbo")),
    }


def candidates(doc: Doc, scene: Scene, within: range | None = None) -> list[Candidate]:
    """Every place mention that can be the scene, best first. `within`: only sentences of that range of orders."""
    w = _weights()
    keys: list[int] = doc.to_array("LOWER").tolist()
    prepositions = _prepositions()
    found: list[Candidate] = []
    police = scene.event != "crime"
    for span in doc.spans.get("places", ()):
        mention: PlaceMention = get(span, "place")
        view = scene.view(span.start)
        if mention is None or view is None or not mention.locates or view.sentence.zone in ("link", "byline"):
            continue
        order = view.sentence.order
        if within is not None and order not in within:
            continue
        before = scene.views[order - 1] if order else None
        score, rules = w["bias"], []
        event = _event(view, police)
        if event > 0.5:
            score += w["event"] * min(event, 2.5)
            rules.append("in the sentence of the deed")
        elif before is not None and before.sentence.zone == view.sentence.zone and _event(before, police) > 0.5:
            score += w["event_before"] * min(_event(before, police), 2.5)
            rules.append("after the sentence of the deed")
        if view.told:
            score += w["told"]
            rules.append("with a verb of happening")
        if view.aside:
            score += w["aside"]
        if not police and view.police > view.event:
            score += w["arrest"]
        if view.aftermath & {"care", "court", "funeral", "footage"}:
            score += w["aftermath"]
        if mention.roles:
            score += w["soft_role"]
        near = keys[max(view.sentence.start, span.start - 2) : span.start]
        if near and near[-1] in prepositions["off"]:
            score += w["off"]
        elif any(key in prepositions["at"] for key in near):
            score += w["at"]
            rules.append("after a preposition of place")
        zone = view.sentence.zone
        score += w.get(f"zone_{zone}", 0.0) - w["order"] * min(order, 14)
        if zone == "headline" and span.start == view.sentence.start:
            rules.append("opens the headline")
        found.append(Candidate(span, mention, score, "; ".join(rules) or f"named in the {zone}"))
    counts: dict[str, int] = {}
    for candidate in found:
        key = candidate.mention.keys[0] if candidate.mention.keys else candidate.mention.name.casefold()
        counts[key] = counts.get(key, 0) + 1
    found = [
        replace(
            c,
            score=c.score + w["again"] * min(counts[c.mention.keys[0] if c.mention.keys else c.mention.name.casefold()] - 1, 3),
        )
        for c in found
    ]
    found.sort(key=lambda c: -c.score)
    return found


def _event(view: View, police: bool) -> float:
    return max(view.event, 0.9 * view.police if police else 0.0)


def scene_of_crime(
    doc: Doc, scene: Scene, country: str | None, region: str | None, within: range | None = None
) -> Found | None:
    """The place where the incident happened, None where the text names none."""
    from .places import Resolver

    w = _weights()
    mentions: list[PlaceMention] = [get(span, "place") for span in doc.spans.get("places", ())]
    ranked = candidates(doc, scene, within)
    resolver = _resolver(Resolver)
    fine = [c for c in ranked if c.mention.kind in FINE and c.score >= w["fine_least"]]
    admin = [c for c in ranked if c.mention.kind not in FINE and c.mention.kind != "country"]
    best = fine[0] if fine else None
    if best is not None and admin and admin[0].score > best.score + w["admin_lead"]:
        best = None
    if best is not None:
        place = resolver.resolve(best.mention, mentions, country, region)
        place = _complete(place, best, fine)
        if place.district is None and admin:
            wider = resolver.resolve(admin[0].mention, mentions, country, region)
            place = _fill(place, wider)
        return Found(place, best.span, best.rule)
    if admin and admin[0].score >= w["admin_least"]:
        top = [c for c in admin if c.score >= admin[0].score - 1.0]
        rank = {"district": 0, "province": 1, "department": 2}
        chosen = min(top, key=lambda c: (rank.get(c.mention.kind, 0), -c.score))
        return Found(resolver.resolve(chosen.mention, mentions, country, region), chosen.span, chosen.rule)
    rest = [c for c in ranked if c.mention.kind in FINE] or ranked
    if rest:
        return Found(resolver.resolve(rest[0].mention, mentions, country, region), rest[0].span, rest[0].rule)
    return _dateline(doc, resolver, mentions, country, region)


def _resolver(cls: type) -> object:
    return _RESOLVERS.setdefault("default", cls())


_RESOLVERS: dict[str, object] = {}


def _complete(place: ResolvedPlace, best: Candidate, fine: Sequence[Candidate]) -> ResolvedPlace:
    """Add the street to a named place, or the named place to a street, where another good mention gives it."""
    w = _weights()
    for other in fine[1:]:
        if other.score < best.score - w["partner_gap"] or abs(other.mention.sentence - best.mention.sentence) > 3:
            continue
        if place.street is None and other.mention.kind == "street":
            return replace(place, street=other.mention.text, level="street")
        if place.place_text is None and other.mention.kind != "street":
            return replace(place, place_text=other.mention.text)
    return place


def _fill(place: ResolvedPlace, wider: ResolvedPlace) -> ResolvedPlace:
    """Take the administrative levels that the fine place leaves open from a wider one that does not contradict it."""
    for level in ("department", "province"):
        mine, theirs = getattr(place, level), getattr(wider, level)
        if mine and theirs and mine != theirs:
            return place
    return replace(
        place,
        district=place.district or wider.district,
        province=place.province or wider.province,
        department=place.department or wider.department,
        country=place.country or wider.country,
        ubigeo=wider.ubigeo or place.ubigeo,
        latitude=place.latitude if place.latitude is not None else wider.latitude,
        longitude=place.longitude if place.longitude is not None else wider.longitude,
    )


def _dateline(
    doc: Doc, resolver: object, mentions: list[PlaceMention], country: str | None, region: str | None
) -> Found | None:
    for span in doc.spans.get("places", ()):
        mention: PlaceMention = get(span, "place")
        if mention is not None and mention.zone in ("dateline", "headline") and mention.locates:
            return Found(resolver.resolve(mention, mentions, country, region), span, "dateline")  # type: ignore[attr-defined]
    return None
