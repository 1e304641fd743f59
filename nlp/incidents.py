"""From triggers, places and dates to incident reports."""

from __future__ import annotations

from spacy.language import Language
from spacy.tokens import Doc, Span

from . import events, when, where
from .extensions import register
from .report import Evidence, IncidentReport, Zone
from .scene import related, survey

_THRESHOLD = 0.5


@Language.factory(
    "incidents",
    default_config={"threshold": _THRESHOLD},
    requires=["doc.spans", "span._.trigger", "span._.factuality"],
    assigns=["doc._.incidents"],
)
class Incidents:
    """Sets `Doc._.incidents`: reports, the likeliest first. `threshold`: least probability of an incident, 0 to 1."""

    def __init__(self, nlp: Language, name: str, threshold: float = _THRESHOLD) -> None:  # noqa: ARG002 (the factory signature)
        register()
        self.name = name
        self.threshold = threshold

    def __call__(self, doc: Doc) -> Doc:
        doc._.incidents = self._read(doc)
        return doc

    def _read(self, doc: Doc) -> list[IncidentReport]:
        found = events.mentions(doc)
        if not found:
            return []
        evidence = events.gather(doc, found)
        features = events.relevance_features(doc, evidence)
        probability = events.relevance(features)
        doc.user_data["relevance"] = (probability, features)
        if probability < self.threshold:
            return []
        scores = events.type_scores(evidence)
        doc.user_data["types"] = scores
        kind = max(scores, key=lambda key: scores[key], default="other_crime")
        return [self._report(doc, found, kind, probability)]

    def _report(
        self, doc: Doc, found: list[events.Mention], kind: str, probability: float, within: range | None = None
    ) -> IncidentReport:
        scene = survey(doc, found, kind)
        report = IncidentReport(type=kind, event=scene.event, confidence=round(probability, 3))
        types = related(kind)
        inside = [m for m in found if within is None or m.sentence.order in within]
        best = max(inside, key=lambda m: (m.trigger.type == kind) * 20 + (m.trigger.type in types) * 10 + m.score)
        report.status = best.factuality.status
        report.evidence["type"] = cite(doc, best.span, best.trigger.rule)
        article = doc._.article
        country, region = (article.country, article.region) if article is not None else (None, None)
        if doc.spans.get("places") and (spot := where.scene_of_crime(doc, scene, country, region, within)):
            place = spot.place
            for name in _PLACE_FIELDS:
                setattr(report, name, getattr(place, name))
            report.evidence["place"] = cite(doc, spot.span, f"{spot.rule}; {place.rule}")
        if doc.spans.get("dates") and (day := when.day_of_crime(doc, scene, within)):
            value = day.value
            report.date = value.iso()
            report.precision = value.precision if value.precision in ("day", "month", "year") else "none"  # type: ignore[assignment]
            if value.precision == "day" and value.end and value.start and value.end > value.start:
                report.date_end = value.end.isoformat()
            report.part_of_day = value.part_of_day
            report.evidence["date"] = cite(doc, day.span, f"{day.rule}; {value.rule}")
        return report


_PLACE_FIELDS = (
    "place_text",
    "level",
    "street",
    "district",
    "province",
    "department",
    "country",
    "ubigeo",
    "latitude",
    "longitude",
)


def cite(doc: Doc, span: Span, rule: str) -> Evidence:
    """The words of a span as evidence, with offsets into the article's title or text."""
    from .pipeline import headline_length, headline_offset

    article = doc._.article
    shift = headline_length(article) if article is not None else 0
    sentence = next((s for s in doc.user_data.get("sentences", []) if s.start <= span.start < s.end), None)
    around = doc[sentence.start : max(sentence.end, span.end)].text.strip() if sentence else span.text
    zone: Zone = "text"
    start, end = span.start_char - shift, span.end_char - shift
    if start < 0:
        lead = headline_offset(article)
        zone, start, end = "title", span.start_char + lead, span.end_char + lead
    return Evidence(zone, start, end, span.text, around, rule)
