"""Where the incident happened: of every place that the text names, is this the scene?

Most places of a crime story are not: the police station, the hospital, the victim's birthplace, the gang's name. Each mention
is scored by what stands around it, and the best one is handed to `nlp.places.Resolver`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from spacy.tokens import Doc, Span

from .extensions import marked
from .forms import lower_ids
from .gazetteer import BELOW
from .lexicon import data, ids
from .scene import Scene, View

if TYPE_CHECKING:
    from .places import PlaceMention, ResolvedPlace, Resolver

FINE = BELOW


@dataclass(slots=True, eq=False)
class Candidate:
    """A place mention and how well it fits as the scene."""

    span: Span
    mention: PlaceMention
    score: float
    """Log-odds that it is the scene."""
    rule: str
    features: dict[str, float]


@dataclass(frozen=True, slots=True)
class Found:
    """The resolved scene and the mention that decided it."""

    place: ResolvedPlace
    span: Span
    rule: str
    score: float = 0.0
    """Log-odds of the mention."""


@cache
def _weights(table: str = "where") -> dict[str, float]:
    return {key: float(value) for key, value in data("decision.toml")[table].items()}


def _spelt(words: Sequence[str]) -> frozenset[int]:
    """Ids of words that the table writes without accents."""
    accents = str.maketrans("aeiou", "áéíóú")
    with_accents = (f"{w[:k]}{w[k].translate(accents)}{w[k + 1 :]}" for w in words for k in range(len(w)) if w[k] in "aeiou")
    return ids([*words, *with_accents])


@cache
def _prepositions() -> dict[str, frozenset[int]]:
    return {
        "at": ids(("en", "frente", "dentro", "alrededores", "inmediaciones", "altura", "cerca", "afueras", "interior", "por")),
        "of": ids(("de", "del", "la", "el", "los", "las")),
        "off": ids(("hacia", "hasta", "desde", "rumbo")),
        "in": ids(("en",)),
        "article": ids(("el", "la", "los", "las")),
        **{name: _spelt(words) for name, words in data("places.toml")["around"].items()},
    }


def features(scene: Scene, span: Span, mention: PlaceMention, keys: list[int]) -> dict[str, float]:
    """What speaks for and against one place mention, by the names of `data/decision.toml`."""
    view = scene.view(span.start)
    if view is None:
        return {}
    sentence, prepositions = view.sentence, _prepositions()
    order, police = sentence.order, scene.event != "crime"
    around = [scene.views[o] for o in (order - 1, order + 1) if 0 <= o < len(scene.views)]
    beside = [_event(other, police) for other in around if other.sentence.zone == sentence.zone]
    event = _event(view, police)
    near = keys[max(sentence.start, span.start - 3) : span.start]
    off = bool(near) and near[-1] in prepositions["off"]
    wide = keys[max(sentence.start, span.start - 4) : span.start]
    direct = next((key for key in reversed(near) if key not in prepositions["article"]), 0)
    found = {
        "event": min(event, 2.5),
        "event_beside": min(max(beside, default=0.0), 2.5) if event < 0.5 else 0.0,
        "arrest": float(not police and view.police > view.event),
        "told": float(view.told),
        "dated": float(view.dated),
        "dated_beside": float(not view.dated and any(other.dated for other in around)),
        "aside": float(bool(view.aside)),
        "care": float(bool(view.aftermath & {"care", "funeral"})),
        "court": float("court" in view.aftermath),
        "order": min(order, 15) / 5,
        "first_lines": float(order <= 3),
        "off": float(off),
        "at": float(not off and not prepositions["at"].isdisjoint(near)),
        "of": float(not off and bool(near) and near[-1] in prepositions["of"]),
        "in": float(direct in prepositions["in"]),
        "inside": float(not prepositions["inside"].isdisjoint(wide)),
        "beside": float(not prepositions["beside"].isdisjoint(wide)),
        "located": float(_located(keys, sentence.start, span.start)),
        "opens": float(span.start <= sentence.start + 1),
        f"zone_{sentence.zone}": 1.0,
        f"kind_{mention.kind}": 1.0,
    }
    for role in mention.roles:
        found[f"role_{role}"] = 1.0
    if mention.kind in FINE and mention.word:
        if _namesake(mention):
            found["namesake"] = 1.0
        if mention.kind == "facility":
            group = _groups().get(mention.word) or _groups().get(mention.word.split()[0])
            if group is not None:
                found[f"group_{group}"] = 1.0
            if scene.headed is None:
                scene.headed = frozenset(
                    key for v in scene.views if v.sentence.zone == "headline" for key in keys[v.sentence.start : v.sentence.end]
                )
            if sentence.zone != "headline" and keys[span.start] in scene.headed:
                found["headed"] = 1.0
            if "institution" in mention.roles and scene.kind in data("places.toml")["institutions"]["crimes"]:
                found["within"] = 1.0
    nearest = min((max(span.start - end, start - span.end, 0) for start, end in view.deeds), default=None)
    if nearest is not None:
        found["near"] = max(1.0 - nearest / 20, 0.0)
    return found


@cache
def _groups() -> dict[str, str]:
    """Kind words of facilities by the group that they belong to."""
    return {word: group for group, words in data("places.toml")["groups"].items() for word in words}


def _located(keys: Sequence[int], start: int, token: int) -> bool:
    """Whether "la vivienda ubicada en", "un inmueble de" leads to the place."""
    prepositions = _prepositions()
    window = keys[max(start, token - 8) : token]
    return not prepositions["lies"].isdisjoint(window) or not prepositions["premises"].isdisjoint(window[-6:])


def _namesake(mention: PlaceMention) -> bool:
    """Whether the place bears a town's name alone, so that the town may be meant: "puerto de Ilo", "valle de Pisco"."""
    if not mention.keys:
        return False
    gazetteer = mention.gazetteer or _resolver().gazetteer
    return any(p.kind in _ADMINISTRATIVE for p in gazetteer.named(mention.keys[-1]))


def candidates(doc: Doc, scene: Scene, within: Collection[int] | None = None) -> list[Candidate]:
    """Every place mention that can be the scene, best first. `within`: only sentences of those orders."""
    if scene.places is None:
        scene.places = _score(doc, scene)
    if within is None:
        return scene.places
    return [c for c in scene.places if (view := scene.view(c.span.start)) is not None and view.sentence.order in within]


def _score(doc: Doc, scene: Scene) -> list[Candidate]:
    keys: list[int] = lower_ids(doc)
    found: list[Candidate] = []
    counts: dict[str, int] = {}
    chains: dict[int, int] = {}
    mention: PlaceMention
    for span, mention in marked(doc, "places", "place"):
        view = scene.view(span.start)
        if (
            mention is None
            or view is None
            or not (mention.locates or _governed(scene, mention))
            or view.sentence.zone in ("link", "byline")
        ):
            continue
        name = mention.keys[0] if mention.keys else mention.name.casefold()
        counts[name] = counts.get(name, 0) + 1
        chains[mention.chain] = chains.get(mention.chain, 0) + 1
        found.append(Candidate(span, mention, 0.0, "", features(scene, span, mention, keys)))
    company = _company(found)
    plain = [c for c in found if c.mention.kind in FINE and "institution" not in c.mention.roles and not _paraphrase(c)]
    names = {c.mention.keys[0] if c.mention.keys else c.mention.name.casefold() for c in plain if c.mention.kind != "street"}
    districts = [c for c in found if c.mention.kind not in FINE]
    ended: dict[int, int] = {}
    for candidate in found:
        mention, told = candidate.mention, candidate.features
        fine = mention.kind in FINE
        if fine:
            told["first"] = float(bool(plain) and candidate is plain[0])
            told["beside_other"] = float(bool(told["beside"]) and mention.first - ended.get(mention.sentence, -99) <= _CLOSE)
            told["alone"] = float(len(names) == 1 and mention.kind != "street" and "institution" not in mention.roles)
            told["facility_event"] = float(mention.kind == "facility" and told["event"] > 0.5)
            told["facility_at"] = float(mention.kind == "facility" and told["at"])
        else:
            told["first"] = float(candidate is districts[0])
        told["again"] = min(counts[mention.keys[0] if mention.keys else mention.name.casefold()] - 1, 3)
        told["chained"] = float(chains[mention.chain] > 1)
        told |= company[id(mention)]
        if fine:
            ended[mention.sentence] = mention.last
        w = _weights("where_fine" if fine else "where_admin")
        score = w["bias"] + sum(w.get(name, 0.0) * amount for name, amount in told.items() if amount)
        rules = [text for name, text in _REASONS.items() if told.get(name, 0.0) > 0.5]
        candidate.score, candidate.rule = score, "; ".join(rules) or f"named {mention.zone}"
    scored = _shared(found)
    scored.sort(key=lambda c: -c.score)
    return scored


def _governed(scene: Scene, mention: PlaceMention) -> bool:
    """Whether it is the town or region whose officials the article tells corruption of."""
    return scene.kind == "corruption" and mention.governs


def _paraphrase(c: Candidate) -> bool:
    """Whether it is another word for the town: "el puerto de Ilo", "el valle de Chicama"."""
    return "namesake" in c.features and (c.mention.word == "puerto" or "group_wide" in c.features)


_CLOSE = 6
"""Tokens between a place and the one that only says what lies beside it: "el sector Arretí, cerca de la comunidad de …"."""
_SHARED = 1.5
"""How much less than the neighbourhood's score the school in it is to have at least."""


def _shared(scored: Sequence[Candidate]) -> list[Candidate]:
    """Let a facility that stands before a neighbourhood or hamlet of the same phrase share in that one's score."""
    best: dict[int, Candidate] = {}
    for c in scored:
        if c.mention.kind in ("neighbourhood", "populated_place"):
            known = best.get(c.mention.chain)
            best[c.mention.chain] = c if known is None or c.score > known.score else known
    lifted: list[Candidate] = []
    for c in scored:
        around = best.get(c.mention.chain)
        if around is not None and c.mention.kind == "facility" and c.mention.last <= around.mention.first:
            c = replace(c, score=max(c.score, around.score - _SHARED))
        lifted.append(c)
    return lifted


_MOST = 40
"""Mentions that are compared with each other."""
_ADMINISTRATIVE = frozenset({"district", "province", "department"})


def _company(found: Sequence[Candidate]) -> dict[int, dict[str, float]]:
    """What the other mentions say of each one: its neighbours in the phrase, and which places contain it or lie in it."""
    chains: dict[int, list[PlaceMention]] = {}
    firsts: dict[int, int] = {}
    for c in found:
        phrase = chains.setdefault(c.mention.chain, [])
        if len(phrase) < _MOST:
            phrase.append(c.mention)
        firsts.setdefault(c.mention.sentence, c.mention.first)
    wide = [c.mention for c in found if c.mention.kind in _ADMINISTRATIVE][:_MOST]
    title = [m for m in wide if m.zone in ("headline", "dateline")]
    company: dict[int, dict[str, float]] = {}
    for c in found:
        m = c.mention
        beside = [o for o in chains[m.chain] if o is not m]
        company[id(m)] = {
            "chained_admin": float(any(o.kind in _ADMINISTRATIVE for o in beside)),
            "chained_fine": float(any(o.kind in FINE and "institution" not in o.roles for o in beside)),
            "chained_institution": float(any("institution" in o.roles for o in beside)),
            "leads_sentence": float(firsts[m.sentence] == m.first),
        }
        if m.kind in _ADMINISTRATIVE:
            others = {o.keys: o for o in wide if o.keys != m.keys}
            company[id(m)] |= {
                "agreed": min(sum(_nested(m, o) for o in others.values()), 3) / 3,
                "titled": float(any(o is not m and o.keys == m.keys for o in title)),
                "title_agrees": float(any(_nested(m, o) for o in title if o.keys != m.keys)),
                "title_differs": float(bool(title) and not any(o.keys == m.keys or _nested(m, o) for o in title)),
            }
        else:
            near = [o for o in beside if o.kind in _ADMINISTRATIVE]
            company[id(m)] |= {
                "title_agrees": float(any(o.keys == t.keys or _nested(o, t) for o in near for t in title)),
                "title_differs": float(
                    bool(title and near) and not any(o.keys == t.keys or _nested(o, t) for o in near for t in title)
                ),
            }
    return company


def _nested(one: PlaceMention, other: PlaceMention) -> bool:
    """Whether one place may lie in the other."""
    others = other.candidates
    for p in one.candidates:
        for q in others:
            if p.country == q.country and p is not q and (p.within(q) or q.within(p)):
                return True
    return False


_REASONS = {
    "event": "in the sentence of the deed",
    "event_beside": "beside the sentence of the deed",
    "told": "with a verb of happening",
    "at": "after a preposition of place",
    "zone_headline": "in the headline",
}


def _event(view: View, police: bool) -> float:
    return max(view.event, 0.9 * view.police if police else 0.0)


def scene_of_crime(
    doc: Doc,
    scene: Scene,
    country: str | None,
    region: str | None,
    within: Collection[int] | None = None,
    beside: Collection[int] = (),
) -> Found | None:
    """The place where the incident happened, None where the text names none.

    `within`: only places of those sentences; `beside`: sentences whose places may tell which of its namesakes each of them is.
    """
    w = _weights()
    mentions: list[PlaceMention] = []
    for span, mention in marked(doc, "places", "place"):
        if within is None or ((view := scene.view(span.start)) and _may_tell(view, within, beside)):
            mentions.append(mention)
    ranked = candidates(doc, scene, within)
    resolver = _resolver()
    fine = [c for c in ranked if c.mention.kind in FINE and c.score >= w["fine_least"]]
    admin = [c for c in ranked if c.mention.kind not in FINE and c.mention.kind != "country"]

    def resolve(mention: PlaceMention) -> ResolvedPlace:
        return resolver.resolve(mention, mentions, country, region)

    found = _coherent(fine, admin, resolve)
    chosen = _admin_choice(admin, resolve)
    if found is not None:
        place, best = found
        place = _complete(place, best, [c for c in ranked if c.mention.kind in FINE], resolve)
        explicit = next((c for c in admin if _explicit(c.mention) and c.score > admin[0].score - w["admin_gap"]), None)
        if explicit is not None and place.rule in _GUESSED:
            place = _placed(place, resolve(explicit.mention))
        for wider in admin[:6]:
            if place.district is not None:
                break
            place = _fill(place, resolve(wider.mention))
        return Found(place, best.span, best.rule, best.score)
    if chosen is not None:
        place, best = chosen
        return Found(place, best.span, best.rule, best.score)
    rest = [c for c in ranked if c.mention.kind in FINE] or ranked
    if rest:
        return Found(resolver.resolve(rest[0].mention, mentions, country, region), rest[0].span, rest[0].rule)
    return _dateline(doc, resolver, mentions, country, region)


def _admin_choice(
    admin: Sequence[Candidate], resolve: Callable[[PlaceMention], ResolvedPlace]
) -> tuple[ResolvedPlace, Candidate] | None:
    """The district, province or department of the scene: the best one, or a finer one in it that is hardly worse."""
    w = _weights()
    if not admin or admin[0].score < w["admin_least"]:
        return None
    chosen = admin[0]
    place = resolve(chosen.mention)
    finer = [(c.score + w["explicit"] * _explicit(c.mention), c) for c in admin[1:8]]
    for points, other in sorted(finer, key=lambda pair: -pair[0]):
        if points < admin[0].score - w["admin_gap"]:
            break
        inner = resolve(other.mention)
        if _inside(inner, place, chosen.mention.name):
            chosen, place = other, inner
            if place.district is not None:
                break
    return place, chosen


def _placed(place: ResolvedPlace, wider: ResolvedPlace) -> ResolvedPlace:
    """The fine place in the district that the text calls one, if it was placed in the capital of that name.

    "Piura: …" in a headline can be the region; "distrito de Suyo" says where in it.
    """
    if wider.district is None or (place.country, place.department) != (wider.country, wider.department):
        return place
    if place.district is None or not (place.district == place.department or place.district == place.province == wider.province):
        return place
    return replace(
        place,
        district=wider.district,
        province=wider.province,
        ubigeo=wider.ubigeo,
        latitude=wider.latitude,
        longitude=wider.longitude,
    )


def _may_tell(view: View, within: Collection[int], beside: Collection[int]) -> bool:
    return view.sentence.order in within or view.sentence.order in beside or view.sentence.zone in ("headline", "dateline")


_RIVALS = 4
"""Fine places that are weighed against the administrative ones."""


def _coherent(
    fine: Sequence[Candidate], admin: Sequence[Candidate], resolve: Callable[[PlaceMention], ResolvedPlace]
) -> tuple[ResolvedPlace, Candidate] | None:
    """The fine place, resolved, whose score and agreement with the administrative places are best together; None if too low."""
    share = _weights()["agreement"]
    most = admin[0].score if admin else 0.0
    choice: tuple[float, ResolvedPlace, Candidate] | None = None
    for rival in fine[:_RIVALS]:
        if choice is not None and rival.score <= choice[0]:
            break
        finest = _finest(rival, fine)
        place = resolve(finest.mention)
        agreeing = max((c.score for c in admin if _agrees(place, c.mention)), default=min(most, 0.0) - _UNNAMED)
        total = rival.score - share * max(most - agreeing, 0.0)
        if choice is None or total > choice[0]:
            choice = (total, place, finest)
    if choice is None or choice[0] < _weights()["fine_least"]:
        return None
    return choice[1], choice[2]


_UNNAMED = 3.0
"""How much worse than none the best administrative place is to be taken where a fine one lies in none that is named."""


def _agrees(place: ResolvedPlace, mention: PlaceMention) -> bool:
    """Whether a place lies in what the mention may name."""
    return any(
        place.country == p.country
        and p.department in (None, place.department)
        and (p.province is None or place.province == p.province or p.kind == "department")
        and (p.kind != "district" or place.district == p.district)
        for p in mention.candidates
        if p.kind in _ADMINISTRATIVE
    )


_FINER = {"facility": 0, "neighbourhood": 1, "populated_place": 2}


def _finest(best: Candidate, fine: Sequence[Candidate]) -> Candidate:
    """Of the named places in the phrase of the best one, the finest: the church, not the neighbourhood that it stands in."""
    rank = _FINER.get(best.mention.kind)
    if rank is None:
        return best
    same = [
        c for c in fine if c.mention.chain == best.mention.chain and c.mention.kind in _FINER and c.score > best.score - 2.0
    ]
    return min(same, key=lambda c: (3 if "group_wide" in c.features else _FINER[c.mention.kind], -c.score), default=best)


def _explicit(mention: PlaceMention) -> bool:
    """Whether the text says that it is a district or a town."""
    return mention.word.startswith(("distrito", "jurisdiccion", "ciudad"))


def _inside(inner: ResolvedPlace, outer: ResolvedPlace, name: str) -> bool:
    """Whether one place is a finer one within what the other's name can mean ("Cajabamba" in "Cajamarca")."""
    if inner.district is None and inner.province is None:
        return False
    if outer.country != inner.country:
        return False
    if outer.district is None and outer.province is None:
        return outer.department in (None, inner.department)
    if outer.district is None:
        return outer.province == inner.province and inner.district is not None
    key = name.casefold()
    wide = ((inner.department or "").casefold(), (inner.province or "").casefold())
    return key in wide and (inner.district or inner.province or "").casefold() != key


@cache
def _resolver() -> Resolver:
    from .places import Resolver

    return Resolver()


def _complete(
    place: ResolvedPlace, best: Candidate, fine: Sequence[Candidate], resolve: Callable[[PlaceMention], ResolvedPlace]
) -> ResolvedPlace:
    """Add the street to a named place, or the named place to a street, where another good mention gives it.

    A street that runs through many districts lies in the one of the named place, where that one is sure and its own a guess.
    """
    w = _weights()
    for other in fine:
        gap = abs(other.mention.sentence - best.mention.sentence)
        if other is best or gap > 2 or other.score < min(w["partner_least"], best.score - w["partner_gap"]):
            continue
        if place.street is None and other.mention.kind == "street" and other.score > w["fine_least"]:
            return replace(place, street=other.mention.text, level="street")
        if place.place_text is None and other.mention.kind != "street" and "institution" not in other.mention.roles:
            named = resolve(other.mention)
            if place.rule in _GUESSED and named.rule in _SURE and named.district and named.country == place.country:
                return replace(named, street=place.street, level=place.level)
            return replace(place, place_text=other.mention.text)
    return place


_SURE, _GUESSED = ("named", "chain"), ("headline", "lead", "article", "office", "region")
"""Rules by which the text itself says where a fine place lies, and those that look for it from afar (`ResolvedPlace.rule`)."""


def _fill(place: ResolvedPlace, wider: ResolvedPlace) -> ResolvedPlace:
    """Take the administrative levels that the fine place leaves open from a wider one that does not contradict it."""
    for level in ("department", "province"):
        mine, theirs = getattr(place, level), getattr(wider, level)
        if mine and theirs and mine != theirs:
            return place
    return replace(
        place,
        district=place.district or wider.district,
        province=place.province or wider.province,
        department=place.department or wider.department,
        country=place.country or wider.country,
        ubigeo=wider.ubigeo or place.ubigeo,
        latitude=place.latitude if place.latitude is not None else wider.latitude,
        longitude=place.longitude if place.longitude is not None else wider.longitude,
    )


def _dateline(
    doc: Doc, resolver: Resolver, mentions: list[PlaceMention], country: str | None, region: str | None
) -> Found | None:
    mention: PlaceMention
    for span, mention in marked(doc, "places", "place"):
        if mention is not None and mention.zone in ("dateline", "headline") and mention.locates:
            return Found(resolver.resolve(mention, mentions, country, region), span, "dateline")
    return None
