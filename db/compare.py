"""Whether two incident reports tell the same incident: weights of agreement, and vetoes by contradiction.

After I. P. Fellegi and A. B. Sunter, "A Theory for Record Linkage", JASA 64 (1969). The weights are in `linking.toml`.
"""

from __future__ import annotations

import calendar
import re
import tomllib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from db.particulars import fold, harm_of, likeness, particulars, signature, tells_aftermath
from db.privacy import without_house_number

PATH = Path(__file__).with_name("linking.toml")
FOLLOW_UPS = ("police_action", "judicial")
_NO_DISTRICT = "00"
_PROVINCES = 21
"""Numbers of provinces that a department's codes have at most (Áncash: 20), and 00 for none."""


@cache
def rules() -> dict[str, Any]:
    """The content of `linking.toml`."""
    return tomllib.loads(PATH.read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Features:
    """What a report is compared by. `data` is kept as JSON; the other fields have columns of their own."""

    source: str
    article: int
    family: str
    event: str
    district: str | None
    """Key of the district: UBIGEO, or the folded names abroad."""
    province: str | None
    first: str | None
    """First and last day on which it may have happened, ISO; None where nothing says so."""
    last: str | None
    data: Mapping[str, Any]
    signature: bytes


def features(report: Mapping[str, Any], headline: str, text: str) -> Features:
    """What to compare a report by.

    `report` has the columns of the archive's table of reports, and `source`, `article` and `published` of its article;
    `text` is what tells of the incident.
    """
    district, province = place_keys(report)
    first, last = days(report)
    data: dict[str, Any] = {"type": report["type"], "status": report["status"]}
    data["precision"] = report["precision"] if report["date"] else "none"
    if report["part_of_day"]:
        data["part"] = report["part_of_day"]
    streets = rules()["places"]["streets"]
    if street := _names(without_house_number(report["street"]), streets):
        data["street"] = street
    if place := _names(report["place_text"], [*rules()["places"]["areas"], *streets]):
        known = set(fold(" ".join(filter(None, (report["district"], report["province"])))).split())
        if not set(place) <= known:
            data["place"] = place
            data["area"] = fold(report["place_text"]).replace(".", " ").split()[0] in rules()["places"]["areas"]
    return Features(
        source=report["source"],
        article=report["article"],
        family=rules()["family"].get(report["type"], "other"),
        event="follow_up" if report["event"] in FOLLOW_UPS or _late(report, headline, last) else "crime",
        district=district,
        province=province,
        first=first,
        last=last,
        data=data | harm_of(report["type"], headline, particulars(headline, text)),
        signature=signature(text),
    )


def _late(report: Mapping[str, Any], headline: str, last: str | None) -> bool:
    """Whether an article tells days after a dated crime who was arrested for it."""
    if not (report["date"] and last and report["published"] and tells_aftermath(headline)):
        return False
    waited = date.fromisoformat(report["published"][:10]) - date.fromisoformat(last)
    return waited.days >= int(rules()["aftermath_days"])


def provinces(province: str) -> list[str]:
    """A province's key, and those of places in which it may lie or which may lie in it: for a department all its provinces."""
    if len(province) != 4 or not province.isdigit():
        return [province]
    department = province[:2]
    return (
        [f"{department}{number:02}" for number in range(_PROVINCES)]
        if province.endswith("00")
        else [province, f"{department}00"]
    )


def place_keys(report: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Keys of a report's district and province: of its UBIGEO where it has one, else of the names; None where unknown.

    Of a department alone the province's key is its code with 00.
    """
    code = report["ubigeo"] or ""
    if len(code) == 6 and not code.startswith(_NO_DISTRICT):
        district = code if not code.endswith("00") else None
        return district, code[:4]
    country, department, province_name, name = (
        fold(report[column] or "") for column in ("country", "department", "province", "district")
    )
    district = f"{country}/{department}/{name}" if name else None
    wider = f"{country}/{department}/{province_name}" if province_name else district
    return district, wider


def is_near(place: str | None, sentence: str | None) -> bool:
    """Whether a sentence says that something happened near a named place and not in it."""
    if not place or not sentence:
        return False
    before, found, _ = fold(sentence).partition(fold(place))
    words = before.rstrip()
    for article in (" la", " el", " los", " las"):
        words = words.removesuffix(article)
    return bool(found) and any(f" {words}".endswith(f" {fold(near)}") for near in rules()["places"]["near"])


def days(report: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """First and last day on which a report's incident may have happened: as dated, or the week before its publication."""
    text, end = report["date"], report["date_end"]
    if not text:
        published = (report["published"] or "")[:10]
        if not published:
            return None, None
        earliest = date.fromisoformat(published) - timedelta(days=rules()["undated_days"])
        return earliest.isoformat(), published
    if len(text) == 4:
        return f"{text}-01-01", f"{text}-12-31"
    if len(text) == 7:
        year, month = int(text[:4]), int(text[5:])
        return f"{text}-01", f"{text}-{calendar.monthrange(year, month)[1]:02}"
    return text, end if end and len(end) == 10 and end >= text else text


def compare(one: Features, other: Features) -> float | None:
    """How much two reports agree, in logarithms of odds over the threshold: 0 or more joins them. None: a contradiction."""
    if not _same_area(one, other) or (one.family != other.family and not _allied(one, other)):
        return None
    table = rules()
    weight = table["weight"]
    copied = likeness(one.signature, other.signature) >= table["copy"] and _same_facts(one, other)
    score = table["prior"].get(one.family, table["prior"]["other"]) - table["threshold"]
    if one.province != other.province:
        score += weight["coarser_province"]
    follow_up = "follow_up" in (one.event, other.event) and one.family in table["followed_up"]
    timed = _when(one, other, follow_up=follow_up)
    if timed is None:
        return None
    score += timed
    mine, yours = one.data, other.data
    place = _where(mine, yours)
    if place is None and not copied:
        return None
    score += place or 0.0
    if one.district and other.district and one.district != other.district:
        # One of the two newspapers, or the reading of it, is wrong about the district: only the same finer place says so.
        if not copied and (place is None or place < weight["place_mentioned"]):
            if not (_is_capital(one.district) or _is_capital(other.district)):
                return None
            score += weight["capital_district"]
        else:
            score += weight["other_district"]
    if not follow_up and not copied and "killed" in mine and "killed" in yours and mine["killed"] != yours["killed"]:
        return None
    ages = _sets(mine, yours, "ages")
    if ages is not None:
        if not ages and len(mine["ages"]) == len(yours["ages"]) == 1 and not copied and not follow_up:
            return None
        other_age = weight["other_age_follow_up" if follow_up else "other_age"]
        score += weight["same_age"] * min(ages, 2) if ages else other_age
    amounts = _sets(mine, yours, "amounts")
    if amounts is not None:
        score += weight["same_amount"] if amounts else weight["other_amount"]
    for kind in ("weapon", "vehicle", "role", "premises", "loot"):
        common = _sets(mine, yours, kind)
        if common is not None:
            score += weight[f"same_{kind}"] if common else weight[f"other_{kind}"]
    if "injured" in mine and "injured" in yours and mine["injured"] != yours["injured"]:
        score += weight["other_injured"]
    if "killed" in mine and "killed" in yours and mine["killed"] == yours["killed"]:
        score += weight["same_killed"]
    if "attackers" in mine and "attackers" in yours:
        score += weight["same_attackers" if mine["attackers"] == yours["attackers"] else "other_attackers"]
    if one.family != other.family:
        score += weight["other_family"]
    else:
        score += weight["same_type" if mine["type"] == yours["type"] else "other_type"]
    if mine["status"] != yours["status"] and not follow_up:
        score += weight["other_status"]
    score += _words(mine, yours)
    if copied:
        score += weight["copy"]
    elif one.source == other.source:
        score -= table["margin_same_newspaper"]
    return score


def families(family: str) -> list[str]:
    """The families among which a report of this one is compared: its own first."""
    return [family, *rules()["allied"].get(family, ())]


def _allied(one: Features, other: Features) -> bool:
    """Whether reports of two families may tell one crime: in the same district, on the same known day."""
    precise = one.data["precision"] == other.data["precision"] == "day"
    same = one.district is not None and one.district == other.district and precise and one.first == other.first
    return same and one.event == other.event == "crime" and other.family in families(one.family)


def _same_facts(one: Features, other: Features) -> bool:
    """Whether nothing that a copy keeps differs: a newspaper's own phrases make its stories of two crimes alike."""
    for kind in ("ages", "amounts"):
        if _sets(one.data, other.data, kind) == 0:
            return False
    return bool(one.first and one.last and other.first and other.last and one.first <= other.last and other.first <= one.last)


def _same_area(one: Features, other: Features) -> bool:
    return one.province is not None and other.province is not None and other.province in provinces(one.province)


def _is_capital(district: str) -> bool:
    """Whether a district's key is of the capital of a Peruvian province: its UBIGEO ends in 01."""
    return len(district) == 6 and district.isdigit() and district.endswith("01")


def _when(one: Features, other: Features, *, follow_up: bool) -> float | None:
    table = rules()
    weight = table["weight"]
    if not (one.first and one.last and other.first and other.last):
        return None
    score = 0.0 if one.district and other.district else weight["coarser_district"]
    precise = one.data["precision"] == other.data["precision"] == "day"
    if one.first <= other.last and other.first <= one.last:
        if not precise:
            undated = "none" in (one.data["precision"], other.data["precision"])
            return score + weight["undated" if undated else "wide_date"]
        score += weight["same_day"]
        return score + _parts(one.data, other.data)
    earlier, after = (one, other) if one.last < other.first else (other, one)
    if follow_up:
        latest = date.fromisoformat(str(earlier.last)) + timedelta(days=table["follow_up_days"])
        known = after.event == "follow_up" and str(after.first) <= latest.isoformat()
        return score - table["margin_follow_up"] if known else None
    next_day = (date.fromisoformat(str(earlier.last)) + timedelta(days=1)).isoformat()
    if not precise or next_day != after.first:
        return None
    if earlier.data.get("part") == "noche" and after.data.get("part") == "madrugada":
        return score + weight["same_day"] / 2
    both = "part" in earlier.data and "part" in after.data
    return score + weight["other_day"] - table["margin_other_day"] + (weight["other_part"] if both else 0.0)


def _parts(mine: Mapping[str, Any], yours: Mapping[str, Any]) -> float:
    if "part" not in mine or "part" not in yours:
        return 0.0
    weight = rules()["weight"]
    if mine["part"] == yours["part"]:
        return float(weight["same_part"])
    near = {frozenset(("noche", "madrugada")), frozenset(("tarde", "noche")), frozenset(("madrugada", "mañana"))}
    return float(weight["other_part"] / 3 if frozenset((mine["part"], yours["part"])) in near else weight["other_part"])


def _where(mine: Mapping[str, Any], yours: Mapping[str, Any]) -> float | None:
    """Agreement of street and place; None where two streets or two areas contradict each other."""
    weight = rules()["weight"]
    score = 0.0
    for field, same in (("street", "same_street"), ("place", "same_place")):
        left, right = mine.get(field), yours.get(field)
        if left and right:
            if set(left) & set(right):
                score += weight[same]
            elif _mentioned(left, yours) or _mentioned(right, mine):
                score += weight["place_mentioned"] / 2
            elif field == "street" or (mine["area"] and yours["area"]):
                return None
            else:
                score += weight["other_kind_of_place" if mine["area"] != yours["area"] else "other_place"]
        elif (left and _mentioned(left, yours)) or (right and _mentioned(right, mine)):
            score += weight["place_mentioned"]
        elif left or right:
            score += weight["finer_unknown"]
    return float(score)


def _mentioned(name: list[str], text: Mapping[str, Any]) -> bool:
    """Whether a text holds all the longer words of a name."""
    stems = [zlib.crc32(word[:6].encode()) for word in name if len(word) >= 5]
    return bool(stems) and set(stems) <= set(text.get("words", ()))


def _sets(mine: Mapping[str, Any], yours: Mapping[str, Any], kind: str) -> int | None:
    """How many values two reports share; None where one of them has none."""
    if kind not in mine or kind not in yours:
        return None
    return len(set(mine[kind]) & set(yours[kind]))


def _words(mine: Mapping[str, Any], yours: Mapping[str, Any]) -> float:
    left, right = set(mine.get("words", ())), set(yours.get("words", ()))
    if min(len(left), len(right)) < 8:
        return 0.0
    weight = rules()["weight"]
    cosine = len(left & right) / (len(left) * len(right)) ** 0.5
    score = weight["words"] * (cosine - weight["words_expected"])
    return float(max(weight["words_least"], min(weight["words_most"], score)))


def _names(text: str | None, kinds: list[str]) -> list[str]:
    """The words of a place's name without those that say what kind of place it is."""
    drop = {*kinds, *rules()["places"]["links"]}
    words = re.findall(r"[a-z0-9ñ]+", fold(text or "").replace("a.h.", " ").replace("aa.hh.", " "))
    kept = {word for word in words if word not in drop}
    return sorted({word for word in kept if not word.isdigit()} or kept)
