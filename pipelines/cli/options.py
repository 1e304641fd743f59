"""What several commands share: options, kinds of values, and a help that ends with an example."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from datetime import time, timedelta
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from db.retention import LEAST
from pipelines.folder import DataFolder

F = TypeVar("F", bound=Callable[..., Any])
DAY = click.DateTime(["%Y-%m-%d"])
READABLE = click.Path(exists=True, dir_okay=False, path_type=Path)


class _Example(click.Command):
    """Its help ends with an example, printed as it is typed."""

    def __init__(self, *args: Any, example: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.example = example

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_epilog(ctx, formatter)
        if self.example:
            with formatter.section("Example"):
                for line in self.example.strip().splitlines():
                    formatter.write(f"{'':>{formatter.current_indent}}{line.strip()}\n")


class Help(_Example):
    """A command whose help ends with an example."""


class HelpGroup(_Example, click.Group):
    """A group of commands whose help ends with an example."""


def _choose_folder(ctx: click.Context, _param: click.Parameter, value: Path | None) -> DataFolder:
    if value is not None:
        ctx.obj = DataFolder(value)
    elif ctx.obj is None:
        ctx.obj = DataFolder.default()
    return ctx.obj


def data_option(command: F) -> F:
    """The `--data DIR` that the group and every command with a database take; the command receives a `DataFolder`."""
    return click.option(
        "--data",
        "folder",
        type=click.Path(file_okay=False, path_type=Path),
        envvar="QUINTANAS_DATA",
        callback=_choose_folder,
        help="Where the databases live.  [default: the platform's user data folder; or QUINTANAS_DATA]",
    )(command)


def sources_option(command: F) -> F:
    return click.option(
        "--sources",
        "extra_sources",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        envvar="QUINTANAS_SOURCES",
        help="A TOML file of your own newspapers; a table named like a bundled one replaces it.",
    )(command)


def contact_option(command: F) -> F:
    return click.option(
        "--contact",
        envvar="QUINTANAS_CONTACT",
        help="Whom newspapers may ask: an e-mail address or a page.  [or QUINTANAS_CONTACT]",
    )(command)


def scrapy_changes(settings: tuple[str, ...], contact: str | None, *, open_web: bool) -> dict[str, str]:
    wrong = [setting for setting in settings if "=" not in setting]
    if wrong:
        raise click.UsageError(f"{wrong[0]}: a setting is NAME=VALUE")
    if not contact and open_web:
        raise click.UsageError("newspapers must be able to ask who crawls them: give --contact, or set QUINTANAS_CONTACT")
    return {"QUINTANAS_CONTACT": contact or "", **dict(setting.split("=", 1) for setting in settings)}


class _Duration(click.ParamType):
    """A span of time as a person writes it: 90s, 15m, 3h, 2d."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        if isinstance(value, timedelta):
            return value
        units = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
        number, unit = value[:-1], value[-1:]
        if not number.isdigit() or unit not in units:
            self.fail(f"{value!r} is no span of time: write 90s, 15m, 3h or 2d", param, ctx)
        return timedelta(seconds=int(number) * units[unit])


class _Times(click.ParamType):
    """Times of the day, separated by commas."""

    name = "times"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[time, ...]:
        try:
            return value if isinstance(value, tuple) else tuple(time.fromisoformat(part.strip()) for part in value.split(","))
        except ValueError:
            self.fail(f"{value!r} are no times of the day: write 06:10,18:10", param, ctx)


class _Zone(click.ParamType):
    """A time zone by its IANA name."""

    name = "zone"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> ZoneInfo:
        try:
            return value if isinstance(value, ZoneInfo) else ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self.fail(f"{value!r} is no time zone: write America/Lima", param, ctx)


SPAN, TIMES = _Duration(), _Times()


def _enough_visits(_ctx: click.Context, _param: click.Parameter, value: timedelta) -> timedelta:
    if timedelta(0) < value < LEAST:
        raise click.BadParameter(f"visits are needed for {LEAST.days} days: give {LEAST.days}d or more, or 0d to keep all")
    return value


keep_visits_option = click.option(
    "--keep-visits",
    type=SPAN,
    default="730d",
    show_default=True,
    envvar="QUINTANAS_KEEP_VISITS",
    callback=_enough_visits,
    metavar="SPAN",
    help="Forget single requests older than this; articles stay. 0d keeps all.  [or QUINTANAS_KEEP_VISITS]",
)
timezone_option = click.option(
    "--timezone", type=_Zone(), default="America/Lima", show_default=True, help="Time zone of the times."
)
keep_option = click.option("--keep", default=14, show_default=True, type=click.IntRange(1), help="Backups kept; older ones go.")
backup_folder = click.Path(file_okay=False, path_type=Path)


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container without a user database
        return "unknown"


def decision_options(command: F) -> F:
    """What every decision of a person must say: why, and who."""
    command = click.option("--reason", required=True, help="Why; it is published.")(command)
    return author_option(command)


def author_option(command: F) -> F:
    return click.option(
        "--author",
        envvar="QUINTANAS_AUTHOR",
        default=_login,
        help="Who decides; it is kept and not published.  [default: your login name; or QUINTANAS_AUTHOR]",
    )(command)
