"""No text, however broken, makes the extractor raise; the same text always gives the same reports."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import spacy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from spacy.language import Language

import nlp
from nlp import NewsText, extract, load

_PIPELINE: list[Language] = []


def pipeline() -> Language:
    if not _PIPELINE:
        _PIPELINE.append(load())
    return _PIPELINE[0]


_WORDS = st.sampled_from(
    [
        "el",
        "la",
        "de",
        "en",
        "asesinaron",
        "robo",
        "asaltaron",
        "“",
        "”",
        '"',
        "(",
        ")",
        ".",
        ",",
        ":",
        "\n",
        "\n\n",
        "Trujillo",
        "urbanización",
        "distrito",
        "caserío",
        "como",
        "llamado",
        "entre",
        "km",
        "jr.",
        "av.",
        "Mz.",
        "B",
        "lunes",
        "ayer",
        "12",
        "de",
        "agosto",
        "VER",
        "MÁS:",
        "no",
        "habría",
        "policía",
        "detuvo",
        "🚨",
        "<b>",
        "&nbsp;",
        "S/",
        "5,000",
        "�",
        "¿",
        "?",
        "!",
        "…",
        "–",
        ".-",
        "EL",
        "CRIMEN",
        "3",
        "N.°",
    ]
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.one_of(st.text(max_size=400), st.lists(_WORDS, max_size=80).map(" ".join)),
    st.one_of(st.none(), st.text(max_size=60)),
    st.one_of(st.none(), st.text(max_size=12), st.dates().map(str)),
)
def test_any_text(text: str, title: str | None, published: str | None) -> None:
    article = NewsText("x", text, title, published)
    [(identity, reports)] = list(extract([article], pipeline()))
    assert identity == "x"
    for report in reports:
        assert 0 <= report.confidence <= 1
        for evidence in report.evidence.values():
            source = title if evidence.zone == "title" else text
            assert source is not None
            assert source[evidence.start : evidence.end] == evidence.words


def test_a_text_may_begin_and_end_anywhere() -> None:
    gold = Path(__file__).resolve().parents[1] / "gold"
    lines = [line for file in sorted(gold.glob("develop*.jsonl")) for line in file.read_text("utf-8").splitlines()]
    texts = [json.loads(line)["text"].split(" ") for line in lines]
    pieces = [" ".join(words[at : at + 9]) for words in texts for at in range(0, len(words), 9)][::2]
    assert len(pieces) > 5_000
    for piece, doc in zip(pieces, pipeline().pipe(pieces), strict=True):
        assert doc.text == piece


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n\n",
        "a" * 300_000,
        "asalto " * 40_000,
        "\n".join(["El robo fue en Trujillo."] * 9_000),
        "“" * 50_000,
        "jr. " * 50_000,
        "Asaltaron un banco en la urb. La " * 6_000,
        "urb. La " * 20_000,
    ],
    ids=["empty", "breaks", "one word", "one trigger", "many lines", "quotes", "abbreviations", "places", "one long phrase"],
)
def test_large_and_odd(text: str) -> None:
    assert [identity for identity, _ in extract([NewsText("x", text)], pipeline())] == ["x"]


def test_order_is_kept_and_batches_do_not_matter() -> None:
    texts = [
        NewsText(str(i), f"Sujetos armados asaltaron una botica el lunes en Moche. Caso {i}.", "Asaltan botica")
        for i in range(7)
    ]
    one = list(extract(texts, pipeline(), batch_size=1))
    many = list(extract(iter(texts), pipeline(), batch_size=5))
    assert [identity for identity, _ in one] == [str(i) for i in range(7)]
    assert one == many


def test_streams() -> None:
    def endless():  # type: ignore[no-untyped-def]
        i = 0
        while True:
            yield NewsText(str(i), "Nada que contar.")
            i += 1

    found = extract(endless(), pipeline(), batch_size=2)
    assert [next(found)[0] for _ in range(3)] == ["0", "1", "2"]


def test_saved_pipeline_gives_the_same_reports(tmp_path: Path) -> None:
    article = NewsText("x", "Sujetos armados asaltaron una botica la noche del lunes en Moche.", "Asaltan botica", "2025-11-05")
    pipeline().to_disk(tmp_path / "saved")
    again = spacy.load(tmp_path / "saved")
    assert again.pipe_names == pipeline().pipe_names
    assert list(extract([article], again)) == list(extract([article], pipeline()))


def test_saved_pipeline_loads_where_nothing_of_the_project_was_imported(tmp_path: Path) -> None:
    pipeline().to_disk(tmp_path / "saved")
    script = "import spacy, sys; doc = spacy.load(sys.argv[1])(sys.argv[2]); print(doc._.incidents[0].type)"
    text = "Sujetos armados asaltaron una botica la noche del lunes en Moche y fugaron con el dinero."
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path / "saved", text], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "robbery", done.stderr


def test_version_is_stable_and_names_the_package() -> None:
    assert nlp.extractor_version() == nlp.extractor_version()
    assert "+" in nlp.extractor_version()


def test_taxonomy_is_complete() -> None:
    rows = nlp.taxonomy()
    assert len(rows) == len({row["key"] for row in rows}) == 20
    assert all(row[field] for row in rows for field in ("es", "en", "definition", "iccs", "penal_code", "sidpol"))


def test_districts_have_unique_codes() -> None:
    rows = nlp.districts()
    assert len({row["ubigeo"] for row in rows}) == len(rows) > 1_800
    assert all(len(row["ubigeo"]) == 6 for row in rows)
