"""Sentence boundaries in the manner of Spanish crime pages."""

from __future__ import annotations

import pytest
import spacy
from spacy.language import Language

import nlp.sentences
import nlp.zones  # noqa: F401  (registers the factory)


@pytest.fixture(scope="module")
def splitter() -> Language:
    pipeline = spacy.blank("es")
    pipeline.add_pipe("zones")
    pipeline.add_pipe("sentences")
    return pipeline


CASES = [
    (["El robo ocurrió en el jr. Unión, Mz. B, Lt. 5 de la urb. La Merced.", "Nadie vio nada."]),
    (["Los hechos se dieron en la av. España N.° 450, a las 8:30 p. m. del lunes.", "Hay un detenido."]),
    (["Le quitaron S/ 5,000 y US$ 1.200 en la cdra. 3 de la Av. Larco.", "Huyeron en moto."]),
    (["El Cmdte. PNP de la zona dirigió la operación.", "El SO3 PNP fue herido."]),
    (["En el AA. HH. Villa El Mar, sector Alto, mataron a un hombre.", "Tenía 30 años."]),
    (["“No vi nada.”", "Eso dijo el testigo."]),
    (["«¿Dónde está la Policía?», preguntó.", "Nadie respondió."]),
    (["¿Cómo cayó?", "Lo vieron los vecinos."]),
    (["Esperó... y luego disparó.", "Murió en el acto."]),
    (["TRUJILLO. –", "Dos sujetos asaltaron una botica.", "Huyeron."]),
    (["Fue en el km. 512 de la Panamericana Norte.", "El bus seguía."]),
    (["El Dr. J. C. Ramos lo atendió.", "Está grave."]),
    (["El Exp. N° 123-2024 sigue abierto.", "Lo ve el juez."]),
    (["Ganó S/ 3.5 millones en EE. UU. y volvió.", "Lo secuestraron."]),
    (["Fue a las 9 p.m.", "Los ladrones escaparon."]),
]


@pytest.mark.parametrize("expected", CASES, ids=lambda case: case[0][:24])
def test_splits_where_a_reader_would(splitter: Language, expected: list[str]) -> None:
    doc = splitter(" ".join(expected))
    assert [sentence.text.strip() for sentence in doc.sents] == expected


def test_line_breaks_end_sentences_without_a_mark(splitter: Language) -> None:
    doc = splitter("Cómo fue\n\nDos sujetos entraron a la tienda\nSe llevaron todo")
    assert [s.text.strip() for s in doc.sents] == ["Cómo fue", "Dos sujetos entraron a la tienda", "Se llevaron todo"]
