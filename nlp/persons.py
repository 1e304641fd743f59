"""Names of persons in news text: found by rules and lists, and taken out of what is published.

Public functions: `find` and `redact`. Rules in the order of their certainty: a cue ("identificado como", "alias", a post)
before capitalised words; a given name of the list before other capitalised words or a listed surname; two listed surnames; an
age in brackets after capitalised words; what the words around it show to be a person (`nlp.unlisted`); a word of a name that
was found elsewhere in the same article. A name after a word for a street, a place or an institution ("avenida César Vallejo",
"colegio José Olaya"), and the name of a district, a province or a neighbourhood on file stays. Where `es_core_news_sm`, `_md`
or `_lg` is installed, the persons that it finds are added. Linear in the length of the text.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from nlp import unlisted

PLACEHOLDER = "[nombre]"
_DATA = Path(__file__).with_name("data")
_WORD = re.compile(r"[^\W\d_]+(?:['’´`-][^\W\d_]+)*\.?")
_INITIALS = re.compile(r"(?<!\w)(?:[A-ZÑÁÉÍÓÚ]\.\s?){2,5}(?:[A-ZÑ]\b\.?)?|(?<!\w)(?:[A-ZÑ]\.){1,4}[A-ZÑ]\b\.?")
_AGE = re.compile(r"\s?,?\s?(?:\(\s?\d{1,2}(?:\s?años)?\s?\)|de\s\d{1,2}\saños)")
_QUOTED = re.compile(r"\s{0,2}[,:]?\s{0,2}[\"'“”‘’«»]{1,2}([^\"'“”‘’«»]{2,40})[\"'“”‘’«»]{1,2}")
_NICKNAME = re.compile(r"(?:(?<=^)|(?<=\s))[\"“‘'«]([A-ZÁÉÍÓÚÑ][\w’-]{2,15})[\"”’'»](?=\s?(?P<verb>\w*))")
_BAND = re.compile(r"(?i)(?:los|las)\s")
_PLACED = re.compile(
    r"\b(?:zona|sector|lugar|paraje|bar|local|barrio|banda|organizacion|grupo|calle|poblado|sitio|punto|curva|cerro),?\s(?:mas\s)?$"
)
_FURTHER = re.compile(r"\s?,?\s?(?:(?:y|e)(?=\s))?(?:\s?(?:alias|a|al|la|el)(?=\s))?")
_LIMIT = 30_000
"""Characters of an article that are searched for names known from elsewhere in it."""
_OPENS = re.compile(r"[ \t]?[\"“‘'«(][ \t]?$")
_CLOSES = re.compile(r"[\"”’'»)][ \t]?")
_JOIN = re.compile(r"[ \t\u00a0]{1,3}|[ \t\u00a0]?\n[ \t]?")


class Word(NamedTuple):
    start: int
    end: int
    text: str
    key: str
    """Folded: lower case, no accents."""

    @property
    def capital(self) -> bool:
        return self.text[0].isupper()


def redact(text: str, article: str | None = None, minor: bool = False) -> str:
    """A text without persons' names, "[nombre]" in the place of each; posts, places and institutions stay.

    `article`: all of the article that the text stands in, by which a surname alone is known for what it is. `minor`: initials
    go too, as of one under age.

    >>> redact("El alcalde Juan Quiroz Pinedo recorrió la avenida César Vallejo.")
    'El alcalde [nombre] recorrió la avenida César Vallejo.'
    """
    spans = find(text, article, minor=minor)
    pieces, at = [], 0
    for start, end in spans:
        pieces += [text[at:start], PLACEHOLDER]
        at = end
    pieces.append(text[at:])
    return re.sub(r"\[nombre\](?:[\s,]*(?:y\s)?\[nombre\])+", PLACEHOLDER, "".join(pieces))


def find(text: str, article: str | None = None, *, minor: bool = False) -> list[tuple[int, int]]:
    """Where persons' names stand in a text, as character offsets in order, none overlapping; with `minor` also initials."""
    words = _words(text)
    shouted = _shouted(words)
    placed = _placed(article[:_LIMIT]) if article else unlisted.places_in(text, words)
    spans = _spans(text, words, shouted, placed)
    covered = _covering(spans)
    known = {word.key for word in words if covered(word.start)}
    if article and _open(words, spans):
        known |= known_names(article[:_LIMIT])
    if article and any(one.capital and other.capital and not covered(other.start) for one, other in pairwise(words)):
        spans += _pairs(text, words, known_pairs(article[:_LIMIT]), spans)
    spans += _alone(text, words, known, spans)
    spans += _aliases(text)
    spans += [(start, end) for start, end in _by_model(text) if not _is_place(text, start, end)]
    if minor:
        spans += [match.span() for match in _INITIALS.finditer(text)]
    return _merged(spans)


def _open(words: list[Word], spans: list[tuple[int, int]]) -> bool:
    """Whether a text has capitalised words that might be a name which only the article tells: most sentences have none."""
    lists = _lists()
    covered = _covering(spans)
    named = lists["never"] | lists["connectives"] | lists["places"]
    return any(
        word.capital
        and len(word.key) > 2
        and word.key not in named
        and (word.key not in lists["toponyms"] or word.key in lists["surnames"])
        and not covered(word.start)
        for word in words
    )


@lru_cache(maxsize=64)
def _article_words(article: str) -> list[Word]:
    return _words(article)


@lru_cache(maxsize=64)
def _placed(article: str) -> frozenset[str]:
    """Folded names that an article gives to places."""
    return unlisted.places_in(article, _article_words(article))


@lru_cache(maxsize=64)
def _names(article: str) -> list[list[Word]]:
    """The words of each name found in an article."""
    words = _article_words(article)
    starts = [word.start for word in words]
    spans = _spans(article, words, False, _placed(article))
    return [words[bisect_left(starts, start) : bisect_left(starts, end)] for start, end in spans]


def known_names(article: str) -> frozenset[str]:
    """The folded words of the names found in an article that name nothing else."""
    lists = _lists()
    inside = {word.key for name in _names(article) for word in name if len(word.key) > 2}
    return frozenset(inside - lists["connectives"] - lists["never"])


def known_pairs(article: str) -> frozenset[tuple[str, str]]:
    """The last two folded words of each name found in an article."""
    return frozenset((name[-2].key, name[-1].key) for name in _names(article) if len(name) > 2 and name[-2].capital)


def _pairs(
    text: str, words: list[Word], known: frozenset[tuple[str, str]], spans: list[tuple[int, int]]
) -> list[tuple[int, int]]:
    """Two surnames in a row that end a name found elsewhere in the article, though each may be a place's."""
    lists = _lists()
    covered = _covering(spans)
    found = []
    for at, (one, other) in enumerate(pairwise(words)):
        if (one.key, other.key) in known and one.capital and other.capital and _JOIN.fullmatch(text[one.end : other.start]):
            name = f"{one.key} {other.key}"
            if name in lists["toponyms"] or _kind_before(text, words, at, lists):
                continue
            if not covered(one.start):
                found.append((one.start, other.end - other.text.endswith(".") * _ends(other)))
    return found


def _words(text: str) -> list[Word]:
    return [Word(m.start(), m.end(), m[0], _fold(m[0].rstrip("."))) for m in _WORD.finditer(text)]


def _shouted(words: list[Word]) -> bool:
    """Whether a text is all in capitals, or a headline in which most words begin with one."""
    long = [word for word in words if len(word.key) > 3]
    return len(long) >= 3 and sum(word.capital for word in long) >= 0.85 * len(long)


def _spans(text: str, words: list[Word], shouted: bool, placed: frozenset[str]) -> list[tuple[int, int]]:
    """Names that their own words and the words around them give away. `placed`: names that the article gives to places."""
    lists = _lists()
    found: list[tuple[int, int]] = []
    at = 0
    while at < len(words):
        run = _run(text, words, at, lists)
        if not run:
            at += 1
            continue
        place = _toponym(text, words, at, run, lists)
        if place:
            at += place
            continue
        last = at + len(run)
        kept = _name_in(text, words, at, last, lists, shouted)
        if kept:
            first, end = kept
            if first - 2 >= at and words[first - 1].key in ("y", "e") and words[first - 2].key in lists["given"]:
                first -= 2 * (first < 3 or words[first - 3].key not in unlisted.lists()["place_before"])
            first = _surnames_first(text, words, _backwards(text, words, at, first, lists), lists)
            found.append((words[first].start, words[end - 1].end - words[end - 1].text.endswith(".") * _ends(words[end - 1])))
            at = max(end, at + 1)
        elif unknown := _unlisted(text, words, at, last, lists, placed, found, shouted):
            first, end = unknown
            found.append((words[first].start, words[end - 1].end - words[end - 1].text.endswith(".") * _ends(words[end - 1])))
            at = max(end, at + 1)
        else:
            at = last
    return found + _lower_after_cue(text, lists)


def _unlisted(
    text: str,
    words: list[Word],
    at: int,
    last: int,
    lists: dict[str, Any],
    placed: frozenset[str],
    found: list[tuple[int, int]],
    shouted: bool,
) -> tuple[int, int] | None:
    """The first part of a run of capitalised words, up to an "y", that the words around it show to be a person's name."""
    first = at
    while first < last:
        while first < last and not words[first].capital:
            first += 1
        if words[first].text in ("San", "Santa", "Santo", "Los", "Las") or (first and words[first - 1].text in ("Los", "Las")):
            return None
        first = unlisted.without_posts(words, first, last)
        end = first
        while end < last and words[end].key not in ("y", "e"):
            end += 1
        while end > first and words[end - 1].key in lists["connectives"]:
            end -= 1
        if first >= end:
            return None
        after_name = bool(found) and len(text[found[-1][1] : words[first].start].strip(" ,ye")) == 0
        if shouted:
            for begin in range(first, end):
                if begin and words[begin - 1].key in ("a", "contra", "de", "por", "con"):
                    ends = unlisted.shouted_person(words, begin, end)
                    if ends and not _kind_before(text, words, begin, lists):
                        return begin, ends
        elif (
            unlisted.person(text, words, first, end, after_name=after_name, placed=placed)
            and not _kind_before(text, words, first, lists)
            and not _kind_before(text, words, at, lists)
        ):
            return first, end
        first = end + 1
    return None


def _toponym(text: str, words: list[Word], at: int, run: list[Word], lists: dict[str, Any]) -> int:
    """How many words from here on are a district's or province's name of several words, which no other name goes on."""
    for count in range(min(len(run), 6), 1, -1):
        if " ".join(word.key for word in run[:count]) in lists["toponyms"]:
            after = run[count] if count < len(run) else None
            named = after is not None and (after.key in lists["surnames"] or after.key in lists["given"])
            aged = _AGE.match(text, run[count - 1].end) is not None
            owned = at > 1 and words[at - 1].key == "de" and words[at - 2].key in unlisted.lists()["relatives"]
            return 0 if named or aged or owned or _cued(text, words, at, lists) else count
    return 0


def _surnames_first(text: str, words: list[Word], first: int, lists: dict[str, Any]) -> int:
    """Where a name begins whose surnames stand before a comma ("Quispe Mamani, Juan")."""
    begin = first
    while begin > 0 and first - begin < 3 and words[begin - 1].capital and words[begin - 1].key not in lists["never"]:
        between = text[words[begin - 1].end : words[begin].start]
        if not (between == ", " if begin == first else _JOIN.fullmatch(between)):
            break
        begin -= 1
    surnames = words[begin:first]
    known = any(word.key in lists["surnames"] for word in surnames) and not any(
        word.key in lists["toponyms"] or word.key in lists["places"] for word in surnames
    )
    return begin if known and len(surnames) > 1 else first


def _backwards(text: str, words: list[Word], at: int, first: int, lists: dict[str, Any]) -> int:
    """Where a name begins whose first words no list holds, in the run of capitalised words from `at` on."""
    begin = first
    while begin > at:
        if not words[begin - 1].capital:
            if begin - 2 < at or words[begin - 2].key not in lists["surnames"]:
                break
            begin -= 2
            continue
        key = words[begin - 1].key
        if key in lists["never"] or key in lists["places"] or key in lists["toponyms"] or unlisted.is_post(key):
            return first
        begin -= 1
    if begin == first:
        return first
    if begin == 0:
        return 0 if (first == 1 and unlisted.is_surname(words[first].key)) or unlisted.is_given(words[0].key) else first
    if words[begin - 1].capital or not _JOIN.fullmatch(text[words[begin - 1].end : words[begin].start]):
        return first
    return first if words[begin - 1].key in unlisted.lists()["place_before"] else begin


def _ends(word: Word) -> int:
    """1 where a full stop after a word ends the sentence rather than an initial."""
    return int(len(word.key) > 1)


def _run(text: str, words: list[Word], at: int, lists: dict[str, Any]) -> list[Word]:
    """Capitalised words in a row from here on, with connectives between them."""
    if not words[at].capital:
        return []
    run = [words[at]]
    pending: list[Word] = []
    for word in words[at + 1 : at + 12]:
        previous = pending[-1] if pending else run[-1]
        between = text[previous.end : word.start]
        if not _JOIN.fullmatch(between) and not _nicknamed(text, run, previous, word, lists):
            break
        if previous.text.endswith(".") and len(previous.key) > 2 and previous.key not in ("vda", "sta", "sto"):
            break
        if word.capital:
            run += [*pending, word]
            pending = []
        elif word.key in lists["connectives"] and len(pending) < 3:
            pending.append(word)
        else:
            break
    return run


def _nicknamed(text: str, run: list[Word], previous: Word, word: Word, lists: dict[str, Any]) -> bool:
    """Whether a nickname in quotation marks begins or ends between two words of a name ("Luis “Puca” Tamariz")."""
    between = text[previous.end : word.start]
    if _OPENS.fullmatch(between):
        named = previous.key in lists["given"] or previous.key in lists["surnames"]
        return named and _QUOTED.match(text, previous.end) is not None
    return _CLOSES.fullmatch(between) is not None and any(
        _OPENS.fullmatch(text[one.end : other.start]) for one, other in pairwise(run[-4:])
    )


def _name_in(text: str, words: list[Word], at: int, last: int, lists: dict[str, Any], shouted: bool) -> tuple[int, int] | None:
    """The part of a run of capitalised words that is a person's name, as positions in `words`; None where there is none."""
    first = at
    while first < last and (words[first].key in lists["never"] or words[first].key in lists["connectives"]):
        if words[first].text in ("San", "Santa", "Santo"):
            break
        following = words[first + 1].key if first + 1 < last else ""
        # "Julio" and "Domingo" are names before a surname.
        if words[first].key in lists["given"] and (following in lists["surnames"] or words[first].key not in lists["never"]):
            break
        first += 1
    if first >= last:
        return None
    if first and words[first - 1].text in ("Los", "Las"):
        # A band's name.
        return None
    if _kind_before(text, words, first, lists):
        # "calle Juan Pérez" stays as far as the name goes; nothing of it is a person's.
        return None
    beyond = first
    for start in range(first, last):
        if start < beyond:
            continue
        if place := _toponym(text, words, start, words[start:last], lists):
            beyond = start + place
            continue
        word = words[start]
        if word.key in lists["places"]:
            return None
        end = _stop(words, start, last, lists)
        rest = [other for other in words[start + 1 : end] if other.key not in lists["connectives"]]
        name = " ".join(other.key for other in words[start:end])
        cued = _cued(text, words, start, lists)
        aged = _AGE.match(text, words[end - 1].end) is not None
        if all(len(other.key) == 1 for other in words[start:end]):
            continue
        given, surname = word.key.split("-")[0] in lists["given"], word.key in lists["surnames"]
        if not cued and not aged and (name in lists["toponyms"] or (len(rest) and unlisted.is_named_place(name))):
            return None
        listed = sum(other.key in lists["surnames"] or other.key in lists["given"] for other in rest)
        if cued and (word.key not in lists["never"] or (given and rest)):
            return start, end
        if given and rest and (not shouted or listed) and not _starts_place(words, start, end, lists):
            return start, end
        family = surname and bool(rest) and listed == len(rest)
        if family and not _starts_place(words, start, end, lists):
            return start, end
        if aged and (rest or given or surname) and word.key not in lists["never"]:
            return start, end
    return None


def _stop(words: list[Word], start: int, last: int, lists: dict[str, Any]) -> int:
    """Where a name that begins here ends: before a word that is no part of names, and not after a connective."""
    end = start + 1
    stops = (lists["never"] | lists["places"]) - lists["connectives"]
    given = words[start].key in lists["given"]
    while end < last and words[end].key not in ("y", "e"):
        initial = len(words[end].key) == 1 and words[end].text.endswith(".")
        # "Juan de la Torre", "Rosa Castilla Trujillo": within a name these are surnames.
        surname = given and words[end].key in lists["surnames"] and words[end].text[1:].islower()
        if words[end].key in stops and not initial and not surname:
            break
        end += 1
    while end > start + 1 and words[end - 1].key in lists["connectives"]:
        end -= 1
    return end


def _starts_place(words: list[Word], start: int, end: int, lists: dict[str, Any]) -> bool:
    """Whether the words are the beginning of a district's or province's name ("Santiago de Chuco", "San Pedro de Lloc")."""
    name = " ".join(word.key for word in words[start:end])
    return name in lists["toponyms"]


def _kind_before(text: str, words: list[Word], at: int, lists: dict[str, Any]) -> bool:
    """Whether the word before is one for a kind of street, place or institution."""
    for back in range(at - 1, max(at - 5, -1), -1):
        word = words[back]
        between = text[word.end : words[back + 1].start]
        if not re.fullmatch(r"[\s.“\"'«°º\d-]{1,8}|[ \t]", between):
            return False
        if word.key in lists["places"]:
            return True
        if word.key not in lists["connectives"] and word.key not in (
            "el",
            "joven",
            "educativa",
            "nacional",
            "privado",
            "privada",
        ):
            return False
    return False


def _cued(text: str, words: list[Word], at: int, lists: dict[str, Any]) -> bool:
    """Whether words stand before this one after which a person is named."""
    if at == 0:
        return False
    before = _fold(text[max(0, words[at].start - 45) : words[at].start]).rstrip(" ,:\"'“‘«")
    return lists["cues"].search(before) is not None


def _lower_after_cue(text: str, lists: dict[str, Any]) -> list[tuple[int, int]]:
    """Names written in small letters after "identificado como" and the like."""
    folded = _fold_same_length(text)
    found = []
    for match in lists["lower"].finditer(folded):
        names = list(re.finditer(r"[a-zñ]+", match["name"]))
        kept = 0
        for word in names:
            if word[0] in lists["given"] or word[0] in lists["surnames"]:
                kept = word.end()
            elif word[0] not in lists["connectives"]:
                break
        if kept:
            start = match.start("name")
            found.append((start, start + kept))
    return found


def _alone(text: str, words: list[Word], known: Iterable[str], spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Single words of names that are known from elsewhere in the article."""
    lists = _lists()
    names = set(known) - lists["connectives"] - lists["never"]
    covered = _covering(spans)
    found = []
    for at, word in enumerate(words):
        if not word.capital or word.key not in names or covered(word.start):
            continue
        if _kind_before(text, words, at, lists) or _inside_place(text, words, at, lists):
            continue
        found.append((word.start, word.end - word.text.endswith(".") * _ends(word)))
    return found


def _inside_place(text: str, words: list[Word], at: int, lists: dict[str, Any]) -> bool:
    """Whether a word belongs to capitalised words that are a district's or province's name, or follow a word for a place."""
    if words[at].key in lists["toponyms"]:
        if words[at].key not in lists["surnames"] | lists["given"]:
            return True
        if at and words[at - 1].key in ("en", "hacia", "desde", "hasta", "entre", "de"):
            return words[at - 1].key != "de" or at < 2 or words[at - 2].key not in unlisted.lists()["relatives"]
        if at > 1 and words[at - 1].key == "a" and words[at - 2].key in unlisted.lists()["going"]:
            return True
    if at > 1 and words[at - 1].key == "de" and unlisted.takes_place(words[at - 2].key):
        return True
    first = at
    while first > max(at - 12, 0) and _JOIN.fullmatch(text[words[first - 1].end : words[first].start]):
        if not (words[first - 1].capital or words[first - 1].key in lists["connectives"]):
            break
        first -= 1
    if any(word.key in lists["places"] for word in words[max(0, first - 1) : at]):
        return True
    last = at + 1
    while last < len(words) and last - first < 6 and _JOIN.fullmatch(text[words[last - 1].end : words[last].start]):
        if not (words[last].capital or words[last].key in lists["connectives"]):
            break
        last += 1
    return any(
        " ".join(word.key for word in words[begin:end]) in lists["toponyms"]
        for begin in range(first, at + 1)
        for end in range(at + 1, last + 1)
        if end - begin > 1
    )


def _aliases(text: str) -> list[tuple[int, int]]:
    """Nicknames after "alias", "(a)" or "conocido como", in quotation marks or capitalised, and further ones in quotation marks
    after them; in quotation marks alone after "detienen a". Names of bands ("Los …") stay."""
    lists = _lists()
    folded = _fold_same_length(text)
    found = []
    for match in lists["alias"].finditer(folded):
        if _PLACED.search(folded, max(0, match.start() - 20), match.start()):
            continue
        quoted = _QUOTED.match(text, match.end()) or _QUOTED.match(text, match.end() + text[match.end() :].startswith(" "))
        if quoted:
            found += _quoted_list(text, quoted)
            continue
        bare = re.match(
            r"\s{1,2}(?:(?:el|la|al|de)\s)?([A-ZÁÉÍÓÚÑ][\w’'-]*(?:\s[A-ZÁÉÍÓÚÑ][\w’'-]*){0,2})",
            text[match.end() : match.end() + 60],
        )
        if bare:
            found.append((match.end() + bare.start(1), match.end() + bare.end(1)))
    for match in lists["taken"].finditer(folded):
        quoted = _QUOTED.match(text, match.end())
        if quoted and quoted[1][:1].isupper() and len(quoted[1].split()) < 4:
            found += _quoted_list(text, quoted)
    for quoted in _NICKNAME.finditer(text):
        before = re.search(r"(\w+),?\s$", text[max(0, quoted.start() - 25) : quoted.start()])
        post = before is not None and unlisted.is_person_noun(_fold(before[1]))
        if unlisted.is_nickname(_fold(quoted[1]), quoted["verb"], post=post):
            found.append(quoted.span(1))
    return [(start, end) for start, end in found if not _BAND.match(text[start:end])]


def _quoted_list(text: str, quoted: re.Match[str]) -> list[tuple[int, int]]:
    """A nickname in quotation marks and those that follow it after commas and "y"."""
    found = [quoted.span(1)]
    while further := _FURTHER.match(text, quoted.end()):
        following = _QUOTED.match(text, further.end())
        if following is None or len(found) > 30:
            break
        quoted = following
        found.append(quoted.span(1))
    return found


def _is_place(text: str, start: int, end: int) -> bool:
    words = _words(text)
    lists = _lists()
    inside = [index for index, word in enumerate(words) if start <= word.start < end]
    if not inside:
        return True
    name = " ".join(words[index].key for index in inside)
    if name in lists["toponyms"] or all(words[index].key in lists["never"] for index in inside):
        return True
    return any(_kind_before(text, words, index, lists) or words[index].key in lists["places"] for index in inside[:1])


@cache
def _model() -> Any:
    """An installed Spanish model with a recogniser of names, else None."""
    for name in ("es_core_news_lg", "es_core_news_md", "es_core_news_sm"):
        if find_spec(name) is not None:
            import spacy

            return spacy.load(name, exclude=["parser", "lemmatizer", "attribute_ruler", "morphologizer"])
    return None


def _by_model(text: str) -> list[tuple[int, int]]:
    model = _model()
    if model is None:
        return []
    return [(entity.start_char, entity.end_char) for entity in model(text[:5000]).ents if entity.label_ == "PER"]


def _covering(spans: Iterable[tuple[int, int]]) -> Callable[[int], bool]:
    """Whether a position lies in one of the spans."""
    merged = _merged(spans)
    starts = [start for start, _ in merged]

    def covered(position: int) -> bool:
        at = bisect_right(starts, position) - 1
        return at >= 0 and position < merged[at][1]

    return covered


def _merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        elif end > start:
            merged.append((start, end))
    return merged


@lru_cache(maxsize=65_536)
def _fold(text: str) -> str:
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def _fold_same_length(text: str) -> str:
    """Folded text in which every character stands where it stood."""
    return text.translate(_one_to_one())


@cache
def _one_to_one() -> dict[int, str]:
    """Latin letters in lower case without their marks, each as one character."""
    letters = {code: _fold(chr(code))[:1] for code in range(0x250) if chr(code).isalpha()}
    return {code: letter for code, letter in letters.items() if len(letter) == 1}


@cache
def _lists() -> dict[str, Any]:
    content = tomllib.loads((_DATA / "persons.toml").read_text(encoding="utf-8"))
    lists: dict[str, Any] = {name: frozenset(_fold(content[name]).split()) for name in ("given", "surnames", "places", "never")}
    lists["places"] = frozenset(word.rstrip(".") for word in lists["places"])
    lists["connectives"] = frozenset(content["connectives"])
    lists["surnames"] -= lists["connectives"]
    cues = "|".join(re.escape(_fold(cue)) for cue in sorted(content["cues"], key=len, reverse=True))
    lists["cues"] = re.compile(rf"(?<!\w)(?:{cues})(?:\s(?:pnp|de la pnp|policia))?$")
    strong = "|".join(
        re.escape(_fold(cue)) for cue in content["cues"] if "identific" in cue or "nombre" in cue or "apellid" in cue
    )
    lists["lower"] = re.compile(rf"(?<!\w)(?:{strong})\s*[:,]?\s(?P<name>[a-zñ]+(?:\s[a-zñ]+){{1,6}})")
    for name in ("alias", "taken"):
        words = "|".join(re.escape(_fold(word)) for word in sorted(content[name], key=len, reverse=True))
        lists[name] = re.compile(rf"(?<!\w)(?:{words})(?!\w)")
    lists["toponyms"] = _toponyms()
    return lists


def _toponyms() -> frozenset[str]:
    """Folded names of Peru's departments, provinces and districts, and what people call them."""
    import csv

    names: set[str] = set()
    with (_DATA / "gazetteer" / "districts.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(line for line in file if not line.startswith("#")):
            names |= {_fold(row[column] or "") for column in ("department", "province", "district", "capital")}
    with (_DATA / "gazetteer" / "aliases.csv").open(encoding="utf-8", newline="") as file:
        names |= {_fold(row["alias"] or "") for row in csv.DictReader(line for line in file if not line.startswith("#"))}
    return frozenset(names - {""})
