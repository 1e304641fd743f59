"""Nearly the same text under two addresses of one newspaper: folded where it says nothing new, and only there."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from db.archive import Archive
from db.twins import likeness

TEXT = (
    "La Policía Nacional detuvo la noche del martes a tres presuntos integrantes de una banda que robaba celulares "
    "en el centro histórico. Los agentes los siguieron desde el jirón Pizarro hasta la avenida España, donde "
    "abandonaron una mototaxi y trataron de esconderse en un mercado.\n\nEn su poder se hallaron doce equipos de "
    "alta gama, dos réplicas de armas de fuego y una libreta con anotaciones. El jefe de la comisaría dijo que el "
    "grupo no fue hallado por casualidad: los vecinos habían grabado las placas. Los detenidos pasaron a la "
    "fiscalía de turno, que pidió su detención preliminar por siete días mientras se reúnen las denuncias de los "
    "agraviados.\n\nLa investigación sigue abierta y se busca a un cuarto sospechoso."
)


def article(address: str, body: str, source: str = "diario") -> dict[str, Any]:
    at = datetime.now(UTC)
    return {"url": f"https://{source}.pe/{address}", "source": source, "headline": "Caen tres", "body": body, "fetched": at}


@pytest.fixture
def archive(tmp_path: Path) -> Any:
    with Archive(tmp_path / "archive.db", write=True) as opened:
        opened.sync_sources([{"id": "diario", "name": "Diario"}, {"id": "otro", "name": "Otro"}])
        run = opened.start_run("crawl", ["diario", "otro"], "0")
        opened.store_article(run, article("primera", TEXT))
        opened.keep_likeness("https://diario.pe/primera", "diario", likeness(TEXT))
        yield opened


@pytest.mark.parametrize(
    "later",
    [
        TEXT,
        f"Lima, 14 oct (EFE).- {TEXT}",
        f"{TEXT}\n\nFuente: Agencia Andina",
        TEXT.replace("histórico", "historico").replace("anotaciones", "anotacones"),
        TEXT.replace("desde el jirón", "desde jirón"),
        TEXT.rpartition("\n\n")[0],
    ],
)
def test_a_text_that_adds_nothing_is_folded(archive: Archive, later: str) -> None:
    assert archive.twin(article("segunda", later), likeness(later)) == "https://diario.pe/primera"


@pytest.mark.parametrize(
    "later",
    [
        TEXT.replace("tres presuntos", "cuatro presuntos"),
        TEXT.replace("doce equipos", "13 equipos"),
        TEXT.replace("Pizarro", "Bolívar"),
        TEXT.replace("no fue hallado", "fue hallado"),
        TEXT.replace("martes", "jueves"),
        f"{TEXT} Horas después uno de ellos murió en el hospital.",
        TEXT.replace("robaba", "asaltaba"),
    ],
)
def test_a_text_that_tells_anything_else_is_kept(archive: Archive, later: str) -> None:
    assert archive.twin(article("segunda", later), likeness(later)) is None


def test_another_newspapers_text_is_its_own(archive: Archive) -> None:
    assert archive.twin(article("segunda", f"(EFE) {TEXT}", "otro"), likeness(TEXT)) is None


def test_a_gone_article_is_no_twin(archive: Archive) -> None:
    visit = {
        "url": "https://diario.pe/primera",
        "source": "diario",
        "kind": "article",
        "outcome": "gone",
        "at": datetime.now(UTC),
    }
    archive.record_visit(1, visit)
    assert archive.twin(article("segunda", f"(EFE) {TEXT}"), likeness(TEXT)) is None
