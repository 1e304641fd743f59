"""Inhabitants from the operator's own file."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from pipelines.population import read_population


def test_codes_that_a_spreadsheet_shortened_are_read(tmp_path: Path) -> None:
    file = tmp_path / "population.csv"
    file.write_text("\ufeffubigeo,district,population\n10101,Chachapoyas,32000\n130101,Trujillo,349000\n", encoding="utf-8")
    assert read_population(file) == {"010101": 32000, "130101": 349000}
    assert read_population(tmp_path / "none.csv") == {}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("code,people\n1,2\n", "columns ubigeo and population"),
        ("ubigeo,population\n130101,349000\n13010x,5\n", "line 3"),
        ("ubigeo,population\n130101,349.5\n", "line 2"),
        ("ubigeo,population\n130101\n", "line 2"),
        ("", "columns ubigeo and population"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, content: str, says: str) -> None:
    file = tmp_path / "population.csv"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(click.ClickException, match=says) as refusal:
        read_population(file)
    assert str(file) in refusal.value.message
