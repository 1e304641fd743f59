"""A newspaper that sends garbage for a week, and then its articles again."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from scraper_site import Answer, Site, article, feed

PATHS = [f"/policiales-nota-numero-{n}-de-trujillo/" for n in range(4)]
STORIES = (
    (
        "Roban casa en El Porvenir",
        "Dos sujetos forzaron la puerta de una vivienda en el distrito de El Porvenir y robaron dos televisores.",
    ),
    (
        "Asesinan a balazos a mototaxista en La Esperanza",
        "Un mototaxista de 30 años fue asesinado a balazos en el distrito de La Esperanza.",
    ),
    (
        "Detonan explosivo en bodega de Moche",
        "Extorsionadores detonaron un explosivo en la puerta de una bodega del distrito de Moche y exigen dinero.",
    ),
    (
        "Cae banda que robaba autos en Laredo",
        "La Policía capturó a tres hombres que habían robado un auto a un taxista en el distrito de Laredo.",
    ),
)
NOISE = bytes(range(256)) * 40
MAINTENANCE = "".join(
    f"<p>Estamos mejorando el sitio para usted, paso número {n}; vuelva a visitarnos más tarde.</p>" for n in range(9)
)


def story(n: int) -> str:
    headline, sentence = STORIES[n]
    return article(
        headline, f"<p>{sentence} El hecho ocurrió la noche del martes 13 de octubre.</p><p>{headline}, dijo un testigo.</p>"
    )


def good(site: Site) -> None:
    site.add("/feed/", feed(*PATHS))
    for n, path in enumerate(PATHS):
        site.add(path, story(n))


def errors(site: Site) -> None:
    for path in ("/feed/", *PATHS):
        site.add(path, "error", 500)


def noise(site: Site) -> None:
    for path in ("/feed/", *PATHS):
        site.pages[path] = Answer(NOISE, 200, {"Content-Type": "text/html; charset=utf-8"})


def maintenance(site: Site) -> None:
    for path in ("/feed/", *PATHS):
        site.add(path, f"<html lang='es'><body><article><h1>En mantenimiento</h1>{MAINTENANCE}</article></body></html>")


def empty(site: Site) -> None:
    site.add("/feed/", feed())
    for path in PATHS:
        site.add(path, "")


def casino(site: Site) -> None:
    """The work of whoever broke in: each page says something else."""
    for n, path in enumerate(PATHS):
        sold = "".join(
            f"<p>Apueste {n * 100 + k} soles hoy y gane premios mayores durante la semana en línea.</p>" for k in range(9)
        )
        site.add(path, f"<html lang='es'><body><article><h1>Casino en línea</h1>{sold}</article></body></html>")


def quintanas(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipelines.cli", *arguments, "--data", str(folder)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=300, env={**os.environ, "COLUMNS": "200"}
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


def rows(path: Path, statement: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as conn:
        return conn.execute(statement).fetchall()


@pytest.fixture
def data(site: Site, tmp_path: Path) -> Path:
    good(site)
    folder = tmp_path / "data"
    folder.mkdir()
    site.table(folder, feeds=["/feed/"], region="La Libertad/Trujillo")
    assert quintanas(folder, "crawl", "diario").returncode == 0
    assert quintanas(folder, "publish").returncode == 0
    return folder


def a_day_later(folder: Path) -> None:
    """As far as the archive knows: every page is due again."""
    with closing(sqlite3.connect(folder / "archive.db")) as archive, archive:
        archive.execute("UPDATE addresses SET next_due = '2020-01-01T00:00:00+00:00', last_full = NULL")


INCIDENTS = "SELECT id, type, district, date FROM incidents ORDER BY id"


def test_nothing_is_lost_and_it_is_told(site: Site, data: Path) -> None:
    texts = rows(data / "archive.db", "SELECT article, hash FROM article_versions ORDER BY 1")
    incidents = rows(data / "incidents.db", INCIDENTS)
    assert len(texts) == len(incidents) == 4
    days: list[Callable[[Site], None]] = [errors, noise, maintenance, casino, empty]
    for day in days:
        day(site)
        a_day_later(data)
        quintanas(data, "crawl", "diario")
        assert rows(data / "archive.db", "SELECT article, hash FROM article_versions ORDER BY 1") == texts, day.__name__
    found = json.loads(quintanas(data, "status", "--json").stdout)
    assert found["state"] == "attention"
    [problem] = found["problems"]
    assert problem["what"].startswith("diario: ")
    assert problem["since"]
    assert quintanas(data, "publish").returncode == 0
    assert rows(data / "incidents.db", INCIDENTS) == incidents
    good(site)
    a_day_later(data)
    quintanas(data, "crawl", "diario")
    assert rows(data / "archive.db", "SELECT count(*) FROM articles WHERE gone_at IS NULL") == [(4,)]
    assert json.loads(quintanas(data, "status", "--json").stdout)["state"] == "ok"


def test_what_a_page_says_for_good_is_taken_after_a_week(site: Site, data: Path) -> None:
    incidents = rows(data / "incidents.db", INCIDENTS)
    maintenance(site)
    a_day_later(data)
    quintanas(data, "crawl", "diario")
    assert rows(data / "archive.db", "SELECT count(*) FROM article_versions") == [(4,)]
    with closing(sqlite3.connect(data / "archive.db")) as archive, archive:
        archive.execute("UPDATE visits SET at = replace(at, substr(at, 1, 4), '2020')")
        archive.execute("UPDATE articles SET last_seen = '2019-01-01T00:00:00+00:00'")
    a_day_later(data)
    quintanas(data, "crawl", "diario")
    [(versions,)] = rows(data / "archive.db", "SELECT count(*) FROM article_versions")
    assert versions == 8
    good(site)
    a_day_later(data)
    with closing(sqlite3.connect(data / "archive.db")) as archive, archive:
        archive.execute("UPDATE articles SET last_seen = '2019-01-01T00:00:00+00:00'")
    quintanas(data, "crawl", "diario")
    quintanas(data, "publish")
    assert rows(data / "incidents.db", INCIDENTS) == incidents, "under the identifiers that they had"
