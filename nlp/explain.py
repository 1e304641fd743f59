"""Shows a person what the extractor saw in one article: displaCy's HTML, or the terminal through rich."""

from __future__ import annotations

from html import escape

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text
from spacy import displacy
from spacy.language import Language
from spacy.tokens import Doc, Span

from .extensions import get
from .pipeline import make_doc
from .report import IncidentReport, NewsText

_COLOURS = {"trigger": "#f4b6a6", "place": "#b7dbc2", "date": "#b9cdf0"}
_STYLES = {"trigger": "bold red", "place": "bold green", "date": "bold blue"}
_FIELDS = {
    "type": "tipo",
    "status": "consumado o no",
    "event": "hecho",
    "place_text": "lugar",
    "street": "vía",
    "district": "distrito",
    "province": "provincia",
    "department": "departamento",
    "country": "país",
    "ubigeo": "ubigeo",
    "date": "fecha",
    "date_end": "hasta",
    "part_of_day": "parte del día",
    "confidence": "confianza",
}


def read(nlp: Language, article: NewsText) -> Doc:
    """The annotated document of one article, for the functions below."""
    doc = make_doc(nlp, article)
    for _, component in nlp.pipeline:
        doc = component(doc)
    return doc


def _marks(doc: Doc) -> list[tuple[Span, str, str]]:
    """Spans with their colour group and a label that says how they were read."""
    marks: list[tuple[Span, str, str]] = []
    for span in doc.spans.get("triggers", ()):
        factuality = get(span, "factuality")
        reading = f" · {factuality.reading}" if factuality is not None and factuality.reading != "asserted" else ""
        marks.append((span, "trigger", f"{span.label_}{reading}"))
    for span in doc.spans.get("places", ()):
        mention = get(span, "place")
        roles = " · " + ", ".join(sorted(mention.roles)) if mention is not None and mention.roles else ""
        marks.append((span, "place", f"{span.label_}{roles}"))
    for span in doc.spans.get("dates", ()):
        value = get(span, "date")
        marks.append((span, "date", (value.iso() if value is not None else None) or "sin fecha"))
    marks.sort(key=lambda mark: mark[0].start)
    return marks


def html(*docs: Doc) -> str:
    """A page of HTML: each article's reports in a table, and its triggers, places and dates marked by displaCy."""
    body = "<hr>".join(map(_section, docs))
    return f'<!doctype html><html lang="es"><meta charset="utf-8"><title>Explicación</title><body>{body}</body></html>'


def _section(doc: Doc) -> str:
    key = "explained"
    marks = _marks(doc)
    doc.spans[key] = [Span(doc, span.start, span.end, label=label) for span, _, label in marks]
    colours = {label: _COLOURS[group] for _, group, label in marks}
    body = (
        displacy.render(doc, style="span", page=False, jupyter=False, options={"spans_key": key, "colors": colours})
        if marks
        else ""
    )
    del doc.spans[key]
    tables = "".join(_table(report) for report in doc._.incidents) or "<p>Ningún incidente.</p>"
    return tables + body


def _table(report: IncidentReport) -> str:
    rows = [
        f"<tr><th>{label}</th><td>{escape(str(getattr(report, name)))}</td></tr>"
        for name, label in _FIELDS.items()
        if getattr(report, name)
    ]
    for name, evidence in report.evidence.items():
        rows.append(
            f"<tr><th>prueba: {name}</th><td><q>{escape(evidence.sentence)}</q> "
            f"<mark>{escape(evidence.words)}</mark> "
            f"({evidence.zone} {evidence.start}–{evidence.end}; {escape(evidence.rule)})</td></tr>"
        )
    return "<table>" + "".join(rows) + "</table>"


def terminal(doc: Doc) -> RenderableType:
    """The same for a terminal: the text with its marks in colour, then one table a report."""
    text = Text(doc.text)
    for span, group, _ in _marks(doc):
        text.stylize(_STYLES[group], span.start_char, span.end_char)
    parts: list[RenderableType] = [text]
    for report in doc._.incidents:
        table = Table("campo", "valor", "palabras", "regla", title=Text(report.type))
        proofs = {"type": "type", "place_text": "place", "street": "place", "district": "place", "date": "date"}
        for name, label in _FIELDS.items():
            value = getattr(report, name)
            if value:
                evidence = report.evidence.get(proofs.get(name, ""))
                table.add_row(
                    label, Text(str(value)), Text(evidence.words if evidence else ""), Text(evidence.rule if evidence else "")
                )
        parts.append(table)
    if not doc._.incidents:
        parts.append(Text("Ningún incidente."))
    return Group(*parts)


def print_terminal(doc: Doc, console: Console | None = None) -> None:
    """Print `terminal(doc)` to a console, standard output by default."""
    (console or Console()).print(terminal(doc))
