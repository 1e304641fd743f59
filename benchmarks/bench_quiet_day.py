"""What a quiet day costs: the bundled sample newspapers crawled, and crawled again at once with nothing changed.

    python benchmarks/bench_quiet_day.py

Prints the requests and the bytes of each run as the newspapers' servers count them, and fails where the second run asks for
an article or a robots.txt, asks for a listing more than once or without a condition, or takes 1 % of the first run's bytes.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from pipelines.demo.server import SampleNewspapers


def main() -> None:
    """Run the benchmark and print its table."""
    with SampleNewspapers() as newspapers, tempfile.TemporaryDirectory() as name:
        data = Path(name)
        (data / "sources.toml").write_text(newspapers.sources_toml(), encoding="utf-8")
        command = [sys.executable, "-m", "pipelines.cli", "crawl", *newspapers.newspapers, "--data", str(data)]
        paths = {(article.newspaper, article.path) for article in newspapers.articles()}
        runs = []
        for _ in range(2):
            before = len(newspapers.requests)
            subprocess.run(command, check=True, capture_output=True)
            runs.append(list(newspapers.requests[before:]))
    print(f"{'':<8}{'requests':>10}{'articles':>10}{'listings':>10}{'304':>6}{'bytes':>12}")
    for label, asked in zip(("first", "second"), runs, strict=True):
        articles = [one for one in asked if (one.newspaper, one.path) in paths]
        listings = [one for one in asked if one not in articles and one.path != "/robots.txt"]
        unchanged = sum(one.status == 304 for one in asked)
        size = sum(one.bytes for one in asked)
        print(f"{label:<8}{len(asked):>10}{len(articles):>10}{len(listings):>10}{unchanged:>6}{size:>12,}")
    second = runs[1]
    wrong = [one for one in second if (one.newspaper, one.path) in paths or one.status != 304]
    wrong += [one for one in second if sum(other.path == one.path and other.newspaper == one.newspaper for other in second) > 1]
    share = sum(one.bytes for one in runs[1]) / sum(one.bytes for one in runs[0])
    print(f"bytes of the second run: {share:.2%} of the first")
    for one in wrong:
        print(f"not quiet: {one.method} {one.newspaper} {one.path} {one.status}")
    if wrong or share >= 0.01:
        sys.exit(1)


if __name__ == "__main__":
    main()
