"""The public tables as Parquet: the same rows as the public database, and the questions of docs/scale.md answered by DuckDB."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from support import Crawled, Run

from db import codebook

DOCS = Path(__file__).resolve().parents[2] / "docs" / "scale.md"
QUESTIONS = re.findall(r"```sql\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture(scope="module")
def tables(quintanas: Run, crawled: Crawled, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("parquet") / "tables"
    done = quintanas("export", folder, "--parquet", "--data", crawled.folder)
    assert done.returncode == 0, done.stderr
    assert re.search(r"tables: [1-9]\d* incidents", done.stdout)
    return folder


def test_every_table_holds_the_rows_of_the_public_database(crawled: Crawled, tables: Path) -> None:
    assert sorted(file.name for file in tables.iterdir()) == sorted(f"{name}.parquet" for name in codebook.load().tables)
    with closing(sqlite3.connect(crawled.folder / "incidents.db")) as public:
        for table in codebook.load().tables.values():
            names = ", ".join(f'"{column.name}"' for column in table.columns)
            order = f'ORDER BY "{table.key}"'
            told = duckdb.sql(f"SELECT {names} FROM '{tables}/{table.name}.parquet' {order}").fetchall()
            assert told == public.execute(f'SELECT {names} FROM "{table.name}" {order}').fetchall()


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_questions_of_the_docs_are_answered(question: str, tables: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tables.parent)
    assert duckdb.sql(question).fetchall()


def test_duckdb_counts_what_sqlite_counts(crawled: Crawled, tables: Path) -> None:
    question = "SELECT type, count(*) FROM {} WHERE department = 'La Libertad' GROUP BY 1 ORDER BY 1"
    with closing(sqlite3.connect(crawled.folder / "incidents.db")) as public:
        counted = public.execute(question.format("incidents")).fetchall()
    assert counted
    assert duckdb.sql(question.format(f"'{tables}/incidents.parquet'")).fetchall() == counted


def test_parquet_needs_a_folder(quintanas: Run, crawled: Crawled, tmp_path: Path) -> None:
    assert quintanas("export", tmp_path / "x.csv", "--parquet", "--data", crawled.folder).returncode == 2
