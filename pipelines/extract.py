"""Running the extractor over JSON lines, and what it is given of a stored article (`pipelines.batches` runs it over those)."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import IO, Any, TypeVar

import nlp
from nlp.report import NewsText
from pipelines.console import log

T = TypeVar("T")

BATCH = 64
"""Articles handed to the extractor together."""

_OPTIONAL = ("title", "published", "country", "region")


class LineError(ValueError):
    """A line that is not an article; the message says what is wrong with it."""


def json_object(line: bytes) -> dict[str, Any]:
    """Read one JSON line.

    Raises:
        LineError: not UTF-8, not JSON, or no object.
    """
    try:
        record = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise LineError(f"not UTF-8 ({error})") from None
    except (ValueError, RecursionError) as error:
        raise LineError(f"not JSON ({error})") from None
    if not isinstance(record, dict):
        raise LineError("not a JSON object")
    return record


def news_text_of(record: Mapping[str, Any]) -> NewsText:
    """The article that a JSON object describes; keys that are not an article's are ignored.

    Raises:
        LineError: a key missing or of the wrong kind, or a `published` that is no ISO date.
    """
    for key in ("id", "text"):
        if key not in record:
            raise LineError(f'no "{key}"')
    if not isinstance(record["id"], str | int) or isinstance(record["id"], bool):
        raise LineError('"id" must be a string or a whole number')
    if not isinstance(record["text"], str):
        raise LineError('"text" must be a string')
    for key in _OPTIONAL:
        if record.get(key) is not None and not isinstance(record[key], str):
            raise LineError(f'"{key}" must be a string or null')
    optional = {key: record.get(key) or None for key in _OPTIONAL}
    if optional["published"]:
        try:
            datetime.fromisoformat(optional["published"])
        except ValueError:
            raise LineError(f'"published" must be an ISO date or instant, not {optional["published"]!r}') from None
    return NewsText(id=str(record["id"]), text=record["text"], **optional)


class ArticleLines:
    """The articles of JSON lines, one by one; a wrong line is reported with its number on the log and passed over.

    `name` is the file's, for messages. After the iteration `wrong` says how many lines were passed over; `ids` holds the ids of
    the articles that were handed out and that nobody has taken from it, as they stood in the lines.
    """

    def __init__(self, lines: Iterable[bytes], *, name: str) -> None:
        self.lines, self.name = lines, name
        self.wrong = 0
        self.ids: deque[Any] = deque()

    def __iter__(self) -> Iterator[NewsText]:
        for number, line in enumerate(self.lines, 1):
            if not line.strip():
                continue
            try:
                record = json_object(line)
                article = news_text_of(record)
            except LineError as error:
                self.wrong += 1
                log.error("%s, line %d: %s", self.name, number, error)
                continue
            self.ids.append(record["id"])
            yield article


def extract_lines(lines: Iterable[bytes], out: IO[str], *, name: str) -> int:
    """Write the incidents of every article in `lines` to `out`, one JSON object a line, in order, while reading.

    Returns how many lines were wrong (`ArticleLines`).
    """
    articles = ArticleLines(lines, name=name)
    for _, reports in nlp.extract(articles, batch_size=BATCH):
        incidents = [asdict(report) for report in reports]
        out.write(json.dumps({"id": articles.ids.popleft(), "incidents": incidents}, ensure_ascii=False) + "\n")
        out.flush()
    return articles.wrong


def explain_lines(lines: Iterable[bytes], *, name: str, page: Path | None = None) -> int:
    """Show on the terminal what the extractor saw in every article, or write it to `page` as HTML.

    Returns how many lines were wrong (`ArticleLines`).
    """
    from nlp import explain

    pipeline = nlp.load()
    articles = ArticleLines(lines, name=name)
    docs = (explain.read(pipeline, article) for article in articles)
    if page is not None:
        page.write_text(explain.html(*docs), encoding="utf-8")
    else:
        for doc in docs:
            explain.print_terminal(doc)
    return articles.wrong


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """`items` in lists of `size`, the last one shorter."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def news_text(row: Mapping[str, Any]) -> NewsText:
    """A stored article as the extractor reads it: dateline, lead (unless the body opens with it) and body."""
    body = row["body"] or ""
    lead = row.get("lead")
    text = body if not lead or lead in body else f"{lead}\n\n{body}"
    dateline = row.get("dateline")
    if dateline and not text.casefold().startswith(dateline.casefold()):
        text = f"{dateline.upper()}.- {text}"
    return NewsText(
        id=str(row["version"]),
        title=row["headline"],
        text=text,
        published=row["published"],
        country=row.get("country"),
        region=row.get("region"),
    )
