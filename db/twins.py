"""One agency's text under two addresses of a newspaper, nearly the same: another credit, a dateline, a slip corrected.

Candidates come from a MinHash signature cut into bands (Broder 1997; Leskovec, Rajaraman, Ullman: Mining of Massive Datasets,
3.4), and count only where nothing that the later text says is new: a folded text is lost, so in doubt both are kept.
"""

from __future__ import annotations

import hashlib
import re
import struct
import tomllib
import unicodedata
from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path

from rensa import RMinHash

PATH = Path(__file__).with_name("twins.toml")
BANDS = 8
ROWS = 8
"""Eight bands of eight: of two texts that share 0.9 of their word sequences 99 in 100 meet in a band, of 0.6 one in eight."""
SEED = 20_251_123
SHINGLE = 4
"""Words of one sequence."""
LEAST = 60
"""Words below which a text is a phrase that many articles may share."""
MOST = 4000
"""Words that are compared."""
SENTENCE = 12
"""Words in a row that one text lacks, from which on it was shortened by sentences and not changed."""
ADDED = 12
"""Words that a credit or dateline has at most."""
_WORD = re.compile(r"\w+")
_MARKS = re.compile(r"[\u0300-\u036f]")


def likeness(text: str) -> list[int]:
    """The bands of a text's signature, as integers that SQLite holds; empty where the text is too short to be known by."""
    words = _WORD.findall(text.casefold())[:MOST]
    if len(words) < LEAST:
        return []
    signature = RMinHash(num_perm=BANDS * ROWS, seed=SEED)
    signature.update([" ".join(words[n : n + SHINGLE]) for n in range(len(words) - SHINGLE + 1)])
    digest = signature.digest()
    bands = (struct.pack(f"<B{ROWS}Q", n, *digest[n * ROWS : (n + 1) * ROWS]) for n in range(BANDS))
    return [int.from_bytes(hashlib.blake2b(band, digest_size=8).digest(), "little", signed=True) for band in bands]


def adds_nothing(later: str, known: str) -> bool:
    """Whether a text says nothing that a known one does not say.

    It may leave out what the other has. What it adds or changes may only be grammar, spelling, and, at either end, who wrote it
    and where: no number or name, no other word.
    """
    new, old = _WORD.findall(later)[:MOST], _WORD.findall(known)[:MOST]
    a, b = [fold(word) for word in old], [fold(word) for word in new]
    for kind, i1, i2, j1, j2 in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if kind == "equal" or (kind == "delete" and i2 - i1 >= SENTENCE):
            continue
        if i2 - i1 == j2 - j1 and all(_misspelt(*pair) for pair in zip(a[i1:i2], b[j1:j2], strict=True)):
            continue
        at_end = j1 == 0 or j2 == len(b)
        if j2 - j1 > ADDED or not all(_harmless(word, at_end) for word in new[j1:j2]):
            return False
        if not at_end and not all(_harmless(word, False) for word in old[i1:i2]):
            return False  # "no fue hallado" → "fue hallado"
    return True


def fold(word: str) -> str:
    """A word in small letters without accents."""
    return _MARKS.sub("", unicodedata.normalize("NFD", word.casefold()))


@cache
def _words() -> frozenset[str]:
    return frozenset(map(fold, tomllib.loads(PATH.read_text(encoding="utf-8"))["harmless"]))


def _harmless(word: str, at_end: bool) -> bool:
    return fold(word) in _words() or (at_end and (word[0].isupper() or word.isdigit()))


def _misspelt(one: str, other: str) -> bool:
    """Whether two long words differ by one letter, wrong, missing or doubled; the ending tells who did what and stays."""
    if min(len(one), len(other)) < 6 or abs(len(one) - len(other)) > 1 or one[-2:] != other[-2:] or one[0] != other[0]:
        return False
    if one.isdigit() or other.isdigit():
        return False
    changes = [step for step in SequenceMatcher(None, one, other, autojunk=False).get_opcodes() if step[0] != "equal"]
    return len(changes) == 1 and max(changes[0][2] - changes[0][1], changes[0][4] - changes[0][3]) == 1


def bands_of(source: str, bands: Sequence[int]) -> list[int]:
    """The bands of a text as one newspaper's, so that no other's is found by them."""
    mark = int.from_bytes(hashlib.blake2b(source.encode(), digest_size=8).digest(), "little", signed=True)
    return [band ^ mark for band in bands]
