"""What became of every `quintanas run`, a JSON line each, beside the databases: it can be read where they cannot."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from pipelines.console import log
from pipelines.folder import DataFolder

KEPT = 2000
"""Runs that the journal remembers."""


@dataclass(frozen=True)
class Step:
    """One step of a run: crawl, publish or backup."""

    name: str
    state: str
    """ok, cut (ended by the time limit, in good order), failed."""
    seconds: float
    detail: str
    """What it said of itself, in one line."""


@dataclass(frozen=True)
class Entry:
    """One run."""

    started: datetime
    finished: datetime
    steps: list[Step] = field(default_factory=list)
    interrupted: bool = False
    """Whether it was told to end early."""

    @property
    def failed(self) -> bool:
        return self.interrupted or any(step.state == "failed" for step in self.steps)


class RunBusy(RuntimeError):  # noqa: N818 - a state, not a fault
    """Another `quintanas run` of the same data folder is under way."""


def journal_path(folder: DataFolder) -> Path:
    return folder.path / "journal.jsonl"


def entries(folder: DataFolder) -> list[Entry]:
    """The runs that the journal remembers, the latest first; a line that a power cut tore is passed over."""
    found = []
    try:
        lines = journal_path(folder).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    for line in lines:
        try:
            row = json.loads(line)
            started, finished = (datetime.fromisoformat(row[key]).astimezone(UTC) for key in ("started", "finished"))
            found.append(Entry(started, finished, [Step(**step) for step in row["steps"]], bool(row["interrupted"])))
        except (ValueError, KeyError, TypeError):
            continue
    return found[::-1]


def append(folder: DataFolder, entry: Entry) -> None:
    """Note a run. Where the disk is full or read-only the log says so, and nothing else happens."""
    row = asdict(entry) | {"started": _text(entry.started), "finished": _text(entry.finished)}
    path = journal_path(folder)
    try:
        torn = path.exists() and path.stat().st_size and not path.read_bytes().endswith(b"\n")
        with path.open("a", encoding="utf-8") as file:
            file.write(("\n" if torn else "") + json.dumps(row, ensure_ascii=False) + "\n")
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
        if len(lines) > KEPT:
            fresh = path.with_name(f".{path.name}.tmp")
            fresh.write_text("".join(lines[-KEPT // 2 :]), encoding="utf-8")
            fresh.replace(path)
    except OSError as error:
        log.error("%s: %s; this run is not noted", path, error.strerror or error)


@contextmanager
def running(folder: DataFolder) -> Iterator[None]:
    """Hold off every other run of the folder, and leave a note of who runs. Raises `RunBusy` where one runs."""
    folder.path.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder.path / "run.lock")
    note = folder.path / "run.running"
    try:
        lock.acquire(timeout=0)
    except Timeout:
        holder = read_note(note)
        who = f" (process {holder['pid']} since {holder['since']})" if holder else ""
        raise RunBusy(f"another run of {folder.path} is under way{who}; this one does nothing") from None
    try:
        note.write_text(json.dumps({"pid": os.getpid(), "since": _text(datetime.now(UTC))}))
        yield
        note.unlink(missing_ok=True)  # not where an exception ends it: the next run and `status` are to know
    finally:
        lock.release()


def read_note(path: Path) -> Mapping[str, Any] | None:
    """Who runs, or ran and was killed: `pid`, `since`, and whether that process is `alive`; None where nobody does."""
    try:
        note = json.loads(path.read_text())
        return {"pid": int(note["pid"]), "since": str(note["since"]), "alive": _is_alive(int(note["pid"]))}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _text(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="seconds")
