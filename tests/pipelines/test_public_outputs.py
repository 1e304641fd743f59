"""What newspapers printed of persons is in no output of the public database: articles with names, addresses, telephones and
long quotations planted in them go the whole way, and every table, file, feed and page is searched for what was planted."""

from __future__ import annotations

import asyncio
import html
import json
import re
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import duckdb
import pytest

import nlp
from db import codebook, corrections
from db.archive import Archive
from db.identity import link
from db.instants import parse
from db.serve import site
from pipelines.batches import extract_pending
from pipelines.folder import DataFolder
from pipelines.publish import export_incidents, publish_incidents

QUOTE = (
    "«Eran como las ocho de la noche cuando escuchamos los gritos y salimos todos los vecinos a mirar qué pasaba en la "
    "cuadra, porque aquí nunca habíamos vivido una cosa así en tantos años de tranquilidad, y entonces vimos que dos "
    "sujetos subían a una moto negra sin luces con las cosas al hombro mientras los perros ladraban y nadie se atrevía "
    "a perseguirlos, hasta que uno de los muchachos de la esquina arrojó una piedra que les pasó por encima», relató un "
    "vecino que participó en la persecución de los asaltantes."
)
ARTICLES = [
    (
        "robo",
        "Roban vivienda de Nolberto Chuquizapata Pingolluma en Trujillo",
        "Desconocidos robaron la noche del domingo 2 de noviembre una vivienda del jirón Pizarro 4507, Mz. Q Lt. 3185, en la "
        "urbanización Las Quintanas, en Trujillo. El agraviado, Nolberto Chuquizapata Pingolluma (58), con DNI 45678912, dejó "
        f"su celular 987654321 para quien lo ayude. {QUOTE} Los delincuentes huyeron en el auto de placa T4X-921.",
    ),
    (
        "asesinato",
        "ACRIBILLAN A WILMER CHUQUIZAPATA EN LA ESPERANZA",
        "Sicarios mataron a balazos a Wilmer Chuquizapata Ñaupaspuri, alias “Pelopintado”, la madrugada del lunes 3 de "
        "noviembre en La Esperanza, Trujillo. Chuquizapata murió camino al hospital. El suboficial PNP Heiner Ccallomarca "
        "Huillcarima llegó primero. La testigo Yudelsi Tarquirima vio huir a «Ojogacho».",
    ),
    (
        "escolar",
        "Balean a escolar en Florencia de Mora",
        "Un escolar de 14 años fue herido de bala la tarde del martes 4 de noviembre frente a la institución educativa Los "
        "Ceibitos, en Florencia de Mora, Trujillo. El menor de iniciales X. W. Z. Q. vive en la calle Los Alfareros 4507, "
        "dijo su madre, Zunilda Tarquirima.",
    ),
    (
        "violacion-en-quinta-oropelina",
        "Capturan a sujeto por violación sexual de joven en El Porvenir",
        "La Policía detuvo el miércoles 5 de noviembre a Edilfonso Qquellhuarima, acusado de violar sexualmente a una joven "
        "en su casa de la calle Los Toronjiles, en el sector Quinta Oropelina, en El Porvenir, Trujillo.",
    ),
    (
        "secuestro",
        "Rescatan a universitaria secuestrada en Víctor Larco",
        "Efectivos rescataron el jueves 6 de noviembre a una universitaria secuestrada en el bar Tumbaclavo de Víctor Larco "
        "Herrera, Trujillo. La joven fue ultrajada por sus captores en la calle Los Toronjiles.",
    ),
    (
        "extorsion",
        "Extorsionan a dueña de bodega en Moche",
        "Extorsionadores exigieron 5000 soles a la dueña de la bodega de doña Petronisca Tarquirima el viernes 7 de "
        "noviembre en Moche, Trujillo. Llamaron del +51 912 345 678 y escribieron desde malo@ejemplo.invalid.",
    ),
]
HIDDEN = [
    *("Chuquizapata", "Pingolluma", "Ñaupaspuri", "Pelopintado", "Ccallomarca", "Huillcarima", "Yudelsi", "Tarquirima"),
    *("Ojogacho", "Zunilda", "Edilfonso", "Qquellhuarima", "Petronisca", "4507", "3185", "45678912", "987654321", "T4X-921"),
    *("Ceibitos", "X. W. Z.", "Alfareros", "Oropelina", "Toronjiles", "Tumbaclavo", "345 678", "ejemplo.invalid", "AUTORA-"),
]
KEPT = ["Las Quintanas", "La Esperanza", "Florencia de Mora", "El Porvenir", "Moche"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> DataFolder:
    data = DataFolder(tmp_path_factory.mktemp("planted"))
    with Archive(data.archive, write=True) as archive:
        archive.sync_sources([{"id": "norte", "name": "Diario del Norte", "home": "https://norte.example/", "country": "PE"}])
        run = archive.start_run("crawl", {"norte": {}}, nlp.extractor_version())
        for slug, headline, body in ARTICLES:
            archive.store_article(
                run,
                {
                    "url": f"https://norte.example/{slug}",
                    "source": "norte",
                    "headline": headline,
                    "body": body,
                    "published": parse("2025-11-08T08:00:00-05:00"),
                    "fetched": datetime.now(UTC),
                },
            )
        archive.finish_run(run)
        extract_pending(archive)
        link(archive)
    publish_incidents(data)
    with closing(sqlite3.connect(data.public)) as public:
        found = dict(public.execute("SELECT district, id FROM incidents"))
    with Archive(data.archive, write=True) as archive:
        corrections.correct(
            archive,
            found["El Porvenir"],
            {"place": "Quinta Oropelina", "street": "calle Los Toronjiles 4507"},
            reason="Lo dijo Zunilda Tarquirima, DNI 45678912, del colegio Los Ceibitos",
            author="AUTORA-OCULTA",
            before={"place": "sector Quinta Oropelina", "street": "calle Los Toronjiles"},
        )
        corrections.correct(
            archive,
            found["Trujillo"],
            {"place": "Mz. Q Lt. 3185, urbanización Las Quintanas"},
            reason="x",
            author="AUTORA-OCULTA",
        )
    publish_incidents(data)
    return data


def all_outputs(data: DataFolder, out: Path) -> Iterator[tuple[str, str]]:
    """Where and what: the database's bytes, each table's rows, each kind of file, and every page that links lead to."""
    yield "incidents.db", data.public.read_bytes().decode("utf-8", "replace")
    tables = codebook.load().tables
    with closing(sqlite3.connect(data.public)) as public:
        for table in tables:
            yield f"table {table}", json.dumps(public.execute(f'SELECT * FROM "{table}"').fetchall(), ensure_ascii=False)
    for name in ("x.csv", "x.xlsx", "x.geojson", "x.parquet", "folder"):
        export_incidents(data, out / name)
    export_incidents(data, out / "exact.csv", exact=True)
    export_incidents(data, out / "tables", parquet=True)
    for path in sorted(out.rglob("*")):
        if path.suffix == ".parquet":
            yield str(path), str(duckdb.execute(f"SELECT * FROM '{path}'").fetchall())
        elif path.suffix == ".xlsx":
            with zipfile.ZipFile(path) as book:
                yield str(path), " ".join(html.unescape(book.read(name).decode()) for name in book.namelist())
        elif path.is_file():
            yield str(path), path.read_text(encoding="utf-8-sig")
    yield from pages(data.public, list(tables))


def pages(public: Path, tables: list[str]) -> Iterator[tuple[str, str]]:
    """The site, link by link from the start page, and the formats and views of each table."""
    datasette = site(public)
    waiting = ["/", "/sitemap.xml", "/robots.txt", "/filtrar", "/preguntas", "/incidents/incidents.atom"]
    waiting += ["/incidents/incidents.geojson", "/incidents.json", "/incidents/incidents?_search=robo"]
    waiting += [f"/incidents/incidents?_vista={view}" for view in ("mapa", "tiempo", "completa")]
    for table in tables:
        waiting += [f"/incidents/{table}", f"/incidents/{table}.json?_shape=array", f"/incidents/{table}.csv?_stream=on"]
        waiting += [f"/descargar/{table}.csv", f"/descargar/{table}.csv?_exacto=1", f"/descargar/{table}.csv.LEEME.txt"]
    seen = set(waiting)
    with asyncio.Runner() as runner:
        at = 0
        while at < len(waiting) and at < 150:
            path = waiting[at]
            at += 1
            answer = runner.run(datasette.client.get(path))
            assert answer.status_code in (200, 301, 302, 404), f"{path}: {answer.status_code}"
            text = answer.content.decode("utf-8", "replace")
            yield path, html.unescape(text)
            if "html" not in answer.headers.get("content-type", ""):
                continue
            for reference in re.findall(r'(?:href|action)="([^"#]+)', text):
                there = urlsplit(urljoin(f"http://localhost{path}", html.unescape(reference)))
                address = there.path + (f"?{there.query}" if there.query else "")
                if there.netloc == "localhost" and address not in seen and not there.path.startswith(("/-/static", "/static")):
                    seen.add(address)
                    waiting.append(address)


@pytest.fixture(scope="module")
def outputs(folder: DataFolder, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str]]:
    return list(all_outputs(folder, tmp_path_factory.mktemp("out")))


def test_nothing_planted_is_in_any_output(outputs: list[tuple[str, str]]) -> None:
    assert len(outputs) > 100
    # Digits within a number are a map's coordinates.
    words = re.compile("|".join(rf"(?<![\d.]){re.escape(word)}(?!\.?\d)" for word in HIDDEN), re.IGNORECASE)
    found = [
        (text[max(0, match.start() - 60) : match.end() + 20], where)
        for where, text in outputs
        for match in words.finditer(text)
    ]
    assert not found


def test_long_quotation_is_in_no_output(outputs: list[tuple[str, str]]) -> None:
    runs = [QUOTE[at : at + 301] for at in range(0, len(QUOTE) - 301, 20)]
    assert not [where for where, text in outputs if any(run in text for run in runs)]


def test_what_is_public_is_there(outputs: list[tuple[str, str]]) -> None:
    for kind in (
        "table incidents",
        "x.csv",
        "x.xlsx",
        "x.geojson",
        "x.parquet",
        "/incidents/incidents.atom",
        "/descargar/reports",
    ):
        text = " ".join(text for where, text in outputs if kind in where)
        assert all(word in text for word in KEPT), kind


def test_places_of_minors_and_of_sexual_violence_are_districts(folder: DataFolder) -> None:
    with closing(sqlite3.connect(folder.public)) as public:
        rows = public.execute(
            "SELECT district, place, street, place_level, coordinates_of FROM incidents "
            "WHERE district IN ('El Porvenir', 'Víctor Larco Herrera', 'Florencia de Mora') ORDER BY 1"
        ).fetchall()
    assert rows == [
        (district, None, None, "district", "district")
        for district in ("El Porvenir", "Florencia de Mora", "Víctor Larco Herrera")
    ]
