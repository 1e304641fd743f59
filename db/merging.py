"""One incident's fields from its reports, each with the report that it came from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

LEVELS = (
    *("street", "facility", "neighbourhood", "populated_place", "district", "province", "department", "country"),
    "none",
)
"""From the finest to none."""
_ADMIN = ("district", "province", "department", "country", "ubigeo", "latitude", "longitude")
_PRECISIONS = ("day", "month", "year", "none")


def merge(reports: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One incident's fields from its reports, in the order in which they were published.

    Type and completion are what most reports say; the place is that of the report that knows it best, its gaps filled by the
    others; the date is the narrowest, of the reports of the crime itself where there are any; the confidence is the highest.
    There is no part of the day where reports disagree. `type_from`, `place_from` and `date_from` are the `public` identifiers
    of the reports that they came from.
    """
    crimes = [report for report in reports if report["event"] == "crime"] or list(reports)
    kind = _voted(crimes, "type")
    merged = dict(kind)
    merged["status"] = _voted([report for report in crimes if report["type"] == kind["type"]], "status")["status"]
    merged["type_from"] = kind["public"]
    _merge_place(merged, reports)
    dated = [report for report in crimes if report["date"]] or [report for report in reports if report["date"]]
    if dated:
        best = min(dated, key=_width)
        narrowest = [report for report in dated if _width(report) == _width(best)]
        best = _voted(narrowest, "date")
        merged |= {name: best[name] for name in ("date", "date_end", "precision")} | {"date_from": best["public"]}
    else:
        merged |= {"date": None, "date_end": None, "precision": "none", "date_from": None}
    merged["confidence"] = max(report["confidence"] for report in reports)
    parts = {report["part_of_day"] for report in crimes} - {None}
    merged["part_of_day"] = parts.pop() if len(parts) == 1 else None
    for harm in ("killed", "injured"):
        merged |= _harmed(harm, [report[harm] for report in reports if report.get(harm) is not None])
    return merged


def _voted(reports: Sequence[Mapping[str, Any]], field: str) -> Mapping[str, Any]:
    """The report with the value that most have; of several the surest, then the first."""
    votes = Counter(report[field] for report in reports)
    return max(reports, key=lambda report: (votes[report[field]], report["confidence"]))


def _merge_place(merged: dict[str, Any], reports: Sequence[Mapping[str, Any]]) -> None:
    ranked = sorted(reports, key=lambda report: (LEVELS.index(report["level"]), -report["confidence"]))
    best = ranked[0]
    merged |= {name: best[name] for name in (*_ADMIN, "street", "place_text", "level")}
    merged["near"] = best.get("near", False)
    merged["place_from"] = best["public"] if best["level"] != "none" else None
    for report in ranked[1:]:
        for name in ("street", "place_text"):
            if merged[name] is None and report[name] is not None:
                merged[name] = report[name]
        if not _within(merged, report):
            continue
        if merged["district"] is None and report["district"]:
            merged |= {name: report[name] for name in _ADMIN}
        elif merged["latitude"] is None and report["latitude"] is not None and merged["ubigeo"] == report["ubigeo"]:
            merged |= {name: report[name] for name in ("latitude", "longitude")}


def _within(merged: Mapping[str, Any], report: Mapping[str, Any]) -> bool:
    """Whether what is known of the wider place of both agrees."""
    return all(
        not merged[name] or not report[name] or merged[name] == report[name] for name in ("province", "department", "country")
    )


def _width(report: Mapping[str, Any]) -> tuple[int, int]:
    spread = report["date_end"] is not None and report["date_end"] != report["date"]
    return _PRECISIONS.index(report["precision"]), int(spread)


def _harmed(harm: str, counts: Sequence[int]) -> dict[str, int | None]:
    """Lowest, best and highest count: the best is what most reports say, of several the latest."""
    if not counts:
        return dict.fromkeys((f"{harm}_low", f"{harm}_best", f"{harm}_high"))
    votes = Counter(counts)
    most = max(votes.values())
    best = next(count for count in reversed(counts) if votes[count] == most)
    return {f"{harm}_low": min(counts), f"{harm}_best": best, f"{harm}_high": max(counts)}
