"""Instants as newspapers write them, always with a time zone."""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from email.utils import parsedate_to_datetime
from functools import cache

from scraper.data import toml

_COMPACT_OFFSET = re.compile(r"(?<=[\d:.])\s*([+-]\d{2}):?(\d{2})$")
_FRACTION = re.compile(r"\.(\d{6})\d+")
_SPACES = re.compile(r"\s+")


def parse_instant(text: object, zone: tzinfo) -> datetime | None:
    """Return an instant in `zone` from an ISO 8601, RFC 822 or Spanish stamp, or None where there is no full date.

    A stamp without a zone is in `zone`. A date alone is its midnight.
    """
    if isinstance(text, (int, float)) and not isinstance(text, bool):
        return _from_epoch(float(text), zone)
    if not isinstance(text, str):
        return None
    text = _SPACES.sub(" ", text).strip()
    if not text or len(text) > 80:
        return None
    if text.isdigit() and len(text) in {10, 13}:
        return _from_epoch(float(text), zone)
    instant = _iso(text) or _rfc822(text) or _written(text)
    if instant is None:
        return None
    try:
        return instant.replace(tzinfo=zone) if instant.tzinfo is None else instant.astimezone(zone)
    except (OverflowError, ValueError):
        return None


def _from_epoch(seconds: float, zone: tzinfo) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds / 1000 if seconds > 1e11 else seconds, UTC).astimezone(zone)
    except (OverflowError, ValueError, OSError):
        return None


def _iso(text: str) -> datetime | None:
    stamp = _FRACTION.sub(r".\1", _COMPACT_OFFSET.sub(r"\1:\2", text.removesuffix(" UTC").removesuffix(" GMT")))
    if stamp != text and text.endswith(("UTC", "GMT")):
        stamp += "+00:00"
    try:
        return datetime.fromisoformat(stamp)
    except ValueError:
        return None


def _rfc822(text: str) -> datetime | None:
    if not re.search(r"\d{1,2} [A-Za-z]{3} \d{4}", text):
        return None
    try:
        instant = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    # "-0000" is RFC 2822's way to say "UTC, zone unknown"; Python gives it no zone
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None and text.endswith("-0000") else instant


_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_ZONE = re.compile(r"[A-Z]{3,}|[+-]\d")


def _written(text: str) -> datetime | None:
    """Read a stamp in words or figures; dateparser knows the many forms with a zone: "Tue, Sep 15 2026 10:01:41 EDT"."""
    if not _YEAR.search(text):
        return None
    found = find_date(text)
    if found and not _ZONE.search(text[found[2] :]):
        return found[0]
    import dateparser  # seldom needed, and slow to load

    settings = {"DATE_ORDER": "DMY", "REQUIRE_PARTS": ["day", "month", "year"], "PARSERS": ["absolute-time"]}
    try:
        instant = dateparser.parse(text, languages=["es", "en"], settings=settings)
    except (ValueError, OverflowError):
        instant = None
    return instant or (found[0] if found else None)


@cache
def _months() -> dict[str, int]:
    return {name: int(number) for number, names in toml("dates")["months"].items() for name in names}


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    names = "|".join(sorted(map(re.escape, _months()), key=len, reverse=True))
    month = rf"(?P<month>{names})"
    day, year = r"(?P<day>\d{1,2})", r"(?P<year>(?:19|20)\d{2})"
    half = r"\s*(?P<{}>[ap]\.?\s?m\.?)?"
    before = rf"(?:(?<!\d)(?P<first>\d{{1,2}}[:.h]\d{{2}})(?::\d{{2}})?{half.format('first_half')}"
    before += r"\s*(?:h(?:oras|rs)?\.?)?[\s,|·•–—-]+)?"
    clock = r"(?:[\s,|·•–—T-]*(?:(?:a las|at|um|às|alle|à)\s+)?(?P<then>\d{1,2}[:.h]\d{2})(?::\d{2})?"
    clock += half.format("half") + ")?"
    words = rf"\b{day}(?:\.|º|°|st|nd|rd|th)?(?:\s+de)?[\s/-]+{month}\.?,?(?:[\s/-]+(?:de\s+|del\s+)?){year}\b"
    english = rf"\b{month}\.?\s+{day}(?:st|nd|rd|th)?,?\s+{year}\b"
    iso = rf"(?<![\d/.-]){year}(?P<sign>[-/.])(?P<month>\d{{1,2}})(?P=sign){day}(?![\d/.-])"
    digits = rf"(?<![\d/.-]){day}[/.-](?P<month>\d{{1,2}})[/.-]{year}\b"
    return tuple(re.compile(before + form + clock, re.I) for form in (words, english, digits, iso))


def spanish_date(text: str) -> datetime | None:
    """Return the first full date of a text ("Trujillo, 14 de octubre de 2026 | 5:41 p. m.", "14/10/2026"), without a zone.

    In figures the day comes before the month, as in all the Spanish-language press. None where day, month or year is missing.
    """
    found = find_date(text)
    return found[0] if found else None


def find_date(text: str) -> tuple[datetime, int, int] | None:
    """Like `spanish_date`, with where the date begins and ends in the text, the clock beside it included."""
    for pattern in _patterns():
        for match in pattern.finditer(text):
            name = match["month"].casefold()
            try:
                day = datetime(int(match["year"]), _months().get(name) or int(name), int(match["day"]))
            except ValueError:
                continue
            clock, half = (match["then"], match["half"]) if match["then"] else (match["first"], match["first_half"])
            hour, minute = map(int, re.split("[:.hH]", clock)) if clock else (0, 0)
            if half and hour <= 12:
                hour = hour % 12 + (12 if half[0] in "pP" else 0)
            if hour < 24 and minute < 60:
                day = day.replace(hour=hour, minute=minute)
            return day, match.start(), match.end()
    return None
