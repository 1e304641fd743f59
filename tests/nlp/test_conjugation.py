"""Verb forms that the trigger lexicon looks up."""

from __future__ import annotations

import pytest

from nlp.conjugation import forms

CASES = [
    ("asaltar", "past", {"asaltó", "asaltaron"}),
    ("asaltar", "participle", {"asaltado", "asaltada", "asaltados", "asaltadas"}),
    ("asaltar", "present", {"asalta", "asaltan"}),
    ("asaltar", "infinitive", {"asaltar", "asaltarlo", "asaltarle", "asaltarlos"}),
    ("secuestrar", "gerund", {"secuestrando", "secuestrándola"}),
    ("detener", "past", {"detuvo", "detuvieron"}),
    ("detener", "present", {"detiene", "detienen"}),
    ("detener", "conditional", {"detendría", "detendrían"}),
    ("herir", "past", {"hirió", "hirieron"}),
    ("sustraer", "past", {"sustrajo", "sustrajeron"}),
    ("morir", "participle", {"muerto", "muertas"}),
    ("atacar", "subjunctive", {"ataque", "ataquen", "atacaran"}),
    ("destruir", "past", {"destruyó", "destruyeron"}),
]


@pytest.mark.parametrize(("verb", "cls", "wanted"), CASES)
def test_forms(verb: str, cls: str, wanted: set[str]) -> None:
    assert wanted <= {form for form, found in forms(verb) if found == cls}


def test_irregular_verbs_have_no_regular_past() -> None:
    found = {form for form, _ in forms("detener")}
    assert not {"detenió", "detenieron"} & found
