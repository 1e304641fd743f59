"""Backups of the archive: taken while it is being written, verified, rotated, restored.

A backup is a folder `quintanas-<instant>` with `archive.db`, the operator's files that were given with it, and a
`manifest.json` that says when and by what it was made and the size and SHA-256 of each file. The public database is not in it:
`quintanas publish` makes it from the archive.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from db.archive import exclusive
from db.instants import now, utc

PREFIX = "quintanas-"
ARCHIVE = "archive.db"
MANIFEST = "manifest.json"
_COUNTED = ("articles", "article_versions", "reports", "incidents", "corrections")


class BackupError(RuntimeError):
    """A backup that could not be taken or is not whole; the message says what to do."""


@dataclass(frozen=True)
class Backup:
    """One backup on disk."""

    path: Path
    made: datetime
    files: dict[str, dict[str, Any]]
    """Name → `bytes` and `sha256`."""
    rows: dict[str, int]
    """Rows of the archive's main tables."""

    @property
    def bytes(self) -> int:
        return sum(file["bytes"] for file in self.files.values())


def back_up(archive: Path, folder: Path, extra: Iterable[Path] = ()) -> Backup:
    """Copy the archive as it is at this instant, and the files of `extra` that exist, into a new folder below `folder`.

    The archive may be written meanwhile: SQLite's backup reads one snapshot and holds nobody off. What was copied is checked
    before it counts as a backup. Raises `FileNotFoundError` where there is no archive, `BackupError` where the copy is damaged
    (the archive is, then), `OSError` or `sqlite3.Error` where the folder cannot be written; nothing is left behind then.
    """
    if not archive.is_file():
        raise FileNotFoundError(f"there is no archive at {archive}")
    made = now().replace(microsecond=0)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    final = folder / f"{PREFIX}{made:%Y%m%dT%H%M%SZ}"
    if final.exists():
        raise BackupError(f"{final} exists already: wait a second")
    for left in folder.glob(f".{PREFIX}*"):
        if _age(left) > 86_400:  # of a backup that was killed
            shutil.rmtree(left, ignore_errors=True)
    building = Path(tempfile.mkdtemp(prefix=f".{final.name}.", dir=folder))
    try:
        copy = building / ARCHIVE
        _copy(archive, copy)
        rows = verify_database(copy)
        for file in extra:
            if file.is_file():
                shutil.copyfile(file, building / file.name)
        files = {path.name: {"bytes": path.stat().st_size, "sha256": _sha256(path)} for path in sorted(building.iterdir())}
        manifest = {"made": utc(made), "software": _software(), "files": files, "rows": rows}
        (building / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
        for path in (*building.iterdir(), building):
            _flush(path)
        building.rename(final)
        _flush(folder)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    return Backup(final, made, files, rows)


def backups(folder: Path) -> list[Backup]:
    """The backups below a folder, the latest first; what is none, or has no readable manifest, is passed over."""
    found = []
    for path in folder.glob(f"{PREFIX}*"):
        try:
            found.append(read_backup(path))
        except (OSError, BackupError):
            continue
    return sorted(found, key=lambda backup: backup.made, reverse=True)


def read_backup(path: Path) -> Backup:
    """What the manifest of a backup says. Raises `BackupError` where it is none."""
    try:
        manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
        made = datetime.fromisoformat(manifest["made"]).astimezone(UTC)
        return Backup(path, made, manifest["files"], manifest["rows"])
    except FileNotFoundError:
        raise BackupError(f"{path} is no backup: it has no {MANIFEST}") from None
    except (ValueError, KeyError, TypeError) as error:
        raise BackupError(f"{path / MANIFEST} cannot be read ({error})") from None


def verify(path: Path) -> Backup:
    """Check every file of a backup against its manifest, and the archive's pages.

    Raises `BackupError` where one is not whole.
    """
    backup = read_backup(path)
    for name, facts in backup.files.items():
        file = path / name
        if not file.is_file():
            raise BackupError(f"{file} is missing: take another backup")
        if file.stat().st_size != facts["bytes"] or _sha256(file) != facts["sha256"]:
            raise BackupError(f"{file} is not what was backed up: take another backup")
    verify_database(path / ARCHIVE)
    return backup


def prune(folder: Path, keep: int) -> list[Path]:
    """Remove all but the latest `keep` (at least one) backups; returns what was removed."""
    old = [backup.path for backup in backups(folder)[max(keep, 1) :]]
    for path in old:
        shutil.rmtree(path)
    return old


def restore(path: Path, archive: Path) -> Path | None:
    """Verify the backup at `path` and put its archive in the place of `archive`; returns where the one before went, if any.

    The archive that was there is kept beside it. There is a whole archive in place at every instant. Raises `BackupError` where
    the backup is not whole and `db.archive.ArchiveBusy` where a process writes the archive; nothing is changed then.
    """
    verify(path)
    archive.parent.mkdir(parents=True, exist_ok=True)
    with exclusive(archive):
        fresh = archive.with_name(f".{archive.name}.restoring")
        try:
            shutil.copyfile(path / ARCHIVE, fresh)
            return put_in_place(fresh, archive)
        finally:
            fresh.unlink(missing_ok=True)


def put_in_place(fresh: Path, archive: Path) -> Path | None:
    """Put a closed file in the place of an archive that is held, with one rename; returns where the one before went, if any."""
    aside = archive.with_name(f"{archive.stem}-before-{now():%Y%m%dT%H%M%S%f}Z{archive.suffix}")
    _flush(fresh)
    had = archive.exists()
    if had:
        _fold_log(archive, aside)
        os.link(archive, aside)
    fresh.replace(archive)
    _flush(archive.parent)
    return aside if had else None


def verify_database(path: Path) -> dict[str, int]:
    """Check a database's pages and references; returns the rows of its main tables. Raises `BackupError` where one is wrong."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as conn:
            wrong = [row[0] for row in conn.execute("PRAGMA quick_check(3)") if row[0] != "ok"]
            wrong += [f"{row[0]} points nowhere" for row in conn.execute("PRAGMA foreign_key_check")][:3]
            known = {name for (name,) in conn.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
            wrong += [] if "articles" in known else ["it holds no articles"]
            rows = {table: conn.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in _COUNTED if table in known}
    except sqlite3.DatabaseError as error:
        wrong = [str(error)]
    if wrong:
        raise BackupError(f"{path} is damaged ({'; '.join(wrong)[:200]}): look at the archive with `quintanas check`")
    return rows


def _copy(source: Path, target: Path) -> None:
    with (
        closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True, timeout=30)) as reader,
        closing(sqlite3.connect(target)) as writer,
    ):
        # All pages in one step: one snapshot. In several, SQLite begins anew whenever the archive is written meanwhile.
        reader.backup(writer)
        writer.execute("PRAGMA journal_mode = DELETE")  # one file, not three


def _fold_log(archive: Path, aside: Path) -> None:
    """Bring the write-ahead log of an archive into it, or beside what is kept of it where it is too damaged for that."""
    try:
        with closing(sqlite3.connect(archive, timeout=30)) as conn:
            conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            conn.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.DatabaseError:
        pass
    for ending in ("-wal", "-shm"):
        log = archive.with_name(archive.name + ending)
        if log.exists():
            log.rename(aside.with_name(aside.name + ending))


def _age(path: Path) -> float:
    try:
        return now().timestamp() - path.stat().st_mtime
    except OSError:
        return 0.0


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _software() -> str:
    try:
        return version("quintanas")
    except PackageNotFoundError:
        return "unknown"
