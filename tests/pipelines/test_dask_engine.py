"""Extracting with a real Dask scheduler and two workers: the same reports, resumed by partition, past what is corrupt."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import pytest
from distributed import LocalCluster
from support import Run

from db.archive import Archive
from pipelines.batches import extract_stored
from pipelines.dask_engine import Partitions, extract_partition, extract_with_dask, read_reports, write_reports
from pipelines.folder import DataFolder

START = datetime(2026, 10, 13, 9, tzinfo=UTC)
TEXTS = (
    "Unos sujetos robaron una vivienda de la urbanización Las Quintanas, en Trujillo, la madrugada del domingo. Van {} casos.",
    "La Policía recuperó en el distrito de Huanchaco un automóvil que fue robado el lunes por dos hombres. Van {} casos.",
    "Llovió {} veces.",
)
ARTICLES = 40


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    with LocalCluster(n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None, silence_logs=40) as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    """A data folder of forty articles that nothing has extracted."""
    folder = DataFolder(tmp_path / "data")
    with Archive(folder.archive, write=True) as archive:
        archive.sync_sources([{"id": "norte", "name": "Diario Norte", "country": "PE", "region": "La Libertad/Trujillo"}])
        run = archive.start_run("crawl", ["norte"], "test")
        with archive.transaction():
            for number in range(ARTICLES):
                at = START + timedelta(minutes=number)
                article = {"url": f"https://norte.example/{number}", "source": "norte", "headline": "Una nota", "fetched": at}
                archive.store_article(run, {**article, "published": at, "body": TEXTS[number % 3].format(number)})
    return folder


def reports(folder: DataFolder) -> list[Any]:
    with closing(sqlite3.connect(folder.archive)) as conn:
        return conn.execute(
            """SELECT e.version, e.extractor, r.position, r.type, r.district, r.date, r.confidence, r.evidence, r.more
            FROM extractions e LEFT JOIN reports r ON r.version = e.version ORDER BY 1, 3"""
        ).fetchall()


def test_workers_elsewhere_say_what_one_process_says(
    quintanas: Run, cluster: LocalCluster, folder: DataFolder, tmp_path: Path
) -> None:
    shared = tmp_path / "shared"
    done = quintanas(
        *("reextract", "--engine", "dask", "--scheduler", cluster.scheduler_address),
        *("--partitions", shared, "--data", folder.path),
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("40 articles read again, ")
    told = reports(folder)
    assert list(shared.iterdir()) == []
    assert extract_stored(folder, everything=True).articles == ARTICLES
    assert reports(folder) == told
    assert any(row[3] for row in told)


def test_a_run_that_was_cut_off_goes_on_with_the_partitions_left(cluster: LocalCluster, folder: DataFolder) -> None:
    parts = Partitions(folder.path / "partitions")
    assert not parts.begin(folder, everything=True, size=10)
    assert parts.left == [0, 1, 2, 3]
    extract_partition(str(parts.articles(1)), str(parts.reports(1)))  # done, and not loaded
    parts.done(0)  # loaded
    parts.reports(2).write_bytes(b"PAR1 damaged")
    account = extract_with_dask(folder, everything=True, scheduler=cluster.scheduler_address, size=10)
    assert account.articles == 30
    assert len({row[0] for row in reports(folder)}) == 30
    assert parts.left == []


def test_a_damaged_article_costs_itself(cluster: LocalCluster, folder: DataFolder) -> None:
    with closing(sqlite3.connect(folder.archive)) as conn:
        conn.execute("UPDATE article_versions SET body = x'01ff' WHERE id = 7")
        conn.commit()
    account = extract_with_dask(folder, scheduler=cluster.scheduler_address, size=10)
    assert account.articles == ARTICLES - 1
    assert account.reasons == {"damaged-text": 1}


def test_reports_wait_while_another_process_writes_the_archive(cluster: LocalCluster, folder: DataFolder) -> None:
    parts = Partitions(folder.path / "partitions")
    parts.begin(folder, everything=False, size=20)
    for number in parts.left:
        extract_partition(str(parts.articles(number)), str(parts.reports(number)))
    with Archive(folder.archive, write=True), pytest.raises(click.ClickException, match="is being written"):
        extract_with_dask(folder, scheduler=cluster.scheduler_address, size=20)
    assert parts.left == [0, 1]
    assert extract_with_dask(folder, scheduler=cluster.scheduler_address, size=20).articles == ARTICLES


def test_a_worker_of_another_version_is_told_and_nothing_of_it_stored(cluster: LocalCluster, folder: DataFolder) -> None:
    import pyarrow.parquet as pq

    parts = Partitions(folder.path / "partitions")
    parts.begin(folder, everything=False, size=ARTICLES)
    extract_partition(str(parts.articles(0)), str(parts.reports(0)))
    table = pq.read_table(parts.reports(0))
    pq.write_table(table.replace_schema_metadata({"extractor": "0.0+other"}), parts.reports(0))
    with pytest.raises(click.ClickException, match="same version"):
        extract_with_dask(folder, scheduler=cluster.scheduler_address)
    assert reports(folder) == []


def test_partitions_of_another_archive_are_left_alone(folder: DataFolder, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    Partitions(shared).begin(folder, everything=False, size=20)
    other = DataFolder(tmp_path / "other")
    with Archive(other.archive, write=True):
        pass
    with pytest.raises(click.ClickException, match="another folder"):
        extract_with_dask(other, partitions=shared)
    assert Partitions(shared).left == [0, 1]


def test_no_scheduler_is_told(quintanas: Run, folder: DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.dask_engine.CONNECT", 1)
    with pytest.raises(click.ClickException, match="no Dask scheduler answers"):
        extract_with_dask(folder, scheduler="tcp://127.0.0.1:9")
    done = quintanas("reextract", "--scheduler", "tcp://127.0.0.1:9", "--data", folder.path)
    assert done.returncode == 2


def test_reports_survive_the_file(tmp_path: Path) -> None:
    from pipelines.batches import Extracted, Fault

    found = Extracted("x", [(3, [{"type": "robbery", "evidence": {"type": {"words": "robó «\u2028»"}}}]), (4, [])], [])
    write_reports(tmp_path / "r.parquet", [found, Extracted("x", [], [Fault(5, "https://norte.example/5", "reader-died")])])
    read = read_reports(tmp_path / "r.parquet")
    assert (read.reports, [fault.version for fault in read.faults]) == (found.reports, [5])
