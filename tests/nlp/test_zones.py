"""Zones: what belongs to the article and what to other stories, captions and bylines."""

from __future__ import annotations

import pytest
from spacy.language import Language
from spacy.tokens import Doc

from nlp import NewsText, load
from nlp.pipeline import make_doc

_LEAD = "Dos sujetos armados asaltaron la tarde del lunes una botica de la urbanización Monserrate, en Trujillo."


@pytest.fixture(scope="module")
def pipeline() -> Language:
    return load()


def zones(pipeline: Language, text: str, title: str | None = "Asaltan botica") -> list[tuple[str, str]]:
    doc: Doc = make_doc(pipeline, NewsText("1", text, title))
    doc = pipeline.get_pipe("zones")(doc)
    return [(span.label_, span.text.strip()) for span in doc.spans["zones"] if span.text.strip()]


LINES = [
    ("VER MÁS: Sicarios matan a taxista en La Esperanza", "link"),
    ("LEA TAMBIÉN: Robacasas causan temor en vecinos", "link"),
    ("LEE TAMBIÉN | Caen extorsionadores en Virú", "link"),
    ("PUEDE LEER: Acribillan a un joven", "link"),
    ("Te puede interesar: Detienen a falso médico", "link"),
    ("MIRA: El video del asalto", "link"),
    ("Mira también: Hallan cadáver en acequia", "link"),
    ("TAGS RELACIONADOS", "link"),
    ("Guayaquil y la inseguridad: 1.400 alertas en siete días Leer más", "link"),
    ("Los sujetos huyeron en moto. (Foto: Difusión)", "caption"),
    ("Así quedó la botica | Foto: redes", "caption"),
    ("Por Redacción Norte", "byline"),
    ("Publicado en Policiales, hace 2 días", "byline"),
    ("Cómo actuaron los hampones", "subhead"),
    ("La Policía ya busca a los dos sujetos que entraron al local con el rostro cubierto.", "body"),
]


@pytest.mark.parametrize(("line", "label"), LINES)
def test_line(pipeline: Language, line: str, label: str) -> None:
    assert (label, line) in zones(pipeline, f"{_LEAD}\n\n{line}\n\nLa investigación sigue su curso en la comisaría del sector.")


@pytest.mark.parametrize(
    "dateline",
    ["TRUJILLO. –", "Ascope, 19 ago. –", "Chimbote (Áncash).-", "Lima, 22 dic (Agencias).-", "RADIO LA VOZ.-"],
)
def test_dateline_is_cut_off_the_lead(pipeline: Language, dateline: str) -> None:
    found = zones(pipeline, f"{dateline} {_LEAD}")
    assert ("dateline", dateline) in found
    assert ("lead", _LEAD) in found


@pytest.mark.parametrize(
    "stamp",
    [
        *("05 set. 2025", "12 MAR 2025 - 10:15 a. m.", "12.03.2025 | 18:40", "sáb. Jun 14th, 2025"),
        *("Cusco | 12 de septiembre de 2025", "4 de octubre de 2021", "Lunes, 3 de marzo de 2025", "12 Ene 2026 | Sociedad"),
    ],
)
def test_the_day_of_the_page_is_no_prose(pipeline: Language, stamp: str) -> None:
    found = zones(pipeline, f"{stamp}\n\n{_LEAD}")
    assert found[1:] == [("dateline", stamp), ("lead", _LEAD)]


@pytest.mark.parametrize("stamp", ["2025-11-03", "2025-11", "3/11/2025.-", "(Lunes 3/11/2025).-", "2025-11-03 Quito, 3 nov.-"])
def test_the_day_of_the_page_is_cut_off_the_lead(pipeline: Language, stamp: str) -> None:
    assert zones(pipeline, f"{stamp} {_LEAD}")[1:] == [("dateline", stamp), ("lead", _LEAD)]


@pytest.mark.parametrize(
    "line",
    [
        "El 12 de marzo de 2025 los mismos sujetos habían entrado a otra botica.",
        "12 de marzo de 2025: asaltan una botica de la avenida Larco y hieren al vigilante",
        "En 2025 van 12 asaltos a boticas",
        "12 detenidos dejó el operativo de 2025",
    ],
)
def test_a_day_in_prose_stays_there(pipeline: Language, line: str) -> None:
    assert "dateline" not in [label for label, _ in zones(pipeline, f"{_LEAD}\n\n{line}")]


def test_headline_and_lead(pipeline: Language) -> None:
    assert zones(pipeline, _LEAD)[:2] == [("headline", "Asaltan botica"), ("lead", _LEAD)]


def test_a_sentence_that_opens_with_a_place_is_no_dateline(pipeline: Language) -> None:
    assert zones(pipeline, "Trujillo vivió otra noche de miedo por culpa de los asaltos a mano armada.")[1][0] == "lead"


def test_every_token_but_the_line_breaks_is_in_one_zone(pipeline: Language) -> None:
    doc = make_doc(pipeline, NewsText("1", f"{_LEAD}\nUna línea\n\nVER MÁS: otra", "Título"))
    doc = pipeline.get_pipe("zones")(doc)
    covered = [token.i for span in doc.spans["zones"] for token in span]
    assert len(covered) == len(set(covered))
    assert all("\n" in doc[i].text for i in set(range(len(doc))) - set(covered))
