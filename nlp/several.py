"""Several incidents in one article: which paragraphs tell of another deed than the main one.

A round-up tells each deed in paragraphs of its own, and says so at their head: "El segundo ocurrió en…", "Y en Chilca, …",
"Esa misma tarde, en la caleta…". Points are counted for and against (`data/decision.toml`, table `several`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from spacy.tokens import Doc

from .extensions import get
from .lexicon import Lexicon, data, ids
from .scene import Scene

_HEAD = 14
"""Tokens at a paragraph's beginning in which it says that something else follows."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Sentences (by order) that tell of one further incident."""

    orders: range
    points: float
    same_day: bool
    """Says that it happened on the day of the one before ("esa misma tarde", "minutos después")."""


@cache
def _cues() -> Lexicon[str]:
    lexicon: Lexicon[str] = Lexicon()
    for name, cues in data("context.toml")["several"].items():
        for cue in cues:
            lexicon.add(cue, name)
    return lexicon


_OPENERS = ids(("en", "y", "por", "mientras", "también", "asimismo", "hasta"))


def paragraphs(doc: Doc, scene: Scene) -> list[range]:
    """Ranges of sentence orders, one a line of the article's own prose."""
    starts = {span.start for span in doc.spans.get("zones", ())}
    found: list[range] = []
    for view in scene.views:
        order = view.sentence.order
        if found and view.sentence.start not in starts and found[-1].stop == order:
            found[-1] = range(found[-1].start, order + 1)
        else:
            found.append(range(order, order + 1))
    return found


def further(doc: Doc, scene: Scene) -> list[Segment]:
    """Segments that tell of further incidents, in order."""
    w: dict[str, float] = data("decision.toml")["several"]
    keys: list[int] = doc.to_array("LOWER").tolist()
    cues = _cues()
    opening = next((v for v in scene.views if v.sentence.zone == "lead"), None)
    limit = opening.sentence.end if opening else 0
    plural = any(hit.value == "plural" for hit in cues.find(keys, 0, min(len(keys), max(limit, 60))))
    places: dict[int, list[str]] = {}
    for span in doc.spans.get("places", ()):
        mention, view = get(span, "place"), scene.view(span.start)
        if mention is not None and view is not None and not mention.roles:
            places.setdefault(view.sentence.order, []).append(mention.keys[0] if mention.keys else mention.name.casefold())
    found: list[Segment] = []
    told, seen = False, set[str]()
    for orders in paragraphs(doc, scene):
        first = scene.views[orders.start]
        zone = first.sentence.zone
        if zone not in ("lead", "body", "subhead"):
            continue
        event = max(scene.views[order].event for order in orders)
        if not told:
            seen.update(name for order in orders for name in places.get(order, []))
            told = told or event > 0.5 or any(scene.views[order].placed for order in orders)
            continue
        start = first.sentence.start
        head = cues.find(keys, start, min(start + _HEAD, scene.views[orders[-1]].sentence.end))
        names = {hit.value for hit in head}
        named = {name for order in list(orders)[:3] for name in places.get(order, [])}
        new = bool(named - seen)
        seen |= named
        points = w["bias"]
        points += w["ordinal"] if "ordinal" in names else w["meanwhile"] if "meanwhile" in names else 0.0
        points += w["then"] if "then" in names else 0.0
        points += w["opens_with_place"] if keys[start] in _OPENERS and places.get(orders.start) else 0.0
        points += w["new_place"] if new else 0.0
        points += w["event"] * min(event, 2.0)
        points += w["plural"] if plural else 0.0
        points += w["dated"] if any(scene.views[order].dated for order in list(orders)[:2]) else 0.0
        points += w["placed"] if any(scene.views[order].placed for order in list(orders)[:2]) else 0.0
        if any(scene.views[order].aside for order in list(orders)[:2]):
            points += w["aside"]
        if any(scene.views[order].aftermath & {"care", "court", "funeral"} for order in list(orders)[:1]):
            points += w["aftermath"]
        if "past" in names:
            points += w["past"]
        if points >= w["least"] and (
            event >= 0.5 or (plural and names & {"ordinal", "then"}) or (plural and new and keys[start] in _OPENERS)
        ):
            found.append(Segment(orders, points, "then" in names))
    return found[:3]
