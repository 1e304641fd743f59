"""Sentences marked with what must be taken out of them and what must stay: `tests/nlp/hostile-names.txt`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

PATH = Path(__file__).parent / "nlp" / "hostile-names.txt"
_SMALL = frozenset(("de", "la", "las", "los", "del", "el", "y", "a", "van", "der"))


@dataclass
class Marked:
    """A sentence without its marks; `names` and `places` are character spans, `article` holds more text after it."""

    part: str
    text: str = ""
    article: str = ""
    names: list[tuple[int, int]] = field(default_factory=list)
    places: list[tuple[int, int]] = field(default_factory=list)

    def words(self) -> Iterator[tuple[int, int]]:
        """Where the words of the names stand that are no mere connectives."""
        for start, end in self.names:
            for match in re.finditer(r"[^\W\d_]+", self.text[start:end]):
                if match[0] not in _SMALL:
                    yield start + match.start(), start + match.end()


def marked(path: Path = PATH) -> Iterator[Marked]:
    """The sentences of a file, in its order."""
    part = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            part = line[3:]
        elif line.strip() and not line.startswith("#"):
            sentence, _, more = line.partition(" || ")
            found = Marked(part)
            begin = 0
            for piece in re.findall(r"[{}<>]|[^{}<>]+", sentence):
                if piece in "{<":
                    begin = len(found.text)
                elif piece in "}>":
                    (found.names if piece == "}" else found.places).append((begin, len(found.text)))
                else:
                    found.text += piece
            found.article = f"{found.text} {more}"
            yield found


@dataclass
class Score:
    """Counts over marked sentences. `hidden` of `named` words of names are taken out; `kept` of `placed` places stay whole;
    `beside`: what was taken out and is no name."""

    sentences: int = 0
    named: int = 0
    hidden: int = 0
    placed: int = 0
    kept: int = 0
    missed: list[str] = field(default_factory=list)
    beside: list[str] = field(default_factory=list)

    @property
    def recall(self) -> float:
        return self.hidden / self.named

    @property
    def places_kept(self) -> float:
        return self.kept / self.placed


def scored(sentences: list[Marked], spans: list[list[tuple[int, int]]]) -> Score:
    """Score what was taken out of each sentence, as character spans."""
    score = Score(sentences=len(sentences))
    for sentence, found in zip(sentences, spans, strict=True):
        out = {at for start, end in found for at in range(start, end)}
        for start, end in sentence.words():
            score.named += 1
            gone = all(at in out for at in range(start, end))
            score.hidden += gone
            if not gone:
                score.missed.append(f"{sentence.text[start:end]}: {sentence.text}")
        for start, end in sentence.places:
            score.placed += 1
            score.kept += out.isdisjoint(range(start, end))
        inside = {at for start, end in sentence.names for at in range(start, end)}
        score.beside += [sentence.text[start:end] for start, end in found if inside.isdisjoint(range(start, end))]
    return score
