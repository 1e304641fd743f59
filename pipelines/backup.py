"""Backups, restoring, checking and compacting, as an operator asks for them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from db.archive import ArchiveBusy
from db.backup import Backup, BackupError, back_up, prune, restore
from db.compaction import compact
from db.integrity import check_archive, check_public
from db.salvage import NothingToSalvage, salvage
from pipelines.faults import fault_text
from pipelines.folder import DataFolder, writable_archive
from pipelines.journal import journal_path


def back_up_archive(folder: DataFolder, target: Path, keep: int) -> Backup:
    """Take a verified backup of the archive and the operator's newspapers into `target`, also while a crawl writes it, and
    remove all but the latest `keep` backups there.

    Raises:
        click.ClickException: there is no archive yet, it is damaged, or the target cannot be written. Older backups stay then.
    """
    folder.need_archive()
    with _clear_faults(target):
        backup = back_up(folder.archive, target, [folder.sources, journal_path(folder)])
        prune(target, keep)
    return backup


def restore_archive(folder: DataFolder, backup: Path) -> str:
    """Put the archive of a backup in place, and its newspapers and journal where there are none; returns what was done.

    Raises:
        click.ClickException: the backup is not whole, or a process writes the archive. Nothing is changed then.
    """
    with _clear_faults(folder.archive):
        aside = restore(backup, folder.archive)
        done = f"{folder.archive}: restored from {backup}"
        if aside:
            done += f"; the one before is {aside}"
        for path in (folder.sources, journal_path(folder)):
            kept = backup / path.name
            if kept.is_file() and not path.exists():
                path.write_bytes(kept.read_bytes())
                done += f"; {path} too"
    return f"{done}. Run `quintanas publish` next"


def salvage_archive(folder: DataFolder) -> str:
    """Put what is readable of a damaged archive into a new one in its place; returns what was kept and what was lost.

    Raises:
        click.ClickException: there is no archive, it is whole, a process writes it, or nothing could be read; nothing is
            changed then.
    """
    folder.need_archive()
    if not check_archive(folder.archive):
        raise click.ClickException(f"{folder.archive} is whole: there is nothing to salvage")
    with _clear_faults(folder.archive):
        done = salvage(folder.archive)
    lines = [f"{folder.archive}: a new archive of what could be read; the damaged one is {done.aside}"]
    for table, kept in done.kept.items():
        lost = done.lost.get(table, 0)
        if kept or lost:
            lines.append(f"  {table:17} {kept:>9,} kept" + (f", {lost:,} lost" if lost else ""))
    if done.asked_again:
        lines.append(f"{done.asked_again:,} articles lost their latest text: the next crawl asks for them again")
    if done.read_again:
        lines.append(f"{done.read_again:,} articles lost their reports: run `quintanas reextract --resume` before you publish")
    if done.decisions:
        lines.append(
            f"persons' decisions were lost ({', '.join(done.decisions)}): compare with a backup before you publish, "
            "or what was withdrawn may come back"
        )
    return "\n".join(lines)


def check_databases(folder: DataFolder) -> list[str]:
    """What is wrong with the archive and the public database, a line each.

    Raises:
        click.ClickException: there is no archive yet.
    """
    folder.need_archive()
    faults = [f"{folder.archive}: {fault}" for fault in check_archive(folder.archive)]
    if folder.public.exists():
        faults += [f"{folder.public}: {fault}" for fault in check_public(folder.public)]
    return faults


def compact_archive(folder: DataFolder) -> str:
    """Make the archive smaller where that is worth it; returns what was gained, in a sentence.

    Raises:
        click.ClickException: there is no archive yet, another process writes it, or the disk is full.
    """
    folder.need_archive()
    with _clear_faults(folder.archive), writable_archive(folder) as archive:
        done = compact(archive)
    text = f"{folder.archive}: {size_text(done.before)} before, {size_text(done.after)} now; {done.packed} texts packed"
    return text + ("; vacuumed" if done.vacuumed else "") + (f"; {done.advice}" if done.advice else "")


def size_text(count: float) -> str:
    """A number of bytes as a person reads it: "1.4 GB"."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            return f"{count:.0f} {unit}" if unit == "bytes" or count >= 100 else f"{count:.1f} {unit}"
        count /= 1000
    raise AssertionError


@contextmanager
def _clear_faults(path: Path) -> Iterator[None]:
    try:
        yield
    except (BackupError, ArchiveBusy, NothingToSalvage) as error:
        raise click.ClickException(str(error)) from None
    except (OSError, sqlite3.Error) as error:
        raise click.ClickException(fault_text(error, path) or f"{path}: {error}") from None
