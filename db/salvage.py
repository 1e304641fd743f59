"""What is readable of a damaged archive, put into a new one that every command accepts.

Rows are read past SQLite (`db.pages`), from every page that is whole, and put into a new archive. There, a text that is not
what was stored goes, references are mended, and what was lost and can be had again is asked for again: an article's page by the
next crawl, an article's reports by the extractor. Nothing is invented: a row is as it was, or it is gone and counted.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from db.archive import Archive, content_digest, exclusive
from db.backup import put_in_place
from db.instants import now, utc
from db.packing import unpack
from db.pages import Page, PageDamaged, PageFile

STEPS = "_sqlite_migrations"
DECISIONS = ("corrections", "withdrawn", "forwards", "incidents")
"""What no crawl and no extraction brings back."""
_WIDE = 6
"""Values from which on a record of a tree without rowids is taken for a row of a table, not for one of an index."""
_BATCH = 500
_STORED: dict[type, tuple[str, ...]] = {str: ("TEXT", ""), bytes: ("TEXT", "BLOB", "")}
"""Columns' types in which a value of that kind is stored; numbers in the others."""


class NothingToSalvage(RuntimeError):  # noqa: N818 - the state of a file
    """No article could be read."""


@dataclass
class Salvage:
    """What became of a damaged archive."""

    kept: dict[str, int] = field(default_factory=dict)
    """Rows of each table in the new archive."""
    lost: dict[str, int] = field(default_factory=dict)
    """Rows of each table that were there, as far as that can still be told, and are not any more."""
    pages: int = 0
    """Pages that could not be read, or of which nothing says whose they are."""
    asked_again: int = 0
    """Articles whose latest text was lost; the next crawl asks for them."""
    read_again: int = 0
    """Articles of which reports were lost; the next crawl, or `reextract --resume`, reads them again."""
    aside: Path | None = None
    """Where the damaged archive went."""

    @property
    def decisions(self) -> list[str]:
        """Tables of persons' decisions of which rows were lost."""
        return [table for table in DECISIONS if self.lost.get(table)]


@dataclass(frozen=True)
class _Table:
    name: str
    columns: list[tuple[str, str, bool]]
    """Name, type, whether it must have a value; in the order of a record."""
    key: int | None
    """Which column is the rowid."""
    rowids: bool

    def fits(self, rowid: int | None, values: Sequence[Any], least: int) -> bool:
        """Whether a record may be a row of this table."""
        if not least <= len(values) <= len(self.columns) or (rowid is not None) != self.rowids:
            return False
        for number, (value, (_, kind, needed)) in enumerate(zip(values, self.columns, strict=False)):
            if value is None:
                if needed and number != self.key:
                    return False
            elif kind not in _STORED.get(type(value), ("INTEGER", "REAL")):
                return False
        return True


def salvage(archive: Path) -> Salvage:
    """Make a new archive of what is readable of a damaged one, and put it in its place; the damaged one is kept beside it.

    Raises `db.archive.ArchiveBusy` where a process writes it, `NothingToSalvage` where no article could be read, `OSError` or
    `sqlite3.Error` where there is no room for a second archive. Nothing is changed then.
    """
    if not archive.is_file():
        raise FileNotFoundError(f"there is no archive at {archive}")
    with exclusive(archive), tempfile.TemporaryDirectory(prefix=f".{archive.name}.", dir=archive.parent) as scratch:
        damaged, fresh = Path(scratch) / "damaged.db", Path(scratch) / "fresh.db"
        _copy(archive, damaged)
        done = Salvage()
        expected = _expected(damaged)
        _fill(damaged, fresh, done)
        with Archive(fresh, write=True) as mended:  # brings its schema up to date
            mended.db.conn.execute("PRAGMA foreign_keys = OFF")
            with mended.transaction():
                _mend(mended.db.conn, done)
            names = [name for (name,) in mended.db.conn.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
            done.kept = {
                name: mended.db.conn.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
                for name in sorted(names)
                if not name.startswith(("_", "sqlite_"))
            }
        if not done.kept["article_versions"]:
            raise NothingToSalvage("no article could be read: restore a backup, with `quintanas restore BACKUP`")
        done.lost = {name: count - done.kept[name] for name, count in expected.items() if count > done.kept.get(name, count)}
        done.aside = put_in_place(fresh, archive)
    return done


def _copy(archive: Path, target: Path) -> None:
    """The archive with its log brought into it, as far as that goes; the original stays as it is."""
    shutil.copyfile(archive, target)
    log = archive.with_name(f"{archive.name}-wal")
    if log.exists():
        shutil.copyfile(log, target.with_name(f"{target.name}-wal"))
    with suppress(sqlite3.DatabaseError), closing(sqlite3.connect(target)) as conn:
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _expected(damaged: Path) -> dict[str, int]:
    """How many rows the tables had: as many as the table or one of its whole indexes lists, or as the numbers given say."""
    found: dict[str, int] = {}
    with closing(sqlite3.connect(f"{damaged.resolve().as_uri()}?mode=ro", uri=True)) as conn:
        try:
            schema = conn.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema").fetchall()
        except sqlite3.DatabaseError:
            return found
        for table in [name for kind, name, _, _ in schema if kind == "table" and not name.startswith(("_", "sqlite_"))]:
            indexes = [
                name
                for kind, name, of, sql in schema
                if kind == "index" and of == table and " WHERE " not in (sql or "").upper()
            ]
            for source in (f"{table} NOT INDEXED", *(f"{table} INDEXED BY {index}" for index in indexes)):
                with suppress(sqlite3.DatabaseError):
                    count = conn.execute(f"SELECT count(*) FROM {source}").fetchone()[0]
                    found[table] = max(found.get(table, 0), count)
    return found


def _fill(damaged: Path, fresh: Path, done: Salvage) -> None:
    """Put the readable rows into a new file, with the schema that they had or, where that is lost, today's."""
    pages = PageFile(damaged)
    try:
        schema = _schema(damaged)
        steps = _steps(pages, schema)
        if steps:
            with closing(sqlite3.connect(fresh)) as conn, conn:
                for sql in [sql for kind in ("table", "index") for k, name, _, sql in schema if k == kind and sql]:
                    with suppress(sqlite3.OperationalError):  # what SQLite made by itself
                        conn.execute(sql)
        else:
            with Archive(fresh, write=True):
                pass
        with closing(sqlite3.connect(fresh)) as conn, conn:
            tables = {table.name: table for table in _tables(conn) if steps or table.name != STEPS}
            for name, rows in _rows(pages, schema, tables, done):
                _insert(conn, tables[name], rows)
    finally:
        pages.close()


def _schema(damaged: Path) -> list[tuple[str, str, int, str]]:
    """Kind, name, root page and SQL of everything in a database; empty where they cannot be read whole."""
    try:
        with closing(sqlite3.connect(f"{damaged.resolve().as_uri()}?mode=ro", uri=True)) as conn:
            return conn.execute("SELECT type, name, rootpage, sql FROM sqlite_schema").fetchall()
    except sqlite3.DatabaseError:
        return []


def _steps(pages: PageFile, schema: Sequence[tuple[str, str, int, str]]) -> bool:
    """Whether the note of the steps that the schema went through is whole."""
    root = next((root for _, name, root, _ in schema if name == STEPS), None)
    if root is None:
        return False
    found = [page for _, page in pages.tree(root)]
    return all(found) and any(page.rows for page in found if page)


def _tables(conn: sqlite3.Connection) -> Iterator[_Table]:
    for name, sql in conn.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'table'").fetchall():
        if name.startswith("sqlite_"):
            continue
        facts = conn.execute(f"PRAGMA table_info({name})").fetchall()
        rowids = "WITHOUT ROWID" not in sql.upper()
        if not rowids:  # the key comes first
            facts.sort(key=lambda row: (row[5] == 0, row[5] or row[0]))
        keys = [number for number, row in enumerate(facts) if row[5]]
        key = keys[0] if rowids and len(keys) == 1 and facts[keys[0]][2].upper() == "INTEGER" else None
        yield _Table(name, [(row[1], row[2].upper(), bool(row[3])) for row in facts], key, rowids)


Row = tuple[int | None, list[Any]]


def _rows(
    pages: PageFile, schema: Iterable[tuple[str, str, int, str]], tables: dict[str, _Table], done: Salvage
) -> Iterator[tuple[str, list[Row]]]:
    """The rows of each page with their table: first those that the trees lead to, then those that nothing leads to."""
    reached: set[int] = set()
    for kind, name, root, _ in schema:
        if not root:
            continue
        for number, page in pages.tree(root):
            if page is None:
                done.pages += number not in reached
            reached.add(number)
            if page and kind == "table" and name in tables and page.rows:
                yield name, [row for row in page.rows if tables[name].fits(*row, least=1)]
    if schema and not done.pages:
        return
    free = pages.free()
    for number in range(2, pages.count + 1):
        if number in reached or number in free:
            continue
        with suppress(PageDamaged):
            page = pages.page(number)
            if page.rows and (owner := _owner(page, tables)):
                yield owner, page.rows


def _owner(page: Page, tables: dict[str, _Table]) -> str | None:
    """The one table to which all rows of a page can belong."""
    if not page.table and any(len(values) < _WIDE for _, values in page.rows):
        return None
    fitting = []
    for table in tables.values():
        least = len(table.columns) if len(table.columns) < _WIDE else len(table.columns) - 4  # columns come with time
        if table.name != STEPS and all(table.fits(*row, least=least) for row in page.rows):
            fitting.append(table.name)
    return fitting[0] if len(fitting) == 1 else None


def _insert(conn: sqlite3.Connection, table: _Table, rows: Iterable[Row]) -> None:
    for rowid, values in rows:
        names = [name for name, _, _ in table.columns[: len(values)]]
        if table.key is not None and table.key < len(values):
            values[table.key] = rowid
        marks = ", ".join("?" * len(values))
        conn.execute(f"INSERT OR IGNORE INTO {table.name} ({', '.join(names)}) VALUES ({marks})", values)


def _mend(conn: sqlite3.Connection, done: Salvage) -> None:
    """Make the tables agree with one another."""
    at = utc(now())
    _drop_damaged_texts(conn)
    for column, tables in (("source", ("articles", "addresses", "visits", "run_sources", "yields")),):
        for table in tables:
            conn.execute(
                f"""INSERT OR IGNORE INTO sources (id, name, configured, configuration, added, updated)
                SELECT DISTINCT {column}, {column}, 0, '{{}}', ?, ? FROM {table}""",
                (at, at),
            )
    for table in ("visits", "run_sources", "yields", "article_versions"):
        conn.execute(
            f"""INSERT OR IGNORE INTO runs (id, kind, status, started, software, pid)
            SELECT DISTINCT run, 'crawl', 'interrupted', ?, 'unknown', 0 FROM {table} WHERE run IS NOT NULL""",
            (at,),
        )
    for table, column in (
        *(("assignments", "incident"), ("incidents", "merged_into"), ("forwards", "incident"), ("forwards", "other")),
        *(("corrections", "incident"), ("withdrawn", "incident")),
    ):  # an identifier that was given is never given again
        conn.execute(
            f"""INSERT OR IGNORE INTO incidents (id, created)
            SELECT DISTINCT {column}, ? FROM {table} WHERE {column} IS NOT NULL""",
            (at,),
        )
    _mend_articles(conn, done)
    _mend_reports(conn, done)
    _mend_decisions(conn, str(at))
    _drop_what_points_nowhere(conn)


def _drop_damaged_texts(conn: sqlite3.Connection) -> None:
    bad = []
    for row in conn.execute("SELECT id, hash, headline, lead, body, published FROM article_versions"):
        try:
            whole = content_digest({**dict(row), "body": unpack(row["body"])}) == row["hash"]
        except (ValueError, UnicodeError):
            whole = False
        bad += [] if whole else [(row["id"],)]
    conn.executemany("DELETE FROM article_versions WHERE id = ?", bad)


def _mend_articles(conn: sqlite3.Connection, done: Salvage) -> None:
    # an article of which only versions are left stands under the address that answered, where the frontier knows it
    conn.execute(
        """INSERT OR IGNORE INTO articles (id, url, source, first_seen, last_seen)
        SELECT v.article, d.url, d.source, min(v.fetched), max(v.fetched) FROM article_versions v
        JOIN addresses d ON d.url = v.fetched_url AND d.kind = 'article'
        WHERE v.article NOT IN (SELECT id FROM articles) GROUP BY v.article"""
    )
    conn.execute("DELETE FROM article_versions WHERE article NOT IN (SELECT id FROM articles)")
    conn.execute(
        """CREATE TEMP TABLE worse AS SELECT id, url FROM articles
        WHERE current_version NOT IN (SELECT id FROM article_versions)"""
    )
    conn.execute(
        """UPDATE articles SET words = NULL,
        current_version = (SELECT max(id) FROM article_versions v WHERE v.article = articles.id)
        WHERE current_version IS NULL OR id IN (SELECT id FROM worse)"""
    )
    conn.execute(
        """INSERT OR IGNORE INTO addresses (url, source, kind, via, state, discovered, last_visit, last_fetch, last_full)
        SELECT url, source, 'article', 'article', 'fetched', first_seen, last_seen, last_seen, last_seen FROM articles"""
    )
    done.asked_again = conn.execute(
        """UPDATE addresses SET state = 'pending', etag = NULL, last_modified = NULL, next_due = NULL, handed_run = NULL
        WHERE url IN (SELECT url FROM worse)
        OR url IN (SELECT url FROM articles WHERE current_version IS NULL AND gone_at IS NULL)"""
    ).rowcount


def _mend_reports(conn: sqlite3.Connection, done: Salvage) -> None:
    """Reports of which some may be missing go as a whole: the extractor makes them again, all of an article's."""
    conn.execute("CREATE TEMP TABLE torn (version INTEGER PRIMARY KEY)")
    conn.execute("INSERT INTO torn SELECT version FROM extractions WHERE version NOT IN (SELECT id FROM article_versions)")
    conn.execute(
        "INSERT OR IGNORE INTO torn SELECT version FROM reports WHERE version NOT IN (SELECT version FROM extractions)"
    )
    conn.execute("INSERT OR IGNORE INTO torn SELECT version FROM reports GROUP BY version HAVING count(*) != max(position) + 1")
    for row in conn.execute("SELECT version, evidence, more FROM reports").fetchall():
        try:
            json.loads(row["evidence"]), json.loads(row["more"] or "{}")
        except ValueError:
            conn.execute("INSERT OR IGNORE INTO torn VALUES (?)", (row["version"],))
    # what was placed before and is told by no report any more
    conn.execute(
        """INSERT OR IGNORE INTO torn SELECT e.version FROM assignments s JOIN articles a ON a.id = s.article
        JOIN extractions e ON e.version = a.current_version
        WHERE s.row IS NOT NULL AND s.row NOT IN (SELECT id FROM reports)"""
    )
    conn.execute("DELETE FROM reports WHERE version IN (SELECT version FROM torn)")
    conn.execute("DELETE FROM extractions WHERE version IN (SELECT version FROM torn)")
    conn.execute("DELETE FROM assignments WHERE article NOT IN (SELECT id FROM articles)")
    conn.execute("UPDATE assignments SET row = NULL WHERE row NOT IN (SELECT id FROM reports)")
    conn.execute("INSERT OR IGNORE INTO unlinked SELECT id FROM articles WHERE id NOT IN (SELECT article FROM assignments)")
    conn.execute("INSERT OR IGNORE INTO unlinked SELECT article FROM assignments WHERE row IS NULL")
    done.read_again = conn.execute(
        "SELECT count(*) FROM articles WHERE current_version NOT IN (SELECT version FROM extractions)"
    ).fetchone()[0]


def _mend_decisions(conn: sqlite3.Connection, at: str) -> None:
    """A withdrawal is noted twice; either note is enough, so that nothing withdrawn comes back."""
    state: dict[tuple[str, str], tuple[str, str] | None] = {}
    for row in conn.execute("SELECT action, incident, other, author, reason FROM corrections ORDER BY id"):
        if row["action"] in ("withdraw", "restore") and (row["other"] or row["incident"]):
            target = ("url", row["other"]) if row["other"] else ("incident", row["incident"])
            state[target] = (row["author"], row["reason"]) if row["action"] == "withdraw" else None
    for (column, name), noted in state.items():
        if noted:
            conn.execute(
                f"INSERT OR IGNORE INTO withdrawn ({column}, at, author, reason) VALUES (?, ?, ?, ?)", (name, at, *noted)
            )


def _drop_what_points_nowhere(conn: sqlite3.Connection) -> None:
    while True:
        wrong: Counter[str] = Counter()
        for table, rowid, _, _ in conn.execute("PRAGMA foreign_key_check").fetchall():
            if rowid is not None:
                wrong[table] += conn.execute(f"DELETE FROM {table} WHERE rowid = ?", (rowid,)).rowcount
        if not wrong.total():
            break
    conn.execute(
        """UPDATE addresses SET seen_run = CASE WHEN seen_run IN (SELECT id FROM runs) THEN seen_run END,
        handed_run = CASE WHEN handed_run IN (SELECT id FROM runs) THEN handed_run END"""
    )
