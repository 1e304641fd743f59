"""Extracting stored articles in batches, in this process or in several, with one writer.

A task is a batch of articles and a pure function of it (`extract_batch`): it reads no database, so it can run in any process,
here or on another machine (`pipelines.dask_engine`). What comes back is stored by the one process that holds the archive.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass, field
from typing import Any

import nlp
from db.archive import Archive
from db.packing import unpack
from pipelines.console import log, watched
from pipelines.extract import batched, news_text
from pipelines.folder import DataFolder, writable_archive
from pipelines.reading import pipeline
from scraper.reading import ReadingPool, start_worker

BATCH = 200
"""Articles of one task: one a task is ten times slower (`docs/scale.md`)."""

WAITING = 2
"""Batches a process that are handed out at a time: it never waits for the writer, and memory does not grow with the archive."""

FAULTS_TOLD = 20
"""Articles that could not be read of which the log tells each; of the rest it tells the count."""


@dataclass(frozen=True)
class Fault:
    """An article that could not be extracted. What was known of it stays."""

    version: int
    url: str
    reason: str
    """Short, to be counted: "damaged-text", "unreadable-ValueError", "reader-died"."""


@dataclass(frozen=True)
class Extracted:
    """What came of one batch: of each article its reports, as mappings, or a fault."""

    extractor: str
    """Version of the extractor that read it."""
    reports: list[tuple[int, list[dict[str, Any]]]]
    """Number of the article's version, and its reports, the main one first."""
    faults: list[Fault]


def extract_batch(rows: Sequence[Mapping[str, Any]]) -> Extracted:
    """Extract the incidents of stored articles, as `db.archive.Archive.pending(packed=True)` gives them. A pure function.

    Raises nothing for a record that is corrupt: that costs this one record.
    """
    reports: list[tuple[int, list[dict[str, Any]]]] = []
    faults = []
    readable = []
    for row in rows:
        try:
            readable.append((row, news_text({**row, "body": unpack(row["body"])})))
        except Exception as error:
            reason = "damaged-text" if isinstance(error, ValueError) else f"unreadable-{type(error).__name__}"
            faults.append(_fault(row, reason))
    try:
        told = list(nlp.extract([text for _, text in readable], pipeline(), batch_size=len(readable) or 1))
        reports = [
            (row["version"], [asdict(one) for one in found]) for (row, _), (_, found) in zip(readable, told, strict=True)
        ]
    except Exception:
        for row, text in readable:  # one after another, to find the one that it was
            try:
                [(_, found)] = nlp.extract([text], pipeline(), batch_size=1)
                reports.append((row["version"], [asdict(one) for one in found]))
            except Exception as error:
                faults.append(_fault(row, f"unreadable-{type(error).__name__}"))
    return Extracted(nlp.extractor_version(), reports, faults)


def _fault(row: Mapping[str, Any], reason: str) -> Fault:
    return Fault(row["version"], row["url"], reason)


class Pool:
    """Processes that extract batches, as a context manager. A batch comes back when it is done, not in order.

    A record that kills its process (it takes all the memory, say) costs itself alone.
    """

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs
        readers = ReadingPool(jobs, preload=("pipelines.warm",))
        readers.prepare()
        self._context = readers.context
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def extract(self, batches: Iterable[Sequence[Mapping[str, Any]]]) -> Iterator[Extracted]:
        """What comes of each batch; at most `WAITING` a process are taken from `batches` before theirs are asked for."""
        rest = iter(batches)
        under_way: dict[Future[Extracted], Sequence[Mapping[str, Any]]] = {}
        while True:
            while len(under_way) < WAITING * self.jobs and (batch := next(rest, None)) is not None:
                under_way[self._submit(batch)] = batch
            if not under_way:
                return
            done, _ = wait(under_way, return_when=FIRST_COMPLETED)
            broken = []
            for future in done:
                batch = under_way.pop(future)
                try:
                    yield future.result()
                except BrokenProcessPool:
                    broken.append(batch)
            if broken:  # all that was under way is, and one of it is to blame
                wait(under_way)
                for future, batch in under_way.items():
                    if future.exception() is None:
                        yield future.result()
                    else:
                        broken.append(batch)
                under_way.clear()
                self._pool = None
                for batch in broken:
                    yield self.alone(batch)

    def alone(self, batch: Sequence[Mapping[str, Any]]) -> Extracted:
        """Extract a batch of which a record may kill its process, in halves where it does."""
        with self._executor(1) as pool:
            try:
                return pool.submit(extract_batch, batch).result()
            except BrokenProcessPool:
                if len(batch) == 1:
                    return Extracted(nlp.extractor_version(), [], [_fault(batch[0], "reader-died")])
        one, other = (self.alone(half) for half in (batch[: len(batch) // 2], batch[len(batch) // 2 :]))
        return Extracted(one.extractor, one.reports + other.reports, one.faults + other.faults)

    def _submit(self, batch: Sequence[Mapping[str, Any]]) -> Future[Extracted]:
        if self._pool is None:
            self._pool = self._executor(self.jobs)
        try:
            return self._pool.submit(extract_batch, batch)
        except BrokenProcessPool as error:  # one of them died between two batches
            future: Future[Extracted] = Future()
            future.set_exception(error)
            return future

    def _executor(self, processes: int) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(processes, mp_context=self._context, initializer=start_worker)


@dataclass
class Account:
    """What an extraction did."""

    articles: int = 0
    incidents: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    """Why articles could not be read, counted."""

    def add(self, archive: Archive, extracted: Extracted) -> None:
        """Store what came of a batch, in one transaction, and count it."""
        with archive.transaction():
            for version, reports in extracted.reports:
                archive.store_reports(version, extracted.extractor, reports)
        self.articles += len(extracted.reports)
        self.incidents += sum(len(reports) for _, reports in extracted.reports)
        for fault in extracted.faults:
            self.reasons[fault.reason] += 1
            if self.reasons.total() <= FAULTS_TOLD:
                log.error("%s: could not be read (%s); what was known of it stays", fault.url, fault.reason)

    def sentence(self) -> str:
        """The account in one line."""
        text = f"{self.articles} articles read again, {self.incidents} incident reports"
        if self.reasons:
            why = ", ".join(f"{count} {reason}" for reason, count in sorted(self.reasons.items()))
            text += f"; {self.reasons.total()} articles could not be read: {why}"
        return text


def extract_pending(archive: Archive, *, everything: bool = False, jobs: int = 1) -> Account:
    """Extract the stored articles that the present extractor has not read, or `everything` again, in so many processes
    (1: in this one). Each batch is stored as it is done, so that a run that is cut off goes on where it stopped."""
    account = Account()
    for extracted in _engine(watched_batches(archive, everything=everything), jobs):
        account.add(archive, extracted)
    return account


def watched_batches(archive: Archive, *, everything: bool, size: int = BATCH) -> Iterator[list[dict[str, Any]]]:
    """The articles to extract in lists of `size`, while a person watches."""
    version = nlp.extractor_version()
    return batched(watched(archive.pending(version, everything=everything, packed=True), "extracting"), size)


def _engine(batches: Iterable[Sequence[Mapping[str, Any]]], jobs: int) -> Iterator[Extracted]:
    if jobs == 1:
        yield from map(extract_batch, batches)
        return
    with Pool(jobs) as pool:
        yield from pool.extract(batches)


def extract_stored(folder: DataFolder, *, everything: bool = False, jobs: int = 1) -> Account:
    """As `extract_pending`, on the archive of a data folder.

    Raises:
        click.ClickException: there is no archive yet, or another process writes it.
    """
    folder.need_archive()
    with writable_archive(folder) as archive:
        return extract_pending(archive, everything=everything, jobs=jobs)
