"""The component `places`: where a text names a place, as what, in which role; and `Resolver`, which says which place that is.

The scanner looks every capitalised word and every kind word ("urbanización", "jr.", "distrito") up in dictionaries and reads on
from there; it uses no patterns over all tokens. The words are data: `nlp/data/places.toml`; the names are the gazetteer's.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from spacy.attrs import ORTH, SENT_START
from spacy.lang.es.stop_words import STOP_WORDS
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.vocab import Vocab

from .extensions import register
from .gazetteer import RANK, Gazetteer, Kind, Place, fold
from .lexicon import data

__all__ = ["Place", "PlaceMention", "PlaceScanner", "ResolvedPlace", "Resolver"]

SOFT_ROLES = frozenset({"institution", "resident", "crossed"})
"""Roles that make it unlikely, but leave it possible, that the crime happened there."""
BELOW = frozenset({"street", "neighbourhood", "populated_place", "facility"})
ADMIN = frozenset({"district", "province", "department", "country"})
_BIG = 100_000
COMMON_NAME = 3
"""A name below the district that more districts than these have does not tell where it is."""
_MAX_NAME = 9
_ROMAN = re.compile(r"[IVX]{1,5}")
_APART = re.compile(r"[^\W_]+")


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
    """institution, origin, resident, destination, office, gang, demonym, surname; see `[roles]` of `nlp/data/places.toml`."""
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
    _candidates: tuple[Place, ...] | None = field(default=None, repr=False)

    @property
    def candidates(self) -> tuple[Place, ...]:
        """Places that may be meant, unordered; empty for a name that the gazetteer does not hold."""
        if self._candidates is None:
            self._candidates = _candidates(self, self.gazetteer or Gazetteer.default())
        return self._candidates

    @property
    def locates(self) -> bool:
        """Whether the crime can have happened here, as far as the role tells (an institution still can be the scene)."""
        return not self.roles - SOFT_ROLES


@dataclass(frozen=True, slots=True)
class ResolvedPlace:
    """A place made whole; every field that the text leaves open is None. Names are official; `country` is ISO 3166-1 alpha-2."""

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
    """What decided: "named" (the mention alone), "chain" (its neighbours), "sentence", "near", "dateline", "headline", "article",
    "region" (the newspaper's own, as a prior) or "open"."""
    mentions: tuple[PlaceMention, ...] = field(default=(), repr=False)
    """The mention and its neighbours that were used, in the order of the text."""


@dataclass(frozen=True, slots=True)
class _KindWord:
    kind: Kind
    words: tuple[str, ...]
    of: bool = False
    only_of: bool = False
    plural: bool = False
    number: bool = False
    crossing: bool = False
    lower: bool = False
    whole: bool = False
    role: str = ""
    countries: tuple[str, ...] = ()


class _Word:
    """What the scanner needs to know of a token's form, worked out once a form."""

    __slots__ = ("leads", "plain", "cap", "cue", "digit", "key", "kinds", "longest", "special", "text", "upper")

    def __init__(self, text: str, tables: _Words, gazetteer: Gazetteer) -> None:
        self.text = text
        folded = fold(text)
        self.key = folded if "-" in text else folded.replace(" ", "")
        first = next((c for c in text if c.isalnum()), "")
        self.cap = first.isupper() and not text[0].isspace()
        self.upper = text.isupper() and len(self.key) > 1
        self.digit = first.isdigit()
        self.kinds = tables.kinds.get(self.key)
        self.cue = self.key in tables.country_cues
        self.longest = gazetteer.longest(folded.split()[0]) if folded and (self.cap or self.digit) else 0
        if self.longest == 1 and text.lower() in STOP_WORDS:
            self.longest = 0
        demonym = self.key in gazetteer.demonyms
        self.leads = self.key in tables.strong or self.key in tables.articles or text == "," or not self.key
        self.plain = not (self.kinds or self.longest or self.key in tables.blocked or self.key in ("los", "las") or demonym)
        self.special = self.cap or bool(self.kinds) or demonym or (self.digit and self.longest > 1)


class _Forms(dict[int, _Word]):
    """Forms by id, made when first met; emptied when it grows beyond what a crawl's vocabulary needs."""

    def __init__(self, vocab: Vocab, tables: _Words, gazetteer: Gazetteer) -> None:
        super().__init__()
        self._vocab, self._tables, self._gazetteer = vocab, tables, gazetteer

    def __missing__(self, orth: int) -> _Word:
        if len(self) > 300_000:
            self.clear()
        word = self[orth] = _Word(self._vocab.strings[orth][:60], self._tables, self._gazetteer)
        return word


class _Words:
    """The tables of `places.toml`, folded."""

    def __init__(self) -> None:
        table = data("places.toml")
        self.kinds: dict[str, list[_KindWord]] = {}
        for entry in table["kinds"]:
            options = {k: v for k, v in entry.items() if k not in ("kind", "words")}
            if "countries" in options:
                options["countries"] = tuple(options["countries"])
            for phrase in dict.fromkeys(fold(w) for w in entry["words"]):
                words = tuple(phrase.split())
                self.kinds.setdefault(words[0], []).append(_KindWord(entry["kind"], words, **options))
        for found in self.kinds.values():
            found.sort(key=lambda k: (-len(k.words), not k.countries))
        names, bare = table["names"], table["bare"]
        self.joins = frozenset(names["joins"])
        self.articles = frozenset(names["articles"])
        self.adjectives = frozenset(fold(w) for w in names["adjectives"])
        self.called = frozenset(fold(w) for w in names["called"])
        self.tails = frozenset(names["tails"])
        self.months = frozenset(names["months"])
        self.abbreviations = frozenset(names["abbreviations"])
        self.cardinals = frozenset(names["cardinals"])
        self.territorial = frozenset(table["territorial"]["words"])
        self.overshadowed = frozenset(fold(w) for w in bare["overshadowed"])
        self.breaks = frozenset(fold(w) for w in names["breaks"])
        self.numbers = frozenset(names["numbers"])
        self.numbering = frozenset(fold(w) for w in names["numbering"]) | {""}
        self.locative = frozenset(bare["locative"])
        self.strong = frozenset(bare["strong"])
        self.before = frozenset(fold(w) for w in bare["before"])
        self.titles = frozenset(bare["titles"])
        self.common = frozenset(fold(w) for w in bare["common"])
        self.blocked_names = frozenset(fold(w) for w in table["blockers"]["names"])
        self.blocked: dict[str, list[tuple[str, ...]]] = {}
        for phrase in table["blockers"]["phrases"]:
            words = tuple(fold(phrase).split())
            self.blocked.setdefault(words[0], []).append(words)
        self.prominent = frozenset(table["prominent"]["ubigeos"])
        self.country_cues = {fold(w): iso for iso, words in table["countries"].items() for w in words}
        self.roles: dict[tuple[str, ...], str] = {}
        for role, phrases in table["roles"].items():
            self.roles.update((tuple(fold(phrase).split()), role) for phrase in phrases)
        self.role_ends = frozenset(phrase[-1] for phrase in self.roles)
        self.role_lengths = sorted({len(phrase) for phrase in self.roles}, reverse=True)


_CONNECT = frozenset(
    ", ( ) - – — / en de del la el los las al a distrito provincia region departamento jurisdiccion ubicado ubicada perteneciente "
    "situado situada y dentro ambito".split()
)
_NONE: frozenset[str] = frozenset()
_CONTRACTED = {"del": "de", "al": "a"}
_QUOTES = {"“": "”", '"': '"', "«": "»", "‘": "’", "'": "'"}
_OF = frozenset({"de", "del"})


@Language.factory("places", default_config={"country": "PE"}, assigns=["doc.spans", "span._.place"])
class PlaceScanner:
    """Finds the place mentions of a document and puts them into `doc.spans["places"]`, in order and not overlapping.

    The label of a span is its kind (street, facility, neighbourhood, populated_place, district, province, department, country);
    `span._.place` is its `PlaceMention`. Works with or without zones and sentences. `country` is the country assumed for
    articles that say none. Never raises on any text; time is linear in the number of tokens.
    """

    def __init__(self, nlp: Language, name: str, country: str = "PE") -> None:
        register()
        self.name = name
        self.country = country
        self.gazetteer = Gazetteer.default()
        self.words = _tables()
        self._forms = _Forms(nlp.vocab, self.words, self.gazetteer)

    def __call__(self, doc: Doc) -> Doc:
        if not len(doc):
            doc.spans["places"] = []
            return doc
        forms = self._forms
        words = list(map(forms.__getitem__, doc.to_array(ORTH).tolist()))
        article = doc.user_data.get(("._.", "article", None, None))
        country = (article.country if article is not None else None) or ""
        mentions = _Scan(doc, words, self.words, self.gazetteer, country.upper() or self.country).run()
        if not country and (guess := self._country(words, mentions)) != self.country:
            mentions = _Scan(doc, words, self.words, self.gazetteer, guess).run()
        spans = []
        user_data = doc.user_data
        for m in mentions:
            spans.append(Span(doc, m.first, m.last, m.kind))
            user_data["._.", "place", m.start, m.end] = m  # what Span._.place = m writes, at a tenth of its cost
        doc.spans["places"] = spans
        return doc

    def _country(self, words: list[_Word], mentions: list[PlaceMention]) -> str:
        """The country that an article of unknown origin is about, by its places and by words that only one country uses."""
        votes: Counter[str] = Counter()
        cues = self.words.country_cues
        for w in words:
            if w.cue:
                votes[cues[w.key]] += 2
        for m in mentions:
            if not m.word or m.kind in ADMIN or "institution" in m.roles:
                found = {p.country for p in m.candidates}
                if len(found) == 1:
                    votes[found.pop() or ""] += 1 if "demonym" in m.roles else 2
                elif self.country in found:
                    votes[self.country] += 1
        if not votes:
            return self.country
        best, count = votes.most_common(1)[0]
        return best if best and count > votes[self.country] else self.country

    def to_bytes(self, **_: Any) -> bytes:
        """Nothing to store: the words and names ship with the package."""
        return b""

    def from_bytes(self, _data: bytes, **_: Any) -> PlaceScanner:
        """The counterpart of `to_bytes`."""
        return self

    def to_disk(self, path: Any, **_: Any) -> None:
        """Nothing to store: the words and names ship with the package."""

    def from_disk(self, path: Any, **_: Any) -> PlaceScanner:
        """The counterpart of `to_disk`."""
        return self


_TABLES: list[_Words] = []


def _tables() -> _Words:
    if not _TABLES:
        _TABLES.append(_Words())
    return _TABLES[0]


class _Scan:
    """One pass over one document."""

    def __init__(self, doc: Doc, words: list[_Word], tables: _Words, gazetteer: Gazetteer, country: str) -> None:
        self.doc, self.words, self.t, self.g, self.country = doc, words, tables, gazetteer, country
        self.n = len(words)
        self.text: str = doc.user_data.get("text") or doc.text
        self.names, self.beginnings = gazetteer.names, gazetteer.beginnings
        self.mentions: list[PlaceMention] = []
        self.surnames: set[str] = set()
        zones = list(doc.spans["zones"]) if "zones" in doc.spans else []
        self.zone_starts = [z.start for z in zones]
        self.zone_labels = [z.label_ for z in zones]
        self.zone_ends = [z.end for z in zones]
        self._starts: list[int] | None = None
        self._upper: dict[int, bool] = {}

    def run(self) -> list[PlaceMention]:
        words, n = self.words, self.n
        at = 0
        home = self.country == "PE"
        for i in [i for i, w in enumerate(words) if w.special]:
            if i < at or (home and words[i].plain and i and not words[i - 1].leads):
                continue
            after = self._read(i)
            at = after if after > i else i + 1
        if self.zone_starts:
            self.mentions = [m for m in self.mentions if m.zone != "link"]
        self._drop_surnames()
        self._link_chains()
        assert at <= n + 1
        return self.mentions

    # -- reading one mention -------------------------------------------------------------------------------------------------

    def _read(self, i: int) -> int:
        """Read what begins at token i; return the token after it."""
        word = self.words[i]
        if word.key in self.t.blocked:
            for phrase in self.t.blocked[word.key]:
                if self._matches(i, phrase):
                    return i + len(phrase)
        known = self._longest_known(i) if word.kinds and word.cap and word.longest > 1 else 0
        if word.kinds and known < i + 2:
            for entry in word.kinds:
                end = self._kind_end(i, entry)
                if end and (not entry.countries or self.country in entry.countries):
                    after = self._kind_mention(i, end, entry)
                    if after:
                        return after
        if word.longest:
            after = self._bare(i)
            if after:
                return after
        if word.cap:
            return self._unknown(i)
        place = self.g.demonyms.get(word.key)
        if place is not None:
            self._emit(place.kind, i, i + 1, word.text, "", frozenset({"demonym"}), (fold(place.name),), (place,))
        return i + 1

    def _matches(self, i: int, phrase: tuple[str, ...]) -> bool:
        words = self.words
        return i + len(phrase) <= self.n and all(words[i + k].key == w for k, w in enumerate(phrase))

    def _kind_end(self, i: int, entry: _KindWord) -> int:
        """Token after the kind word's phrase and full stop, 0 if it is not there."""
        words, n, at = self.words, self.n, i
        for k, part in enumerate(entry.words):
            if k:
                while at < n and words[at].text in (".", ","):
                    at += 1
            if at >= n or words[at].key != part:
                return 0
            at += 1
        if at < n and words[at].text == "." and entry.words[-1] in self.t.abbreviations:
            at += 1
        return at

    def _kind_mention(self, i: int, j: int, entry: _KindWord) -> int:
        if entry.number:
            return self._numbered(i, j)
        if entry.crossing:
            return self._crossing(i, j)
        if (
            self.words[i].cap
            and entry.role == ""
            and entry.kind not in ADMIN
            and i > 1
            and self.words[i - 1].key in _OF
            and self.words[i - 2].cap
        ):
            return 0
        name = self._name_after(j, entry)
        if name is None:
            return 0
        begin, end = name
        end = self._after_street(end, entry) if entry.kind == "street" else end
        core = self._slice(begin, end)
        key = fold(core)
        if key in self.t.blocked_names or key.split(" ")[0] in self.t.blocked_names:
            return 0
        kind = entry.kind
        keys: tuple[str, ...] = (key,)
        tail: tuple[str, ...] = ()
        roles = {entry.role} if entry.role else set()
        if kind == "facility":
            keys = tuple(dict.fromkeys([fold(self._slice(i, end)), key]))
            tail = self._tails(begin, end, bool(entry.role) and entry.words[0] in self.t.territorial)
        self._emit(kind, i, end, core, " ".join(entry.words), roles | self._roles(i), keys)
        self.mentions[-1].tail = tail
        return end

    def _numbered(self, i: int, j: int) -> int:
        """ "cuadra 5 del jirón Pizarro", "kilómetro 512 de la Panamericana Norte", "Mz. B, Lt. 5"."""
        words, n = self.words, self.n
        while j < n and j - i < 5 and words[j].key in self.t.numbering and words[j].text != "." and not words[j].text.isspace():
            j += 1
        if j >= n or not (words[j].digit or words[j].key in self.t.numbers or _letter(words[j].text)):
            return 0
        j += 1
        while j + 1 < n and words[j].text in ("y", ",", "+", "-", "al") and words[j + 1].digit:
            j += 2
        end = j
        k = j
        while k < n and k - j < 3 and (words[k].key in _OF or words[k].key in self.t.articles or words[k].text == ","):
            k += 1
        if k < n and words[k].kinds:
            for entry in words[k].kinds:
                stop = self._kind_end(k, entry)
                if not stop or entry.kind != "street":
                    continue
                if entry.number:
                    after = self._numbered_end(k, stop)
                    if after:
                        end = after
                        break
                    continue
                name = self._name_after(stop, entry)
                if name:
                    end = name[1]
                    break
        core = self._slice(i, end)
        self._emit("street", i, end, core, words[i].key, self._roles(i), ())
        return end

    def _numbered_end(self, i: int, j: int) -> int:
        words = self.words
        while j < self.n and words[j].key in self.t.numbering and not words[j].text.isspace() and words[j].text != ".":
            j += 1
        if j < self.n and (words[j].digit or _letter(words[j].text)):
            return j + 1
        return 0

    def _crossing(self, i: int, j: int) -> int:
        """ "cruce de las avenidas A y B", "esquina de Pizarro con Junín"."""
        words, n = self.words, self.n
        end, names, at = 0, 0, j
        while at < n and names < 3:
            k = at
            while (
                k < n
                and k - at < 3
                and (
                    words[k].key in _OF
                    or words[k].key in self.t.articles
                    or words[k].key in {"y", "con", "e", "entre"}
                    or words[k].text == ","
                )
            ):
                k += 1
            if k >= n or k == at:
                break
            entry, stop = self._street_word(k)
            name = self._name_after(stop, entry) if entry else None
            if name is None and words[k].cap:
                name = self._name(k, False, False)
            if name is None:
                break
            names += 2 if entry and entry.plural and "y" in self._slice(*name).split() else 1
            end = at = name[1]
        if names < 2:
            return 0
        self._emit("street", i, end, self._slice(j, end), words[i].key, self._roles(i), ())
        return end

    def _street_word(self, k: int) -> tuple[_KindWord | None, int]:
        for entry in self.words[k].kinds or ():
            stop = self._kind_end(k, entry)
            if stop and entry.kind == "street" and not entry.number and not entry.crossing:
                return entry, stop
        return None, k

    def _after_street(self, end: int, entry: _KindWord) -> int:
        """Number, block or crossing street that belongs to a street's name."""
        words, n = self.words, self.n
        if end < n and words[end].digit and not (end + 1 < n and words[end + 1].key in {"de", "anos", "soles", "horas"}):
            return end + 1
        if end + 1 < n and words[end].key == "al" and words[end + 1].digit:
            return self._between(end + 2)
        if (after := self._between(end)) > end:
            return after
        k = end
        if k < n and words[k].text == ",":
            k += 1
        if k < n and words[k].kinds:
            for other in words[k].kinds:
                stop = self._kind_end(k, other)
                if stop and other.number:
                    after = self._numbered_end(k, stop)
                    if after:
                        return after
        k = end
        if k < n and words[k].key in self.t.numbering and words[k].key:
            while k < n and k - end < 4 and words[k].key in self.t.numbering and not words[k].text.isspace():
                k += 1
            if k < n and words[k].digit:
                return k + 1
        joint = words[end].key if end < n else ""
        if joint in ("con", "y", "e") and end + 1 < n:
            k = end + 1
            while k < n and k - end < 3 and words[k].key in self.t.articles:
                k += 1
            other_word, stop = self._street_word(k) if k < n else (None, k)
            name = self._name_after(stop, other_word) if other_word else None
            if name is None and (joint == "con" or entry.plural) and k < n and words[k].cap:
                name = self._name(k, False, False)
            if name:
                return name[1]
        return end

    def _between(self, end: int) -> int:
        """Past ", entre Smith y Carlos Pellegrini", if it follows."""
        words, n = self.words, self.n
        k = end + 1 if end < n and words[end].text == "," else end
        if k >= n or words[k].key != "entre":
            return end
        at = k
        for joint in ("entre", "y"):
            if at >= n or (words[at].key != joint and not (joint == "y" and words[at].key == "e")):
                return end
            at += 1
            while at < n and at - k < 12 and words[at].key in self.t.articles:
                at += 1
            _, stop = self._street_word(at) if at < n else (None, at)
            if not (stop < n and (words[stop].cap or words[stop].digit)):
                return end
            name = (stop, stop + 1) if words[stop].digit else self._name(stop, False, False)
            if name is None:
                return end
            at = name[1]
        return at

    def _name_after(self, j: int, entry: _KindWord) -> tuple[int, int] | None:
        """The name that follows a kind word: tokens [begin, end), or None."""
        words, n, t = self.words, self.n, self.t
        while j < n and words[j].text == ":":
            j += 1
        if j >= n:
            return None
        if words[j].text in _QUOTES:
            return self._quoted(j)
        if words[j].key in t.called:
            j += 1
            if j < n and words[j].key == "como":
                j += 1
            if j < n and words[j].text in _QUOTES:
                return self._quoted(j)
        if entry.kind in BELOW:
            k = j
            while k < n and k - j < 2 and words[k].key in t.adjectives and not words[k].cap:
                k += 1
            if k < n and k > j and (words[k].cap or words[k].text in _QUOTES or words[k].key in _OF):
                j = k
                if words[j].text in _QUOTES:
                    return self._quoted(j)
        if words[j].key in t.numbering and entry.kind in BELOW and not words[j].text.isspace():
            k = j
            while k < n and k - j < 4 and words[k].key in t.numbering and not words[k].text.isspace():
                k += 1
            name = self._name(k, False, False, entry.whole) if k < n and words[k].digit else None
            if name is not None and words[j].key:
                return j, name[1]
        begin = j
        had_of = False
        if (
            entry.of
            and j + 2 < n
            and not words[j].cap
            and words[j].key not in t.joins
            and words[j + 1].key in _OF
            and words[j].key.isalpha()
        ):
            if entry.kind in ADMIN or entry.kind == "populated_place":
                begin = j = j + 1  # "distrito trujillano de La Esperanza"
        if j < n and words[j].key in _OF and entry.of:
            had_of = True
            begin = j = j + 1
        elif entry.only_of:
            return None
        if j < n and words[j].key in t.articles and not words[j].cap:
            if not (entry.lower or had_of or words[j - 1].key == "del"):
                return None
            j += 1
            if not had_of or entry.kind in ADMIN:
                begin = j - 1
        if j >= n or not (words[j].cap or words[j].digit or words[j].text in _QUOTES):
            return None
        if words[j].text in _QUOTES:
            return self._quoted(j)
        if words[j].digit and entry.kind in ADMIN and not self._longest_known(j):
            return None
        name = self._name(j, entry.plural, entry.kind in ADMIN, entry.whole or bool(entry.role))
        if name is None:
            return None
        first, end = name
        if begin < first and words[begin].key in t.articles and entry.kind in ADMIN:
            pair = fold(self._slice(begin, end))
            begin = begin if self.g.named(pair) else first
        elif begin < first and words[begin].key not in t.articles:
            begin = first
        if words[first].digit and end == first + 1 and entry.of and had_of:
            return None
        return begin, end

    def _quoted(self, j: int) -> tuple[int, int] | None:
        close = _QUOTES[self.words[j].text]
        for k in range(j + 1, min(j + 10, self.n)):
            if self.words[k].text == close:
                return (j, k + 1) if k > j + 1 and (self.words[j + 1].cap or self.words[j + 1].digit) else None
        return None

    def _name(self, j: int, plural: bool, admin: bool, whole: bool = False) -> tuple[int, int] | None:
        """Tokens of the name that begins at token j: capitals and numbers joined by particles."""
        words, n, t = self.words, self.n, self.t
        shouting = self._shouts(j)
        known = self._longest_known(j)
        if shouting:
            return (j, known) if known else None
        end = j
        while end < n and end - j < _MAX_NAME:
            w = words[end]
            if end > j and w.key in t.breaks and w.cap and not (w.digit or _ROMAN.fullmatch(w.text)) and w.key not in t.numbers:
                break
            if w.cap or w.digit:
                if (
                    end > j
                    and w.digit
                    and words[end - 1].cap
                    and not admin
                    and end + 1 < n
                    and words[end + 1].key in ("anos", "soles", "de")
                ):
                    break
                end += 1
                if w.digit and end + 1 < n and words[end].key in _OF and words[end + 1].key in t.months:
                    end += 2
                elif end < n and words[end].key in t.tails and not words[end].cap and (w.digit or _ROMAN.fullmatch(w.text)):
                    end += 1
                elif end < n and words[end].text == "." and len(w.text) == 1 and end + 1 < n and words[end + 1].cap:
                    end += 1
                continue
            k = end
            while k < n and k - end < 3 and words[k].key in t.joins and not words[k].cap:
                k += 1
            if k == end or k >= n or not (words[k].cap or words[k].digit):
                break
            joint = words[end].key
            if joint in ("y", "e") and not plural and not (known and known > k):
                break
            if joint in ("el", "la", "los", "las") and not (known and known > k):
                break
            if joint in _OF:
                if words[k].kinds and not (known and known > k) and words[k].key not in ("villa",):
                    break
                if not whole and not (known and known > k) and self._is_admin(k):
                    break
            end = k
        if admin and known:
            end = known
        if known and known > end:
            end = known
        while end > j and (words[end - 1].key in t.joins and not words[end - 1].cap):
            end -= 1
        return (j, end) if end > j else None

    def _longest_known(self, j: int) -> int:
        """End of the longest name in the gazetteer that begins at token j, 0 if none."""
        words = self.words
        longest = words[j].longest
        if not longest:
            return 0
        names, months = self.names, self.t.months
        best = 0
        key = ""
        for at in range(j, min(self.n, j + longest)):
            w = words[at]
            if not w.key:
                break
            key = f"{key} {w.key}" if key else w.key
            if key in names and (w.cap or w.digit or w.key in months):
                best = at + 1
            elif key not in self.beginnings:
                break
        return best

    def _is_admin(self, k: int) -> bool:
        end = self._longest_known(k)
        if not end or (end < self.n and self.words[end].cap and not self.words[end].kinds):
            return False
        key = self._key(k, end)
        if self.country != "PE":
            return any(p.kind == "district" and p.country == self.country and p.population >= _BIG for p in self.g.abroad(key))
        kinds = {p.kind for p in self.g.named(key)}
        return bool(kinds & {"province", "department", "country"}) or ("district" in kinds and key not in self.t.common)

    def _tails(self, begin: int, end: int, territorial: bool) -> tuple[str, ...]:
        """Names that end a facility's name and say where it is: "Trujillo" in "hospital Belén de Trujillo"."""
        words = self.words
        found = []
        for k in range(begin, end):
            if words[k].cap and (words[k - 1].key in _OF or territorial) and self._longest_known(k) == end:
                found.append(self._key(k, end))
            elif words[k].cap and k > 1 and words[k - 1].key in self.t.articles and words[k - 2].key in _OF:
                if self._longest_known(k) == end:
                    found.append(self._key(k, end))
        return tuple(found)

    # -- bare names ----------------------------------------------------------------------------------------------------------

    def _bare(self, i: int) -> int:
        words, n, t = self.words, self.n, self.t
        end = self._longest_known(i)
        if not end:
            return 0
        key = self._key(i, end)
        prev = words[i - 1] if i else None
        follow = words[end] if end < n else None
        before = prev.key if prev else ""
        article_before = before in t.articles and i > 1
        locative = words[i - 2].key if article_before else before
        strong = locative in t.strong
        shouting = self._shouts(i)
        opens = prev is None or not prev.key
        line_start = prev is None or "\n" in prev.text
        if follow is not None and follow.cap and follow.key in t.cardinals and not shouting and locative in t.locative:
            roles = self._roles(i) | self._gang(i)
            keys = (self._key(i, end + 1), key)
            self._emit("neighbourhood", i, end + 1, self._slice(i, end + 1), "", roles, keys, locative=strong)
            return end + 1
        if not shouting:
            if follow is not None and follow.cap and not follow.kinds and follow.key not in t.breaks and not strong:
                return 0
            if prev is not None and prev.cap and before not in t.before and before not in t.locative and not prev.kinds:
                if not self._title_case(i):
                    self.surnames.add(words[end - 1].key)
                    return 0
                if not strong:
                    return 0
            if before in t.titles and not strong:
                self.surnames.add(words[end - 1].key)
                return 0
        places = self.g.named(key)
        kinds = {p.kind for p in places}
        home = [p for p in places if p.country == self.country]
        aside = follow is not None and follow.text in (":", ")", "(") or (prev is not None and prev.text == "(")
        comma = (prev is not None and prev.text == "," and self._ends_at(i - 1)) or (
            follow is not None and follow.text == "," and end + 1 < n and bool(words[end + 1].longest)
        )
        if not (
            strong or aside or comma or (line_start and follow is not None and follow.text in (".", ",", "-", "–", "—", ":"))
        ):
            if key in t.common or (shouting and len(key) < 5):
                if not (locative in ("de", "del") and self._after_noun(i - (2 if article_before else 1))):
                    return 0
            if (
                not home
                and kinds <= {"district", "neighbourhood", "populated_place", "facility"}
                and locative not in t.locative
            ):
                return 0
            if not kinds & {"department", "country", "province"} and locative not in t.locative and (opens or " " not in key):
                return 0
        if kinds <= {"neighbourhood", "facility", "populated_place"} and not (locative in t.locative or comma or aside):
            return 0
        kind = self._bare_kind(places)
        self._emit(kind, i, end, self._slice(i, end), "", self._roles(i) | self._gang(i), (key,), locative=strong)
        return end

    def _bare_kind(self, places: Sequence[Place]) -> Kind:
        pool = [p for p in places if p.country == self.country] or list(places)
        order = ("district", "province", "department", "country", "populated_place", "neighbourhood", "facility", "street")
        found = {p.kind for p in pool}
        return next(k for k in order if k in found)  # type: ignore[return-value]

    def _after_noun(self, k: int) -> bool:
        """Whether a common noun stands before the preposition at token k: "calles de La Esperanza", not "Juan de Castilla"."""
        prev = self.words[k - 1] if k > 0 else None
        return prev is not None and prev.key.isalpha() and not prev.cap and len(prev.key) > 3

    def _ends_at(self, token: int) -> bool:
        return bool(self.mentions) and self.mentions[-1].last == token

    def _unknown(self, i: int) -> int:
        """A capitalised name that no table holds: maybe a small place after "en", with wider places after it."""
        words, n, t = self.words, self.n, self.t
        word = words[i]
        if word.key in ("los", "las"):
            name = self._name(i, False, False)
            return self._gang_end(i, name[1]) if name is not None and name[1] - i > 1 else i + 1
        before = words[i - 1].key if i else ""
        article = before in t.articles and i > 1
        locative = words[i - 2].key if article else before
        strong = locative in t.strong
        if not strong:
            comma = i > 0 and words[i - 1].text == "," and self._ends_at(i - 1) and self.mentions[-1].locative
            if not comma and (self.country == "PE" or not (before in t.locative or self._line_start(i))):
                return i + 1
        if word.kinds or len(word.key) < 2 or self._shouts(i):
            return i + 1
        name = self._name(i, False, False)
        if name is None:
            return i + 1
        end = name[1]
        key = self._key(i, end)
        if (
            len(key) < 4
            or key in t.blocked_names
            or words[i].key in t.blocked_names
            or any(w.key in t.months for w in words[i:end])
        ):
            return end
        begin = i - 1 if article else i
        home = self.country == "PE"
        if strong or self.mentions and self._ends_at(i - 1):
            for start in dict.fromkeys((begin, i)):
                k = self._key(start, end)
                if self.g.populated(k) if home else self._abroad_here(k):
                    kind: Kind = "populated_place" if home else "district"
                    self._emit(kind, start, end, self._slice(start, end), "", self._roles(start), (k,), locative=True)
                    return end
            if home and any(p.population >= _BIG for p in self.g.abroad(key)):
                self._emit("district", i, end, self._slice(i, end), "", self._roles(i), (key,), locative=True)
                return end
            if locative == "en" and self._admin_follows(end):
                self._emit("neighbourhood", begin, end, self._slice(begin, end), "", self._roles(begin), (key,), locative=True)
                return end
        elif not home and self._abroad_here(key) and (before in t.locative or not (i and words[i - 1].cap)):
            follow = words[end] if end < n else None
            if (follow is None or not follow.cap) and (
                (before in _OF and self._after_noun(i - 1)) or (follow is not None and follow.text in (":", ".", ",", "("))
            ):
                roles = self._roles(i) | self._gang(i)
                self._emit("district", i, end, self._slice(i, end), "", roles, (key,))
        return end

    def _admin_follows(self, end: int) -> bool:
        """Whether ", en Trujillo", "(Trujillo)" or ", distrito de Chao" comes next."""
        words = self.words
        k = end
        while k < self.n and k - end < 5 and (words[k].text in (",", "(") or words[k].key in _CONNECT) and words[k].key != "y":
            k += 1
        return k > end and k < self.n and bool(words[k].longest) and self._is_admin(k)

    def _abroad_here(self, key: str) -> bool:
        return any(p.country == self.country for p in self.g.abroad(key))

    def _line_start(self, i: int) -> bool:
        return i == 0 or "\n" in self.words[i - 1].text

    def _gang_end(self, i: int, end: int) -> int:
        """ "Los Chacales de Chicama": the place in a gang's name, kept with that role."""
        words, n = self.words, self.n
        k = end
        if k < n and words[k].key in _OF and k + 1 < n and words[k + 1].longest:
            stop = self._longest_known(k + 1)
            if stop:
                places = self.g.named(self._key(k + 1, stop))
                key = self._key(k + 1, stop)
                self._emit(self._bare_kind(places), k + 1, stop, self._slice(k + 1, stop), "", frozenset({"gang"}), (key,))
                return stop
        return end

    def _gang(self, i: int) -> frozenset[str]:
        """Whether "Los X de" stands before a bare name."""
        words = self.words
        if i < 3 or words[i - 1].key not in _OF:
            return frozenset()
        k = i - 2
        while k > 0 and i - k < 6 and words[k].cap:
            if words[k].key in ("los", "las") and k < i - 2:
                return frozenset({"gang"})
            k -= 1
        return frozenset()

    # -- what stands around --------------------------------------------------------------------------------------------------

    def _roles(self, i: int) -> frozenset[str]:
        """The role that the words before token i give a place, articles left out."""
        words, t = self.words, self.t
        k = i
        while k and words[k - 1].key in t.articles:
            k -= 1
        if not k:
            return _NONE
        last = _CONTRACTED.get(words[k - 1].key, words[k - 1].key)
        if last not in t.role_ends:
            return _NONE
        for length in t.role_lengths:
            if length <= k:
                role = t.roles.get((*(w.key for w in words[k - length : k - 1]), last))
                if role:
                    return frozenset((role,))
        return _NONE

    def _title_case(self, i: int) -> bool:
        """Whether the line around token i writes every word with a capital."""
        low = high = 0
        for k in range(max(0, i - 8), min(self.n, i + 8)):
            w = self.words[k]
            if len(w.key) > 3 and w.key.isalpha():
                low += not w.cap
                high += w.cap
        return high >= 5 and low <= 1

    def _shouts(self, i: int) -> bool:
        """Whether the words around token i are all in capitals, so that capitals tell nothing."""
        if not self.words[i].upper:
            return False
        low = high = 0
        for k in range(max(0, i - 4), min(self.n, i + 5)):
            w = self.words[k]
            if k != i and w.key.isalpha() and len(w.key) > 1:
                if w.upper:
                    high += 1
                else:
                    low += 1
        return high >= 3 and high > low

    def _key(self, i: int, end: int) -> str:
        return " ".join(w.key for w in self.words[i:end] if w.key)

    def _slice(self, i: int, end: int) -> str:
        return self.text[self.doc[i].idx : self._stop(end - 1)]

    def _stop(self, token: int) -> int:
        last = self.doc[token]
        return last.idx + len(last)

    def _emit(
        self,
        kind: Kind,
        i: int,
        end: int,
        core: str,
        word: str,
        roles: Iterable[str],
        keys: tuple[str, ...],
        places: tuple[Place, ...] | None = None,
        locative: bool | None = None,
    ) -> None:
        start, stop = self.doc[i].idx, self._stop(end - 1)
        if locative is None:
            k = i - 1
            while k >= 0 and self.words[k].key in self.t.articles:
                k -= 1
            locative = k >= 0 and self.words[k].key in self.t.strong
        mention = PlaceMention(
            kind,
            self.text[start:stop],
            core.strip("“”\"«»‘’' "),
            word,
            start,
            stop,
            i,
            end,
            frozenset(roles),
            self._sentence(i),
            self._zone(i),
            locative=locative,
            keys=keys,
            bracketed=i > 0 and self.words[i - 1].text == "(" and self._ends_at(i - 1),
            country=self.country,
            gazetteer=self.g,
            _candidates=places,
        )
        self.mentions.append(mention)

    def _zone(self, i: int) -> str:
        k = bisect_right(self.zone_starts, i) - 1
        return self.zone_labels[k] if k >= 0 and i < self.zone_ends[k] else "body"

    def _sentence(self, i: int) -> int:
        if self._starts is None:
            if self.doc.has_annotation("SENT_START"):
                self._starts = (self.doc.to_array(SENT_START) == 1).nonzero()[0].tolist()
            else:
                words = self.words
                self._starts = [0] + [
                    k + 1
                    for k in range(self.n - 1)
                    if "\n" in words[k].text or (words[k].text in (".", "!", "?") and words[k + 1].cap)
                ]
        return bisect_right(self._starts, i) - 1

    # -- afterwards ----------------------------------------------------------------------------------------------------------

    def _drop_surnames(self) -> None:
        if not self.surnames:
            return
        kept = []
        for m in self.mentions:
            if not m.word and not m.locative and len(m.keys) == 1 and m.keys[0] in self.surnames and "demonym" not in m.roles:
                prev = self.words[m.first - 1].text if m.first else "\n"
                follow = self.words[m.last].text if m.last < self.n else "."
                if prev not in ("(", ",") and follow not in (":", ")") and prev.lower() not in _OF and "\n" not in prev:
                    continue
            kept.append(m)
        self.mentions = kept

    def _link_chains(self) -> None:
        words = self.words
        chain = -1
        last: PlaceMention | None = None
        for m in self.mentions:
            linked = last is not None and m.first - last.last <= 5 and m.zone == last.zone
            if linked and last is not None:
                between = [w.text if not w.key else w.key for w in words[last.last : m.first]]
                linked = all(b in _CONNECT for b in between) and not (
                    "y" in between and RANK[m.kind] >= RANK["neighbourhood"] and m.kind == last.kind
                )
                if not between:
                    linked = True
                if linked and ("demonym" in m.roles) != ("demonym" in last.roles):
                    linked = False
            if not linked:
                chain += 1
            m.chain = chain
            last = m


# -- which place ---------------------------------------------------------------------------------------------------------------

_MUNICIPAL = frozenset("ciudad urbe jurisdiccion localidad pueblo poblado".split())


def _candidates(m: PlaceMention, g: Gazetteer) -> tuple[Place, ...]:
    """The places that a mention's words may mean, in the light of its kind word and of the newspaper's country."""
    home = m.country or "PE"
    for key in m.keys:
        named = g.named(key)
        if not m.word:
            pool = [p for p in named if p.kind in BELOW or key not in _tables().overshadowed]
            if home != "PE" or not pool:
                pool += [p for p in g.abroad(key) if p.country == home or p.population >= _BIG]
            if home == "PE" and not any(p.kind in ADMIN and p.country == "PE" for p in named):
                pool += g.populated(key)
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
            if not found and m.kind == "province" and home == "ES":
                found = [replace(p, kind="province", district=None, province=p.name) for p in g.abroad(key)[:1] if p.country == home]
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
            if not found:
                found = [p for p in named if p.kind == "district"]
                if home != "PE":
                    found += [p for p in g.abroad(key) if p.country == home]
        elif m.kind == "facility":
            found = [p for p in named if p.kind == "facility"]
        else:
            found = []
        if found:
            return tuple(dict.fromkeys(found))
    for key in m.tail:
        shadowed = key in _tables().overshadowed
        found = [p for p in g.named(key) if p.kind in ("populated_place", "neighbourhood") or (p.kind in ADMIN and not shadowed)]
        if home != "PE":
            found = [p for p in [*found, *g.abroad(key)] if p.country == home]
        if found:
            return tuple(dict.fromkeys(found))
    return ()


def _letter(text: str) -> bool:
    """A block's or lot's letter: "B", "A1"."""
    return len(text) <= 2 and text[:1].isupper() and text.isupper()


class Resolver:
    """Says which place a mention means.

    `Resolver().resolve(mention, context, country, region)` takes the mention that was chosen as the crime's place, all mentions of
    the article (`[s._.place for s in doc.spans["places"]]`), and the newspaper's country and region, and returns a
    `ResolvedPlace`. Call it with the street, the neighbourhood or the district, whichever is at hand: neighbours in the same
    phrase are taken along. Namesakes are told apart by what contains them, looked for in the same phrase, the same sentence, the
    sentences around it, dateline, headline, the whole article, and at last in the newspaper's region; what stays open is None.
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
        """Resolve one mention; None gives what the article as a whole says of the place, if it says one thing."""
        home = (country or (mention.country if mention else None) or "PE").upper()
        prior = self.gazetteer.region(region, home) if region else None
        if mention is None:
            return ResolvedPlace()
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
        hard = {m for m in chain if not m.locates and m is not mention}
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
            ("near", [m for m in body if m.sentence == here - 1 and _agrees(m, title)]),
            ("dateline", [m for m in title if m.zone == "dateline"]),
            ("headline", [m for m in title if m.zone == "headline"]),
            ("lead", [m for m in names if m.zone == "lead"]),
            ("near", [m for m in body if m.sentence == here + 1]),
            ("article", names),
            ("countries", [m for m in rest if m.kind == "country" and (m.sentence == here or m.zone == "headline")]),
            ("office", [m for m in rest if m.kind != "country" and m not in firm and m.roles & _TELLING_ROLES and m.candidates]),
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
        if home != "PE" and any(m.kind == "district" and m.word and not m.candidates for m in chain):
            items = []
        while items:
            graded = [(max(_support(c, [o for o in items if o is not m]) for c in m.candidates), m) for m in items]
            most = max(score[0] for score, _ in graded)
            best, base = next((score, m) for score, m in graded if score[0] == most)
            others = [m for m in items if m is not base]
            if base.kind in BELOW and not most and any(m.kind in ADMIN for m in others):
                items = [m for m in items if m.kind in ADMIN]
                continue
            pool = [c for c in base.candidates if _support(c, others) == best]
            rule = "chain" if most else "named"
            pool = _narrowest(self._at_home(pool, home, rings, chain), base)
            pool, rule, clash = self._narrow(pool, rule, rings, prior, base)
            if clash and base.kind in BELOW:
                items = others
                continue
            found = self._one(pool, base)
            if found is not None and base.kind in BELOW and rule == "named" and not self._telling(base, found, home, prior):
                found, pool = None, []
            if found is not None and found.district is None and found.kind in BELOW:
                wider, _ = self._from_rings(rings, home, prior, min(m.first for m in chain))
                if wider is not None and wider.district and wider.department == found.department:
                    return wider, rule, found
            if found is not None:
                return found, rule, found if found.kind in BELOW else None
            shared = self._shared(pool)
            if shared is not None and base.kind in ADMIN:
                return shared, rule, None
            items = others
        at = min(m.first for m in chain)
        found, rule = self._from_rings(rings, home, prior, at)
        unlisted = next((m for m in chain if m.kind == "district" and m.word and not m.candidates), None)
        if unlisted is not None and home != "PE" and unlisted.word != "ciudad" and len(unlisted.name) > 3:
            wider = next((p for m in chain if m.kind in ("province", "department") for p in m.candidates if p.country == home), found)
            department = wider.department if wider is not None else None
            place = Place("district", unlisted.name, unlisted.name, None, department, home)
            return place, "named", None
        return found, rule, None

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
            hits = [(*_support(c, others, both=True), *_nearness(c, others)) for c in pool]
            top = max(hits, default=(0, 0, 0, 0))
            if any(top):
                kept = [c for c, hit in zip(pool, hits, strict=True) if hit == top]
                if len(kept) < len(pool):
                    rule = name
                pool, confirmed = kept, True
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
        known = [c for c in pool if c.kind == "district" and c.ubigeo in _tables().prominent]
        if len(known) == 1 and base.kind in ADMIN and not clash:
            pool = known
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
        """Of rival places: close by, the one named last before the crime's place; in the whole article, one that clearly prevails."""
        if ring in ("sentence", "near"):
            return [min(top, key=lambda p: gap[p])]
        most = sorted((count[p] for p in top), reverse=True)
        return [p for p in top if count[p] == most[0]] if most[0] >= 2 * most[1] else top

    def _from_rings(
        self, rings: list[tuple[str, list[PlaceMention]]], home: str, prior: Place | None, at: int
    ) -> tuple[Place | None, str]:
        """The administrative place that the context gives to a name which the gazetteer does not hold."""
        everything = list(dict.fromkeys(m for name, ms in rings for m in ms if name != "countries"))
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


_TELLING_ROLES = frozenset({"institution", "office", "demonym", "resident"})


def _agrees(m: PlaceMention, others: Sequence[PlaceMention]) -> bool:
    """Whether the mention may lie in the same province or department as one of the others, or there are none."""
    return not others or any(any(_support(c, others, both=True)) or any(_nearness(c, others)) for c in m.candidates)


_CLOSENESS = {"country": 0, "department": 1, "province": 2, "district": 3}


def _support(place: Place, others: Iterable[PlaceMention], both: bool = False) -> tuple[int, int]:
    """How many mentions may name something that contains the place, and how closely ("Huánuco" is the city before the department).

    With `both`, what lies in the place counts too.
    """
    count = close = 0
    for m in others:
        fits = [_CLOSENESS.get(o.kind, 3) for o in m.candidates if place.within(o)]
        if both and not fits:
            fits = [0 for o in m.candidates if o.kind != "country" and o.within(place)]
        if fits:
            count += 1
            close += max(fits)
    return count, close


def _nearness(place: Place, others: Iterable[PlaceMention]) -> tuple[int, int]:
    """How many mentions may name a place of the same province, and of the same department."""
    province = department = 0
    for m in others:
        same = [
            o
            for o in m.candidates
            if o.country == place.country and o.department is not None and o.department == place.department
        ]
        department += bool(same)
        province += any(o.province is not None and o.province == place.province for o in same)
    return province, department


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
