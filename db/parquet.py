"""The public tables as Parquet, for questions over years of data: DuckDB, pandas, Polars and R read the files as they are."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from pathlib import Path

from db import codebook
from db.export import opened, release_of

_BATCH = 50_000
"""Rows of one row group."""


def export_tables(public_path: str | Path, folder: str | Path) -> dict[str, int]:
    """Write every public table to `folder` as `TABLE.parquet`; returns the rows of each.

    The folder is made where it is missing; each file is whole or absent, and all are of one release. Raises `FileNotFoundError`
    where there is no public database, and `ModuleNotFoundError` where Parquet's library is not installed.
    """
    target = Path(folder)
    counts = {}
    with opened(public_path) as conn:
        conn.execute("BEGIN")  # one release, whatever takes the file's place meanwhile
        target.mkdir(parents=True, exist_ok=True)
        for table in codebook.load().tables.values():
            written = target / f".{table.name}.parquet.tmp"
            try:
                counts[table.name] = write_table(conn, table, written, f'ORDER BY "{table.key}"')
                written.replace(target / f"{table.name}.parquet")
            finally:
                with suppress(OSError):
                    written.unlink(missing_ok=True)
    return counts


def write_table(conn: sqlite3.Connection, table: codebook.Table, out: Path, order: str) -> int:
    """Write one public table to a Parquet file, in an order (the end of a SELECT); returns its rows.

    The file says what each column is, and licence, source and release. Raises `ModuleNotFoundError` where Parquet's library is
    not installed.
    """
    try:
        import pyarrow  # type: ignore[import-untyped]
        from pyarrow import parquet
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError("Parquet needs pyarrow: pip install 'quintanas[parquet]'") from error
    kinds = {"text": pyarrow.string(), "integer": pyarrow.int64(), "real": pyarrow.float64()}
    fields = [pyarrow.field(one.name, kinds[one.type], metadata={"description": one.es}) for one in table.columns]
    book, release = codebook.load(), release_of(conn)
    about = {"title": book.title, "license": book.license_url, "source": book.source, "caution": book.caution}
    about |= {"release": str(release[0]), "published": release[1]} if release else {}
    schema = pyarrow.schema(fields, metadata=about)
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    rows, count = conn.execute(f'SELECT {names} FROM "{table.name}" {order}'), 0
    with parquet.ParquetWriter(out, schema, compression="zstd") as writer:
        while batch := rows.fetchmany(_BATCH):
            arrays = [pyarrow.array(values, field.type) for values, field in zip(zip(*batch, strict=True), fields, strict=True)]
            writer.write_table(pyarrow.Table.from_arrays(arrays, schema=schema))
            count += len(batch)
    return count
