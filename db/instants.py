"""Instants as the databases hold them: ISO 8601 with an offset."""

from __future__ import annotations

from datetime import UTC, datetime


def utc(value: datetime | str | None) -> str | None:
    """An instant as text in UTC to the second, so that text order is time order; None stays None.

    Raises `ValueError` where the instant carries no time zone.
    """
    aware = parse(value)
    return None if aware is None else aware.astimezone(UTC).isoformat(timespec="seconds")


def local(value: datetime | str | None) -> str | None:
    """An instant as text in the zone that it came in, so that its calendar day stays the newspaper's; None stays None.

    Raises `ValueError` where the instant carries no time zone.
    """
    aware = parse(value)
    return None if aware is None else aware.isoformat(timespec="seconds")


def parse(value: datetime | str | None) -> datetime | None:
    """A time-zone aware instant from itself or its ISO text; None stays None.

    Raises `ValueError` where the text is no instant or carries no time zone.
    """
    if value is None:
        return None
    instant = datetime.fromisoformat(value) if isinstance(value, str) else value
    if instant.tzinfo is None:
        raise ValueError(f"the instant {instant.isoformat()} has no time zone")
    return instant


def now() -> datetime:
    """The present instant, in UTC."""
    return datetime.now(UTC)
