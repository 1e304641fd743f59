"""Inhabitants by UBIGEO, from a file that the operator puts into the data folder."""

from __future__ import annotations

import csv
from pathlib import Path

import click


def read_population(path: Path) -> dict[str, int]:
    """The inhabitants in a CSV with the columns `ubigeo` (six digits) and `population`; none where there is no such file.

    Raises:
        click.ClickException: naming the line that is not like that.
    """
    if not path.is_file():
        return {}
    known: dict[str, int] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            if not {"ubigeo", "population"} <= set(rows.fieldnames or ()):
                raise click.ClickException(f"{path}: its first line must name the columns ubigeo and population")
            for row in rows:
                code, number = (row["ubigeo"] or "").strip().zfill(6), (row["population"] or "").strip()
                if not (len(code) == 6 and code.isdecimal() and number.isdecimal()):
                    raise click.ClickException(f"{path}, line {rows.line_num}: not a UBIGEO and a whole number of inhabitants")
                known[code] = int(number)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise click.ClickException(f"{path}: cannot be read as CSV in UTF-8 ({error})") from None
    return known
