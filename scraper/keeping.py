"""Keeping the pages that could not be read well, for whoever wants to know why."""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
import re
import time
from datetime import UTC, datetime
from pathlib import Path

from scrapy.http import Response
from scrapy.settings import BaseSettings

logger = logging.getLogger(__name__)
_OURS = re.compile(r"[\w-]+-[0-9a-f]{12}\.(html\.gz|json)")


class PageKeeper:
    """Writes answers into a folder: `<newspaper>/<reason>-<digest>.html.gz`, and beside it a `.json` with the address, the
    reason, the status, the headers and the instant. The same address with the same reason is written over. What it wrote so
    many days ago (0: never) is removed as the newspaper's next crawl begins; other files in the folder are left alone."""

    def __init__(self, folder: Path, source: str, most: int, days: int) -> None:
        self.folder = folder / source
        self.most = most
        self.kept = 0
        if days:
            self._remove_older(days)

    @classmethod
    def from_settings(cls, settings: BaseSettings, source: str) -> PageKeeper | None:
        """Return a keeper of a newspaper's pages where `QUINTANAS_KEEP_HTML` names a folder."""
        folder = str(settings.get("QUINTANAS_KEEP_HTML") or "")
        if not folder:
            return None
        most, days = (settings.getint(f"QUINTANAS_KEEP_HTML_{name}") for name in ("MOST", "DAYS"))
        return cls(Path(folder), source, most, days)

    def _remove_older(self, days: int) -> None:
        oldest = time.time() - days * 86_400
        try:
            for path in self.folder.iterdir():
                if _OURS.fullmatch(path.name) and path.stat().st_mtime < oldest:
                    path.unlink()
        except FileNotFoundError:
            return
        except OSError as error:
            logger.error("old pages cannot be removed from %s: %s", self.folder, error)

    def keep(self, response: Response, reason: str) -> None:
        """Write one answer. A folder that cannot be written is logged once, and the crawl goes on."""
        if self.kept >= self.most:
            return
        self.kept += 1
        name = f"{reason}-{hashlib.sha256(response.url.encode()).hexdigest()[:12]}"
        facts = {
            "url": response.url,
            "reason": reason,
            "status": response.status,
            "headers": {
                key.decode("latin-1"): [value.decode("latin-1") for value in values] for key, values in response.headers.items()
            },
            "fetched": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / f"{name}.html.gz").write_bytes(gzip.compress(response.body, 6, mtime=0))
            (self.folder / f"{name}.json").write_text(json.dumps(facts, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        except OSError as error:
            self.kept = self.most
            logger.error("pages cannot be kept in %s: %s", self.folder, error)
