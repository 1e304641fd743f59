"""What a new report costs to link, with 10,000 and with 1,000,000 incidents in the archive (or the sizes given).

`python benchmarks/bench_identity.py [SIZE ...]` fills archives with synthetic assignments at the density of a region's press
(each province has as many incidents a day whatever the size: more of them means more days and provinces), links the same 400
new articles in each by turns, and prints milliseconds a report, the ratio and the peak memory. The fastest round counts.
"""

from __future__ import annotations

import json
import random
import resource
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from db.archive import Archive
from db.identity import link

NEW = 400
ROUNDS = 5
FAMILIES = ("life", "property", "extortion", "sexual", "drugs")
DISTRICTS = [f"{province:04}{district:02}" for province in range(101, 297) for district in range(1, 10)]
PER_DAY = 40
"""Incidents a day in all of the districts."""


def fill(archive: Archive, size: int) -> None:
    """Give the archive `size` incidents with one assignment each."""
    rng = random.Random(7)
    archive.sync_sources([{"id": "old", "name": "Old"}, {"id": "new", "name": "New"}])
    conn = archive.db.conn
    last = date(2025, 11, 3)
    data = json.dumps(
        {
            "type": "robbery",
            "status": "completed",
            "precision": "day",
            "part": "noche",
            "loot": ["cash"],
            "event": "crime",
            "words": sorted(rng.randrange(2**32) for _ in range(90)),
        },
        separators=(",", ":"),
    )
    signature = bytes(256)
    with archive.transaction():
        conn.execute("INSERT INTO articles (id, url, source, first_seen, last_seen) VALUES (1, 'https://x/', 'old', '', '')")
        for number in range(size):
            day = (last - timedelta(days=number // PER_DAY)).isoformat()
            district = rng.choice(DISTRICTS)
            name = f"QX{number:010}"
            conn.execute("INSERT INTO incidents (id, created) VALUES (?, '')", (name,))
            conn.execute(
                """INSERT INTO assignments (report, article, source, incident, row, family, district, province, first, last,
                features, signature) VALUES (?, 1, 'old', ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
                (f"RX{number:010}", name, number, rng.choice(FAMILIES), district, district[:4], day, day, data, signature),
            )


def tell(archive: Archive, turn: int) -> None:
    """Store new articles with a report each, not linked yet."""
    rng = random.Random(turn)
    run = archive.start_run("crawl", ["new"], "0")
    with archive.transaction():
        for number in range(NEW):
            text = " ".join(f"palabra{rng.randrange(5000)}" for _ in range(300))
            day = date(2025, 11, 3) - timedelta(days=rng.randrange(5))
            district = rng.choice(DISTRICTS)
            archive.store_article(
                run,
                {
                    "url": f"https://new.example/{turn}-{number}",
                    "source": "new",
                    "headline": "Asaltan bodega",
                    "body": text,
                    "published": datetime(2025, 11, 3, 12, tzinfo=UTC),
                    "fetched": datetime.now(UTC),
                },
            )
            report = {
                "type": "robbery",
                "status": "completed",
                "event": "crime",
                "level": "district",
                "ubigeo": district,
                "district": "D",
                "country": "PE",
                "date": day.isoformat(),
                "precision": "day",
                "confidence": 0.8,
            }
            version = archive.db.conn.execute("SELECT max(id) FROM article_versions").fetchone()[0]
            archive.store_reports(version, "bench", [report])


def main(sizes: list[int]) -> None:
    """Fill an archive of each size, link new articles in each by turns, and print what one costs."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        archives = [stack.enter_context(Archive(Path(folder) / f"{size}.db", write=True)) for size in sizes]
        for archive, size in zip(archives, sizes, strict=True):
            fill(archive, size)
        cpu, wall = ([[] for _ in sizes], [[] for _ in sizes])
        for turn in range(ROUNDS):
            for number, archive in enumerate(archives):
                tell(archive, turn)
                begun, begun_cpu = time.perf_counter(), time.process_time()
                done = link(archive)
                wall[number].append((time.perf_counter() - begun) * 1000 / NEW)
                cpu[number].append((time.process_time() - begun_cpu) * 1000 / NEW)
                assert done.articles == NEW
        for size, used, waited in zip(sizes, cpu, wall, strict=True):
            print(f"{size:>9,} incidents: {min(used):.2f} ms of processor, {min(waited):.2f} ms in all, a new report")
        print(f"ratio {min(cpu[-1]) / min(cpu[0]):.2f} of processor, {min(wall[-1]) / min(wall[0]):.2f} in all")
        print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main([int(text) for text in sys.argv[1:]] or [10_000, 1_000_000])
