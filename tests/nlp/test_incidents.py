"""What the extractor says of whole articles, by phenomenon: type, status, place, date, several incidents, none at all.

The cases are in `cases.toml`. Every text is invented; persons and gangs do not exist.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from spacy.language import Language

from nlp import IncidentReport, NewsText, extract, load

_PUBLISHED = "2025-11-05"  # a Wednesday
_CASES = tomllib.loads(Path(__file__).with_name("cases.toml").read_text("utf-8"))
_TAIL = " Agentes de la comisaría del sector recogieron las imágenes de las cámaras y siguen con las pesquisas."


@pytest.fixture(scope="module")
def pipeline() -> Language:
    return load()


def reports(
    pipeline: Language, text: str, title: str | None = None, published: str | None = _PUBLISHED
) -> list[IncidentReport]:
    return next(extract([NewsText("x", text, title, published, "PE")], pipeline))[1]


@pytest.mark.parametrize("case", _CASES["type"], ids=lambda case: case["title"])
def test_type(pipeline: Language, case: dict[str, str]) -> None:
    assert [report.type for report in reports(pipeline, case["text"] + _TAIL, case["title"])] == [case["wanted"]]


@pytest.mark.parametrize("case", _CASES["none"], ids=lambda case: case["name"])
def test_no_incident(pipeline: Language, case: dict[str, str]) -> None:
    assert reports(pipeline, case["text"], case["title"]) == []


def test_links_to_other_stories_are_no_incidents(pipeline: Language) -> None:
    text = (
        "El gobernador se reunió con los alcaldes para revisar el presupuesto de las obras del próximo año.\n\n"
        "VER MÁS: Robacasas causan temor en vecinos de la urbanización Las Quintanas\n\n"
        "La autoridad pidió a los técnicos que terminen los expedientes antes de diciembre.\n\n"
        "PUEDE LEER: Adolescente es acribillado en centro poblado de Nuevo Chao"
    )
    assert reports(pipeline, text, "Gobernador revisa obras con alcaldes") == []


@pytest.mark.parametrize("case", _CASES["status"], ids=lambda case: case["title"])
def test_status(pipeline: Language, case: dict[str, str]) -> None:
    assert [report.status for report in reports(pipeline, case["text"] + _TAIL, case["title"])] == [case["wanted"]]


@pytest.mark.parametrize("case", _CASES["place"], ids=lambda case: case["name"])
def test_place(pipeline: Language, case: dict[str, str]) -> None:
    report = reports(pipeline, case["text"] + _TAIL, case["title"])[0]
    assert (report.place_text, report.district) == (case.get("place_text"), case["district"])


def test_street_stands_apart_from_the_place(pipeline: Language) -> None:
    text = "Sujetos armados asaltaron una botica el lunes en la avenida Larco, urbanización La Merced, en Trujillo."
    report = reports(pipeline, text + _TAIL, "Asaltan botica")[0]
    assert (report.street, report.place_text, report.district, report.level) == (
        "avenida Larco",
        "urbanización La Merced",
        "Trujillo",
        "street",
    )


@pytest.mark.parametrize("case", _CASES["date"], ids=lambda case: case["name"])
def test_date(pipeline: Language, case: dict[str, str]) -> None:
    report = reports(pipeline, case["text"] + _TAIL, "Delincuentes atacan en Moche", case.get("published"))[0]
    assert report.date == case.get("day")
    assert (report.precision == "none") == ("day" not in case)


def test_days_far_apart_decide_no_day(pipeline: Language) -> None:
    text = (
        "Robacasas forzaron la puerta de una vivienda de Moche entre el viernes 10 y el lunes 13 de octubre de 2025 "
        "y se llevaron joyas."
    )
    report = reports(pipeline, text + _TAIL, "Robacasas vacían vivienda")[0]
    assert (report.date, report.precision) == ("2025-10", "month")


@pytest.mark.parametrize(
    ("words", "date", "precision"),
    [
        ("el pasado fin de semana", "2025-11", "month"),
        ("entre agosto y octubre", "2025", "year"),
        ("entre noviembre de 2023 y marzo de 2024", "2023", "year"),
    ],
)
def test_a_stretch_is_reported_as_the_month_or_year_that_holds_it(
    pipeline: Language, words: str, date: str, precision: str
) -> None:
    text = f"Robacasas forzaron la puerta de una vivienda de Moche {words} y se llevaron joyas."
    report = reports(pipeline, text + _TAIL, "Robacasas vacían vivienda")[0]
    assert (report.date, report.precision) == (date, precision)


def test_roundup_gives_one_report_a_deed(pipeline: Language) -> None:
    text = (
        "Dos asaltos en una sola noche tienen en alerta a los comerciantes de la provincia de Trujillo.\n\n"
        "El primero ocurrió la noche del lunes en el distrito de Moche, donde sujetos armados asaltaron una botica.\n\n"
        "El segundo ocurrió la noche del martes en el distrito de Laredo, donde cuatro hampones encañonaron a los clientes "
        "de un grifo y les robaron sus celulares."
    )
    found = reports(pipeline, text, "Dos asaltos en una noche en Trujillo")
    assert {(report.district, report.date) for report in found} == {("Moche", "2025-11-03"), ("Laredo", "2025-11-04")}


def test_one_deed_told_at_length_is_one_report(pipeline: Language) -> None:
    text = (
        "Sujetos armados asaltaron una botica el lunes en el distrito de Moche.\n\n"
        "Encañonaron a la cajera y se llevaron el dinero.\n\nLuego huyeron en moto. La Policía los busca por el asalto."
    )
    assert len(reports(pipeline, text, "Asaltan botica en Moche")) == 1


def test_evidence_points_at_the_words(pipeline: Language) -> None:
    title = "  Asaltan botica en Moche"
    text = "Sujetos armados asaltaron una botica la noche del lunes en la urbanización La Merced, en Trujillo. Huyeron."
    article = NewsText("x", text, title, _PUBLISHED)
    report = next(extract([article], pipeline))[1][0]
    assert set(report.evidence) == {"type", "place", "date"}
    for evidence in report.evidence.values():
        source = title if evidence.zone == "title" else text
        assert source[evidence.start : evidence.end] == evidence.words
        assert evidence.words in evidence.sentence
        assert evidence.rule


_TRIED = {
    "done, with a threat": (
        "Asaltan botica",
        "Sujetos armados asaltaron una botica en Moche y amenazaron a la cajera.",
        "completed",
    ),
    "done, threatened before": (
        "Asesinan a comerciante",
        "Un comerciante fue asesinado a balazos en Moche. Lo habían amenazado.",
        "completed",
    ),
    "tried to flee after it": (
        "Asaltan grifo",
        "Tres sujetos asaltaron un grifo en Moche e intentaron fugar en un auto.",
        "completed",
    ),
    "victim tried to resist": (
        "Roban celular",
        "Dos hampones le robaron el celular a un joven en Moche, que intentó defenderse.",
        "completed",
    ),
    "verb of trying before": (
        "Susto en cajero",
        "Desconocidos intentaron robar un cajero en Moche, pero sonó la alarma.",
        "attempted",
    ),
    "thwarted": (
        "Frustran robo a agencia",
        "La Policía frustró el robo a una agencia bancaria el lunes en Moche y capturó a tres hampones armados.",
        "attempted",
    ),
    "prevented": ("Evitan robo de ganado", "Ronderos evitaron el robo de diez reses en Moche el domingo.", "attempted"),
    "threat": ("Amenaza con matar a su expareja", "Un sujeto amenazó con matar a su expareja en Moche el lunes.", "threatened"),
}


@pytest.mark.parametrize("name", _TRIED)
def test_what_was_tried_is_what_stands_by_the_verb(pipeline: Language, name: str) -> None:
    title, text, status = _TRIED[name]
    assert [report.status for report in reports(pipeline, text + _TAIL, title)] == [status]
