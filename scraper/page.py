"""From one page to one article.

What a page says of itself is read first (`scraper.metadata`); links to other stories, captions, share bars and author boxes
are then taken out of the tree, and trafilatura finds the text in what is left. A headline of another story that stayed in the
body would become an incident that never happened here, so in doubt a line that only points elsewhere goes.
"""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from lxml import etree
from lxml.html import HtmlElement, HTMLParser, document_fromstring

from scraper.data import toml
from scraper.frontier import Link
from scraper.items import Article
from scraper.metadata import Metadata, clean, read_date_line
from scraper.sources import Source
from scraper.urls import canonical_url, fetch_url, looks_like_article, same_site

logger = logging.getLogger(__name__)
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # it warns of every page without a text; the visit says it

SHORTEST_BODY = 100  # characters
SHORT = 1200  # characters; a text below it is read once more, the dear way (measured: same F1, 1.3 times the speed)
BELIEVED = 0.8  # share of the page's text that a JSON-LD articleBody must have; seven of 33 are stubs
MOST_LINKS = 20
LONGEST_PAGE = 6_000_000  # characters; the longest real pages have a third of it
NEAR = 40  # elements below the title of a list of other stories
LONGEST_POINTER = 3000  # characters of a list of links to other stories

_BLOCKS = (
    "p",
    "li",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "blockquote",
    "div",
    "strong",
    "b",
    "em",
    "span",
    "section",
    "aside",
    "td",
    "figure",
)
_HOLDERS = {
    "p",
    "div",
    "li",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "blockquote",
    "ul",
    "ol",
    "table",
    "section",
    "article",
    "figure",
    "td",
}
_MARKS = re.compile(r"[\u0300-\u036f]")


class NotAnArticle(ValueError):  # noqa: N818 - an answer, not a fault
    """A page holds no article that can be read. `reason` is short and can be counted: no-headline, no-body, section-page,
    static-page, soft-404, login-wall, front-page, too-long, not-html."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def read_article(html: str | bytes, url: str, source: Source, fetched: datetime, hint: Link | None = None) -> Article:
    """Read the article of a page.

    `html`: the page, decoded (bytes are taken for UTF-8, or what they declare). `url`: the address that answered, after
    redirects. `fetched`: when, time-zone aware. `hint`: what the feed or sitemap said of it. The article comes without `etag`
    and `last_modified`, which a page does not know. Raises NotAnArticle.
    """
    if isinstance(html, bytes):
        html = decode(html, None)
    if len(html) > LONGEST_PAGE:
        raise NotAnArticle("too-long")
    tree = parse(html)
    if tree is None:
        raise NotAnArticle("not-html")
    page = Metadata(tree, source)
    stories = _Stories(url, source)
    headline = page.headline
    _refuse(page, stories, headline, html)
    published, signal = page.published(url, fetched, hint)
    dateline = page.dateline or (page.date_line[1] if page.date_line else None)

    body, linked = _body(tree, page, stories)
    lines = _after_headline(body, headline)
    lines, opening = _without_date_line(lines)
    text = "\n\n".join(lines)
    if len(text) < 4 * SHORTEST_BODY and _is_wall(html, asks_for_password=published is None):
        raise NotAnArticle("login-wall")
    if len(text) < SHORTEST_BODY:
        raise NotAnArticle("no-body")
    if not headline:
        raise NotAnArticle("no-headline")

    identity, link = _addresses(page, url, source)
    return Article(
        url=identity,
        source=source.id,
        headline=headline,
        body=text,
        fetched=fetched,
        fetched_url=url,
        link=link,
        lead=_lead(page.lead, text, headline),
        published=published,
        published_from=signal,
        modified=page.modified(published, fetched, hint),
        section=page.section,
        language=page.language,
        dateline=dateline or opening,
        location_created=page.location_created,
        links=list(_own_stories(linked, url, identity, source))[:MOST_LINKS],
    )


def decode(body: bytes, declared: str | None) -> str:
    """Return a page's text in spite of a wrong or missing charset.

    What is valid UTF-8 is UTF-8, whatever the header says; else the declared encoding counts if it can be used; single bytes
    that do not fit are read as Windows-1252, which is what mixed pages hold.
    """
    for mark, name in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if body.startswith(mark):
            return body.decode(name, "replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        pass
    encoding = (declared or "").lower()
    if encoding and encoding not in {"utf-8", "utf8", "ascii", "us-ascii", "iso-8859-1", "latin-1", "latin1"}:
        try:
            return body.decode(encoding)
        except (LookupError, UnicodeDecodeError):
            pass
    mixed = body.decode("utf-8", "surrogateescape")
    strange = sum(0xDC80 <= ord(c) <= 0xDCFF for c in mixed)
    if strange * 2 > sum(ord(c) > 127 for c in mixed):
        return body.decode("cp1252", "replace")
    return "".join(bytes([ord(c) - 0xDC00]).decode("cp1252", "replace") if 0xDC80 <= ord(c) <= 0xDCFF else c for c in mixed)


def parse(html: str) -> HtmlElement | None:
    """Return the tree of a page, or None where there is none."""
    html = html.replace("\x00", "")
    if html.lstrip()[:5] == "<?xml":  # lxml refuses a decoded text that declares an encoding
        html = html[html.find("?>") + 2 :]
    try:
        # bytes, because lxml reads some texts in wide characters wrongly
        tree = document_fromstring(
            html.encode("utf-8", "replace"), parser=HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
        )
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return None
    return tree if isinstance(tree, HtmlElement) and tree.find("body") is not None else None


def fold(text: str) -> str:
    """Return a text in small letters, without accents, with single spaces."""
    text = text.casefold()
    return " ".join((text if text.isascii() else _MARKS.sub("", unicodedata.normalize("NFD", text))).split())


# ---------------------------------------------------------------------- what is no article


@cache
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in toml("boilerplate")[name]))


@lru_cache(maxsize=8192)
def _is_around(name: str) -> bool:
    """Whether a class name or an identifier is that of an element which is never an article's text."""
    return bool(_pattern("classes").fullmatch(name))


def _refuse(page: Metadata, stories: _Stories, headline: str | None, html: str) -> None:
    """Raise NotAnArticle where the page plainly is something else."""
    body = page.tree.find("body")
    marks = set((body.get("class") or "").split()) if body is not None else set()
    if "error404" in marks:
        raise NotAnArticle("soft-404")
    if not page.article:
        for title in (headline, page.title, *page.headings[:1]):
            if title and _pattern("not_found").fullmatch(fold(title).split(" | ")[0].split(" - ")[0]):
                raise NotAnArticle("soft-404")
    address = urlsplit(stories.url)
    if address.path.strip("/") in {"", "index.php", "index.html"} and not address.query:
        raise NotAnArticle("front-page")
    if page.is_listing and not page.says_article:
        raise NotAnArticle("section-page")
    if marks & {"archive", "category", "search", "search-results", "tag", "author", "home", "blog"} and not marks & {
        "single",
        "single-post",
    }:
        raise NotAnArticle("section-page")
    if "page" in marks and not marks & {"single", "single-post"} and not page.article:
        raise NotAnArticle("login-wall" if _is_wall(html, asks_for_password=True) else "static-page")
    if not page.says_article and _is_list_of_stories(page.tree, stories):
        raise NotAnArticle("section-page")


def _is_list_of_stories(tree: HtmlElement, stories: _Stories) -> bool:
    """Whether a page says more in headlines that lead elsewhere than in sentences of its own."""
    linked = 0
    for anchor in tree.iter("a"):
        href = anchor.get("href") or ""
        words = len(" ".join(anchor.itertext()).split())
        if words >= 5 and href in stories:
            linked += words
    own = 0
    for paragraph in tree.iter("p"):
        text = " ".join(paragraph.itertext()).split()
        inside = sum(len(" ".join(a.itertext()).split()) for a in paragraph.iter("a"))
        if len(text) - inside >= 12 and not paragraph.xpath("ancestor::a | ancestor::aside | ancestor::footer | ancestor::li"):
            own += len(text) - inside
    return linked >= 60 and linked > 1.2 * own and not any(len(h) > 0 and own > 150 for h in tree.iter("h1"))


def _is_wall(html: str, *, asks_for_password: bool) -> bool:
    """Whether the page asks to log in, subscribe or be human before it shows a text.

    A field for a password tells only where `asks_for_password`: many newspapers have one at the head of every page.
    """
    tree = parse(html)
    if tree is None:
        return False
    if asks_for_password and tree.xpath("//input[translate(@type, 'PASWORD', 'pasword') = 'password']"):
        return True
    etree.strip_elements(tree, "script", "style", with_tail=False)
    return bool(_pattern("walls").search(fold(" ".join(tree.find("body").itertext()))[:200_000]))


# ---------------------------------------------------------------------- the text


@dataclass(frozen=True)
class _Removed:
    """A link that was taken out of the tree, and where it had stood."""

    href: str
    parent: HtmlElement


def _body(tree: HtmlElement, page: Metadata, stories: _Stories) -> tuple[list[str], list[str]]:
    """Return the paragraphs of the article and the addresses that its text links to, in their order."""
    stated = page.article_body
    order = {href: place for place, href in reversed(list(enumerate(tree.xpath("//a/@href"))))}
    removed = list(_take_out(tree, stories))
    lines = _read(tree, stories.url)
    size = sum(map(len, lines))
    if stated:
        own = [line for part in re.split(r"\n+|<br\s*/?>|</p>", stated) if (line := clean(re.sub(r"<[^>]+>", " ", part)))]
        own = list(_own_lines(own))
        length = sum(map(len, own))
        # the page's text has paragraphs and is free of what stands between them: its own words count where they are all there
        if length >= BELIEVED * size and (size < 2 * SHORTEST_BODY or length > 1.5 * size):
            lines = own
    return lines, sorted(_links(tree, lines, removed), key=lambda href: order.get(href, 0))


def _read(tree: HtmlElement, url: str) -> list[str]:
    lines = _extract(tree, url, fast=True)
    size = sum(map(len, lines))
    if size < SHORT:
        dear = _extract(tree, url, fast=False)
        if sum(map(len, dear)) >= 1.3 * size:
            lines = dear
    if sum(map(len, lines)) < SHORTEST_BODY:
        lines = list(_own_lines(_sentences(tree)))
    return lines


def _sentences(tree: HtmlElement) -> list[str]:
    """Return the paragraphs of the element that holds most sentences, for the pages that trafilatura cannot make out."""
    paragraphs = [
        (p, line)
        for p in tree.iter("p", "div")
        if (line := _line(p)) and not any(child.tag in _HOLDERS for child in p.iterdescendants())
    ]
    weights: dict[HtmlElement, int] = {}
    for p, line in paragraphs:
        parent = p.getparent()
        if parent is not None and len(line.split()) >= 8 and re.search(r"[.!?…”\")]$", line) and not p.xpath("ancestor::a"):
            weights[parent] = weights.get(parent, 0) + len(line)
    best = max(weights, key=lambda element: weights[element], default=None)
    return [line for p, line in paragraphs if p.getparent() is best] if best is not None else []


def _line(element: HtmlElement) -> str | None:
    return clean(" ".join(element.itertext()))


MOST_BESIDE = 160  # characters beside its links that a pointer has; the tests below allow fewer, whatever its words
_HEAD: Any = etree.XPath("substring(normalize-space(.), 1, 100)")
_LENGTH: Any = etree.XPath("string-length(normalize-space(.))")


def _start(element: HtmlElement, most: int) -> str:
    """Return an element's text up to about `most` characters, without reading the rest of a large one."""
    parts: list[str] = []
    size = 0
    for part in element.itertext():
        parts.append(part)
        size += len(part.strip())
        if size > most:
            break
    return " ".join(" ".join(parts).split())


def _extract(tree: HtmlElement, url: str, *, fast: bool) -> list[str]:
    import trafilatura  # only where pages are read: it takes long to load, and memory

    try:
        document = trafilatura.bare_extraction(
            deepcopy(tree),
            url=url,
            fast=fast,
            favor_precision=True,
            include_comments=False,
            include_tables=True,
            with_metadata=False,
        )
    except Exception:  # a page that its readers cannot stand must not end the crawl
        logger.warning("trafilatura cannot read %s", url, exc_info=True)
        return []
    text = getattr(document, "text", None) or ""
    return list(_own_lines(line for raw in text.split("\n") if (line := clean(raw.removeprefix("- ")))))


@cache
def _introductions() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str], str]:
    """Patterns of words that introduce other stories: alone or with a sign, only before a link, over a list; and the signs."""
    words = toml("related")
    signs = re.escape(words["after"])

    def pattern(*names: str) -> str:
        return "|".join(sorted((re.escape(fold(text)) for name in names for text in words[name]), key=len, reverse=True))

    start = r"^[\W_]*"
    return (
        re.compile(rf"{start}(?:{pattern('always')})(?:[\W_]*$|\s*(?:[)\]*]\s*)?[{signs}])"),
        re.compile(rf"{start}(?:{pattern('always', 'with_link')})\b[\W_]*"),
        re.compile(rf"{start}(?:{pattern('always', 'titles')})\b"),
        signs,
    )


def _own_lines(lines: Iterator[str] | list[str]) -> Iterator[str]:
    """Drop the lines that introduce other stories, credit a picture, or belong to the page around the article."""
    alone = _introductions()[0]
    for line in lines:
        folded = fold(line)
        if not re.search(r"\w", folded) or alone.match(folded):
            continue
        if len(folded) <= 320 and _pattern("lines").fullmatch(folded.rstrip(" .")):
            continue
        yield line


def _take_out(tree: HtmlElement, stories: _Stories) -> Iterator[_Removed]:
    """Remove what is no text of the article from the tree; yield the links that went with it."""
    etree.strip_elements(
        tree, "script", "style", "noscript", "template", "svg", "button", "select", "nav", "footer", with_tail=False
    )
    body = tree.find("body")
    if body is None:
        return
    for form in list(body.iter("form")):
        if _LENGTH(form) > 600 or form.find(".//h1") is not None:
            form.tag = "div"  # whole pages of some systems are one form
        else:
            form.drop_tree()
    frames = {next(picture.iterancestors("table", "figure", "div", "center", "dl"), None) for picture in body.iter("img")}
    for frame in frames:
        if (
            frame is not None
            and _in_tree(frame, body)
            and frame.find(".//p") is None
            and _LENGTH(frame) <= 200
            and frame.find(".//h1") is None
        ):
            yield from _drop(frame)
    _make_paragraphs(body)
    words = sum(len(" ".join(p.itertext())) for p in body.iter("p", "br")) or 1
    for element in list(body.iter("*")):
        if not isinstance(element.tag, str) or element.getparent() is None:
            continue
        if element.tag in {"article", "main", "body"}:
            continue
        names = f"{element.get('class') or ''} {element.get('id') or ''}".lower().split()
        if element.tag == "figcaption" or any(_is_around(name) for name in names):
            held = sum(len(" ".join(p.itertext())) for p in element.iter("p"))
            if held <= 0.3 * words and not element.xpath(".//h1"):
                yield from _drop(element)
    for heading in list(body.iter("h2", "h3", "h4", "h5")):
        if _in_tree(heading, body):
            yield from _drop_card(heading, stories)
    for element in list(body.iter(*_BLOCKS)):
        if element.getparent() is not None and _in_tree(element, body) and _is_pointer(element, stories):
            yield from _drop(element)
    for anchor in list(body.iter("a")):
        if _in_tree(anchor, body):
            yield from _cut_inline(anchor, stories)


_INLINE = {"a", "abbr", "acronym", "b", "bdi", "big", "cite", "code", "em", "font", "i", "ins", "mark", "q", "s", "small"}
_INLINE |= {"span", "strong", "sub", "sup", "tt", "u"}


def _make_paragraphs(body: HtmlElement) -> None:
    """Give pages of the table age real paragraphs: what <br> parts inside a cell, a font or a block becomes a <p>."""
    paragraphs = sum(len(line) for p in body.iter("p") if (line := _line(p)))
    if 2 * paragraphs > sum(len(" ".join(part.split())) for part in body.itertext()):
        return
    for element in list(body.iter("font", "center")):
        # a <font> around lines is a block; one inside a line stays what it is
        if element.find("br") is not None or any(child.tag in _HOLDERS for child in element):
            element.tag = "div"
    for element in [body, *body.iter("td", "div", "section", "article")]:
        if element.find("br") is not None:
            _split(element)
    for element in list(body.iter("table", "tbody", "tr", "td", "th")):
        if not any(_line(row) for row in element.iter("th")) or element.tag == "td":
            element.tag = "div"


def _split(element: HtmlElement) -> None:
    """Turn the lines of an element, which <br> parts, into paragraphs; blocks between them stay."""
    children = list(element)
    paragraph = element.makeelement("p", {})
    made = [paragraph]
    paragraph.text, element.text = element.text, None
    for child in children:
        tail, child.tail = child.tail, None
        element.remove(child)
        if child.tag == "br" or (isinstance(child.tag, str) and child.tag not in _INLINE):
            if child.tag != "br":
                made.append(child)
            paragraph = element.makeelement("p", {})
            paragraph.text = tail
            made.append(paragraph)
        else:
            paragraph.append(child)
            child.tail = tail
    joined: list[HtmlElement] = []
    for one in made:
        if one.tag == "p" and not _line(one) and not len(one):
            continue
        joined.append(one)
    element.extend(joined)


def _in_tree(element: HtmlElement, body: HtmlElement) -> bool:
    return any(ancestor is body for ancestor in element.iterancestors())


def _drop(element: HtmlElement) -> Iterator[_Removed]:
    parent = element.getparent()
    if parent is None:
        return
    for anchor in element.iter("a"):
        if anchor.get("href"):
            yield _Removed(anchor.get("href", ""), parent)
    element.drop_tree()


def _drop_card(heading: HtmlElement, stories: _Stories) -> Iterator[_Removed]:
    """Remove the card of another story: a heading that leads there, with its picture and summary; or the title over cards."""
    inside = list(heading.iter("a")) or list(heading.iterancestors("a"))[:1]
    if not inside:
        line = fold(_line(heading) or "")
        around = heading.getparent()
        if around is None or len(line) > 60 or not _introductions()[2].match(line):
            return
        below = list(islice(heading.itersiblings(), NEAR))
        linked = [a for sibling in below for a in sibling.iter("a") if (a.get("href") or "") in stories]
        if linked and sum(len(_start(sibling, 2000)) for sibling in below) < 400 * len(linked):
            for sibling in below:
                yield from _drop(sibling)
            heading.drop_tree()
        return
    if not any((a.get("href") or "") in stories for a in inside):
        return
    card = heading
    for ancestor in heading.iterancestors("div", "section", "article", "li", "a", "header"):
        if len(_start(ancestor, 800)) - len(_line(heading) or "") > 300 or ancestor.find(".//h1") is not None:
            break
        if len(list(ancestor.iter("h2", "h3", "h4", "h5"))) > 1:
            break
        card = ancestor
    if card is not heading:
        yield from _drop(card)


class _Stories:
    """Tells the links of one page that lead to other stories of the newspaper. Blocks within blocks ask for the same ones."""

    def __init__(self, url: str, source: Source) -> None:
        self.url = url
        self.source = source
        self.own = canonical_url(url)
        self.known: dict[str, bool] = {}
        self.lengths: dict[HtmlElement, float] = {}

    def length(self, anchor: HtmlElement) -> float:
        """The characters of a link's text; of one without an address none."""
        found = self.lengths.get(anchor)
        if found is None:
            found = self.lengths[anchor] = _LENGTH(anchor) if anchor.get("href") else 0.0
        return found

    def __contains__(self, href: str) -> bool:
        found = self.known.get(href)
        if found is None:
            found = self.known[href] = self._is_story(href)
        return found

    def _is_story(self, href: str) -> bool:
        try:
            address = fetch_url(href, self.url)
            if not same_site(address, self.url) or not (looks_like_article(address) or self.source.allow):
                return False
            address = canonical_url(address)
        except ValueError:
            return False
        return address != self.own and (looks_like_article(address) or self.source.may_be_article(address))


def _is_pointer(element: HtmlElement, stories: _Stories) -> bool:
    """Whether an element does nothing but lead to other stories."""
    linking = element.find(".//a") is not None
    if not linking and element.tag != "p":
        return False
    length = _LENGTH(element)
    beside = length - sum(stories.length(anchor) for anchor in element.iter("a")) if length <= LONGEST_POINTER else length
    if length > LONGEST_POINTER or beside > (MOST_BESIDE if linking else 300):
        return False
    text = _start(element, LONGEST_POINTER)
    if not text or len(text) > LONGEST_POINTER:
        return False
    anchors = [a for a in element.iter("a") if a.get("href") and " ".join(a.itertext()).strip()] if linking else []
    if (not anchors and element.tag != "p") or len(text) > 400 * max(1, len(anchors)):
        return False
    linked = sum(len(" ".join(" ".join(anchor.itertext()).split())) for anchor in anchors)
    folded = fold(text)
    alone, before_link, _, _ = _introductions()
    if alone.match(folded):
        # "Puede leer: …" with more sentences behind the link is a paragraph that begins with a pointer; _cut_inline sees to it
        return len(text) - linked <= 60 if anchors else len(text) < 250
    if not anchors:
        return False
    leads = any(anchor.get("href", "") in stories for anchor in anchors)
    introduced = before_link.match(folded)
    if introduced and leads and len(text) - linked <= len(introduced[0]) + 12:
        return True
    bare = len(re.sub(r"\W", "", text)) - sum(len(re.sub(r"\W", "", " ".join(a.itertext()))) for a in anchors) <= 2
    return bare and leads and linked >= 15 and element.tag not in {"span", "strong", "b", "em"}


_LAST_WORDS = 60


def _cut_inline(anchor: HtmlElement, stories: _Stories) -> Iterator[_Removed]:
    """Cut "LEE TAMBIÉN: <a>…</a>" out of a paragraph that goes on before or after it."""
    if (anchor.get("href") or "") not in stories:
        return
    parent = anchor.getparent()
    if parent is None:
        return
    previous = anchor.getprevious()
    before = (previous.tail if previous is not None else parent.text) or ""
    holder = None
    if not before.strip() and previous is not None and previous.tag in {"strong", "b", "em", "span"}:
        holder, before = previous, " ".join(previous.itertext())
    tail = before[-_LAST_WORDS:]
    found = re.search(rf"(?:^|[.!?”\"»)\]]\s*|\n\s*)(?P<words>[^.!?\n]{{2,{_LAST_WORDS}}})$", tail)
    if not found:
        return
    words = fold(found["words"])
    alone, _, _, signs = _introductions()
    if not (alone.match(words) or (re.search(rf"[{signs}]\s*$", words) and _introductions()[1].fullmatch(words))):
        return
    keep = before[: len(before) - len(found["words"])]
    if holder is not None:
        if keep.strip():
            return
        holder.drop_tree()
    elif previous is not None:
        previous.tail = keep
    else:
        parent.text = keep
    yield from _drop(anchor)


def _links(tree: HtmlElement, lines: list[str], removed: list[_Removed]) -> list[str]:
    """Return the addresses linked to from where the article's text stands."""
    keys = {fold(line)[:80] for line in lines if len(line) >= 40}
    holders = [p for p in tree.iter("p", "div", "li", "blockquote", "td") if fold(_HEAD(p))[:80] in keys]
    if not holders:
        return []
    common = _common_ancestor(holders)
    hrefs = [anchor.get("href", "") for anchor in common.iter("a") if anchor.get("href")]
    near = {id(common), *(id(element) for element in common.iterdescendants())}
    return [one.href for one in removed if id(one.parent) in near] + hrefs


def _common_ancestor(elements: list[HtmlElement]) -> HtmlElement:
    paths = [[*reversed(list(element.iterancestors())), element] for element in elements]
    common = paths[0][0]
    for steps in zip(*paths, strict=False):
        if any(step is not steps[0] for step in steps):
            break
        common = steps[0]
    if common.tag in {"p", "li", "td", "blockquote"} and common.getparent() is not None:
        return common.getparent()
    return common


def _own_stories(hrefs: list[str], url: str, identity: str, source: Source) -> Iterator[str]:
    """Yield the addresses of other stories of the newspaper, as it writes them, each story once."""
    seen = {canonical_url(url), identity}
    for href in hrefs:
        try:
            address = fetch_url(href, url)
            key = canonical_url(address)
        except ValueError:
            continue
        if key not in seen and source.may_be_article(key):
            seen.add(key)
            yield address


# ---------------------------------------------------------------------- around the text


def _after_headline(lines: list[str], headline: str | None) -> list[str]:
    """Cut the headline off the text, with what stands above it: the newspaper's name, a kicker, a menu."""
    if headline is None:
        return lines
    wanted = fold(headline).strip(" .")
    same = [index for index, line in enumerate(lines) if fold(line).strip(" .") == wanted]
    first = same[0] + 1 if same and same[0] < min(8, len(lines) / 2) else 0
    return [line for index, line in enumerate(lines) if index >= first and index not in same]


def _without_date_line(lines: list[str]) -> tuple[list[str], str | None]:
    """Take a line that only dates the article ("Trujillo, 14 de octubre de 2026") off its head; return its place too."""
    for index, line in enumerate(lines[:3]):
        if len(line) <= 80 and not re.search(r"[.!?]\s", line) and (found := read_date_line(line)):
            return lines[:index] + lines[index + 1 :], found[1]
    return lines, None


def _lead(stated: str | None, body: str, headline: str) -> str | None:
    """Return the lead, unless it is the headline again or the body's beginning, cut short."""
    if not stated:
        return None
    key = fold(re.sub(r"\s*(?:\[?(?:…|\.\.\.)\]?)\s*$", "", stated))
    if not key or key == fold(headline) or (fold(body).startswith(key) and stated.rstrip().endswith(("…", "...", "]"))):
        return None
    return stated


def _addresses(page: Metadata, url: str, source: Source) -> tuple[str, str]:
    """Return the article's canonical address and the one for readers: what the page calls its own, else where it is."""
    here = canonical_url(url)
    stated = page.canonical
    if stated and (own := _believed(stated, url, here, source)):
        return own, fetch_url(stated, url)
    return here, fetch_url(url)


def _believed(stated: str, url: str, here: str, source: Source) -> str | None:
    """Return the canonical form of the address that a page states, or None where it cannot be this article's."""
    try:
        own = canonical_url(stated, url)
    except ValueError:
        return None
    a, b = urlsplit(own), urlsplit(here)
    if not source.owns(own) or (a.port or 0) != (b.port or 0):
        return None
    if not a.path.strip("/") and not a.query:
        return None  # some systems call every page their front page
    if b.query and not a.query and a.path == b.path:
        return None  # … or forget the number that tells articles apart
    if looks_like_article(here) and not looks_like_article(own):
        return None
    return own
