"""What the scanner finds: a place as the text names it, and the places that it may mean."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ..gazetteer import ADMIN, BELOW, Gazetteer, Kind, Place, fold
from .words import shipped

SOFT_ROLES = frozenset({"institution", "resident", "occupation"})
"""Roles that make it unlikely, but leave it possible, that the crime happened there."""
BIG = 100_000
"""People that a city abroad must have to be thought of without its country being named."""


@dataclass(slots=True, eq=False)
class PlaceMention:
    """A place as the text names it.

    `text` is what is written, with its kind word ("urbanización Las Quintanas"); `name` is the core without it; `word` is the
    folded kind word, "" for a bare name. `start` and `end` are characters of `Doc.text`, `first` and `last` tokens (`last` is
    exclusive). `sentence` numbers the sentence, `zone` is the zone's label. Mentions parted only by commas, brackets and "en",
    "de" have the same `chain`: "jirón Moro, urbanización Buenos Aires, Nuevo Chimbote".
    """

    kind: Kind
    text: str
    name: str
    word: str
    start: int
    end: int
    first: int
    last: int
    roles: frozenset[str] = frozenset()
    """institution, origin, resident, occupation, destination, government, office, gang, demonym, surname; see `[roles]` of
    `nlp/data/places.toml`."""
    sentence: int = 0
    zone: str = "body"
    chain: int = -1
    locative: bool = False
    """Whether "en", "desde", "hacia" or "hasta" stands before it."""
    keys: tuple[str, ...] = ()
    """Folded names to look up, the surest first."""
    tail: tuple[str, ...] = ()
    """Folded names that end a facility's name and say where it is ("trujillo" of "hospital Belén de Trujillo")."""
    bracketed: bool = False
    """Whether it stands in brackets after another place, which it then contains: "Sabadell (Barcelona)"."""
    country: str | None = None
    """Country of the newspaper, as far as known, which chooses among namesakes."""
    gazetteer: Gazetteer | None = field(default=None, repr=False)
    _found: tuple[Place, ...] | None = field(default=None, repr=False)

    @property
    def candidates(self) -> tuple[Place, ...]:
        """Places that may be meant, unordered; empty for a name that the gazetteer does not hold."""
        if self._found is None:
            self._found = candidates(self, self.gazetteer or Gazetteer.default())
        return self._found

    @property
    def locates(self) -> bool:
        """Whether the crime can have happened here, as far as the role tells (an institution still can be the scene)."""
        return not self.roles - SOFT_ROLES

    @property
    def governs(self) -> bool:
        """Whether its officials are named, or it locates."""
        return not self.roles - SOFT_ROLES - _GOVERNMENT


_GOVERNMENT = frozenset({"government"})


def _state(pool: list[Place], town: Place) -> bool:
    return any(p.kind == "department" and (p.country, p.department) == (town.country, town.department) for p in pool)


def _regional(key: str, pool: list[Place]) -> list[Place]:
    """Without lesser namesakes of a region whose capital bears another name ("Loreto", "Madre de Dios", "Copán")."""
    pool = [p for p in pool if p.country == "PE" or p.kind != "district" or fold(p.name) == key or not _state(pool, p)]
    whole = next((p for p in pool if p.kind == "department" and p.country == "PE"), None)
    if whole is None or any(p.kind == "district" and p.within(whole) and (p.ubigeo or "").endswith("0101") for p in pool):
        return pool
    return [p for p in pool if p is whole or p.country != "PE"]


_WITHIN_TOWN = frozenset(["zona", "sector", "centro", "casco urbano", "centro historico", "poblacion", "villa", "parroquia"])
"""Kind words that abroad may stand before a municipality's name, as a barrio's or a colonia's do not."""
_MUNICIPAL = frozenset(["ciudad", "urbe", "jurisdiccion", "localidad", "pueblo", "poblado"])


def _known_afar(place: Place) -> bool:
    """Whether another country's press names the place without saying where it is."""
    if place.country != "PE":
        return True
    return place.kind in ("country", "department") or (place.kind == "district" and (place.ubigeo or "").endswith("0101"))


def _unmistakable(place: Place) -> bool:
    """Whether hamlets of the same name are not thought of: a country, a unit of Peru or a province's capital."""
    if place.kind == "country" or (place.kind in ADMIN and place.country == "PE"):
        return True
    return place.kind == "populated_place" and place.country == "PE" and (place.ubigeo or "")[4:] == "01"


def candidates(m: PlaceMention, g: Gazetteer) -> tuple[Place, ...]:
    """The places that a mention's words may mean, in the light of its kind word and of the newspaper's country."""
    home = m.country or "PE"
    spelt_out = tuple(f"ciudad {key}" for key in m.keys) if m.word == "ciudad" else ()  # "Ciudad Valles" is so called
    for key in (*spelt_out, *m.keys):
        named = g.named(key)
        if not m.word:
            pool = [p for p in named if p.kind in BELOW or key not in shipped().overshadowed]
            if home != "PE" or not any(p.kind in ADMIN for p in pool):
                pool += [p for p in g.abroad(key) if p.country == home or p.population >= BIG]
            if home == "PE" and not any(_unmistakable(p) for p in named):
                pool += g.populated(key)
            pool = _regional(key, pool)
            own = [p for p in pool if p.country == home]
            found = own + [p for p in pool if p.country != home]
        elif m.kind == "district":
            found = [p for p in named if p.kind == "district"] + list(g.abroad(key))
            if "provincia" in m.word:  # "distrito y provincia de Julcán": both have the name
                found = [p for p in found if fold(p.province or "") == key]
            if home == "PE" and not any(p.country == "PE" for p in found) and m.word in _MUNICIPAL:
                found += [p for p in named if p.kind == "populated_place"] or list(g.populated(key))
        elif m.kind in ("province", "department"):
            found = [p for p in named if p.kind == m.kind or (p.kind == "department" and p.country != "PE")]
            if m.kind == "province" and home == "ES":
                found = [
                    replace(p, kind="province", district=None, province=p.name) for p in g.abroad(key)[:1] if p.country == home
                ]
            if not found and m.kind == "department":
                found = [p for p in named if p.kind == "province"]
        elif m.kind == "populated_place":
            found = [p for p in named if p.kind in ("populated_place", "neighbourhood", "district")]
            if home == "PE":
                found += g.populated(key)
            else:  # which municipality a village abroad belongs to is not on file
                found = [replace(p, kind="populated_place", district=None) for p in g.abroad(key) if p.country == home]
        elif m.kind == "neighbourhood":
            found = [p for p in named if p.kind in ("neighbourhood", "populated_place", "facility")]
            if home == "PE" and (not found or m.word in ("sector", "barrio", "zona")):
                found += g.populated(key)
            if m.word in ("centro", "casco urbano", "centro historico"):
                found = [p for p in named if p.kind == "district"]
            if not found and (home == "PE" or m.word in _WITHIN_TOWN):
                found = [p for p in named if p.kind == "district"]
                if home != "PE":
                    found += [p for p in g.abroad(key) if p.country == home]
        elif m.kind == "facility":
            found = [p for p in named if p.kind == "facility"]
        else:
            found = []
        if home != "PE":
            found = [p for p in found if p.country == home or (not m.word and _known_afar(p))]
        if found:
            return tuple(dict.fromkeys(found))
    for key in m.tail:
        shadowed = key in shipped().overshadowed
        found = [
            p for p in g.named(key) if p.kind in ("populated_place", "neighbourhood") or (p.kind in ADMIN and not shadowed)
        ]
        if m.word.startswith("municipalidad provincial"):  # it sits in the province's capital, whose code ends in 01
            seats = (g.by_ubigeo.get((p.ubigeo or "")[:4] + "01") for p in found if p.kind == "province")
            found = [seat for seat in seats if seat is not None] or found
        pool = found if home == "PE" else [*found, *g.abroad(key)]
        found = [p for p in pool if p.country == home]
        if found:
            return tuple(dict.fromkeys(found))
    return ()
