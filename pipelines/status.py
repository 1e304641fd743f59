"""How an installation is doing: alive, fresh, silent, big, failed, and since when."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from db.archive import Archive, ArchiveVersionError
from db.compaction import WORTH, free_share
from db.instants import parse, utc
from db.overview import NewspaperState, archive_state, last_release
from pipelines.backup import size_text
from pipelines.folder import DataFolder
from pipelines.health import newspaper_alarms
from pipelines.journal import Entry, entries, read_note
from pipelines.run import entry_text

MAX_AGE = timedelta(hours=26)
"""A daily run and two hours: what is older is not fresh."""
LOW_DISK = 1_000_000_000
"""Bytes of free disk below which it is time to act; building the public database takes about its own size again."""
FULL_DISK = 100_000_000
LONG_WRITE = timedelta(hours=24)
CLOCK_SLACK = timedelta(minutes=10)
"""What was noted later than so far from now was noted by a clock that was wrong, or is wrong now."""
BACKUP_AGE = 3
"""Times the allowed age of a run that a backup may be old."""

FAILED, ATTENTION, OK = "failed", "attention", "ok"


@dataclass(frozen=True)
class Problem:
    """Something that a person should look at."""

    level: str
    """failed: it does not do its work; attention: it does, with something amiss."""
    what: str
    since: str | None = None


@dataclass
class Status:
    """The state of an installation at an instant."""

    at: str
    folder: str
    problems: list[Problem] = field(default_factory=list)
    running: Mapping[str, Any] | None = None
    """The process that writes the archive: `pid` and `since`."""
    last_run: dict[str, Any] | None = None
    last_good_run: str | None = None
    last_crawl: str | None = None
    """When the latest crawl began, by whatever command."""
    last_article: str | None = None
    """When the latest new article came."""
    last_backup: str | None = None
    public: dict[str, Any] = field(default_factory=dict)
    """`bytes`, `release`, `published`, `incidents`, `reports`."""
    archive: dict[str, Any] = field(default_factory=dict)
    """`bytes`, `log_bytes`, `free_share`, `articles`, `reports`, `articles_per_day`, `pending`."""
    disk: dict[str, Any] = field(default_factory=dict)
    """`free_bytes`, `days_left` at the present growth."""
    newspapers: list[dict[str, Any]] = field(default_factory=list)
    """`id`, `last_article`, `pending`, `alarms` (`what`, `since`)."""

    @property
    def state(self) -> str:
        levels = {problem.level for problem in self.problems}
        return FAILED if FAILED in levels else ATTENTION if levels else OK

    def as_dict(self) -> dict[str, Any]:
        return {"state": self.state, **asdict(self)}


def status_of(folder: DataFolder, *, max_age: timedelta = MAX_AGE, at: datetime | None = None) -> Status:
    """Look at everything and change nothing; whatever is missing or broken becomes a problem, never an exception.

    `max_age`: how old the latest run, and the published data, may be. `at`: the instant to judge from, now by default.
    """
    at = at or datetime.now(UTC)
    status = Status(utc(at) or "", str(folder.path))
    runs = entries(folder)
    _look_at_runs(status, folder, runs, max_age, at)
    if folder.archive.is_file():
        try:
            with Archive(folder.archive, write=False) as archive:
                _look_at_archive(status, archive, at)
        except (sqlite3.Error, ArchiveVersionError, OSError, ValueError) as error:
            status.problems.append(Problem(FAILED, _unreadable(folder.archive, error)))
    else:
        status.problems.append(
            Problem(FAILED, f"no archive in {folder.path}: nothing was ever crawled, or it is the wrong folder")
        )
    _look_at_public(status, folder, max_age, at)
    _look_at_disk(status, folder)
    status.problems.sort(key=lambda problem: problem.level != FAILED)
    return status


def _unreadable(path: Path, error: Exception) -> str:
    if isinstance(error, ArchiveVersionError):
        return str(error)
    if "malformed" in str(error) or "not a database" in str(error):
        return f"{path} is damaged ({error}): see `quintanas check`, then `quintanas restore`"
    return f"{path} cannot be read ({error}): is the disk there, writable and readable?"


def _look_at_runs(status: Status, folder: DataFolder, runs: Sequence[Entry], max_age: timedelta, at: datetime) -> None:
    problems = status.problems
    now_running = read_note(folder.path / "run.running")
    writer = read_note(folder.archive.with_name(f"{folder.archive.name}.writer"))
    status.running = next((note for note in (writer, now_running) if note and note["alive"]), None)
    if now_running and not now_running["alive"]:
        problems.append(Problem(FAILED, "a run was killed before its end; the next one goes on", now_running["since"]))
    if status.running and at - datetime.fromisoformat(status.running["since"]) > LONG_WRITE:
        what = f"process {status.running['pid']} has been writing the archive for more than {LONG_WRITE.days} day: is it stuck?"
        problems.append(Problem(ATTENTION, what, status.running["since"]))
    if not runs:
        return
    last = runs[0]
    status.last_run = {
        "started": utc(last.started),
        "finished": utc(last.finished),
        "failed": last.failed,
        "steps": [asdict(step) for step in last.steps],
        "text": entry_text(last),
    }
    status.last_good_run = next((utc(run.finished) for run in runs if not run.failed), None)
    if at - last.finished > max_age and not (now_running and now_running["alive"]):
        problems.append(
            Problem(FAILED, f"no run has ended for {_span(at - last.finished)}: is the schedule alive?", utc(last.finished))
        )
    if last.started - at > CLOCK_SLACK:
        problems.append(Problem(ATTENTION, "the latest run lies in the future: the clock was or is wrong", utc(last.started)))
    if last.interrupted:
        problems.append(Problem(FAILED, "the last run was told to end early", utc(last.finished)))
    for step in last.steps:
        if step.state == "failed":
            since = last
            for run in runs:
                if not any(other.name == step.name and other.state == "failed" for other in run.steps):
                    break
                since = run
            problems.append(Problem(FAILED, f"{step.name} fails: {step.detail}", utc(since.started)))
    backups = [run for run in runs if any(step.name == "backup" for step in run.steps)]
    good = (run for run in backups if any(step.name == "backup" and step.state == "ok" for step in run.steps))
    status.last_backup = next((utc(run.finished) for run in good), None)
    if status.last_backup and at - datetime.fromisoformat(status.last_backup) > BACKUP_AGE * max_age:
        problems.append(Problem(ATTENTION, "no backup since", status.last_backup))


def _look_at_archive(status: Status, archive: Archive, at: datetime) -> None:
    log = archive.path.with_name(f"{archive.path.name}-wal")
    month = utc(at - timedelta(days=30))
    assert month is not None
    state = archive_state(archive, month)
    days = 30.0
    if state.oldest:
        days = min(days, max(1.0, (at - datetime.fromisoformat(state.oldest)).total_seconds() / 86_400))
    status.archive = {
        "bytes": archive.path.stat().st_size,
        "log_bytes": log.stat().st_size if log.exists() else 0,
        "free_share": round(free_share(archive.db.conn), 3),
        "articles": state.articles,
        "reports": state.reports,
        "articles_per_day": round(state.recent / days, 1),
    }
    status.last_crawl, status.last_article = state.last_crawl, state.last_article
    since = state.running_since
    if status.running is None and since and not any("killed" in problem.what for problem in status.problems):
        status.problems.append(Problem(ATTENTION, "a crawl was killed before its end; the next one goes on", since))
    latest = status.last_crawl
    if latest and datetime.fromisoformat(latest) - at > CLOCK_SLACK:
        what = "the latest crawl lies in the future: the clock was wrong then, or is now"
        status.problems.append(Problem(ATTENTION, what, latest))
    for newspaper in state.newspapers:
        alarms = [
            {"what": alarm, "since": _alarm_since(archive, newspaper, alarm)}
            for alarm in newspaper_alarms(archive, newspaper.id, at)
        ]
        status.newspapers.append({**vars(newspaper), "alarms": alarms})
        status.archive["pending"] = status.archive.get("pending", 0) + newspaper.pending
        status.problems += [Problem(ATTENTION, f"{newspaper.id}: {alarm['what']}", alarm["since"]) for alarm in alarms]


def _alarm_since(archive: Archive, newspaper: NewspaperState, alarm: str) -> str | None:
    """Since when: the last good run, or the last article where a newspaper is silent."""
    runs = archive.yields(newspaper.id)
    if alarm.startswith("silent: no new"):
        return newspaper.last_article

    def bad(run: Mapping[str, Any]) -> bool:
        if alarm.startswith("none of"):
            return bool(run["listings"]) and run["listings_failed"] == run["listings"]
        if alarm.startswith("silent"):
            return not run["found"]
        column = "without_date" if "date" in alarm else "walls" if "log in" in alarm else "without_text"
        return bool(run[column])

    since = None
    for run in runs:
        if not bad(run):
            break
        since = run["started"]
    return since


def _look_at_public(status: Status, folder: DataFolder, max_age: timedelta, at: datetime) -> None:
    if not folder.public.is_file():
        if status.archive:
            status.problems.append(Problem(FAILED, "nothing was ever published: run `quintanas publish`"))
        return
    try:
        row = last_release(folder.public)
    except sqlite3.Error as error:
        status.problems.append(Problem(FAILED, f"{folder.public} cannot be read ({error}): run `quintanas publish`"))
        return
    status.public = {"bytes": folder.public.stat().st_size}
    if row is None:
        return
    status.public |= {"release": row["number"], **{key: row[key] for key in ("published", "incidents", "reports")}}
    published = parse(row["published"])
    assert published is not None
    if at - published > max_age:
        what = f"the public data are {_span(at - published)} old: run `quintanas publish`, or look why it fails"
        status.problems.append(Problem(FAILED, what, row["published"]))


def _look_at_disk(status: Status, folder: DataFolder) -> None:
    path = folder.path
    while not path.exists() and path != path.parent:
        path = path.parent
    free = shutil.disk_usage(path).free
    status.disk = {"free_bytes": free, "days_left": None}
    articles, per_day = status.archive.get("articles"), status.archive.get("articles_per_day")
    if articles and per_day:
        daily = per_day * (status.archive["bytes"] + status.public.get("bytes", 0)) / articles
        status.disk["days_left"] = round((free - status.public.get("bytes", 0)) / daily)
    if free < max(LOW_DISK, 2 * status.public.get("bytes", 0)):
        level = FAILED if free < FULL_DISK else ATTENTION
        status.problems.append(Problem(level, f"{size_text(free)} of disk are free: make room, see `quintanas compact`"))
    if path.exists() and not os.access(path, os.W_OK):
        status.problems.append(Problem(FAILED, f"{path} cannot be written"))


def status_text(status: Status) -> str:
    """One screen, at most 78 columns but for long names."""
    at = datetime.fromisoformat(status.at)

    def ago(instant: str | None) -> str:
        return "never" if instant is None else f"{_local(instant)} ({_span(at - datetime.fromisoformat(instant))} ago)"

    lines = [f"{status.state.upper()}  {status.folder}  {_local(status.at)}", ""]
    for problem in status.problems:
        since = f" (since {_local(problem.since)})" if problem.since else ""
        lines.append(f"{'!!' if problem.level == FAILED else ' !'} {problem.what}{since}")
    if status.problems:
        lines.append("")
    if status.running:
        lines.append(f"now        process {status.running['pid']} writes since {_local(status.running['since'])}")
    lines.append(f"crawl      {ago(status.last_crawl)}; latest new article {ago(status.last_article)}")
    if status.public:
        public = status.public
        release = (
            f"release {public['release']}, {public['incidents']:,} incidents, {public['reports']:,} reports, "
            if "release" in public
            else ""
        )
        lines.append(f"published  {ago(public.get('published'))}; {release}{size_text(public['bytes'])}")
    if status.archive:
        facts = status.archive
        lines.append(
            f"archive    {facts['articles']:,} articles, {facts['reports']:,} reports, {size_text(facts['bytes'])}"
            f" (+{size_text(facts['log_bytes'])} log), {facts['articles_per_day']:g} new a day"
            f", {facts.get('pending', 0):,} to fetch"
        )
        if facts["free_share"] >= WORTH:
            lines.append(f"           {facts['free_share']:.0%} of it is empty: `quintanas compact` gives it back")
    left = status.disk.get("days_left")
    lines.append(
        f"disk       {size_text(status.disk['free_bytes'])} free"
        + (f", {_years(left)} at this pace" if left is not None else "")
    )
    if status.last_backup:
        lines.append(f"backup     {ago(status.last_backup)}")
    if status.newspapers:
        fresh = sum(1 for one in status.newspapers if _age_of(one, at) < timedelta(days=2))
        troubled = sum(1 for one in status.newspapers if one["alarms"])
        lines.append(
            f"newspapers {len(status.newspapers)}; {fresh} with a new article in two days, {troubled} with something amiss"
        )
        quiet = sorted(
            (one for one in status.newspapers if _age_of(one, at) >= timedelta(days=2)),
            key=lambda one: one["last_article"] or "",
        )
        lines += [f"           {one['id']}: last new article {ago(one['last_article'])}" for one in quiet[:8]]
        if len(quiet) > 8:
            lines.append(f"           … and {len(quiet) - 8} more: `quintanas sources`")
    if status.last_run:
        lines += ["", status.last_run["text"]]
        if status.last_good_run != status.last_run["finished"]:
            lines.append(f"last good run: {ago(status.last_good_run)}")
    return "\n".join(lines)


def status_email(status: Status, to: str) -> str:
    """The same as an e-mail for `sendmail -t`: the subject says the state and the first problem."""
    message = EmailMessage()
    first = f": {status.problems[0].what}" if status.problems else ""
    subject = " ".join(f"Quintanas {status.state.upper()}{first}".split())
    message["Subject"] = subject if len(subject) <= 100 else f"{subject[:99]}…"
    message["To"] = to
    message["Date"] = format_datetime(datetime.fromisoformat(status.at))
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(status_text(status) + "\n", cte="8bit")
    return message.as_bytes().decode()


_GAUGES = (
    ("last_run_timestamp_seconds", "End of the latest run.", ("last_run", "finished")),
    ("last_good_run_timestamp_seconds", "End of the latest run that did all it should.", ("last_good_run",)),
    ("last_crawl_timestamp_seconds", "Start of the latest crawl.", ("last_crawl",)),
    ("last_article_timestamp_seconds", "When the latest new article came.", ("last_article",)),
    ("last_publish_timestamp_seconds", "When the public data were built.", ("public", "published")),
    ("last_backup_timestamp_seconds", "When the latest backup was taken.", ("last_backup",)),
    ("archive_bytes", "Size of the archive.", ("archive", "bytes")),
    ("public_bytes", "Size of the public database.", ("public", "bytes")),
    ("disk_free_bytes", "Free bytes of the disk that holds the data.", ("disk", "free_bytes")),
    ("articles", "Articles in the archive.", ("archive", "articles")),
    ("articles_pending", "Articles discovered and not yet fetched.", ("archive", "pending")),
    ("incidents", "Incidents published.", ("public", "incidents")),
)


def status_metrics(status: Status) -> str:
    """The same in Prometheus's text format, for node_exporter's textfile collector.

    https://prometheus.io/docs/instrumenting/exposition_formats/
    """
    facts = status.as_dict()
    lines = list(_metric("up", "1 where it does its work, 0 where something failed.", {"": int(status.state != FAILED)}))
    levels = {
        f'level="{level}"': sum(1 for problem in status.problems if problem.level == level) for level in (FAILED, ATTENTION)
    }
    lines += _metric("problems", "What a person should look at.", levels)
    for name, help_text, keys in _GAUGES:
        value: Any = facts
        for key in keys:
            value = (value or {}).get(key)
        if isinstance(value, str):
            value = datetime.fromisoformat(value).timestamp()
        if value is not None:
            lines += _metric(name, help_text, {"": value})
    if status.newspapers:
        alarms = {f'newspaper="{_label(one["id"])}"': len(one["alarms"]) for one in status.newspapers}
        lines += _metric("newspaper_alarms", "What is amiss with a newspaper.", alarms)
        last = {
            f'newspaper="{_label(one["id"])}"': datetime.fromisoformat(one["last_article"]).timestamp()
            for one in status.newspapers
            if one["last_article"]
        }
        lines += _metric("newspaper_last_article_timestamp_seconds", "When a newspaper's latest new article came.", last)
    return "\n".join(lines) + "\n"


def write_whole(path: Path, text: str) -> None:
    """Write a file so that who reads it sees the old one or the new one. Raises `OSError`."""
    fresh = path.with_name(f".{path.name}.tmp")
    fresh.write_text(text, encoding="utf-8")
    fresh.chmod(0o644)
    fresh.replace(path)


def _metric(name: str, help_text: str, values: Mapping[str, float]) -> Iterator[str]:
    yield f"# HELP quintanas_{name} {help_text}"
    yield f"# TYPE quintanas_{name} gauge"
    for labels, value in values.items():
        yield f"quintanas_{name}{f'{{{labels}}}' if labels else ''} {value:.0f}"


def _label(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _age_of(newspaper: Mapping[str, Any], at: datetime) -> timedelta:
    last = newspaper["last_article"]
    return at - datetime.fromisoformat(last) if last else timedelta.max


def _local(instant: str) -> str:
    return datetime.fromisoformat(instant).astimezone().strftime("%Y-%m-%d %H:%M %Z")


def _span(span: timedelta) -> str:
    minutes = span.total_seconds() / 60
    if minutes < 0:
        return f"-{_span(-span)}"
    return (
        f"{minutes:.0f} min"
        if minutes < 120
        else f"{minutes / 60:.0f} h"
        if minutes < 72 * 60
        else f"{minutes / 1440:.0f} days"
    )


def _years(days: float) -> str:
    return f"{days:.0f} days" if days < 730 else f"{days / 365:.0f} years" if days < 36_500 else "more than 100 years"
