"""What a disk or a database can do to any command, told in one line with what to do about it."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path
from typing import Any

import click

_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_ACCESS = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_CLOSED = frozenset({sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM})
_HELD = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_SAFE = "What was stored before is safe"


def fault_text(error: BaseException, path: Path) -> str | None:
    """One line on a fault of the disk or a database at `path`, or None for another error."""
    if isinstance(error, OSError):
        path = Path(error.filename) if isinstance(error.filename, str) else path
        if error.errno in _ROOM:
            return f"{path}: {error.strerror}. {_SAFE}; make room, then run the same command again"
        if error.errno in _ACCESS:
            return f"{path}: {error.strerror}. {_SAFE}; see whether the disk is mounted read-only, and whose the folder is"
        if error.errno == errno.EIO:
            return f"{path}: {error.strerror}. The disk fails: `quintanas check`, and take the latest backup to another disk"
        return None
    if not isinstance(error, sqlite3.Error):
        return None
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _DAMAGED:
        return f"{path}: {error}. It is damaged: see `quintanas check`, then `quintanas restore BACKUP`"
    if code in _CLOSED:
        return f"{path}: {error}. {_SAFE}; see whether the disk is mounted read-only, and whose the folder is"
    if code in _HELD:
        return f"{path}: {error}. {_SAFE}; another program holds it: end that, then run the same command again"
    if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
        return f"{path}: {error}. {_SAFE}; make room (or check the disk), then run the same command again"
    if "user-defined function" in str(error):
        return f"{path}: a stored text is damaged: see `quintanas check`, then `quintanas restore BACKUP`"
    return None


class FaultsTold(click.Group):
    """A group of commands in which such a fault becomes a message and exit status 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (OSError, sqlite3.Error) as error:
            text = fault_text(error, getattr(ctx.obj, "path", Path()))
            if text is None:
                raise
            raise click.ClickException(text) from error
