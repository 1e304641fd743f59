"""Scoring the extractor against labelled articles."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

import nlp
from nlp.evaluate import Figures, evaluate
from pipelines.console import watched
from pipelines.extract import LineError, json_object, news_text_of

_LABELS = {
    "relevance_f1": "an incident or none, F1",
    "type": "type",
    "admin": "finest administrative level",
    "place": "place",
    "date": "date",
    "row": "row",
    "incident_f1": "all incidents, F1",
}


def evaluate_file(gold: Path) -> Figures:
    """Extract every labelled article of a JSONL file and score the result.

    Raises:
        click.ClickException: a line that is no labelled article, with its number; scores of a part would mislead.
    """
    articles = list(_read(gold))
    texts = [text for text, _ in articles]
    found = watched(nlp.extract(texts), "evaluating", total=len(texts))
    return evaluate([labels for _, labels in articles], {key: [asdict(report) for report in reports] for key, reports in found})


def _read(gold: Path) -> Iterator[tuple[nlp.NewsText, dict[str, Any]]]:
    with gold.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                record = json_object(line)
                text = news_text_of(record)
            except LineError as error:
                raise click.ClickException(f"{gold}, line {number}: {error}") from None
            if not isinstance(record.get("incidents"), list):
                raise click.ClickException(f'{gold}, line {number}: no list of "incidents"')
            yield text, record


def report_text(figures: Figures) -> str:
    """The figures and the misses for a person."""
    lines = [f"{'articles':32} {figures.articles}"]
    for key, label in _LABELS.items():
        value = getattr(figures, key)
        count = figures.counts.get(key)
        lines.append(f"{label:32} {'–' if value is None else f'{value:.3f}'}{f'  of {count}' if count else ''}")
    lines.append(f"{'false alarms, missed articles':32} {figures.false_alarms}, {figures.missed_articles}")
    lines.append(f"{'dates invented':32} {figures.dates_invented} of {figures.undated}")
    lines += ["", f"{len(figures.misses)} misses"]
    for miss in figures.misses:
        lines.append(f"{miss['id']}\t{miss['fault']}\t{json.dumps(_shown(miss), ensure_ascii=False)}")
    return "\n".join(lines)


def _shown(miss: dict[str, Any]) -> Any:
    """Of a miss only what differs."""
    if "wanted" not in miss:
        return miss["found"]
    return {key: [value, miss["found"][key]] for key, value in miss["wanted"].items() if value != miss["found"][key]}
