"""Where an installation keeps its files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
from platformdirs import user_data_path

from db.archive import CACHE_KIB, Archive, ArchiveBusy, ArchiveVersionError


@dataclass(frozen=True)
class DataFolder:
    """The folder that `--data` names: both databases, and the operator's own newspapers."""

    path: Path

    @classmethod
    def default(cls) -> DataFolder:
        """The platform's user data folder, e.g. `~/.local/share/quintanas`."""
        return cls(user_data_path("quintanas", appauthor=False))

    @property
    def archive(self) -> Path:
        """Everything fetched; private."""
        return self.path / "archive.db"

    @property
    def public(self) -> Path:
        """The published incidents."""
        return self.path / "incidents.db"

    @property
    def sources(self) -> Path:
        """The operator's own newspapers, added to the bundled ones where the file exists."""
        return self.path / "sources.toml"

    @property
    def population(self) -> Path:
        """Inhabitants by UBIGEO, where the operator has them."""
        return self.path / "population.csv"

    def need_archive(self) -> None:
        """Raise a `click.ClickException` that says what to do where nothing has been crawled yet."""
        if not self.archive.exists():
            raise click.ClickException(f"{self.archive}: no archive yet; run `quintanas crawl` first")

    def need_public(self) -> None:
        """Raise a `click.ClickException` that says what to do where nothing has been published yet."""
        if not self.public.exists():
            raise click.ClickException(f"{self.public}: nothing published yet; run `quintanas publish` first")


@contextmanager
def writable_archive(folder: DataFolder, *, cache_kib: int = CACHE_KIB) -> Iterator[Archive]:
    """The archive, opened for writing by this process alone, with so much memory for its pages.

    Raises:
        click.ClickException: another process writes it, or a later Quintanas wrote it.
    """
    try:
        with Archive(folder.archive, write=True, cache_kib=cache_kib) as archive:
            yield archive
    except (ArchiveBusy, ArchiveVersionError) as error:
        raise click.ClickException(str(error)) from None
