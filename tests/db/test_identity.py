"""One incident, several newspapers: what is joined, what stays apart, and identifiers that outlive every change."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from db import corrections
from db.archive import Archive
from db.identity import link
from db.particulars import harm_of, particulars

Report = Callable[..., dict[str, Any]]

SHOP = (
    "Tres sujetos armados con una pistola asaltaron una bodega de la urbanización Palermo y se llevaron S/ 3,500. "
    "La encargada, de 52 años, contó que los hampones huyeron en una motocicleta lineal hacia la carretera."
)
SHOP_OTHERWISE = (
    "A punta de pistola, tres delincuentes robaron 3,500 soles de una bodega. La mujer de 52 años que atendía resultó ilesa. "
    "Los asaltantes se marcharon en moto lineal, dijeron los vecinos."
)
BOTICA = (
    "Dos hampones con cuchillo redujeron al vendedor de una botica y se apoderaron de S/ 900 y de medicamentos. El joven, de "
    "27 años, pidió ayuda. Los ladrones huyeron en un auto gris."
)


def reextract(newsroom: Any, extractor: str, change: Callable[[dict[str, Any]], list[dict[str, Any]]]) -> None:
    """Read every article again with another extractor: `change` says what it makes of an earlier report."""
    with Archive(newsroom.archive, write=True) as archive:
        for pending in list(archive.pending(extractor, everything=True)):
            told = archive.db.conn.execute("SELECT * FROM reports WHERE version = ? ORDER BY position", (pending["version"],))
            rows = [dict(row) for row in told]
            reports = []
            for row in rows:
                for column in ("id", "version", "position", "evidence", "more"):
                    row.pop(column)
                reports += change({**row, "evidence": {}, "url": pending["url"]})
            for report in reports:
                report.pop("url", None)
            archive.store_reports(pending["version"], extractor, reports)


def ids(newsroom: Any) -> dict[str, str]:
    """{address of the article: identifier of its incident}."""
    return {row["link"]: row["incident"] for row in newsroom.rows("SELECT link, incident FROM reports ORDER BY id")}


def test_particulars_join_what_names_no_place(newsroom: Any, report: Report) -> None:
    robbery = {"type": "robbery", "place_text": None, "level": "district", "part_of_day": None}
    newsroom.tell("norte", "a", report(**robbery), headline="Asaltan bodega", body=SHOP)
    newsroom.tell("sol", "b", report(**robbery), headline="Roban tienda a mano armada", body=SHOP_OTHERWISE)
    newsroom.tell("voz", "c", report(**robbery), headline="Asaltan botica", body=BOTICA)
    assert newsroom.publish()["incidents"] == 2
    found = ids(newsroom)
    assert found["https://norte.example/a"] == found["https://sol.example/b"] != found["https://voz.example/c"]


def test_copied_agency_note_is_one_incident(newsroom: Any, report: Report) -> None:
    vague = {"type": "theft", "place_text": None, "level": "district", "date": None, "precision": "none"}
    newsroom.tell("norte", "a", report(**vague), body=BOTICA.replace("Dos hampones", "Unos hampones"))
    newsroom.tell("sol", "b", report(**vague), body=f"{BOTICA} Así lo informó la agencia.")
    assert newsroom.publish()["incidents"] == 1


@pytest.mark.parametrize(
    ("mine", "yours"),
    [
        ("murió un hombre de 35 años", "murió un hombre de 61 años"),
        ("dos personas muertas", "cuatro personas muertas"),
    ],
)
def test_two_ages_or_two_counts_contradict(newsroom: Any, report: Report, mine: str, yours: str) -> None:
    for source, words in (("norte", mine), ("sol", yours)):
        newsroom.tell(source, "a", report(type="homicide"), headline="Crimen", body=f"En el ataque {words}, dijo la Policía.")
    assert newsroom.publish()["incidents"] == 2


def test_arrest_and_sentence_attach_to_the_crime(newsroom: Any, report: Report) -> None:
    newsroom.tell("norte", "a", report(type="robbery"), headline="Asaltan bodega", body=SHOP)
    for slug, event, day in (("b", "police_action", "2025-11-20"), ("c", "judicial", "2026-02-10")):
        text = f"{SHOP_OTHERWISE} Por ese hecho un sujeto responde ante la justicia."
        newsroom.tell("sol", slug, report(type="robbery", event=event, date=day), headline="Caso bodega", body=text)
    newsroom.publish()
    (incident,) = newsroom.rows("SELECT * FROM incidents")
    assert (incident["date"], incident["event"], incident["reports"]) == ("2025-11-02", "crime", 3)


def test_merging_takes_the_finest_place_and_the_narrowest_date_and_says_from_where(newsroom: Any, report: Report) -> None:
    wide = {"date": "2025-11", "precision": "month", "place_text": None, "level": "district", "part_of_day": None}
    newsroom.tell("norte", "a", report(type="robbery", **wide), headline="Asaltan bodega", body=SHOP)
    newsroom.tell(
        "sol",
        "b",
        report(type="robbery", street="jirón Unión", level="street", place_text="urbanización Palermo"),
        headline="Roban bodega",
        body=SHOP_OTHERWISE,
    )
    newsroom.publish()
    (incident,) = newsroom.rows("SELECT * FROM incidents")
    reports = {row["newspaper"]: row["id"] for row in newsroom.rows("SELECT * FROM reports")}
    assert (incident["street"], incident["date"], incident["date_prec"], incident["where_prec"]) == (
        "jirón Unión",
        "2025-11-02",
        1,
        1,
    )
    assert incident["place_from"] == incident["date_from"] == reports["sol"]


def test_another_extractor_changes_no_identifier(newsroom: Any, report: Report) -> None:
    for source in ("norte", "sol", "voz"):
        newsroom.tell(source, "a", report(type="robbery"), headline="Asaltan bodega", body=SHOP)
        newsroom.tell(source, "b", report(type="homicide", date="2025-10-05"), headline="Crimen", body=BOTICA)
    newsroom.tell("norte", "c", report(), report(type="homicide", date="2025-09-09", sentence="Mataron a un hombre."))
    newsroom.publish()
    before = ids(newsroom)
    assert len(set(before.values())) == 3

    def better(told: dict[str, Any]) -> list[dict[str, Any]]:
        return [
            {**told, "date": told["date"][:8] + "07", "place_text": "barrio Chicago", "confidence": 0.5, "status": "completed"}
        ]

    reextract(newsroom, "test-2", better)
    newsroom.publish()
    assert ids(newsroom) == before
    assert newsroom.rows("SELECT DISTINCT place FROM incidents") == [{"place": "barrio Chicago"}]
    assert newsroom.rows("SELECT DISTINCT extractor FROM reports") == [{"extractor": "test-2"}]


def test_identifier_outlives_late_reports_readings_a_merge_and_a_split(newsroom: Any, report: Report) -> None:
    for source, slug in (("norte", "a"), ("sol", "a"), ("voz", "a")):
        newsroom.tell(source, slug, report())
        newsroom.publish()
    (cited,) = set(ids(newsroom).values())
    newsroom.tell("norte", "b", report(date="2025-08-20", place_text="urbanización La Merced"))
    newsroom.publish()
    (other,) = set(ids(newsroom).values()) - {cited}

    def decide(function: Callable[..., str], *arguments: Any) -> str:
        with Archive(newsroom.archive, write=True) as archive:
            return function(archive, *arguments, reason="Lo mostró el expediente", author="mesa")

    def better(told: dict[str, Any]) -> list[dict[str, Any]]:
        return [{**told, "place_text": f"{told['place_text']}, primera etapa", "part_of_day": None, "confidence": 0.7}]

    assert decide(corrections.merge, cited, other) == cited
    for extractor in ("test-2", "test-3"):
        reextract(newsroom, extractor, better)
        newsroom.publish()
        assert set(ids(newsroom).values()) == {cited}
    newsroom.tell("sol", "e", report(sentence="La quinta noticia cuenta el mismo robo de la vivienda."))
    newsroom.publish()
    assert len(set(ids(newsroom).values())) <= 2
    assert newsroom.rows("SELECT reports >= 4 AS ok FROM incidents WHERE id = ?", cited) == [{"ok": 1}]
    (moved,) = newsroom.rows("SELECT id FROM reports WHERE link = 'https://norte.example/b'")
    new = decide(corrections.split, cited, [moved["id"]])
    for extractor in ("test-4", "test-5"):
        newsroom.publish()
        assert {cited, new} <= set(ids(newsroom).values())
        assert newsroom.rows("SELECT incident FROM reports WHERE id = ?", moved["id"]) == [{"incident": new}]
        assert newsroom.rows("SELECT merged_into FROM removed WHERE id = ?", other) == [{"merged_into": cited}]
        reextract(newsroom, extractor, better)
    kinds = {row["kind"] for row in newsroom.rows("SELECT kind FROM changes WHERE incident IN (?, ?, ?)", cited, other, new)}
    assert {"merged", "split", "changed"} <= kinds


def test_report_that_was_lost_for_a_while_comes_back_under_its_identifier(newsroom: Any, report: Report) -> None:
    newsroom.tell("norte", "a", report())
    newsroom.publish()
    before = ids(newsroom)
    kept: list[dict[str, Any]] = []
    reextract(newsroom, "worse", lambda told: kept.append(told) or [])
    newsroom.publish()
    assert ids(newsroom) == {}
    assert newsroom.rows("SELECT kind FROM removed") == [{"kind": "gone"}]
    with Archive(newsroom.archive, write=True) as archive:
        for pending in archive.pending("better"):
            archive.store_reports(pending["version"], "better", [report()])
    newsroom.publish()
    assert ids(newsroom) == before
    assert newsroom.rows("SELECT * FROM removed") == []


def test_contradicting_reading_splits_and_says_so(newsroom: Any, report: Report) -> None:
    for source in ("norte", "sol", "voz"):
        newsroom.tell(source, "a", report(), body=SHOP)
    newsroom.publish()
    before = ids(newsroom)

    def moved(told: dict[str, Any]) -> list[dict[str, Any]]:
        return [{**told, "date": "2025-03-01"}] if "voz" in told["url"] else [told]

    reextract(newsroom, "test-2", moved)
    newsroom.publish()
    after = ids(newsroom)
    assert after["https://norte.example/a"] == after["https://sol.example/a"] == before["https://norte.example/a"]
    assert after["https://voz.example/a"] not in before.values()
    (change,) = newsroom.rows("SELECT * FROM changes WHERE kind = 'split'")
    assert (change["incident"], change["other"]) == (after["https://voz.example/a"], before["https://voz.example/a"])


def test_report_that_fits_two_incidents_merges_them_and_leaves_a_forwarding_record(newsroom: Any, report: Report) -> None:
    bare = {"type": "robbery", "place_text": None, "level": "district", "part_of_day": None}
    newsroom.tell("norte", "a", report(**bare), headline="Asaltan bodega", body="Roban S/ 3,500 de una bodega y huyen en moto.")
    newsroom.publish()
    newsroom.tell("sol", "b", report(**bare), headline="Asalto", body="Una mujer de 52 años: tres sujetos, pistola, moto.")
    newsroom.publish()
    first = ids(newsroom)
    assert len(set(first.values())) == 2
    newsroom.tell("voz", "c", report(**bare), headline="Asaltan bodega", body=SHOP)
    newsroom.publish()
    after = ids(newsroom)
    assert set(after.values()) == {first["https://norte.example/a"]}, "that which was given first stands"
    (removed,) = newsroom.rows("SELECT * FROM removed")
    assert (removed["id"], removed["kind"], removed["merged_into"]) == (
        first["https://sol.example/b"],
        "merged",
        first["https://norte.example/a"],
    )


def test_linking_again_does_nothing(newsroom: Any, report: Report) -> None:
    newsroom.tell("norte", "a", report())
    newsroom.publish()
    with Archive(newsroom.archive, write=True) as archive:
        assert link(archive).articles == 0


KILLED = """
import sys
sys.path.insert(0, sys.argv[3])
from db.publish import publish
print("begun", flush=True)
while True:
    publish(sys.argv[1], sys.argv[2], types=[], districts=[], redact=lambda text, article, minor: text)
"""


def test_kill_in_the_middle_loses_no_identifier(newsroom: Any, report: Report) -> None:
    root = str(Path(__file__).resolve().parents[2])
    for number in range(30):
        newsroom.tell("norte", f"a{number}", report(date=f"2025-10-{number + 1:02}", place_text=f"sector Lote{number}ero"))
    newsroom.publish()
    before = ids(newsroom)
    for trial in range(4):
        newsroom.tell("sol", f"b{trial}", report(type="homicide", date=f"2025-08-{trial + 1:02}"))
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(newsroom.archive), str(newsroom.public), root], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        time.sleep(0.05 + 0.07 * trial)
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=30)
        process.stdout.close()
        now = ids(newsroom)
        assert {key: now[key] for key in before} == before
    newsroom.publish()
    after = ids(newsroom)
    assert {key: after[key] for key in before} == before
    assert len(after) == 34
    numbers = [row["number"] for row in newsroom.rows("SELECT number FROM releases ORDER BY number")]
    assert numbers == list(range(1, len(numbers) + 1))


KILLING = "Un hombre de 34 años murió baleado cuando esperaba pasajeros en su mototaxi. Los sicarios huyeron hacia el cerro."


@pytest.mark.parametrize(
    "other",
    [
        {"district": "Víctor Larco Herrera", "ubigeo": "130111", "place_text": None, "level": "district"},
        {"district": None, "province": None, "ubigeo": "130000", "level": "neighbourhood"},
    ],
)
def test_city_or_department_for_the_district_does_not_keep_apart(newsroom: Any, report: Report, other: dict[str, Any]) -> None:
    first = {"type": "homicide"} | ({} if other["district"] is None else {"place_text": None, "level": "district"})
    newsroom.tell("norte", "a", report(**first), headline="Matan a mototaxista", body=KILLING)
    text = "A los 34 años, un mototaxista (34) murió: lo mataron mientras esperaba pasajeros. Los sicarios huyeron al cerro."
    newsroom.tell("sol", "b", report(type="homicide", **other), headline="Crimen de mototaxista", body=text)
    assert newsroom.publish()["incidents"] == 1


def test_one_crime_told_under_types_of_two_families_is_one(newsroom: Any, report: Report) -> None:
    street = {"street": "avenida Jaime Blanco", "place_text": None, "level": "street"}
    newsroom.tell(
        "norte",
        "a",
        report(type="extortion", **street),
        headline="Balean combi de empresa extorsionada",
        body="Extorsionadores balearon una combi en la avenida Jaime Blanco. El cobrador de 20 años fue herido en el hombro.",
    )
    newsroom.tell(
        "sol",
        "b",
        report(type="attempted_homicide", **street),
        headline="Cobrador es baleado",
        body="Un cobrador de 20 años recibió un balazo en el hombro cuando su combi pasaba por la avenida Jaime Blanco.",
    )
    assert newsroom.publish()["incidents"] == 1


@pytest.mark.parametrize("day", ["2025-11-02", "2025-11-01"])
def test_a_robbery_and_a_killing_in_one_place_stay_two(newsroom: Any, report: Report, day: str) -> None:
    newsroom.tell("norte", "a", report(type="robbery"), headline="Asaltan bodega", body=SHOP)
    newsroom.tell("sol", "b", report(type="homicide", date=day), headline="Matan a mototaxista", body=KILLING)
    assert newsroom.publish()["incidents"] == 2


def test_two_districts_beside_the_capital_stay_two(newsroom: Any, report: Report) -> None:
    told = (
        KILLING,
        "A balazos mataron a un conductor que estaba sentado en su trimóvil. Nadie vio a los asesinos, dijeron vecinos.",
    )
    places = (("norte", "El Porvenir", "130102"), ("sol", "La Esperanza", "130105"))
    for (source, name, code), text in zip(places, told, strict=True):
        where = {"district": name, "ubigeo": code, "place_text": None, "level": "district"}
        newsroom.tell(source, "a", report(type="homicide", **where), headline="Matan a mototaxista", body=text)
    assert newsroom.publish()["incidents"] == 2


def test_age_of_the_arrested_does_not_contradict_that_of_the_victim(newsroom: Any, report: Report) -> None:
    street = {"street": "avenida Jaime Blanco", "place_text": None, "level": "street", "type": "homicide"}
    newsroom.tell("norte", "a", report(**street), headline="Matan a mototaxista", body=KILLING)
    newsroom.tell(
        "sol",
        "b",
        report(**street),
        headline="Capturan a presunto sicario de mototaxista",
        body="La Policía capturó a un joven de 19 años por matar a un mototaxista que esperaba pasajeros. Tenía un revólver.",
        published=datetime(2025, 11, 24, 12, tzinfo=UTC),
    )
    assert newsroom.publish()["incidents"] == 1


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("Se llevaron S/ 7 400 de la caja.", "amounts", [7400]),
        ("Perdió 12 500 soles.", "amounts", [12500]),
        ("Un muchacho de 21 años muerto dejó la balacera.", "ages", [21]),
        ("El cobrador de 20 años herido fue atendido.", "ages", [20]),
    ],
)
def test_numbers_are_read_as_what_they_count(text: str, key: str, value: list[int]) -> None:
    found = particulars("", text)
    assert found[key] == value
    assert found.get("killed") != 21
    assert found.get("injured") != 20


@pytest.mark.parametrize(
    ("kind", "headline", "text", "killed", "injured"),
    [
        ("homicide", "Ataque en Pataz", "Cinco vigilantes muertos y ocho heridos dejó la incursión.", 5, 8),
        (
            "homicide",
            "Matan a dos albañiles",
            "Dos albañiles perdieron la vida a tiros. Otro salió con una herida en la pierna.",
            2,
            None,
        ),
        ("homicide", "Balean y matan a tres hombres", "Iban en una camioneta.", 3, None),
        ("homicide", "Pelea entre comunidades", "El saldo fue de un fallecido y cinco lesionados.", 1, 5),
        (
            "homicide",
            "Hallan cuerpos",
            "Fueron desenterrados los cuerpos de dos varones. Fuimos por un fallecido, dijo.",
            2,
            None,
        ),
        ("homicide", "Adolescente mata a cambista y a su chofer", "Ocurrió en Tumbes.", None, None),
        ("attempted_homicide", "Balean a joven", "De dos balazos resultó herido un joven de 23 años.", None, 1),
        ("attempted_homicide", "Ráfaga de disparos", "No hubo víctimas. Los vecinos se asustaron.", None, None),
        ("femicide", "Nuevo feminicidio", "Con este van siete mujeres muertas a manos de sus parejas.", None, None),
        ("homicide", "Crimen en Casma", "En lo que va del año suman 17 muertos en la región.", None, None),
        ("drug_offence", "Hallan marihuana", "Dos hombres que regaban las plantas fueron detenidos.", None, None),
        ("human_trafficking", "Rescatan a mujeres", "Nueve personas fueron detenidas por trata.", None, None),
        ("extortion", "Capturan a comisario", "En noviembre hubo cuatro muertos por resistirse a un asalto.", None, None),
        ("other_crime", "Motín deja cinco muertos", "El motín dejó cinco muertos en el penal.", 5, None),
    ],
)
def test_the_dead_and_injured_are_those_of_the_incident_or_unsaid(
    kind: str, headline: str, text: str, killed: int | None, injured: int | None
) -> None:
    found = harm_of(kind, headline, particulars(headline, text))
    assert (found.get("killed"), found.get("injured")) == (killed, injured)


@pytest.mark.parametrize(
    ("sentence", "precision"),
    [
        ("Robaron una vivienda en las inmediaciones de la urbanización Las Quintanas la noche del domingo.", 2),
        ("Robaron una vivienda a dos cuadras de la urbanización Las Quintanas la noche del domingo.", 2),
        ("Cerca de las 8 robaron una vivienda en la urbanización Las Quintanas la noche del domingo.", 1),
    ],
)
def test_near_a_place_is_said(newsroom: Any, report: Report, sentence: str, precision: int) -> None:
    newsroom.tell("norte", "a", report(sentence=sentence))
    newsroom.publish()
    assert newsroom.rows("SELECT where_prec FROM incidents") == [{"where_prec": precision}]
