"""The configured newspapers: one table of a TOML file each. `docs/sources.md` explains the keys."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from os import PathLike
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cssselect import SelectorError
from parsel.csstranslator import HTMLTranslator

from scraper.data import provinces
from scraper.urls import fold_host, is_page, looks_like_article, same_site

_ID = re.compile(r"[a-z0-9][a-z0-9_-]*")
_NOTE = re.compile(r"(confirmed|assumed)\b[:,;]?\s*(?P<text>.*)", re.S)


class SourcesError(ValueError):
    """A file of newspapers cannot be used. The message names file, table and key, and says what to do."""


@dataclass(frozen=True)
class Note:
    """Where a fact of a newspaper's table comes from."""

    confirmed: bool
    """True where something was seen to work; False where it is a guess by analogy or from old code."""
    text: str
    """By what and when."""


@dataclass(frozen=True)
class Source:
    """One newspaper, as its table in a sources file says."""

    id: str
    """Name of its table."""
    name: str
    home: str
    """Address of its front page. Articles elsewhere are not its own, subdomains excepted."""
    country: str = "PE"
    """ISO 3166-1 alpha-2 code."""
    region: str = ""
    """Where its local news happens: department, department/province or a UBIGEO prefix; "" for a national newspaper."""
    timezone: str = "America/Lima"
    language: str = "es"
    feeds: tuple[str, ...] = ()
    news_sitemaps: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    """Pages that list articles."""
    allow: tuple[str, ...] = ()
    """Regular expressions; an article's address must match one of them (`re.search`), if there are any."""
    deny: tuple[str, ...] = ()
    """Regular expressions; what matches one of them is left alone."""
    next_page: str = ""
    """CSS selector of the link to a section's next page; empty: the page's `rel="next"`, if it has one."""
    spider: str = "newspaper"
    crawl_delay: float | None = None
    """Seconds between two requests, at least; robots.txt may ask for more."""
    max_pages: int | None = None
    """Pages of one section that one run reads at most."""
    notes: Mapping[str, Note] = field(default_factory=lambda: MappingProxyType({}))
    """Key or address → where the fact comes from."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel between processes as the plain facts."""
        facts = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "notes"}
        return _source_of, (facts, dict(self.notes))

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def place(self) -> str:
        """`region` in words, "La Libertad/Trujillo", also where the table gives a UBIGEO prefix."""
        if not self.region.isdigit():
            return self.region
        department, province = next(names for code, names in provinces().items() if code.startswith(self.region[:4]))
        return department if len(self.region) == 2 else f"{department}/{province}"

    @property
    def addresses(self) -> tuple[str, ...]:
        """Every address where articles are discovered."""
        return (*self.feeds, *self.news_sitemaps, *self.sections)

    def note(self, fact: str) -> Note | None:
        """Where a fact comes from: of an address, else of the key that holds it."""
        if fact in self.notes:
            return self.notes[fact]
        return next((self.notes[key] for key in _LISTS if fact in getattr(self, key) and key in self.notes), None)

    def owns(self, url: str) -> bool:
        """Whether an address belongs to this newspaper's site."""
        return same_site(url, self.home)

    def denies(self, url: str) -> bool:
        """Whether `allow` and `deny` exclude an article's canonical address, tried as it is and with a slash at its end."""
        forms = (url, f"{url}/")
        if any(pattern.search(form) for pattern in self._deny for form in forms):
            return True
        return bool(self._allow) and not any(pattern.search(form) for pattern in self._allow for form in forms)

    def may_be_article(self, url: str) -> bool:
        """Whether a link on a page leads to an article: by the patterns where there are any, by its form otherwise."""
        if not self.owns(url) or not is_page(url) or self.denies(url):
            return False
        return bool(self._allow) or looks_like_article(url)

    def own_address(self, url: str) -> str:
        """Return a canonical address as the newspaper serves it: with its scheme and its "www.", where it has one."""
        parts, home = urlsplit(url), urlsplit(self.home)
        if fold_host(parts.hostname or "") != fold_host(home.hostname or "") or parts.port != home.port:
            return url
        return urlunsplit(parts._replace(scheme=home.scheme, netloc=home.netloc))

    @cached_property
    def _allow(self) -> list[re.Pattern[str]]:
        return [re.compile(pattern) for pattern in self.allow]

    @cached_property
    def _deny(self) -> list[re.Pattern[str]]:
        return [re.compile(pattern) for pattern in self.deny]


def _source_of(facts: dict[str, Any], notes: dict[str, Note]) -> Source:
    return Source(**facts, notes=MappingProxyType(notes))


_LISTS = ("feeds", "news_sitemaps", "sections", "allow", "deny")
_KEYS = {field.name for field in fields(Source)} - {"id"}


def load_sources(*paths: str | PathLike[str]) -> dict[str, Source]:
    """Return the bundled newspapers and those of the user's own files: identifier → newspaper.

    A table of a later file replaces the table of the same name. Raises SourcesError where a file cannot be read or a table is
    wrong.
    """
    sources = _read(files(__package__) / "sources.toml")
    for path in paths:
        sources |= _read(Path(path))
    return sources


def read_sources(path: str | PathLike[str]) -> dict[str, Source]:
    """Return the newspapers of one file alone. Raises SourcesError like `load_sources`."""
    return _read(Path(path))


def _read(path: Path | Traversable) -> dict[str, Source]:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SourcesError(f"{path}: cannot be read ({error.strerror}); check the path") from error
    except UnicodeDecodeError as error:
        raise SourcesError(f"{path}: is not UTF-8 (byte {error.start}); save it as UTF-8") from error
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SourcesError(f"{path}: is not TOML: {error}") from error
    sources = {}
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise SourcesError(f"{path}: {name!r} stands outside a table; put it under a newspaper's [name]")
        sources[name] = _source(_Place(str(path), name), table)
    return sources


@dataclass(frozen=True)
class _Place:
    """Where in which file, for error messages."""

    file: str
    table: str

    def error(self, key: str | None, message: str) -> SourcesError:
        return SourcesError(f"{self.file}: [{self.table}]{f' {key}' if key else ''}: {message}")


def _source(place: _Place, table: dict[str, Any]) -> Source:
    if not _ID.fullmatch(place.table):
        raise place.error(None, "a newspaper's table is named with small letters, digits, - and _ only")
    for key in table:
        if key not in _KEYS:
            raise place.error(key, f"unknown key; known are {', '.join(sorted(_KEYS))}")
    values: dict[str, Any] = {}
    for key in ("name", "home"):
        if not table.get(key):
            raise place.error(key, "is missing; every newspaper needs a name and the address of its home page")
    for key in ("name", "home", "country", "region", "timezone", "language", "next_page", "spider"):
        if key in table:
            values[key] = _text(place, key, table[key])
    for key in _LISTS:
        if key in table:
            values[key] = _texts(place, key, table[key])
    _check_addresses(place, values)
    _check_patterns(place, values)
    _check_words(place, values)
    if "crawl_delay" in table:
        values["crawl_delay"] = _number(place, "crawl_delay", table["crawl_delay"], (int, float), 0, 300, "seconds")
    if "max_pages" in table:
        values["max_pages"] = _number(place, "max_pages", table["max_pages"], (int,), 1, 1000, "pages")
    source = Source(id=place.table, notes=_notes(place, table.get("notes", {})), **values)
    for fact in source.notes:
        if fact not in _KEYS and fact not in source.addresses:
            raise place.error("notes", f"{fact!r} is neither a key nor one of the newspaper's addresses")
    return source


def _text(place: _Place, key: str, value: Any) -> str:
    if not isinstance(value, str):
        raise place.error(key, f'must be a text in quotes, like {key} = "…"')
    return value.strip()


def _texts(place: _Place, key: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise place.error(key, f'must be a list of texts, like {key} = ["…"]')
    return tuple(item.strip() for item in value)


def _number(place: _Place, key: str, value: Any, kinds: tuple[type, ...], least: int, most: int, unit: str) -> Any:
    if type(value) not in kinds or not least <= value <= most:
        raise place.error(key, f"must be a number of {unit} from {least} to {most}")
    return value


def _check_addresses(place: _Place, values: dict[str, Any]) -> None:
    for key in ("home", "feeds", "news_sitemaps", "sections"):
        for url in [values["home"]] if key == "home" else values.get(key, ()):
            try:
                parts = urlsplit(url)
                good = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
            except ValueError:
                good = False
            if not good or re.search(r"\s", url):
                raise place.error(key, f"{url!r} is not an address; it must begin with http:// or https:// and name a host")
            if key != "home" and not same_site(url, values["home"]):
                raise place.error(key, f"{url!r} is not on the site of home, {values['home']!r}; correct one of the two")


def _check_patterns(place: _Place, values: dict[str, Any]) -> None:
    for key in ("allow", "deny"):
        for pattern in values.get(key, ()):
            try:
                re.compile(pattern)
            except re.error as error:
                raise place.error(
                    key, f"{pattern!r} is no regular expression: {error}; correct it or put \\ before signs"
                ) from error
    if selector := values.get("next_page"):
        try:
            HTMLTranslator().css_to_xpath(selector)
        except SelectorError as error:
            raise place.error("next_page", f"{selector!r} is no CSS selector: {error}") from error


def _check_words(place: _Place, values: dict[str, Any]) -> None:
    if not re.fullmatch(r"[A-Z]{2}", values.get("country", "PE")):
        raise place.error("country", f"{values['country']!r} is no country code; give two capitals, like PE")
    if not re.fullmatch(r"[a-z]{2}", values.get("language", "es")):
        raise place.error("language", f"{values['language']!r} is no language code; give two small letters, like es")
    try:
        ZoneInfo(values.get("timezone", "UTC"))
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise place.error("timezone", f"{values['timezone']!r} is no time zone; give one like America/Lima") from error
    region = values.get("region", "")
    if region and values.get("country", "PE") == "PE":
        values["region"] = _region(place, region)


def _fold(text: str) -> str:
    letters = unicodedata.normalize("NFD", text.casefold())
    return " ".join("".join(c for c in letters if unicodedata.category(c) != "Mn").split())


def _region(place: _Place, region: str) -> str:
    """Return a region of Peru as the gazetteer writes it. Raises SourcesError where there is none of that name."""
    if region.isdigit():
        if len(region) in {2, 4, 6} and any(code.startswith(region[:4]) for code in provinces()):
            return region
        raise place.error("region", f"{region!r} is no UBIGEO prefix; give two, four or six digits, like 1301")
    department, _, province = (part.strip() for part in region.partition("/"))
    departments = {_fold(name): name for name, _ in provinces().values()}
    if _fold(department) not in departments:
        raise place.error("region", f"there is no department {department!r}; known are {', '.join(departments.values())}")
    department = departments[_fold(department)]
    if not province:
        return department
    names = {_fold(name): name for owner, name in provinces().values() if owner == department}
    if _fold(province) not in names:
        raise place.error("region", f"{department} has no province {province!r}; it has {', '.join(names.values())}")
    return f"{department}/{names[_fold(province)]}"


def _notes(place: _Place, table: Any) -> Mapping[str, Note]:
    if not isinstance(table, dict):
        raise place.error("notes", 'must be a table, like notes = { feeds = "assumed: …" }')
    notes = {}
    for fact, text in table.items():
        found = _NOTE.fullmatch(text) if isinstance(text, str) else None
        if not found:
            raise place.error(
                "notes", f'what is said of {fact!r} must begin with "confirmed" or "assumed" and say by what and when'
            )
        notes[fact] = Note(found[1] == "confirmed", found["text"].strip())
    return MappingProxyType(notes)
