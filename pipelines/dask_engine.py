"""Extracting stored articles with Dask, on this machine or on several: Parquet partitions in, Parquet partitions out.

The folder of partitions is the state of the work: articles that wait, reports that are to be loaded; what is loaded is deleted.
Whatever is killed, the same command goes on with the partitions that are left. The archive is written by this process alone,
for a moment a partition, so that crawls go on meanwhile.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

import nlp
from db.archive import Archive, ArchiveBusy
from pipelines.batches import BATCH, Account, Extracted, Fault, Pool, extract_batch, watched_batches
from pipelines.console import log, watched
from pipelines.extract import batched
from pipelines.folder import DataFolder, writable_archive

PARTITION = 1000
"""Articles of one partition, which is one task: about two seconds of work."""

CONNECT = 20
"""Seconds to wait for the scheduler."""

_MISSING = "the Dask engine needs Dask and pyarrow: pip install 'quintanas[scale]'"
_COLUMNS = {
    "version": "int64",
    **dict.fromkeys(("url", "source", "headline", "lead"), "string"),
    "body": "binary",
    **dict.fromkeys(("published", "section", "language", "dateline", "location_created"), "string"),
    **dict.fromkeys(("country", "region", "timezone"), "string"),
}
_ONE_AT_A_TIME = threading.Lock()


class Unloadable(ValueError):  # noqa: N818 - the state of a file
    """A partition of reports that cannot be read, or that another version of the extractor wrote."""


def extract_partition(articles: str, reports: str) -> None:
    """Extract the articles of one Parquet file into another, which is whole or absent. Runs on any machine that sees both."""
    rows = read_articles(Path(articles))
    with _ONE_AT_A_TIME:  # a worker of several threads has one pipeline
        found = [extract_batch(batch) for batch in batched(rows, BATCH)]
    write_reports(Path(reports), found)


def write_articles(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write stored articles, as `db.archive.Archive.pending(packed=True)` gives them, to a Parquet file."""
    import pyarrow  # type: ignore[import-untyped]

    kinds = {"int64": pyarrow.int64(), "string": pyarrow.string(), "binary": pyarrow.binary()}
    schema = pyarrow.schema([(name, kinds[kind]) for name, kind in _COLUMNS.items()])
    # a short text is stored as it is, and comes as text
    bodies = [row["body"].encode() if isinstance(row["body"], str) else row["body"] for row in rows]
    columns = [bodies if name == "body" else [row[name] for row in rows] for name in _COLUMNS]
    plain = pyarrow.array([isinstance(row["body"], str) for row in rows])
    table = pyarrow.Table.from_arrays([pyarrow.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)
    _write(path, table.append_column("plain", plain))


def read_articles(path: Path) -> list[dict[str, Any]]:
    """The rows that `write_articles` wrote."""
    from pyarrow import parquet

    rows: list[dict[str, Any]] = parquet.read_table(path).to_pylist()
    for row in rows:
        if row.pop("plain"):
            row["body"] = row["body"].decode()
    return rows


def write_reports(path: Path, found: Sequence[Extracted]) -> None:
    """Write what came of batches to a Parquet file: a row an article, its reports as JSON or its fault."""
    import pyarrow

    columns: dict[str, list[Any]] = {"version": [], "url": [], "reports": [], "fault": []}

    def add(*values: Any) -> None:
        for column, value in zip(columns.values(), values, strict=True):
            column.append(value)

    for one in found:
        for version, reports in one.reports:
            add(version, None, json.dumps(reports, ensure_ascii=False), None)
        for fault in one.faults:
            add(fault.version, fault.url, None, fault.reason)
    kinds = [pyarrow.int64(), pyarrow.string(), pyarrow.string(), pyarrow.string()]
    arrays = [pyarrow.array(values, kind) for values, kind in zip(columns.values(), kinds, strict=True)]
    table = pyarrow.Table.from_arrays(arrays, names=list(columns))
    _write(path, table.replace_schema_metadata({"extractor": nlp.extractor_version()}))


def read_reports(path: Path) -> Extracted:
    """What `write_reports` wrote.

    Raises:
        Unloadable: the file is damaged.
    """
    import pyarrow
    from pyarrow import parquet

    try:
        table = parquet.read_table(path)
        extractor = (table.schema.metadata or {})[b"extractor"].decode()
        rows = table.to_pylist()
        reports = [(row["version"], json.loads(row["reports"])) for row in rows if row["fault"] is None]
        faults = [Fault(row["version"], row["url"], row["fault"]) for row in rows if row["fault"] is not None]
    except (pyarrow.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
        raise Unloadable(f"{path}: {error}") from error
    return Extracted(extractor, reports, faults)


def _write(path: Path, table: Any) -> None:
    from pyarrow import parquet

    written = path.with_name(f".{path.name}.tmp")
    parquet.write_table(table, written, compression="zstd")
    written.replace(path)


@dataclass(frozen=True)
class Partitions:
    """A folder of partitions: the work of one extraction, as far as it is not loaded yet."""

    path: Path

    def articles(self, number: int) -> Path:
        return self.path / f"articles-{number:06}.parquet"

    def reports(self, number: int) -> Path:
        return self.path / f"reports-{number:06}.parquet"

    @property
    def job(self) -> Path:
        return self.path / "job.json"

    @property
    def left(self) -> list[int]:
        """Numbers of the partitions that are not loaded."""
        return sorted(int(file.stem.rpartition("-")[2]) for file in self.path.glob("articles-*.parquet"))

    def begin(self, folder: DataFolder, *, everything: bool, size: int) -> bool:
        """Write the articles to extract, or leave those of a run that was cut off; says whether there was one.

        Raises:
            click.ClickException: the folder holds the partitions of another archive.
        """
        job = {"archive": str(folder.archive.resolve()), "extractor": nlp.extractor_version(), "everything": everything}
        self.path.mkdir(parents=True, exist_ok=True)
        known = None
        with suppress(OSError, ValueError):
            known = json.loads(self.job.read_text(encoding="utf-8"))
        if known and known.get("archive") != job["archive"]:
            raise click.ClickException(f"{self.path} holds partitions of {known.get('archive')}: name another folder")
        if known == job:
            return True
        self.clear()
        with Archive(folder.archive, write=False) as archive:
            for number, rows in enumerate(watched_batches(archive, everything=everything, size=size)):
                write_articles(self.articles(number), rows)
        self.job.write_text(json.dumps(job), encoding="utf-8")
        return False

    def done(self, number: int) -> None:
        """Note that a partition is loaded."""
        self.reports(number).unlink(missing_ok=True)
        self.articles(number).unlink(missing_ok=True)

    def clear(self) -> None:
        """Take away every partition, and the folder where nothing else is in it."""
        self.job.unlink(missing_ok=True)
        for pattern in ("articles-*.parquet", "reports-*.parquet", ".*.parquet.tmp"):
            for file in self.path.glob(pattern):
                file.unlink(missing_ok=True)


def extract_with_dask(
    folder: DataFolder,
    *,
    everything: bool = False,
    jobs: int = 1,
    scheduler: str | None = None,
    partitions: Path | None = None,
    size: int = PARTITION,
) -> Account:
    """Extract the articles of a data folder as `pipelines.batches.extract_stored` does, with Dask.

    `scheduler`: address of a running one ("tcp://10.0.0.1:8786"), whose workers have this version of the software and see the
    folder of `partitions` (default: in the data folder) under the same path; without one, `jobs` processes on this machine.
    `size`: articles of a partition.

    Raises:
        click.ClickException: there is no archive yet; Dask is not installed, the scheduler does not answer, a worker does not
            see the folder or has another version; another process writes the archive at the end. The same command goes on.
    """
    try:
        import distributed  # noqa: F401
        import pyarrow  # noqa: F401
    except ImportError:
        raise click.ClickException(_MISSING) from None
    folder.need_archive()
    with writable_archive(folder):  # brings its schema up to date, and tells at once where it cannot be written
        pass
    parts = Partitions((partitions or folder.path / "partitions").resolve())
    if parts.begin(folder, everything=everything, size=size):
        log.info("going on with %d partitions in %s", len(parts.left), parts.path)
    account = Account()
    loader = _Loader(folder, parts, account)
    todo = [number for number in parts.left if not loader.load(number)]
    if todo:
        with _client(scheduler, jobs) as client:
            for number in watched(_computed(client, parts, todo), "partitions", len(todo)):
                loader.load(number)
    loader.finish()
    parts.clear()
    return account


class _Loader:
    """The one writer: loads partitions as they come, or later where the archive is being written."""

    def __init__(self, folder: DataFolder, parts: Partitions, account: Account) -> None:
        self.folder = folder
        self.parts = parts
        self.account = account

    def load(self, number: int, *, last: bool = False) -> bool:
        """Load a partition; whether its reports are there (they are loaded at the end where another process writes now)."""
        if not self.parts.reports(number).exists():
            return False
        try:
            found = read_reports(self.parts.reports(number))
        except Unloadable as error:
            log.warning("%s; it is extracted again", error)
            self.parts.reports(number).unlink(missing_ok=True)
            return False
        if found.extractor != nlp.extractor_version():
            self.parts.reports(number).unlink(missing_ok=True)
            raise click.ClickException(
                f"a worker runs the extractor {found.extractor}, and this is {nlp.extractor_version()}: "
                "install the same version on all machines, then run the same command again"
            )
        try:
            with Archive(self.folder.archive, write=True) as archive:
                there = archive.known_versions(version for version, _ in found.reports)
                reports = [one for one in found.reports if one[0] in there]
                self.account.add(archive, Extracted(found.extractor, reports, found.faults))
        except ArchiveBusy as error:
            if last:
                raise click.ClickException(f"{error}; nothing is lost, the same command loads what is extracted") from None
            return True
        self.parts.done(number)
        return True

    def finish(self) -> None:
        """Load what is left.

        Raises:
            click.ClickException: another process still writes the archive, or a partition has to be extracted again.
        """
        for number in self.parts.left:
            if not self.load(number, last=True):
                raise click.ClickException(f"{self.parts.articles(number)} is not extracted: run the same command again")


@contextmanager
def _client(scheduler: str | None, jobs: int) -> Iterator[Any]:
    from distributed import Client, LocalCluster

    if scheduler is None:
        with (
            LocalCluster(
                n_workers=jobs, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None, silence_logs=40
            ) as cluster,
            Client(cluster) as client,
        ):
            yield client
        return
    try:
        client = Client(scheduler, timeout=CONNECT)
    except (OSError, ValueError) as error:
        raise click.ClickException(f"no Dask scheduler answers at {scheduler} ({error})") from None
    with client:
        yield client


def _computed(client: Any, parts: Partitions, numbers: Sequence[int]) -> Iterator[int]:
    """Have partitions extracted; yields their numbers as they are done."""
    from distributed import KilledWorker, as_completed

    futures = {client.submit(extract_partition, str(parts.articles(n)), str(parts.reports(n)), pure=False): n for n in numbers}
    for future in as_completed(list(futures)):
        number = futures.pop(future)
        error = future.exception()
        if isinstance(error, KilledWorker):
            log.warning("partition %d killed its workers; looking for the article that did", number)
            with Pool(1) as pool:
                found = [pool.alone(batch) for batch in batched(read_articles(parts.articles(number)), BATCH)]
            write_reports(parts.reports(number), found)
        elif isinstance(error, FileNotFoundError):
            raise click.ClickException(
                f"a worker does not see {parts.path}: it must be the same folder on every machine (--partitions DIR)"
            )
        elif error is not None:
            raise click.ClickException(f"partition {number}: {type(error).__name__}: {error}")
        yield number
