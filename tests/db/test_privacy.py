"""House numbers stay out of public streets, streets stay in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.privacy import quotation, without_house_number


@pytest.mark.parametrize(
    ("street", "public"),
    [
        ("jirón Pizarro N.° 450", "jirón Pizarro"),
        ("jirón Pizarro 450", "jirón Pizarro"),
        ("jr. 2 de Mayo Nro 12", "jr. 2 de Mayo"),
        ("avenida 28 de Julio 1520", "avenida 28 de Julio"),
        ("Mz. B Lt. 5, calle Los Cedros", "calle Los Cedros"),
        ("calle 7 de Enero, mz. 'A', lote 14", "calle 7 de Enero"),
        ("calle Los Pinos #123, int. 4", "calle Los Pinos"),
        ("av. Larco, n° 1023, dpto. 301", "av. Larco"),
        ("pasaje San Luis 123-B", "pasaje San Luis"),
        ("prolongación Unión 1200, segunda cuadra", "prolongación Unión, segunda cuadra"),
        ("carrera 7 # 12-34", "carrera 7"),
        ("N.° 450", None),
        (None, None),
        ("", None),
    ],
)
def test_house_number_is_dropped(street: str | None, public: str | None) -> None:
    assert without_house_number(street) == public


@pytest.mark.parametrize(
    "street",
    [
        "calle 28 de Julio",
        "cuadra 12 de la avenida España",
        "avenida España cuadra 12",
        "Panamericana Norte km 560",
        "km 560 de la Panamericana Norte",
        "calle 45",
        "intersección de las calles 5 y 6",
        "avenida España con jirón Unión",
        "avenida César Vallejo 1ra cuadra",
    ],
)
def test_number_that_is_no_houses_stays(street: str) -> None:
    assert without_house_number(street) == street


@pytest.mark.parametrize("place", ["barrio 3", "colegio 80891", "A. H. 12 de Octubre", "Torre Blanca", "sector Río Seco"])
def test_name_of_a_place_keeps_its_number(place: str) -> None:
    assert without_house_number(place, bare=False) == place


@given(st.text(), st.text(), st.integers(min_value=20, max_value=400))
def test_quotation_is_never_longer_than_its_limit(sentence: str, words: str, limit: int) -> None:
    quoted = quotation(sentence, words, limit)
    assert quoted is None or 0 < len(quoted) <= limit


@given(st.lists(st.sampled_from(["robo", "en", "vivienda", "Trujillo", "noche"]), max_size=120), st.integers(0, 119))
def test_quotation_keeps_the_deciding_words(filler: list[str], at: int) -> None:
    filler.insert(min(at, len(filler)), "acribillado a balazos")
    quoted = quotation(" ".join(filler), "acribillado a balazos")
    assert quoted is not None
    assert "acribillado a balazos" in quoted


@given(st.text(max_size=200))
def test_any_street_can_be_cleaned(street: str) -> None:
    public = without_house_number(street)
    assert public is None or public
