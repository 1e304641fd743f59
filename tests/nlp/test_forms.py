"""What is kept of words from one article to the next changes no result."""

from __future__ import annotations

import pytest
from spacy.language import Language
from spacy.tokens import Doc, Span

from nlp import NewsText, extract, forms, load
from nlp.pipeline import joined, make_doc

ARTICLES = [
    NewsText(
        "1",
        "Dos sujetos armados asaltaron la tarde del lunes una botica de la urbanización Monserrate, en Trujillo. Huyeron.",
        "Asaltan botica en Trujillo",
        "2024-05-08",
    ),
    NewsText("2", "El alcalde inauguró ayer una losa deportiva en Moche.", "Inauguran losa", "2024-05-08"),
    NewsText(
        "3", "Un taxista fue asesinado a balazos el 3 de mayo en el distrito de El Porvenir.", "Matan a taxista", "2024-05-08"
    ),
]


def test_results_do_not_depend_on_what_was_read_before() -> None:
    alone = {article.id: next(iter(extract([article], load())))[1] for article in ARTICLES}
    assert alone["1"]
    assert alone["3"]
    pipeline = load()
    for order in (ARTICLES, ARTICLES[::-1]):
        assert dict(extract(order, pipeline)) == alone


def test_documents_outlive_the_table_of_forms(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = dict(extract(ARTICLES, load()))
    monkeypatch.setattr(forms, "_MOST", 0)
    pipeline = load()
    docs = [make_doc(pipeline, article) for article in ARTICLES]
    for name, component in pipeline.pipeline:
        assert name
        docs = [component(doc) for doc in docs]
    assert {doc._.article.id: doc._.incidents for doc in docs} == expected


def test_forms_that_share_a_slot_are_kept_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = dict(extract(ARTICLES, load()))
    monkeypatch.setattr(forms, "_SLOTS", 2)
    monkeypatch.setattr(forms, "_shared", forms.Forms())
    assert dict(extract(ARTICLES, load())) == expected


def test_zones_that_another_component_sets_count() -> None:
    @Language.component("test_all_link")
    def all_link(doc: Doc) -> Doc:
        doc.spans["zones"] = [Span(doc, 0, len(doc), "link")]
        return doc

    pipeline = load()
    pipeline.add_pipe("test_all_link", after="zones")
    assert next(iter(extract([ARTICLES[0]], pipeline)))[1] == []


@pytest.mark.parametrize("mark", [" ", "\n", "\t"])
@pytest.mark.parametrize("before", [0, 1, 100, 149, 150, 151, 299])
@pytest.mark.parametrize(("length", "broken"), [(149, False), (150, True), (400, True)])
def test_only_runs_without_a_blank_are_broken(mark: str, before: int, length: int, broken: bool) -> None:
    text = "á" * min(before, 149) + mark + "b" * length + mark + "fin"
    read = joined(NewsText("1", text))
    assert (read != text) == broken
    assert len(read) == len(text)
