"""One scheduled run: crawl, publish and, where asked for, back up; each step in a process of its own.

A step that is killed (by the kernel for its memory, say) takes none of the others with it.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta, tzinfo
from pathlib import Path
from time import monotonic
from typing import IO, Any

import click

from db.overview import run_of
from pipelines.console import log
from pipelines.faults import fault_text
from pipelines.folder import DataFolder
from pipelines.journal import Entry, RunBusy, Step, append, entries, running

GRACE = 300.0
"""Seconds that a step has to end in good order once it was told to."""


def run_chain(
    folder: DataFolder,
    sources: Sequence[str] = (),
    *,
    extra_sources: Path | None = None,
    contact: str | None = None,
    backup: Path | None = None,
    keep: int = 14,
    max_time: timedelta | None = None,
    jitter: timedelta = timedelta(0),
    keep_visits: timedelta | None = None,
    due: Sequence[time] = (),
    zone: tzinfo = UTC,
) -> Entry | None:
    """Crawl, publish and back up once, note it in the journal, and return what became of each step.

    Waits a random part of `jitter` first. A crawl that takes longer than `max_time` is ended in good order, and what it left is
    the next run's. Publishing is tried whatever the crawl did. With `due`, times of the day in `zone`, nothing is done, and
    None returned, where a run began since the latest of them: a run that was missed is made up for. SIGTERM and Ctrl-C end the
    step under way in good order and skip the others.

    Raises:
        click.ClickException: another run of the folder is under way, or the folder cannot be written.
    """
    try:
        with running(folder), _Stopping() as stopping:
            if due and not _is_due(folder, due, zone):
                return None
            stopping.wait(random.uniform(0, jitter.total_seconds()))
            started = datetime.now(UTC)
            steps: list[Step] = []
            data = ("--data", str(folder.path))
            crawl = ["crawl", *sources, *data]
            crawl += ["--sources", str(extra_sources)] if extra_sources else []
            crawl += ["--contact", contact] if contact else []
            crawl += ["--keep-visits", f"{keep_visits.days}d"] if keep_visits is not None else []
            commands = [crawl, ["publish", *data]]
            if backup:
                commands.append(["backup", str(backup), "--keep", str(keep), *data])
            for command in commands:
                if not stopping.told:
                    limit = max_time.total_seconds() if max_time and command is crawl else None
                    steps.append(_step(folder, command, stopping, limit))
            entry = Entry(started, datetime.now(UTC), steps, stopping.told)
            append(folder, entry)
            return entry
    except RunBusy as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(fault_text(error, folder.path) or f"{folder.path}: {error}") from None


def entry_text(entry: Entry) -> str:
    """What became of a run, a line a step."""
    minutes = (entry.finished - entry.started).total_seconds() / 60
    lines = [f"Run of {_local(entry.started)}, {minutes:.0f} min" + (", interrupted" if entry.interrupted else "")]
    lines += [f"  {step.name:8} {step.state:7} {step.detail}" for step in entry.steps]
    return "\n".join(lines)


def _local(instant: datetime) -> str:
    return instant.astimezone().strftime("%Y-%m-%d %H:%M %Z")


def _is_due(folder: DataFolder, due: Sequence[time], zone: tzinfo, at: datetime | None = None) -> bool:
    """Whether no run began since the latest of these times of the day."""
    at = at or datetime.now(UTC)
    today = at.astimezone(zone).date()
    days = (today - timedelta(days=1), today)
    instants = [datetime.combine(day, moment, zone).astimezone(UTC) for day in days for moment in due]
    latest = max(instant for instant in instants if instant <= at)
    # A run of the future is one from before the clock was set right: it holds nobody off.
    return not any(latest <= entry.started <= at for entry in entries(folder)[:100])


class _Stopping:
    """Notices SIGTERM and Ctrl-C and hands them on to the step under way."""

    def __init__(self) -> None:
        self.told = False
        self.process: subprocess.Popen[str] | None = None
        self._wake = threading.Event()
        self._before: dict[int, Any] = {}

    def __enter__(self) -> _Stopping:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._stop) for number in (signal.SIGTERM, signal.SIGINT)}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def wait(self, seconds: float) -> None:
        """Wait, unless or until told to stop."""
        end = monotonic() + seconds
        while not self.told and (left := end - monotonic()) > 0:
            self._wake.wait(min(left, 1.0))

    def _stop(self, *_: object) -> None:
        self.told = True
        self._wake.set()
        if self.process is not None:
            self.process.terminate()


def _step(folder: DataFolder, command: list[str], stopping: _Stopping, limit: float | None) -> Step:
    begun = monotonic()
    name = command[0]
    # A session of its own: a signal for this command's group reaches the step once, through this process.
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "pipelines.cli", *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
        env={**os.environ, "COLUMNS": "160"},
    )
    stopping.process = process
    if stopping.told:
        process.terminate()
    with _relayed(process) as (said, complained):
        cut = _await(process, limit, stopping)
    stopping.process = None
    seconds = round(monotonic() - begun, 1)
    if process.returncode == 0:
        return Step(name, "ok", seconds, said[-1] if said else "")
    if cut and process.returncode == -signal.SIGTERM:
        return Step(name, "cut", seconds, "ended by the time limit before it had begun")
    if process.returncode < 0:
        why = signal.Signals(-process.returncode).name
        hint = "; was there enough memory?" if why == "SIGKILL" and not cut else ""
        return Step(name, "failed", seconds, f"killed by {why}{hint}")
    if name == "crawl" and said and _crawl_ended_well(folder, process.pid, cut=cut):
        return Step(name, "cut" if cut else "ok", seconds, said[-1])
    error = next((line for line in reversed(complained) if line.startswith("Error: ")), None)
    last = (said or complained or [f"exit status {process.returncode}"])[-1]
    detail = error.removeprefix("Error: ") if error else last
    return Step(name, "failed", seconds, detail)


def _await(process: subprocess.Popen[str], limit: float | None, stopping: _Stopping) -> bool:
    """Wait for a process; where it takes too long tell it to end, and kill it where it does not. Returns whether it took too
    long."""
    cut = False
    end = None if limit is None else monotonic() + limit
    deadline: float | None = None
    while True:
        try:
            process.wait(0.5)
            return cut
        except subprocess.TimeoutExpired:
            at = monotonic()
        if end is not None and at > end and not (cut or stopping.told):
            log.warning("the crawl has taken %.0f minutes: ending it in good order", (limit or 0) / 60)
            process.terminate()
            cut = True
        if deadline is None and (cut or stopping.told):
            deadline = at + GRACE
        if deadline is not None and at > deadline:
            _kill_group(process)
            process.wait()
            return cut


def _kill_group(process: subprocess.Popen[str]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        process.kill()


@contextmanager
def _relayed(process: subprocess.Popen[str]) -> Iterator[tuple[deque[str], deque[str]]]:
    """The last lines of a process's standard output and error, both passed on as they come."""
    said: deque[str] = deque(maxlen=50)
    complained: deque[str] = deque(maxlen=50)

    def relay(stream: IO[str], lines: deque[str], out: IO[str]) -> None:
        for line in stream:
            out.write(line)
            out.flush()
            if line.strip():
                lines.append(line.strip())

    assert process.stdout is not None
    assert process.stderr is not None
    pairs = ((process.stdout, said, sys.stdout), (process.stderr, complained, sys.stderr))
    threads = [threading.Thread(target=relay, args=pair, daemon=True) for pair in pairs]
    for thread in threads:
        thread.start()
    yield said, complained
    for thread in threads:
        thread.join(timeout=10)


def _crawl_ended_well(folder: DataFolder, pid: int, *, cut: bool) -> bool:
    """Whether the crawl of a process came to its end and no newspaper broke off, whatever single requests failed."""
    try:
        run = run_of(folder.archive, pid)
    except sqlite3.Error:
        return False
    if run is None:
        return False
    status, endings = run
    if cut:
        return status in ("finished", "interrupted") and endings <= {"finished", "shutdown", "did not start"}
    return status == "finished" and endings <= {"finished"}
