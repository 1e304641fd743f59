"""Whether a newspaper still gives what it used to give: it is compared with its own past runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from db.archive import Archive

PAST = timedelta(weeks=8)
"""How far back a newspaper's own habit is looked for."""
LEAST_ARTICLES = 8
"""Articles, or pages read, from which on a share is believed."""
LEAST_DAYS = 3
"""Days with new articles from which on a habit is believed."""
SILENT_AFTER = timedelta(days=2)
"""No newspaper is called silent earlier."""
SILENCE = 3.0
"""Times its longest pause of the past weeks that a newspaper may rest before it is called silent."""
RUNS_DOWN = 3
"""Runs in a row in which no listing could be read."""
LOST = 0.5
"""Share of pages without date, without text or behind a wall from which on they are lost …"""
USUAL = 0.2
"""… where it used to be at most this."""


def newspaper_alarms(archive: Archive, source: str, at: datetime | None = None) -> list[str]:
    """What is wrong with a newspaper, in a few words each; empty where all is as it used to be, or too little is known.

    `at`: the instant to judge from, now by default.
    """
    at = at or datetime.now(UTC)
    runs = archive.yields(source)
    return [
        *_down(runs),
        *(_silent([seen for seen in archive.appearances(source, at - PAST) if seen <= at], at) if runs else ()),
        *_nothing_listed(runs),
        *_lost(runs, "without_date", "new", "articles without a date"),
        *_lost(runs, "without_text", None, "pages without a text"),
        *_lost(runs, "walls", None, "pages that ask to log in or pay"),
    ]


def _down(runs: Sequence[Mapping[str, Any]]) -> list[str]:
    last = runs[:RUNS_DOWN]
    if len(last) == RUNS_DOWN and all(run["listings"] and run["listings_failed"] == run["listings"] for run in last):
        return [f"none of its feeds, sitemaps and sections could be read in the last {RUNS_DOWN} runs"]
    return []


def _silent(appearances: Sequence[datetime], at: datetime) -> list[str]:
    if len(appearances) < LEAST_ARTICLES or len({instant.date() for instant in appearances}) < LEAST_DAYS:
        return []
    pauses = [later - earlier for later, earlier in pairwise(appearances)]
    allowed = max(SILENT_AFTER, SILENCE * max(pauses))
    pause = at - appearances[0]
    if pause <= allowed:
        return []
    return [f"silent: no new article for {pause.days} days, where {max(pauses).days} days were the most in the weeks before"]


def _nothing_listed(runs: Sequence[Mapping[str, Any]]) -> list[str]:
    """Listings that answer well and name nothing, where they used to name articles."""
    if not runs:
        return []
    last, before = runs[0], runs[1:]
    read = last["listings"] - last["listings_unchanged"] - last["listings_failed"]
    if (
        last["ending"] == "finished"
        and read
        and read == last["listings"]
        and not last["found"]
        and any(r["found"] for r in before)
    ):
        return ["silent: its feeds, sitemaps and sections name no article any more"]
    return []


def _lost(runs: Sequence[Mapping[str, Any]], column: str, of: str | None, what: str) -> list[str]:
    """Whether a share of the latest pages is bad that used to be good."""

    def pages(run: Mapping[str, Any]) -> int:
        return int(run[of] if of else run["new"] + run["changed"] + run["unchanged"] + run["without_text"] + run["walls"])

    bad = total = taken = 0
    for run in runs:
        if total >= LEAST_ARTICLES:
            break
        bad, total, taken = bad + run[column], total + pages(run), taken + 1
    past_total = sum(pages(run) for run in runs[taken:])
    past_bad = sum(run[column] for run in runs[taken:])
    if total < LEAST_ARTICLES or past_total < LEAST_ARTICLES or bad < LOST * total or past_bad > USUAL * past_total:
        return []
    return [f"{what}: {bad} of the last {total}, where it was {past_bad} of {past_total} before"]
