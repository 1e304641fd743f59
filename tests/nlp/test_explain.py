"""What the extractor shows to a person."""

from __future__ import annotations

import io

from rich.console import Console

from nlp import NewsText, explain, load


def test_html_and_terminal_show_the_reading_and_escape_the_text() -> None:
    article = NewsText("x", "Sujetos armados asaltaron una botica <script> el lunes en Moche.", "Asaltan botica", "2025-11-05")
    doc = explain.read(load(), article)
    page = explain.html(doc)
    assert "robbery" in page
    assert "2025-11-03" in page
    assert "<script>" not in page
    out = io.StringIO()
    explain.print_terminal(doc, Console(file=out, width=160))
    assert "2025-11-03" in out.getvalue()
    assert "Moche" in out.getvalue()


def test_an_article_without_an_incident_says_so() -> None:
    doc = explain.read(load(), NewsText("x", "El alcalde inauguró un parque."))
    assert "Ningún incidente" in explain.html(doc)
