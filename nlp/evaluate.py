"""Scoring extracted incidents against labelled articles.

The figures are those of the annotation guide: each is a share of the cases that it applies to.

| figure | the share of |
|---|---|
| relevance_f1 | F1 of "this article reports an incident" |
| type | main incidents whose type is the labelled one or another that the label accepts |
| admin | main incidents whose finest labelled administrative level is named right |
| place | main incidents with a labelled place whose name is the same up to kind words |
| date | dated main incidents whose day (month, year) is right |
| row | articles whose row could be published uncorrected |
| incident_f1 | F1 over all incidents: type, administrative level and date right |
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import permutations
from typing import Any

Incident = Mapping[str, Any]

_GOLD_MOST, _PREDICTED_MOST = 4, 6
_KIND_WORDS = frozenset(
    [
        "urbanizacion",
        "urb",
        "asentamiento",
        "humano",
        "aahh",
        "cp",
        "cp",
        "sector",
        "barrio",
        "calle",
        "avenida",
        "av",
        "jiron",
        "jr",
        "pasaje",
        "psje",
        "distrito",
        "provincia",
        "region",
        "departamento",
        "caserio",
        "anexo",
        "mercado",
        "el",
        "la",
        "los",
        "las",
        "de",
        "del",
        "en",
        "colonia",
        "localidad",
        "comuna",
    ]
)
_KIND_PAIRS = re.compile(r"\b(asentamiento humano|aa hh|a h|centro poblado|c p|pueblo joven|p j)\b")
_SAME = {
    "provincia constitucional del callao": "callao",
    "lima metropolitana": "lima",
    "victor larco": "victor larco herrera",
    "cercado de lima": "lima",
    "lima cercado": "lima",
}


@dataclass
class Figures:
    """What `evaluate` found. Shares are between 0 and 1, None where nothing applies; `counts` holds the denominators."""

    articles: int = 0
    relevance_f1: float = 0.0
    false_alarms: int = 0
    missed_articles: int = 0
    type: float | None = None
    admin: float | None = None
    place: float | None = None
    date: float | None = None
    row: float | None = None
    incident_f1: float = 0.0
    dates_invented: int = 0
    undated: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    misses: list[dict[str, Any]] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, without the misses."""
        return {key: value for key, value in asdict(self).items() if key != "misses"}


def fold(text: str | None) -> str:
    """Lower case without accents, everything but letters and digits one blank."""
    decomposed = unicodedata.normalize("NFKD", text or "")
    plain = "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()
    return re.sub(r"[^a-z0-9]+", " ", plain).strip()


def _admin(text: str | None) -> str:
    name = fold(text)
    return _SAME.get(name, name)


def _core(text: str) -> set[str]:
    folded = fold(text)
    words = [word for word in _KIND_PAIRS.sub(" ", folded).split() if word not in _KIND_WORDS]
    return set(words or folded.split())


def type_right(gold: Incident, found: Incident) -> bool:
    """The labelled type or one that the label accepts."""
    return found.get("type") in (gold["type"], *gold.get("also", ()))


def admin_right(gold: Incident, found: Incident) -> bool | None:
    """The finest labelled level is named right; None where none is labelled."""
    for level in ("district", "province", "department"):
        if gold.get(level):
            return _admin(found.get(level)) == _admin(gold[level])
    return None


def place_right(gold: Incident, found: Incident) -> bool | None:
    """One name's words hold the other's; None where no place is labelled."""
    if not gold.get("place_text"):
        return None
    wanted = _core(gold["place_text"])
    named = _core(" ".join(part for part in (found.get("place_text"), found.get("street")) if part))
    return bool(named) and (wanted <= named or named <= wanted)


def date_right(gold: Incident, found: Incident) -> bool | None:
    """Right to the labelled precision; None where no date is labelled."""
    date = gold.get("date")
    if gold.get("precision") == "none" or not date:
        return None
    return bool((found.get("date") or "")[: len(date)] == date)


def row_right(gold: Incident, found: Incident) -> bool:
    """Type, administrative level and date are right, as far as they are labelled."""
    return type_right(gold, found) and admin_right(gold, found) is not False and date_right(gold, found) is not False


def _worth(gold: Incident, found: Incident) -> int:
    return (
        3 * type_right(gold, found)
        + 2 * bool(admin_right(gold, found))
        + 2 * bool(date_right(gold, found))
        + bool(place_right(gold, found))
    )


def align(gold: Sequence[Incident], found: Sequence[Incident]) -> dict[int, int]:
    """Pairs of labelled and found incidents, one to one, by the greatest total worth."""
    gold, found = gold[:_GOLD_MOST], found[:_PREDICTED_MOST]
    if not gold or not found:
        return {}
    best: dict[int, int] = {}
    most = -1
    turned = len(gold) > len(found)
    few, many = (found, gold) if turned else (gold, found)
    for choice in permutations(range(len(many)), len(few)):
        pairs = {j: i for i, j in enumerate(choice)} if turned else dict(enumerate(choice))
        total = sum(_worth(gold[i], found[j]) for i, j in pairs.items())
        if total > most:
            most, best = total, pairs
    return best


def _share(values: Iterable[bool | None]) -> tuple[float | None, int]:
    known = [value for value in values if value is not None]
    return (round(sum(known) / len(known), 3) if known else None), len(known)


def _f1(right: int, wrong: int, missed: int) -> float:
    return round(2 * right / (2 * right + wrong + missed), 3) if right else 0.0


def evaluate(gold: Iterable[Mapping[str, Any]], predictions: Mapping[str, Sequence[Incident]]) -> Figures:
    """Score predictions (incidents by article id, the likeliest first) against labelled articles; lists every miss.

    `gold`: mappings with "id" and "incidents", as in the annotation guide. An article without a prediction counts as one
    without an incident.
    """
    figures = Figures()
    columns: dict[str, list[bool | None]] = {key: [] for key in ("type", "admin", "place", "date", "row")}
    articles_right = rows_right = rows_wrong = rows_missed = 0
    for article in gold:
        figures.articles += 1
        wanted, found = article["incidents"], predictions.get(article["id"], [])
        articles_right += bool(wanted and found)
        figures.false_alarms += bool(found and not wanted)
        figures.missed_articles += bool(wanted and not found)
        if not wanted:
            columns["row"].append(not found)
            rows_wrong += len(found)
            if found:
                figures.misses.append(
                    {"id": article["id"], "fault": "incident where none", "found": [f.get("type") for f in found]}
                )
            continue
        pairs = align(wanted, found)
        rows_wrong += len(found) - sum(row_right(wanted[i], found[j]) for i, j in pairs.items())
        for i, incident in enumerate(wanted):
            match = found[pairs[i]] if i in pairs else None
            stands = match is not None and row_right(incident, match)
            rows_right += stands
            rows_missed += not stands
            if not incident["main"]:
                continue
            other: Incident = match if match is not None else {}
            right = {
                "type": match is not None and type_right(incident, other),
                "admin": admin_right(incident, other),
                "place": place_right(incident, other),
                "date": date_right(incident, other),
            }
            for key, value in right.items():
                columns[key].append(value)
            columns["row"].append(stands)
            undated = incident.get("precision") == "none"
            invented = undated and match is not None and bool(other.get("date")) and other.get("precision") == "day"
            figures.undated += undated
            figures.dates_invented += invented
            faults = [key for key, value in right.items() if value is False] + ["date invented"] * invented
            if faults:
                shown = ("type", "district", "province", "department", "place_text", "street", "date")
                figures.misses.append(
                    {
                        "id": article["id"],
                        "fault": ", ".join(faults) if match is not None else "missed",
                        "row": stands,
                        "wanted": {key: incident.get(key) for key in shown},
                        "found": {key: other.get(key) for key in shown},
                    }
                )
    figures.relevance_f1 = _f1(articles_right, figures.false_alarms, figures.missed_articles)
    figures.incident_f1 = _f1(rows_right, rows_wrong, rows_missed)
    for key, values in columns.items():
        share, count = _share(values)
        setattr(figures, key, share)
        figures.counts[key] = count
    return figures
