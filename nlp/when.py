"""When the incident happened: of every date that the text names, is it the deed's own?

The arrest, the complaint, the funeral, the hearing and the video have dates of their own. Where none belongs to the deed, there
is no date: an invented one is the worst fault.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from spacy.tokens import Doc, Span

from .extensions import get
from .lexicon import data
from .scene import Scene

if TYPE_CHECKING:
    from .dates import DateValue


@dataclass(frozen=True, slots=True)
class Candidate:
    """A date expression and how well it fits as the deed's day."""

    span: Span
    value: DateValue
    score: float
    rule: str


@cache
def _weights() -> dict[str, float]:
    return {key: float(value) for key, value in data("decision.toml")["when"].items()}


def candidates(doc: Doc, scene: Scene, within: range | None = None) -> list[Candidate]:
    """Every date expression that can be the incident's, best first. `within`: only sentences of that range of orders."""
    w = _weights()
    published = doc._.published
    police = scene.event != "crime"
    found: list[Candidate] = []
    for span in doc.spans.get("dates", ()):
        value: DateValue = get(span, "date")
        view = scene.view(span.start)
        if value is None or view is None or view.sentence.zone in ("link", "byline", "dateline"):
            continue
        order = view.sentence.order
        if within is not None and order not in within:
            continue
        if published is not None and value.start is not None and value.start > published:
            continue
        before = scene.views[order - 1] if order else None
        after = scene.views[order + 1] if order + 1 < len(scene.views) else None
        score, rules = w["bias"], []
        if view.event > 0.5:
            score += w["event"] * min(view.event, 2.5)
            rules.append("in the sentence of the deed")
        elif police and view.police > 0.5:
            score += w["police"] * min(view.police, 2.5)
            rules.append("in the sentence of the police action")
        elif before is not None and before.sentence.zone == view.sentence.zone and before.event > 0.5:
            score += w["event_beside"]
            rules.append("after the sentence of the deed")
        elif after is not None and after.sentence.zone == view.sentence.zone and after.event > 0.5:
            score += w["event_beside"]
            rules.append("before the sentence of the deed")
        if view.told:
            score += w["told"]
            rules.append("with a verb of happening")
        if view.aside:
            score += w["aside"]
        if not police and view.police > view.event:
            score += w["arrest"]
        score += sum(w.get(name, 0.0) for name in view.aftermath)
        score += w.get(f"zone_{view.sentence.zone}", 0.0) - w["order"] * min(order, 14)
        if value.precision in ("month", "year"):
            score += w[value.precision]
        if value.part_of_day:
            score += w["part_of_day"]
        found.append(Candidate(span, value, score, "; ".join(rules) or f"named in the {view.sentence.zone}"))
    found.sort(key=lambda c: -c.score)
    return found


def day_of_crime(doc: Doc, scene: Scene, within: range | None = None) -> Candidate | None:
    """The date of the incident, None where the text decides none."""
    w = _weights()
    ranked = [c for c in candidates(doc, scene, within) if c.score >= w["least"]]
    for candidate in ranked:
        if candidate.score < ranked[0].score - w["undecided_gap"]:
            return None
        if candidate.value.iso() is not None:
            return candidate
    return None
