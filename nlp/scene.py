"""What each sentence says of the incident: the ground on which `where` and `when` judge places and dates."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from spacy.tokens import Doc

from .events import Mention
from .extensions import marked
from .forms import lower_ids
from .gazetteer import BELOW
from .lexicon import Lexicon, data
from .sentences import Sentence

Event = Literal["crime", "police_action", "judicial"]

_SET_ASIDE = frozenset({"general", "habitual", "policy", "background", "fiction", "denied", "hypothetical"})


@dataclass(slots=True)
class View:
    """One sentence as seen from the incident."""

    sentence: Sentence
    event: float = 0.0
    """Strength with which the sentence tells the deed itself."""
    police: float = 0.0
    """Strength with which it tells an arrest, a raid, a trial."""
    told: bool = False
    """Holds a verb of happening ("ocurrió", "se registró")."""
    aside: str = ""
    """The reading that sets the sentence apart from the event (background, general, …), "" if none."""
    aftermath: frozenset[str] = frozenset()
    """What came after the deed that the sentence tells of (complaint, care, court, funeral, footage)."""
    dated: bool = False
    """Names a day or a part of one."""
    deeds: list[tuple[int, int]] = field(default_factory=list)
    """Tokens of the words that tell or name a crime."""
    placed: bool = False
    """Names a street, neighbourhood, populated place or facility that is no institution's."""


@dataclass(slots=True)
class Scene:
    """All sentences, and what kind of event the article is about."""

    views: list[View]
    event: Event
    mentions: list[Mention] = field(default_factory=list)
    places: list[Any] | None = None
    """The candidates of `nlp.where`, once they are scored."""
    kind: str = ""
    """Incident type."""
    headed: frozenset[int] | None = None
    """Ids of the headline's words, once they are asked for."""
    dates: list[Any] | None = None
    """The candidates of `nlp.when`, once they are scored."""
    _ends: list[int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._ends = [view.sentence.end for view in self.views]

    def view(self, token: int) -> View | None:
        """The sentence that holds a token."""
        at = bisect_right(self._ends, token)
        return self.views[at] if at < len(self._ends) else None


@cache
def related(kind: str) -> frozenset[str]:
    """Trigger types that can tell of an incident of this type: those of its families in `data/taxonomy.toml`."""
    families: dict[str, list[str]] = data("taxonomy.toml")["families"]
    return frozenset({kind}).union(*(members for members in families.values() if kind in members))


@cache
def _cues() -> Lexicon[str]:
    lexicon: Lexicon[str] = Lexicon()
    context = data("context.toml")
    for cue in context["told"]["happened"]:
        lexicon.add(cue, "told")
    for name, cues in context["aftermath"].items():
        for cue in cues:
            lexicon.add(cue, name)
    return lexicon


def survey(doc: Doc, found: list[Mention], kind: str) -> Scene:
    """Look at every sentence of the document from an incident of type `kind`."""
    sentences: list[Sentence] = doc.user_data.get("sentences", [])
    readings: dict[int, dict[str, str]] = doc.user_data.get("readings", {})
    views = [View(sentence) for sentence in sentences]
    types = related(kind)
    act_early = police_early = court_early = 0.0
    for mention in found:
        view = views[mention.sentence.order]
        role = mention.trigger.role
        strength = mention.trigger.strength * mention.factuality.weight
        early = mention.sentence.zone in ("headline", "lead") or mention.sentence.order < 4
        if role in ("police", "court"):
            view.police = max(view.police, strength)
            if early and role == "police":
                police_early = max(police_early, mention.score)
            elif early:
                court_early = max(court_early, mention.score)
        elif role in ("act", "name") or (role in ("agent", "sign") and mention.trigger.type == kind):
            if role in ("act", "name"):
                view.deeds.append((mention.span.start, mention.span.end))
            share = 1.0 if mention.trigger.type == kind else 0.7 if mention.trigger.type in types else 0.3
            if role in ("agent", "sign"):
                share *= 0.5
            view.event = max(view.event, strength * share)
            if early and role == "act" and mention.trigger.type in types:
                act_early = max(act_early, mention.score)
    event: Event = "crime"
    if court_early > max(act_early, police_early):
        event = "judicial"
    elif police_early > act_early:
        event = "police_action"
    keys: list[int] = lower_ids(doc)
    cues = _cues()
    for view in views:
        if view.sentence.zone in ("link", "byline"):
            continue
        names = {hit.value for hit in cues.find(keys, view.sentence.start, view.sentence.end)}
        view.told = "told" in names
        view.aftermath = frozenset(names - {"told"})
        view.aside = next((name for name in readings.get(view.sentence.order, {}) if name in _SET_ASIDE), "")
    scene = Scene(views, event, found, kind=kind)
    for span, value in marked(doc, "dates", "date"):
        view_of = scene.view(span.start)
        if view_of is not None and value is not None and value.precision in ("day", "none"):
            view_of.dated = True
    for span, mention_of in marked(doc, "places", "place"):
        view_of = scene.view(span.start)
        if view_of is not None and mention_of is not None and mention_of.kind in BELOW and not mention_of.roles:
            view_of.placed = True
    return scene
