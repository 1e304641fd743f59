"""Scoring against labelled articles."""

from __future__ import annotations

from typing import Any

from nlp.evaluate import evaluate


def incident(**fields: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "type": "robbery", "also": [], "place_text": None, "street": None, "district": "Moche", "province": "Trujillo",
        "department": "La Libertad", "date": "2025-11-03", "precision": "day", "main": True,
    }  # fmt: skip
    return base | fields


def test_all_right() -> None:
    gold = [{"id": "a", "incidents": [incident()]}, {"id": "b", "incidents": []}]
    figures = evaluate(gold, {"a": [incident()]})
    assert (figures.relevance_f1, figures.type, figures.admin, figures.date, figures.row, figures.incident_f1) == (
        1,
        1,
        1,
        1,
        1,
        1,
    )
    assert figures.misses == []


def test_counts_each_fault_once() -> None:
    gold = [
        {"id": "false alarm", "incidents": []},
        {"id": "missed", "incidents": [incident()]},
        {"id": "wrong day", "incidents": [incident()]},
        {"id": "invented", "incidents": [incident(date=None, precision="none")]},
    ]
    found = {"false alarm": [incident()], "wrong day": [incident(date="2025-11-02")], "invented": [incident()]}
    figures = evaluate(gold, found)
    assert (figures.false_alarms, figures.missed_articles, figures.dates_invented, figures.undated) == (1, 1, 1, 1)
    assert figures.date == 0.0
    assert figures.row == 0.25
    assert {miss["id"] for miss in figures.misses} == {"false alarm", "missed", "wrong day", "invented"}


def test_accepted_types_kind_words_and_aliases() -> None:
    gold = [{"id": "a", "incidents": [incident(also=["theft"], place_text="urbanización La Merced", district="Lima")]}]
    found = {"a": [incident(type="theft", place_text="La Merced", district="Cercado de Lima")]}
    figures = evaluate(gold, found)
    assert (figures.type, figures.place, figures.admin) == (1, 1, 1)


def test_incidents_are_matched_whatever_their_order() -> None:
    gold = [{"id": "a", "incidents": [incident(), incident(main=False, district="Laredo", type="homicide")]}]
    figures = evaluate(gold, {"a": [incident(district="Laredo", type="homicide"), incident()]})
    assert (figures.row, figures.incident_f1) == (1, 1)
