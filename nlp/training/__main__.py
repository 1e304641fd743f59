"""Learn the numbers that the extractor ships: `python -m nlp.training` (needs the `training` extra).

Writes `nlp/data/categorizer.csv` and the fitted tables of `nlp/data/decision.toml`, from the labelled articles for developing
(`tests/gold/develop*.jsonl`) and the snippets beside this file. Held-out articles are only ever measured. The same texts give
the same numbers.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from .categorizer import Learner
from .decision import fit
from .texts import articles, snippets

TABLE = Path(__file__).resolve().parents[1] / "data" / "categorizer.csv"


def main() -> None:
    """The command."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    labelled, short = articles(), snippets()
    TABLE.write_text("\n".join(Learner.learn([*labelled, *short]).table()) + "\n", encoding="utf-8")
    print(f"{TABLE.name}: learnt from {len(labelled)} articles and {len(short)} snippets")
    fit(labelled, short)
    print("decision.toml: fitted")


if __name__ == "__main__":
    main()
