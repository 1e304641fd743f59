"""The CSV that a journalist opens in a spreadsheet."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from db import codebook
from db.export import export_csv

Report = Callable[..., dict[str, Any]]

HOSTILE = [
    '=HYPERLINK("http://malo.example";"clic")',
    "+51 900 000 000",
    "-2+3",
    "@SUM(A1:A9)",
    " =1+1",
    "Titular con \"comillas\", comas; y 'apóstrofos'",
    "Emoji 🚔 y tildes áéíóúñ",
    "<script>alert(1)</script>",
]


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_every_row_opens_right(newsroom: Any, report: Report, tmp_path: Path) -> None:
    for number, headline in enumerate(HOSTILE):
        newsroom.tell("norte", f"a{number}", report(date=f"2025-10-{number + 1:02}"), headline=headline)
    newsroom.publish()
    out = tmp_path / "incidentes.csv"
    assert export_csv(newsroom.public, out) == len(HOSTILE)
    assert out.read_bytes().startswith(b"\xef\xbb\xbf"), "Excel reads UTF-8 only with the mark"
    rows = read(out)
    assert list(rows[0]) == [column.name for column in codebook.load().tables["incidents"].columns]
    assert [row["date"] for row in rows] == sorted((row["date"] for row in rows), reverse=True)
    assert all(re.fullmatch(r"\d{4}-\d{2}-\d{2}", row["date"]) for row in rows)
    assert {row["headline"].removeprefix("'").strip() for row in rows} == {headline.strip() for headline in HOSTILE}
    for row in rows:
        for name, cell in row.items():
            if name not in ("latitude", "longitude"):
                assert not cell.lstrip().startswith(("=", "+", "-", "@")), name
        assert float(row["latitude"]) == -8.1, "a negative number is no formula"
        assert row["district"] == "Trujillo"
        assert row["place"] == "urbanización Las Quintanas"


def test_evidence_and_place_are_neutralised_too(newsroom: Any, report: Report, tmp_path: Path) -> None:
    newsroom.tell("norte", "a", report(place_text="=cmd|' /C calc'!A0", sentence="@robaron una vivienda"))
    newsroom.publish()
    export_csv(newsroom.public, tmp_path / "x.csv")
    (row,) = read(tmp_path / "x.csv")
    assert row["place"].startswith("'=")
    assert row["evidence"].startswith("'@")


def test_without_a_public_database_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="quintanas publish"):
        export_csv(tmp_path / "incidents.db", tmp_path / "x.csv")
    assert list(tmp_path.iterdir()) == []


def test_failed_export_leaves_the_earlier_file(tmp_path: Path) -> None:
    out = tmp_path / "x.csv"
    out.write_text("earlier")
    broken = tmp_path / "broken.db"
    broken.write_bytes(b"not a database" * 100)
    with pytest.raises(Exception, match="not a database"):
        export_csv(broken, out)
    assert out.read_text() == "earlier"
    assert {path.name for path in tmp_path.iterdir()} == {"x.csv", "broken.db"}
