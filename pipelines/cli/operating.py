"""Commands that keep an installation running."""

from __future__ import annotations

import json
import sys
from datetime import time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from pipelines.cli.options import (
    SPAN,
    TIMES,
    Help,
    backup_folder,
    contact_option,
    data_option,
    keep_option,
    keep_visits_option,
    sources_option,
    timezone_option,
)
from pipelines.folder import DataFolder


@click.command(cls=Help, example="quintanas run --backup /srv/backups --max-time 3h --contact redaccion@example.org")
@click.argument("source", nargs=-1)
@contact_option
@click.option("--backup", type=backup_folder, metavar="DIR", help="Also take a backup into this folder.")
@keep_option
@keep_visits_option
@click.option("--max-time", type=SPAN, metavar="SPAN", help="End the crawl in good order after this long, e.g. 3h.")
@click.option("--jitter", type=SPAN, default="0s", metavar="SPAN", help="Wait a random part of this long first, e.g. 15m.")
@click.option(
    "--due", type=TIMES, metavar="TIMES", help="Do nothing where a run began since the latest of these, e.g. 06:10,18:10."
)
@timezone_option
@data_option
@sources_option
def run(
    source: tuple[str, ...],
    contact: str | None,
    backup: Path | None,
    keep: int,
    keep_visits: timedelta,
    max_time: timedelta | None,
    jitter: timedelta,
    due: tuple[time, ...] | None,
    timezone: ZoneInfo,
    folder: DataFolder,
    extra_sources: Path | None,
) -> None:
    """What a timer calls: crawl, publish, back up, and print how everything is doing.

    Exit status 1 where a step failed or was interrupted; single requests that failed and newspapers that fell silent are in
    what it prints, and in `quintanas status`.
    """
    from pipelines.run import run_chain
    from pipelines.status import status_of, status_text

    entry = run_chain(
        folder,
        source,
        extra_sources=extra_sources,
        contact=contact,
        backup=backup,
        keep=keep,
        keep_visits=keep_visits,
        max_time=max_time,
        jitter=jitter,
        due=due or (),
        zone=timezone,
    )
    if entry is not None:
        click.echo(f"\n{status_text(status_of(folder))}")
        sys.exit(1 if entry.failed else 0)


@click.command(cls=Help, example="quintanas schedule systemd --install --contact redaccion@example.org --mail me@example.org")
@click.argument("kind", type=click.Choice(["systemd", "cron", "github"]))
@click.argument("source", nargs=-1)
@click.option("--install", is_flag=True, help="Put it in place and start it; without, it is printed, or written with --to.")
@click.option("--to", type=backup_folder, metavar="DIR", help="Write the files into this folder.")
@click.option(
    "--at", "times", type=TIMES, default="06:10,12:10,18:10", show_default=True, metavar="TIMES", help="When, each day."
)
@timezone_option
@contact_option
@click.option("--backup", type=backup_folder, metavar="DIR", help="Take a backup into this folder after each run.")
@keep_option
@click.option("--memory", default="2G", show_default=True, help="Memory that a run may take.")
@click.option("--max-time", type=SPAN, default="3h", show_default=True, metavar="SPAN", help="Time that a crawl may take.")
@click.option("--jitter", type=SPAN, default="15m", show_default=True, metavar="SPAN", help="Random delay at most.")
@click.option("--mail", metavar="ADDRESS", help="Whom to mail where a run failed.")
@click.option("--mail-always", is_flag=True, help="Mail after every run.")
@click.option(
    "--system", "user", metavar="USER", help="systemd: for the machine, run as this user.  [default: your own systemd]"
)
@click.option("--package", help="github: what pip installs.  [default: this version]")
@data_option
@sources_option
def schedule(
    kind: str,
    source: tuple[str, ...],
    install: bool,
    to: Path | None,
    times: tuple[time, ...],
    timezone: ZoneInfo,
    user: str | None,
    package: str | None,
    folder: DataFolder,
    extra_sources: Path | None,
    contact: str | None,
    **bounds: Any,
) -> None:
    """Write what runs `quintanas run` every day: systemd units, a crontab line or a GitHub Actions workflow.

    Each has a lock, a random delay, limits of time and memory, and makes up for a run that was missed.
    """
    from pipelines import schedule as scheduling

    if install and to:
        raise click.UsageError("--install knows where the files belong: leave out --to")
    if user and folder == DataFolder.default():
        raise click.UsageError("--system needs --data: the folder of the machine's data, e.g. /var/lib/quintanas")
    chosen: dict[str, Any] = {"user": user, "package": package}
    try:
        plan = scheduling.Plan(
            folder,
            tuple(f"{moment:%H:%M}" for moment in times),
            timezone.key,
            source,
            extra_sources,
            contact or "",
            per_user=user is None,
            **{name: value for name, value in chosen.items() if value},
            **bounds,
        )
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    click.echo(scheduling.scheduled(kind, plan, install=install, to=to))


@click.command(cls=Help, example="quintanas status --max-age 8h --prometheus /var/lib/node_exporter/quintanas.prom")
@click.option("--json", "as_json", is_flag=True, help="Print it as one JSON object.")
@click.option("--email", metavar="ADDRESS", help="Print it as an e-mail to this address, for `sendmail -t`.")
@click.option(
    "--prometheus", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Also write a Prometheus text file."
)
@click.option("--max-age", type=SPAN, default="26h", show_default=True, metavar="SPAN", help="How old the latest run may be.")
@data_option
def status(as_json: bool, email: str | None, prometheus: Path | None, max_age: timedelta, folder: DataFolder) -> None:
    """Is it alive, how fresh, what is silent, how big, what failed and since when.

    Exit status 0 where all is well, 1 where a person should look.
    """
    from pipelines.status import status_email, status_metrics, status_of, status_text, write_whole

    found = status_of(folder, max_age=max_age)
    if prometheus:
        try:
            write_whole(prometheus, status_metrics(found))
        except OSError as error:
            raise click.ClickException(f"{prometheus}: {error.strerror}") from None
    if as_json:
        click.echo(json.dumps(found.as_dict(), ensure_ascii=False))
    else:
        click.echo(status_email(found, email) if email else status_text(found))
    sys.exit(0 if found.state == "ok" else 1)


@click.command(cls=Help, example="quintanas backup /srv/backups --keep 30")
@click.argument("target", type=backup_folder, metavar="DIR")
@keep_option
@data_option
def backup(target: Path, keep: int, folder: DataFolder) -> None:
    """Take a verified backup of the archive into DIR, also while a crawl writes it."""
    from pipelines.backup import back_up_archive, size_text

    done = back_up_archive(folder, target, keep)
    click.echo(f"{done.path}: {size_text(done.bytes)}, {done.rows.get('articles', 0):,} articles")


@click.command(cls=Help, example="quintanas restore /srv/backups/quintanas-20260131T060000Z")
@click.argument("backup", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="BACKUP")
@data_option
def restore(backup: Path, folder: DataFolder) -> None:
    """Verify BACKUP and put its archive in place; the archive that was there is kept beside it."""
    from pipelines.backup import restore_archive

    click.echo(restore_archive(folder, backup))


@click.command("check", cls=Help, example="quintanas check")
@data_option
def check_data(folder: DataFolder) -> None:
    """Read both databases whole and say what is damaged: pages, references, texts. Changes nothing."""
    from pipelines.backup import check_databases

    faults = check_databases(folder)
    click.echo("\n".join(faults) or f"{folder.path}: no fault found")
    if faults:
        click.echo(
            "restore the latest good backup: `quintanas restore BACKUP`; without one, `quintanas salvage` keeps what it can"
        )
        sys.exit(1)


@click.command(cls=Help, example="quintanas salvage --data /srv/quintanas")
@data_option
def salvage(folder: DataFolder) -> None:
    """Make a new archive of what is readable of a damaged one, and say what was lost; the damaged one is kept beside it.

    For where there is no backup, or only one that is too old: `quintanas restore` loses less.
    """
    from pipelines.backup import salvage_archive

    click.echo(salvage_archive(folder))


@click.command(cls=Help, example="quintanas compact")
@data_option
def compact(folder: DataFolder) -> None:
    """Pack old texts and give unused room of the archive back to the disk, where that is worth it."""
    from pipelines.backup import compact_archive

    click.echo(compact_archive(folder))
