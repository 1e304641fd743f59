"""Fitting the weights of `nlp/data/decision.toml`."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold
from spacy.tokens import Doc

from .. import events, load, several, when, where
from ..evaluate import _admin, _core, align, row_right
from ..incidents import log_odds, probabilities
from ..lexicon import data
from ..pipeline import documents
from ..scene import Scene, survey
from .categorizer import Learner
from .texts import Text

FILE = Path(__file__).resolve().parents[1] / "data" / "decision.toml"
FOLDS = 10
_LEVELS = ("district", "province", "department")
_AGAINST = frozenset({"general", "policy", "fiction", "hypothetical", "many_types", "weak"})
"""Figures that can only speak against an incident."""
_FEWEST = 4
"""Texts (or candidates) in which a figure must occur to get a weight."""
_RELEVANCE_STRENGTH, _FURTHER_STRENGTH = 0.05, 0.03
"""Inverse strengths of the L2 penalties on standardized figures."""
_CHOICE_PENALTY = 20.0
"""Strength of the L2 penalty on standardized figures in the choice among what an article offers."""

Example = tuple[dict[str, float], bool]
Offer = list[Example]
"""What one article offers to choose from; where none of it is right, to choose none is."""


def read_apart(texts: Sequence[Text], others: Sequence[Text] = ()) -> list[Doc]:
    """Texts as the pipeline reads them with a categorizer that did not learn from them; it learns from all of `others`."""
    nlp = load()
    pipe: Any = nlp.get_pipe("categorizer")
    docs: list[Doc | None] = [None] * len(texts)
    for train, test in KFold(FOLDS, shuffle=True, random_state=0).split(texts):
        pipe.model = Learner.learn([*(texts[i] for i in train), *others]).model()
        for i, doc in zip(test, documents(nlp, (texts[i].news for i in test)), strict=True):
            docs[i] = doc
    return [doc for doc in docs if doc is not None]


def fit(articles: Sequence[Text], snippets: Sequence[Text]) -> None:
    """Fit and write the tables `relevance`, `type`, `when`, `where_fine`, `where_admin`, `several` and `confidence`."""
    docs = read_apart(articles, snippets)
    replace_table("relevance", relevance(docs, articles))
    replace_table("type", shares(docs, articles))
    for name, offers in choices(docs, articles).items():
        replace_table(name, _choice_weights(offers))
    replace_table("several", _weights(further(docs, articles), _FURTHER_STRENGTH))
    replace_table("confidence", confidence(docs, articles))


def relevance(docs: Sequence[Doc], texts: Sequence[Text]) -> dict[str, float]:
    """Weights of the figures that decide on relevance; one whose sign contradicts reason becomes zero."""
    examples = [
        (doc.user_data["decision"]["features"], text.type is not None)
        for doc, text in zip(docs, texts, strict=True)
        if "decision" in doc.user_data
    ]
    weights = _weights(examples, _RELEVANCE_STRENGTH)
    for name, weight in weights.items():
        if name in _AGAINST or (name.startswith("genre_") and name != "genre_told"):
            weights[name] = min(weight, 0.0)
        elif name != "bias":
            weights[name] = max(weight, 0.0)
    return weights


def shares(docs: Sequence[Doc], articles: Sequence[Text]) -> dict[str, float]:
    """Weights of the rules and the words in the choice of the type: those that make the labelled types likeliest."""
    told: list[tuple[dict[str, float], dict[str, float], list[str]]] = []
    for doc, text in zip(docs, articles, strict=True):
        main = next((incident for incident in text.incidents or () if incident["main"]), None)
        if main is not None and "decision" in doc.user_data:
            told.append((doc.user_data["decision"]["types"], doc._.categories.types, [main["type"], *main.get("also", ())]))

    def likelihood(rules: float, words: float) -> float:
        total = 0.0
        for scores, by_words, accepted in told:
            shared = probabilities(scores, by_words, rules, words)
            total += math.log(max(sum(shared.get(kind, 0.0) for kind in accepted), 1e-6))
        return total

    steps = [step / 4 for step in range(1, 13)]
    rules, words = max(((rules, words) for rules in steps for words in steps), key=lambda pair: likelihood(*pair))
    return {"rules": rules, "words": words}


def confidence(docs: Sequence[Doc], articles: Sequence[Text]) -> dict[str, float]:
    """Platt scaling: how the log-odds of a report's raw confidence become those that its row is right."""
    component: Any = load().get_pipe("incidents")
    odds: list[float] = []
    right: list[bool] = []
    for doc, text in zip(docs, articles, strict=True):
        reports = component.uncalibrated(doc)
        found = [vars(report) for report in reports]
        pairs = align(text.incidents or [], found)
        stands = {j for i, j in pairs.items() if row_right((text.incidents or [])[i], found[j])}
        odds += [log_odds(report.confidence) for report in reports]
        right += [j in stands for j in range(len(reports))]
    model = LogisticRegression(C=1.0).fit(np.array(odds)[:, None], right)
    return {"slope": float(model.coef_[0][0]), "bias": float(model.intercept_[0])}


def choices(docs: Sequence[Doc], articles: Sequence[Text]) -> dict[str, list[Offer]]:
    """The dates and places that each article offers for its main incident, and whether each is the right one."""
    offers: dict[str, list[Offer]] = {"when": [], "where_fine": [], "where_admin": []}
    for doc, text in zip(docs, articles, strict=True):
        main = next((incident for incident in text.incidents or () if incident["main"]), None)
        if main is None:
            continue
        others = [incident for incident in text.incidents or () if incident is not main]
        scene = survey(doc, events.mentions(doc), main["type"])
        offered: dict[str, Offer] = {name: [] for name in offers}
        for day in when.candidates(doc, scene):
            iso, _, _ = when.resolved(day.value)
            right = bool(iso and main["date"] and iso.startswith(main["date"]))
            if iso and (right or not any(o["date"] and iso.startswith(o["date"]) for o in others)):
                offered["when"].append((day.features, right))
        for spot in where.candidates(doc, scene):
            if spot.mention.kind == "country":
                continue
            right = _fits(spot.mention, main)
            if right or not any(_fits(spot.mention, other) for other in others):
                offered["where_fine" if spot.mention.kind in where.FINE else "where_admin"].append((spot.features, right))
        for name, offer in offered.items():
            if offer:
                offers[name].append(offer)
    return offers


def further(docs: Sequence[Doc], articles: Sequence[Text]) -> list[Example]:
    """The sentences that may begin to tell of a further deed; right are those that name most of what is a lesser one's own."""
    examples: list[Example] = []
    for doc, text in zip(docs, articles, strict=True):
        main = next((incident for incident in text.incidents or () if incident["main"]), None)
        if main is None:
            continue
        scene = survey(doc, events.mentions(doc), main["type"])
        offered = several.openings(doc, scene, main["type"])
        told = {opening.order for opening in lesser_openings(doc, scene, text.incidents or (), offered)}
        examples += [(opening.figures, opening.order in told) for opening in offered]
    return examples


_OWN = {"place_text": 3, "street": 3, "date_text": 2, "district": 1}
"""What a sentence tells of a lesser incident, and how much each says that it is its own."""


def lesser_openings(
    doc: Doc, scene: Scene, incidents: Sequence[dict[str, Any]], offered: Sequence[several.Opening]
) -> list[several.Opening]:
    """For each lesser incident the sentence that names most of what is its own and not the main one's, if any does."""
    main = next(incident for incident in incidents if incident["main"])
    found: list[several.Opening] = []
    for incident in incidents:
        words = {key: incident[key] for key in _OWN if incident.get(key) and incident[key] != main.get(key)}
        if incident["main"] or not words:
            continue
        worth: list[tuple[int, int, several.Opening]] = []
        for opening in offered:
            sentence = scene.views[opening.order].sentence
            prose = doc[sentence.start : sentence.end].text.casefold()
            amount = sum(_OWN[key] for key, value in words.items() if value.casefold() in prose)
            if amount and opening not in found:
                worth.append((amount, -opening.order, opening))
        if worth:
            found.append(_begun(max(worth, key=lambda entry: entry[:2])[2], [o for o in offered if o not in found]))
    return found


def _begun(opening: several.Opening, offered: Sequence[several.Opening]) -> several.Opening:
    """The sentence before it in its paragraph that says that another deed follows, if one does, else the sentence itself."""
    for other in offered:
        if other.paragraph == opening.paragraph and other.order < opening.order and other.says:
            return other
    return opening


def _fits(mention: Any, incident: dict[str, Any]) -> bool:
    if mention.kind in where.FINE:
        wanted = incident["street"] if mention.kind == "street" else incident["place_text"]
        if not wanted:
            return False
        one, other = _core(wanted), _core(mention.text)
        return one <= other or other <= one
    return any(incident[level] and _admin(mention.name) == _admin(incident[level]) for level in _LEVELS)


def _figures(examples: Sequence[Example]) -> tuple[list[str], Any]:
    """The names of the figures that are not too rare, and a row of their values for every example."""
    counts = Counter(name for figures, _ in examples for name, value in figures.items() if value)
    names = sorted(name for name, count in counts.items() if count >= _FEWEST)
    return names, np.array([[figures.get(name, 0.0) for name in names] for figures, _ in examples])


def _weights(examples: Sequence[Example], strength: float) -> dict[str, float]:
    """Weights of a logistic regression over figures by name, "bias" the intercept."""
    names, inputs = _figures(examples)
    mean, spread = inputs.mean(axis=0), inputs.std(axis=0) + 1e-9
    model = LogisticRegression(C=strength, max_iter=5000).fit((inputs - mean) / spread, [right for _, right in examples])
    weights = model.coef_[0] / spread
    return {"bias": float(model.intercept_[0] - weights @ mean), **dict(zip(names, weights.tolist(), strict=True))}


def _choice_weights(offers: Sequence[Offer]) -> dict[str, float]:
    """Weights of a conditional logit: those that make the right ones of each offer likeliest beside all the others and none.

    To choose none scores 0, "bias" is what everything offered has in common. After McFadden, "Conditional logit analysis of
    qualitative choice behavior" (1974), with the right ones of an offer taken together.
    """
    examples = [example for offer in offers for example in offer]
    names, inputs = _figures(examples)
    mean, spread = inputs.mean(axis=0), inputs.std(axis=0) + 1e-9
    figures = np.hstack([(inputs - mean) / spread, np.ones((len(inputs), 1))])
    right = np.array([right for _, right in examples])
    sizes = [len(offer) for offer in offers]
    of = np.repeat(np.arange(len(offers)), sizes)
    none = ~np.logical_or.reduceat(right, np.cumsum([0, *sizes[:-1]]))
    penalty = np.append(np.full(len(names), _CHOICE_PENALTY), 0.0)

    def loss(weights: Any) -> tuple[float, Any]:
        scores = figures @ weights
        most = np.zeros(len(offers))
        np.maximum.at(most, of, scores)
        shares = np.exp(scores - most[of])
        alone = np.exp(-most)
        total = np.bincount(of, shares, len(offers)) + alone
        good = np.bincount(of, shares * right, len(offers)) + alone * none
        slope = figures.T @ (shares * (1 / total[of] - right / good[of]))
        return float(np.sum(np.log(total / good)) + penalty @ weights**2 / 2), slope + penalty * weights

    weights = minimize(loss, np.zeros(figures.shape[1]), jac=True, method="L-BFGS-B").x
    plain = weights[:-1] / spread
    return {"bias": float(weights[-1] - plain @ mean), **dict(zip(names, plain.tolist(), strict=True))}


def replace_table(name: str, values: dict[str, float]) -> None:
    """Set the numbers of one table of `decision.toml`, in the file, which otherwise stays as it is, and for this process."""
    data("decision.toml")[name] = values
    text = FILE.read_text("utf-8")
    lines = "".join(f"{key} = {value:.2f}\n" for key, value in values.items() if math.isfinite(value))
    start = text.index(f"[{name}]\n") + len(name) + 3
    end = start + (found.start() if (found := re.search(r"^(#|\[|\s*$)", text[start:], re.M)) else len(text) - start)
    FILE.write_text(text[:start] + lines + text[end:], "utf-8")
