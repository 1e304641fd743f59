"""Backups, restoring, checking and compacting, on real files."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from faults import killed_at

from db.archive import Archive, ArchiveBusy
from db.backup import Backup, BackupError, back_up, backups, prune, restore, verify
from db.compaction import compact
from db.integrity import check_archive, check_public

SCHEMAS = Path(__file__).parent / "schemas"


@pytest.fixture
def archive(newsroom: Any, report: Callable[..., dict[str, Any]]) -> Path:
    for slug in ("a", "b"):
        newsroom.tell("norte", slug, report())
    return newsroom.archive


def texts(path: Path) -> list[Any]:
    with Archive(path, write=False) as archive:
        return [(row["url"], row["body"]) for row in archive.pending("none", everything=True)]


def damage(path: Path, table: str) -> None:
    """Overwrite the first page of a table with what is no page."""
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        size = conn.execute("PRAGMA page_size").fetchone()[0]
        page = conn.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchone()[0]
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xa5" * size)


def test_a_backup_is_whole_and_comes_back(archive: Path, tmp_path: Path) -> None:
    sources = tmp_path / "sources.toml"
    sources.write_text("# mis diarios\n", encoding="utf-8")
    backup = back_up(archive, tmp_path / "backups", [sources, tmp_path / "none.toml"])
    assert sorted(path.name for path in backup.path.iterdir()) == ["archive.db", "manifest.json", "sources.toml"]
    assert verify(backup.path) == backup
    assert backup.rows["articles"] == 2
    target = tmp_path / "elsewhere" / "archive.db"
    assert restore(backup.path, target) is None
    assert texts(target) == texts(archive)
    assert check_archive(target) == []


def test_a_backup_taken_while_the_archive_is_written_holds_whole_transactions(archive: Path, tmp_path: Path) -> None:
    stop, written = threading.Event(), threading.Event()

    def write() -> None:
        with Archive(archive, write=True) as writer:
            run = writer.start_run("crawl", ["norte"], "0")
            while not stop.is_set():
                with writer.transaction():  # pairs: a backup with an odd number of them is torn
                    for _ in range(2):
                        writer.db.execute(
                            """INSERT INTO visits (run, source, url, kind, outcome, at)
                            VALUES (?, 'norte', ?, 'article', 'gone', '')""",
                            (run, "x" * 3000),
                        )
                written.set()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        assert written.wait(20)
        taken = []
        for number in range(3):
            taken.append(back_up(archive, tmp_path / str(number)).path / "archive.db")
    finally:
        stop.set()
        thread.join(30)
    for path in taken:
        with closing(sqlite3.connect(path)) as conn:
            [(count,)] = conn.execute("SELECT count(*) FROM visits WHERE outcome = 'gone'")
            assert count > 0
            assert count % 2 == 0


def test_nobody_restores_under_a_writer(archive: Path, tmp_path: Path) -> None:
    backup = back_up(archive, tmp_path / "backups")
    before = archive.read_bytes()
    with Archive(archive, write=True), pytest.raises(ArchiveBusy):
        restore(backup.path, archive)
    assert archive.read_bytes() == before


def test_restoring_keeps_what_was_there_with_its_last_transactions(archive: Path, newsroom: Any, tmp_path: Path) -> None:
    backup = back_up(archive, tmp_path / "backups")
    newsroom.tell("sol", "c")
    later = texts(archive)
    aside = restore(backup.path, archive)
    assert aside is not None
    assert len(texts(archive)) == 2
    assert texts(aside) == later
    assert len(later) == 3


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: (path / "archive.db").write_bytes((path / "archive.db").read_bytes()[:-4096]),
        lambda path: (path / "archive.db").unlink(),
        lambda path: (path / "manifest.json").unlink(),
        lambda path: (path / "manifest.json").write_text("{"),
        lambda path: (path / "archive.db").write_bytes((path / "archive.db").read_bytes().replace(b"norte", b"nOrte")),
    ],
)
def test_a_backup_that_is_not_whole_is_not_restored(archive: Path, tmp_path: Path, spoil: Callable[[Path], Any]) -> None:
    backup = back_up(archive, tmp_path / "backups")
    spoil(backup.path)
    before = texts(archive)
    with pytest.raises(BackupError):
        restore(backup.path, archive)
    assert texts(archive) == before


def renamed(backup: Backup, made: str) -> None:
    """As if it had been taken at another instant."""
    manifest = json.loads((backup.path / "manifest.json").read_text()) | {"made": made}
    (backup.path / "manifest.json").write_text(json.dumps(manifest))
    backup.path.rename(backup.path.with_name(f"quintanas-{made[:10]}"))


def test_the_latest_are_kept_whatever_their_names(archive: Path, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    for day in ("2026-01-03", "2026-01-01", "2026-01-02"):
        renamed(back_up(archive, folder), f"{day}T00:00:00+00:00")
    (folder / "quintanas-notes").mkdir()
    prune(folder, 2)
    assert [backup.made.day for backup in backups(folder)] == [3, 2]
    assert (folder / "quintanas-notes").is_dir(), "what is no backup is nobody's to remove"


def test_a_damaged_archive_becomes_no_backup(archive: Path, tmp_path: Path) -> None:
    good = back_up(archive, tmp_path / "backups")
    renamed(good, "2026-01-01T00:00:00+00:00")
    damage(archive, "article_versions")
    with pytest.raises(BackupError, match="quintanas check"):
        back_up(archive, tmp_path / "backups")
    assert [backup.made.day for backup in backups(tmp_path / "backups")] == [1]
    assert len(list((tmp_path / "backups").iterdir())) == 1


BACK_UP = "from db.backup import *; from pathlib import Path; back_up(Path({0!r}), Path({1!r}))"
RESTORE = "from db.backup import *; from pathlib import Path; restore(Path({1!r}), Path({0!r}))"


@pytest.mark.parametrize("point", ["_copy:return", "verify_database:return", "_flush:call:2", "_flush:return:3"])
def test_a_backup_that_is_killed_is_none(archive: Path, tmp_path: Path, point: str) -> None:
    folder = tmp_path / "backups"
    killed_at(f"db/backup.py:{point}", "-c", BACK_UP.format(str(archive), str(folder)))
    assert backups(folder) == []
    whole = back_up(archive, folder)
    assert verify(whole.path) == whole
    for left in folder.glob(".quintanas-*"):
        os.utime(left, (0, 0))  # a day later …
    renamed(whole, "2026-01-01T00:00:00+00:00")
    back_up(archive, folder)
    assert list(folder.glob(".quintanas-*")) == []


@pytest.mark.parametrize("point", ["_flush:call:1", "_fold_log:call", "_fold_log:return", "_flush:call:2"])
def test_killed_while_restoring_there_is_a_whole_archive(archive: Path, newsroom: Any, tmp_path: Path, point: str) -> None:
    backup = back_up(archive, tmp_path / "backups")
    old = texts(archive)
    newsroom.tell("sol", "c")
    new = texts(archive)
    killed_at(f"db/backup.py:{point}", "-c", RESTORE.format(str(archive), str(backup.path)))
    assert check_archive(archive) == []
    assert texts(archive) in (old, new)
    restore(backup.path, archive)
    assert texts(archive) == old


class TestCheck:
    def test_a_page_that_is_none_is_found(self, archive: Path) -> None:
        assert check_archive(archive) == []
        damage(archive, "article_versions")
        assert check_archive(archive) != []

    def test_a_text_that_changed_on_the_disk_is_found_and_named(self, archive: Path) -> None:
        with Archive(archive, write=True) as writer:
            body = writer.db.execute("SELECT body FROM article_versions WHERE id = 2").fetchone()[0]
            for spoiled in (body[:20] + bytes([body[20] ^ 1]) + body[21:], "Otro texto.", body[:-1]):
                writer.db.execute("UPDATE article_versions SET body = ? WHERE id = 2", (spoiled,))
                [fault] = check_archive(archive)
                assert "https://norte.example/b" in fault

    def test_a_reference_to_nowhere_is_found(self, archive: Path) -> None:
        with closing(sqlite3.connect(archive, isolation_level=None)) as conn:
            conn.execute("DELETE FROM articles WHERE id = 1")
        assert any("points nowhere" in fault for fault in check_archive(archive))

    @pytest.mark.usefixtures("archive")
    def test_what_is_no_database_is_found(self, newsroom: Any) -> None:
        newsroom.publish()
        assert check_public(newsroom.public) == []
        for content in (b"", b"<html>" * 2000):
            newsroom.public.write_bytes(content)
            assert check_public(newsroom.public) != []

    @pytest.mark.parametrize("schema", sorted(SCHEMAS.glob("*.sql")), ids=lambda path: path.stem)
    def test_archives_of_earlier_schemas_are_whole(self, schema: Path, tmp_path: Path) -> None:
        path = tmp_path / "archive.db"
        with closing(sqlite3.connect(path)) as conn:
            conn.executescript(schema.read_text(encoding="utf-8"))
        assert check_archive(path) == []


class TestCompact:
    @pytest.fixture
    def old(self, tmp_path: Path) -> Path:
        path = tmp_path / "archive.db"
        with closing(sqlite3.connect(path)) as conn:
            conn.executescript((SCHEMAS / "3-frontier.sql").read_text(encoding="utf-8"))
            conn.execute("UPDATE article_versions SET body = replace(body, '.', ' en la avenida.')")
        return path

    def test_texts_of_before_are_packed_and_stay_the_same(self, old: Path) -> None:
        with Archive(old, write=True):
            pass
        before = texts(old)
        with Archive(old, write=True) as archive:
            done = compact(archive)
            assert done.packed > 10
            assert done.vacuumed
            assert compact(archive).packed == 0
        assert texts(old) == before
        with closing(sqlite3.connect(old)) as conn:
            [(packed,)] = conn.execute("SELECT count(*) FROM article_versions WHERE typeof(body) = 'blob'")
        assert packed == done.packed

    def test_room_that_nothing_uses_is_given_back(self, archive: Path) -> None:
        with Archive(archive, write=True) as writer:
            compact(writer)
            writer.db.execute("CREATE TABLE filler (content BLOB)")
            writer.db.execute("INSERT INTO filler VALUES (zeroblob(3000000))")
            writer.db.execute("DROP TABLE filler")
            done = compact(writer)
        assert done.vacuumed
        assert done.after < 1_000_000 < archive.stat().st_size + 3_000_000
