"""From an article to incident reports: a spaCy pipeline of rules kept as data. Knows nothing of the web or of the database."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from functools import cache
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .report import Evidence, IncidentReport, NewsText

if TYPE_CHECKING:
    from spacy.language import Language

__all__ = ["Evidence", "IncidentReport", "NewsText", "districts", "extract", "extractor_version", "load", "taxonomy"]


def load() -> Language:
    """The extraction pipeline: `spacy.blank("es")` and the components that `docs/extraction.md` explains."""
    from .pipeline import build

    return build()


def extract(
    texts: Iterable[NewsText], nlp: Language | None = None, batch_size: int = 64
) -> Iterator[tuple[str, list[IncidentReport]]]:
    """Read articles and yield `(id, reports)` in the same order, streaming; the likeliest incident of an article comes first.

    Reads no clock, network or database: the same text gives the same reports. `nlp`: a pipeline from `load()`, else one is
    loaded. `batch_size`: articles held at a time.
    """
    from .extensions import get_doc
    from .pipeline import documents

    for doc in documents(nlp if nlp is not None else load(), texts, batch_size):
        yield get_doc(doc, "article").id, get_doc(doc, "incidents")


@cache
def extractor_version() -> str:
    """Version of the package and a digest over this room's code and data: any changed rule is a new version."""
    digest = blake2b(digest_size=4)
    root = Path(str(files("nlp")))
    for path in sorted(root.rglob("*")):
        if path.is_file() and path.suffix not in (".pyc", ".pyo") and not {"__pycache__", "training"} & set(path.parts):
            digest.update(path.relative_to(root).as_posix().encode())
            digest.update(path.read_bytes())
    try:
        number = version("quintanas")
    except PackageNotFoundError:
        number = "0"
    return f"{number}+{digest.hexdigest()}"


def taxonomy() -> list[dict[str, Any]]:
    """The incident types, most serious first, as in `nlp/data/taxonomy.toml`."""
    from .lexicon import data

    return [dict(row) for row in data("taxonomy.toml")["type"]]


def districts() -> list[dict[str, Any]]:
    """Peru's districts from the gazetteer: ubigeo, district, province, department, latitude, longitude."""
    rows = (files("nlp") / "data" / "gazetteer" / "districts.csv").read_text("utf-8").splitlines()
    return [
        {
            "ubigeo": row["ubigeo"],
            "district": row["district"],
            "province": row["province"],
            "department": row["department"],
            "latitude": float(row["latitude"]) if row.get("latitude") else None,
            "longitude": float(row["longitude"]) if row.get("longitude") else None,
        }
        for row in csv.DictReader(line for line in rows if line and not line.startswith("#"))
    ]
