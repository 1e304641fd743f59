"""What a sample newspaper answers: its pages, feeds and sitemaps in one edition, rendered from its own templates."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pipelines.demo.articles import Block, Document, Newspaper, Oddity, SampleArticle

MONTHS = (
    *("enero", "febrero", "marzo", "abril", "mayo", "junio"),
    *("julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"),
)
SIDEBAR = 5  # headlines beside an article


@dataclass(frozen=True)
class Page:
    """One answer: what a server sends for one address."""

    status: int
    body: bytes
    content_type: str
    last_modified: datetime | None = None
    location: str | None = None
    """Where a redirect leads, from "/"."""

    @property
    def etag(self) -> str:
        """Strong validator: changes exactly when the body does."""
        return f'"{hashlib.sha256(self.body).hexdigest()[:20]}"'


@dataclass(frozen=True)
class Entry:
    """A line of a listing: an article, or an oddity that the newspaper lists as if it were one."""

    path: str
    title: str
    published: datetime
    modified: datetime
    section: str
    number: int
    article: SampleArticle | None


def address(newspaper: Newspaper, target: str) -> str:
    """Fold a request's path and query to the key of a page: parameters that the server does not heed are dropped."""
    parts = urlsplit(target)
    heeded = sorted((name, value) for name, value in parse_qsl(parts.query) if name in newspaper.query)
    return f"{parts.path}?{urlencode(heeded)}" if heeded else parts.path


def _entry(item: SampleArticle | Oddity) -> Entry:
    article = item if isinstance(item, SampleArticle) else None
    modified = item.modified if isinstance(item, SampleArticle) else item.published
    return Entry(item.path, item.title, item.published, modified, item.section, item.number, article)


def _newest(items: Iterable[SampleArticle | Oddity]) -> list[Entry]:
    return sorted((_entry(item) for item in items), key=lambda entry: (entry.published, entry.path), reverse=True)


def _spanish(instant: datetime) -> str:
    return f"{instant.day} de {MONTHS[instant.month - 1]} de {instant.year}"


def _environment(newspaper: Newspaper) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(newspaper.directory / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "rfc822": lambda instant: format_datetime(instant.astimezone(UTC)),
        "utc": lambda instant: instant.astimezone(UTC).isoformat(timespec="seconds"),
        "zulu": lambda instant: instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "iso": lambda instant: instant.isoformat(timespec="seconds"),
        "spanish": _spanish,
        # "</" would end the script element that the JSON stands in
        "ld": lambda value: Markup(json.dumps(value, ensure_ascii=False).replace("</", "<\\/")),
        "cdata": lambda value: Markup(str(value).replace("]]>", "]]]]><![CDATA[>")),
    }
    return environment


class Site:
    """One newspaper in one edition at one address.

    `base` is its address without a slash at its end ("http://127.0.0.1:8001"). Pages are rendered once, at the beginning.
    """

    def __init__(self, newspaper: Newspaper, edition: int, base: str) -> None:
        self.newspaper = newspaper
        self.base = base
        self.articles = newspaper.editions[edition]
        self._first = newspaper.editions[1]
        self._environment = _environment(newspaper)
        self._listed = _newest(
            [
                *(article for article in self.articles.values() if article.listed and not article.withdrawn),
                *(oddity for oddity in newspaper.oddities if oddity.listed and oddity.kind != "page"),
            ]
        )
        self._pages: dict[str, Page] = {}
        for document in newspaper.documents:
            self._add_document(document)
        for article in self.articles.values():
            self._add_article(article)
        for oddity in newspaper.oddities:
            self._add_oddity(oddity)
        robots = newspaper.robots.replace("{base}", base)
        self._put("/robots.txt", Page(200, robots.encode(), "text/plain; charset=utf-8", self._latest()))

    def page(self, target: str) -> Page:
        """The answer to a path with its query; a 404 page where there is none."""
        page = self._pages.get(address(self.newspaper, target))
        return page or self._error(404, "Página no encontrada")

    def _put(self, path: str, page: Page) -> None:
        self._pages[address(self.newspaper, path)] = page

    def _latest(self) -> datetime:
        return max((entry.modified for entry in self._listed), default=datetime(2026, 9, 1, tzinfo=UTC))

    def _html(self, template: str, modified: datetime | None, **context: Any) -> Page:
        text = self._render(template, **context)
        body = text.encode(self.newspaper.encoding, errors="xmlcharrefreplace")
        return Page(200, body, self.newspaper.html_type, modified)

    def _error(self, status: int, title: str) -> Page:
        return replace(self._html("error.html", None, title=title, status=status), status=status)

    def _render(self, template: str, **context: Any) -> str:
        return self._environment.get_template(template).render(
            base=self.base,
            newspaper=self.newspaper,
            link=self._link,
            title_of=self._title_of,
            headline=self._headline,
            paths=self._paths,
            **context,
        )

    def _link(self, target: str) -> str:
        """Absolute address of an article's slug or of a path."""
        return self.base + (target if target.startswith("/") else self.articles[target].path)

    def _title_of(self, block: Block) -> str:
        """Anchor words of a link block."""
        assert block.target is not None
        return block.words or self._headline(block.target)

    def _headline(self, slug: str) -> str:
        return self.articles[slug].title

    def _sidebar(self, article: SampleArticle) -> list[Entry]:
        """Headlines beside an article: those printed just before it, as first worded, so that no later edition changes them."""
        listed = (other for other in self._first.values() if other.listed and other.slug != article.slug)
        earlier = [entry for entry in _newest(listed) if entry.published <= article.published]
        return earlier[:SIDEBAR]

    def _paths(self, name: str) -> list[str]:
        """Paths of all pages of a document."""
        document = next(document for document in self.newspaper.documents if document.name == name)
        return [path for path, _ in self._split(document)]

    def _split(self, document: Document) -> list[tuple[str, list[Entry]]]:
        if document.pages:
            entries = _newest(oddity for oddity in self.newspaper.oddities if oddity.kind == "page")
        else:
            entries = [entry for entry in self._listed if document.section in (None, entry.section)]
        size = document.size or max(len(entries), 1)
        pages = [(document.path, entries[:size])]
        if document.next_path:
            for offset in range(size, len(entries), size):
                path = document.next_path.format(page=offset // size + 1, offset=offset)
                pages.append((path, entries[offset : offset + size]))
        return pages

    def _add_document(self, document: Document) -> None:
        pages = self._split(document)
        for index, (path, entries) in enumerate(pages):
            text = self._render(
                document.template,
                document=document,
                entries=entries,
                path=path,
                previous=pages[index - 1][0] if index else None,
                following=pages[index + 1][0] if index + 1 < len(pages) else None,
                latest=self._latest(),
            )
            encoding = self.newspaper.encoding if "html" in document.content_type else "utf-8"
            body = text.encode(encoding, errors="xmlcharrefreplace")
            self._put(path, Page(200, body, document.content_type, self._latest()))

    def _add_article(self, article: SampleArticle) -> None:
        if article.withdrawn:
            self._put(article.path, self._error(410, "Nota retirada"))
            return
        context = {"article": article, "sidebar": self._sidebar(article)}
        self._put(article.path, self._html("article.html", article.modified, **context))
        if self.newspaper.amp_query:
            twin = f"{article.path}?{self.newspaper.amp_query}"
            self._put(twin, self._html("amp.html", article.modified, **context))
        if "p" in self.newspaper.query and article.number:
            self._put(f"/?p={article.number}", Page(301, b"", self.newspaper.html_type, location=article.path))

    def _add_oddity(self, oddity: Oddity) -> None:
        match oddity.kind:
            case "missing":
                return
            case "gone":
                page = self._error(410, "Nota retirada")
            case "redirect":
                assert oddity.to is not None
                page = Page(301, b"", self.newspaper.html_type, location=self.articles[oddity.to].path)
            case "page" | "wall":
                page = self._html("page.html", oddity.published, page=oddity)
            case "empty" | "disallowed":
                article = SampleArticle(
                    newspaper=self.newspaper.id,
                    slug="",
                    path=oddity.path,
                    edition=1,
                    title=oddity.title,
                    published=oddity.published,
                    modified=oddity.published,
                    section=oddity.section,
                    number=oddity.number,
                    blocks=(Block("paragraph", oddity.text),) if oddity.text else (),
                )
                page = self._html("article.html", oddity.published, article=article, sidebar=self._sidebar(article))
        self._put(oddity.path, page)
