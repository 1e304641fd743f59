"""What no public table, CSV or JSON may hold: names, house numbers, long quotations, victims of sexual violence."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from db import codebook, corrections
from db.archive import Archive
from db.datapackage import export_package
from db.export import export_csv
from db.privacy import without_addresses
from db.serve import site

Report = Callable[..., dict[str, Any]]

NAMES = ("Zzapparto", "Lliuyacc", "Qhuispirroca")
SENTENCE = (
    "Yonel Zzapparto Lliuyacc (35), alias 'Qhuispirroca', vecino de jirón Pizarro 4507, Mz. Ñ Lt. 8123, sufrió un robo: "
    "robaron una vivienda de la urbanización Las Quintanas la noche del domingo."
)


def redact(text: str, _article: str, _minor: bool) -> str:
    for name in ("Yonel Zzapparto Lliuyacc", *NAMES):
        text = text.replace(name, "[nombre]")
    return text


@pytest.fixture
def planted(newsroom: Any, report: Report) -> Any:
    newsroom.redact = redact
    long = f"{SENTENCE} {'Y los vecinos declararon muchas cosas largas. ' * 40}"
    changes = {"sentence": long, "street": "jirón Pizarro 4507", "place_text": "casa de Yonel Zzapparto Lliuyacc"}
    newsroom.tell("norte", "a", report(**changes), headline=f"Robo a Zzapparto en jirón Pizarro 4507: {long}", body=long)
    minor = report(
        type="sexual_violence", sentence="SENTENCIA-DE-LA-MENOR violada por su PARENTESCO-OCULTO", street="COLEGIO-OCULTO"
    )
    newsroom.tell("sol", "b-zzapparto-caso", minor, headline="TITULAR-OCULTO", body=f"{SENTENCE} SENTENCIA-DE-LA-MENOR")
    newsroom.publish()
    (row,) = newsroom.rows("SELECT id FROM incidents WHERE type = 'burglary'")
    with Archive(newsroom.archive, write=True) as archive:
        corrections.correct(
            archive,
            row["id"],
            {"street": "jirón Pizarro 4507"},
            reason="Lo pidió Zzapparto, de Mz. Ñ Lt. 8123",
            author="AUTOR-OCULTO",
        )
    newsroom.publish()
    return newsroom


def everything(planted: Any, folder: Path) -> Iterator[tuple[str, str]]:
    """Every public table as rows, CSV and JSON, every page of an incident, and the files of the export."""
    tables = codebook.load().tables
    for table in tables:
        yield f"{table} rows", json.dumps(planted.rows(f"SELECT * FROM {table}"), ensure_ascii=False)
    export_csv(planted.public, folder / "x.csv")
    export_package(planted.public, folder / "package")
    for path in (folder / "x.csv", *(folder / "package").iterdir()):
        yield path.name, path.read_text(encoding="utf-8-sig")
    datasette = site(planted.public)
    with asyncio.Runner() as runner:
        paths = [f"/incidents/{table}.{kind}" for table in tables for kind in ("json?_shape=array", "csv?_stream=on")]
        paths += [f"/incidents/incidents/{row['id']}" for row in planted.rows("SELECT id FROM incidents")]
        for path in ("/", *paths):
            answer = runner.run(datasette.client.get(path))
            assert answer.status_code == 200, path
            yield path, answer.text


def test_nothing_planted_is_public(planted: Any, tmp_path: Path) -> None:
    hidden = (*NAMES, "4507", "8123", "OCULT", "SENTENCIA", "TITULAR", "MENOR", "zzapparto")
    seen = 0
    for where, text in everything(planted, tmp_path):
        seen += "Las Quintanas" in text
        assert not [word for word in hidden if word in text], where
    assert seen > 5, "the rest of the sentence is there"
    raw = planted.public.read_bytes()
    assert not [word for word in hidden if word.encode() in raw]


def test_no_quotation_is_long(planted: Any) -> None:
    for table in codebook.load().tables:
        for row in planted.rows(f"SELECT * FROM {table}"):
            assert all(len(value) <= 300 for value in row.values() if isinstance(value, str)), table


def test_sexual_violence_is_shown_by_district_alone(planted: Any) -> None:
    (row,) = planted.rows("SELECT * FROM incidents WHERE type = 'sexual_violence'")
    assert (row["district"], row["place"], row["street"], row["place_level"]) == ("Trujillo", None, None, "district")
    assert (row["latitude"], row["longitude"], row["coordinates_of"]) == (-8.1116, -79.0288, "district")
    assert (row["evidence"], row["where_prec"]) == (None, 3)
    (told,) = planted.rows("SELECT * FROM reports WHERE incident = ?", row["id"])
    assert told["link"] == "https://sol.example/", "an address that spells a name is not given"


@pytest.mark.parametrize("level", ["country", "department", "province", "none"])
def test_no_point_for_what_is_wider_than_a_district(newsroom: Any, report: Report, level: str) -> None:
    newsroom.tell("norte", "a", report(level=level, place_text=None, district=None, ubigeo="130000"))
    newsroom.publish()
    (row,) = newsroom.rows("SELECT latitude, longitude, coordinates_of FROM incidents")
    assert set(row.values()) == {None}


@pytest.mark.parametrize(
    ("sentence", "public"),
    [
        ("Ocurrió en jirón Pizarro 450, a las 8.", "Ocurrió en jirón Pizarro […], a las 8."),
        ("Vive en la Mz. B Lt. 5 de la urb. Palermo.", "Vive en la […] de la urb. Palermo."),
        ("En la manzana Ñ, lote 12-A, del sector 3.", "En la […], del sector 3."),
        ("En la av. 28 de Julio N.° 1520, dpto. 301.", "En la av. 28 de Julio […]."),
        ("En el colegio N.° 80891 y el juzgado N° 3.", "En el colegio N.° 80891 y el juzgado N° 3."),
        (
            "El 28 de julio, en la avenida 28 de Julio, 3 sujetos robaron.",
            "El 28 de julio, en la avenida 28 de Julio, 3 sujetos robaron.",
        ),
        ("En la cuadra 12 de la avenida España robaron 300 soles.", "En la cuadra 12 de la avenida España robaron 300 soles."),
        ("En el km 560 de la Panamericana Norte.", "En el km 560 de la Panamericana Norte."),
    ],
)
def test_house_numbers_leave_a_sentence(sentence: str, public: str) -> None:
    assert without_addresses(sentence) == public


@pytest.mark.parametrize(
    ("sentence", "public"),
    [
        ("La menor, alumna del colegio Santa Rosa de Lima, fue asaltada.", "La menor, alumna del colegio […], fue asaltada."),
        ("Un escolar de 13 años de la I. E. 80891 fue asaltado.", "Un escolar de 13 años de la I. E. […] fue asaltado."),
        (
            "Una niña de la institución educativa «Los Ceibos» fue herida.",
            "Una niña de la institución educativa […] fue herida.",
        ),
        ("Un escolar que estudia en la [nombre]80891 fue asaltado.", "Un escolar que estudia en la [nombre] […] fue asaltado."),
        ("La víctima (12) estudia en el colegio San Juan.", "La víctima (12) estudia en el colegio […]."),
        ("Asaltaron el colegio San Juan y se llevaron laptops.", "Asaltaron el colegio San Juan y se llevaron laptops."),
        ("El agraviado vive en Los Cedros 245, tercer piso.", "El agraviado vive en Los Cedros […], tercer piso."),
    ],
)
def test_schools_of_minors_and_homes_leave_a_sentence(sentence: str, public: str) -> None:
    assert without_addresses(sentence) == public
