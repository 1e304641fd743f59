"""Keeping the pages that could not be read well, for whoever wants to know why."""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
from datetime import UTC, datetime
from pathlib import Path

from scrapy.http import Response
from scrapy.settings import BaseSettings

logger = logging.getLogger(__name__)


class PageKeeper:
    """Writes answers into a folder: `<newspaper>/<reason>-<digest>.html.gz`, and beside it a `.json` with the address, the
    reason, the status, the headers and the instant. The same address with the same reason is written over."""

    def __init__(self, folder: Path, most: int) -> None:
        self.folder = folder
        self.most = most
        self.kept = 0

    @classmethod
    def from_settings(cls, settings: BaseSettings) -> PageKeeper | None:
        """Return a keeper where `QUINTANAS_KEEP_HTML` names a folder."""
        folder = str(settings.get("QUINTANAS_KEEP_HTML") or "")
        return cls(Path(folder), settings.getint("QUINTANAS_KEEP_HTML_MOST")) if folder else None

    def keep(self, source: str, response: Response, reason: str) -> None:
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
            folder = self.folder / source
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{name}.html.gz").write_bytes(gzip.compress(response.body, 6, mtime=0))
            (folder / f"{name}.json").write_text(json.dumps(facts, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        except OSError as error:
            self.kept = self.most
            logger.error("pages cannot be kept in %s: %s", self.folder, error)
