"""Several incidents in one article: which sentences begin to tell of another deed than the main one, and how far they reach.

A round-up says at the head of a sentence, of a paragraph or in a subhead that another deed follows: "El segundo ocurrió en…",
"Y en Chilca, …", "Esa misma tarde, en la caleta…", "Otro caso". Log-odds for and against are in `data/decision.toml`, table
`several`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from spacy.tokens import Doc

from . import when, where
from .categorizer import FIRST
from .extensions import get_doc, marked
from .forms import lower_ids
from .gazetteer import BELOW
from .lexicon import Lexicon, data, ids
from .scene import Scene, View, related
from .zones import ZoneIndex

_HEAD = 12
"""Tokens at a sentence's beginning in which it says that something else follows."""
_PROSE = ("lead", "body", "dateline")
_MOST = 3
"""Further incidents of one article."""
_SUMMARY = 60
"""Tokens at an article's beginning, at least, in which it says that it is about several deeds."""
_SAYS = frozenset({"ordinal", "meanwhile", "then", "next_day"})
"""Cues that another deed follows."""
_OFFERS = _SAYS | {"past", "befell"}
"""Cues with which it may follow at the same place and day."""
_OLD = 45
"""Days before publication after which a deed is seldom news."""
_DEED = 0.5
"""Strength of a trigger from which a sentence tells a deed."""
_NEAR = 5
"""Tokens at a sentence's beginning with which it opens."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Sentences (by order) that tell of one further incident."""

    orders: range
    points: float
    later: int | None
    """Days after the main one, where it says so ("esa misma tarde" 0, "al día siguiente" 1)."""


@dataclass(frozen=True, slots=True)
class Opening:
    """A sentence (by order) with which a further deed may begin: figures for it, and cues at its head."""

    order: int
    figures: dict[str, float]
    names: frozenset[str]
    paragraph: int
    """The order of its paragraph's first sentence."""
    first: int
    """The order of the sentence before it that begins the first of several deeds ("El primero…"), -1 if none does."""

    @property
    def says(self) -> bool:
        """Whether its head or the subhead above says that something else follows."""
        return not self.names.isdisjoint(_SAYS) or "head_ordinal" in self.figures


@cache
def _cues() -> Lexicon[str]:
    lexicon: Lexicon[str] = Lexicon()
    for name, cues in data("context.toml")["several"].items():
        for cue in cues:
            lexicon.add(cue, name)
    return lexicon


_OPENERS = ids(("en", "y", "por", "mientras", "también", "asimismo", "hasta"))
_NUMBERS = ids((*map(str, range(1, 10)), "i", "ii", "iii", "iv", "uno", "dos", "tres", "cuatro"))
_PLUPERFECT = ids(("había", "habían"))
_QUOTES = ids(("“", "”", "«", "»", '"'))


def paragraphs(doc: Doc, scene: Scene) -> list[range]:
    """Ranges of sentence orders, one a line of the article's own prose."""
    starts = set(ZoneIndex(doc).starts)
    found: list[range] = []
    for view in scene.views:
        order = view.sentence.order
        if found and view.sentence.start not in starts and found[-1].stop == order:
            found[-1] = range(found[-1].start, order + 1)
        else:
            found.append(range(order, order + 1))
    return found


@dataclass(frozen=True, slots=True)
class _Place:
    name: str
    fine: bool
    district: bool
    at: int


@dataclass(frozen=True, slots=True)
class _Day:
    name: str
    full: bool
    old: bool
    at: int


@dataclass(slots=True)
class _Content:
    """What the sentences hold, by order."""

    heads: dict[int, set[str]]
    whole: dict[int, set[str]]
    summaries: set[int]
    """Sentences that speak of several deeds."""
    plural: bool
    one_day: bool
    places: dict[int, list[_Place]]
    days: dict[int, list[_Day]]
    deeds: dict[int, float]
    strange: set[int]
    """Sentences that tell a deed of another family of types than the main one."""
    same: set[int] = field(default_factory=set)
    """Sentences that tell a deed of the main one's type."""


@dataclass(slots=True)
class _Told:
    """What the sentences so far have told."""

    anything: bool = False
    deed: bool = False
    first: int = -1
    """The sentence that begins the first of several."""
    fine: bool = False
    district: bool = False
    places: set[str] = field(default_factory=set)
    days: set[str] = field(default_factory=set)
    """Days of deeds."""


def _read(doc: Doc, scene: Scene, kind: str) -> _Content:
    views = scene.views
    starts = [view.sentence.start for view in views]
    keys: list[int] = lower_ids(doc)
    content = _Content({}, {}, set(), False, False, {}, {}, {}, set())
    opening = next((v for v in views if v.sentence.zone == "lead"), None)
    limit = max(opening.sentence.end if opening else 0, _SUMMARY)
    for hit in _cues().find(keys, 0, len(keys)):
        order = bisect_right(starts, hit.start) - 1
        if hit.value == "plural":
            content.plural |= hit.start < limit
            content.summaries.add(order)
        elif hit.value == "one_day":
            content.one_day |= hit.start < limit
        else:
            content.whole.setdefault(order, set()).add(hit.value)
            if hit.start - starts[order] < _HEAD:
                content.heads.setdefault(order, set()).add(hit.value)
    for span, mention in marked(doc, "places", "place"):
        if mention is not None and not mention.roles and mention.locates:
            name = mention.keys[0] if mention.keys else mention.name.casefold()
            place = _Place(name, mention.kind in BELOW, mention.kind == "district", span.start)
            content.places.setdefault(bisect_right(starts, span.start) - 1, []).append(place)
    published = get_doc(doc, "published")
    for span, value in marked(doc, "dates", "date"):
        if value is not None and value.precision in ("day", "none", "month", "year"):
            iso = value.iso()
            old = published is not None and value.start is not None and (published - value.start).days > _OLD
            day = _Day(iso or span.text, iso is not None and value.precision == "day", old, span.start)
            content.days.setdefault(bisect_right(starts, span.start) - 1, []).append(day)
    family = related(kind)
    for m in scene.mentions:
        if m.trigger.role in ("act", "name") and (amount := m.trigger.strength * m.factuality.weight) > _DEED:
            order = m.sentence.order
            content.deeds[order] = max(content.deeds.get(order, 0.0), amount)
            if m.trigger.type == kind:
                content.same.add(order)
            if m.trigger.type not in family and m.trigger.type != "take":
                content.strange.add(order)
    return content


def openings(doc: Doc, scene: Scene, kind: str) -> list[Opening]:
    """Every sentence after the first telling of a deed of type `kind` that may begin to tell another."""
    views = scene.views
    content = _read(doc, scene, kind)
    keys: list[int] = lower_ids(doc)
    found: list[Opening] = []
    told = _Told()
    seen_days = set[str]()
    subhead, headed = -9, set[str]()
    numbered = False
    odds = getattr(get_doc(doc, "categories"), "odds", None)
    for block in paragraphs(doc, scene):
        zone = views[block[0]].sentence.zone
        if zone == "subhead":
            numbered = keys[views[block[0]].sentence.start] in _NUMBERS or (numbered and block[0] == subhead + 1)
            subhead, headed = block[-1], content.whole.get(block[0], set())
        if zone not in _PROSE:
            continue
        for order in block:
            view = views[order]
            here, days = content.places.get(order, []), content.days.get(order, [])
            names = content.heads.get(order, set())
            under = order - 1 == subhead
            fresh = any(p.name not in told.places for p in here) or any(day.name not in seen_days for day in days)
            if told.anything and (fresh or under or not names.isdisjoint(_OFFERS)):
                figures = _figures(keys, content, told, view, block, order / len(views))
                start, end = view.sentence.start, view.sentence.end
                if odds is not None and start < FIRST:
                    figures["words"] = odds.between(start, views[block[-1]].sentence.end)
                    figures["words_own"] = odds.between(start, end)
                if under:
                    figures |= {"under_subhead": 1.0, **{f"head_{name}": 1.0 for name in headed}}
                    figures |= {"under_number": float(numbered), "under_deed": float(subhead in content.deeds)}
                marks = frozenset({*names, "one_day"} if content.one_day else names)
                found.append(Opening(order, figures, marks, block[0], told.first))
            seen_days.update(day.name for day in days)
            _tell(told, content, view, here, days)
            if told.first < 0 and ("first" in names or (under and "first" in headed)):
                told.first = order
    return found


def _tell(told: _Told, content: _Content, view: View, here: Sequence[_Place], days: Sequence[_Day]) -> None:
    """Take a sentence into what has been told."""
    order = view.sentence.order
    deed = order in content.deeds or view.event > _DEED
    told.anything = told.anything or deed or view.placed
    told.places |= {place.name for place in here}
    if order not in content.summaries:
        told.deed = told.deed or (deed and bool(here or view.dated))
        told.fine = told.fine or any(place.fine for place in here)
        told.district = told.district or any(place.district for place in here)
        if deed or view.told:
            told.days |= {day.name for day in days if day.full}


def _figures(keys: list[int], content: _Content, told: _Told, view: View, block: range, position: float) -> dict[str, float]:
    """What speaks for and against a sentence's beginning a further deed, by the names of `data/decision.toml`."""
    sentence = view.sentence
    order, start = sentence.order, sentence.start
    here, days = content.places.get(order, []), content.days.get(order, [])
    names, whole = content.heads.get(order, set()), content.whole.get(order, set())
    new = [place for place in here if place.name not in told.places]
    new_fine = any(place.fine for place in new)
    dated = [day.name for day in days if day.full] if told.days else []
    deed = content.deeds.get(order, 0.0)
    later = content.deeds.get(order + 1, 0.0) if not deed and order + 1 in block else 0.0
    inner, says = order != block[0], not names.isdisjoint(_SAYS)
    opens_place = bool(here) and here[0].at - start < _NEAR and keys[start] in _OPENERS
    opens_new = bool(new) and (opens_place or says or (bool(days) and days[0].at - start < _NEAR))
    return {
        **dict.fromkeys(names, 1.0),
        **{f"inside_{name}": 1.0 for name in whole - names},
        "inner": float(inner),
        "position": position,
        "length": min(block[-1] - order, 4) / 4,
        "unspecific": float(not told.deed),
        "enumerates": float(told.first >= 0),
        "enumerates_and_says": float(told.first >= 0 and says),
        "plural": float(content.plural),
        "plural_and_inner": float(content.plural and inner),
        "opens_with_place": float(opens_place),
        "opens_new": float(opens_new),
        "opens_new_deed": float(opens_new and (deed > 1 or later > 1)),
        "new_place": float(bool(new)),
        "new_fine": float(new_fine),
        "new_actor": float(bool(new) and "actor" in names),
        "old_place": float(bool(here) and not new),
        "placed": float(view.placed),
        "other_fine": float(told.fine and new_fine),
        "other_district": float(told.district and any(place.district for place in new)),
        "other_day": float(any(day not in told.days for day in dated)),
        "same_day": float(any(day in told.days for day in dated)),
        "earlier_day": float(any(day < min(told.days) for day in dated)),
        "old_day": float(any(day.old for day in days)),
        "deed": min(deed, 2.0),
        "later": min(later, 2.0),
        "strange": float(order in content.strange),
        "same_kind": float(order in content.same),
        "pluperfect": float(not _PLUPERFECT.isdisjoint(keys[start : sentence.end])),
        "next_actor": float("actor" in content.heads.get(order + 1, ()) and order + 1 in block),
        "next_other_day": float(
            order + 1 in block and any(d.full and d.name not in told.days for d in content.days.get(order + 1, ()))
        ),
        "aside": float(bool(view.aside)),
        "aftermath": float(bool(view.aftermath & {"care", "court", "funeral"})),
        "police": float(view.police > 1),
        "quoted": float(not _QUOTES.isdisjoint(keys[start : sentence.end])),
    }


def segments(doc: Doc, scene: Scene, begun: Sequence[tuple[Opening, float]]) -> list[Segment]:
    """The stretches that openings (with their log-odds) begin: to the end of the paragraph or of the part under a subhead."""
    blocks = paragraphs(doc, scene)
    reach: dict[int, range] = {}
    for at, block in enumerate(blocks):
        start, stop = block.start, block.stop
        if at and scene.views[blocks[at - 1][0]].sentence.zone == "subhead":
            start = blocks[at - 1].start
            for after in blocks[at + 1 :]:
                if scene.views[after[0]].sentence.zone not in ("body", "lead"):
                    break
                stop = after.stop
        reach[block.start] = range(start, stop)
        reach |= {order: range(order, block.stop) for order in block[1:]}
    found: list[Segment] = []
    for at, (opening, points) in enumerate(begun):
        whole = reach[opening.order]
        stop = min(whole.stop, begun[at + 1][0].order) if at + 1 < len(begun) else whole.stop
        found.append(Segment(range(whole.start, stop), points, _days_later(opening.names)))
    return found


def _days_later(names: Collection[str]) -> int | None:
    return 1 if "next_day" in names else 0 if "then" in names or "one_day" in names else None


def further(doc: Doc, scene: Scene, kind: str) -> tuple[Segment | None, list[Segment]]:
    """Segments that tell of further incidents than the one of type `kind`, in order.

    First, the main one's own, if its beginning is marked as the first of several.
    """
    tables: dict[str, dict[str, float]] = data("decision.toml")
    w, least = tables["several"], tables["several_choice"]["least"]
    begun: list[tuple[Opening, float]] = []
    for opening in openings(doc, scene, kind):
        points = w["bias"] + sum(w.get(name, 0.0) * value for name, value in opening.figures.items() if value)
        if points >= least and (begun or opening.says or not opening.figures["unspecific"]):
            begun.append((opening, points))
    if not begun:
        return None, []
    found = segments(doc, scene, begun[:_MOST])
    first = begun[0][0].first
    main = Segment(range(first, found[0].orders.start), 0.0, None) if 0 <= first < found[0].orders.start else None
    return main, found


_OF_THE_WHOLE = ("title_agrees", "title_differs", "titled", "alone", "zone_subhead")
"""Figures of a place or day that say what the rest of the article says of it."""


def apart(doc: Doc, scene: Scene, segment: Segment) -> Scene:
    """The scene as a segment has it: its places and days are judged as if the article began there."""
    places = where.candidates(doc, scene, segment.orders)
    fine = [c for c in places if c.mention.kind in where.FINE]
    wide = [c for c in places if c.mention.kind not in where.FINE]
    days = when.candidates(doc, scene, segment.orders)
    return replace(
        scene,
        places=_anew(scene, fine, segment, "where_fine") + _anew(scene, wide, segment, "where_admin"),
        dates=_anew(scene, days, segment, "when"),
    )


def _anew(scene: Scene, candidates: Sequence[Any], segment: Segment, table: str) -> list[Any]:
    """Candidates of a segment, best first, scored without what the rest of the article says of them."""
    weights: dict[str, float] = data("decision.toml")[table]
    first = min((c.span.start for c in candidates), default=-1)
    found: list[Any] = []
    for c in candidates:
        view = scene.view(c.span.start)
        order = view.sentence.order - segment.orders.start if view is not None else 0
        figures = dict.fromkeys(_OF_THE_WHOLE, 0.0)
        figures |= {name: order / 5 for name in c.features if name == "order" or name.startswith("order_")}
        figures |= {"first": float(c.span.start == first), "first_lines": float(order <= 3)}
        gain = sum(weights.get(name, 0.0) * (value - c.features.get(name, 0.0)) for name, value in figures.items())
        found.append(replace(c, score=c.score + gain))
    return sorted(found, key=lambda c: -c.score)
