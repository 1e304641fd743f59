"""Reviewing incidents: what a person reads, and what a person decides."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

import nlp
from db import corrections
from db import review as reading
from db.archive import Archive
from db.codebook import load
from db.overrides import EDITABLE
from pipelines.folder import DataFolder, writable_archive
from scraper.urls import canonical_url

_SHOWN = (
    "type_label",
    "status",
    "event",
    "date",
    "date_end",
    "part_of_day",
    "street",
    "place",
    "district",
    "province",
    "department",
)


def listed(folder: DataFolder, *, review: str | None = "unreviewed", limit: int = 20) -> list[dict[str, Any]]:
    """Published incidents that a person might look at next: the least sure first, then the latest.

    Raises:
        click.ClickException: nothing is published yet.
    """
    with _public(folder) as conn:
        return reading.waiting(conn, review, limit)


def list_text(rows: Iterable[Mapping[str, Any]]) -> str:
    """One line an incident."""
    lines = [
        f"{row['id']}  {row['date'] or '–':10}  {row['confidence']:.2f}  {row['reports']}×  {row['type_label']}, "
        f"{row['district'] or '–'}: {row['headline']}"
        for row in rows
    ]
    return "\n".join(lines) or "Nothing to review."


def shown(folder: DataFolder, incident: str) -> str:
    """One incident with its reports and what persons decided about it, as text.

    Raises:
        click.ClickException: nothing is published yet, or no such incident is.
    """
    row = _row(folder, incident)
    labels = load().tables["incidents"]
    lines = [f"{row['id']}  ({row['review']}, confidence {row['confidence']:.2f})"]
    for name in _SHOWN:
        column = labels.column(name)
        if row[name] is not None and column:
            lines.append(f"  {name:14} {row[name]}")
    for harm in ("killed", "injured"):
        if row[f"{harm}_best"] is not None:
            lines.append(f"  {harm:14} {row[f'{harm}_low']} / {row[f'{harm}_best']} / {row[f'{harm}_high']}")
    with _public(folder) as conn:
        for report in reading.reports(conn, row["id"]):
            lines += ["", f"{report['id']}  {report['newspaper']}  {report['published'] or ''}", f"  {report['headline']}"]
            lines += [f"  «{report[name]}»" for name in ("evidence", "place_evidence", "date_evidence") if report[name]]
            lines.append(f"  {report['link']}")
        for decision in reading.decisions(conn, row["id"]):
            change = f" {decision['field']}: {decision['before']} → {decision['after']}" if decision["field"] else ""
            lines += ["", f"{decision['made'][:10]} {decision['action']}{change}: {decision['why']}"]
    return "\n".join(lines)


def confirm(folder: DataFolder, incident: str, reason: str, author: str) -> str:
    """Note that a person agrees with the row. Returns the incident."""
    return _decide(folder, lambda archive: corrections.confirm(archive, incident, reason=reason, author=author))


def correct(folder: DataFolder, incident: str, changes: Iterable[str], reason: str, author: str) -> str:
    """Set fields, each given as FIELD=VALUE; an empty value empties the field. Returns the incident.

    Raises:
        click.UsageError: no such field, or a value that it cannot hold.
    """
    wanted = {}
    for change in changes:
        name, sign, value = change.partition("=")
        if not sign:
            raise click.UsageError(f"{change}: a correction is FIELD=VALUE; fields are {', '.join(EDITABLE)}")
        wanted[name.strip()] = value
    try:
        before = _row(folder, incident)
    except click.ClickException:
        before = {}
    types = {kind["key"]: kind for kind in nlp.taxonomy()}
    return _decide(
        folder,
        lambda archive: corrections.correct(
            archive, incident, wanted, reason=reason, author=author, types=types, before=before
        ),
    )


def merge(folder: DataFolder, incident: str, other: str, reason: str, author: str) -> str:
    """Make two incidents one. Returns the identifier that stands."""
    return _decide(folder, lambda archive: corrections.merge(archive, incident, other, reason=reason, author=author))


def split(folder: DataFolder, incident: str, reports: Iterable[str], reason: str, author: str) -> str:
    """Begin a new incident with some of the reports of one. Returns its identifier."""
    return _decide(folder, lambda archive: corrections.split(archive, incident, reports, reason=reason, author=author))


def withdraw(folder: DataFolder, target: str, reason: str, author: str) -> str:
    """Hide an incident, report or article from the next publish on. Returns what was noted."""
    if "://" in target:
        try:
            canonical = canonical_url(target)
        except ValueError as error:
            raise click.UsageError(str(error)) from None

        def both(archive: Archive) -> str:
            noted = corrections.withdraw(archive, target, reason=reason, author=author)
            if canonical not in (noted, target):
                noted = corrections.withdraw(archive, canonical, reason=reason, author=author)
            return noted

        return _decide(folder, both)
    return _decide(folder, lambda archive: corrections.withdraw(archive, target, reason=reason, author=author))


def restore(folder: DataFolder, target: str, reason: str, author: str) -> str:
    """Undo a withdrawal. Returns what is shown again."""
    return _decide(folder, lambda archive: corrections.restore(archive, target, reason=reason, author=author))


def export_gold(folder: DataFolder, file: Path) -> int:
    """Write the articles that persons reviewed as labelled articles, JSON lines; returns how many."""
    folder.need_archive()
    with Archive(folder.archive, write=False) as archive:
        lines = [json.dumps(record, ensure_ascii=False) + "\n" for record in corrections.gold(archive)]
    try:
        file.write_text("".join(lines), encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"{file}: {error.strerror}") from None
    return len(lines)


def interactive(folder: DataFolder, author: str) -> None:
    """Show the incidents that wait for review one after another and ask what to do with each; "q" ends it."""
    waiting = listed(folder, limit=1000)
    if not waiting:
        click.echo("Nothing to review.")
    for number, row in enumerate(waiting, 1):
        click.echo(f"\n[{number} of {len(waiting)}]  {shown(folder, row['id'])}\n")
        question = "confirm (c), correct (e), merge (m), split (s), withdraw (w), next (n), quit (q)"
        choice = click.prompt(question, default="n", type=click.Choice(list("cemswnq")), show_choices=False)
        if choice == "q":
            return
        if choice == "n":
            continue
        try:
            if choice == "c":
                confirm(folder, row["id"], click.prompt("Why", default="Se leyó la noticia."), author)
                continue
            if choice == "e":
                changes = click.prompt("FIELD=VALUE, several with ;").split(";")
                done = correct(folder, row["id"], changes, click.prompt("Why"), author)
            elif choice == "m":
                done = merge(folder, row["id"], click.prompt("Merge with which incident"), click.prompt("Why"), author)
            elif choice == "s":
                done = split(folder, row["id"], click.prompt("Which reports").split(), click.prompt("Why"), author)
            else:
                done = withdraw(folder, row["id"], click.prompt("Why"), author)
            click.echo(f"{done}: noted; it shows after the next `quintanas publish`")
        except click.ClickException as error:
            click.echo(f"Error: {error.message}", err=True)


def _decide(folder: DataFolder, decide: Callable[[Archive], str]) -> str:
    folder.need_archive()
    with writable_archive(folder) as archive:
        try:
            return decide(archive)
        except ValueError as error:
            raise click.UsageError(str(error)) from None


def _row(folder: DataFolder, incident: str) -> dict[str, Any]:
    with _public(folder) as conn:
        row = reading.incident(conn, incident)
        if row is None:
            gone = reading.removed(conn, incident)
            if gone is None:
                raise click.ClickException(f"no incident {incident} is published; `quintanas review list` shows some")
            where = f" into {gone['merged_into']}" if gone["merged_into"] else ""
            raise click.ClickException(f"{incident} is no longer published: {gone['kind']}{where} ({gone['why']})")
        return row


@contextmanager
def _public(folder: DataFolder) -> Iterator[sqlite3.Connection]:
    folder.need_public()
    with reading.opened(folder.public) as conn:
        yield conn
