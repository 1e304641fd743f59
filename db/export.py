"""The public incidents as a file."""

from __future__ import annotations

import csv
import os
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

from db import codebook

_FORMULA = tuple("=+-@＝＋－＠")
_CONTROL = ("\t", "\r", "\n", "|")


def export_csv(public_path: str | Path, out: str | Path) -> int:
    """Write every incident to a CSV file, in the codebook's order of columns, latest first; returns the number of rows.

    UTF-8 with a byte order mark: without it Excel takes the file for the local code page and breaks every accent, while
    LibreOffice, pandas and readr drop the mark by themselves. Text that a spreadsheet would run as a formula is preceded by an
    apostrophe (https://owasp.org/www-community/attacks/CSV_Injection); numbers stay numbers. The file is whole or absent.
    Raises `FileNotFoundError` where there is no public database.
    """
    public, target = Path(public_path), Path(out)
    if not public.is_file():
        raise FileNotFoundError(f"there is no public database at {public}: run `quintanas publish` first")
    names = [column.name for column in codebook.load().tables["incidents"].columns]
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
    written = Path(name)
    conn = sqlite3.connect(f"{public.resolve().as_uri()}?mode=ro", uri=True)
    count = 0
    try:
        with os.fdopen(handle, "w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(names)
            columns = ", ".join(f'"{name}"' for name in names)
            for row in conn.execute(f"SELECT {columns} FROM incidents ORDER BY date DESC, id"):
                writer.writerow([safe_cell(value) for value in row])
                count += 1
            file.flush()
            os.fsync(file.fileno())
        written.chmod(0o644)
        written.replace(target)
    finally:
        conn.close()
        written.unlink(missing_ok=True)
    return count


def safe_cell(value: Any) -> Any:
    """A cell that no spreadsheet runs: text that begins like a formula gets an apostrophe before it."""
    if isinstance(value, str) and (value.startswith(_CONTROL) or value.lstrip().startswith(_FORMULA)):
        return f"'{value}"
    return value
