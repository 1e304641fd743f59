"""What is left out of the public database: house numbers, and more of a newspaper's text than a quotation."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path

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
    announced, at_end = _patterns()
    text = announced.sub(" ", " ".join(street.split()))
    if bare:
        text = at_end.sub("", text)
    text = re.sub(r"\s+([,;])", r"\1", " ".join(text.split()))
    text = re.sub(r"([,;])(?:\s*[,;])+", r"\1", text)
    text = text.strip(" ,;-–—/")
    return text if any(character.isalpha() for character in text) else None


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
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    content = tomllib.loads(PATH.read_text(encoding="utf-8"))
    house = "|".join(re.escape(word) for word in sorted(content["house"], key=len, reverse=True))
    value = r"""["'“”‘’]?(?:\d[\d.\-]*\s?-?\s?[a-z]?|(?-i:[A-Z])['´]?-?\d*)(?:["'“”‘’]|(?!\w))"""
    announced = re.compile(rf",?\s*(?<!\w)(?:{house})(?:\s?[.°º:])*\s*{value}", re.IGNORECASE)
    keep = "".join(rf"(?<!\b{re.escape(word)})(?<!\b{re.escape(word)}\.)" for word in content["not_a_house"])
    bare = re.compile(rf"{keep},?\s+\d{{1,5}}(?:\s?-\s?[\da-z]{{1,4}}|[a-z])?(?=\s*(?:[,;(]|$))", re.IGNORECASE)
    return announced, bare
