"""Scheduled runs, the way machines already schedule: systemd units, a crontab line, a GitHub Actions workflow."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click
from jinja2 import Environment, PackageLoader, StrictUndefined

from pipelines.folder import DataFolder

AFTER_CRAWL = timedelta(hours=1)
"""What publishing and the backup may take after the crawl, before the scheduler ends a run that hangs."""
_BEGIN, _END = "# BEGIN quintanas", "# END quintanas"


@dataclass(frozen=True)
class Plan:
    """When, what and within which bounds."""

    folder: DataFolder
    times: Sequence[str] = ("06:10", "12:10", "18:10")
    """Times of the day, in `timezone`."""
    timezone: str = "America/Lima"
    sources: Sequence[str] = ()
    """Newspapers; none: all that are configured."""
    extra_sources: Path | None = None
    contact: str = ""
    backup: Path | None = None
    keep: int = 14
    memory: str = "2G"
    max_time: timedelta = timedelta(hours=3)
    jitter: timedelta = timedelta(minutes=15)
    mail: str | None = None
    mail_always: bool = False
    per_user: bool = True
    """For the present user's own systemd, not the machine's."""
    user: str = "quintanas"
    """Whom the machine's systemd runs it as."""
    package: str = field(default_factory=lambda: f"quintanas=={version('quintanas')}")
    """What the workflow has pip install."""

    def __post_init__(self) -> None:
        """Raises `ValueError` where a part cannot be scheduled."""
        for time in self.times:
            if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", time):
                raise ValueError(f"{time!r} is no time of the day: write 06:10")
        if not self.times:
            raise ValueError("no time of the day was given")
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"{self.timezone!r} is no time zone: write America/Lima") from None
        if not re.fullmatch(r"[1-9]\d*[MG]", self.memory):
            raise ValueError(f"{self.memory!r} is no amount of memory: write 900M or 2G")
        if self.mail is not None and not re.fullmatch(r"[\w.+-]+@[\w.-]+", self.mail):
            raise ValueError(f"{self.mail!r} is no e-mail address")
        if not re.fullmatch(r"[a-z_][a-z0-9_-]*", self.user):
            raise ValueError(f"{self.user!r} is no user name")
        for text in (self.contact, *map(str, (self.folder.path, self.backup, self.extra_sources)), *self.sources, self.package):
            if re.search(r"[\x00-\x1f\x7f]", text):
                raise ValueError(f"{text!r} holds a control character")

    @property
    def memory_bytes(self) -> int:
        """`memory` in bytes."""
        return int(self.memory[:-1]) * {"M": 2**20, "G": 2**30}[self.memory[-1]]


def systemd_units(plan: Plan) -> dict[str, str]:
    """Name of each unit file → its text."""
    environment = _environment(plan)
    pipe = f"{shlex.join(_quintanas('status', '--email', plan.mail or ''))} | /usr/sbin/sendmail -i -t"
    facts: dict[str, Any] = {
        **_facts(plan),
        "command": _quintanas(*_run(plan)),
        "environment": environment,
        "pipe": pipe,
        "timeout_seconds": int((plan.max_time + AFTER_CRAWL).total_seconds()),
        "jitter_seconds": int(plan.jitter.total_seconds()),
        "memory_high": plan.memory_bytes * 9 // 10,
        "writable": [str(path.absolute()) for path in (plan.folder.path, plan.backup) if path],
    }
    names = ["quintanas.service", "quintanas.timer"] + (["quintanas-report.service"] if plan.mail else [])
    return {name: _templates().get_template(name).render(facts) for name in names}


def crontab_block(plan: Plan) -> str:
    """The lines for a crontab, between two marks."""
    run = _quintanas(*_run(plan), "--due", ",".join(plan.times), "--timezone", plan.timezone)
    if plan.jitter:
        run += ["--jitter", _span(plan.jitter)]
    limit = int((plan.max_time + plan.jitter + AFTER_CRAWL).total_seconds())
    inner = f"ulimit -d {plan.memory_bytes // 1024}; exec {shlex.join(run)}"
    settings = " ".join(f"{name}={shlex.quote(value)}" for name, value in _environment(plan).items())
    line = f"{settings} timeout --kill-after=360 {limit} nice -n 10 sh -c {shlex.quote(inner)}"
    minute = sum(map(ord, str(plan.folder.path))) % 20  # not all machines at once
    minutes = ",".join(str(minute + step) for step in (0, 20, 40))
    # cron takes a bare % as the end of the line
    return _templates().get_template("crontab").render({**_facts(plan), "line": line.replace("%", r"\%"), "minutes": minutes})


def github_workflow(plan: Plan) -> str:
    """The text of `.github/workflows/quintanas.yml`."""
    command = ["quintanas", "run", *plan.sources, "--max-time", _span(plan.max_time)]
    command += ["--sources", str(plan.extra_sources)] if plan.extra_sources else []
    minutes = int((plan.max_time + AFTER_CRAWL).total_seconds() / 60)
    return _templates().get_template("quintanas.yml").render({**_facts(plan), "command": command, "timeout_minutes": minutes})


def write_files(files: Mapping[str, str], folder: Path) -> list[Path]:
    """Write files into a folder, made where there is none; returns their paths.

    Raises:
        click.ClickException: the folder cannot be written.
    """
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            path = folder / name
            path.write_text(text, encoding="utf-8")
            written.append(path)
    except OSError as error:
        raise click.ClickException(f"{error.filename or folder}: {error.strerror}") from None
    return written


def install_systemd(plan: Plan) -> list[str]:
    """Put the units where systemd looks for them and start the timer; returns what was done, a line each.

    Raises:
        click.ClickException: a file cannot be written, or `systemctl` fails.
    """
    config = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    folder = config / "systemd" / "user" if plan.per_user else Path("/etc/systemd/system")
    if not plan.per_user:
        _make_folders(plan)
    written = write_files(systemd_units(plan), folder)
    systemctl = ["systemctl", "--user"] if plan.per_user else ["systemctl"]
    for command in (["daemon-reload"], ["enable", "--now", "quintanas.timer"]):
        _call([*systemctl, *command])
    done = [f"{path}: written" for path in written] + ["quintanas.timer: started"]
    if plan.per_user:
        done.append("it runs while you are logged in; `loginctl enable-linger` lets it run always")
    return done


def install_cron(plan: Plan) -> list[str]:
    """Put the lines into the present user's crontab, in place of those of an earlier time; returns what was done.

    Raises:
        click.ClickException: there is no `crontab`, or it fails.
    """
    listed = _call(["crontab", "-l"], may_fail=True)
    lines: list[str] = []
    ours = False
    for line in listed.splitlines():
        ours = ours or line.startswith(_BEGIN)
        if not ours:
            lines.append(line)
        ours = ours and not line.startswith(_END)
    # Last, since MAILTO holds for the lines below it.
    _call(["crontab", "-"], given="\n".join([*lines, crontab_block(plan)]).rstrip("\n") + "\n")
    return ["crontab: the line of Quintanas is in place"]


def install_github(plan: Plan, repository: Path) -> list[str]:
    """Write the workflow into a git checkout; returns what was done and what is left to a person.

    Raises:
        click.ClickException: it is no git checkout, or cannot be written.
    """
    if not (repository / ".git").exists():
        raise click.ClickException(f"{repository} is no git checkout: go to that of your data repository")
    [path] = write_files({"quintanas.yml": github_workflow(plan)}, repository / ".github" / "workflows")
    return [
        f"{path}: written; commit and push it",
        "then set the secret ARCHIVE_PASSPHRASE: `gh secret set ARCHIVE_PASSPHRASE`",
    ]


def scheduled(kind: str, plan: Plan, *, install: bool, to: Path | None) -> str:
    """Install, write or show the files of a kind (systemd, cron, github); returns what to tell the person.

    Raises:
        click.ClickException: they cannot be installed or written.
    """
    if install:
        if kind == "systemd":
            return "\n".join(install_systemd(plan))
        return "\n".join(install_cron(plan) if kind == "cron" else install_github(plan, Path.cwd()))
    if kind == "systemd":
        files = systemd_units(plan)
    else:
        files = {"crontab": crontab_block(plan)} if kind == "cron" else {"quintanas.yml": github_workflow(plan)}
    if to:
        return "\n".join(f"{path}: written" for path in write_files(files, to))
    shown = [f"# {name}\n{text}" if len(files) > 1 else text for name, text in files.items()]
    return "\n".join(shown).rstrip("\n")


def _make_folders(plan: Plan) -> None:
    """Folders that the sandbox opens must be there before."""
    for path in filter(None, (plan.folder.path, plan.backup)):
        if not path.exists():
            try:
                path.mkdir(parents=True, mode=0o750)
                shutil.chown(path, plan.user)
            except (OSError, LookupError) as error:
                raise click.ClickException(f"{path}: {error}; is there a user {plan.user}?") from None


def _run(plan: Plan) -> list[str]:
    arguments = ["run", *plan.sources, "--max-time", _span(plan.max_time)]
    arguments += ["--sources", str(plan.extra_sources.absolute())] if plan.extra_sources else []
    return arguments + (["--backup", str(plan.backup.absolute()), "--keep", str(plan.keep)] if plan.backup else [])


def _environment(plan: Plan) -> dict[str, str]:
    contact = {"QUINTANAS_CONTACT": plan.contact} if plan.contact else {}
    return {"QUINTANAS_DATA": str(plan.folder.path.absolute()), **contact, "TZ": plan.timezone}


def _quintanas(*arguments: str) -> list[str]:
    return [sys.executable, "-P", "-m", "pipelines.cli", *arguments]


def _facts(plan: Plan) -> dict[str, Any]:
    return {key: value for key, value in vars(plan).items() if key != "folder"}


def _span(span: timedelta) -> str:
    return f"{int(span.total_seconds())}s"


def _templates() -> Environment:
    templates = Environment(
        loader=PackageLoader("pipelines", "schedules"), undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False
    )
    templates.filters["quoted"] = lambda text: _setting(text).replace("$", "$$")
    templates.filters["setting"] = _setting
    templates.filters["shell"] = shlex.quote
    templates.filters["json"] = lambda text: json.dumps(text, ensure_ascii=False)
    return templates


def _setting(text: str) -> str:
    """A word of a unit file: quoted, and without what systemd would expand (systemd.syntax(7), "%" in systemd.unit(5))."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%") + '"'


def _call(command: list[str], *, given: str | None = None, may_fail: bool = False) -> str:
    if shutil.which(command[0]) is None:
        raise click.ClickException(f"{command[0]} is not installed here")
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False, timeout=120)
    if done.returncode and not may_fail:
        raise click.ClickException(f"{shlex.join(command)}: {done.stderr.strip() or done.returncode}")
    return done.stdout if done.returncode == 0 else ""
