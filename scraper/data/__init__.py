"""Words, phrases and lists that the readers look up; nothing here is code."""

from __future__ import annotations

import csv
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def toml(name: str) -> dict[str, Any]:
    """Return a bundled TOML file, parsed. `name` is its name without the ending. Do not change what comes back."""
    return tomllib.loads((files(__package__) / f"{name}.toml").read_text(encoding="utf-8"))


@cache
def provinces() -> dict[str, tuple[str, str]]:
    """Peru's provinces: UBIGEO prefix (four digits) → (department, province). Codes and names are those of INEI."""
    lines = (files(__package__) / "provinces.csv").read_text(encoding="utf-8").splitlines()
    return {row["ubigeo"]: (row["department"], row["province"]) for row in csv.DictReader(lines)}
