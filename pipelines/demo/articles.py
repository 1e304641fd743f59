"""The articles of the sample newspapers: files with a TOML head and paragraphs, each with the labels expected of it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

NEWSPAPERS = Path(__file__).parent / "newspapers"
"""Where the sample newspapers are kept: a directory each."""

EDITIONS = (1, 2)

COUNTRY = "PE"
"""Where the newspapers are at home, which is not always where the crime is."""

INCIDENT_KEYS = (
    "type",
    "also",
    "place_text",
    "street",
    "district",
    "province",
    "department",
    "level",
    "date",
    "date_text",
    "precision",
    "main",
)
"""The keys of an expected incident, in the order in which `SampleArticle.incidents` gives them."""

HEAD_KEYS = frozenset(
    {
        "title",
        "published",
        "modified",
        "section",
        "author",
        "caption",
        "related",
        "tags",
        "dateline",
        "number",
        "listed",
        "withdrawn",
        "incidents",
    }
)

_LINK = re.compile(r">> (?P<label>[^:]+): (?P<target>[^|\s]+)(?: \| (?P<words>.+))?")


class SampleError(ValueError):
    """A file of the sample newspapers is not as it has to be; the message names the file and what to change."""


@dataclass(frozen=True)
class Block:
    """One piece of an article's body: a paragraph, a subhead, or a paragraph that only links to another story."""

    kind: Literal["paragraph", "subhead", "link"]
    text: str
    """The words; of a link, its label ("VER MÁS")."""
    target: str | None = None
    """Of a link: another article's slug, or a path that begins with "/"."""
    words: str | None = None
    """Of a link: the anchor's words where they are not the other article's headline."""


@dataclass(frozen=True)
class SampleArticle:
    """One article of one sample newspaper in one edition, with the incidents that a careful reader finds in it."""

    newspaper: str
    """Identifier of the newspaper: its directory's name."""
    slug: str
    path: str
    """Path of its page, from "/"."""
    edition: int
    """Edition that this wording is from."""
    title: str
    published: datetime
    modified: datetime
    section: str
    author: str = "Redacción"
    caption: str | None = None
    dateline: str | None = None
    """Place that the newspaper puts before the story or into `locationCreated`."""
    number: int = 0
    """The page's number in the newspaper's own software, 0 where it has none."""
    blocks: tuple[Block, ...] = ()
    related: tuple[str, ...] = ()
    """Slugs of the articles offered beside this one."""
    tags: tuple[str, ...] = ()
    listed: bool = True
    """Whether feed, sitemap, section and front page show it; otherwise only links inside other articles lead to it."""
    withdrawn: bool = False
    """The newspaper took it down: its address answers 410."""
    incidents: tuple[dict[str, Any], ...] = ()
    """Expected incidents as mappings with the keys of `INCIDENT_KEYS`, the main one first; empty where no crime is told.
    Keys whose value is not known hold None. Types and levels are the taxonomy's words; `also` lists every other type that a
    careful reader would accept."""
    stories: tuple[str | None, ...] = ()
    """For each incident the name that all articles on the same incident share, None where this article alone tells it."""

    @property
    def text(self) -> str:
        """The body as a reader of the page should get it: paragraphs and subheads, without links to other stories."""
        return "\n\n".join(block.text for block in self.blocks if block.kind != "link")

    @property
    def links(self) -> tuple[str, ...]:
        """Targets (slugs or paths) of the links to other stories inside the body."""
        return tuple(block.target for block in self.blocks if block.target is not None)

    def as_gold(self) -> dict[str, Any]:
        """The article as an object of an annotated corpus: id, published (ISO day in Lima), title, text, country, incidents."""
        return {
            "id": f"{self.newspaper}/{self.slug}",
            "published": self.published.date().isoformat(),
            "title": self.title,
            "text": self.text,
            "country": COUNTRY,
            "incidents": [dict(incident) for incident in self.incidents],
        }


@dataclass(frozen=True)
class Oddity:
    """A page or address that is no ordinary article, as every real newspaper has some."""

    kind: Literal["missing", "gone", "page", "wall", "empty", "redirect", "disallowed"]
    """missing 404, gone 410, page 200 but no article, wall 200 with a log-in form, empty 200 with no body, redirect 301,
    disallowed by robots.txt (answers 200 if asked all the same)."""
    path: str
    title: str
    published: datetime
    section: str = ""
    listed: bool = True
    """Whether feed, sitemap or section page link to it."""
    to: str | None = None
    """Of a redirect: the slug that it leads to."""
    text: str = ""
    number: int = 0


@dataclass(frozen=True)
class Document:
    """A page or file that lists articles: front page, section, feed, sitemap."""

    name: str
    path: str
    template: str
    content_type: str
    next_path: str | None = None
    """Path of the further pages, with `{page}` (from 2) or `{offset}` in it; None where there is one page only."""
    size: int | None = None
    """Entries a page; None for all."""
    section: str | None = None
    """Only the articles of this section."""
    pages: bool = False
    """List the pages that are no articles (contact and the like) instead of the articles."""


@dataclass(frozen=True)
class Newspaper:
    """One sample newspaper: what its `newspaper.toml` says, and its articles in every edition."""

    id: str
    name: str
    directory: Path
    description: str
    encoding: str
    """How its pages are encoded."""
    html_type: str
    """`Content-Type` of its pages."""
    article_path: str
    """Format of an article's path: `{slug}`, `{section}`, `{number}`, `{published:%Y}`."""
    amp_query: str | None
    """Query of an article's AMP twin ("outputType=amp"), None where there is none."""
    query: tuple[str, ...]
    """Query parameters that its server heeds; all others are ignored, as real ones do."""
    robots: str
    sources: dict[str, Any]
    """Its table for `sources.toml`, `{base}` standing for its address."""
    documents: tuple[Document, ...]
    oddities: tuple[Oddity, ...]
    editions: Mapping[int, Mapping[str, SampleArticle]] = field(default_factory=dict)
    """Edition → slug → article; an edition holds every article that exists in it, also those withdrawn."""


def _blocks(body: str) -> tuple[Block, ...]:
    blocks = []
    for piece in re.split(r"\n\s*\n", body.strip()):
        text = " ".join(piece.split())
        if not text:
            continue
        if text.startswith("## "):
            blocks.append(Block("subhead", text[3:]))
        elif text.startswith(">> "):
            link = _LINK.fullmatch(text)
            if link is None:
                raise SampleError(f"a link must read '>> LABEL: slug' or '>> LABEL: /path | words', not {text!r}")
            blocks.append(Block("link", link["label"], link["target"], link["words"]))
        else:
            blocks.append(Block("paragraph", text))
    return tuple(blocks)


def read_article(path: Path, newspaper: str, article_path: str) -> SampleArticle:
    """Read one article's file.

    `path` is `<slug>.md` or, of a second edition, `<slug>.2.md`; `article_path` is the newspaper's format of a path.
    Raises SampleError, naming the file, where its head or body is not as `newspapers/README.md` says.
    """
    slug, _, edition = path.name.removesuffix(".md").partition(".")
    try:
        parts = path.read_text(encoding="utf-8").split("+++\n", 2)
        if len(parts) != 3 or parts[0]:
            raise SampleError("the file must begin with a TOML head between two lines '+++'")
        head = tomllib.loads(parts[1])
        unknown = head.keys() - HEAD_KEYS
        if unknown:
            raise SampleError(f"unknown keys {sorted(unknown)}")
        incidents: list[dict[str, Any]] = []
        stories: list[str | None] = []
        for label in head.pop("incidents", []):
            stories.append(label.pop("story", None))
            unknown = label.keys() - set(INCIDENT_KEYS)
            if unknown:
                raise SampleError(f"unknown keys in an incident: {sorted(unknown)}")
            label = {"also": [], "level": "none", "precision": "none", "main": not incidents} | label
            incidents.append({key: label.get(key) for key in INCIDENT_KEYS})
        published = head["published"]
        if not isinstance(published, datetime) or published.tzinfo is None:
            raise SampleError("published must be a date and time with its offset: 2026-10-14T19:35:00-05:00")
        head["modified"] = head.get("modified", published)
        for key in ("related", "tags"):
            head[key] = tuple(head.get(key, ()))
        return SampleArticle(
            newspaper=newspaper,
            slug=slug,
            path=article_path.format(slug=slug, section=head["section"], number=head.get("number", 0), published=published),
            edition=int(edition or 1),
            blocks=_blocks(parts[2]),
            incidents=tuple(incidents),
            stories=tuple(stories),
            **head,
        )
    except KeyError as error:
        raise SampleError(f"{path}: the head has no {error.args[0]!r}") from error
    except (ValueError, TypeError) as error:
        raise SampleError(f"{path}: {error}") from error


def _editions(directory: Path, newspaper: str, article_path: str) -> dict[int, dict[str, SampleArticle]]:
    read = [read_article(path, newspaper, article_path) for path in sorted(directory.glob("*.md"))]
    editions: dict[int, dict[str, SampleArticle]] = {}
    for edition in EDITIONS:
        wordings = sorted((article for article in read if article.edition <= edition), key=lambda article: article.edition)
        editions[edition] = {article.slug: article for article in wordings}
    return editions


def _check(newspaper: Newspaper) -> None:
    for articles in newspaper.editions.values():
        paths: dict[str, str] = {}
        for article in articles.values():
            other = paths.setdefault(article.path, article.slug)
            if other != article.slug:
                raise SampleError(f"{newspaper.directory}: {article.slug} and {other} have the same path {article.path}")
            for slug in (*article.related, *article.links):
                if slug not in articles and not slug.startswith("/"):
                    raise SampleError(f"{newspaper.directory}: {article.slug} links to {slug}, which is no article")
        for oddity in newspaper.oddities:
            if oddity.to is not None and oddity.to not in articles:
                raise SampleError(f"{newspaper.directory}: {oddity.path} leads to {oddity.to}, which is no article")


def read_newspaper(directory: Path) -> Newspaper:
    """Read one newspaper's directory. Raises SampleError where a file is not as `newspapers/README.md` says."""
    path = directory / "newspaper.toml"
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        newspaper = Newspaper(
            id=directory.name,
            directory=directory,
            query=tuple(table.pop("query", ())),
            amp_query=table.pop("amp_query", None),
            documents=tuple(Document(**document) for document in table.pop("documents")),
            oddities=tuple(Oddity(**oddity) for oddity in table.pop("oddities")),
            **table,
        )
    except KeyError as error:
        raise SampleError(f"{path}: no {error.args[0]!r}") from error
    except (ValueError, TypeError) as error:
        raise SampleError(f"{path}: {error}") from error
    newspaper = replace(newspaper, editions=_editions(directory / "articles", newspaper.id, newspaper.article_path))
    _check(newspaper)
    return newspaper


def read_newspapers(directory: Path = NEWSPAPERS) -> list[Newspaper]:
    """Read every sample newspaper, in the order of their identifiers."""
    return [read_newspaper(path.parent) for path in sorted(directory.glob("*/newspaper.toml"))]
