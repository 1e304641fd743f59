"""What the extractor says of whole articles, by phenomenon: type, status, place, date, several incidents, none at all.

Every text is invented; persons and gangs do not exist.
"""

from __future__ import annotations

import pytest
from spacy.language import Language

from nlp import IncidentReport, NewsText, extract, load

_PUBLISHED = "2025-11-05"  # a Wednesday
_TAIL = " Agentes de la comisaría del sector recogieron las imágenes de las cámaras y siguen con las pesquisas."


@pytest.fixture(scope="module")
def pipeline() -> Language:
    return load()


def reports(
    pipeline: Language, text: str, title: str | None = None, published: str | None = _PUBLISHED
) -> list[IncidentReport]:
    return next(extract([NewsText("x", text, title, published, "PE")], pipeline))[1]


TYPES = [
    ("homicide", "Trujillo: sicarios acribillan a mototaxista", "Un mototaxista fue acribillado la noche del lunes en el distrito de La Esperanza. Murió en el acto."),
    ("homicide", "Matan a comerciante durante asalto en Virú", "Un comerciante fue asesinado de tres balazos la tarde del martes cuando se resistió a un asalto en Virú."),
    ("femicide", "Feminicidio en Otuzco", "Un hombre mató a cuchilladas a su conviviente la madrugada del domingo en su vivienda de Otuzco."),
    ("attempted_homicide", "Balean a taxista en El Porvenir", "Un taxista quedó herido de dos balazos la noche del lunes en El Porvenir. Los médicos dicen que está fuera de peligro."),
    ("robbery", "Asaltan botica a mano armada", "Cuatro sujetos armados asaltaron la tarde del lunes una botica de Huanchaco y encañonaron a la cajera."),
    ("burglary", "Robacasas desvalijan vivienda", "Robacasas forzaron la puerta de una vivienda de Huanchaco el domingo, cuando no había nadie, y se llevaron televisores y joyas."),
    ("burglary", "Abren forado en joyería", "Ladrones abrieron un forado en la pared de una joyería de Chepén la madrugada del lunes y cargaron con el oro."),
    ("theft", "Cae tendera en supermercado", "Una tendera fue sorprendida el martes en un supermercado de Trujillo con licores escondidos entre sus ropas."),
    ("theft", "Abigeos en Santiago de Chuco", "Abigeos se llevaron doce vacas la noche del domingo en el caserío Cachulla, en Santiago de Chuco."),
    ("vehicle_theft", "Roban camioneta a empresario", "Dos hampones robaron una camioneta a un empresario la noche del lunes en Moche."),
    ("extortion", "Exigen cupo a transportistas", "Extorsionadores exigieron 10 mil soles de cupo a una empresa de transportes de Laredo el lunes mediante mensajes."),
    ("explosive_attack", "Detonan dinamita en colegio", "Desconocidos detonaron un explosivo en la puerta de un colegio de Florencia de Mora la madrugada del martes."),
    ("kidnapping", "Secuestran a minero", "Un minero fue secuestrado la tarde del lunes en Huamachuco. Sus captores pidieron rescate a la familia."),
    ("sexual_violence", "Detienen a acusado de violación", "Un hombre fue detenido el lunes en Pacasmayo acusado de violación sexual de su hijastra de 13 años."),
    ("drug_offence", "Incautan cocaína en la Panamericana", "La Policía incautó 40 kilos de cocaína el lunes en un camión intervenido en Chao. El chofer fue detenido."),
    ("weapons_offence", "Caen con armas en Chepén", "Dos hombres fueron detenidos el martes en Chepén con dos pistolas y 50 municiones por tenencia ilegal de armas."),
    ("corruption", "Detienen a suboficial por coima", "Un suboficial fue detenido el lunes en Virú cuando recibía una coima de 500 soles de un chofer."),
    ("fraud", "Estafan a jubilados", "Una mujer que se hacía pasar por funcionaria estafó a seis jubilados en Ascope y fue detenida el lunes."),
    ("environmental_crime", "Decomisan madera ilegal", "La Fiscalía ambiental decomisó el lunes madera de tala ilegal en un depósito de Jaén."),
    ("human_trafficking", "Rescatan a víctimas de trata", "La Policía rescató el lunes a cinco víctimas de trata de personas en un bar de Huamachuco y detuvo a la dueña."),
    ("property_damage", "Queman mototaxi", "Desconocidos prendieron fuego a una mototaxi la madrugada del lunes en Casa Grande."),
    ("assault", "Golpean a vendedor", "Un vendedor recibió una brutal golpiza la noche del lunes en una gresca en Paiján y terminó con lesiones."),
    ("other_crime", "Reos fugan del penal", "Tres reos fugaron del penal de Huamachuco la madrugada del lunes tras limar los barrotes."),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "title", "text"), TYPES, ids=[f"{t[0]}-{i}" for i, t in enumerate(TYPES)])
def test_type(pipeline: Language, kind: str, title: str, text: str) -> None:
    assert [report.type for report in reports(pipeline, text + _TAIL, title)] == [kind]


NONE = [
    ("statistics", "Homicidios suben 20 % en La Libertad", "En lo que va del año van 120 homicidios en la región, según las cifras del observatorio. El índice de extorsiones también creció, de acuerdo con la estadística del Ministerio del Interior."),
    ("policy", "Congreso debate ley contra la extorsión", "La comisión de Justicia del Congreso aprobó el proyecto de ley que eleva las penas por extorsión y sicariato. El dictamen pasará al pleno, informó la congresista autora de la norma."),
    ("campaign", "Lanzan campaña contra el robo de celulares", "La municipalidad lanzó una campaña de prevención contra el robo de celulares. Los serenos dieron charlas y recomendaciones a los escolares para evitar asaltos."),
    ("sport", "Le robaron el partido a Mannucci", "El árbitro le robó el partido al equipo trujillano, que cayó por un gol de penal en el último minuto. El técnico dijo que fue un asalto y la hinchada protestó en el estadio."),
    ("figure of speech", "El secuestro del debate", "La oposición denunció el secuestro del debate en el Congreso. Para la bancada, la agenda legislativa fue tomada por intereses y el pleno no votó."),
    ("fiction", "Estrenan serie sobre sicarios", "La serie narra la historia de un sicario que mata por encargo. El actor principal contó que el rodaje duró seis meses y que los capítulos se verán en Netflix."),
    ("drill", "Simulacro de asalto a banco", "Policías y serenos participaron en un simulacro de asalto a un banco. Los actores fingieron tomar rehenes y los agentes practicaron la intervención durante el ejercicio."),
    ("traffic accident", "Choque deja dos muertos en la Panamericana", "Dos personas murieron en un choque entre un bus y un camión en la Panamericana. Los bomberos rescataron a los heridos, que fueron llevados al hospital. El exceso de velocidad sería la causa del accidente."),
    ("fire", "Incendio consume almacén", "Un incendio consumió un almacén de telas en Chiclayo. Los bomberos controlaron las llamas en tres horas; un cortocircuito habría originado el siniestro. No hubo heridos."),
    ("general fear", "Vecinos piden más patrullaje", "Los vecinos piden más patrullaje y cámaras en la zona. Dicen que los robos son pan de cada día y que la inseguridad ciudadana los tiene cansados. El alcalde ofreció reunirse con ellos."),
    ("natural death", "Fallece profesor querido", "El profesor falleció a causa de un infarto mientras dictaba clases. Sus alumnos lo despidieron en el colegio y recordaron su vocación."),
    ("weather", "Lluvias intensas en la sierra", "El Senamhi anunció lluvias intensas en la sierra para el fin de semana y recomendó tomar precauciones."),
]  # fmt: skip


@pytest.mark.parametrize(("title", "text"), [case[1:] for case in NONE], ids=[case[0] for case in NONE])
def test_no_incident(pipeline: Language, title: str, text: str) -> None:
    assert reports(pipeline, text, title) == []


def test_links_to_other_stories_are_no_incidents(pipeline: Language) -> None:
    text = (
        "El gobernador se reunió con los alcaldes para revisar el presupuesto de las obras del próximo año.\n\n"
        "VER MÁS: Robacasas causan temor en vecinos de la urbanización Las Quintanas\n\n"
        "La autoridad pidió a los técnicos que terminen los expedientes antes de diciembre.\n\n"
        "PUEDE LEER: Adolescente es acribillado en centro poblado de Nuevo Chao"
    )
    assert reports(pipeline, text, "Gobernador revisa obras con alcaldes") == []


STATUS = [
    ("attempted", "Frustran robo en botica", "Tres sujetos armados intentaron asaltar una botica de Moche la noche del lunes, pero los vecinos los redujeron."),
    ("completed", "Asaltan botica", "Tres sujetos armados asaltaron una botica de Moche la noche del lunes y huyeron con el dinero."),
]  # fmt: skip


@pytest.mark.parametrize(("status", "title", "text"), STATUS, ids=[case[0] for case in STATUS])
def test_status(pipeline: Language, status: str, title: str, text: str) -> None:
    assert [report.status for report in reports(pipeline, text + _TAIL, title)] == [status]


PLACES = [
    ("not the hospital", "Balean a joven en Laredo", "Un joven fue baleado la noche del lunes en la urbanización Manuel Arévalo, distrito de La Esperanza. Fue llevado al Hospital Belén de Trujillo.", ("urbanización Manuel Arévalo", "La Esperanza")),
    ("not the police station", "Roban tienda en Moche", "Sujetos armados asaltaron una tienda el lunes en el distrito de Moche. La denuncia fue puesta en la comisaría de Salaverry.", (None, "Moche")),
    ("not the birthplace", "Asesinan a agricultor", "Un agricultor natural de Cajamarca fue asesinado a balazos el lunes en el distrito de Chao, provincia de Virú.", (None, "Chao")),
    ("the named place with its kind word", "Acribillan a adolescente", "Un adolescente fue acribillado la noche del lunes en el centro poblado Nuevo Chao, distrito de Chao, provincia de Virú.", ("centro poblado Nuevo Chao", "Chao")),
    ("from the headline", "Huanchaco: asaltan a turistas en la playa", "Dos turistas fueron asaltados a mano armada la tarde del lunes por cuatro sujetos que huyeron en una moto.", (None, "Huanchaco")),
]  # fmt: skip


@pytest.mark.parametrize(("title", "text", "wanted"), [case[1:] for case in PLACES], ids=[case[0] for case in PLACES])
def test_place(pipeline: Language, title: str, text: str, wanted: tuple[str | None, str]) -> None:
    report = reports(pipeline, text + _TAIL, title)[0]
    assert (report.place_text, report.district) == wanted


def test_street_stands_apart_from_the_place(pipeline: Language) -> None:
    text = "Sujetos armados asaltaron una botica el lunes en la avenida Larco, urbanización La Merced, en Trujillo."
    report = reports(pipeline, text + _TAIL, "Asaltan botica")[0]
    assert (report.street, report.place_text, report.district, report.level) == (
        "avenida Larco",
        "urbanización La Merced",
        "Trujillo",
        "street",
    )


DATES = [
    ("bare weekday", "Asaltaron una botica a mano armada el lunes en Moche.", _PUBLISHED, "2025-11-03"),
    ("last night", "Asaltaron una botica a mano armada anoche en Moche.", _PUBLISHED, "2025-11-04"),
    ("no anchor", "Asaltaron una botica a mano armada la noche del lunes en Moche.", None, None),
    ("not the complaint's", "Asaltaron una botica a mano armada el sábado en Moche. El dueño recién denunció el hecho el martes.", _PUBLISHED, "2025-11-01"),
    ("not the funeral's", "Un comerciante fue asesinado a balazos la noche del sábado en Moche. El sepelio será el jueves.", _PUBLISHED, "2025-11-01"),
    ("none told", "Sujetos armados asaltaron una botica en Moche y se llevaron el dinero de la caja.", _PUBLISHED, None),
    ("full date", "Asaltaron una botica a mano armada el 14 de octubre de 2025 en Moche.", None, "2025-10-14"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "published", "day"), [case[1:] for case in DATES], ids=[case[0] for case in DATES])
def test_date(pipeline: Language, text: str, published: str | None, day: str | None) -> None:
    report = reports(pipeline, text + _TAIL, "Delincuentes atacan en Moche", published)[0]
    assert report.date == day
    assert (report.precision == "none") == (day is None)


def test_days_far_apart_decide_no_day(pipeline: Language) -> None:
    text = "Robacasas forzaron la puerta de una vivienda de Moche entre el viernes 10 y el lunes 13 de octubre de 2025 y se llevaron joyas."
    report = reports(pipeline, text + _TAIL, "Robacasas vacían vivienda")[0]
    assert (report.date, report.precision) == ("2025-10", "month")


def test_roundup_gives_one_report_a_deed(pipeline: Language) -> None:
    text = (
        "Dos asaltos en una sola noche tienen en alerta a los comerciantes de la provincia de Trujillo.\n\n"
        "El primero ocurrió la noche del lunes en el distrito de Moche, donde sujetos armados asaltaron una botica.\n\n"
        "El segundo ocurrió la noche del martes en el distrito de Laredo, donde cuatro hampones encañonaron a los clientes de un grifo "
        "y les robaron sus celulares."
    )
    found = reports(pipeline, text, "Dos asaltos en una noche en Trujillo")
    assert {(report.district, report.date) for report in found} == {("Moche", "2025-11-03"), ("Laredo", "2025-11-04")}


def test_one_deed_told_at_length_is_one_report(pipeline: Language) -> None:
    text = (
        "Sujetos armados asaltaron una botica el lunes en el distrito de Moche.\n\n"
        "Los hampones encañonaron a la cajera y se llevaron el dinero.\n\nLuego huyeron en una moto. La Policía los busca por el asalto."
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
