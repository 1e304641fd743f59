"""The words of `nlp/data/places.toml`, and what the scanner keeps of a token's form."""

from __future__ import annotations

from dataclasses import dataclass

from spacy.lang.es.stop_words import STOP_WORDS

from ..gazetteer import BELOW, Gazetteer, Kind, fold
from ..lexicon import data

_LONGEST = 60
"""Characters of a form that are looked at."""
_MONEY = ("S/", "US$", "RD$")
QUOTES = {"“": "”", '"': '"', "«": "»", "‘": "’", "'": "'"}


@dataclass(frozen=True, slots=True)
class KindWord:
    kind: Kind
    words: tuple[str, ...]
    of: bool = False
    only_of: bool = False
    to: bool = False
    plural: bool = False
    number: bool = False
    crossing: bool = False
    lower: bool = False
    small: bool = False
    whole: bool = False
    role: str = ""
    countries: tuple[str, ...] = ()


class Word:
    """What the scanner needs to know of a token's form, worked out once a form."""

    __slots__ = (
        "cap",
        "common",
        "cue",
        "digit",
        "key",
        "kinds",
        "leads",
        "longest",
        "opens",
        "plain",
        "special",
        "text",
        "upper",
    )

    def __init__(self, text: str, tables: Tables, gazetteer: Gazetteer) -> None:
        self.text = text
        folded = fold(text)
        self.key = folded if "-" in text else folded.replace(" ", "")
        if text.startswith(_MONEY):
            self.key = text.casefold()
        first = next((c for c in text if c.isalnum()), "")
        self.cap = first.isupper() and not text[0].isspace() and not text.startswith(_MONEY)
        self.upper = text.isupper() and len(self.key) > 1
        self.digit = first.isdigit()
        self.kinds = tables.kinds.get(self.key) if not any(c in text for c in "(),;:") else None
        if text.endswith("ó"):
            self.kinds = None  # "ingresó", "desvió" are no way in and no fork
        self.cue = self.key in tables.country_cues
        self.longest = gazetteer.longest(folded.split()[0]) if folded and (self.cap or self.digit) else 0
        if self.longest == 1 and text.lower() in STOP_WORDS:
            self.longest = 0
        demonym = self.key in gazetteer.demonyms
        self.leads = self.key in tables.strong or self.key in tables.articles or text == ","
        self.plain = not (self.kinds or self.longest or self.key in tables.blocked or self.key in ("los", "las") or demonym)
        self.common = (
            bool(self.kinds)
            and not self.cap
            and not demonym
            and all(k.kind in BELOW and not k.number for k in self.kinds or ())
        )
        self.opens = self.cap or self.digit or text in QUOTES or self.key in tables.after_kind or not self.key
        self.special = self.cap or bool(self.kinds) or demonym or (self.digit and self.longest > 1)


def word(form: str, _lower: int) -> Word:
    """What the scanner needs to know of a form; a column of `nlp.forms`."""
    return Word(form[:_LONGEST], shipped(), Gazetteer.default())


def is_special(form: str, lower: int) -> bool:
    """Whether a mention may begin with the form; a column of `nlp.forms`."""
    return word(form, lower).special


class Tables:
    """The tables of `places.toml`, folded."""

    def __init__(self) -> None:
        table = data("places.toml")
        self.kinds: dict[str, list[KindWord]] = {}
        for entry in table["kinds"]:
            options = {k: v for k, v in entry.items() if k not in ("kind", "words")}
            if "countries" in options:
                options["countries"] = tuple(options["countries"])
            for phrase in dict.fromkeys(fold(w) for w in entry["words"]):
                words = tuple(phrase.split())
                self.kinds.setdefault(words[0], []).append(KindWord(entry["kind"], words, **options))
        for found in self.kinds.values():
            found.sort(key=lambda k: (-len(k.words), not k.countries))
        self.landmarks: dict[str, list[tuple[str, ...]]] = {}
        for phrase in table["landmarks"]["phrases"]:
            words = tuple(fold(phrase).split())
            self.landmarks.setdefault(words[0], []).append(words)
        names, bare = table["names"], table["bare"]
        self.bodies = frozenset(" ".join(k.words) for found in self.kinds.values() for k in found if "body" in k.role)
        """Names of authorities, which a neighbourhood may share ("Guardia Civil")."""
        self.after_kind = frozenset(word for found in self.kinds.values() for k in found for word in k.words[1:])
        self.joins = frozenset(names["joins"])
        self.devotions = frozenset(names["devotions"])
        self.premises = frozenset(names["premises"])
        self.dwellers = frozenset(names["dwellers"])
        self.articles = frozenset(names["articles"])
        self.adjectives = frozenset(fold(w) for w in names["adjectives"])
        self.called = frozenset(fold(w) for w in names["called"])
        self.indefinite = frozenset(names["indefinite"])
        self.vague = frozenset(names["vague"])
        self.sizes = frozenset(names["sizes"])
        self.tails = frozenset(names["tails"])
        self.months = frozenset(names["months"])
        self.abbreviations = frozenset(names["abbreviations"])
        self.connectors = frozenset(names["connectors"])
        self.belonging = frozenset(names["belonging"])
        self.of_belonging = self.connectors | self.belonging | frozenset(names["of_belonging"])
        self.routes = frozenset(names["routes"])
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
        self.after_kind |= self.joins | self.called | self.adjectives | self.numbering | self.numbers
        self.after_kind |= {"con", "entre", "a", "al"} | {
            word for found in self.landmarks.values() for w in found for word in w[1:]
        }
        self.blocked_names = frozenset(fold(w) for w in table["blockers"]["names"])
        self.blocked: dict[str, list[tuple[str, ...]]] = {}
        for phrase in table["blockers"]["phrases"]:
            words = tuple(fold(phrase).split())
            self.blocked.setdefault(words[0], []).append(words)
        self.prominent = frozenset(table["prominent"]["ubigeos"])
        self.country_cues = {fold(w): iso for iso, words in table["countries"].items() for w in words}
        self.roles: dict[str, dict[str, list[tuple[tuple[str, ...], str]]]] = {}
        """Role phrases by their last word and the one before it ("" where there is none), the longest first."""
        for role, phrases in table["roles"].items():
            for phrase in phrases:
                words = tuple(fold(phrase).split())
                before = words[-2] if len(words) > 1 else ""
                self.roles.setdefault(words[-1], {}).setdefault(before, []).append((words, role))
        for by_word in self.roles.values():
            for found_roles in by_word.values():
                found_roles.sort(key=lambda r: -len(r[0]))


_SHIPPED: list[Tables] = []


def shipped() -> Tables:
    if not _SHIPPED:
        _SHIPPED.append(Tables())
    return _SHIPPED[0]
