"""Importing news archives: the pages of configured newspapers out of WARC files, such as Common Crawl's news crawls.

The files (ISO 28500) are read with FastWARC, which also undoes compression and HTTP's encodings; the pages are read by the
crawler's own reader and stored as the crawler stores them. A corrupt record costs itself: reading goes on at the next one.
"""

from __future__ import annotations

import asyncio
import zlib
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

import click

from db.archive import Archive
from pipelines.console import log, watched
from pipelines.folder import DataFolder, writable_archive
from pipelines.reading import ExtractedArticle, read_and_extract
from pipelines.store import left_out, store_extracted
from scraper.frontier import Link
from scraper.page import NotAnArticle
from scraper.reading import Page, ReadingPool, Unreadable
from scraper.settings import DOWNLOAD_MAXSIZE
from scraper.sources import Source
from scraper.urls import canonical_url, fold_host

WAITING = 8
"""Pages a process that are handed out at a time."""

GROUP = 200
"""Articles that are brought to the disk together."""

_HTML = ("text/html", "application/xhtml+xml")
_GZIP = b"\x1f\x8b\x08"
_FIRST = b"WARC/"
_WINDOW = 1 << 20


@dataclass(frozen=True)
class Capture:
    """One page of a WARC file."""

    url: str
    fetched: datetime
    body: bytes
    """Without HTTP's content and transfer encodings."""
    encoding: str | None
    """The character set that the answer declares."""


@dataclass(frozen=True)
class Corrupt:
    """A record that cannot be read, or a page in it."""

    offset: int
    """Bytes into the file of the record, or of the last good one before it."""
    message: str


def captures(path: Path, wanted: Callable[[str], bool]) -> Iterator[Capture | Corrupt | None]:
    """What a WARC file holds, record by record: pages of `wanted` addresses, what is corrupt, and None for all the rest.

    A file packed as one whole, and not record by record as the standard asks, is read up to its first fault.
    """
    at: int | None = 0
    told = False
    while at is not None:
        last = None
        try:
            for offset, one in _records(path, at, wanted):
                last, told = offset, isinstance(one, Corrupt)
                yield one
            return
        except (OSError, ValueError, OverflowError) as error:
            fault = Corrupt(at if last is None else last, str(error))
        if not told:
            yield fault
        told = last is not None and not told  # the next reading may begin at the very record that this one stumbled over
        at = _next_record(path, fault.offset + 1)


def _records(path: Path, at: int, wanted: Callable[[str], bool]) -> Iterator[tuple[int, Capture | Corrupt | None]]:
    from fastwarc.warc import ArchiveIterator, WarcRecordType

    with path.open("rb") as file:
        file.seek(at)
        for record in ArchiveIterator(file, parse_http=False):
            offset = at + record.stream_pos
            url = (record.headers.get("WARC-Target-URI") or "").strip("<>")
            if record.record_type != WarcRecordType.response or not wanted(url):
                yield offset, None
                continue
            stated = record.headers.get("Content-Length")
            record.freeze()
            if stated is None or record.content_length != int(stated):
                yield offset, Corrupt(offset, "the record is cut off")
                continue
            if record.headers.get("WARC-Block-Digest") and not record.verify_block_digest():
                yield offset, Corrupt(offset, "the record is not what its digest says")
                continue
            try:
                record.parse_http(auto_decode="all")
                answer = record.http_headers
                kind = (record.http_content_type or "").lower()
                if answer is None or answer.status_code != 200 or (kind and kind not in _HTML):
                    yield offset, None
                    continue
                body = record.reader.read(DOWNLOAD_MAXSIZE + 1)
            except (OSError, ValueError) as error:
                yield offset, Corrupt(offset, str(error))
                continue
            if len(body) > DOWNLOAD_MAXSIZE or record.record_date is None:
                yield offset, Corrupt(offset, "the page is too large" if body else "the record has no date")
                continue
            yield offset, Capture(url, record.record_date.astimezone(UTC), body, record.http_charset)


def _next_record(path: Path, at: int) -> int | None:
    """Where the first record begins that begins at `at` or later, or None."""
    with path.open("rb") as file:
        packed = file.read(2) == _GZIP[:2] or path.suffix == ".gz"
        sign = _GZIP if packed else b"\n" + _FIRST
        file.seek(at)
        window = file.read(_WINDOW)
        while len(window) >= len(sign):
            found = window.find(sign)
            while found >= 0:
                start = at + found + (0 if packed else 1)
                if not packed or _holds_record(file, start):
                    return start
                found = window.find(sign, found + 1)
            step = len(window) - len(sign) + 1
            at += step
            file.seek(at)
            window = file.read(_WINDOW)
    return None


def _holds_record(file: BinaryIO, start: int) -> bool:
    file.seek(start)
    try:
        return zlib.decompressobj(31).decompress(file.read(4096), len(_FIRST)) == _FIRST
    except zlib.error:
        return False


class Newspapers:
    """Which newspaper a page belongs to."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self._at: dict[str, list[Source]] = {}
        for source in sources:
            self._at.setdefault(fold_host(urlsplit(source.home).hostname or ""), []).append(source)

    def of(self, url: str) -> Source | None:
        """The newspaper that an address may be an article of, or None."""
        try:
            host = fold_host(urlsplit(url).hostname or "")
            while host:
                for source in self._at.get(host, ()):
                    if source.may_be_article(url):
                        return source
                host = host.partition(".")[2]
        except ValueError:
            pass
        return None


@dataclass
class ImportAccount:
    """What an import did."""

    records: int = 0
    pages: int = 0
    """Pages that may be articles of a configured newspaper."""
    effects: Counter[str] = field(default_factory=Counter)
    """What became of articles: new, changed, unchanged, same-text, another-text, known (had at that time or later already)."""
    reasons: Counter[str] = field(default_factory=Counter)
    """Why pages are no articles, or cannot be read, counted."""
    corrupt: int = 0
    broken: int = 0
    """Pages that broke the reader."""

    def sentence(self) -> str:
        """The account in one line."""
        parts = [f"{self.records:,} records, {self.pages:,} pages of configured newspapers"]
        parts += [f"{count:,} {effect}" for effect, count in sorted(self.effects.items())]
        parts += [f"{count:,} left out ({reason})" for reason, count in sorted(self.reasons.items())]
        parts += [f"{self.corrupt:,} corrupt records passed over"] if self.corrupt else []
        return "; ".join(parts)


def import_warc(
    folder: DataFolder, files: Sequence[Path], sources: Sequence[Source], jobs: int = 1
) -> Mapping[Path, ImportAccount]:
    """Read the articles of `sources` out of WARC files into the archive, in `jobs` processes, and extract their incidents.

    An article is stored as it was when it was fetched, and never over a later fetch; the crawl does not ask the newspaper for
    it because of that. Importing a file again changes nothing. Returns what each file gave.

    Raises:
        click.ClickException: another process writes the archive, or FastWARC is not installed.
    """
    try:
        import fastwarc  # noqa: F401
    except ImportError:
        raise click.ClickException("reading WARC files needs FastWARC: pip install 'quintanas[scale]'") from None
    accounts = {file: ImportAccount() for file in files}
    with writable_archive(folder) as archive:
        run = archive.start_run("import", [], version("quintanas"))
        pool = ReadingPool(jobs, read_and_extract, ("pipelines.warm",))
        pool.prepare()

        async def read_all() -> None:
            for file, account in accounts.items():
                await _Import(archive, run, Newspapers(sources), pool, account).read(file, WAITING * jobs)

        try:
            asyncio.run(read_all())
            archive.finish_run(run)
        finally:
            archive.close_group()
            pool.close()
    return accounts


class _Import:
    """One file on its way into the archive."""

    def __init__(self, archive: Archive, run: int, newspapers: Newspapers, pool: ReadingPool, account: ImportAccount) -> None:
        self.archive = archive
        self.run = run
        self.newspapers = newspapers
        self.pool = pool
        self.account = account

    async def read(self, path: Path, most: int) -> None:
        """Read pages side by side, and store them in the file's order."""
        under_way: deque[asyncio.Task[ExtractedArticle | None]] = deque()
        found = captures(path, lambda url: self.newspapers.of(url) is not None)
        for one in watched(found, f"reading {path.name}"):
            self.account.records += 1
            if isinstance(one, Corrupt):
                self.account.corrupt += 1
                log.error("%s, byte %d: corrupt record: %s", path, one.offset, one.message)
            elif one is not None:
                self.account.pages += 1
                if self._is_known(one):
                    self.account.effects["known"] += 1
                    continue
                under_way.append(asyncio.create_task(self._article(one)))
                while len(under_way) >= most:
                    self._keep(await under_way.popleft())
        while under_way:
            self._keep(await under_way.popleft())
        self.archive.close_group()

    def _is_known(self, capture: Capture) -> bool:
        return self._had(canonical_url(capture.url), capture.fetched)

    def _had(self, url: str, fetched: datetime) -> bool:
        """Whether an article was had as it was at that time, or as it was later."""
        seen = self.archive.last_seen(url)
        return seen is not None and seen >= fetched

    async def _article(self, capture: Capture) -> ExtractedArticle | None:
        source = self.newspapers.of(capture.url)
        assert source is not None
        link = Link(canonical_url(capture.url), source.id, "warc", address=capture.url)
        page = Page(capture.body, capture.encoding, capture.url, source, capture.fetched, link)
        try:
            article = await self.pool.read(page)
        except NotAnArticle as error:
            self.account.reasons[error.reason] += 1
            return None
        except Unreadable as error:
            log.error("%s", error)
            self.account.reasons[error.reason] += 1
            self.account.broken += 1
            return None
        assert isinstance(article, ExtractedArticle)
        article.status, article.bytes = 200, len(capture.body)
        self.archive.know_source({key: value for key, value in vars(source).items() if key != "notes"})
        return article

    def _keep(self, article: ExtractedArticle | None) -> None:
        if article is None:
            return
        if self._had(article.url, article.fetched):
            self.account.effects["known"] += 1
            return
        self.archive.open_group()
        with self.archive.transaction():
            reason = left_out(self.archive, article)
            if reason is None:
                effect = store_extracted(self.archive, self.run, article)
                self.archive.leave_alone(article.url)
        self.account.effects[reason or effect] += 1
        if not self.account.effects.total() % GROUP:
            self.archive.close_group()
