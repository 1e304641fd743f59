"""When an address is visited again: the decaying revisits of a published article, and the back-off after a failure."""

from __future__ import annotations

from datetime import datetime, timedelta

REVISITS = (timedelta(hours=1), timedelta(days=1), timedelta(weeks=1))
"""After publication: most edits and removals come early."""

RETRY_FIRST = timedelta(minutes=30)
RETRY_LONGEST = timedelta(days=1)
RETRIES = 12
"""Thirty minutes, doubled up to a day: the last of twelve retries comes about a week after the first failure."""

SKIPPED_AGAIN = {
    "robots": timedelta(days=1),
    "offsite-redirect": timedelta(weeks=1),
    "private-address": timedelta(weeks=1),
    "limit": timedelta(0),
    "another-text": timedelta(weeks=1),
}
"""Skipped for a reason that may pass: when to ask again. A page that was read and skipped for
another reason is asked for again only when a modification is stated; an address that was never asked for (left out by the
newspaper's patterns, which the operator may change) as soon as it is offered again."""


def next_revisit(published: datetime | None, discovered: datetime, fetched: datetime) -> datetime | None:
    """The first revisit that lies after the fetch, or None where the schedule is over.

    Counts from the publication, or from the discovery where that is unknown or was stated as later.
    """
    start = min(published, discovered) if published else discovered
    return next((start + after for after in REVISITS if start + after > fetched), None)


def next_retry(attempts: int, failed: datetime) -> datetime | None:
    """When to try again after so many failures in a row, or None where it is given up."""
    if attempts > RETRIES:
        return None
    return failed + min(RETRY_FIRST * 2 ** min(attempts - 1, 10), RETRY_LONGEST)


def next_after_skip(reason: str | None, skipped: datetime) -> datetime | None:
    """When an address that was skipped may come back, or None."""
    wait = SKIPPED_AGAIN.get(reason or "")
    return None if wait is None else skipped + wait
