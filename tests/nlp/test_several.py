"""Several incidents in one article: the ways in which the press goes over to another deed, and those in which it stays."""

from __future__ import annotations

import pytest
from spacy.language import Language

from nlp import IncidentReport, NewsText, extract, load

_PUBLISHED = "2025-11-06"  # a Thursday


@pytest.fixture(scope="module")
def pipeline() -> Language:
    return load()


def found(pipeline: Language, title: str, text: str) -> list[IncidentReport]:
    article = NewsText("x", text, title, _PUBLISHED, "PE", "La Libertad/Trujillo")
    return next(iter(extract([article], pipeline)))[1]


_FIRST = (
    "Dos sujetos armados asaltaron una botica la noche del martes en el sector Río Seco, distrito de El Porvenir. "
    "Encañonaron a la cajera y se llevaron el dinero de las ventas.\n\n"
)

_ANOTHER = {
    "the second": (
        "El segundo asalto ocurrió la tarde del miércoles en el mercado Palermo, en Trujillo, donde tres hampones "
        "encañonaron a un comerciante.",
        ("Trujillo", "2025-11-05"),
    ),
    "in another deed": (
        "En otro hecho, la mañana del miércoles, dos encapuchados asaltaron un grifo en el distrito de Laredo.",
        ("Laredo", "2025-11-05"),
    ),
    "meanwhile elsewhere": (
        "Por otro lado, en el distrito de Moche, un joven fue asesinado a balazos el miércoles cuando salía de su casa.",
        ("Moche", "2025-11-05"),
    ),
    "the same night": (
        "Esa misma noche, en el distrito de Víctor Larco Herrera, cuatro delincuentes asaltaron una pollería y "
        "despojaron de sus celulares a los comensales.",
        ("Víctor Larco Herrera", "2025-11-04"),
    ),
    "the next day": (
        "Al día siguiente, en el distrito de La Esperanza, dos hampones asaltaron una bodega a mano armada.",
        ("La Esperanza", "2025-11-05"),
    ),
    "under a subhead": (
        "Segundo caso\n\nEl miércoles, en el distrito de Huanchaco, tres hampones asaltaron un restaurante y "
        "balearon al vigilante.",
        ("Huanchaco", "2025-11-05"),
    ),
    "apart from that": (
        "Aparte, en el distrito de Moche, a un panadero le quitaron la recaudación el miércoles a punta de pistola.",
        ("Moche", "2025-11-05"),
    ),
    "it befell somebody else": (
        "Lo mismo le pasó la noche del miércoles a una comerciante del distrito de Laredo: dos sujetos armados la asaltaron "
        "y le quitaron las ganancias.",
        ("Laredo", "2025-11-05"),
    ),
    "within a paragraph": (
        "Los vecinos piden más patrullaje. En otro caso, ocurrido el miércoles en el distrito de Salaverry, "
        "dos sujetos asaltaron "
        "una ferretería.",
        ("Salaverry", "2025-11-05"),
    ),
}


@pytest.mark.parametrize("name", _ANOTHER)
def test_another_deed_is_a_report_of_its_own(pipeline: Language, name: str) -> None:
    text, (district, day) = _ANOTHER[name]
    reports = found(pipeline, "Dos asaltos alarman a Trujillo", _FIRST + text)
    assert [(r.district, r.date) for r in reports] == [("El Porvenir", "2025-11-04"), (district, day)]


_STAYS = {
    "aftermath": (
        "La víctima fue llevada al hospital Regional de Trujillo el miércoles. Los médicos la dieron de alta por la tarde."
    ),
    "flight": (
        "Luego huyeron en moto hacia el distrito de Florencia de Mora. La Policía Nacional busca a "
        "los asaltantes desde el miércoles."
    ),
    "complaint": (
        "El dueño denunció el asalto el miércoles en la comisaría de Sánchez Carrión, y pidió que se revisen las cámaras."
    ),
    "habit": "No es la primera vez que esto ocurre. Los comerciantes dicen que los roban a menudo y que nadie los escucha.",
    "statistics": (
        "En lo que va del año se registraron 120 asaltos en los distritos de Trujillo y La Esperanza, según la Policía."
    ),
    "plans": (
        "El alcalde anunció que el lunes se instalarán cámaras en el distrito de La Esperanza y en el mercado La Hermelinda."
    ),
}


@pytest.mark.parametrize("name", _STAYS)
def test_what_follows_from_a_deed_is_no_other(pipeline: Language, name: str) -> None:
    reports = found(pipeline, "Asaltan botica en El Porvenir", _FIRST + _STAYS[name])
    assert [(r.type, r.district, r.date) for r in reports] == [("robbery", "El Porvenir", "2025-11-04")]


def test_a_summary_is_no_deed_beside_those_that_it_sums_up(pipeline: Language) -> None:
    text = (
        "Dos asesinatos se registraron esta semana en la provincia de Trujillo, ambos con arma de fuego.\n\n"
        "El primero ocurrió el lunes en el distrito de Moche, donde un mototaxista fue asesinado a balazos por dos sujetos.\n\n"
        "El segundo ocurrió el martes en el distrito de Laredo. Un comerciante murió acribillado cuando cerraba su tienda."
    )
    reports = found(pipeline, "Dos asesinatos en una semana en Trujillo", text)
    assert [(r.type, r.district, r.date) for r in reports] == [
        ("homicide", "Moche", "2025-11-03"),
        ("homicide", "Laredo", "2025-11-04"),
    ]


def test_other_deed_has_its_own_type(pipeline: Language) -> None:
    text = _FIRST + (
        "El segundo hecho ocurrió la noche del miércoles en el distrito de Laredo, donde desconocidos detonaron una "
        "granada en la puerta de una "
        "vivienda. La explosión destruyó la fachada."
    )
    assert [r.type for r in found(pipeline, "Asaltan botica en El Porvenir", text)] == ["robbery", "explosive_attack"]


def test_numbered_briefs_are_deeds_of_their_own(pipeline: Language) -> None:
    text = (
        "1. Asalto en botica\n"
        "Dos sujetos armados asaltaron una botica la noche del martes en el distrito de El Porvenir.\n"
        "2. Hombre apuñalado\n"
        "Un hombre fue apuñalado el miércoles en el distrito de Laredo durante una pelea. Quedó herido de gravedad."
    )
    reports = found(pipeline, "Jornada policial: asalto y apuñalamiento", text)
    assert [(r.district, r.date) for r in reports] == [("El Porvenir", "2025-11-04"), ("Laredo", "2025-11-05")]
