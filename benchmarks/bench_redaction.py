"""How surely names of persons are taken out of sentences, and how often a place goes with them.

    python benchmarks/bench_redaction.py

Prints for each part of `tests/nlp/hostile-names.txt` the share of the names' words that are gone and of the marked places,
posts and institutions that stay; then, for the articles of `tests/gold/develop*.jsonl`, the share of the labelled places that
stay in the sentences that hold them.
"""

from __future__ import annotations

import json
import re
import sys
from itertools import groupby
from pathlib import Path

TESTS = Path(__file__).parents[1] / "tests"
sys.path.insert(0, str(TESTS))

from hostile_names import marked, scored  # noqa: E402

from db.privacy import speaks_of_minor  # noqa: E402
from nlp.persons import find  # noqa: E402


def main() -> None:
    """Print the figures."""
    for part, group in groupby(marked(), key=lambda sentence: sentence.part):
        sentences = list(group)
        spans = [find(sentence.text, sentence.article, minor=speaks_of_minor(sentence.text)) for sentence in sentences]
        score = scored(sentences, spans)
        print(
            f"{part:18} {score.sentences:3} sentences: {score.hidden} of {score.named} name words gone ({score.recall:.3f}), "
            f"{score.kept} of {score.placed} places stay ({score.places_kept:.3f}), {len(score.beside)} others taken out"
        )
        for missed in score.missed:
            print(f"    missed {missed}")
    total, lost = 0, []
    for path in sorted((TESTS / "gold").glob("develop*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            article = " . ".join(filter(None, (record.get("title"), record["text"])))
            sentences_of = re.split(r"(?<=[.?!])\s+(?=[A-ZÁÉÍÓÚÑ¿«“\"])|\n", f"{record.get('title') or ''}\n{record['text']}")
            names = {
                incident.get(column)
                for incident in record["incidents"]
                for column in ("place_text", "street", "district", "province", "department")
            } - {None}
            for sentence in sentences_of:
                held = [name for name in names if name in sentence]
                if not held:
                    continue
                taken = find(sentence, article)
                for name in held:
                    at = sentence.find(name)
                    total += 1
                    if any(start < at + len(name) and end > at for start, end in taken):
                        lost.append(f"{record['id']} {name}")
    print(f"labelled places    {total - len(lost)} of {total} stay ({1 - len(lost) / total:.4f})")
    for each in lost:
        print(f"    lost {each}")


if __name__ == "__main__":
    main()
