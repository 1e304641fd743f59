"""Commands with which persons decide: confirm, correct, merge, split, withdraw."""

from __future__ import annotations

from pathlib import Path

import click

from pipelines.cli.options import Help, author_option, data_option, decision_options
from pipelines.folder import DataFolder

_NOTED = "noted; it shows after the next `quintanas publish`"


@click.group(invoke_without_command=True)
@author_option
@data_option
@click.pass_context
def review(ctx: click.Context, author: str, folder: DataFolder) -> None:
    """Confirm, correct, merge, split or withdraw incidents; without a command, one after another.

    What a person decides lives in the archive, survives every later extraction and publish, and is shown publicly with its
    reason.
    """
    from pipelines.review import interactive

    if ctx.invoked_subcommand is None:
        interactive(folder, author)


@review.command("list", cls=Help, example="quintanas review list --limit 50")
@click.option("--all", "everything", is_flag=True, help="Also what was reviewed already.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1), help="How many.")
@data_option
def review_list(everything: bool, limit: int, folder: DataFolder) -> None:
    """List the incidents that wait for review, the least sure first."""
    from pipelines.review import list_text, listed

    click.echo(list_text(listed(folder, review=None if everything else "unreviewed", limit=limit)))


@review.command("show", cls=Help, example="quintanas review show QABCDEFGHIJKL")
@click.argument("incident")
@data_option
def review_show(incident: str, folder: DataFolder) -> None:
    """Show an incident with its reports and what persons decided about it."""
    from pipelines.review import shown

    click.echo(shown(folder, incident))


@review.command("confirm", cls=Help, example='quintanas review confirm QABCDEFGHIJKL --reason "Leída la noticia"')
@click.argument("incident")
@decision_options
@data_option
def review_confirm(incident: str, reason: str, author: str, folder: DataFolder) -> None:
    """Note that a person read the reports and agrees."""
    from pipelines.review import confirm

    click.echo(f"{confirm(folder, incident, reason, author)}: {_NOTED}")


@review.command(
    "correct", cls=Help, example='quintanas review correct QABCDEFGHIJKL date=2025-11-02 street= --reason "El diario rectificó"'
)
@click.argument("incident")
@click.argument("changes", nargs=-1, required=True, metavar="FIELD=VALUE...")
@decision_options
@data_option
def review_correct(incident: str, changes: tuple[str, ...], reason: str, author: str, folder: DataFolder) -> None:
    """Set columns of an incident; an empty value empties one."""
    from pipelines.review import correct

    click.echo(f"{correct(folder, incident, changes, reason, author)}: {_NOTED}")


@review.command("merge", cls=Help, example='quintanas review merge QABCDEFGHIJKL QMNOPQRSTUVWX --reason "El mismo robo"')
@click.argument("incident")
@click.argument("other")
@decision_options
@data_option
def review_merge(incident: str, other: str, reason: str, author: str, folder: DataFolder) -> None:
    """Make two incidents one, under the identifier that was given first."""
    from pipelines.review import merge

    click.echo(f"{merge(folder, incident, other, reason, author)}: {_NOTED}")


@review.command("split", cls=Help, example='quintanas review split QABCDEFGHIJKL RABCDEFGHIJKL --reason "Son dos robos"')
@click.argument("incident")
@click.argument("reports", nargs=-1, required=True)
@decision_options
@data_option
def review_split(incident: str, reports: tuple[str, ...], reason: str, author: str, folder: DataFolder) -> None:
    """Take REPORTS out of an incident into a new one."""
    from pipelines.review import split

    click.echo(f"{split(folder, incident, reports, reason, author)}: {_NOTED}")


@review.command("restore", cls=Help, example='quintanas review restore QABCDEFGHIJKL --reason "Pedido sin efecto"')
@click.argument("target", metavar="URL|ID")
@decision_options
@data_option
def review_restore(target: str, reason: str, author: str, folder: DataFolder) -> None:
    """Undo a withdrawal."""
    from pipelines.review import restore

    click.echo(f"{restore(folder, target, reason, author)}: {_NOTED}")


@review.command("export-gold", cls=Help, example="quintanas review export-gold revisados.jsonl")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE.jsonl")
@data_option
def review_export_gold(file: Path, folder: DataFolder) -> None:
    """Write the articles that persons reviewed as labelled articles for `quintanas evaluate`."""
    from pipelines.review import export_gold

    click.echo(f"{file}: {export_gold(folder, file)} articles")


@click.command(cls=Help, example='quintanas withdraw https://diario.example/nota --reason "Pedido de la familia"')
@click.argument("target", metavar="URL|ID")
@decision_options
@data_option
def withdraw(target: str, reason: str, author: str, folder: DataFolder) -> None:
    """Hide an article (its address), a report or an incident (its identifier) from the next publish on, for good."""
    from pipelines.review import withdraw as withdraw_target

    click.echo(f"{withdraw_target(folder, target, reason, author)}: {_NOTED}")


review.add_command(withdraw)
