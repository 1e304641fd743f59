"""Names-free particulars of an article's text, by which reports of one incident are told from reports of another.

Ages, amounts, weapons, vehicles, premises, kinds of victim and loot, numbers of dead, injured and attackers, and the likeness
of the text itself as a MinHash signature (Broder 1997), which `rensa` makes. No name is kept: words are kept as hashes.
The rules are in `particulars.toml`.
"""

from __future__ import annotations

import re
import struct
import tomllib
import unicodedata
import zlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from rensa import RMinHash

PATH = Path(__file__).with_name("particulars.toml")
KINDS = ("weapon", "vehicle", "role", "premises", "loot")
PERMUTATIONS = 64
SEED = 20_251_103
_OPENING = 900
"""Characters in which the dead and the injured are counted: further down an article tells of other crimes."""
_LIMIT = 20_000
_MARKS = re.compile(r"[\u0300-\u036f]")
_WORDS = 160
_AMOUNT = re.compile(
    r"(?:\b(?:s/\.?|us\$|\$)\s?(\d{1,3}(?:\s\d{3})+\b|\d[\d.,]*)(?:\s(mil|millon(?:es)?)\b)?"
    r"|\b(\d{1,3}(?:\s\d{3})+|\d[\d.,]*|[a-z]+)(?:\s(mil|millon(?:es)?)\b)?\s(?:de\s)?(?:nuevos\s)?(?:soles|dolares|pesos|euros|bolivares)\b)"
)


def fold(text: str) -> str:
    """Text for comparing: lower case, no accents, single spaces."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return " ".join(_MARKS.sub("", decomposed).split())


def particulars(headline: str, text: str) -> dict[str, Any]:
    """The particulars of an article, or of the part of it that tells one incident; only what is found has a key.

    `ages`, `amounts`: sorted lists of numbers; `weapon`, `vehicle`, `role`, `premises`, `loot`: sorted lists of groups;
    `killed`, `injured`, `attackers`: numbers; `words`: hashes of the uncommon words. Linear in the length of the text, of
    which the first 20,000 characters are read.
    """
    rules = _rules()
    folded = fold(f"{headline} . {text[:_LIMIT]}")
    opening = folded[:_OPENING]
    found: dict[str, Any] = {kind: sorted(_groups(kind, folded)) for kind in KINDS}
    found["ages"] = sorted({age for age in _values(rules["age"], folded) if 0 < age < 100})
    found["amounts"] = sorted(_amounts(folded))
    attackers = _values(rules["attackers"], opening)
    found["attackers"] = attackers[0] if attackers else None
    for harm in ("killed", "injured"):
        found[harm] = _harmed(harm, opening)
    found["words"] = _uncommon(folded)
    if len(found["premises"]) > 1:
        # Every story has a house or a road in it.
        found["premises"] = [name for name in found["premises"] if name not in ("house", "road")] or found["premises"]
    return {key: value for key, value in found.items() if value not in (None, [])}


def harm_of(kind: str, headline: str, found: dict[str, Any]) -> dict[str, Any]:
    """Particulars without the dead and the injured that an article of this type tells of by the way: where the type is none
    of those that count them, the headline must say them."""
    kept = dict(found)
    for harm, kinds in _rules()["harm"].items():
        if harm in kept and kind not in kinds and _harmed(harm, fold(headline)) != kept[harm]:
            del kept[harm]
    return kept


def tells_aftermath(headline: str) -> bool:
    """Whether a headline tells what became of those who did it: an arrest, a charge, a sentence."""
    folded = fold(headline)
    return any(pattern.search(folded) for pattern in _rules()["headline"]["follow_up"])


def signature(text: str) -> bytes:
    """MinHash signature of a text's runs of three words, for `likeness`; empty where it has fewer than 20 words."""
    words = fold(text[:_LIMIT]).split()
    if len(words) < 20:
        return b""
    sketch = RMinHash(num_perm=PERMUTATIONS, seed=SEED)
    sketch.update([" ".join(words[at : at + 3]) for at in range(len(words) - 2)])
    return struct.pack(f"<{PERMUTATIONS}I", *sketch.digest())


def likeness(one: bytes | None, other: bytes | None) -> float:
    """Estimated Jaccard likeness of the texts behind two signatures, between 0 and 1; 0 where either is empty."""
    if not one or not other or len(one) != len(other):
        return 0.0
    pairs = zip(struct.unpack(f"<{len(one) // 4}I", one), struct.unpack(f"<{len(other) // 4}I", other), strict=True)
    return sum(left == right for left, right in pairs) * 4 / len(one)


def _groups(kind: str, folded: str) -> set[str]:
    pattern, names = _lexicon(kind)
    return {names[str(match.lastgroup)] for match in pattern.finditer(folded)}


def _values(patterns: Iterable[re.Pattern[str]], folded: str) -> list[int]:
    found = sorted((match.start(), match[1]) for pattern in patterns for match in pattern.finditer(folded))
    return [value for _, text in found if (value := number(text)) is not None]


def number(text: str) -> int | None:
    """A whole number in digits or Spanish words; None for anything else."""
    if text.isdigit() and text.isascii():
        return int(text[:9])
    return _rules()["numbers"].get(text)


def _amounts(folded: str) -> set[int]:
    amounts = set()
    for match in _AMOUNT.finditer(folded):
        digits, times = (match[1], match[2]) if match[1] else (match[3], match[4])
        if digits[0].isdigit():
            whole = re.sub(r"[.,\s](?=\d{3}(?!\d))", "", digits.rstrip(".,"))
            try:
                value = float(whole.replace(",", "."))
            except ValueError:
                continue
        else:
            known = number(digits)
            if known is None and digits != "mil":
                continue
            value = 1000 if digits == "mil" else float(known or 0)
        value *= 1000 if times == "mil" else 1_000_000 if times else 1
        if value >= 5:
            amounts.add(int(value))
    return amounts


def _harmed(harm: str, opening: str) -> int | None:
    rules = _rules()
    sentences = [part for part in re.split(r"[.;](?=\s)|\n", opening) if not rules["cumulative"].search(part)]
    for phrase, value in rules["multiple"].get(harm, {}).items():
        if any(phrase in sentence for sentence in sentences):
            return int(value)
    # "Un fallecido" is said of one of several, too: one is counted by what became of them alone.
    said = [value for sentence in sentences for value in _values(rules[harm], sentence) if 1 < value < 100]
    if said:
        return max(said)
    found = [
        (sentence, match) for sentence in sentences for pattern in rules["single"][harm] if (match := pattern.search(sentence))
    ]
    several = any(rules["beside"].match(sentence[match.end() :]) for sentence, match in found)
    return 1 if found and not several else None


def _uncommon(folded: str) -> list[int]:
    common = _rules()["common"]
    stems: dict[str, None] = {}
    for word in re.findall(r"[a-z]{5,}|\d{3,}", folded):
        stem = word[:6]
        if stem not in common and stem[:5] not in common:
            stems[stem] = None
            if len(stems) >= _WORDS:
                break
    return sorted(zlib.crc32(stem.encode()) for stem in stems)


@cache
def _rules() -> dict[str, Any]:
    content = tomllib.loads(PATH.read_text(encoding="utf-8"))
    any_number = r"\d{1,3}|" + "|".join(sorted(content["numbers"], key=len, reverse=True))

    def compiled(pattern: str) -> re.Pattern[str]:
        return re.compile(pattern.replace("(N)", f"({any_number})"))

    rules: dict[str, Any] = {name: [compiled(text) for text in texts] for name, texts in content["patterns"].items()}
    rules["headline"] = {name: [compiled(text) for text in texts] for name, texts in content["headline"].items()}
    rules["single"] = {name: [compiled(text) for text in texts] for name, texts in content["single"].items()}
    rules["cumulative"], rules["beside"] = (
        re.compile(content["harm"][name].replace("(?:N)", f"(?:{any_number})")) for name in ("cumulative", "beside")
    )
    rules["harm"] = {harm: set(content["harm"][harm]) for harm in ("killed", "injured")}
    return rules | {"numbers": content["numbers"], "multiple": content["multiple"], "common": set(content["common"]["words"])}


@cache
def _lexicon(kind: str) -> tuple[re.Pattern[str], dict[str, str]]:
    groups = tomllib.loads(PATH.read_text(encoding="utf-8"))[kind]
    names = {f"g{index}": name for index, name in enumerate(groups)}
    branches = []
    for key, name in names.items():
        starts = "|".join(re.escape(start.rstrip("$")) + (r"\b" if start.endswith("$") else "") for start in groups[name])
        branches.append(f"(?P<{key}>{starts})")
    return re.compile(rf"\b(?:{'|'.join(branches)})"), names
