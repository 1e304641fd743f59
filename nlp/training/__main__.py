"""Learn the numbers that the extractor ships: `python -m nlp.training` (needs the `training` extra).

Writes `nlp/data/categorizer.csv`, `nlp/data/relevance.csv` and the fitted tables of `nlp/data/decision.toml`, from the labelled
articles for developing (`tests/gold/develop*.jsonl`) and the snippets beside this file. Held-out articles are only ever
measured. The same texts give the same numbers.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from .categorizer import Learner
from .decision import fit
from .texts import articles, snippets

DATA = Path(__file__).resolve().parents[1] / "data"


def main() -> None:
    """The command."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    labelled, short = articles(), snippets()
    learner = Learner.learn([*labelled, *short])
    for name, lines in (("categorizer.csv", learner.type_table()), ("relevance.csv", learner.relevance_table())):
        (DATA / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
        print(f"{name}: learnt from {len(labelled)} articles and {len(short)} snippets")
    fit(labelled, short)
    print("decision.toml: fitted")


if __name__ == "__main__":
    main()
