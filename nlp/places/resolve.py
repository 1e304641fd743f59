"""Which place a mention means: containment first, the newspaper's region last, None where the text leaves it open."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ..gazetteer import RANK, Gazetteer, Place, fold
from .mention import ADMIN, BELOW, PlaceMention
from .words import shipped

_ENDS = re.compile(r"\s*[-–—]\s*|\s+(?:con|y)\s+")
_CONTEXT, _OPENING = 80, 20
"""Mentions that are looked at, and how many of them are the text's first ones: resolving takes bounded time."""
_UNDER_SUBHEAD = 4
"""Sentences after a subhead that names a place ("En Manta") for which it still holds."""
_UNDER_TITLE = 2
"""The last sentence that can still be the headline's second line."""
COMMON_NAME = 3
"""A name that more districts than these have does not tell by itself where it is."""


@dataclass(frozen=True, slots=True)
class ResolvedPlace:
    """A place made whole; a field that the text leaves open is None. Names are official; `country` is ISO 3166-1 alpha-2."""

    place_text: str | None = None
    street: str | None = None
    district: str | None = None
    province: str | None = None
    department: str | None = None
    country: str | None = None
    ubigeo: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    level: str = "none"
    rule: str = "open"
    """What decided: "named" (the mention alone), "chain" (its neighbours), "sentence", "subhead", "near", "dateline",
    "headline", "lead", "article", "route" (the two ends of a road), "office" (police, courts, officials), "region" (the
    newspaper's own, as a prior) or "open".
    """
    mentions: tuple[PlaceMention, ...] = field(default=(), repr=False)
    """The mention and its neighbours that were used, in the order of the text."""


class Resolver:
    """Says which place a mention means.

    `Resolver().resolve(mention, context, country, region)` takes the mention that was chosen as the crime's place, all
    mentions of the article (`[s._.place for s in doc.spans["places"]]`), and the newspaper's country and region, and returns
    a `ResolvedPlace`. Call it with the street, the neighbourhood or the district, whichever is at hand: neighbours in the
    same phrase are taken along. Namesakes are told apart by what contains them, looked for in the same phrase, the same
    sentence, the sentence before, dateline, headline, lead, the sentence after, the whole article, and at last in the
    newspaper's region; what stays open is None.
    """

    def __init__(self, gazetteer: Gazetteer | None = None) -> None:
        self.gazetteer = gazetteer or Gazetteer.default()

    def resolve(
        self,
        mention: PlaceMention | None,
        context: Sequence[PlaceMention] = (),
        country: str | None = None,
        region: str | None = None,
    ) -> ResolvedPlace:
        """Resolve one mention; None gives an empty place. Never raises; the time does not grow with the article."""
        home = (country or (mention.country if mention else None) or "PE").upper()
        prior = self.gazetteer.region(region, home) if region else None
        if mention is None:
            return ResolvedPlace()
        context = _around(mention, context)
        chain = self._chain(mention, context)
        rings = self._rings(mention, chain, context)
        street = next((m for m in [mention, *chain] if m.kind == "street"), None)
        named = [m for m in ([mention, *chain]) if m.kind in BELOW and m.kind != "street"]
        place = min(named, key=lambda m: m is not mention) if named else None
        beside = [m for m in context if m.sentence == mention.sentence and m.zone == mention.zone and m.locates and not m.roles]
        if place is None and mention.kind in ("street", "district"):
            place = self._nearest(mention, [m for m in beside if m.kind in BELOW and m.kind != "street" and m.word])
        if street is None and (place is not None or mention.kind == "district"):
            street = self._nearest(mention, [m for m in beside if m.kind == "street"])
        used = [m for m in chain if m.kind in ADMIN or m is place or m is street]
        admin, rule, pinned = self._admin(chain, place, rings, home, prior)
        return self._whole(mention, street, place, admin, rule, pinned, used)

    def _chain(self, mention: PlaceMention, context: Sequence[PlaceMention]) -> list[PlaceMention]:
        chain = [m for m in context if m.chain == mention.chain and "demonym" not in m.roles]
        if mention not in chain:
            chain.append(mention)
        hard = {m for m in chain if (not m.locates or "institution" in m.roles) and m is not mention}
        return [m for m in chain if m not in hard]

    @staticmethod
    def _nearest(mention: PlaceMention, others: Sequence[PlaceMention]) -> PlaceMention | None:
        return min(others, key=lambda m: min(abs(m.first - mention.last), abs(mention.first - m.last)), default=None)

    def _rings(
        self, mention: PlaceMention, chain: Sequence[PlaceMention], context: Sequence[PlaceMention]
    ) -> list[tuple[str, list[PlaceMention]]]:
        rest = [m for m in context if m not in chain and (m.keys or m.tail)]
        firm = [m for m in rest if m.locates and "institution" not in m.roles and m.kind != "country" and not m.bracketed]
        here = mention.sentence
        names = [m for m in firm if m.candidates and (not m.word or any(c.kind in ADMIN for c in m.candidates))]
        title = [m for m in names if m.zone in ("headline", "dateline")]
        body = [m for m in names if m.zone not in ("headline", "dateline", "subhead", "caption")]
        return [
            ("sentence", [m for m in names if m.sentence == here]),
            (
                "subhead",
                [
                    m
                    for m in names
                    if m.zone == "subhead" and m.locative and _UNDER_TITLE < m.sentence < here <= m.sentence + _UNDER_SUBHEAD
                ],
            ),
            ("near", [m for m in body if m.sentence == here - 1 and _agrees(m, title)]),
            ("dateline", [m for m in title if m.zone == "dateline"]),
            ("headline", [m for m in title if m.zone == "headline"]),
            ("lead", [m for m in names if m.zone == "lead"]),
            ("near", [m for m in body if m.sentence == here + 1]),
            ("article", names),
            ("countries", [m for m in rest if m.kind == "country" and (m.sentence == here or m.zone == "headline")]),
            (
                "office",
                [m for m in rest if m.kind != "country" and m not in firm and m.roles & _TELLING_ROLES and m.candidates],
            ),
        ]

    def _admin(
        self,
        chain: Sequence[PlaceMention],
        place: PlaceMention | None,
        rings: list[tuple[str, list[PlaceMention]]],
        home: str,
        prior: Place | None,
    ) -> tuple[Place | None, str, Place | None]:
        """The administrative place, what decided it, and the gazetteer's own entry of the fine place, if it was found."""
        items = sorted((m for m in chain if m.candidates and m.kind != "street"), key=lambda m: RANK[m.kind])
        if place is not None and place.candidates and place in items:
            items.remove(place)
            items.insert(0, place)
        if home != "PE" and any(_unlisted(m) for m in chain):
            items = []
        route = self._route(next((m for m in chain if m.kind == "street"), None), home)
        if route is not None and not any(m.kind in ("district", "province") or m is place for m in items):
            return route, "route", None
        while items:
            graded = [(_backing(m, [o for o in items if o is not m]), m) for m in items]
            most = max(score[0] for score, _ in graded)
            best, base = next((score, m) for score, m in graded if score[0] == most)
            others = [m for m in items if m is not base]
            if best == _DENIED:
                items = others
                continue
            if base.kind in BELOW and not most and any(m.kind in ADMIN for m in others):
                items = [m for m in items if m.kind in ADMIN]
                continue
            pool = [c for c in base.candidates if _support(c, others) == best and not _denied(base, c, others)]
            rule = "chain" if most else "named"
            pool = _narrowest(self._at_home(pool, home, rings, chain), base)
            pool, rule, clash = self._narrow(pool, rule, rings, prior, base)
            if clash and base.kind in BELOW and not base.tail and not _stands(base, pool, rings):
                items = others
                continue
            found = self._one(pool, base)
            if (
                found is not None
                and base.kind in BELOW
                and (
                    (rule == "named" and not self._telling(base, found, home, prior))
                    or (rule not in ("named", "chain", "sentence") and _titled_elsewhere(found, rings))
                )
            ):
                found, pool = None, []
            if found is not None and found.district is None and found.kind in BELOW:
                wider, _ = self._from_rings(rings, home, prior, min(m.first for m in chain))
                if wider is not None and wider.district and wider.department == found.department:
                    return wider, rule, found
            if found is not None:
                return found, rule, found if found.kind in BELOW else None
            shared = self._shared(pool)
            if shared is not None and base.kind in ADMIN and (home == "PE" or shared.kind != "country"):
                return shared, rule, None
            items = others
        at = min(m.first for m in chain)
        found, rule = self._from_rings(rings, home, prior, at)
        unlisted = next((m for m in chain if _unlisted(m) or _ambiguous(m, home)), None)
        if unlisted is not None and home != "PE":
            regions = (p for m in chain if m.kind in ("province", "department") for p in m.candidates if p.country == home)
            region = next(regions, found)
            department = region.department if region is not None else None
            return Place("district", unlisted.name, unlisted.name, None, department, home), "named", None
        return found, rule, None

    def _route(self, street: PlaceMention | None, home: str) -> Place | None:
        """The province that a road lies in whose two ends are towns of it: "carretera Azángaro - Asillo"."""
        if street is None or home != "PE" or street.word.split(" ")[0] not in shipped().routes:
            return None
        ends = _ENDS.split(street.name)
        if len(ends) != 2:
            return None
        one, other = (
            {p.ubigeo[:4] for p in self.gazetteer.named(fold(end)) if p.kind == "district" and p.ubigeo} for end in ends
        )
        both = one & other
        return self.gazetteer.by_ubigeo.get(both.pop()) if len(both) == 1 else None

    def _narrow(
        self,
        pool: list[Place],
        rule: str,
        rings: list[tuple[str, list[PlaceMention]]],
        prior: Place | None,
        base: PlaceMention,
    ) -> tuple[list[Place], str, bool]:
        """Keep what the context contains; `clash` tells that close context names other places only."""
        clash = False
        confirmed = False
        for name, mentions in rings:
            if name == "countries":
                continue
            if len({(p.district, p.province, p.department, p.country) for p in pool}) <= 1 and (
                confirmed or base.kind in ADMIN
            ):
                break
            others = [m for m in mentions if not {*m.keys, *m.tail} & {*base.keys, *base.tail}]
            hits = [(*_support(c, others, both=True), *_nearness(c, others, base.kind)) for c in pool]
            top = max(hits, default=(0, 0, 0, 0))
            if any(top):
                kept = [c for c, hit in zip(pool, hits, strict=True) if hit == top]
                if not base.word and base.kind in ADMIN:
                    kept += [
                        c for c in pool if c.kind == "district" and c not in kept and any(_named_after(k, c) for k in kept)
                    ]
                if len(kept) < len(pool) or (rule == "named" and base.kind in BELOW and name != "office"):
                    rule = name
                pool, confirmed = kept, True
            elif others and name == "sentence" and base.kind == "neighbourhood" and rule == "named":
                return pool, rule, True
            elif others and rule == "named" and not confirmed:
                clash = name != "office" or base.kind in BELOW
        if confirmed:
            clash = False
        if prior is not None:
            inside = [c for c in pool if c.within(prior)]
            if inside and len(inside) < len(pool):
                pool, rule = inside, "region"
            elif not inside and prior.kind == "province":
                wider = self.gazetteer.region(prior.department or "", prior.country)
                inside = [c for c in pool if wider is not None and c.within(wider)]
                if inside and len(inside) < len(pool):
                    pool, rule = inside, "region"
            if inside and not confirmed:
                clash = False
        known = [c for c in pool if c.kind == "district" and c.ubigeo in shipped().prominent]
        if not known and len({c.ubigeo for c in pool if c.kind == "district"}) <= COMMON_NAME:
            known = [
                c for c in pool if c.kind == "district" and _capital(c) and fold(c.district or "") == fold(c.province or "")
            ]
        if len(known) == 1 and base.kind in ADMIN and not clash:
            pool = known
        elif not confirmed and base.kind in ADMIN:
            pool = _largest(pool)
        return pool, rule, clash

    def _telling(self, base: PlaceMention, found: Place, home: str, prior: Place | None) -> bool:
        """Whether a fine place's name alone decides: not if many places share it ("urbanización Santa Rosa")."""
        if (
            found.kind in ADMIN
            or found.kind == "facility"
            or "institution" in base.roles
            or home != "PE"
            or found.country != "PE"
        ):
            return True
        if prior is not None and found.within(prior):
            return True
        own = {
            (p.district, p.province) for key in base.keys for p in (*self.gazetteer.named(key), *self.gazetteer.populated(key))
        }
        return len(own) <= COMMON_NAME

    @staticmethod
    def _at_home(
        pool: list[Place], home: str, rings: list[tuple[str, list[PlaceMention]]], chain: Sequence[PlaceMention]
    ) -> list[Place]:
        """Namesakes of the newspaper's country, unless the sentence or the headline names another country that has one."""
        own = [p for p in pool if p.country == home]
        if not own or len(own) == len(pool):
            return pool
        named = {p.country for m in chain if m.kind == "country" for p in m.candidates}
        for name, mentions in rings:
            if name == "countries":
                named |= {p.country for m in mentions for p in m.candidates if p.kind == "country"}
        other = [p for p in pool if p.country in named and p.country != home]
        if other and home not in named:
            near = [m for name, ms in rings if name in ("sentence", "near", "headline", "dateline") for m in ms]
            if not any(_support(c, near, both=True)[0] for c in own):
                return other
        return own

    def _one(self, pool: Sequence[Place], base: PlaceMention) -> Place | None:
        """The one place of the pool: a bare name means the district before the province before the department."""
        order: tuple[str, ...] = (base.kind,) if base.word and base.kind in ADMIN else ()
        for kind in dict.fromkeys(
            (*order, "neighbourhood", "facility", "populated_place", "district", "province", "department", "country")
        ):
            if base.kind in ADMIN and not base.word and kind in BELOW:
                continue
            same = [p for p in pool if p.kind == kind]
            if len({(p.district, p.province, p.department, p.country) for p in same}) == 1:
                if len(same) > 1 and kind in BELOW:
                    return next((p for p in same if p.kind == kind), None)
                return same[0]
            if same:
                return None
        below = [p for p in pool if p.kind in BELOW]
        if below and len({(p.district, p.department) for p in below}) == 1:
            return below[0]
        return None

    @staticmethod
    def _shared(pool: Sequence[Place]) -> Place | None:
        """What all the places of the pool have in common."""
        if not pool or len({p.country for p in pool}) > 1:
            return None
        country = pool[0].country
        if len({p.department for p in pool}) > 1:
            return Place("country", "", country=country)
        department = pool[0].department
        if len({p.province for p in pool}) > 1 or pool[0].province is None:
            return Place("department", department or "", None, None, department, country, _pad(pool[0].ubigeo, 2))
        return Place("province", pool[0].province, None, pool[0].province, department, country, _pad(pool[0].ubigeo, 4))

    @staticmethod
    def _likeliest(top: list[Place], ring: str, count: Counter[Place], gap: dict[Place, int]) -> list[Place]:
        """Of rival places: close by, the one named last before the crime's place; elsewhere, one that clearly prevails."""
        if ring in ("sentence", "subhead", "near"):
            return [min(top, key=lambda p: gap[p])]
        most = sorted((count[p] for p in top), reverse=True)
        return [p for p in top if count[p] == most[0]] if most[0] >= 2 * most[1] else top

    def _from_rings(
        self, rings: list[tuple[str, list[PlaceMention]]], home: str, prior: Place | None, at: int
    ) -> tuple[Place | None, str]:
        """The administrative place that the context gives to a name which the gazetteer does not hold."""
        everything = list(dict.fromkeys(m for name, ms in rings for m in ms if name != "countries"))
        titled = {c for name, ms in rings if name in ("headline", "dateline") for m in ms for c in m.candidates}
        best: Place | None = None
        rule = "open"
        for name, mentions in rings:
            if name == "countries":
                continue
            found: Counter[Place] = Counter()
            nearest: dict[Place, int] = {}
            if name in ("sentence", "near"):
                mentions = [m for m in mentions if m.word and m.kind == "district"] or mentions
            for m in mentions:
                if any(_contains(m, o) for o in mentions):
                    continue
                pool = _narrowest(self._at_home(list(m.candidates), home, rings, [m]), m)
                pool, _, _ = self._narrow(pool, "named", [("article", [x for x in everything if x is not m])], prior, m)
                one = self._one(pool, m) or self._shared(pool)
                if one is not None and one.kind != "country":
                    unit = _admin_of(one)
                    found[unit] += 1
                    gap = at - m.first if m.first <= at else 2 * (m.first - at)
                    nearest[unit] = min(gap, nearest.get(unit, gap))
            if not found:
                continue
            finest = min(RANK[p.kind] for p in found)
            top = [p for p in found if RANK[p.kind] == finest]
            if len(top) > 1:
                top = [p for p in top if p in titled] or top
            if len(top) > 1:
                top = self._likeliest(top, name, found, nearest)
            one = top[0] if len(top) == 1 else self._shared(top)
            if one is None or one.kind == "country":
                continue
            if best is None:
                best, rule = one, name
            elif one.within(best) and len(top) == 1 and name != "office":
                best = one
            if best.kind == "district":
                break
        if best is not None:
            return best, rule
        return None, "open"

    def _whole(
        self,
        mention: PlaceMention,
        street: PlaceMention | None,
        place: PlaceMention | None,
        admin: Place | None,
        rule: str,
        pinned: Place | None,
        used: list[PlaceMention],
    ) -> ResolvedPlace:
        unit = _admin_of(admin) if admin is not None else None
        point = pinned or (unit if unit is not None and unit.kind == "district" else None)
        if street is not None:
            level = "street"
        elif place is not None:
            level = place.kind
        else:
            level = unit.kind if unit is not None else "none"
        return ResolvedPlace(
            place.text if place is not None else None,
            street.text if street is not None else None,
            unit.district if unit else None,
            unit.province if unit else None,
            unit.department if unit else None,
            unit.country if unit else None,
            _pad(unit.ubigeo, {"department": 2, "province": 4}.get(unit.kind, 6)) if unit else None,
            point.latitude if point else None,
            point.longitude if point else None,
            level,
            rule,
            tuple(dict.fromkeys([*used, mention])),
        )


def _narrowest(pool: list[Place], base: PlaceMention) -> list[Place]:
    """Without "provincia" or "región" a city's name is the district, not the province and department called after it."""
    if base.word and base.kind in ADMIN:
        return pool
    return [p for p in pool if p.kind not in ADMIN or not any(_seat(q, p) for q in pool)]


def _seat(place: Place, wider: Place) -> bool:
    """Whether the place is the capital, or holds the capital, of the wider one."""
    if place is wider or RANK[place.kind] >= RANK[wider.kind] or place.kind not in ADMIN or not place.within(wider):
        return False
    if place.ubigeo is None or wider.kind == "country":
        return True
    return place.ubigeo[{"department": 2, "province": 4}[wider.kind] :].rstrip("0") in ("", "01", "0101", "1")


_TELLING_ROLES = frozenset({"institution", "government", "office", "demonym", "resident"})


def _titled_elsewhere(place: Place, rings: Sequence[tuple[str, list[PlaceMention]]]) -> bool:
    """Whether headline or dateline name districts or provinces, and none that holds the place."""
    units = [
        c
        for name, mentions in rings
        if name in ("headline", "dateline")
        for m in mentions
        for c in m.candidates
        if c.kind in ("district", "province")
    ]
    return bool(units) and not any(place.within(u) for u in units)


def _contains(m: PlaceMention, other: PlaceMention) -> bool:
    """Whether it only says where another place of the same phrase lies ("San Miguel, en Lima")."""
    if other is m or other.chain != m.chain or other.first > m.first or other.kind not in ADMIN:
        return False
    return any(c.kind == "district" and d.kind != "district" and c.within(d) for c in other.candidates for d in m.candidates)


def _agrees(m: PlaceMention, others: Sequence[PlaceMention]) -> bool:
    """Whether the mention may lie in the same province or department as one of the others, or there are none."""
    return not others or any(any(_support(c, others, both=True)) or any(_nearness(c, others)) for c in m.candidates)


_CITY, _TIMES = 50_000, 10
"""People of a city abroad, and how many times those of its namesakes, for it to be the one that is thought of."""


def _largest(pool: list[Place]) -> list[Place]:
    """The one city of a country abroad that is much larger than its namesakes, if there is one."""
    towns = sorted((p for p in pool if p.kind == "district"), key=lambda p: -p.population)
    if len(towns) < 2 or len(towns) < len(pool) or towns[0].country == "PE" or len({p.country for p in towns}) > 1:
        return pool
    if towns[0].population >= max(_CITY, _TIMES * towns[1].population):
        return towns[:1]
    return pool


_CENTRES = frozenset({"centro", "casco urbano", "centro historico"})


def _stands(base: PlaceMention, pool: Sequence[Place], rings: Sequence[tuple[str, list[PlaceMention]]]) -> bool:
    """Whether other districts named beside it leave it where it is: a town's centre, a landmark of the same province."""
    if base.word in _CENTRES:
        return True
    if base.kind != "facility" or len({p.ubigeo for p in pool}) != 1 or pool[0].ubigeo is None:
        return False
    province = pool[0].ubigeo[:4]
    near = [m for name, ms in rings if name in ("sentence", "near", "headline", "dateline") for m in ms]
    return any(c.ubigeo and c.ubigeo[:4] == province for m in near for c in m.candidates)


_DENIED = (-1, -1)


def _backing(m: PlaceMention, others: Sequence[PlaceMention]) -> tuple[int, int]:
    """The best support that a place which the mention may mean has in the others, `_DENIED` where none can be meant."""
    return max((_support(c, others) for c in m.candidates if not _denied(m, c, others)), default=_DENIED)


def _denied(fine: PlaceMention, place: Place, others: Iterable[PlaceMention]) -> bool:
    """Whether a fine place lies outside the district that stands beside it ("comunidad Pampa Michi, distrito de Perené").

    A bare city's name can stand for the districts around it ("urbanización Vista Alegre, Trujillo").
    """
    if fine.kind not in BELOW:
        return False
    if fine.kind == "neighbourhood" and place.kind in ("populated_place", "district") and place.country == "PE":
        cities = [m for m in others if m.kind in ("district", "populated_place") and m.word in ("", "ciudad") and m is not fine]
        towns = [u for m in cities for u in m.candidates if u.kind == m.kind]
        if towns and not any(place.within(u) for u in towns):
            return True  # "barrio San José, en Tumbes" is no hamlet of another district
    return any(
        m.kind == "district"
        and m.word not in ("", "ciudad")
        and m.candidates
        and not any(place.within(u) for u in m.candidates)
        for m in others
    )


def _named_after(wider: Place, district: Place) -> bool:
    """Whether it is the province that bears the district's name and holds it ("Pacasmayo")."""
    return (
        wider.kind == "province"
        and district.kind == "district"
        and district.within(wider)
        and fold(wider.name) == fold(district.name)
    )


def _capital(district: Place) -> bool:
    """Whether a district of Peru holds its province's capital; always, abroad, where that is not on file."""
    return district.ubigeo is None or district.ubigeo.endswith("01")


_CLOSENESS = {"country": 0, "department": 1, "province": 2, "district": 3}


def _support(place: Place, others: Iterable[PlaceMention], both: bool = False) -> tuple[int, int]:
    """How many mentions may name what contains the place, and how closely ("Huánuco" is the city before the department).

    With `both`, what lies in the place counts too.
    """
    count = close = 0
    for m in others:
        fits = [_CLOSENESS[o.kind] for o in m.candidates if o.kind in ADMIN and place.within(o)]
        if both and not fits and place.kind in ADMIN:
            fits = [0 for o in m.candidates if o.kind != "country" and o.within(place)]
        if fits:
            count += 1
            close += max(fits)
    return count, close


def _nearness(place: Place, others: Iterable[PlaceMention], kind: str = "district") -> tuple[int, int]:
    """How many mentions may name a place of the same province, and of the same department.

    That says little of a neighbourhood, whose city must be named, and of a village only the province does.
    """
    if kind in ("neighbourhood", "facility"):
        return 0, 0
    province = department = 0
    for m in others:
        same = [
            o
            for o in m.candidates
            if o.country == place.country and o.department is not None and o.department == place.department
        ]
        department += bool(same)
        province += any(o.province is not None and o.province == place.province for o in same)
    return province, (0 if kind == "populated_place" else department)


def _around(mention: PlaceMention, context: Sequence[PlaceMention]) -> Sequence[PlaceMention]:
    """The mentions that matter in a long text: those that open it and those next to the one in hand."""
    if len(context) <= _CONTEXT:
        return context
    at = next((k for k, m in enumerate(context) if m.first >= mention.first), len(context))
    low = max(_OPENING, at - (_CONTEXT - _OPENING) // 2)
    return [*context[:_OPENING], *context[low : low + _CONTEXT - _OPENING]]


def _unlisted(m: PlaceMention) -> bool:
    """Whether the text calls something a municipality that the gazetteer does not hold."""
    return m.kind == "district" and bool(m.word) and len(m.name) > 3 and not m.candidates


def _ambiguous(m: PlaceMention, home: str) -> bool:
    """Whether towns in several states of the newspaper's country bear the name, which is then all that is known."""
    return m.kind == "district" and len({p.department for p in m.candidates if p.kind == "district" and p.country == home}) > 1


def _pad(ubigeo: str | None, digits: int) -> str | None:
    return ubigeo[:digits].ljust(6, "0") if ubigeo else None


def _admin_of(place: Place) -> Place:
    """The finest administrative unit that a place lies in."""
    if place.kind in ADMIN:
        return place
    if place.ubigeo:
        return Gazetteer.default().by_ubigeo.get(place.ubigeo, place)
    return Place(
        "district",
        place.district or "",
        place.district,
        place.province,
        place.department,
        place.country,
        None,
        place.latitude,
        place.longitude,
    )
