"""Speed of the extraction pipeline beside the bare Spanish tokenizer on the same documents, and of each component.

    python benchmarks/bench_extraction.py [FILE.jsonl ...] [--documents N]

Prints documents per second and ratios; absolute figures drift from machine to machine. FILE: articles, one JSON
object a line with "id", "title", "text", "published"; default: the labelled articles of `tests/gold`.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from pathlib import Path

import spacy

import nlp
from nlp.pipeline import joined, make_doc
from nlp.report import NewsText

_GOLD = Path(__file__).resolve().parents[1] / "tests" / "gold"


def read(paths: list[Path], documents: int) -> list[NewsText]:
    """The articles of the files, repeated until there are `documents` of them."""
    rows = [json.loads(line) for path in paths for line in path.read_text("utf-8").splitlines() if line.strip()]
    texts = [
        NewsText(str(i), row["text"], row.get("title"), row.get("published"), row.get("country")) for i, row in enumerate(rows)
    ]
    return [texts[i % len(texts)] for i in range(documents)]


def main() -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--documents", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    texts = read(arguments.files or sorted(_GOLD.glob("*.jsonl")), arguments.documents)
    start = time.perf_counter()
    pipeline = nlp.load()
    loading = time.perf_counter() - start
    blank = spacy.blank("es")
    strings = [joined(text) for text in texts]
    list(blank.pipe(strings))
    list(nlp.extract(texts, pipeline))
    bare = whole = float("inf")
    parts = dict.fromkeys(pipeline.pipe_names, 0.0)
    making = 0.0
    for _ in range(arguments.rounds):
        start = time.perf_counter()
        tokens = sum(len(doc) for doc in blank.pipe(strings))
        bare = min(bare, time.perf_counter() - start)
        start = time.perf_counter()
        for _ in nlp.extract(texts, pipeline):
            pass
        whole = min(whole, time.perf_counter() - start)
    start = time.perf_counter()
    docs = [make_doc(pipeline, text) for text in texts]
    making = time.perf_counter() - start
    for name, component in pipeline.pipeline:
        start = time.perf_counter()
        docs = [component(doc) for doc in docs]
        parts[name] = time.perf_counter() - start
    count = len(texts)
    print(f"{count} documents, {tokens / count:.0f} tokens each; the pipeline loads in {loading:.2f} s")
    print(f"{'bare tokenizer':16}{count / bare:9.0f} docs/s {1000 * bare / count:8.3f} ms")
    print(f"{'whole pipeline':16}{count / whole:9.0f} docs/s {1000 * whole / count:8.3f} ms   ratio {bare / whole:.2f}")
    for name, seconds in {"tokenizer": making, **parts}.items():
        print(f"  {name:14}{'':16} {1000 * seconds / count:8.3f} ms   {seconds / bare:.2f} of the bare tokenizer")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
