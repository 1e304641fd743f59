"""Names of places and where they are, read from `nlp/data/gazetteer/` (see `docs/gazetteer.md` for the sources).

Small tables (districts, provinces, departments, countries, first-level divisions abroad, neighbourhoods, other names) live in
one dictionary keyed by folded name. The two large ones (populated places of Peru, places abroad) stay sorted lines of text:
a look-up bisects them and parses only the lines it finds, so that loading costs a few hundredths of a second.
"""

from __future__ import annotations

import csv
import functools
import gzip
import re
import unicodedata
from bisect import bisect_left
from collections.abc import Container, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

Kind = Literal["street", "neighbourhood", "populated_place", "facility", "district", "province", "department", "country"]

DATA = Path(__file__).parent / "data" / "gazetteer"
RANK: dict[str, int] = {
    "street": 0,
    "facility": 1,
    "neighbourhood": 2,
    "populated_place": 3,
    "district": 4,
    "province": 5,
    "department": 6,
    "country": 7,
}
"""Kinds from the finest to the widest."""

_WORD = re.compile(r"[a-z0-9]+")
_PARTICLES = frozenset(["de", "del", "la", "las", "los", "el", "y", "e"])


@functools.lru_cache(maxsize=65_536)
def fold(text: str) -> str:
    """Lower case, without accents, words parted by one blank: the key of every look-up. "Nuevo  Chao." gives "nuevo chao"."""
    if not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(_WORD.findall(text.casefold()))


def title(key: str) -> str:
    """A folded name as one writes it, for the places whose accents nobody recorded."""
    words = key.split()
    return " ".join(w if i and w in _PARTICLES else w.capitalize() for i, w in enumerate(words))


BELOW = frozenset({"street", "neighbourhood", "populated_place", "facility"})
"""Kinds of places below the district."""
ADMIN = frozenset({"district", "province", "department", "country"})


@dataclass(frozen=True, slots=True)
class Place:
    """One place. The fields that its kind leaves open are None; `ubigeo` has six characters, padded with 00."""

    kind: Kind
    name: str
    district: str | None = None
    province: str | None = None
    department: str | None = None
    country: str | None = None
    """ISO 3166-1 alpha-2."""
    ubigeo: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    population: int = 0
    """As GeoNames has it, abroad; 0 where unknown."""

    def within(self, other: Place) -> bool:
        """Whether this place lies in the other one, or is the same one. What is unknown of `other` does not bind."""
        if self.country != other.country:
            return False
        if self.ubigeo and other.ubigeo:
            return self.ubigeo.startswith(other.ubigeo[: _DIGITS.get(other.kind, 6)])
        if other.province and self.province is None and self.country != "PE" and self.kind != "department":
            other = replace(other, province=None)  # abroad, provinces below the state are not on file
        mine = (self.department, self.province, self.district)
        return all(b is None or (a is not None and fold(a) == fold(b)) for a, b in zip(mine, _binding(other), strict=True))


_DIGITS = {"country": 0, "department": 2, "province": 4}


def _binding(place: Place) -> tuple[str | None, str | None, str | None]:
    return (place.department, place.province, place.district)


def _degrees(text: str) -> float | None:
    return float(text) if text else None


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f))


class _Lines:
    """A sorted gzip CSV whose first column is the folded name."""

    def __init__(self, path: Path) -> None:
        self.lines = gzip.decompress(path.read_bytes()).decode().split("\n")[1:-1]

    def find(self, key: str) -> Iterator[list[str]]:
        prefix = key + ","
        at = bisect_left(self.lines, prefix)
        while at < len(self.lines) and self.lines[at].startswith(prefix):
            yield next(csv.reader([self.lines[at]]))
            at += 1


class Gazetteer:
    """Look-up of place names.

    `named(key)` gives the places that one knows without a kind word before the name (administrative units, capitals,
    countries, neighbourhoods on file), `populated(key)` the 94,922 populated places of Peru, `abroad(key)` cities and
    municipalities elsewhere. Keys are folded names (`fold`). Immutable once made; `Gazetteer.default()` is shared.
    """

    def __init__(self, folder: Path = DATA) -> None:
        self._folder = folder
        self._named: dict[str, tuple[Place, ...]] = {}
        self._longest: dict[str, int] = {}
        self.beginnings: set[str] = set()
        """First words of the names in `names` that have several."""
        self.demonyms: dict[str, Place] = {}
        """Folded demonym ("trujillano") to the widest place that it surely names."""
        self.by_ubigeo: dict[str, Place] = {}
        """Districts by six digits, provinces by four, departments by two."""
        self._admin1: dict[tuple[str, str], Place] = {}
        self._countries: dict[str, Place] = {}
        self._municipal: dict[tuple[str, str | None, str | None], Place] = {}
        """Municipalities abroad by the folded name of their seat, country and state."""
        self._read_countries()
        self._read_peru()
        self._read_neighbourhoods()
        self._read_neighbourhoods_abroad()

    @classmethod
    @functools.cache
    def default(cls) -> Gazetteer:
        """The gazetteer that ships with Quintanas, read once."""
        return cls()

    def named(self, key: str) -> tuple[Place, ...]:
        """Every administrative unit, district capital, country or neighbourhood on file of that name."""
        return self._named.get(key, ())

    @property
    def names(self) -> Container[str]:
        """The keys that `named` knows."""
        return self._named

    def longest(self, first: str) -> int:
        """Words in the longest name in `named` that begins with the word; 0 if none does."""
        return self._longest.get(first, 0)

    @functools.lru_cache(maxsize=4096)  # noqa: B019 - the shared gazetteer lives as long as the process
    def populated(self, key: str) -> tuple[Place, ...]:
        """Populated places of Peru of that name."""
        found = []
        for _, ubigeo, _, latitude, longitude in self._populated.find(key):
            district = self.by_ubigeo.get(ubigeo)
            if district is not None:
                at = (_degrees(latitude), _degrees(longitude))
                found.append(replace(district, kind="populated_place", name=title(key), latitude=at[0], longitude=at[1]))
        return tuple(found)

    @functools.lru_cache(maxsize=4096)  # noqa: B019
    def abroad(self, key: str) -> tuple[Place, ...]:
        """Cities and municipalities outside Peru of that name, the most populous first. District is the municipality."""
        return tuple(self._municipal.get((key, p.country, p.department), p) for p in self._cities(key))

    def _cities(self, key: str) -> tuple[Place, ...]:
        found = [
            Place("district", name, name, None, admin1 or None, country, None, _degrees(lat), _degrees(lon), int(population))
            for _, name, country, admin1, population, lat, lon in self._abroad.find(key)
        ]
        return tuple(sorted(found, key=lambda p: -p.population))

    def country(self, iso: str) -> Place | None:
        """The country of that ISO 3166-1 alpha-2 code."""
        return self._countries.get(iso)

    def region(self, text: str, country: str | None = "PE") -> Place | None:
        """The department, or "department/province", that a newspaper names as its own."""
        department, _, province = text.partition("/")
        found = [p for p in self.named(fold(department)) if p.kind == "department" and p.country == country]
        if not found:
            return None
        inside = [p for p in self.named(fold(province)) if p.kind == "province" and p.within(found[0])]
        return inside[0] if inside else found[0]

    @functools.cached_property
    def _populated(self) -> _Lines:
        return _Lines(self._folder / "populated_places.csv.gz")

    @functools.cached_property
    def _abroad(self) -> _Lines:
        return _Lines(self._folder / "abroad.csv.gz")

    def _add(self, name: str, place: Place) -> None:
        key = fold(name)
        if not key:
            return
        known = self._named.get(key, ())
        if place not in known:
            self._named[key] = (*known, place)
            first, words = key.split()[0], key.count(" ") + 1
            for at, letter in enumerate(key):
                if letter == " ":
                    self.beginnings.add(key[:at])
            if words > self._longest.get(first, 0):
                self._longest[first] = words

    def _read_countries(self) -> None:
        for row in _rows(self._folder / "countries.csv"):
            place = Place("country", row["name"], country=row["iso"])
            self._countries[row["iso"]] = place
            for name in [row["name"], *filter(None, row["aliases"].split("|"))]:
                self._add(name, place)
            for word in filter(None, row["demonyms"].split("|")):
                self.demonyms[fold(word)] = place
        for row in _rows(self._folder / "admin1.csv"):
            place = Place("department", row["name"], department=row["name"], country=row["country"])
            for name in [row["name"], *filter(None, row["aliases"].split("|"))]:
                self._add(name, place)
        for row in _rows(self._folder / "municipalities_abroad.csv"):
            place = Place("district", row["name"], row["name"], None, row["admin1"], row["country"])
            for name in [row["name"], *filter(None, row["aliases"].split("|"))]:
                known = [p for p in self._cities(fold(name)) if (p.country, p.department) == (row["country"], row["admin1"])]
                unit = replace(known[0], name=place.name, district=place.district) if known else place
                self._municipal[fold(name), unit.country, unit.department] = unit
                self._add(name, unit)

    def _read_neighbourhoods_abroad(self) -> None:
        for row in _rows(self._folder / "neighbourhoods_abroad.csv"):
            kind: Kind = row["kind"]  # type: ignore[assignment]
            place = Place(kind, row["name"], row["municipality"], None, row["admin1"], row["country"])
            for name in [row["name"], *filter(None, row["aliases"].split("|"))]:
                self._add(name, place)

    def _read_peru(self) -> None:
        capitals: list[tuple[str, Place]] = []
        for row in _rows(self._folder / "districts.csv"):
            code, department, province, district = row["ubigeo"], row["department"], row["province"], row["district"]
            if code[:2] not in self.by_ubigeo:
                self.by_ubigeo[code[:2]] = Place("department", department, None, None, department, "PE", code[:2] + "0000")
                self._add(department, self.by_ubigeo[code[:2]])
            if code[:4] not in self.by_ubigeo:
                unit = Place("province", province, None, province, department, "PE", code[:4] + "00")
                self.by_ubigeo[code[:4]] = unit
                self._add(province, unit)
            at = (_degrees(row["latitude"]), _degrees(row["longitude"]))
            place = Place("district", district, district, province, department, "PE", code, *at)
            self.by_ubigeo[code] = place
            self._add(district, place)
            if row["capital"] and fold(row["capital"]) != fold(district):
                capitals.append((row["capital"], replace(place, kind="populated_place", name=row["capital"])))
        for name, place in capitals:
            self._add(name, place)
        for row in _rows(self._folder / "aliases.csv"):
            self._add(row["alias"], self.by_ubigeo[row["ubigeo"]])
        for row in _rows(self._folder / "demonyms.csv"):
            for word in row["words"].split("|"):
                self.demonyms[fold(word)] = self.by_ubigeo[row["ubigeo"]]

    def _read_neighbourhoods(self) -> None:
        for row in _rows(self._folder / "neighbourhoods.csv"):
            district = self.by_ubigeo[row["ubigeo"]]
            kind: Kind = row["kind"]  # type: ignore[assignment]
            at = (_degrees(row["latitude"]) or district.latitude, _degrees(row["longitude"]) or district.longitude)
            place = replace(district, kind=kind, name=row["name"], latitude=at[0], longitude=at[1])
            for name in [row["name"], *filter(None, row["aliases"].split("|"))]:
                self._add(name, place)
