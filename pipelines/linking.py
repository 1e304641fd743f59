"""Scoring how reports are joined into incidents, against labelled clusters."""

from __future__ import annotations

import json
import tempfile
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

import nlp
from db.archive import Archive
from db.identity import link, told
from db.instants import parse
from pipelines.batches import extract_pending
from pipelines.console import watched
from pipelines.extract import LineError, json_object, news_text_of


@dataclass
class LinkingFigures:
    """How well reports were joined. Shares between 0 and 1; pairs and B³ as in Bagga and Baldwin (1998)."""

    articles: int
    reports: int
    """Labelled reports that the extractor found; the others count as missed, each alone."""
    missed: int
    clusters: int
    incidents: int
    """Incidents that the labelled reports were put into."""
    pair_precision: float
    pair_recall: float
    pair_f1: float
    b3_precision: float
    b3_recall: float
    b3_f1: float
    count_error: float | None
    """Sum of the differences of the monthly counts per district, over the sum of the labelled counts; None without labels."""
    wrongly_joined: list[tuple[str, str]] = field(default_factory=list)
    wrongly_apart: list[tuple[str, str]] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The figures as plain data."""
        return asdict(self)


def evaluate_linking(file: Path) -> LinkingFigures:
    """Extract and link the articles of a JSONL file in a new archive, and score the incidents against its labels.

    Each line is an article as `quintanas extract` takes it with `clusters`, the label of each incident that it tells, the main
    one first (or `cluster`, one label), its newspaper as `source`, and optionally `incidents` with `district` and `date` of
    each, by which the monthly counts are scored. An article that tells nothing has an empty list.

    Raises:
        click.ClickException: a line that is no such article, with its number.
    """
    records = list(_read(file))
    with (
        tempfile.TemporaryDirectory(prefix="quintanas-") as folder,
        Archive(Path(folder) / "archive.db", write=True) as archive,
    ):
        _store(archive, records)
        extract_pending(archive)
        link(archive)
        found: dict[str, list[Any]] = defaultdict(list)
        for row in told(archive):
            found[row["url"]].append(row)
        merged = _counts(found)
    gold: dict[Hashable, str] = {}
    given: dict[Hashable, str] = {}
    missed = 0
    for number, record in enumerate(records):
        reports = found.get(_address(number), [])
        for position, cluster in enumerate(record["clusters"]):
            key = (record["id"], position)
            gold[key] = cluster
            if position < len(reports):
                given[key] = reports[position]["incident"]
            else:
                given[key] = f"missed {key}"
                missed += 1
    wanted = _wanted_counts(records)
    error = None
    if wanted:
        keys = wanted.keys() | merged.keys()
        error = sum(abs(wanted[key] - merged[key]) for key in keys) / sum(wanted.values())
    return LinkingFigures(
        articles=len(records),
        reports=len(gold) - missed,
        missed=missed,
        clusters=len(set(gold.values())),
        incidents=len({name for name in given.values() if not name.startswith("missed")}),
        **scores(gold, given),
        count_error=error,
        wrongly_joined=_pairs(given, gold),
        wrongly_apart=_pairs(gold, given),
    )


def scores(gold: Mapping[Hashable, str], given: Mapping[Hashable, str]) -> dict[str, float]:
    """Pairwise and B³ precision, recall and F1 of one clustering against another of the same items."""
    both = Counter((gold[item], given[item]) for item in gold)
    right, found, wanted = (
        sum(n * (n - 1) // 2 for n in counts.values()) for counts in (both, Counter(given.values()), Counter(gold.values()))
    )
    pair_precision = right / found if found else 1.0
    pair_recall = right / wanted if wanted else 1.0
    sizes, truths = Counter(given.values()), Counter(gold.values())
    b3_precision = sum(n * n / sizes[name] for (_, name), n in both.items()) / len(gold) if gold else 1.0
    b3_recall = sum(n * n / truths[name] for (name, _), n in both.items()) / len(gold) if gold else 1.0
    return {
        "pair_precision": pair_precision,
        "pair_recall": pair_recall,
        "pair_f1": _f1(pair_precision, pair_recall),
        "b3_precision": b3_precision,
        "b3_recall": b3_recall,
        "b3_f1": _f1(b3_precision, b3_recall),
    }


def linking_text(figures: LinkingFigures) -> str:
    """The figures and the wrong pairs for a person."""
    lines = [
        f"{'articles':32} {figures.articles}",
        f"{'reports found, missed':32} {figures.reports}, {figures.missed}",
        f"{'clusters, incidents':32} {figures.clusters}, {figures.incidents}",
    ]
    for name, label in (("pair", "pairs"), ("b3", "B³")):
        values = ", ".join(f"{getattr(figures, f'{name}_{part}'):.3f}" for part in ("precision", "recall", "f1"))
        lines.append(f"{label + ': precision, recall, F1':32} {values}")
    error = figures.count_error
    lines.append(f"{'monthly counts per district':32} {'–' if error is None else f'{error:.1%} off'}")
    for title, pairs in (("wrongly joined", figures.wrongly_joined), ("wrongly apart", figures.wrongly_apart)):
        lines += ["", f"{len(pairs)} {title}", *(f"{one}\t{other}" for one, other in pairs)]
    return "\n".join(lines)


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _read(file: Path) -> Iterable[dict[str, Any]]:
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                record = json_object(line)
                news_text_of(record)
            except LineError as error:
                raise click.ClickException(f"{file}, line {number}: {error}") from None
            clusters = record.get("clusters", [record["cluster"]] if "cluster" in record else None)
            if not isinstance(clusters, list):
                raise click.ClickException(f'{file}, line {number}: no list of "clusters"')
            yield {**record, "clusters": [str(cluster) for cluster in clusters]}


def _store(archive: Archive, records: list[dict[str, Any]]) -> None:
    names = {str(record.get("source") or "newspaper"): record for record in records}
    archive.sync_sources(
        {"id": name, "name": name, "country": record.get("country"), "region": record.get("region")}
        for name, record in names.items()
    )
    run = archive.start_run("evaluate", names, nlp.extractor_version())
    with archive.transaction():
        for number, record in enumerate(watched(records, "storing", total=len(records))):
            published = record.get("published")
            if published and len(published) == 10:
                published = f"{published}T12:00:00-05:00"
            elif published and datetime.fromisoformat(published).tzinfo is None:
                published = f"{published}-05:00"
            archive.store_article(
                run,
                {
                    "url": _address(number),
                    "source": str(record.get("source") or "newspaper"),
                    "headline": record.get("title") or "",
                    "body": record["text"],
                    "published": parse(published),
                    "fetched": datetime.now(UTC),
                },
            )


def _address(number: int) -> str:
    return f"https://evaluate.invalid/{number}"


def _counts(found: Mapping[str, list[Any]]) -> Counter[tuple[str, str]]:
    """Incidents by district and month, each once, as most of its reports that know both say."""
    seen: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    for rows in found.values():
        for row in rows:
            if row["district"] and row["date"] and len(row["date"]) >= 7:
                seen[row["incident"]][row["district"], row["date"][:7]] += 1
    return Counter(votes.most_common(1)[0][0] for votes in seen.values())


def _wanted_counts(records: list[dict[str, Any]]) -> Counter[tuple[str, str]]:
    seen: dict[str, tuple[str, str]] = {}
    for record in records:
        for cluster, incident in zip(record["clusters"], record.get("incidents") or (), strict=False):
            if incident.get("district") and incident.get("date"):
                seen.setdefault(cluster, (incident["district"], incident["date"][:7]))
    return Counter(seen.values())


def _pairs(one: Mapping[Hashable, str], other: Mapping[Hashable, str]) -> list[tuple[str, str]]:
    """Pairs that the first clustering joins and the second does not."""
    groups: dict[str, list[Hashable]] = defaultdict(list)
    for item, name in one.items():
        groups[name].append(item)
    return [
        (json.dumps(left, ensure_ascii=False), json.dumps(right, ensure_ascii=False))
        for items in groups.values()
        for at, left in enumerate(items)
        for right in items[at + 1 :]
        if other[left] != other[right]
    ]
