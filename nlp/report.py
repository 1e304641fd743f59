"""What the extractor says of an article: incident reports, each field with the words that it came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

EvidenceField = Literal["type", "place", "date"]
Zone = Literal["title", "text"]


@dataclass(frozen=True)
class NewsText:
    """One article as the extractor reads it.

    `published` is the day of publication in the newspaper's own time zone, as an ISO date or instant; relative dates
    ("anoche") are resolved against it. `country` (ISO 3166-1 alpha-2) and `region` (department, or "department/province")
    are the newspaper's own: a prior for places that the text leaves open, never the answer.
    """

    id: str
    text: str
    title: str | None = None
    published: str | None = None
    country: str | None = None
    region: str | None = None


@dataclass(frozen=True)
class Evidence:
    """The words that decided a field, and where they stand.

    `start` and `end` are character offsets into the article's `title` or `text`, whichever `zone` names, as given:
    `article[zone][start:end] == words`.
    """

    zone: Zone
    start: int
    end: int
    words: str
    sentence: str
    rule: str
    """Name of the rule or lexicon entry that read them so."""


@dataclass
class IncidentReport:
    """One incident as one article tells it. Every field that the text does not decide is None."""

    type: str
    """Key of `nlp/data/taxonomy.toml`."""
    status: Literal["completed", "attempted", "threatened"] = "completed"
    event: Literal["crime", "police_action", "judicial"] = "crime"
    place_text: str | None = None
    """The finest named place as written, with its kind word ("urbanización Las Quintanas"), without the street."""
    level: str = "none"
    """Finest level filled: street, neighbourhood, populated_place, facility, district, province, department, country, none."""
    street: str | None = None
    district: str | None = None
    province: str | None = None
    department: str | None = None
    country: str | None = None
    """ISO 3166-1 alpha-2."""
    ubigeo: str | None = None
    """INEI code, six characters, always text; shorter administrative levels are padded with 00 ("130100", "130000")."""
    latitude: float | None = None
    longitude: float | None = None
    """Degrees, WGS 84, of the place where the gazetteer has it, else of the district; never of a house."""
    date: str | None = None
    """ISO day, month ("2025-11") or year ("2019"), as `precision` says; the first day of an interval."""
    date_end: str | None = None
    """Last day of an interval of days, where it is not `date`."""
    precision: Literal["day", "month", "year", "none"] = "none"
    part_of_day: Literal["madrugada", "mañana", "tarde", "noche"] | None = None
    confidence: float = 0.0
    """Between 0 and 1: how likely type, administrative place and date are all right."""
    evidence: dict[EvidenceField, Evidence] = field(default_factory=dict)
