"""What persons corrected, as it applies to an incident's fields."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from db import codebook

REPORT_COLUMNS = {"place": "place_text", "place_level": "level", "date_precision": "precision"}
"""Public columns of an incident that the archive's reports name otherwise."""
NUMBERS = ("killed_low", "killed_best", "killed_high", "injured_low", "injured_best", "injured_high")
EDITABLE = (
    *("type", "status", "event", "date", "date_end", "part_of_day", "place", "place_level", "street", "district", "province"),
    *("department", "country", "ubigeo", "latitude", "longitude"),
    *NUMBERS,
)
_DATE = re.compile(r"\d{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?")
_PRECISION = {4: "year", 7: "month", 10: "day"}


def corrected(conn: Any, incident: str) -> dict[str, Any]:
    """The public columns of an incident that persons corrected, with what they say now."""
    rows = conn.execute(
        """SELECT field, value FROM corrections WHERE action = 'correct' AND incident IN
        (SELECT id FROM incidents WHERE id = :id OR merged_into = :id) ORDER BY corrections.id""",
        {"id": incident},
    )
    return with_precision({row[0]: json.loads(row[1]) for row in rows})


def with_precision(fields: dict[str, Any]) -> dict[str, Any]:
    """Corrected columns together with the date's precision, where the date is among them."""
    if "date" in fields:
        fields["date_precision"] = _PRECISION.get(len(fields["date"] or ""), "none")
        fields.setdefault("date_end", None)
    return fields


def overrides(conn: Any, incident: str | None) -> dict[str, Any]:
    """The same under the names of the archive's table of reports, without the numbers."""
    found = corrected(conn, incident) if incident else {}
    return {REPORT_COLUMNS.get(name, name): value for name, value in found.items() if name not in NUMBERS}


def checked(field: str, text: str, types: Mapping[str, Any] | None = None) -> Any:
    """The value of a correction as it is stored; empty text empties the field.

    Raises `ValueError` saying what is wrong: a field that cannot be corrected, or a value that it cannot hold. `types` are the
    taxonomy's keys, where they are known.
    """
    column = codebook.load().tables["incidents"].column(field)
    if field not in EDITABLE or column is None:
        raise ValueError(f"{field} cannot be corrected; these can: {', '.join(EDITABLE)}")
    text = text.strip()
    if not text:
        if column.required:
            raise ValueError(f"{field} cannot be empty")
        return None
    if field == "type" and types is not None and text not in types:
        raise ValueError(f"{text} is no type; these are: {', '.join(types)}")
    if column.values and text not in column.values:
        raise ValueError(f"{field} cannot be {text}; it can be {', '.join(column.values)}")
    if field in ("date", "date_end") and not _DATE.fullmatch(text):
        raise ValueError(f"{text} is no date: give 2025-11-02, 2025-11 or 2025")
    if field == "ubigeo" and not re.fullmatch(r"\d{6}", text):
        raise ValueError(f"{text} is no UBIGEO: it has six digits")
    if field == "country" and not re.fullmatch(r"[A-Z]{2}", text):
        raise ValueError(f"{text} is no ISO country code of two letters")
    try:
        return {"integer": int, "real": float}[column.type](text) if column.type != "text" else text
    except ValueError:
        raise ValueError(f"{text} is no number, and {field} is one") from None
