"""How well and how fast an article's text and date are read from pages that nobody of this project wrote.

    python benchmarks/article_text.py [--aeb DIR] [--trafilatura DIR] [--fundus DIR] [--misses]

Each option names a checkout of a public collection, which is not part of this repository:

--aeb          github.com/scrapinghub/article-extraction-benchmark: 181 pages with their texts. F1, precision and recall over
               shingles of four words, averaged over pages, as its own evaluation counts them.
--trafilatura  github.com/adbar/trafilatura: of its evaluation set, the pages in Spanish. Each names phrases that belong to the
               text and phrases that do not; headlines and leads count as found where the article holds them as such.
--fundus       github.com/flairNLP/fundus: its test pages state when each article appeared; a stamp without a zone is the clock
               of the newspaper's country.
--htmldate     github.com/adbar/htmldate: the day on which each of 1,000 pages appeared; news, but also blogs and home pages of
               clubs and offices, in many languages.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import trafilatura

from scraper.items import Article
from scraper.page import NotAnArticle, decode, read_article
from scraper.sources import Source

UNKNOWN = "https://diario.example/nota/2020/01/01/una-nota-sin-direccion/"


ZONES = {
    **{"at": "Europe/Vienna", "au": "Australia/Sydney", "bd": "Asia/Dhaka", "be": "Europe/Brussels", "ca": "America/Toronto"},
    **{"ch": "Europe/Zurich", "cl": "America/Santiago", "cn": "Asia/Shanghai", "cz": "Europe/Prague", "de": "Europe/Berlin"},
    **{"dk": "Europe/Copenhagen", "eg": "Africa/Cairo", "es": "Europe/Madrid", "fr": "Europe/Paris", "gl": "America/Nuuk"},
    **{"ie": "Europe/Dublin", "il": "Asia/Jerusalem", "ind": "Asia/Kolkata", "isl": "Atlantic/Reykjavik", "it": "Europe/Rome"},
    **{"jp": "Asia/Tokyo", "kr": "Asia/Seoul", "ls": "Africa/Maseru", "lt": "Europe/Vilnius", "lu": "Europe/Luxembourg"},
    **{
        "my": "Asia/Kuala_Lumpur",
        "na": "Africa/Windhoek",
        "nl": "Europe/Amsterdam",
        "no": "Europe/Oslo",
        "pl": "Europe/Warsaw",
    },
    **{
        "pt": "Europe/Lisbon",
        "py": "America/Asuncion",
        "se": "Europe/Stockholm",
        "tr": "Europe/Istanbul",
        "tz": "Africa/Dar_es_Salaam",
    },
    **{"tw": "Asia/Taipei", "uk": "Europe/London", "us": "America/New_York", "za": "Africa/Johannesburg"},
}
"""Where the countries of Fundus' newspapers keep their clocks (IANA)."""


def read(body: bytes, url: str, zone: str = "UTC", fetched: datetime | None = None) -> Article | None:
    """Read a page as the crawl does, knowing of its newspaper where it keeps its clock."""
    parts = urlsplit(url)
    declared = re.search(rb"charset=[\"']?([\w-]+)", body[:4000])
    source = Source("x", "X", f"{parts.scheme}://{parts.netloc}/", timezone=zone)
    fetched = fetched or datetime.now(UTC)
    try:
        return read_article(decode(body, declared[1].decode() if declared else None), url, source, fetched)
    except NotAnArticle:
        return None


def own(body: bytes, url: str) -> tuple[str, str]:
    """Text, and headline and lead."""
    article = read(body, url)
    return (article.body, f"{article.headline} {article.lead or ''}") if article else ("", "")


def peer(**options: bool) -> Callable[[bytes, str], tuple[str, str]]:
    """Trafilatura with these options."""
    return lambda body, url: (trafilatura.extract(body, url=url, include_comments=False, **options) or "", "")


READERS: dict[str, Callable[[bytes, str], tuple[str, str]]] = {
    "quintanas": own,
    "trafilatura precision": peer(favor_precision=True),
    "trafilatura fast": peer(fast=True),
    "trafilatura": peer(),
}


def shingles(text: str) -> Counter[tuple[str, ...]]:
    """The sequences of four words of a text."""
    words = re.findall(r"\w+", text)
    return Counter(tuple(words[n : n + 4]) for n in range(max(1, len(words) - 3)) if words)


def table(title: str, rows: Iterable[tuple[str, float, float, float]]) -> None:
    """Print precision, recall and F1 of each reader."""
    print(f"\n{title}\n{'':<24}{'F1':>8}{'precision':>11}{'recall':>8}{'pages/CPU s':>13}")
    for name, precision, recall, speed in rows:
        f1 = 2 * precision * recall / (precision + recall or 1)
        print(f"{name:<24}{f1:>8.3f}{precision:>11.3f}{recall:>8.3f}{speed:>13.1f}", flush=True)


def aeb(folder: Path) -> None:
    """The article extraction benchmark."""
    pages = json.loads((folder / "ground-truth.json").read_text(encoding="utf-8"))
    bodies = {key: gzip.decompress((folder / "html" / f"{key}.html.gz").read_bytes()) for key in pages}

    def rows() -> Iterable[tuple[str, float, float, float]]:
        for name, reader in READERS.items():
            precisions, recalls, begun = [], [], time.process_time()
            texts = {key: reader(bodies[key], page["url"])[0] for key, page in pages.items()}
            speed = len(pages) / (time.process_time() - begun)
            for key, page in pages.items():
                true, said = shingles(page["articleBody"]), shingles(texts[key])
                both = (true & said).total()
                if said:
                    precisions.append(both / said.total())
                if true:
                    recalls.append(both / true.total())
            yield name, statistics.mean(precisions), statistics.mean(recalls), speed

    table(f"article extraction benchmark, {len(pages)} pages", rows())


def spanish(folder: Path, *, misses: bool) -> None:
    """The Spanish pages of trafilatura's evaluation set."""
    pages = []
    for url, page in json.loads((folder / "tests" / "evaldata.json").read_text(encoding="utf-8")).items():
        file = next((f for kind in ("cache", "eval") if (f := folder / "tests" / kind / page["file"]).exists()), None)
        body = file.read_bytes() if file else b""
        language = re.search(rb"<html[^>]*\blang=[\"']?([a-z]+)", body[:8000].lower())
        if language and language[1] == b"es":
            stated = re.search(rb"(?:rel=[\"']canonical[\"'][^>]*href|og:url[\"'][^>]*content)=[\"'](https?://[^\"']+)", body)
            address = url if url.startswith("http") else stated[1].decode() if stated else UNKNOWN
            pages.append((address, page, body))

    def squeezed(text: str) -> str:
        return " ".join(text.split())

    def rows() -> Iterable[tuple[str, float, float, float]]:
        for name, reader in READERS.items():
            kept = lost = foreign = 0
            begun = time.process_time()
            read_pages = [reader(body, url) for url, _, body in pages]
            speed = len(pages) / (time.process_time() - begun)
            for (url, page, _), (text, beside) in zip(pages, read_pages, strict=True):
                body, all_text = squeezed(text), squeezed(f"{text} {beside}")
                absent = [phrase for phrase in page["with"] if squeezed(phrase) not in all_text]
                extra = [phrase for phrase in page["without"] if squeezed(phrase) in body]
                kept, lost, foreign = kept + len(page["with"]) - len(absent), lost + len(absent), foreign + len(extra)
                if misses and name == "quintanas" and (absent or extra):
                    print(f"  {url}\n    lost {absent}\n    foreign {extra}")
            yield name, kept / (kept + foreign), kept / (kept + lost), speed

    table(f"Spanish pages of trafilatura's evaluation set, {len(pages)} pages", rows())


def dates(folder: Path, *, misses: bool) -> None:
    """When the articles of Fundus' test pages appeared."""
    right = wrong = none = 0
    data = folder / "tests" / "resources" / "parser" / "test_data"
    for meta in sorted(data.glob("*/meta.info")):
        said = json.loads(meta.read_text(encoding="utf-8"))
        for name, page in said.items():
            file = meta.parent / name
            expected_file = meta.parent / f"{name.split('_')[0]}.json"
            if not file.exists() or not expected_file.exists():
                continue
            expected = json.loads(expected_file.read_text(encoding="utf-8"))
            stated = {version.get("publishing_date") for version in expected.values() if isinstance(version, dict)} - {None}
            if len(expected) != 1 or not stated:
                continue
            zone = ZoneInfo(ZONES.get(meta.parent.name, "UTC"))
            wanted = datetime.fromisoformat(str(stated.pop()).replace("Z", "+00:00"))
            wanted = wanted.replace(tzinfo=zone) if wanted.tzinfo is None else wanted
            crawled = datetime.fromisoformat(page["crawl_date"]).replace(tzinfo=UTC)
            article = read(gzip.decompress(file.read_bytes()), page["url"], str(zone), crawled)
            if article is None or article.published is None:
                none += 1
                if misses:
                    print(f"  {name}: not read ({'no article' if article is None else 'no date'}), {wanted}")
            else:
                same = abs((article.published - wanted).total_seconds()) < 60
                right, wrong = right + same, wrong + (not same)
                if not same and misses:
                    print(f"  {name}: {article.published} ({article.published_from}), not {wanted}")
    total = right + wrong + none
    print(
        f"\ndates of Fundus' test pages: {right} of {total} right ({right / (total or 1):.3f}), {wrong} wrong, {none} not read"
    )


def days(folder: Path, *, misses: bool) -> None:
    """On which day the pages of htmldate's evaluation sets appeared."""
    for name in ("eval_mediacloud_2020.json", "eval_default.json"):
        pages = json.loads((folder / "tests" / name).read_text(encoding="utf-8"))
        right = wrong = none = other = 0
        for url, page in pages.items():
            file = next(
                (f for kind in ("test_set", "cache", "eval") if (f := folder / "tests" / kind / page["file"]).exists()), None
            )
            if file is None:
                continue
            article = read(file.read_bytes(), url[url.find("http") :])
            if article is None:
                other += 1
                continue
            said = article.published.date().isoformat() if article.published else None
            right, wrong, none = (
                right + (said == page["date"]),
                wrong + (said not in (None, page["date"])),
                none + (said is None),
            )
            if misses and said != page["date"]:
                print(f"  {url}: {said} ({article.published_from}), not {page['date']}")
        total = right + wrong + none
        print(
            f"\ndays of htmldate's {name}: {right} of {total} right ({right / (total or 1):.3f}), {wrong} wrong, {none} without"
            f"; {other} pages are no article"
        )


def main() -> None:
    """Run the benchmark and print its tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--aeb", type=Path)
    parser.add_argument("--trafilatura", type=Path)
    parser.add_argument("--fundus", type=Path)
    parser.add_argument("--htmldate", type=Path)
    parser.add_argument("--misses", action="store_true", help="print what was lost or foreign")
    given = parser.parse_args()
    if given.aeb:
        aeb(given.aeb)
    if given.trafilatura:
        spanish(given.trafilatura, misses=given.misses)
    if given.fundus:
        dates(given.fundus, misses=given.misses)
    if given.htmldate:
        days(given.htmldate, misses=given.misses)


if __name__ == "__main__":
    main()
