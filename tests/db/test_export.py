"""The files that a journalist opens in a spreadsheet and that programs read."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl  # type: ignore[import-untyped]
import pytest
from pyarrow import parquet  # type: ignore[import-untyped]

from db import codebook
from db.archive import Archive
from db.export import FORMATS, export, export_csv, note_path, safe_cell

Report = Callable[..., dict[str, Any]]

HOSTILE = [
    "=CONTAR(2;3)",
    "+51 soles de cupo",
    "-2+3",
    "@ SUM(A1:A9)",
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
    newsroom.tell("norte", "a", report(place_text="=cmd|' /C calc'!A0", sentence="@ robaron una vivienda"))
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


@pytest.fixture
def hostile(newsroom: Any, report: Report) -> Any:
    """A public database with a headline for each of `HOSTILE`."""
    for number, headline in enumerate(HOSTILE):
        day = {"date": f"2025-10-{number + 1:02}"} if number % 2 else {"date": None, "precision": "none"}
        newsroom.tell("norte", f"a{number}", report(**day), headline=headline)
    newsroom.publish()
    return newsroom


def stored(newsroom: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = newsroom.rows("SELECT * FROM incidents ORDER BY date DESC, id")
    return rows


def test_exact_csv_is_the_database_to_the_letter(hostile: Any, tmp_path: Path) -> None:
    out = tmp_path / "x.csv"
    assert export(hostile.public, out, exact=True) == len(HOSTILE)
    assert out.read_bytes().startswith(b"id,date,"), "no mark that a program would take for a part of the first name"
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    expected = [{name: "" if value is None else str(value) for name, value in row.items()} for row in stored(hostile)]
    assert rows == expected


def test_workbook_holds_the_same_rows_and_no_formula(hostile: Any, tmp_path: Path) -> None:
    out = tmp_path / "x.xlsx"
    assert export(hostile.public, out) == len(HOSTILE)
    workbook = openpyxl.load_workbook(out)
    data, described, licence = workbook.worksheets
    names, *rows = data.iter_rows()
    assert [cell.value for cell in names] == [column.name for column in codebook.load().tables["incidents"].columns]
    assert [[cell.value for cell in row] for row in rows] == [list(row.values()) for row in stored(hostile)]
    assert {cell.data_type for row in rows for cell in row} <= {"s", "inlineStr", "n"}, "text and numbers, and no formula"
    assert not any(cell.hyperlink for row in rows for cell in row)
    explained = {row[0]: row[3] for row in described.iter_rows(min_row=2, values_only=True)}
    assert explained == {column.name: column.es for column in codebook.load().tables["incidents"].columns}
    assert "CC BY 4.0" in " ".join(str(row[0]) for row in licence.iter_rows(values_only=True))


def test_geojson_has_every_incident_also_one_without_a_point(newsroom: Any, report: Report, tmp_path: Path) -> None:
    newsroom.tell("norte", "a", report(), headline='"Comillas" y \\')
    nowhere = dict.fromkeys(("place_text", "district", "province", "department", "ubigeo", "latitude", "longitude"))
    newsroom.tell("norte", "b", report(**nowhere, level="none", country=None))
    newsroom.publish()
    assert export(newsroom.public, tmp_path / "x.geojson") == 2
    features = json.loads((tmp_path / "x.geojson").read_text(encoding="utf-8"))["features"]
    points = {one["id"]: one["geometry"] and one["geometry"]["coordinates"] for one in features}
    assert points == {row["id"]: row["longitude"] and [row["longitude"], row["latitude"]] for row in stored(newsroom)}
    assert None in points.values()
    assert {one["properties"]["headline"] for one in features} == {row["headline"] for row in stored(newsroom)}


def test_parquet_keeps_types_and_says_what_columns_mean(hostile: Any, tmp_path: Path) -> None:
    out = tmp_path / "x.parquet"
    assert export(hostile.public, out) == len(HOSTILE)
    table = parquet.read_table(out)
    assert table.to_pylist() == stored(hostile)
    assert str(table.schema.field("ubigeo").type) == "string", "the leading zero"
    assert table.schema.field("date").metadata[b"description"].decode().startswith("Cuándo ocurrió")
    assert table.schema.metadata[b"license"].startswith(b"https://creativecommons.org/")


@pytest.mark.parametrize("ending", FORMATS)
def test_licence_and_citation_lie_beside_every_file(newsroom: Any, report: Report, tmp_path: Path, ending: str) -> None:
    newsroom.tell("norte", "a", report())
    newsroom.publish()
    out = tmp_path / f"x{ending}"
    export(newsroom.public, out)
    note = note_path(out).read_text(encoding="utf-8")
    for said in ("CC BY 4.0", "Cómo citar: Quintanas, edición 1", "Filas: 1", "no es una denuncia", "where_prec:"):
        assert said in note
    assert ("apóstrofo" in note) == (ending == ".csv")
    assert sorted(path.name for path in tmp_path.glob("x*")) == [out.name, note_path(out).name]


def test_empty_database_exports_to_every_kind(newsroom: Any, tmp_path: Path) -> None:
    with Archive(newsroom.archive, write=True):
        pass
    newsroom.publish()
    assert [export(newsroom.public, tmp_path / f"x{ending}") for ending in FORMATS] == [0, 0, 0, 0]


def test_unknown_ending_names_those_there_are(newsroom: Any, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"\.csv, \.xlsx, \.geojson, \.parquet"):
        export(newsroom.public, tmp_path / "x.pdf")


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("robo; =1+1", "robo; '=1+1"),
        ("robo\t@SUM(A1)", "robo\t'@SUM(A1)"),
        ("robo\n-2+3", "robo\n'-2+3"),
        ("robo;＝1", "robo;'＝1"),
        ("robo; dos detenidos", "robo; dos detenidos"),
        ("a-b = c", "a-b = c"),
        ("", ""),
        (-8.1, -8.1),
        (None, None),
    ],
)
def test_no_cell_begins_a_formula_whatever_separates_cells(text: Any, cell: Any) -> None:
    """A spreadsheet set to Spain or much of America takes the semicolon for the end of a cell."""
    assert safe_cell(text) == cell
