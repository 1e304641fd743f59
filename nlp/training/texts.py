"""The texts that the extractor's numbers are learnt from: labelled articles and short snippets, all written for the project."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..report import NewsText

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Text:
    """One text and what a careful reader says of it."""

    news: NewsText
    type: str | None
    """Type of its main incident; None where it tells none."""
    incidents: list[dict[str, Any]] | None = field(default=None, compare=False)
    """Labelled incidents of an article, None for a snippet, of which only the type is known."""
    wording: bool = field(default=False, compare=False)
    """Whether only types are learnt from it, not what tells an incident from none."""

    @property
    def whole(self) -> str:
        """Headline and text."""
        return "\n\n".join(part for part in (self.news.title, self.news.text) if part)


def articles() -> list[Text]:
    """The labelled articles for developing; the held-out ones are only ever measured."""
    return read(sorted((ROOT / "tests" / "gold").glob("develop*.jsonl")))


def snippets() -> list[Text]:
    """Headlines with a few sentences, of which the type is known.

    Those of the `wordings` files teach types alone: by cross-validation on the labelled articles they make types better (.916
    right, not .896) and relevance worse (area under the curve .968, not .982).
    """
    folder = Path(__file__).parent
    return read([*sorted(folder.glob("snippets-*.jsonl")), *sorted(folder.glob("wordings-*.jsonl"))])


def read(files: Iterable[Path]) -> list[Text]:
    """Articles (with "incidents", as in the annotation guide) and snippets (with "type") of JSONL files."""
    texts = []
    for file in files:
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            record = json.loads(line)
            news = NewsText(
                id=record.get("id", f"{file.stem}:{number}"),
                title=record.get("title"),
                text=record["text"],
                published=record.get("published"),
                country=record.get("country"),
            )
            if "incidents" in record:
                main = next((incident for incident in record["incidents"] if incident["main"]), None)
                texts.append(Text(news, main and main["type"], record["incidents"]))
            else:
                kind = None if record["type"] == "none" else record["type"]
                texts.append(Text(news, kind, wording=file.stem.startswith("wordings")))
    return texts
