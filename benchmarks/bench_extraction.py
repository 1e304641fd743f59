"""Speed of the extraction pipeline beside the bare Spanish tokenizer on the same documents, and of each component.

    python benchmarks/bench_extraction.py [FILE.jsonl ...] [--rounds N]

Every document is different and read once a pass: by default the labelled articles of `tests/gold` and training snippets. The
cold pass is the first that a fresh process makes, with empty caches, for tokenizer and pipeline alike (each has a vocabulary of
its own); the warm figures are the best of the later passes. Tokenizer and pipeline take turns, on one core, in one process.
Ratio: documents a second of the whole pipeline through those of `spacy.blank("es")`. Absolute figures drift from machine to
machine. FILE: articles, one JSON object a line with "text" and where known "title", "published", "country".
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections.abc import Sequence
from pathlib import Path

import spacy
from spacy.language import Language

import nlp
from nlp.pipeline import joined, make_doc
from nlp.report import NewsText

_ROOT = Path(__file__).resolve().parents[1]


def read(paths: Sequence[Path]) -> list[NewsText]:
    """The articles of the files; texts that occur twice are taken once."""
    texts: dict[str, NewsText] = {}
    for path in paths:
        for line in path.read_text("utf-8").splitlines():
            if line.strip():
                row = json.loads(line)
                article = NewsText(
                    str(len(texts)), row["text"], row.get("title"), row.get("published"), row.get("country"), row.get("region")
                )
                texts.setdefault(joined(article), article)
    return list(texts.values())


def passes(blank: Language, pipeline: Language, texts: Sequence[NewsText]) -> tuple[float, float]:
    """Seconds of the bare tokenizer and of the whole pipeline for one pass over the texts."""
    strings = [joined(text) for text in texts]
    start = time.perf_counter()
    for _ in blank.pipe(strings):
        pass
    middle = time.perf_counter()
    for _ in nlp.extract(texts, pipeline):
        pass
    return middle - start, time.perf_counter() - middle


def components(pipeline: Language, texts: Sequence[NewsText]) -> dict[str, float]:
    """Seconds of every component for one pass, document by document, as `Language.pipe` runs them."""
    spent = dict.fromkeys(["tokenizer", *pipeline.pipe_names], 0.0)
    for text in texts:
        start = time.perf_counter()
        doc = make_doc(pipeline, text)
        end = time.perf_counter()
        spent["tokenizer"] += end - start
        for name, component in pipeline.pipeline:
            start = end
            doc = component(doc)
            end = time.perf_counter()
            spent[name] += end - start
    return spent


def main() -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--rounds", type=int, default=5, help="warm passes, of which the best counts")
    arguments = parser.parse_args()
    given = arguments.files or [
        *sorted((_ROOT / "tests" / "gold").glob("*.jsonl")),
        *sorted((_ROOT / "nlp" / "training").glob("snippets-*.jsonl")),
    ]
    texts = read(given)
    start = time.perf_counter()
    pipeline = nlp.load()
    loading = time.perf_counter() - start
    blank = spacy.blank("es")
    cold = passes(blank, pipeline, texts)
    warm = [passes(blank, pipeline, texts) for _ in range(max(arguments.rounds, 1))]
    bare, whole = (min(times) for times in zip(*warm, strict=True))
    rounds = [components(pipeline, texts) for _ in range(max(arguments.rounds, 1))]
    count = len(texts)
    tokens = sum(len(blank.make_doc(joined(text))) for text in texts)
    print(f"{count} different documents, {tokens / count:.0f} tokens each; the pipeline loads in {loading:.2f} s")
    print(f"{'':16}{'docs/s':>10}{'ms/doc':>10}{'ratio':>8}")
    for title, (first, second) in {"cold": cold, "warm": (bare, whole)}.items():
        print(f"{title + ' tokenizer':16}{count / first:10.0f}{1000 * first / count:10.3f}")
        print(f"{title + ' pipeline':16}{count / second:10.0f}{1000 * second / count:10.3f}{first / second:8.2f}")
    print(f"{'component, warm':26}{'ms/doc':>10}{'of the bare tokenizer':>24}")
    for name in rounds[0]:
        seconds = min(spent[name] for spent in rounds)
        print(f"  {name:24}{1000 * seconds / count:10.3f}{seconds / bare:24.2f}")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
