"""Words that name a crime or a police or court action, found by look-up (`data/triggers.toml`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from spacy.language import Language
from spacy.tokens import Doc, Span

from .extensions import put, register
from .forms import lower_ids
from .lexicon import Lexicon, data, ids
from .sentences import Sentence, sentences

Role = Literal["act", "name", "agent", "sign", "police", "court", "feature", "ignore"]
_LONGEST_FIRST = {"ignore": -1, "act": 0, "police": 1, "court": 1, "name": 2, "agent": 3, "sign": 4, "feature": 5}


@dataclass(frozen=True, slots=True)
class Trigger:
    """What the lexicon knows of one trigger."""

    rule: str
    """`id` of the entry in triggers.toml."""
    type: str | None
    """Incident type, "take" where the circumstances say which kind of theft, None for police and court words."""
    role: Role
    strength: float
    form: str
    """Class of the verb form (`nlp.conjugation.Class`), "" where the words hold no verb."""
    implies: frozenset[str]


class Circumstance(NamedTuple):
    """A word at token `at` that tells one type from another ("death", "entry", "vehicle", …)."""

    at: int
    names: frozenset[str]


@dataclass(frozen=True, slots=True, eq=False)
class _Entry:
    rule: str
    type: str | None
    role: Role
    strength: float
    implies: frozenset[str]
    not_with: frozenset[int]
    needs: frozenset[int]
    order: tuple[int, int]
    """Which of overlapping matches counts: the least, by role and priority."""


def _entries(table: dict[str, Any], words: dict[str, list[str]]) -> Lexicon[_Entry]:
    lexicon: Lexicon[_Entry] = Lexicon()
    for row in table["entry"]:
        entry = _Entry(
            rule=row["id"],
            type=row.get("type"),
            role=row["role"],
            strength=float(row.get("strength", 0)),
            implies=frozenset(row.get("implies", ())),
            not_with=ids(word for name in row.get("not_with", ()) for word in words[name]),
            needs=ids(word for name in row.get("needs", ()) for word in words[name]),
            order=(_LONGEST_FIRST[row["role"]], -int(row.get("priority", 0))),
        )
        for verb in row.get("verbs", ()):
            lexicon.add("~" + verb, entry)
        for pattern in [*row.get("words", ()), *row.get("phrases", ())]:
            lexicon.add(pattern, entry)
    return lexicon


@Language.factory("triggers", requires=["doc.sents"], assigns=["doc.spans", "span._.trigger"])
class Triggers:
    """Fills `doc.spans["triggers"]`; label = incident type, or the role of a word that has none.

    Lines that belong to other stories, captions and bylines hold no triggers. The circumstances go to
    `doc.user_data["circumstances"]`, the sentences to `doc.user_data["sentences"]`, for the components that follow.
    """

    def __init__(self, nlp: Language, name: str) -> None:  # noqa: ARG002 (the factory signature)
        register()
        self.name = name
        self._lexicon = _entries(data("triggers.toml"), data("context.toml")["words"])
        self._made: dict[tuple[_Entry, str], Trigger] = {}

    def __call__(self, doc: Doc) -> Doc:
        found: list[Sentence] = sentences(doc)
        keys = lower_ids(doc)
        spans: list[Span] = []
        circumstances: list[Circumstance] = []
        for sentence in found:
            if sentence.zone in ("link", "byline"):
                continue
            hits = self._lexicon.find(keys, sentence.start, sentence.end)
            if not hits:
                continue
            present: set[int] | None = None
            hits.sort(key=lambda hit: (hit.value.order, hit.start - hit.end, -hit.value.strength))
            taken: set[int] = set()
            ignored: set[int] = set()
            chosen: list[tuple[int, int, Trigger]] = []
            for hit in hits:
                entry = hit.value
                if entry.not_with or entry.needs:
                    present = present if present is not None else set(keys[sentence.start : sentence.end])
                    if entry.not_with & present or (entry.needs and not entry.needs & present):
                        continue
                if not taken.isdisjoint(range(hit.start, hit.end)) and (entry.role != "feature" or hit.start in ignored):
                    continue
                if entry.implies:
                    circumstances.append(Circumstance(hit.start, entry.implies))
                if entry.role == "feature":
                    continue
                taken.update(range(hit.start, hit.end))
                if entry.role == "ignore":
                    ignored.update(range(hit.start, hit.end))
                    continue
                trigger = self._made.get((entry, hit.form))
                if trigger is None:
                    trigger = Trigger(entry.rule, entry.type, entry.role, entry.strength, hit.form, entry.implies)
                    self._made[entry, hit.form] = trigger
                chosen.append((hit.start, hit.end, trigger))
            for start, end, trigger in sorted(chosen, key=lambda c: c[0]):
                span = Span(doc, start, end, label=trigger.type or trigger.role)
                put(span, "trigger", trigger)
                spans.append(span)
        doc.spans["triggers"] = spans
        doc.user_data["sentences"] = found
        doc.user_data["circumstances"] = circumstances
        return doc
