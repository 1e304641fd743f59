"""One pass over the tokens of a document that reads place mentions from kind words and known names."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import islice

from spacy.tokens import Doc

from ..gazetteer import RANK, Gazetteer, Kind, Place, fold
from ..sentences import sentence_starts
from ..zones import ZoneIndex
from .mention import ADMIN, BELOW, BIG, PlaceMention
from .words import QUOTES, KindWord, Tables, Word

_MAX_NAME = 9
_ROMAN = re.compile(r"[IVX]{1,5}")
_FINE = frozenset({"neighbourhood", "populated_place", "facility"})
_TRAVEL = frozenset({"origin", "destination"})
_APPOSITION = 7
"""Tokens of an apposition ("en la misma comuna") that may stand before ", donde"."""
_HEADS = 4
"""Places of the headline that a bare name is compared with."""
_OFFICE = frozenset({"office", "government"})
_DASHES = frozenset({"-", "–", "—"})
_NONE: frozenset[str] = frozenset()
_CONTRACTED = {"del": "de", "al": "a"}
_OF = frozenset({"de", "del"})
_GRIDS = frozenset({"AR", "UY", "PY", "CL", "BO"})
"""Countries whose press writes "Hernandarias al 1500" and "Homero y Recondo" without the word for a street."""
_WIDER = frozenset({"provincia", "region", "departamento", "estado"})


class Scan:
    """One pass over one document."""

    def __init__(
        self, doc: Doc, words: list[Word], special: list[int], tables: Tables, gazetteer: Gazetteer, country: str
    ) -> None:
        self.special = special
        """Tokens with which a mention may begin."""
        self.doc, self.words, self.t, self.g, self.country = doc, words, tables, gazetteer, country
        self.n = len(words)
        self.text: str = doc.user_data.get("text") or doc.text
        self.names, self.beginnings = gazetteer.names, gazetteer.beginnings
        self.mentions: list[PlaceMention] = []
        self.surnames: set[str] = set()
        zones = ZoneIndex(doc)
        self.zone_starts, self.zone_ends, self.zone_labels = zones.starts, zones.ends, zones.labels
        self._starts: list[int] | None = None
        self._upper: dict[int, bool] = {}

    def run(self) -> list[PlaceMention]:
        words, n = self.words, self.n
        at = 0
        home, last = self.country == "PE", n - 1
        for i in self.special:
            word = words[i]
            if i < at:
                continue
            if (
                word.plain
                and home
                and i
                and not words[i - 1].leads
                and not (words[i - 1].key in _OF and self._some_noun(i - 1))
            ):
                continue
            if word.common and (i == last or not words[i + 1].opens):
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
        if word.kinds and word.cap and (town := self._town(i)):
            self._emit("district", i, town, self._slice(i, town), "", self._roles(i), (self._key(i, town),), locative=True)
            return town
        if word.kinds and (known < i + 2 or self._key(i, known) in self.t.bodies):
            for entry in word.kinds:
                end = self._kind_end(i, entry)
                if end and (not entry.countries or self.country in entry.countries) and not (entry.small and word.cap):
                    after = self._kind_mention(i, end, entry)
                    if after:
                        return after
            if word.key in self.t.landmarks and (after := self._landmark(i)):
                return after
        if word.cap and i > 1 and self.words[i - 1].key in _OF and self._some_noun(i - 1) and (after := self._in_some(i)):
            return after
        if word.cap and self.country in _GRIDS and i and (after := self._corner(i)):
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

    def _kind_end(self, i: int, entry: KindWord) -> int:
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

    def _is_flat(self, key: str) -> bool:
        """Whether "departamento de El Agustino" means a dwelling: the name is a district's and no region's."""
        kinds = {p.kind for p in self.g.named(key)}
        return "district" in kinds and not kinds & {"department", "province"}

    def _kind_mention(self, i: int, j: int, entry: KindWord) -> int:
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
        if self._nameless(i, begin, end, entry):
            known = self.g.named(key)
            if self._longest_known(begin) == end or self._abroad_here(key):
                self._emit(
                    self._bare_kind(known) if known else "district", begin, end, core, "", self._roles(i), (key,), None, True
                )
                return end
        kind = entry.kind
        if kind == "department" and self._is_flat(key):
            self._emit("district", begin, end, core, "", self._roles(i), (key,), locative=True)
            return end
        keys: tuple[str, ...] = (key,)
        tail: tuple[str, ...] = ()
        roles = set(entry.role.split())
        if entry.only_of and entry.words[0] != "zona" and self._longest_known(begin) != end:
            return 0
        if kind == "neighbourhood" and self.country != "PE":
            tail = self._tails(begin + 1, end, False)
        if kind == "facility":
            keys = tuple(dict.fromkeys([fold(self._slice(i, end)), key]))
            tail = self._tails(begin, end, bool(entry.role) and entry.words[0] in self.t.territorial)
        if kind == "facility" and not roles and begin < end:  # "local de la Policía Ambiental", "oficina de la Defensoría"
            at = begin + (self.words[begin].key in self.t.articles and begin + 1 < end)
            roles = next((set(k.role.split()) for k in self.words[at].kinds or () if "body" in k.role), roles)
        around = self._roles(i)
        if "institution" in roles:
            around -= _OFFICE  # "la Policía del penal": which police it is does not say that it happened elsewhere
        self._emit(kind, i, end, core, " ".join(entry.words), roles | around, keys)
        self.mentions[-1].tail = tail
        return end

    def _landmark(self, i: int) -> int:
        """ "la plaza de armas", "el mercado modelo": the one that the town has."""
        words = self.words
        article = words[i - 1].key if i else ""
        if article not in self.t.articles and article not in ("del", "al") and not (i and words[i].cap and not self._shouts(i)):
            return 0
        for phrase in self.t.landmarks[words[i].key]:
            end = i + len(phrase)
            if self._matches(i, phrase) and not (end < self.n and words[end].cap):
                self._emit("facility", i, end, self._slice(i, end), phrase[0], self._roles(i), (" ".join(phrase),))
                return end
        return 0

    def _nameless(self, i: int, begin: int, end: int, entry: KindWord) -> bool:
        """Whether the kind word only says what stands in the place: "un condominio de San Miguel", "en zona rural de Ica"."""
        words, t = self.words, self.t
        before = words[begin - 1].key
        if before in self.t.articles and before != "del":
            before = words[begin - 2].key
        if words[i].cap or entry.role or entry.kind in ADMIN or before not in _OF:
            return False
        if entry.kind == "street":
            vague = entry.plural or (entry.words[0] == "calle" and i > 0 and words[i - 1].key in t.indefinite | {"plena"})
            known = any(p.kind == "district" for p in self.g.named(self._key(begin, end)))
            return vague and (known or self._is_admin(begin)) and not self._closes_number(end)
        if not self._is_admin(begin) and not (self.country != "PE" and self._abroad_here(words[begin].key)):
            return False
        if end + 1 < self.n and words[end].text == "," and self._admin_word(end + 1) and words[end + 1].key not in _WIDER:
            return False  # "sector rural de Paine, comuna de Longaví"
        return i > 0 and (words[i - 1].key in self.t.indefinite or any(w.key in self.t.vague for w in words[i + 1 : begin]))

    def _numbered(self, i: int, j: int) -> int:
        """ "cuadra 5 del jirón Pizarro", "kilómetro 512 de la Panamericana Norte", "Mz. B, Lt. 5"."""
        words, n = self.words, self.n
        while j < n and j - i < 5 and words[j].key in self.t.numbering and words[j].text != "." and not words[j].text.isspace():
            j += 1
        if j >= n or not (words[j].digit or words[j].key in self.t.numbers or letter(words[j].text)):
            return 0
        j += 1
        while j + 1 < n and words[j].text in ("y", ",", "+", "-", "al") and words[j + 1].digit:
            j += 2
        end = j
        k = j
        while k < n and k - j < 3 and (words[k].key in _OF or words[k].key in self.t.articles or words[k].text == ","):
            k += 1
        if k < n and words[k].kinds:
            for entry in words[k].kinds or ():
                stop = self._kind_end(k, entry)
                if not stop or entry.kind != "street":
                    continue
                if entry.number:
                    after = self._numbered_end(stop)
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

    def _numbered_end(self, j: int) -> int:
        words = self.words
        while j < self.n and words[j].key in self.t.numbering and not words[j].text.isspace() and words[j].text != ".":
            j += 1
        if j < self.n and (words[j].digit or letter(words[j].text)):
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

    def _closes_number(self, end: int) -> bool:
        """Whether a house number or a second name stands there: "las calles de Moche y Piura"."""
        words = self.words
        return end < self.n and (words[end].digit or (words[end].key == "y" and end + 1 < self.n and words[end + 1].cap))

    def _closes(self, end: int) -> bool:
        """Whether a comma or the end of the sentence stands there."""
        return end >= self.n or self.words[end].text in (",", ".", ";", ")") or "\n" in self.words[end].text

    def _street_word(self, k: int) -> tuple[KindWord | None, int]:
        for entry in self.words[k].kinds or ():
            stop = self._kind_end(k, entry)
            if stop and entry.kind == "street" and not entry.number and not entry.crossing:
                return entry, stop
        return None, k

    def _after_street(self, end: int, entry: KindWord) -> int:
        """Number, block or crossing street that belongs to a street's name."""
        words, n = self.words, self.n
        if end < n and words[end].digit and not (end + 1 < n and words[end + 1].key in {"de", "anos", "soles", "horas"}):
            return end + 1
        if end + 1 < n and words[end].key == "al" and words[end + 1].digit:
            return self._between(end + 2)
        if (after := self._between(end)) > end:
            return after
        if entry.words[0] in self.t.routes:
            while end + 1 < n and words[end].text in ("-", "–", "—") and words[end + 1].cap:
                name = self._name(end + 1, False, False)
                if name is None:
                    break
                end = name[1]
        k = end
        if k < n and words[k].text == ",":
            k += 1
        if k < n and words[k].kinds:
            for other in words[k].kinds or ():
                stop = self._kind_end(k, other)
                if stop and other.number:
                    after = self._numbered_end(stop)
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
            if name is None and k < n and words[k].cap and (joint == "con" or entry.plural or not self._longest_known(k)):
                name = self._name(k, False, False)
                if name is not None and joint != "con" and not entry.plural and not self._closes(name[1]):
                    name = None
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

    def _name_after(self, j: int, entry: KindWord) -> tuple[int, int] | None:
        """The name that follows a kind word: tokens [begin, end), or None."""
        words, n, t = self.words, self.n, self.t
        while j < n and words[j].text == ":":
            j += 1
        if j + 1 < n and words[j].text == "," and entry.kind == "facility" and words[j + 1].text in QUOTES:
            j += 1
        if j >= n:
            return None
        if words[j].text in QUOTES:
            return self._quoted(j)
        if words[j].key in t.called:
            j += 1
            if j < n and words[j].key == "como":
                j += 1
            if j >= n:
                return None
            if words[j].text in QUOTES:
                return self._quoted(j)
        if entry.kind in BELOW:
            k = j
            while k < n and k - j < 2 and words[k].key in t.adjectives and not words[k].cap:
                k += 1
            if k < n and k > j and (words[k].cap or words[k].text in QUOTES or words[k].key in _OF):
                j = k
                if words[j].text in QUOTES:
                    return self._quoted(j)
        if j >= n:
            return None
        if words[j].key in t.numbering and entry.kind in BELOW and not words[j].text.isspace():
            k = j
            while k < n and k - j < 4 and words[k].key in t.numbering and not words[k].text.isspace():
                k += 1
            name = self._name(k, False, False, entry.whole) if k < n and words[k].digit else None
            if name is not None and words[j].key:
                return j, name[1]
        begin = j
        had_of = False
        described = j + 2 < n and not words[j].cap and words[j].key.isalpha() and words[j].key not in t.joins
        if described and entry.of and words[j + 1].key in _OF and entry.kind in ADMIN | {"populated_place"}:
            begin = j = j + 1  # "distrito trujillano de La Esperanza"
        if j < n and (words[j].key in _OF or (entry.to and words[j].key in ("a", "al"))) and entry.of:
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
        if j >= n or not (words[j].cap or words[j].digit or words[j].text in QUOTES):
            return None
        if words[j].text in QUOTES:
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
        close = QUOTES[self.words[j].text]
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
                elif (
                    end < n and words[end].key in t.tails and not words[end].cap and (w.digit or _ROMAN.fullmatch(w.text))
                ) or (end < n and words[end].text == "." and len(w.text) == 1 and end + 1 < n and words[end + 1].cap):
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
            if joint in _OF and words[end - 1].digit and not (known and known > k):
                break  # "avenida 3 de Los Patios"
            if joint in _OF:
                if words[k].kinds and not (known and known > k) and words[k].key not in ("villa",):
                    break
                devout = words[end - 1].key in t.devotions
                if not whole and not devout and not (known and known > k) and self._is_admin(k):
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
            return any(p.kind == "district" and p.country == self.country and p.population >= BIG for p in self.g.abroad(key))
        kinds = {p.kind for p in self.g.named(key)}
        return bool(kinds & {"province", "department", "country"}) or ("district" in kinds and key not in self.t.common)

    def _tails(self, begin: int, end: int, territorial: bool) -> tuple[str, ...]:
        """Names that end a facility's name and say where it is: "Trujillo" in "hospital Belén de Trujillo"."""
        words = self.words
        found = []
        for k in range(begin, end):
            at = k - 2 if k > 1 and words[k - 1].key in self.t.articles else k - 1
            if words[k].cap and (territorial or words[at].key in _OF):
                name = self._key(k, end)
                if self._longest_known(k) == end or (self.country != "PE" and self._abroad_here(name)):
                    found.append(name)
        return tuple(found)

    # -- bare names ----------------------------------------------------------------------------------------------------------

    def _bare(self, i: int) -> int:
        words, n, t = self.words, self.n, self.t
        end = self._longest_known(i)
        if not end:
            return 0
        if self.country != "PE" and (longer := self._longer_abroad(i, end)):
            self._emit(
                "district", i, longer, self._slice(i, longer), "", self._roles(i), (self._key(i, longer),), locative=True
            )
            return longer
        key = self._key(i, end)
        if key in t.bodies:
            return end
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
        aside = (follow is not None and follow.text in (":", ")", "(")) or (prev is not None and prev.text == "(")
        comma = (prev is not None and prev.text == "," and self._ends_at(i - 1)) or (
            follow is not None
            and follow.text == ","
            and ((end + 1 < n and bool(words[end + 1].longest)) or self._admin_follows(end))
        )
        told = locative in t.locative
        opening = line_start and follow is not None and follow.text in (".", ",", "-", "–", "—", ":")
        if not (strong or aside or comma or opening):
            city = self.country != "PE" and any(p.population >= BIG for p in home)
            doubtful = (key in t.common and not city) or (shouting and len(key) < 5)
            of_noun = locative in _OF and self._after_noun(i - (2 if article_before else 1))
            if doubtful and not of_noun:
                return 0
            if not told and not home and kinds <= _FINE | {"district"}:
                return 0
            if not told and not kinds & {"department", "country", "province"} and (opens or " " not in key):
                return 0
        listed = " " in key and prev is not None and prev.text == ","
        if kinds <= _FINE and not (told or comma or aside or listed or opening or self._admin_follows(end)):
            return 0
        if (
            " " not in key
            and kinds <= {"neighbourhood", "facility"}
            and not (strong or comma or aside or self._some_noun(i - 1))
        ):
            return 0  # "Márquez", "Leticia" and "Camacho" are persons too
        kind = self._bare_kind(places)
        self._emit(kind, i, end, self._slice(i, end), "", self._roles(i) | self._gang(i), (key,), locative=strong)
        return end

    def _bare_kind(self, places: Sequence[Place]) -> Kind:
        pool = [p for p in places if p.country == self.country] or list(places)
        order = ("district", "province", "department", "country", "populated_place", "neighbourhood", "facility", "street")
        found = {p.kind for p in pool}
        if found == {"populated_place"} and all(p.country == "PE" and (p.ubigeo or "")[4:6] == "01" for p in pool):
            return "district"  # a province's capital that its district is not named after: Pucallpa, Tingo María
        return next(k for k in order if k in found)

    def _corner(self, i: int) -> int:
        """ "Ayolas al 300", "en Juan Molina y Libertad, barrio Noroeste": streets without the word for one."""
        words, n = self.words, self.n
        before = words[i - 1].key
        if words[i].kinds or words[i].key in self.t.breaks or (words[i - 1].cap and before not in self.t.strong):
            return 0
        end = i
        while end < n and end - i < 4 and words[end].cap:
            end += 1
        if end - i < 4 and end + 2 < n and words[end].key in ("y", "e") and words[end + 1].cap and not words[end + 1].kinds:
            stop = end + 1
            while stop < n and stop - end < 4 and words[stop].cap:
                stop += 1
            number = stop + 1 < n and words[stop].key == "al" and words[stop + 1].digit
            if number:
                end = stop
            elif before == "en" and self._closes(stop):
                known = (self._longest_known(i) == end) + (self._longest_known(end + 1) == stop)
                if known < 2 and not any(self._is_admin(k) for k in (i, end + 1)):
                    self._emit("street", i, stop, self._slice(i, stop), "", self._roles(i), ())
                    return stop
                return 0
        if end + 1 < n and words[end].key == "al" and words[end + 1].text.isdecimal() and words[end + 1].text.endswith("00"):
            self._emit("street", i, end + 2, self._slice(i, end + 2), "", self._roles(i), ())
            return end + 2
        return 0

    def _after_noun(self, k: int) -> bool:
        """Whether a common noun stands before the preposition at token k: "calles de La Esperanza", not "Juan de Castilla"."""
        prev = self.words[k - 1] if k > 0 else None
        return prev is not None and prev.key.isalpha() and not prev.cap and len(prev.key) > 3

    def _in_some(self, i: int) -> int:
        """ "una casa de Los Jazmines, en Ventanilla": a name that no table holds."""
        name = self._name(i, False, False)
        if name is None or self._longest_known(i) >= name[1] or self.words[i].kinds:
            return 0
        if not self._admin_follows(name[1]) and not self._explained(name[1]):
            return 0
        key = self._key(i, name[1])
        if key in self.t.blocked_names or len(key) < 4:
            return 0
        self._emit("neighbourhood", i, name[1], self._slice(i, name[1]), "", self._roles(i), (key,))
        return name[1]

    def _some_noun(self, k: int) -> bool:
        """Whether "una casa", "vecinos" stands before the preposition at token k."""
        words, t = self.words, self.t
        if k < 1:
            return False
        return words[k - 1].key in t.dwellers or (k > 1 and words[k - 1].key in t.premises and words[k - 2].key in t.indefinite)

    def _ends_at(self, token: int) -> bool:
        return bool(self.mentions) and self.mentions[-1].last == token

    def _unknown(self, i: int) -> int:
        """A capitalised name that no table holds: maybe a small place after "en", with wider places after it."""
        words, n, t = self.words, self.n, self.t
        word = words[i]
        if word.key in ("los", "las"):
            name = self._name(i, False, False)
            return self._gang_end(name[1]) if name is not None and name[1] - i > 1 else i + 1
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
        if strong or (self.mentions and self._ends_at(i - 1)):
            for start in dict.fromkeys((begin, i)):
                k = self._key(start, end)
                if self.g.populated(k) if home else self._abroad_here(k):
                    kind: Kind = "populated_place" if home else "district"
                    self._emit(kind, start, end, self._slice(start, end), "", self._roles(start), (k,), locative=True)
                    return end
            if home and any(p.population >= BIG for p in self.g.abroad(key)):
                self._emit("district", i, end, self._slice(i, end), "", self._roles(i), (key,), locative=True)
                return end
            if locative == "en" and (self._admin_follows(end) or self._explained(end)):
                self._emit("neighbourhood", begin, end, self._slice(begin, end), "", self._roles(begin), (key,), locative=True)
                return end
        elif not home and self._abroad_here(key) and (before in t.locative or not (i and words[i - 1].cap)):
            follow = words[end] if end < n else None
            if (follow is None or not follow.cap) and (
                (before in _OF and self._after_noun(i - 1)) or (follow is not None and follow.text in (":", ".", ",", "("))
            ):
                roles = self._roles(i) | self._gang(i)
                self._emit("district", i, end, self._slice(i, end), "", roles, (key,))
        return i + 1

    def _admin_follows(self, end: int) -> bool:
        """Whether ", en Trujillo", "(Trujillo)" or ", distrito de Chao" comes next."""
        words = self.words
        k = end
        apart = False
        while (
            k < self.n
            and k - end < 6
            and (words[k].text in (",", "(") or words[k].key in self.t.connectors or self._admin_word(k))
            and words[k].key != "y"
        ):
            apart = apart or words[k].text in (",", "(")
            k += 1
        if k == end or k >= self.n or not words[k].cap:
            return False
        if words[k].longest and self._is_admin(k):
            return True
        name = self._name(k, False, False) if apart and self.country != "PE" else None
        return name is not None and self._abroad_here(self._key(*name))

    def _explained(self, end: int) -> bool:
        """Whether ", un caserío de" or ", barrio de" comes next, which says what the name before it is."""
        words = self.words
        if end + 2 >= self.n or words[end].text != ",":
            return False
        k = end + 2 if words[end + 1].key in self.t.indefinite and words[end + 1].key != "en" else end + 1
        while k + 1 < self.n and k - end < 4 and words[k].key in self.t.sizes:
            k += 1
        if words[k].cap:
            return False
        return any(e.kind in ("neighbourhood", "populated_place") and self._kind_end(k, e) for e in words[k].kinds or ())

    def _admin_word(self, k: int) -> bool:
        """Whether "comuna", "municipio", "distrito" stands there, small."""
        word = self.words[k]
        return not word.cap and any(entry.kind in ADMIN and len(entry.words) == 1 for entry in word.kinds or ())

    def _longer_abroad(self, i: int, end: int) -> int:
        """End of a town's name that begins with another place's: "San Salvador de Jujuy"; 0 if there is none."""
        words = self.words
        if end + 1 < self.n and words[end].key in _OF and words[end + 1].cap and self._abroad_here(self._key(i, end + 2)):
            return end + 2
        return 0

    def _town(self, i: int) -> int:
        """End of a town's name abroad that begins with a kind word: "Puerto Montt", "Villa Carlos Paz"; 0 if there is none."""
        words = self.words
        if any(entry.kind == "street" for entry in words[i].kinds or ()):
            return 0
        last = i + 1
        while last < min(self.n, i + 4) and words[last].cap and words[last].key:
            last += 1
        if last < i + 2 or (last < self.n and words[last].cap):
            return 0
        key = self._key(i, last)
        for town in self.g.abroad(key):
            if (town.country == self.country and town.population >= _TOWN) or (
                town.population >= BIG and not self.g.named(key)
            ):
                return last
        return 0

    def _abroad_here(self, key: str) -> bool:
        return any(p.country == self.country for p in self.g.abroad(key))

    def _line_start(self, i: int) -> bool:
        return i == 0 or "\n" in self.words[i - 1].text

    def _gang_end(self, end: int) -> int:
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
        if k > 1 and words[k - 1].text in _DASHES and words[k - 2].cap:  # "el servicio Tingo María - Lima"
            k -= 1
            while k and words[k - 1].cap:
                k -= 1
        while k and words[k - 1].key in t.articles:
            k -= 1
        if not k:
            return _NONE
        last = words[k - 1].key
        phrases = t.roles.get(_CONTRACTED.get(last, last))
        if phrases is None:
            return _NONE
        for before in (words[k - 2].key if k > 1 else "", ""):
            for phrase, role in phrases.get(before, ()):
                start = k - len(phrase)
                if start >= 0 and all(words[start + x].key == w for x, w in enumerate(phrase[:-2])):
                    return _NONE if role == "near" else frozenset((role,))
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
            _found=places,
        )
        self.mentions.append(mention)

    def _zone(self, i: int) -> str:
        k = bisect_right(self.zone_starts, i) - 1
        return self.zone_labels[k] if k >= 0 and i < self.zone_ends[k] else "body"

    def _sentence(self, i: int) -> int:
        if self._starts is None:
            if self.doc.has_annotation("SENT_START"):
                self._starts = sentence_starts(self.doc)
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
            linked = last is not None and m.first - last.last <= 7 and m.zone == last.zone
            if linked and last is not None:
                between = [w.text if not w.key else w.key for w in words[last.last : m.first]]
                joints = self.t.of_belonging if any(b in self.t.belonging for b in between) else self.t.connectors
                linked = all(b in joints for b in between) and not (
                    "y" in between and RANK[m.kind] >= RANK["neighbourhood"] and m.kind == last.kind
                )
                if not between:
                    linked = True
                if linked and ("demonym" in m.roles) != ("demonym" in last.roles):
                    linked = False
                if linked and between == ["de"] and self._part_of(last, m):
                    last.kind, last._found = "neighbourhood", ()
            if not linked:
                chain += 1
            m.chain = chain
            last = m
        self._below()
        self._told_where()

    def _below(self) -> None:
        """Read a bare name as a neighbourhood where what stands around it says so: "Buenos Aires, Víctor Larco"."""
        wide = (m for m in self.mentions if m.zone in ("headline", "dateline") and m.kind in ADMIN and m.kind != "country")
        head = list(islice(wide, _HEADS))
        for k, m in enumerate(self.mentions):
            if m.word or m.kind != "district" or m.country != "PE" or "demonym" in m.roles:
                continue
            own = [p for p in m.candidates if p.kind in ADMIN]
            if not own:
                continue  # a province's capital
            after = self.mentions[k + 1] if k + 1 < len(self.mentions) else None
            if after is not None and (after.chain != m.chain or after.kind != "district" or after.keys == m.keys):
                after = None
            small = [p for p in self.g.named(m.keys[0]) if p.kind == "neighbourhood"]
            if not small and after is None and not m.locative:
                continue
            hamlets = self.g.populated(m.keys[0])
            for large in [after] if after is not None else head:
                told = [p for p in large.candidates if p.kind in ADMIN and p.country == "PE" and p.kind != "country"]
                towns = [q for q in told if q.kind == "district"]
                if large.keys == m.keys or any(
                    p.within(q) or q.within(p) or fold(p.province or "") == large.keys[0] for p in own for q in told
                ):
                    continue
                lies = [p for p in small if any(p.within(q) for q in told)]
                lies += [p for p in hamlets if any(p.within(q) for q in towns)]
                if lies or (large is after and large.word.startswith("distrito") and m.locative and towns):
                    m.kind, m._found = "neighbourhood", tuple(lies)
                    break

    def _part_of(self, small: PlaceMention, large: PlaceMention) -> bool:
        """Whether "X de Y" names X as a part of the municipality Y, as the press abroad writes: "Desamparados de Alajuela"."""
        if self.country == "PE" or small.word or large.word or small.kind != "district" or large.kind != "district":
            return False
        return any(p.kind == "district" and p.country == self.country for p in large.candidates)

    def _told_where(self) -> None:
        """Take back the role of a place that somebody went to or news came from where ", donde" goes on to tell of it."""
        ends = {m.chain: m.last for m in self.mentions}
        for m in self.mentions:
            if not m.roles or m.roles - _TRAVEL:
                continue
            for k in range(ends[m.chain], min(ends[m.chain] + _APPOSITION, self.n - 1)):
                if self.words[k].text == "," and self.words[k + 1].key == "donde":
                    m.roles = _NONE
                    break
                if self.words[k].text in (".", ";") or "\n" in self.words[k].text:
                    break


_TOWN = 5_000
"""Inhabitants from which a place abroad is taken for its town though the name begins as a square's or a port's would."""


def letter(text: str) -> bool:
    """A block's or lot's letter: "B", "A1"."""
    return len(text) <= 2 and text[:1].isupper() and text.isupper()
