"""Where an installation keeps its files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_data_path


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
