"""How extraction grows with processes: a process pool and Dask, one worker and two, over one archive.

    python benchmarks/bench_scale.py [--articles 20000] [--workers 1,2] [--engines pool,dask] [--rounds 3]

Articles are put together from paragraphs of the labelled ones that are developed on, up to the length that the press writes
(`--length`); no two are the same. Each round extracts all of them again, engines and numbers of workers taking turns; the best
round counts, and the ratio is of the best. The time of the first start of the processes is in it. On a machine that does
something else meanwhile the ratio says little: the share of CPU time that this benchmark got of the time on the clock, for each
worker, is printed beside it, and what two workers would give on free cores: the CPU time of everything, the writer included,
shared out over the cores.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil

import nlp
from db.archive import Archive
from pipelines.batches import Account, extract_stored
from pipelines.dask_engine import PARTITION, extract_with_dask, write_articles
from pipelines.folder import DataFolder

GOLD = Path(__file__).resolve().parents[1] / "tests" / "gold"
START = datetime(2024, 1, 1, tzinfo=UTC)


def fill(folder: DataFolder, count: int, length: int) -> float:
    """Store so many different articles; returns the characters of an article."""
    chance = random.Random(7)
    gold = [
        json.loads(line)
        for file in sorted(GOLD.glob("develop*.jsonl"))
        for line in file.read_text(encoding="utf-8").splitlines()
    ]
    paragraphs = [paragraph for one in gold for paragraph in one["text"].split("\n") if len(paragraph) > 40]
    characters = 0
    with Archive(folder.archive, write=True) as archive:
        archive.sync_sources([{"id": "norte", "name": "Norte", "country": "PE", "region": "La Libertad/Trujillo"}])
        run = archive.start_run("crawl", ["norte"], "bench")
        for number in range(count):
            one = chance.choice(gold)
            body, wanted = one["text"], length * chance.uniform(0.5, 1.5)
            while len(body) < wanted:
                body += "\n\n" + chance.choice(paragraphs)
            characters += len(body)
            at = START + timedelta(minutes=number)
            article = {"source": "norte", "headline": one["title"] or "Noticia", "fetched": at, "published": at}
            archive.open_group()
            archive.store_article(run, {**article, "url": f"https://norte.example/{number}", "body": f"{body}\n\n{number}"})
            if number % 1000 == 999:
                archive.close_group()
        archive.close_group()
        archive.finish_run(run)
    return characters / count


class CpuTime:
    """CPU seconds of this process and of all below it, from one moment to another, as a context manager."""

    def __enter__(self) -> CpuTime:
        self._me = psutil.Process()
        self._begun = self._of(self._me)
        self._before = {one.pid: self._of(one) for one in self._me.children(recursive=True)}
        self._latest = dict(self._before)
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._look)
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._watch.join()
        self.writer = self._of(self._me) - self._begun
        self.workers = sum(seconds - self._before.get(pid, 0.0) for pid, seconds in self._latest.items())

    def _look(self) -> None:
        while not self._over.wait(0.2):
            for one in self._me.children(recursive=True):
                with suppress(psutil.Error):
                    self._latest[one.pid] = self._of(one)

    @staticmethod
    def _of(process: psutil.Process) -> float:
        times = process.cpu_times()
        return float(times.user + times.system)


def main() -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=20_000)
    parser.add_argument("--length", type=int, default=2000, help="characters of a text, about")
    parser.add_argument("--workers", default="1,2")
    parser.add_argument("--engines", default="pool,dask")
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    count = options.articles
    with tempfile.TemporaryDirectory(prefix="quintanas-scale-") as path:
        folder = DataFolder(Path(path))
        begun = time.process_time()
        characters = fill(folder, count, options.length)
        print(f"{count:,} articles of {characters:,.0f} characters, stored in {time.process_time() - begun:.0f} s of CPU time")
        print(f"{folder.archive.stat().st_size / count:,.0f} bytes an article in the archive; {os.cpu_count()} cores")
        with Archive(folder.archive, write=False) as archive:
            rows = [row for _, row in zip(range(PARTITION), archive.pending("", everything=True, packed=True), strict=False)]
        write_articles(folder.path / "one.parquet", rows)
        print(f"{(folder.path / 'one.parquet').stat().st_size / len(rows):,.0f} bytes an article in a Parquet partition")
        engines: dict[str, Callable[[int], Account]] = {
            "pool": lambda jobs: _pool(folder, jobs),
            "dask": lambda jobs: extract_with_dask(folder, everything=True, jobs=jobs),
        }
        rows_of: dict[tuple[str, int], list[tuple[float, float]]] = {}
        for _ in range(options.rounds):
            for engine in options.engines.split(","):
                for jobs in map(int, options.workers.split(",")):
                    begun = time.perf_counter()
                    with CpuTime() as spent:
                        account = engines[engine](jobs)
                    seconds = time.perf_counter() - begun
                    assert (account.articles, account.reasons.total()) == (count, 0)
                    rows_of.setdefault((engine, jobs), []).append((seconds, spent.workers + spent.writer))
                    print(
                        f"{engine:5} {jobs} workers: {seconds:6.1f} s, {count / seconds:6.0f} articles/s; CPU: "
                        f"{1000 * spent.workers / count:.2f} ms an article in workers, {1000 * spent.writer / count:.2f} in "
                        f"the writer; {(spent.workers + spent.writer) / seconds:.2f} cores had",
                        flush=True,
                    )
        print(f"extractor {nlp.extractor_version()}")
        for (engine, jobs), rounds in rows_of.items():
            seconds, work = min(seconds for seconds, _ in rounds), min(work for _, work in rounds)
            alone, alone_work = (min(one[n] for one in rows_of.get((engine, 1), rounds)) for n in (0, 1))
            print(
                f"{engine:5} {jobs} workers: {count / seconds:6.0f} articles/s, {alone / seconds:.2f} × one worker; "
                f"by CPU time, on {jobs} free cores: {alone_work / (work / jobs):.2f} ×"
            )


def _pool(folder: DataFolder, jobs: int) -> Account:
    return extract_stored(folder, everything=True, jobs=jobs)


if __name__ == "__main__":
    main()
