"""The `quintanas` command."""

from __future__ import annotations

import click


@click.group()
def main() -> None:
    """Turn a region's crime news into a public, citable database."""
