"""From triggers, places and dates to incident reports."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Collection
from datetime import date, timedelta

from spacy.language import Language
from spacy.tokens import Doc, Span

from . import events, several, when, where
from .extensions import get_doc, put_doc, register
from .lexicon import data
from .report import Evidence, IncidentReport, Zone
from .scene import Scene, related, survey
from .sentences import sentence_starts

_THRESHOLD = 0.5
_FAINT = 0.6
"""Score below which the strongest trigger cannot carry an incident, unless the plain words do."""
_PLAIN = 1.0
"""Log-odds of the plain words from which they may: a deed told by no word that names one ("hallaron una cabeza humana")."""
_OTHERS = ("link", "byline")
"""Lines in which nothing is told."""
_TOLD = 2.0
"""Score with which the prose alone says the type, so that a headline of several deeds need not."""


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
        reports = self.uncalibrated(doc)
        for report in reports:
            report.confidence = calibrated(report.confidence)
        put_doc(doc, "incidents", reports)
        return doc

    def uncalibrated(self, doc: Doc) -> list[IncidentReport]:
        """The reports of a document, their confidence a mere product of what each decision thinks of itself."""
        found = events.mentions(doc)
        if max((m.score for m in found if m.trigger.role != "agent"), default=0.0) < _FAINT and not _told_plainly(doc):
            return []
        evidence = events.gather(doc, found)
        scores = events.type_scores(evidence)
        kind, sure = decide(scores, get_doc(doc, "categories").types)
        scene = survey(doc, found, kind)
        features = features_of(doc, evidence, scene, scores)
        probability = events.relevance(features)
        doc.user_data["decision"] = {"relevance": probability, "features": features, "types": scores}
        if probability < self.threshold:
            return []
        return self._reports(doc, scene, kind, probability * sure)

    def _reports(self, doc: Doc, scene: Scene, kind: str, probability: float) -> list[IncidentReport]:
        marked, segments = several.further(doc, scene, kind)
        if not segments:
            return [self._report(doc, scene, kind, probability)]
        elsewhere = {order for segment in segments for order in segment.orders}
        rest = [view.sentence.order for view in scene.views if view.sentence.order not in elsewhere]
        own = events.type_scores(events.gather(doc, [m for m in scene.mentions if m.sentence.order in rest], rest))
        prose = [o for o in rest if scene.views[o].sentence.zone != "headline"]
        bare = events.type_scores(events.gather(doc, [m for m in scene.mentions if m.sentence.order in prose], prose))
        if max(bare.values(), default=0.0) >= _TOLD:
            own = bare
        if own:
            kind, _ = decide(own, get_doc(doc, "categories").types)
        main = self._report(doc, scene, kind, probability, rest)
        if marked is not None:
            first = self._report(doc, several.apart(doc, scene, marked), kind, probability, marked.orders, rest)
            main = _completed(first, main)
        reports = [main]
        for segment in segments:
            part = [m for m in scene.mentions if m.sentence.order in segment.orders]
            scores = events.type_scores(events.gather(doc, part, segment.orders, segment.orders.start))
            other = decide_further(scores, get_doc(doc, "categories").types, kind)
            report = self._report(doc, several.apart(doc, scene, segment), other, 0.6 * probability, segment.orders, rest)
            _locate(report, main)
            if report.date is None and segment.later is not None and main.date is not None and main.precision == "day":
                report.date = (date.fromisoformat(main.date) + timedelta(days=segment.later)).isoformat()
                report.date_end, report.precision = (main.date_end if not segment.later else None), main.precision
                report.evidence |= {"date": main.evidence["date"]} if "date" in main.evidence else {}
            key = (report.type, report.place_text, report.street, report.district, report.date)
            if all(key != (r.type, r.place_text, r.street, r.district, r.date) for r in reports):
                reports.append(report)
        return reports

    def _report(
        self,
        doc: Doc,
        scene: Scene,
        kind: str,
        probability: float,
        within: Collection[int] | None = None,
        beside: Collection[int] = (),
    ) -> IncidentReport:
        report = IncidentReport(type=kind, event=scene.event)
        types = related(kind)
        inside = [m for m in scene.mentions if within is None or m.sentence.order in within]
        told = inside or scene.mentions

        def fitness(m: events.Mention) -> float:
            return (m.trigger.type == kind) * 20 + (m.trigger.type in types) * 10 + m.score

        if told:
            best = max(told, key=fitness)
            deeds = [m for m in told if m.trigger.role in ("act", "name", "police")]
            weak = best.trigger.role in ("agent", "sign")
            report.status = max(deeds if weak else (), key=fitness, default=best).factuality.status
            report.evidence["type"] = cite(doc, best.span, best.trigger.rule)
        else:
            opening = scene.views[0].sentence
            report.evidence["type"] = cite(doc, doc[opening.start : opening.end], "plain words")
        article = get_doc(doc, "article")
        country, region = (article.country, article.region) if article is not None else (None, None)
        if doc.spans.get("places") and (spot := where.scene_of_crime(doc, scene, country, region, within, beside)):
            place = spot.place
            for name in _PLACE_FIELDS:
                setattr(report, name, getattr(place, name))
            report.evidence["place"] = cite(doc, spot.span, f"{spot.rule}; {place.rule}")
            probability *= _damped(spot.score) if place.department or place.country else _OPEN_PLACE
        else:
            probability *= _OPEN_PLACE
        if doc.spans.get("dates") and (day := when.day_of_crime(doc, scene, within)):
            value = day.value
            report.date, report.date_end, report.precision = when.resolved(value)
            if report.date is not None:
                report.part_of_day = value.part_of_day
                report.evidence["date"] = cite(doc, day.span, f"{day.rule}; {value.rule}")
                probability *= _damped(day.score)
        if report.date is None:
            probability *= _OPEN_DATE
        report.confidence = probability
        return report


def _told_plainly(doc: Doc) -> bool:
    """Whether the plain words tell a deed, in lines that are the article's own."""
    own = any(sentence.zone not in _OTHERS for sentence in doc.user_data.get("sentences", ()))
    return own and bool(get_doc(doc, "categories").relevance >= _PLAIN)


def _completed(report: IncidentReport, wider: IncidentReport) -> IncidentReport:
    """The report with the place and the date of one of the same incident from more sentences, where it has none itself."""
    if "place" not in report.evidence:
        for name in _PLACE_FIELDS:
            setattr(report, name, getattr(wider, name))
        report.evidence |= {"place": wider.evidence["place"]} if "place" in wider.evidence else {}
    _locate(report, wider)
    if report.date is None:
        for name in ("date", "date_end", "precision", "part_of_day"):
            setattr(report, name, getattr(wider, name))
        report.evidence |= {"date": wider.evidence["date"]} if "date" in wider.evidence else {}
    return report


def _locate(report: IncidentReport, other: IncidentReport) -> None:
    """Take the administrative place of another incident of the article where the report has none."""
    if report.department is not None:
        return
    for name in ("district", "province", "department", "country", "ubigeo"):
        setattr(report, name, getattr(other, name))
    if report.level == "none":
        report.level = next((level for level in ("district", "province", "department") if getattr(report, level)), "none")


_OPEN_PLACE, _OPEN_DATE = 0.7, 0.85


def _damped(score: float) -> float:
    """Probability of log-odds fitted on few articles: half as sure as they say, and never below a half."""
    return 0.5 + 0.5 / (1 + math.exp(-score))


def probabilities(scores: dict[str, float], by_words: dict[str, float], rules: float, words: float) -> dict[str, float]:
    """Probability of every type by the rules' scores (their logarithm) and the words' log-probabilities, with those weights."""
    both = {kind: words * share for kind, share in by_words.items()}
    for kind, score in scores.items():
        if score > 0 and kind in both:
            both[kind] = rules * math.log1p(score) + both[kind]
    most = max(both.values())
    odds = {kind: math.exp(value - most) for kind, value in both.items()}
    total = sum(odds.values())
    return {kind: value / total for kind, value in odds.items()}


def decide(scores: dict[str, float], by_words: dict[str, float]) -> tuple[str, float]:
    """The likeliest type by the rules' scores and the words' log-probabilities together, and its probability.

    The weights of the two are those of `data/decision.toml`, table `type`.
    """
    weights = data("decision.toml")["type"]
    both = probabilities(scores, by_words, weights["rules"], weights["words"])
    best = max(both, key=lambda kind: both[kind])
    return best, both[best]


def decide_further(scores: dict[str, float], by_words: dict[str, float], kind: str) -> str:
    """The likeliest type of a further incident: by the rules' scores of its own sentences, and a little by the whole article's.

    `kind`: the main incident's type, which a round-up's others often share. The weights are those of `data/decision.toml`,
    table `several_choice`.
    """
    w = data("decision.toml")["several_choice"]
    both = {
        key: math.log1p(max(scores.get(key, 0.0), 0.0)) + w["words"] * words + w["main_type"] * (key == kind)
        for key, words in by_words.items()
    }
    return max(both, key=lambda key: both[key])


def log_odds(probability: float) -> float:
    """Log-odds of a probability, which is kept away from 0 and 1."""
    kept = min(max(probability, 0.005), 0.995)
    return math.log(kept / (1 - kept))


def calibrated(confidence: float) -> float:
    """How likely a row of that raw confidence is right: Platt scaling, fitted by `python -m nlp.training`."""
    table = data("decision.toml")["confidence"]
    return round(1 / (1 + math.exp(-(table["bias"] + table["slope"] * log_odds(confidence)))), 3)


def features_of(doc: Doc, evidence: events.Evidence, scene: Scene, scores: dict[str, float]) -> dict[str, float]:
    """The figures that decide whether the article is about an incident (`nlp.events.relevance_features`)."""
    places = [c for c in where.candidates(doc, scene) if c.mention.kind in where.FINE]
    return events.relevance_features(doc, evidence, scores, _specific(scene), places[0].score if places else 0.0)


def _specific(scene: Scene) -> float:
    """The most that any sentence of the deed has of: a past verb, a day, a fine place, a verb of happening, in it or beside."""
    past = {m.sentence.order for m in scene.mentions if m.trigger.form in ("past", "participle") and m.factuality.weight > 0.5}
    best = 0.0
    for view in scene.views:
        order = view.sentence.order
        if view.aside or max(view.event, view.police) < 0.8:
            continue
        near = scene.views[max(order - 1, 0) : order + 2]
        best = max(
            best, float((order in past) + any(v.dated for v in near) + any(v.placed for v in near) + any(v.told for v in near))
        )
    return best


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

    article = get_doc(doc, "article")
    shift = headline_length(article) if article is not None else 0
    sentences = doc.user_data.get("sentences")
    sentence = sentences[bisect_right(sentence_starts(doc), span.start) - 1] if sentences else None
    first, last = (sentence.start, max(sentence.end, span.end)) if sentence else (span.start, span.end)
    zone: Zone = "text"
    source = article.text if article is not None else doc.text
    start, end = span.start_char - shift, span.end_char - shift
    from_, to = doc[first].idx - shift, doc[last - 1].idx + len(doc[last - 1]) - shift
    if start < 0:
        zone, source = "title", article.title or ""
        back = shift + headline_offset(article)
        start, end, from_, to = start + back, end + back, from_ + back, to + back
    return Evidence(zone, start, end, source[start:end], source[max(from_, 0) : to].strip(), rule)
