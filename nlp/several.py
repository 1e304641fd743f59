"""Several incidents in one article: which paragraphs tell of another deed than the main one.

A round-up tells each deed in paragraphs of its own, and says so at their head: "El segundo ocurrió en…", "Y en Chilca, …",
"Esa misma tarde, en la caleta…". Log-odds for and against are in `data/decision.toml`, table `several`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from spacy.tokens import Doc

from .extensions import get
from .forms import lower_ids
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


def features(doc: Doc, scene: Scene) -> list[tuple[range, dict[str, float], set[str]]]:
    """Every paragraph after the first that tells the deed: its sentences, figures for a further deed, cues at its head."""
    keys: list[int] = lower_ids(doc)
    cues = _cues()
    opening = next((v for v in scene.views if v.sentence.zone == "lead"), None)
    limit = opening.sentence.end if opening else 0
    plural = any(hit.value == "plural" for hit in cues.find(keys, 0, min(len(keys), max(limit, 60))))
    places: dict[int, list[str]] = {}
    for span in doc.spans.get("places", ()):
        mention, view = get(span, "place"), scene.view(span.start)
        if mention is not None and view is not None and not mention.roles:
            places.setdefault(view.sentence.order, []).append(mention.keys[0] if mention.keys else mention.name.casefold())
    days: dict[int, list[str]] = {}
    for span in doc.spans.get("dates", ()):
        value, view = get(span, "date"), scene.view(span.start)
        if value is not None and view is not None and value.precision in ("day", "none"):
            days.setdefault(view.sentence.order, []).append(value.iso() or span.text)
    found: list[tuple[range, dict[str, float], set[str]]] = []
    told, seen, known = False, set[str](), set[str]()
    for orders in paragraphs(doc, scene):
        first = scene.views[orders.start]
        if first.sentence.zone not in ("lead", "body", "subhead", "dateline"):
            continue
        event = max(scene.views[order].event for order in orders)
        named = {name for order in list(orders)[:3] for name in places.get(order, [])}
        dates = {day for order in list(orders)[:2] for day in days.get(order, [])}
        if not told:
            told = event > 0.5 or any(scene.views[order].placed for order in orders)
            seen |= named
            known |= dates
            continue
        start = first.sentence.start
        names = {hit.value for hit in cues.find(keys, start, min(start + _HEAD, scene.views[orders[-1]].sentence.end))}
        head = [scene.views[order] for order in list(orders)[:2]]
        placed, dated = any(view.placed for view in head), any(view.dated for view in head)
        new_place, new_day = bool(named - seen), bool(dates - known)
        figures = {
            "ordinal": float("ordinal" in names),
            "meanwhile": float("meanwhile" in names),
            "then": float("then" in names),
            "past": float("past" in names),
            "opens_with_place": float(keys[start] in _OPENERS and bool(places.get(orders.start))),
            "dateline": float(first.sentence.zone == "dateline"),
            "new_place": float(new_place),
            "new_day": float(new_day),
            "new_place_and_day": float(new_place and new_day),
            "placed_and_dated": float(placed and dated),
            "placed": float(placed),
            "dated": float(dated),
            "event": min(event, 2.0),
            "no_event": float(event < 0.5),
            "plural": float(plural),
            "plural_and_new": float(plural and new_place),
            "aside": float(any(view.aside for view in head)),
            "aftermath": float(bool(head[0].aftermath & {"care", "court", "funeral"})),
            "police": float(max(view.police for view in head) > 1),
        }
        found.append((orders, figures, names))
        seen |= named
        known |= dates
    return found


def further(doc: Doc, scene: Scene) -> list[Segment]:
    """Segments that tell of further incidents, in order."""
    tables: dict[str, dict[str, float]] = data("decision.toml")
    w, least = tables["several"], tables["several_choice"]["least"]
    found: list[Segment] = []
    for orders, figures, names in features(doc, scene):
        points = w["bias"] + sum(w.get(name, 0.0) * value for name, value in figures.items())
        if points >= least:
            found.append(Segment(orders, points, "then" in names))
    return found[:3]
