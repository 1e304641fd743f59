"""Fit the numbers that the extractor ships, from labelled articles.

    python -m nlp.train tests/gold/develop*.jsonl [MORE.jsonl …] [--only vocabulary|relevance|choices|several]

Writes `nlp/data/vocabulary.csv` and the tables `relevance`, `where_fine`, `where_admin`, `when` and `several` of
`nlp/data/decision.toml`. All are logistic or softmax regressions with an L2 penalty, fitted by plain gradient descent from
zero: the same articles give the same numbers. Never train on `heldout*.jsonl`.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc

from . import events, load, several, taxonomy, vocabulary, when, where
from .evaluate import _admin, _core
from .pipeline import documents
from .report import NewsText
from .scene import survey

Vector = NDArray[np.float64]
Example = tuple[dict[str, float], bool]
_DATA = Path(__file__).parent / "data"
_LEVELS = ("district", "province", "department")
_AGAINST = frozenset({"general", "policy", "fiction", "hypothetical", "many_types", "weak"})
"""Figures that can only speak against an incident."""
_FEWEST = 4
"""Articles (or candidates) in which a word or figure must occur to get a weight."""


def logistic(inputs: Vector, targets: Vector, penalty: float, rounds: int = 4000, step: float = 0.3) -> tuple[Vector, float]:
    """Weights and intercept of a logistic regression with penalty/2 · |w|²."""
    weights, bias = np.zeros(inputs.shape[1]), 0.0
    for _ in range(rounds):
        error = 1 / (1 + np.exp(-(inputs @ weights + bias))) - targets
        weights -= step * (inputs.T @ error / len(targets) + penalty * weights)
        bias -= step * float(error.mean())
    return weights, bias


def softmax(inputs: Vector, targets: Vector, penalty: float, rounds: int = 1500, step: float = 0.5) -> tuple[Vector, Vector]:
    """Weights and intercepts of a multinomial regression; `targets` are distributions, one row an example."""
    weights, bias = np.zeros((inputs.shape[1], targets.shape[1])), np.zeros(targets.shape[1])
    for _ in range(rounds):
        scores = inputs @ weights + bias
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        weights -= step * (inputs.T @ (shares - targets) / len(targets) + penalty * weights)
        bias -= step * (shares - targets).mean(axis=0)
    return weights, bias


def read(paths: Sequence[Path]) -> list[dict[str, Any]]:
    """Labelled articles of JSON-lines files."""
    return [json.loads(line) for path in paths for line in path.read_text("utf-8").splitlines() if line.strip()]


def annotate(nlp: Language, rows: Sequence[dict[str, Any]]) -> list[Doc]:
    """The articles as the present pipeline reads them."""
    texts = (NewsText(row["id"], row["text"], row["title"], row["published"], row.get("country")) for row in rows)
    return list(documents(nlp, texts))


def train_vocabulary(docs: Sequence[Doc], rows: Sequence[dict[str, Any]]) -> None:
    """Fit and write the word weights of `nlp.vocabulary`."""
    types = [row["key"] for row in taxonomy()]
    texts = [set(vocabulary.beginnings(doc)) for doc in docs]
    counts = Counter(word for text in texts for word in text)
    words = sorted(word for word, count in counts.items() if count >= _FEWEST)
    inputs = np.array([[float(word in text) for word in words] for text in texts])
    labels = [next((i for i in row["incidents"] if i["main"]), None) for row in rows]
    weights, bias = logistic(inputs, np.array([float(label is not None) for label in labels]), 0.01, 1500)
    crime = [i for i, label in enumerate(labels) if label is not None]
    targets = np.zeros((len(crime), len(types)))
    for i, at in enumerate(crime):
        label = labels[at] or {}
        also = [kind for kind in label["also"] if kind in types]
        targets[i, types.index(label["type"])] += 0.8 if also else 1.0
        for kind in also:
            targets[i, types.index(kind)] += 0.2 / len(also)
    by_type, biases = softmax(inputs[crime], targets, 0.005)
    table = {word: np.concatenate(([weights[i]], by_type[i])) for i, word in enumerate(words)}
    table[vocabulary.BIAS] = np.concatenate(([bias], biases))
    vocabulary.write(_DATA / "vocabulary.csv", types, table)


def train_relevance(docs: Sequence[Doc], rows: Sequence[dict[str, Any]]) -> None:
    """Fit and write the table `relevance`; a weight whose sign contradicts reason becomes zero."""
    figures = [doc.user_data.get("decision", {}).get("features") for doc in docs]
    names = list(next(found for found in figures if found))
    inputs = np.array([[(found or {}).get(name, 0.0) for name in names] for found in figures])
    mean, spread = inputs.mean(axis=0), inputs.std(axis=0) + 1e-9
    weights, bias = logistic((inputs - mean) / spread, np.array([float(bool(row["incidents"])) for row in rows]), 0.05, 3000)
    weights = weights / spread
    bias -= float(weights @ mean)
    kept = {"bias": bias}
    for name, weight in zip(names, weights, strict=True):
        against = name in _AGAINST or (name.startswith("genre_") and name != "genre_told")
        kept[name] = min(weight, 0.0) if against else max(weight, 0.0)
    replace_table("relevance", kept)


def _fits(mention: Any, incident: dict[str, Any]) -> bool:
    if mention.kind in where.FINE:
        wanted = incident["street"] if mention.kind == "street" else incident["place_text"]
        if not wanted:
            return False
        one, other = _core(wanted), _core(mention.text)
        return one <= other or other <= one
    return any(incident[level] and _admin(mention.name) == _admin(incident[level]) for level in _LEVELS)


def train_choices(docs: Sequence[Doc], rows: Sequence[dict[str, Any]]) -> None:
    """Fit and write the tables `where_fine`, `where_admin` and `when` from the candidates of the main incidents."""
    examples: dict[str, list[Example]] = {"when": [], "where_fine": [], "where_admin": []}
    for doc, row in zip(docs, rows, strict=True):
        main = next((i for i in row["incidents"] if i["main"]), None)
        if main is None:
            continue
        others = [incident for incident in row["incidents"] if incident is not main]
        scene = survey(doc, events.mentions(doc), main["type"])
        for day in when.candidates(doc, scene):
            iso = day.value.iso()
            right = bool(iso and main["date"] and iso.startswith(main["date"]))
            if iso and (right or not any(o["date"] and iso.startswith(o["date"]) for o in others)):
                examples["when"].append((day.features, right))
        for spot in where.candidates(doc, scene):
            if spot.mention.kind == "country":
                continue
            right = _fits(spot.mention, main)
            if right or not any(_fits(spot.mention, other) for other in others):
                examples["where_fine" if spot.mention.kind in where.FINE else "where_admin"].append((spot.features, right))
    for table, found in examples.items():
        counts = Counter(name for figures, _ in found for name, value in figures.items() if value)
        names = sorted(name for name, count in counts.items() if count >= _FEWEST)
        inputs = np.array([[figures.get(name, 0.0) for name in names] for figures, _ in found])
        weights, bias = logistic(inputs, np.array([float(right) for _, right in found]), 0.01)
        replace_table(table, {"bias": bias, **dict(zip(names, weights.tolist(), strict=True))})


def train_several(docs: Sequence[Doc], rows: Sequence[dict[str, Any]]) -> None:
    """Fit and write the table `several`: right are paragraphs that hold place, street, day or district of a lesser incident."""
    examples: list[Example] = []
    for doc, row in zip(docs, rows, strict=True):
        main = next((i for i in row["incidents"] if i["main"]), None)
        if main is None:
            continue
        keys = ("place_text", "street", "date_text", "district")
        lesser = [incident for incident in row["incidents"] if incident is not main]
        words = [next((i[key] for key in keys if i.get(key) and i[key] != main.get(key)), None) for i in lesser]
        scene = survey(doc, events.mentions(doc), main["type"])
        left = [word for word in words if word]
        for orders, figures, _ in several.features(doc, scene):
            text = doc[scene.views[orders[0]].sentence.start : scene.views[orders[-1]].sentence.end].text
            hit = next((word for word in left if word in text), None)
            if hit is not None:
                left.remove(hit)
            examples.append((figures, hit is not None))
    names = list(examples[0][0])
    inputs = np.array([[figures[name] for name in names] for figures, _ in examples])
    weights, bias = logistic(inputs, np.array([float(right) for _, right in examples]), 0.003, 6000)
    replace_table("several", {"bias": bias, **dict(zip(names, weights.tolist(), strict=True))})


def replace_table(name: str, values: dict[str, float]) -> None:
    """Write the numbers of one table of `decision.toml`, leaving the rest of the file as it is."""
    path = _DATA / "decision.toml"
    text = path.read_text("utf-8")
    lines = "".join(f"{key} = {value:.2f}\n" for key, value in values.items())
    start = text.index(f"[{name}]\n") + len(name) + 3
    end = start + (found.start() if (found := re.search(r"^(#|\[|\s*$)", text[start:], re.M)) else len(text) - start)
    path.write_text(text[:start] + lines + text[end:], "utf-8")


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--only", choices=("vocabulary", "relevance", "choices", "several"))
    arguments = parser.parse_args()
    rows = read(arguments.files)
    docs = annotate(load(), rows)
    steps = {
        "vocabulary": train_vocabulary,
        "relevance": train_relevance,
        "choices": train_choices,
        "several": train_several,
    }
    for name, train in steps.items():
        if arguments.only in (None, name):
            train(docs, rows)
            print(f"{name}: fitted on {len(rows)} articles")


if __name__ == "__main__":
    main()
