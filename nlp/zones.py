"""Zones of an article: what is told in headline, lead and body, and which lines are captions, bylines or other stories' links.

The component works line by line on the text and never looks inside a line but for the dateline that may open it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Literal

from spacy.language import Language
from spacy.tokens import Doc, Span

from .extensions import get_doc, register
from .forms import tokens
from .lexicon import data

Zone = Literal["headline", "dateline", "lead", "body", "subhead", "caption", "byline", "link"]

_SUBHEAD = 70
"""Characters: a longer line without a full stop is prose."""
_DATELINE = re.compile(
    r"\s*(?:[A-ZÁÉÍÓÚÑ][A-ZÁÉÍÓÚÑa-záéíóúñü.]*(?:[ -](?:de|del|la|las|los|el|y|[A-ZÁÉÍÓÚÑ][\wáéíóúñü]*)){0,4})"
    r"(?:\s*\([^)\n]{2,30}\))?"
    r"(?:,\s*[A-ZÁÉÍÓÚÑ]?[\wáéíóúñü]+\.?(?: [A-ZÁÉÍÓÚÑ][\wáéíóúñü]+)?)?"
    r"(?:,?\s*\d{1,2}(?: de)? [a-zA-Záéíóú]{3,10}\.?(?:(?: de| del)? \d{4})?)?"
    r"\s*(?:\([^)\n]{2,30}\)\s*)?\.?\s*(?:\.\s*[-–—]|[-–—]{1,2}(?=\s))\s*"
)


_DASH = re.compile("[-–—]")
"""No dateline is without one."""

_MONTH = r"(?:ene|feb|mar|abr|may|jun|jul|ago|sep|set|oct|nov|dic)[a-z]{0,7}\.?"
_WEEKDAY = r"(?:(?:lun|mar|mi[ée]|jue|vie|s[áa]b|dom)[a-zé]{0,6}\.?,?\s+)?"
_CLOCK = r"(?:[\s,|/·•–—-]*\d{1,2}[:.]\d{2}(?::\d{2})?(?:\s*(?:[ap]\.?\s?m\b\.?|h(?:rs|oras)?\b\.?))?)?"
_ISO_DAY = r"\d{4}[-/][01]\d(?:[-/][0-3]\d)?(?:T[\d:.+Z-]+)?"
_STAMP = (
    _WEEKDAY + r"(?:" + _ISO_DAY + r"|\d{1,2}[/.-]\d{1,2}[/.-](?:\d{4}|\d{2})"
    r"|\d{1,2}[\s-](?:de )?" + _MONTH + r",?[\s-](?:del? )?\d{4}"
    r"|" + _MONTH + r"\s\d{1,2}(?:st|nd|rd|th)?,?\s\d{4})(?!\w)" + _CLOCK
)
"""A day with its year, as pages print it above a text; weekday and clock time may stand beside it."""
_STAMPED = 90
"""Characters: a longer line is prose, whatever it begins with."""
_STAMP_LINE = re.compile(
    r"(?:[^.\d]{0,45}[,|/:·•(–—-]\s*)?" + _STAMP + r"(?:\s*[|/·•(–—-][^.]{0,45}|\s*\)?|\s+\d+ [^.\d]{0,30})$", re.I
)
"""A line that is nothing but the page's day: "Cusco | 12 de marzo de 2025", "12 MAR 2025 - 10:15 a. m."."""
_STAMP_HEAD = re.compile(_ISO_DAY + r"(?=\s)" + _CLOCK + r"\s+|\(?" + _STAMP + r"\)?\s*\.?\s*[-–—]{1,2}\s*(?=\S)", re.I)
"""The page's day before the text in its line: "2025-03-12 Agentes …", "(Lunes 3/2/2025).- …"."""
_DIGIT = re.compile(r"\d")


def _is_break(form: str, _lower: int) -> bool:
    return form.isspace() and "\n" in form


def _starts(name: str) -> re.Pattern[str]:
    return re.compile(r"[\W\d_]{0,4}(?:" + "|".join(data("zones.toml")[name]) + ")", re.I)


def _ends(name: str) -> re.Pattern[str]:
    return re.compile("(?:" + "|".join(data("zones.toml")[name]) + r")\s*$", re.I)


@Language.factory("zones", default_config={"subhead_length": _SUBHEAD}, assigns=["doc.spans"])
class Zones:
    """Covers a document with labelled spans in `doc.spans["zones"]`.

    `subhead_length`: longest line, in characters, that counts as a subhead when it lacks a final mark.
    """

    def __init__(self, nlp: Language, name: str, subhead_length: int = _SUBHEAD) -> None:  # noqa: ARG002 (the factory signature)
        register()
        self.name = name
        self.subhead_length = subhead_length
        self._link, self._link_end = _starts("links"), _ends("link_ends")
        self._caption, self._caption_end = _starts("captions"), _ends("caption_ends")
        self._byline = _starts("bylines")
        self._link_last = frozenset(data("zones.toml")["link_last"])
        self._caption_mark = re.compile(f"[{re.escape(data('zones.toml')['caption_marks'])}]")

    def __call__(self, doc: Doc) -> Doc:
        if not len(doc):
            doc.spans["zones"] = []
            return doc
        text = doc.user_data.get("text") or doc.text
        length = len(doc)
        zones: list[Span] = []
        starts: list[int] = []
        ends: list[int] = []
        labels: list[str] = []
        article = get_doc(doc, "article")
        titled = bool(article is not None and article.title)
        breaks = tokens(doc).where(_is_break)
        headline, led, after_marker = "", False, False
        start = 0
        for stop in [*breaks, length]:
            if stop > start:
                begins = doc[start].idx
                raw = text[begins : doc[stop].idx if stop < length else len(text)]
                line = raw.strip()
                label: Zone
                if start == 0 and titled:
                    label, headline = "headline", line
                elif line:
                    label = self._label(line, headline, after_marker)
                    after_marker = label == "link" and line.endswith(":")
                    if label == "body" and not led:
                        label, led = "lead", len(line) > 60
                else:
                    label = "body"
                if label in ("lead", "body", "subhead"):
                    head = line[:_STAMPED]
                    ahead = 0
                    if _DIGIT.search(head[:60]):
                        if len(line) < _STAMPED and line[-1] not in "!?" and _STAMP_LINE.match(line):
                            label, head = "dateline", ""
                        elif found := _STAMP_HEAD.match(head):
                            ahead = found.end()
                    if label != "subhead" and _DASH.search(head) and (found := _DATELINE.match(head, ahead)):
                        ahead = found.end()
                    if ahead:
                        cut = start
                        ahead += begins + len(raw) - len(raw.lstrip())
                        while cut < stop and doc[cut].idx < ahead:
                            cut += 1
                        if start < cut < stop:
                            zones.append(Span(doc, start, cut, "dateline"))
                            starts.append(start)
                            ends.append(cut)
                            labels.append("dateline")
                            start = cut
                zones.append(Span(doc, start, stop, label))
                starts.append(start)
                ends.append(stop)
                labels.append(label)
            start = stop + 1
        doc.spans["zones"] = zones
        doc.user_data["zones"] = doc.spans["zones"], starts, ends, labels
        return doc

    def _label(self, line: str, headline: str, after_marker: bool) -> Zone:
        tail = line[-120:]
        if self._link.match(line) or (line[-1].lower() in self._link_last and self._link_end.search(tail)):
            return "link"
        if after_marker and len(line) < 160 and line[-1] not in '.!?”"»':
            return "link"
        if self._caption.match(line) or (self._caption_mark.search(tail) and self._caption_end.search(tail)):
            return "caption"
        if self._byline.match(line[:120]):
            return "byline"
        if headline and line == headline:
            return "headline"
        if len(line) <= self.subhead_length and line[-1] not in '.!…”"»:;,':
            return "subhead"
        return "body"


class ZoneIndex:
    """Zone of a token, by bisection."""

    def __init__(self, doc: Doc) -> None:
        spans = doc.spans.get("zones", ())
        group, starts, ends, labels = doc.user_data.get("zones", (None, [], [], []))
        if group is not spans:  # not as the component left them
            starts, ends = [span.start for span in spans], [span.end for span in spans]
            labels = [span.label_ for span in spans]
        self.starts: list[int] = starts
        self.ends: list[int] = ends
        self.labels: list[str] = labels

    def at(self, token: int) -> str:
        """Label of the zone that holds the token, "body" where no zone does."""
        place = bisect_right(self.starts, token) - 1
        return self.labels[place] if place >= 0 else "body"
