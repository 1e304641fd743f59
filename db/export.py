"""The public incidents as a file: CSV in two flavours, Excel workbook, GeoJSON, Parquet; and the note that goes with it."""

from __future__ import annotations

import csv
import json
import os
import re
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from db import codebook

BOM = "\ufeff"
"""Without it Excel takes UTF-8 for the local code page and breaks every accent."""
EXCEL_ROWS = 1_048_575
"""Rows below the heading that a sheet has room for."""

_FORMULA = "=+\\-@＝＋－＠"
_STARTS = re.compile(rf"\s*[{_FORMULA}]|[\t\r\n|]")
_STARTS_ANY = re.compile(rf"\0\s*[{_FORMULA}]")
_INSIDE = re.compile(rf"([;\t\r\n]\s*)(?=[{_FORMULA}|])")
_RELEASE = "SELECT number, published FROM releases ORDER BY number DESC LIMIT 1"
_ORDER = "ORDER BY date DESC, id"


def safe_cell(value: Any) -> Any:
    """A cell that no spreadsheet runs: text that begins like a formula gets an apostrophe before it
    (https://owasp.org/www-community/attacks/CSV_Injection), and so does what begins like one after a semicolon, where a
    spreadsheet set to a region that separates by semicolons begins a cell. Numbers stay numbers."""
    if not isinstance(value, str):
        return value
    if ";" in value or "\n" in value or "\t" in value or "\r" in value:
        value = _INSIDE.sub(r"\1'", value)
    return f"'{value}" if _STARTS.match(value) else value


def safe_row(row: Sequence[Any]) -> list[Any]:
    """A row of safe cells."""
    return [safe_cell(value) if isinstance(value, str) else value for value in row]


def safe_rows(rows: Iterable[Sequence[Any]]) -> Iterable[Sequence[Any]]:
    """Rows of safe cells, as `safe_row` makes them. Columns are looked at whole, since hardly any holds what has to be changed:
    a third of the time."""
    columns = []
    for column in zip(*rows, strict=True):
        together = "\0" + "\0".join([value for value in column if isinstance(value, str)])
        risky = _STARTS_ANY.search(together) or any(mark in together for mark in ";\t\r\n|")
        columns.append([safe_cell(value) for value in column] if risky else column)
    return zip(*columns, strict=True)


def feature(row: Mapping[str, Any]) -> dict[str, Any]:
    """An incident as a GeoJSON feature (RFC 7946): its geometry is null where it has no point."""
    known = row["latitude"] is not None and row["longitude"] is not None
    point = {"type": "Point", "coordinates": [row["longitude"], row["latitude"]]} if known else None
    properties = {name: value for name, value in row.items() if name not in ("_row", "id", "latitude", "longitude")}
    return {"type": "Feature", "id": row["id"], "geometry": point, "properties": properties}


@contextmanager
def opened(public_path: str | Path) -> Iterator[sqlite3.Connection]:
    """The public database, to be read; raises `FileNotFoundError` where there is none."""
    public = Path(public_path)
    if not public.is_file():
        raise FileNotFoundError(f"there is no public database at {public}: run `quintanas publish` first")
    with closing(sqlite3.connect(f"{public.resolve().as_uri()}?mode=ro", uri=True)) as conn:
        yield conn


def release_of(conn: sqlite3.Connection) -> tuple[int, str] | None:
    """Number and instant of the latest release; None where there is none."""
    found: tuple[int, str] | None = conn.execute(_RELEASE).fetchone()
    return found


def export(public_path: str | Path, out: str | Path, *, exact: bool = False) -> int:
    """Write every incident to a file of the kind that its name ends in, latest first, and the note on licence and citation
    beside it; returns the number of incidents.

    `exact` holds for CSV alone, the only kind of file whose text a spreadsheet may run. A file is whole or absent, and an
    earlier one stays where a new one fails. Raises `FileNotFoundError` where there is no public database, `ValueError` for an
    ending that is none of `FORMATS` or a sheet too small for the rows, and `ModuleNotFoundError` where Parquet's library is
    not installed.
    """
    target = Path(out)
    write = FORMATS.get(target.suffix.lower())
    if write is None:
        raise ValueError(f"{target}: the name must end in {', '.join(FORMATS)}")
    with opened(public_path) as conn:
        conn.execute("BEGIN")  # one release, whatever takes the file's place meanwhile
        with _whole(target) as written:
            count = _csv(conn, written, exact=exact) if write is _csv else write(conn, written)
        text = note(release_of(conn), file=target.name, rows=count, spreadsheet=write is _csv and not exact)
    note_path(target).write_text(text, encoding="utf-8")
    return count


def export_csv(public_path: str | Path, out: str | Path, *, exact: bool = False) -> int:
    """Write every incident to a CSV file, in the codebook's order of columns, latest first; returns the number of rows.

    For spreadsheets: UTF-8 with a byte order mark, which LibreOffice, pandas and readr drop by themselves, and no cell that is
    run as a formula. `exact`: UTF-8 without the mark, every text as it is. Raises `FileNotFoundError` where there is no public
    database.
    """
    with opened(public_path) as conn, _whole(Path(out)) as written:
        return _csv(conn, written, exact=exact)


def note_path(file: Path) -> Path:
    """Where the note on a file stands: `incidentes.csv.LEEME.txt`."""
    return file.with_name(f"{file.name}.LEEME.txt")


def note(
    release: tuple[int, str] | None,
    *,
    file: str,
    rows: int | None = None,
    spreadsheet: bool = False,
    address: str | None = None,
    table: str = "incidents",
) -> str:
    """Licence, citation and caution of a file, in Spanish; `rows` it holds, of which `table`, and the `address` of the
    selection where it is not everything. `spreadsheet`: whether it is the flavour of CSV for spreadsheets."""
    book = codebook.load()
    described = book.tables[table]
    edition = f"edición {release[0]} ({release[1][:10]})" if release else "sin edición"
    lines = [f"{book.title}: {described.label}", "", f"Archivo: {file}"]
    lines += [f"Filas: {rows}"] if rows is not None else []
    lines += [f"Edición: {release[0]}, publicada {release[1]}"] if release else []
    lines += [f"Selección: {address}"] if address else []
    lines += ["", book.caution, ""]
    lines += [f"Licencia de los datos: {book.license} ({book.license_url})", f"Fuente: {book.source}"]
    lines += [f"Cómo citar: {book.title}, {edition}{f', {address}' if address else ''}", ""]
    if spreadsheet:
        lines += [
            "CSV para hojas de cálculo: UTF-8 con marca (BOM). Un texto que una hoja de cálculo tomaría por fórmula lleva un",
            "apóstrofo (') delante. Para programas está el CSV exacto, que no cambia nada.",
            "",
        ]
    lines += ["Columnas:", *(f"  {column.name}: {column.es}" for column in described.columns)]
    return "\n".join(lines) + "\n"


@contextmanager
def _whole(target: Path) -> Iterator[Path]:
    """A file beside the target that takes its place once it is written and safe on the disk."""
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
    os.close(handle)
    written = Path(name)
    try:
        yield written
        with written.open("rb") as file:
            os.fsync(file.fileno())
        written.chmod(0o644)
        written.replace(target)
    finally:
        written.unlink(missing_ok=True)


def _columns() -> tuple[codebook.Column, ...]:
    return codebook.load().tables["incidents"].columns


def _rows(conn: sqlite3.Connection) -> sqlite3.Cursor:
    names = ", ".join(f'"{column.name}"' for column in _columns())
    return conn.execute(f"SELECT {names} FROM incidents {_ORDER}")


def _csv(conn: sqlite3.Connection, out: Path, *, exact: bool = False) -> int:
    count = 0
    with out.open("w", encoding="utf-8" if exact else "utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([column.name for column in _columns()])
        for count, row in enumerate(_rows(conn), 1):  # noqa: B007 - the number of the last is the count
            writer.writerow(row if exact else safe_row(row))
    return count


def _xlsx(conn: sqlite3.Connection, out: Path) -> int:
    """A workbook of three sheets: incidents, codebook, licence and citation. All text is text: no formulas, no links."""
    import xlsxwriter  # type: ignore[import-untyped]

    total: int = conn.execute("SELECT count(*) FROM incidents").fetchone()[0]
    if total > EXCEL_ROWS:
        raise ValueError(
            f"{total} incidents do not fit into an Excel sheet ({EXCEL_ROWS} rows): export .csv or .parquet instead"
        )
    book = codebook.load()
    # Row by row to the disk, strings in place: memory does not grow with the rows.
    with xlsxwriter.Workbook(out, {"constant_memory": True, "tmpdir": str(out.parent)}) as workbook:
        release = release_of(conn)
        workbook.set_properties({"title": book.title, "comments": f"{book.license} {book.license_url}"})
        bold, wrapped = workbook.add_format({"bold": True}), workbook.add_format({"text_wrap": True, "valign": "top"})
        sheet = workbook.add_worksheet(book.tables["incidents"].label)
        sheet.freeze_panes(1, 1)
        for number, column in enumerate(_columns()):
            sheet.set_column(number, number, 60 if column.name in ("headline", "evidence") else 16)
        _fill(sheet, 0, [column.name for column in _columns()], bold)
        for line, row in enumerate(_rows(conn), 1):
            _fill(sheet, line, row)
        sheet.autofilter(0, 0, total, len(_columns()) - 1)
        sheet = workbook.add_worksheet("Libro de códigos")
        sheet.freeze_panes(1, 0)
        for number, width in enumerate((22, 30, 10, 90, 60)):
            sheet.set_column(number, number, width)
        _fill(sheet, 0, ["columna", "nombre", "tipo", "qué dice", "valores"], bold)
        for line, column in enumerate(_columns(), 1):
            values = "; ".join(f"{code} = {words}" if code != words else code for code, words in column.values.items())
            _fill(sheet, line, [column.name, column.label, column.type, column.es, values or None], wrapped)
        sheet = workbook.add_worksheet("Licencia y cita")
        sheet.set_column(0, 0, 110)
        for line, text in enumerate(note(release, file=book.title, rows=total).partition("Columnas:")[0].splitlines()):
            _fill(sheet, line, [text], wrapped)
    return total


def _fill(sheet: Any, line: int, row: Sequence[Any], style: Any = None) -> None:
    for number, value in enumerate(row):
        if isinstance(value, str):
            sheet.write_string(line, number, value, style)
        elif value is not None:
            sheet.write_number(line, number, value, style)


def _geojson(conn: sqlite3.Connection, out: Path) -> int:
    names = [column.name for column in _columns()]
    count = 0
    with out.open("w", encoding="utf-8") as file:
        file.write('{"type": "FeatureCollection", "features": [')
        for count, row in enumerate(_rows(conn), 1):
            file.write(",\n" if count > 1 else "\n")
            json.dump(feature(dict(zip(names, row, strict=True))), file, ensure_ascii=False)
        file.write("\n]}\n")
    return count


def _parquet(conn: sqlite3.Connection, out: Path) -> int:
    from db.parquet import write_table

    return write_table(conn, codebook.load().tables["incidents"], out, _ORDER)


FORMATS: dict[str, Callable[..., int]] = {".csv": _csv, ".xlsx": _xlsx, ".geojson": _geojson, ".parquet": _parquet}
"""What writes each kind of file, by the ending of its name."""
