"""Reading and extracting in one go, in the processes that read pages."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any

import nlp
from db.twins import likeness
from pipelines.extract import news_text
from scraper.items import Article
from scraper.reading import Page, read_page


@dataclass
class ExtractedArticle(Article):
    """An article with what the extractor says of it."""

    reports: list[dict[str, Any]] = field(default_factory=list)
    """Incident reports, as mappings; the article's main one first."""
    extractor: str = ""
    """The version of the extractor that read it."""
    likeness: list[int] = field(default_factory=list)
    """What nearly the same text is found by (`db.twins`)."""


@cache
def pipeline() -> Any:
    """The extraction pipeline, loaded once in a process."""
    return nlp.load()


def read_and_extract(page: Page) -> ExtractedArticle:
    """Read the article of a page and the incidents that it tells. Raises `scraper.page.NotAnArticle`."""
    article = read_page(page)
    facts = vars(article)
    row = {**facts, "version": article.url, "country": page.source.country, "region": page.source.region}
    row["published"] = article.published.isoformat(timespec="seconds") if article.published else None
    [(_, reports)] = nlp.extract([news_text(row)], pipeline(), batch_size=1)
    told = [asdict(report) for report in reports]
    return ExtractedArticle(**facts, reports=told, extractor=nlp.extractor_version(), likeness=likeness(article.body))
