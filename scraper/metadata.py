"""What a page says of itself: JSON-LD, OpenGraph and other metadata, dates in the text."""

from __future__ import annotations

import html as entities
import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cached_property
from itertools import islice
from typing import Any

from lxml import etree
from lxml.html import HtmlElement

from scraper.data import toml
from scraper.frontier import Link
from scraper.instants import find_date, parse_instant
from scraper.sources import Source
from scraper.urls import date_in

ARTICLE_TYPES = re.compile(r"(?:\w*NewsArticle|Article|Report|BlogPosting|LiveBlogPosting|SocialMediaPosting)$")
LISTING_TYPES = frozenset({"CollectionPage", "SearchResultsPage", "ProfilePage"})
OLDEST = 1990
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_TRAILING_COMMA = re.compile(r",\s*(?=[}\]])")
_LANGUAGE = re.compile(r"([a-z]{2,3})(?:[-_]\w+)*$", re.I)


def clean(text: object) -> str | None:
    """Return a text on one line, entities read, or None where nothing is left or it was no text."""
    if not isinstance(text, str):
        return None
    for _ in range(2):  # "&amp;quot;": escaped twice by careless systems
        if "&" in text:
            text = entities.unescape(text)
    return " ".join(text.replace("\u200b", "").replace("\xad", "").split()) or None


def read_json_ld(text: str) -> list[dict[str, Any]]:
    """Return every object of a JSON-LD script, those in lists and `@graph` too; what cannot be read gives nothing.

    Tolerates raw line breaks inside strings, commas before a closing bracket, HTML comment marks and a semicolon at the end.
    """
    text = text.strip().removeprefix("<!--").removesuffix("-->").strip()
    text = (
        text.removeprefix("//<![CDATA[").removeprefix("<![CDATA[").removesuffix("//]]>").removesuffix("]]>").strip().rstrip(";")
    )
    for attempt in (text, _TRAILING_COMMA.sub("", _CONTROL.sub(" ", text))):
        try:
            return list(_objects(json.loads(attempt, strict=False)))
        except (ValueError, RecursionError):
            continue
    return list(_salvage(text))


def _objects(value: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    if depth > 6:
        return
    if isinstance(value, list):
        for item in value:
            yield from _objects(item, depth + 1)
    elif isinstance(value, dict):
        yield value
        for key in ("@graph", "mainEntity", "mainEntityOfPage"):
            if isinstance(value.get(key), (list, dict)):
                yield from _objects(value[key], depth + 1)


_PAIR = re.compile(
    r'"(headline|datePublished|dateModified|articleSection|dateline|inLanguage|@type)"\s*:\s*"((?:[^"\\\n]|\\.){1,500})"'
)


def _salvage(text: str) -> Iterator[dict[str, Any]]:
    """Pick single texts out of JSON that is broken elsewhere, mostly by an unescaped quote in the body."""
    found: dict[str, Any] = {}
    for key, value in _PAIR.findall(text):
        if key == "@type" and not ARTICLE_TYPES.fullmatch(value):
            continue
        try:
            found.setdefault(key, json.loads(f'"{value}"', strict=False))
        except ValueError:
            continue
    if "@type" in found:
        yield found


def types(item: dict[str, Any]) -> list[str]:
    """Return the types of a JSON-LD object, without the vocabulary's address."""
    stated = item.get("@type")
    names = stated if isinstance(stated, list) else [stated]
    return [name.rpartition("/")[2] for name in names if isinstance(name, str)]


class Metadata:
    """What one parsed page says of itself. Everything is read when first asked for."""

    def __init__(self, tree: HtmlElement, source: Source) -> None:
        self.tree = tree
        self.source = source

    @cached_property
    def objects(self) -> list[dict[str, Any]]:
        """All JSON-LD objects of the page."""
        scripts = self.tree.xpath("//script[contains(translate(@type, 'LDJSON', 'ldjson'), 'ld+json')]")
        return [item for script in scripts for item in read_json_ld(script.text or "")]

    @cached_property
    def article(self) -> dict[str, Any]:
        """The JSON-LD object of the article, empty where there is none; of several, the one that says most."""
        found = [item for item in self.objects if any(ARTICLE_TYPES.fullmatch(name) for name in types(item))]
        wanted = ("headline", "datePublished", "articleBody", "dateline")
        return max(found, key=lambda item: sum(bool(item.get(key)) for key in wanted), default={})

    @cached_property
    def page(self) -> dict[str, Any]:
        """The JSON-LD object that states a date for the page as a whole, or for a review of what others claim."""
        wanted = {"WebPage", "ItemPage", "ClaimReview"}
        found = (item for item in self.objects if item.get("datePublished") and wanted.intersection(types(item)))
        return next(found, {})

    @cached_property
    def meta(self) -> dict[str, str]:
        """Name, property or itemprop of <meta>, in small letters → its first content."""
        found: dict[str, str] = {}
        for element in self.tree.iter("meta"):
            content = clean(element.get("content"))
            for attribute in ("property", "name", "itemprop"):
                if content and (name := element.get(attribute)):
                    found.setdefault(name.strip().lower(), content)
        return found

    @cached_property
    def title(self) -> str | None:
        return clean(self.tree.findtext(".//title"))

    @cached_property
    def headings(self) -> list[str]:
        """The texts of the page's <h1>."""
        return [text for element in self.tree.iter("h1") if (text := clean(element.text_content()))]

    @property
    def is_listing(self) -> bool:
        """Whether the JSON-LD calls the page a list and no article."""
        return not self.article and any(name in LISTING_TYPES for item in self.objects for name in types(item))

    @property
    def says_article(self) -> bool:
        """Whether anything calls the page an article."""
        return bool(
            self.article
            or self.meta.get("og:type", "").lower() in {"article", "news", "newsarticle"}
            or "article:published_time" in self.meta
            or self.tree.xpath("//*[@itemprop='articleBody' or contains(@itemtype, 'Article')]")
        )

    @property
    def canonical(self) -> str | None:
        """The address that the page calls its own."""
        links = self.tree.xpath("//link[contains(concat(' ', translate(@rel, 'CANOIL', 'canoil'), ' '), ' canonical ')]/@href")
        return clean(links[0]) if links else self.meta.get("og:url")

    @cached_property
    def headline(self) -> str | None:
        stated = clean(self.article.get("headline")) or clean(self.article.get("name"))
        shared = self.meta.get("og:title") or self.meta.get("twitter:title")
        for heading in self.headings:
            # the page's own heading is the whole of what metadata shortens or decorates
            if any(text and _same_start(heading, text) for text in (stated, shared, self.title)):
                return heading
        if stated and not stated.endswith(("…", "...")):
            return stated
        if shared:
            return self._without_name(shared)
        if len(self.headings) == 1:
            return self.headings[0]
        return stated or (self._without_name(self.title) if self.title else None)

    def _without_name(self, title: str) -> str:
        """Cut the newspaper's name off the end of a title."""
        names = {_folded(name) for name in (self.source.name, self.meta.get("og:site_name", "")) if name}
        parts = re.fullmatch(r"(?P<head>.*\S)\s+[-–—|:•»]\s+(?P<tail>.*)", title, re.S)
        tail = _folded(parts["tail"]) if parts else ""
        if parts and len(tail) > 2 and any(tail in name or name in tail for name in names):
            return self._without_name(parts["head"])
        parts = re.fullmatch(r"(?P<head>\S.*?)\s+[-–—|:•»]\s+(?P<tail>\S.*)", title, re.S)
        head = _folded(parts["head"]) if parts else ""
        # a place may stand before the headline like that: only two words of the name, or all of it, are the name
        if parts and any(head == name or (name.startswith(f"{head} ") and " " in head) for name in names):
            return parts["tail"]
        return title

    @cached_property
    def lead(self) -> str | None:
        return clean(self.article.get("description")) or self.meta.get("og:description") or self.meta.get("description")

    @cached_property
    def section(self) -> str | None:
        stated = self.article.get("articleSection")
        if isinstance(stated, list):
            stated = next((item for item in stated if isinstance(item, str) and item.strip()), None)
        return clean(stated) or self.meta.get("article:section") or self.meta.get("section") or self._breadcrumb()

    def _breadcrumb(self) -> str | None:
        for item in self.objects:
            if "BreadcrumbList" not in types(item) or not isinstance(item.get("itemListElement"), list):
                continue
            names = [
                clean(step.get("name") or (step["item"].get("name") if isinstance(step.get("item"), dict) else None))
                for step in item["itemListElement"]
                if isinstance(step, dict)
            ]
            inner = [
                name for name in names if name and _folded(name) not in {"inicio", "home", "portada", _folded(self.source.name)}
            ]
            if inner and inner[-1] and not (self.headline and _same_start(inner[0], self.headline)):
                return inner[0]
        return None

    @cached_property
    def language(self) -> str:
        stated = self.article.get("inLanguage")
        if isinstance(stated, dict):
            stated = stated.get("alternateName") or stated.get("name")
        for text in (stated, self.tree.get("lang"), self.meta.get("og:locale"), self.meta.get("language")):
            if isinstance(text, str) and (found := _LANGUAGE.match(text.strip())) and len(found[1]) == 2:
                return found[1].lower()
        return self.source.language

    @cached_property
    def location_created(self) -> str | None:
        return _place(self.article.get("locationCreated"))

    @cached_property
    def dateline(self) -> str | None:
        return clean(self.article.get("dateline"))

    @cached_property
    def article_body(self) -> str | None:
        body = self.article.get("articleBody")
        if isinstance(body, list):
            body = "\n".join(item for item in body if isinstance(item, str))
        return body.strip() or None if isinstance(body, str) else None

    def published(self, url: str, fetched: datetime, hint: Link | None) -> tuple[datetime | None, str | None]:
        """Return when the article appeared, in the newspaper's zone, and the signal that says so."""
        zone = self.source.zone
        stated = [
            (parse_instant(self.article.get("datePublished"), zone), "json-ld"),
            (parse_instant(self.page.get("datePublished"), zone), "json-ld"),
            *((parse_instant(self.meta.get(name), zone), "meta") for name in toml("dates")["published_meta"]),
            *((instant, "time-element") for instant in self._time_elements(modified=False)),
        ]
        if hint and hint.published:
            stated.append((hint.published.astimezone(zone), "sitemap" if hint.via == "sitemap" else "feed"))
        day = date_in(url)
        in_url = None
        if day:
            try:
                in_url = datetime(*day, tzinfo=zone)
            except ValueError:
                in_url = None
        for instant, signal in stated:
            if instant is None or not _plausible(instant, fetched):
                continue
            if in_url and _plausible(in_url, fetched) and instant - in_url > timedelta(days=2):
                return in_url, "url"  # an old story published anew keeps its address
            return instant, signal
        line = self.date_line[0] if self.date_line else None
        if in_url and _plausible(in_url, fetched):
            # the address knows the day, the line below the headline may know the hour
            return (line, "text") if line and line.date() == in_url.date() else (in_url, "url")
        if line and _plausible(line, fetched):
            return line, "text"
        return None, None

    def modified(self, published: datetime | None, fetched: datetime, hint: Link | None) -> datetime | None:
        """Return when the article was last edited, in the newspaper's zone; None where that is not after it appeared."""
        zone = self.source.zone
        stated = [
            parse_instant(self.article.get("dateModified"), zone),
            *(parse_instant(self.meta.get(name), zone) for name in toml("dates")["modified_meta"]),
            *self._time_elements(modified=True),
            hint.modified.astimezone(zone) if hint and hint.modified else None,
        ]
        for instant in stated:
            if instant and _plausible(instant, fetched) and (published is None or instant >= published):
                return instant
        return None

    @cached_property
    def _timed(self) -> list[HtmlElement]:
        found = self.tree.xpath("//time | //*[@itemprop='datePublished' or @itemprop='dateModified'][not(self::meta)]")
        return [element for element in found if not _belongs_elsewhere(element)]

    def _time_elements(self, *, modified: bool) -> list[datetime]:
        """Instants of <time> elements that belong to the article: outside lists of other stories, comments and asides."""
        best: list[tuple[int, datetime]] = []
        for element in self._timed:
            words = _folded(f"{element.get('class', '')} {element.get('itemprop', '')} {element.getparent().get('class', '')}")
            edit = "modif" in words or "updat" in words or "actualiz" in words
            if edit and ("publish" in words.split() or "entry-date published updated" in words):
                edit = False  # WordPress writes "entry-date published updated" where the two are one
            if edit is not modified:
                continue
            stamp = element.get("datetime") or element.get("content") or element.text_content()
            instant = parse_instant(stamp, self.source.zone)
            if instant:
                sure = "publi" in words or "pubdate" in element.attrib or "entry-date" in words
                inside = bool(element.xpath("ancestor::article | ancestor::header | ancestor::main"))
                best.append((-2 * sure - inside, instant))
        return [instant for _, instant in sorted(best, key=lambda item: item[0])]

    @property
    def _heading(self) -> HtmlElement | None:
        """The element that shows the headline: an <h1>, or on old pages any other that says just that."""
        heading = next(self.tree.iter("h1"), None)
        if heading is not None or not self.headline:
            return heading
        wanted = _folded(self.headline)
        return next(
            (
                e
                for e in self.tree.iter("h2", "h3", "h4", "b", "strong", "font", "span", "td")
                if _folded(e.text_content()) == wanted
            ),
            None,
        )

    @cached_property
    def date_line(self) -> tuple[datetime, str | None] | None:
        """The date that a short line of the page states ("Trujillo, 14 de octubre de 2026") and the place before it."""
        dated = self._dated
        lines = [element for element in dated if element.tag in _LINE_TAGS and _DATED.search(_names(element))]
        heading = self._heading if dated else None
        if heading is not None:
            lines += [*reversed(list(islice(_before(heading), 8))), *islice(_after(heading), 60)]
        for element in lines:
            text = clean("".join(_some_text(element))) if element in dated else None
            if (
                not text
                or len(text) > 120
                or not _YEAR.search(text)
                or _folded(text).startswith(tuple(toml("dates")["modified"]))
            ):
                continue
            found = read_date_line(text)
            if found and not _belongs_elsewhere(element):
                return found[0].replace(tzinfo=self.source.zone), found[1]
        return None

    @cached_property
    def _dated(self) -> dict[HtmlElement, None]:
        """The elements that hold a year, themselves or a few levels below, as the page has them."""
        found: dict[HtmlElement, None] = {}
        for element in _WITH_YEAR(self.tree):
            if _YEAR.search(element.text or "") or any(_YEAR.search(child.tail or "") for child in element):
                for holder in (*reversed(list(islice(element.iterancestors(), _LEVELS))), element):
                    found.setdefault(holder)
        return found


_WITH_YEAR: Any = etree.XPath(
    "//*[not(self::script or self::style or self::template or self::noscript)][text()[contains(., '19') or contains(., '20')]]"
)
_LEVELS = 5
"""Elements within one another that a date line consists of."""


def _belongs_elsewhere(element: HtmlElement) -> bool:
    """Whether an element stands in a list of other stories, a menu, a margin or a link."""
    return any(ancestor.tag in {"aside", "nav", "footer", "li", "a"} for ancestor in element.iterancestors())


_LINE_TAGS = ("p", "span", "div", "td", "font", "em", "i", "b", "small", "strong", "time", "h2", "h3", "h4", "h5", "h6", "ul")
_AROUND = ("p", "span", "div", "td", "font", "em", "i", "b", "small", "strong", "h4", "h5", "h6")


def _after(element: HtmlElement) -> Iterator[HtmlElement]:
    """Yield what follows an element and may be a date line, in the page's order."""
    for one in (element, *element.iterancestors()):
        for sibling in one.itersiblings():
            yield from sibling.iter(*_AROUND)


def _before(element: HtmlElement) -> Iterator[HtmlElement]:
    """Yield what stands before an element and may be a date line, the nearest first; none that holds it."""
    for one in (element, *element.iterancestors()):
        for sibling in one.itersiblings(preceding=True):
            yield from reversed(list(sibling.iter(*_AROUND)))


_DATED = re.compile(r"fecha|date|time|publi|meta", re.I)


def _names(element: HtmlElement) -> str:
    return f"{element.get('class') or ''} {element.get('id') or ''} {element.get('itemprop') or ''}"


_YEAR = re.compile(r"\b(?:19|20)\d\d\b")


def _some_text(element: HtmlElement) -> Iterator[str]:
    """Yield the pieces of an element's text until they are too long for a date line."""
    size = 0
    for part in element.itertext():
        yield part
        size += len(part.strip())
        if size > 150:
            return


_DAY_WORDS = r"(?:lunes|martes|mi[ée]rcoles|jueves|viernes|s[áa]bado|domingo)"
_BEFORE_DATE = re.compile(
    rf"(?P<place>[A-ZÁÉÍÓÚÑ][\w .'’()-]{{1,40}}?)?[\s,.:;|(–—-]*(?:{_DAY_WORDS}\b[\s,.]*)?(?:el\s+)?$", re.I
)
_SEPARATED = re.compile(rf"[,.:;|(/·•–—-]\s*(?:{_DAY_WORDS}\b[\s,.]*)?(?:el\s+)?$", re.I)
_NO_PLACE = re.compile(rf"(?:publicad[oa]|fecha|por|actualizad[oa]|redacci[óo]n|escrito|creado|posted|{_DAY_WORDS})\b", re.I)


def read_date_line(text: str) -> tuple[datetime, str | None] | None:
    """Return date and place of a line that says little else ("Trujillo, 14 de octubre de 2026"), or None.

    The place is None where the words before the date are not plainly one.
    """
    found = find_date(text)
    if not found:
        return None
    instant, start, end = found
    before, after = text[:start], text[end:].strip(" .,|-–—()")
    if len(before) > 60 or len(after) > 40:
        return None
    if before.strip() and not _SEPARATED.search(before) and not _NO_PLACE.match(before.strip()):
        return None  # "avenida 28 de julio 2026"
    match = _BEFORE_DATE.fullmatch(before.strip())
    place = match["place"] if match else None
    if place and (_NO_PLACE.match(place) or not place[0].isupper() or "," not in before):
        place = None
    return instant, clean(place) if place else None


def _plausible(instant: datetime, fetched: datetime) -> bool:
    return instant.year >= OLDEST and instant <= fetched + timedelta(days=1)


def _place(value: Any) -> str | None:
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, dict):
        address = value.get("address")
        inner = address.get("addressLocality") if isinstance(address, dict) else address
        return clean(value.get("name")) or clean(inner)
    return clean(value)


def _folded(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def _same_start(one: str, other: str) -> bool:
    """Whether two headlines begin alike: one is the other, shortened or with something behind."""
    a, b = _folded(one), _folded(other)
    if min(len(a), len(b)) < 12:
        return a == b
    return a.startswith(b) or b.startswith(a)
