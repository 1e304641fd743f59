"""What is left out of the public database: house numbers, identity cards, telephones and plates, the schools of minors, what
would show victims of sexual violence, and more of a newspaper's text than a quotation."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

PATH = Path(__file__).with_name("privacy.toml")
QUOTE_LIMIT = 300
"""Characters of an evidence sentence: a quotation, not a republication."""
WORDS_LIMIT = 120
_ELLIPSIS = "…"


def without_house_number(street: str | None, *, bare: bool = True) -> str | None:
    """A street or place without what singles out a house in it; None where nothing else is left. With `bare` also without
    a number at its end that nothing announces, as streets have it; a place ("barrio 3") keeps that.

    >>> without_house_number("jirón Pizarro N.° 450"), without_house_number("cuadra 5 de la avenida España")
    ('jirón Pizarro', 'cuadra 5 de la avenida España')
    """
    if not street:
        return None
    announced, at_end, begins_street = _patterns()
    text = announced.sub(" ", " ".join(street.split()))
    if bare or begins_street.match(text):
        text = at_end.sub("", text)
    text = re.sub(r"\s+([,;])", r"\1", " ".join(text.split()))
    text = re.sub(r"([,;])(?:\s*[,;])+", r"\1", text)
    text = text.strip(" ,;-–—/")
    if text.split()[:1] != street.split()[:1]:
        text = re.sub(r"^(?:de|del|en|y)\s(?:la\s|el\s|los\s|las\s)?", "", text)
    return text if any(character.isalpha() for character in text) else None


def without_addresses(sentence: str | None, *, minor: bool = False) -> str | None:
    """A sentence without the numbers of houses, plots, flats, identity cards, telephones and plates, and where it speaks of
    a minor, or what it is taken from does (`minor`), without the names of schools; "[…]" stands where one was.

    >>> without_addresses("Ocurrió en jirón Pizarro 450, Mz. B Lt. 5, frente al colegio N.° 80891.")
    'Ocurrió en jirón Pizarro […], […], frente al colegio N.° 80891.'
    """
    if not sentence:
        return sentence
    rules = _rules()

    def numbered(match: re.Match[str]) -> str:
        before = sentence_before(match)
        return match[0] if any(word in rules["numbered_institution"] for word in before) else "[…]"

    def sentence_before(match: re.Match[str]) -> list[str]:
        return [word.strip(" ,;:()").casefold() for word in match.string[: match.start()].split()[-3:]]

    text = sentence
    for pattern in rules["identifiers"]:
        text = pattern.sub("[…]", text)
    if minor or speaks_of_minor(sentence):
        # The initials of "I. E. 80891" may have been taken for a person's.
        text = re.sub(r"(?<=\])\s?\d{3,6}\b", " […]", rules["school"].sub(r"\g<school> […]", text))
    text = rules["plot"].sub("[…]", text)
    text = rules["number"].sub(numbered, text)
    text = rules["bare"].sub(lambda match: f"{match['street']} […]", text)
    text = rules["lives"].sub(lambda match: f"{match['street']} […]", text)
    return re.sub(r"\[…\](?:[\s,;y-]{0,3}\[…\])+", "[…]", text)


def is_home(place: str | None) -> bool:
    """Whether a named place is somebody's home ("casa de …")."""
    first = (place or "").split()
    return bool(first) and first[0].casefold() in _rules()["home"]


def is_sexual(kind: str, *texts: str | None) -> bool:
    """Whether a type is sexual violence or a text tells of some."""
    rules = _rules()
    return kind in rules["sexual_types"] or any(rules["sexual"].search(text) for text in texts if text)


def speaks_of_minor(text: str | None) -> bool:
    """Whether a text speaks of somebody under age.

    >>> speaks_of_minor("Hirieron a una escolar (14)."), speaks_of_minor("Le dieron 12 años de cárcel.")
    (True, False)
    """
    if not text:
        return False
    rules = _rules()
    ages = (int(match["years"] or match["bracket"]) for match in rules["age"].finditer(text))
    return rules["minor"].search(text) is not None or any(0 < age < 18 for age in ages)


def tells_of_minor(kind: str, sentences: Iterable[str | None], opening: str) -> bool:
    """Whether an incident concerns somebody under age: its headline and deciding `sentences` say so or, for crimes against
    persons, the `opening` of the article."""
    if any(speaks_of_minor(sentence) for sentence in sentences):
        return True
    return kind not in _rules()["things"] and speaks_of_minor(opening)


def names_school(place: str | None) -> bool:
    """Whether a named place is a school, a nursery or a home for children."""
    return bool(place) and _rules()["is_school"].match(place or "") is not None


def tells_of_home(sentence: str | None) -> bool:
    """Whether the sentence that decided a place puts the incident in somebody's home."""
    return bool(sentence) and _rules()["home_words"].search(sentence or "") is not None


def names_owner(place: str | None) -> bool:
    """Whether a place is called after a private person: "bodega de doña …", "casa de …"."""
    return is_home(place) or (bool(place) and _rules()["owners"].search(place or "") is not None)


def quotation(sentence: str | None, words: str | None = None, limit: int = QUOTE_LIMIT) -> str | None:
    """A sentence in at most `limit` characters, cut between words with "…" and around `words` where it holds them."""
    text = " ".join((sentence or "").split())
    if not text:
        return None
    if len(text) <= limit:
        return text
    wanted = " ".join((words or "").split())
    at = text.find(wanted) if wanted else -1
    start = 0
    if at >= 0 and at + len(wanted) > limit - 1:
        start = max(0, min(at, len(text) - 1) - max(0, (limit - len(wanted)) // 2))
        space = text.find(" ", start, at + 1)
        start = space + 1 if start and space >= 0 else start
    head = _ELLIPSIS if start else ""
    room = limit - len(head)
    if len(text) - start <= room:
        return head + text[start:]
    end = text.rfind(" ", start + 1, start + room)
    end = end if end > start else start + room - 1
    return head + text[start:end].rstrip(" ,;:") + _ELLIPSIS


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    content = tomllib.loads(PATH.read_text(encoding="utf-8"))
    house = "|".join(re.escape(word) for word in sorted(content["house"], key=len, reverse=True))
    value = r"""["'“”‘’]?(?:\d[\d.\-]*\s?-?\s?[a-z]?|(?-i:[A-ZÑ])['´]?-?\d*)(?:["'“”‘’]|(?!\w))"""
    announced = re.compile(rf",?\s*(?<!\w)(?:{house})(?:\s?[.°º:])*\s*{value}", re.IGNORECASE)
    keep = "".join(rf"(?<!\b{re.escape(word)})(?<!\b{re.escape(word)}\.)" for word in content["not_a_house"])
    bare = re.compile(rf"{keep},?\s+\d{{1,5}}(?:\s?-\s?[\da-z]{{1,4}}|[a-z])?(?=\s*(?:[,;(]|$))", re.IGNORECASE)
    streets = "|".join(re.escape(word) for word in sorted(content["street"], key=len, reverse=True))
    return announced, bare, re.compile(rf"(?:{streets})\.?\s", re.IGNORECASE)


@cache
def _rules() -> dict[str, Any]:
    content = tomllib.loads(PATH.read_text(encoding="utf-8"))

    def any_of(name: str) -> str:
        return "|".join(re.escape(word) for word in sorted(content[name], key=len, reverse=True))

    value = r"""["'“”‘’]?(?:\d[\d.]*(?:\s?-\s?[\dA-Za-z]{1,3})?[A-Za-z]?\b|(?-i:[A-ZÑ])['´]?-?\d*\b)["'“”‘’]?"""
    digits = r"\d[\d.]*(?:\s?-\s?[\dA-Za-z]{1,3}\b)?[A-Za-z]?\b"
    before_age = "".join(rf"(?<!\b{re.escape(word)}\s)" for word in content["no_age_before"])
    name = r"(?:(?-i:[A-ZÁÉÍÓÚÑ])[\w.´’-]*|\d{1,2}\sde\s(?-i:[A-ZÁÉÍÓÚÑ])\w+|de|del|la|las|los|el|y|san|santa)"
    return {
        "plot": re.compile(rf"(?<!\w)(?:{any_of('plot')})(?:\s?[.°º:])*\s*{value}", re.IGNORECASE),
        "number": re.compile(rf"(?<!\w)(?:{any_of('number_sign')})(?:\s?[.°º:])*\s*{digits}", re.IGNORECASE),
        "bare": re.compile(
            rf"(?P<street>(?<!\w)(?:{any_of('street')})\.?(?:\s{name}){{1,6}}),?\s\d{{2,5}}(?:\s?-\s?\w{{1,3}}\b|[A-Za-z]\b)?"
            r"(?!\w)(?!\sde\s(?-i:[A-ZÁÉÍÓÚÑ]))",
            re.IGNORECASE,
        ),
        "school": re.compile(
            rf"(?P<school>(?<!\w)(?:{any_of('school')}))\s+(?:[nN][.°º]*\s*)?[\"“«]?(?:(?-i:[A-ZÁÉÍÓÚÑ])[\w.’-]*|\d+)"
            r"(?:\s(?:(?:de|del|la|las|los|el|y)\s){0,2}(?:(?-i:[A-ZÁÉÍÓÚÑ])[\w’-]*|\d+)){0,6}[\"”»]?",
            re.IGNORECASE,
        ),
        "lives": re.compile(
            rf"(?P<street>(?<!\w)(?:{any_of('lives')})(?:\s{name}){{1,6}}),?\s\d{{2,5}}(?:\s?-\s?\w{{1,3}}\b|[A-Za-z]\b)?"
            r"(?!\w)(?!\sde\s(?-i:[A-ZÁÉÍÓÚÑ]))",
            re.IGNORECASE,
        ),
        "sexual": re.compile(rf"\b(?:{any_of('sexual_words')})", re.IGNORECASE),
        "minor": re.compile(rf"\b(?:{any_of('minor_words')})", re.IGNORECASE),
        "age": re.compile(
            rf"(?:{before_age}|(?<=\bniños de\s)|(?<=\bde\s))\b(?P<years>\d{{1,2}}) años(?!\s(?:{any_of('no_age_after')}))"
            r"|\((?P<bracket>\d{1,2})(?: años)?\)",
            re.IGNORECASE,
        ),
        "is_school": re.compile(rf"(?:el |la )?(?:{any_of('school')})(?!\w)", re.IGNORECASE),
        "home_words": re.compile(rf"(?<!\w)(?:{any_of('home_words')})(?!\w)", re.IGNORECASE),
        "owners": re.compile(rf"(?<!\w)(?:{any_of('owners')})\.?\s(?-i:[A-ZÁÉÍÓÚÑ])", re.IGNORECASE),
        "identifiers": [re.compile(pattern) for pattern in content["identifiers"]],
        **{key: set(content[key]) for key in ("numbered_institution", "home", "sexual_types", "things")},
    }
