"""How large an archive and its public database grow: bytes of each part, for a million articles.

    python benchmarks/bench_growth.py [--articles 20000]

Articles are put together from paragraphs of the labelled ones that are developed on, up to the length that the press writes
(`--length`), each with its address and the visits and revisits of its first week. The extractor reads the labelled articles
once; an article takes the reports of the one that it begins with. Times are CPU times.
"""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import tempfile
import time
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import nlp
from db.archive import Archive
from db.packing import pack, unpack
from nlp.report import NewsText
from pipelines.folder import DataFolder
from pipelines.publish import publish_incidents

GOLD = Path(__file__).resolve().parents[1] / "tests" / "gold"
NEWSPAPERS = 25
REVISITS = 3
START = datetime(2024, 1, 1, tzinfo=UTC)


def labelled() -> list[dict[str, Any]]:
    files = sorted(GOLD.glob("develop*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=20_000)
    parser.add_argument("--length", type=int, default=2600, help="characters of a text, about")
    options = parser.parse_args()
    chance = random.Random(7)
    gold = labelled()
    texts = [NewsText(str(n), one["text"], one["title"], "2024-06-01", one["country"]) for n, one in enumerate(gold)]
    reports = [[asdict(report) for report in found] for _, found in nlp.extract(texts)]
    paragraphs = [paragraph for one in gold for paragraph in one["text"].split("\n") if len(paragraph) > 40]
    with tempfile.TemporaryDirectory(prefix="quintanas-growth-") as path:
        folder = DataFolder(Path(path))
        plain = packed = spent = read = 0.0
        with Archive(folder.archive, write=True) as archive:
            ids = [f"diario-{n}" for n in range(NEWSPAPERS)]
            archive.sync_sources({"id": name, "name": name, "country": "PE", "region": "La Libertad/Trujillo"} for name in ids)
            run = archive.start_run("crawl", ids, "bench")
            for number in range(options.articles):
                which = chance.randrange(len(gold))
                body = gold[which]["text"]
                while len(body) < options.length * chance.uniform(0.5, 1.2):
                    body += "\n\n" + chance.choice(paragraphs)
                begun = time.process_time()
                small = pack(body)
                middle = time.process_time()
                unpack(small)
                spent, read = spent + middle - begun, read + time.process_time() - middle
                plain, packed = plain + len(body.encode()), packed + len(small)
                store(archive, run, number, body, gold[which]["title"] or "Noticia", reports[which], ids)
                if number % 500 == 499:
                    archive.close_group()
            archive.close_group()
            archive.finish_run(run)
        n = options.articles
        print(
            f"text: {plain / n:,.0f} bytes an article, {packed / n:,.0f} packed ({packed / plain:.0%}), "
            f"{spent / n * 1e6:.0f} µs to pack, {read / n * 1e6:.0f} µs to unpack"
        )
        begun = time.process_time()
        counts = publish_incidents(folder)
        print(f"publish: {time.process_time() - begun:.0f} s, {counts['incidents']:,} incidents, {counts['reports']:,} reports")
        for database in (folder.archive, folder.public):
            size = database.stat().st_size
            print(f"\n{database.name}: {size / n:,.0f} bytes an article, {size / n / 1000:.1f} GB a million")
            with closing(sqlite3.connect(database)) as conn:
                for name, pages in conn.execute(
                    "SELECT coalesce(tbl_name, d.name), sum(pgsize) FROM dbstat d LEFT JOIN sqlite_schema m ON m.name = d.name"
                    " GROUP BY 1 ORDER BY 2 DESC LIMIT 8"
                ):
                    print(f"  {name:24} {pages / n:8,.0f}")


def store(
    archive: Archive, run: int, number: int, body: str, title: str, reports: list[dict[str, Any]], ids: list[str]
) -> None:
    source = ids[number % NEWSPAPERS]
    at = START + timedelta(minutes=number)
    url = f"https://{source}.example/policiales/{at:%Y/%m/%d}/{'-'.join(title.casefold().split()[:9])}-{number}/"
    archive.open_group()
    archive.add_links(run, [{"url": url, "source": source, "via": "feed", "published": at, "modified": None}])
    article = {
        "url": url,
        "source": source,
        "headline": title,
        "body": f"{body}\n\n{number}",
        "fetched": at,
        "published": at,
        "section": "Policiales",
        "language": "es",
        "published_from": "json-ld",
        "links": [],
    }
    archive.store_article(run, article)
    version = archive.current_version(url)
    assert version is not None
    archive.store_reports(version, nlp.extractor_version(), reports)
    for again in range(REVISITS):
        visit = {
            "url": url,
            "source": source,
            "kind": "article",
            "outcome": "not_modified",
            "status": 304,
            "bytes": 200,
            "at": at + timedelta(days=again),
        }
        archive.record_visit(run, visit)


if __name__ == "__main__":
    main()
