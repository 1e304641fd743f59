"""Names of persons that no list holds, told by the words around them.

A sentence writes a capital for persons, places and institutions alone. What is known for a place or an institution, what stands
after "en" or an article, and what the same article writes after a word for a place, is none; what stands after a word for
what one is ("el testigo …", "la turista alemana …"), after "a", or before a verb that persons do, is one.
The words are in `data/persons.toml`.
"""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nlp.gazetteer import Gazetteer
from nlp.gazetteer import fold as fold_place

if TYPE_CHECKING:
    from nlp.persons import Word

_DATA = Path(__file__).with_name("data")
_PAST = re.compile(r"(?:[aeiou]ba|i[oó]|[bcdfghjklmnñpqrstvxyz]o|[oia]ron|aban|ian|ia|aria|eria|iria)$")
_SPACE = re.compile(r"[ \t\u00a0]{1,3}$")
_APPOSED = re.compile(r"[ \t]?[,:][ \t]?[\"“«'‘]?$")


@lru_cache(maxsize=65_536)
def sound(key: str) -> str:
    """How a folded name sounds, so that its many spellings are one ("yeferson", "jefferson", "yeferzon").

    >>> sound("jhoselyn") == sound("yoselin"), sound("fiorella") == sound("fiorela")
    (True, True)
    """
    text = re.sub(r"(.)\1+", r"\1", key.replace("ph", "f").replace("ll", "l"))
    text = re.sub(r"^(?:jh|j(?=[eio])|g(?=[ei])|y)", "i", text).replace("ch", "$").replace("h", "").replace("$", "ch")
    text = text.replace("qu", "k").replace("ck", "k").replace("z", "s").replace("v", "b").replace("y", "i").replace("w", "u")
    text = re.sub(r"c(?=[ei])", "s", text)
    text = re.sub(r"c(?!h)", "k", text)
    text = re.sub(r"(?<=[aeo])m$", "n", text).replace("ie", "e").replace("x", "ks")
    return re.sub(r"(.)\1+", r"\1", text)


def is_given(key: str) -> bool:
    """Whether a folded word is a given name, also in a spelling of its own."""
    words = lists()
    if key in words["given"]:
        return True
    return len(key) > 4 and sound(key) in words["sounds"] and key not in words["common"] and not _plain(key)


def is_surname(key: str) -> bool:
    """Whether a folded word is a surname of the list, or made like one."""
    words = lists()
    if key in words["surnames"]:
        return True
    return len(key) > 4 and key not in words["common"] and bool(words["affixes"].search(key))


def _plain(key: str) -> bool:
    """Whether a folded word is made like a common noun or a verb ("organizacion", "vulnerables", "tenian")."""
    words = lists()
    return key not in words["given"] and key not in words["surnames"] and bool(words["plain"].search(key))


def person(text: str, words: Sequence[Word], start: int, end: int, *, after_name: bool, placed: frozenset[str]) -> bool:
    """Whether capitalised words, `start` to `end`, are a person's name. `after_name`: a name stands right before, with "y" or
    a comma between; `placed`: names that the article gives to places."""
    data = lists()
    core = [word for word in words[start:end] if word.key not in data["connectives"]]
    name = " ".join(word.key for word in words[start:end])
    if (
        not core
        or name in placed
        or known_place(name)
        or any(word.key in data["institutions"] or word.key in data["common"] or _plain(word.key) for word in core)
    ):
        return False
    capitals = [word for word in core if word.text.isupper() and len(word.key) > 1]
    if (capitals and ((len(core) < 2 and not after_name) or not any(is_given(word.key) for word in capitals))) or all(
        len(word.key) < 3 for word in core
    ):
        return False
    likely = sum(is_given(word.key) or is_surname(word.key) for word in core)
    before = words[start - 1] if start else None
    between = text[before.end if before else 0 : words[start].start]
    if before is None or not (_SPACE.fullmatch(between) or _APPOSED.fullmatch(between)):
        return _begins(text, words, core, likely, start, end)
    led = before.key in data["person_before"]
    if before.capital and not led and before.key not in data["connectives"] and _SPACE.fullmatch(between):
        return False
    apposed = _APPOSED.fullmatch(between) is not None
    if before.key in data["place_before"] and not apposed:
        return False
    if _role_before(words, start - 1, text, apposed=apposed):
        return not _past(core[0])
    first = core[0]
    alone = len(core) == 1
    if after_name and (before.key in ("y", "e") or apposed) and (not alone or likely or not apposed):
        return True
    if alone and (not is_given(first.key) or first.key in data["ambiguous"] or known_place(first.key)):
        return False
    if alone and before.key not in data["person_before"]:
        return not apposed or _acts(words, end, text)
    free = not alone and first.key not in data["never_first"] and first.key not in data["roles"]
    if apposed:
        closed = re.match(r"\s?[,;(]", text[words[end - 1].end :]) is not None
        return not before.capital and free and ((bool(likely) and closed) or _acts(words, end, text))
    if before.key in data["person_before"]:
        return bool(likely) or (free and before.key in data["person_only"])
    if before.key == "de":
        noun = words[start - 2].key if start > 1 else ""
        owned = free and noun in data["owned"]
        placed_noun = noun in data["place_nouns"] or noun in data["kinds"] or noun in data["roles"]
        return owned or (bool(likely) and (free or is_given(first.key)) and not placed_noun)
    if before.key in data["connectives"] or before.key in data["kinds"]:
        return False
    return free and (bool(likely) or _PAST.search(before.key) is not None)


def shouted_person(words: Sequence[Word], start: int, end: int) -> int:
    """Where a name ends that begins a run of words in a text in capitals, 0 where none does: a given name and words up to the
    last listed one, or after "A" the word that follows it."""
    data = lists()
    if start + 1 >= end or not is_given(words[start].key) or words[start].key in data["institutions"]:
        return 0
    last = start
    for at in range(start + 1, min(start + 6, end)):
        key = words[at].key
        if key in data["institutions"] or _plain(key):
            break
        if is_given(key) or is_surname(key):
            last = at
    if last > start and not known_place(" ".join(word.key for word in words[start : last + 1])):
        return last + 1
    return 0


def is_person_noun(key: str) -> bool:
    """Whether a folded noun says what a person is."""
    return key in lists()["roles"] or key in lists()["nationalities"]


def is_nickname(key: str, verb: str, *, post: bool) -> bool:
    """Whether a folded word in quotation marks is what one is called: a given name, what stands after a word for what one is
    (`post`), or does something."""
    data = lists()
    if key in data["institutions"] or key in data["toponyms"] or _plain(key):
        return False
    return is_given(key) or post or verb in data["verbs"] or (len(verb) > 3 and verb.endswith(("ó", "aba", "ía")))


def takes_place(key: str) -> bool:
    """Whether "de" after a folded noun leads to a place ("vecina de …")."""
    data = lists()
    return (key in data["roles"] or key in data["place_nouns"]) and key not in data["relatives"]


def is_post(key: str) -> bool:
    """Whether a folded word says what one is."""
    data = lists()
    return key in data["roles"] or key in data["nationalities"] or key in data["institutions"] or _plain(key)


def without_posts(words: Sequence[Word], first: int, last: int) -> int:
    """Where a run of capitalised words goes on after the posts and common words with which it begins ("Alcaldesa de …")."""
    data = lists()
    while first < last and (
        words[first].key in data["roles"]
        or words[first].key in data["place_nouns"]
        or (words[first].key in data["person_before"] and not words[first].text.endswith("."))
        or not words[first].capital
    ):
        if is_given(words[first].key) or is_surname(words[first].key):
            break
        first += 1
    return min(first, last)


def places_in(text: str, words: Sequence[Word]) -> frozenset[str]:
    """Folded names that an article gives to places: what follows a word for a place, or "en" in the middle of a sentence."""
    data = lists()
    found = set()
    for at, word in enumerate(words[:-1]):
        following = words[at + 1]
        if word.key not in data["places"] and (word.key not in ("en", "hacia", "desde") or word.capital):
            continue
        begin = at + 1
        while begin < len(words) and begin < at + 4 and not words[begin].capital and words[begin].key in data["articles"]:
            begin += 1
        if begin >= len(words) or not words[begin].capital or len(text[word.end : following.start]) > 3:
            continue
        end = begin + 1
        while end < len(words) and end < begin + 6 and _SPACE.fullmatch(text[words[end - 1].end : words[end].start]):
            if not (words[end].capital or words[end].key in data["connectives"]):
                break
            end += 1
        while not words[end - 1].capital:
            end -= 1
        found.add(" ".join(each.key for each in words[begin:end]))
    return frozenset(found)


def is_named_place(name: str) -> bool:
    """Whether a folded name is a district's, a city's or a neighbourhood's on file."""
    return bool(Gazetteer.default().named(fold_place(name)))


def known_place(name: str) -> bool:
    """Whether a folded name is one of a place of the gazetteer, down to neighbourhoods and populated places."""
    gazetteer = Gazetteer.default()
    key = fold_place(name)
    for form in (key, key.removeprefix("la ").removeprefix("el ")):
        if gazetteer.named(form):
            return True
        if (" " in form or not (is_given(form) or is_surname(form))) and (gazetteer.populated(form) or gazetteer.abroad(form)):
            return True
    return False


def _begins(text: str, words: Sequence[Word], core: Sequence[Word], likely: int, start: int, end: int) -> bool:
    """Whether words at the beginning of a sentence are a name: a given name and more, or what persons do follows."""
    data = lists()
    acts = _acts(words, end, text)
    if len(core) == 1:
        first = core[0].key
        if first in data["roles"] or first in data["nationalities"]:
            return False
        if re.match(r"\s(?:y|junto a)\ssu\s(\w+)", text[words[end - 1].end :]) and words[end + 1].key in ("su", "a"):
            return words[end + 1 + (words[end + 1].key == "a") + 1].key in data["relatives"] and not known_place(first)
        return is_given(first) and first not in data["ambiguous"] and not known_place(first) and acts
    if core[0].key in data["roles"] or core[0].key in data["nationalities"]:
        return False
    return likely > 1 or (acts and (bool(likely) or 1 < len(core) == end - start < 4))


def _acts(words: Sequence[Word], end: int, text: str) -> bool:
    """Whether the next words are what is said of a person: a verb, an age, "y" and another name."""
    data = lists()
    after = text[words[end - 1].end :][:60]
    if re.match(r"\s?,?\s?(?:\(\d{1,2}\)|de\s\d{1,2}\saños|quien(?:es)?\b|:\s?[«\"“])", after):
        return True
    if re.match(r",\s[A-ZÁÉÍÓÚÑ][\w’-]*\s?(?:,|y\b)", after) and end < len(words) and is_given(words[end].key):
        return True
    if (told := re.match(r"\s?,\s(?:el|la|su|un|una)\s(\w+)", after)) and words[end + 1].key in data["roles"] and told:
        return True
    if end >= len(words) or len(text[words[end - 1].end : words[end].start]) > 2:
        return False
    following = words[end]
    if following.key in ("no", "se", "le", "lo", "la", "les", "ya", "nunca", "tambien") and end + 1 < len(words):
        following = words[end + 1]
    if following.key in ("y", "e", "junto") and end + 1 < len(words):
        return is_given(words[end + 1].key) if words[end + 1].capital else words[end + 1].key in ("su", "sus", "a")
    if following.key in data["roles"]:
        return True
    return not following.capital and (following.key in data["verbs"] or (len(following.key) > 3 and _past(following)))


def _past(word: Word) -> bool:
    """Whether a word ends like a past tense, its accent where one is due."""
    return word.text.endswith(("ó", "aba", "ía", "aron", "ieron", "aban", "ían"))


def _role_before(words: Sequence[Word], at: int, text: str, *, apposed: bool) -> bool:
    """Whether a word for what one is stands here, or before its complements ("médico legista", "suboficial de tercera",
    "gerente de seguridad ciudadana de Trujillo,"); before "de" only a word for whose one is ("hija de …")."""
    data = lists()
    if words[at].key in data["connectives"] and not apposed:
        return at > 0 and words[at].key == "de" and words[at - 1].key in data["relatives"]
    for back in range(at, max(at - 9, -1), -1):
        word = words[back]
        if back < at and not _SPACE.fullmatch(text[word.end : words[back + 1].start]):
            return False
        if word.key in data["roles"] and not (word.capital and back):
            return back == at or apposed or word.key not in ("mayor", "general", "menor", "segundo")
        if back == at and word.key in data["nationalities"] and not word.capital:
            return True
        linked = word.key in data["role_tails"] or word.key in data["connectives"]
        named = word.key in data["toponyms"] or word.key in data["institutions"] or word.key in data["never"]
        if not (linked or named or (apposed and not _past(word))):
            return False
    return False


@cache
def lists() -> dict[str, Any]:
    """The words of `data/persons.toml` and the places' names, folded."""
    from nlp.persons import _fold, _lists

    content = tomllib.loads((_DATA / "persons.toml").read_text(encoding="utf-8"))

    def folded(name: str) -> frozenset[str]:
        return frozenset(_fold(content[name]).split())

    own = _lists()
    affixes = (
        "^(?:" + "|".join(map(re.escape, map(_fold, content["surname_beginnings"]))) + ")",
        "(?:" + "|".join(map(re.escape, map(_fold, content["surname_endings"]))) + ")$",
    )
    given = own["given"]
    return {
        **{key: own[key] for key in ("given", "surnames", "connectives", "places", "never", "toponyms")},
        "sounds": frozenset(sound(name) for name in given if len(name) > 3),
        "ambiguous": folded("given_ambiguous"),
        "roles": folded("roles"),
        "nationalities": folded("nationalities") | _demonyms(),
        "role_tails": folded("role_tails"),
        "relatives": folded("relatives"),
        "plain": re.compile("(?:" + "|".join(map(_fold, content["plain_endings"])) + ")$"),
        "place_before": folded("place_before"),
        "person_before": folded("person_before"),
        "person_only": frozenset(("a", "contra", "con", "segun", "es", "era", "son", "eran", "seria", "serian")),
        "verbs": folded("person_verbs"),
        "place_nouns": folded("place_nouns"),
        "never_first": folded("never_first"),
        "owned": folded("owned"),
        "going": folded("going"),
        "kinds": own["places"] | _kinds(),
        "common": folded("common"),
        "institutions": folded("organisations") | own["places"] | own["never"],
        "articles": frozenset(("el", "la", "los", "las", "de", "del")),
        "affixes": re.compile("|".join(affixes)),
    }


def _kinds() -> frozenset[str]:
    """Folded words for kinds of places, of `data/places.toml`."""
    kinds = tomllib.loads((_DATA / "places.toml").read_text(encoding="utf-8"))["kinds"]
    return frozenset(word for group in kinds for word in group["words"] if " " not in word and len(word) > 2)


def _demonyms() -> frozenset[str]:
    with (_DATA / "gazetteer" / "countries.csv").open(encoding="utf-8", newline="") as file:
        words = {fold_place(word) for row in csv.DictReader(file) for word in (row["demonyms"] or "").split("|")}
    with (_DATA / "gazetteer" / "demonyms.csv").open(encoding="utf-8", newline="") as file:
        words |= {fold_place(word) for row in csv.DictReader(file) for word in row["words"].split("|")}
    return frozenset(words - {""})
