"""Which reports tell the same incident, and under which identifier it is published.

The rule is simple and would rather leave one incident as two than make two into one: the main incidents of articles in
different newspapers are joined where type and completion, UBIGEO of a district, name of the place (case and accents folded)
and day are all given and equal, and no street contradicts. Everything else is an incident of its own. Within one newspaper
nothing is joined: two robberies in one market on one day stay two.

An identifier is made from the first report in the order of the archive: its article's address and the sentence that decided its
type. So publishing again, or more newspapers telling it later, does not change it.
"""

from __future__ import annotations

import base64
import hashlib
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Key = tuple[str, ...]


@dataclass
class _Cluster:
    incident: str
    newspapers: set[str] = field(default_factory=set)
    streets: set[str] = field(default_factory=set)


def assign(reports: Iterable[Mapping[str, Any]]) -> Iterator[tuple[int, str, str]]:
    """For each report, in the order of the archive, its `id`, a public identifier of its own, and its incident's.

    A report is a mapping with `id`, `url`, `source`, `position`, `type`, `status`, `ubigeo`, `place_text`, `street`, `date`,
    `date_end`, `precision` and `sentence` (the one that decided the type); those of one article follow one another.
    """
    clusters: dict[Key, list[_Cluster]] = {}
    article = None
    sentences: Counter[str] = Counter()
    for report in reports:
        if report["url"] != article:
            article, sentences = report["url"], Counter()
        sentence = fold(report["sentence"] or "")
        sentences[sentence] += 1
        own = _identifier(report["url"], sentence, str(sentences[sentence]))
        key = _key(report)
        if key is None:
            yield report["id"], f"R{own}", f"Q{own}"
            continue
        street = fold(report["street"] or "")
        for cluster in clusters.setdefault(key, []):
            if report["source"] not in cluster.newspapers and not (street and cluster.streets - {street}):
                break
        else:
            cluster = _Cluster(f"Q{own}")
            clusters[key].append(cluster)
        cluster.newspapers.add(report["source"])
        cluster.streets |= {street} - {""}
        yield report["id"], f"R{own}", cluster.incident


def merge(reports: list[Mapping[str, Any]]) -> dict[str, Any]:
    """One incident's fields from its reports, in the order of the archive: the first report's, with its gaps filled by the
    later ones', the highest confidence, and no part of the day where they disagree."""
    merged = dict(reports[0])
    for report in reports[1:]:
        if merged["street"] is None and report["street"] is not None:
            merged["street"], merged["level"] = report["street"], report["level"]
        if merged["latitude"] is None:
            merged["latitude"], merged["longitude"] = report["latitude"], report["longitude"]
        merged["confidence"] = max(merged["confidence"], report["confidence"])
    parts = {report["part_of_day"] for report in reports} - {None}
    merged["part_of_day"] = parts.pop() if len(parts) == 1 else None
    return merged


def fold(text: str) -> str:
    """Text for comparing: lower case, no accents, single spaces."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(character for character in decomposed if not unicodedata.combining(character)).split())


def _key(report: Mapping[str, Any]) -> Key | None:
    ubigeo, place = report["ubigeo"], report["place_text"]
    named = ubigeo and len(ubigeo) == 6 and not ubigeo.endswith("00") and place
    if report["position"] or not named or report["precision"] != "day" or not report["date"]:
        return None
    return (report["type"], report["status"], ubigeo, fold(place), report["date"], report["date_end"] or report["date"])


def _identifier(*parts: str) -> str:
    digest = hashlib.sha256("\x1f".join(parts).encode()).digest()
    return base64.b32encode(digest[:10])[:12].decode()
