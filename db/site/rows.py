"""Which incidents a filter asks for, and how many of each value they have, from columns of codes in memory.

A table page asks SQLite once for its rows, once for their number and once for each facet; each time a common word's hundreds of
thousands of rows are looked up again. Here they are found once, as row numbers, and counted from a byte or two of each row.

It rests on what `db.tables.arrange` does when a release is built: incidents are numbered 1 to n in the order in which the table
shows them, the latest first. Days are then ranges of row numbers, and a page is a piece of the list of those found.
"""

from __future__ import annotations

import operator
import re
import sqlite3
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from itertools import count, pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from db.tables import ARRANGED

Numbers = npt.NDArray[np.int64]
"""Row numbers, ascending."""

COLUMNS = ("type", "department", "district", "year", "ubigeo", "country", "month")
"""What is counted by; `month` is that of the date, where it has one."""

_READ = ("date", *COLUMNS[:-1])
_POINTS = """SELECT latitude, longitude, group_concat(rowid) FROM incidents WHERE coordinates_of = 'place'
    AND latitude IS NOT NULL AND longitude IS NOT NULL GROUP BY latitude, longitude ORDER BY latitude, longitude"""
_PIECE = 50_000  # rows that are read at a time, so that other visitors have their turn
_NOTHING, _NEXT = "\x1e", "\x1f"  # what stands for no value, and between two values, while they are read

# The conditions that Datasette's filters and search make, each in the form that it gives them.
_FILTER = r"\"(?P<{0}column>\w+)\" (?:(?P<{0}operator>=|>=|<=|>|<|like) :(?P<{0}value>p\d+)|(?P<{0}null>is (?:not )?null))"
_IN = r"(?P<{0}among>\w+) in \((?P<{0}values>:p\d+(?:, :p\d+)*)\)"
_SEARCH = (
    r"rowid in \((?P<{0}search>select rowid from \[?incidents_fts\]? where \[?\w+\]? match"
    r" (?:escape_fts\(:search(?:_\d+)?\)|:search(?:_\d+)?))\)"
)
_CONDITION = re.compile("|".join(form.format("") for form in (_FILTER, _IN, _SEARCH)))
_COMPARISONS = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt}
_PREFIX = re.compile(r"(\d{4}(?:-\d{2}){0,2})%")


class UnknownConditionError(Exception):
    """A condition that only SQLite can judge."""


def _coded(name: str, texts: list[str], codes: npt.NDArray[Any]) -> tuple[list[Any], npt.NDArray[Any]]:
    """Values as they were stored and in order, nothing first, and the place of each row's among them."""
    convert: Callable[[str], Any] = int if name == "year" else str
    values = [None if text == _NOTHING else convert(text) for text in texts]
    order = sorted(range(len(values)), key=lambda one: (values[one] is not None, values[one]))
    place = np.empty(len(values), np.uint16 if len(values) < 2**16 else np.uint32)
    place[order] = np.arange(len(values))
    return [values[one] for one in order], place[codes]


def _months(dates: list[Any], places: npt.NDArray[Any]) -> tuple[list[Any], npt.NDArray[Any]]:
    months = [date[:7] if date and len(date) >= 7 else None for date in dates]
    distinct = sorted(set(months), key=lambda month: (month is not None, month))
    return distinct, np.array([distinct.index(month) for month in months], np.uint16)[places]


class Rows:
    """The incidents of one release."""

    def __init__(self, size: int, codes: Mapping[str, tuple[list[Any], npt.NDArray[Any]]]) -> None:
        """`codes` are the distinct values of each column and of the date, in order, and for each of the rows the place of its
        value among them. Raises `ValueError` where the dates are not in the order of the table."""
        self.count = size
        dates, places = codes["date"]
        at = [] if not size else [0, *(np.flatnonzero(np.diff(places)) + 1).tolist()]
        days = [dates[places[row]] for row in at]
        self._dated = size
        if days and days[-1] is None:
            self._dated = at[-1]
            days, at = days[:-1], at[:-1]
        if None in days or any(earlier <= later for earlier, later in pairwise(days)):
            raise ValueError("the incidents are not in the order of their table")
        self._ascending = days[::-1]
        self._begins = at  # how many rows are before each day, the latest first
        self._columns = {name: codes[name] for name in COLUMNS if name in codes}
        self._columns["month"] = _months(dates, places)
        self._points: list[tuple[float, float]] = []  # latitude and longitude of known places
        self._point = np.full(size, -1, np.int32)  # that of each row, -1 for none

    @classmethod
    def read(cls, conn: sqlite3.Connection) -> Rows | None:
        """All incidents of a public database; None where its rows are not arranged, which those of an earlier version's are
        not."""
        if conn.execute("PRAGMA user_version").fetchone()[0] != ARRANGED:
            return None
        least, most, size = conn.execute("SELECT min(rowid), max(rowid), count(*) FROM incidents").fetchone()
        if size and (least, most) != (1, size):
            return None
        # One text for each column and piece: a third of the time of a row each.
        columns = ", ".join(f"group_concat(coalesce({name}, char(30)), char(31))" for name in _READ)
        asked = f"SELECT {columns} FROM (SELECT * FROM incidents WHERE rowid BETWEEN ? AND ? ORDER BY rowid)"
        seen: dict[str, defaultdict[str, int]] = {name: defaultdict(count(0).__next__) for name in _READ}
        pieces: dict[str, list[npt.NDArray[Any]]] = {name: [np.empty(0, np.int32)] for name in _READ}
        for begin in range(0, size, _PIECE):
            end = min(begin + _PIECE, size)
            for name, text in zip(_READ, conn.execute(asked, [begin + 1, end]).fetchone(), strict=True):
                values = text.split(_NEXT)
                if len(values) != end - begin:
                    return None
                pieces[name].append(np.fromiter(map(seen[name].__getitem__, values), np.int32, len(values)))
        try:
            rows = cls(size, {name: _coded(name, list(seen[name]), np.concatenate(pieces[name])) for name in _READ})
        except ValueError:
            return None
        cursor = conn.cursor()
        cursor.row_factory = None
        for latitude, longitude, numbers in cursor.execute(_POINTS):
            rows._point[np.fromstring(numbers, np.int64, sep=",") - 1] = len(rows._points)
            rows._points.append((latitude, longitude))
        return rows

    def select(self, conn: sqlite3.Connection, where: str, parameters: Mapping[str, Any]) -> Numbers:
        """The incidents for which a condition in SQL holds, "" for all: judged here where Datasette's filters made it, by
        SQLite where somebody else did."""
        try:
            conditions = split(where)
            found: list[Numbers] = []
            begin, end = 0, self.count
            kept: npt.NDArray[np.bool_] | None = None
            for match in conditions:
                if match["search"]:
                    found.append(_numbers(conn, match["search"], parameters))
                elif match["column"] == "date":
                    low, high = self._days_between(match, parameters)
                    begin, end = max(begin, low), min(end, high)
                else:
                    mask = self._having(match, parameters)
                    kept = mask if kept is None else kept & mask
        except UnknownConditionError:
            return _numbers(conn, f"SELECT rowid FROM incidents WHERE {where}", parameters)
        if not found:
            if kept is None:
                return np.arange(begin + 1, max(begin, end) + 1, dtype=np.int64)
            return np.flatnonzero(kept[begin:end]).astype(np.int64) + begin + 1
        numbers = found[0]
        for others in found[1:]:
            numbers = np.intersect1d(numbers, others, assume_unique=True)
        numbers = numbers[np.searchsorted(numbers, begin + 1) : np.searchsorted(numbers, end, side="right")]
        return numbers if kept is None else numbers[kept[numbers - 1]]

    def tally(self, numbers: Numbers | None, *columns: str) -> list[tuple[Any, ...]]:
        """How often each combination of values of columns is among these incidents (None: among all), in their order: the
        values, and the number."""
        sizes = [len(self._columns[name][0]) for name in columns]
        codes = np.zeros(self.count if numbers is None else len(numbers), np.int64)
        for name, size in zip(columns, sizes, strict=True):
            column = self._columns[name][1]
            codes = codes * size + (column if numbers is None else column[numbers - 1])
        if int(np.prod(sizes)) <= 1_000_000:
            counts = np.bincount(codes, minlength=1)
            present = np.flatnonzero(counts)
            counts = counts[present]
        else:
            present, counts = np.unique(codes, return_counts=True)
        rows = []
        for code, many in zip(present.tolist(), counts.tolist(), strict=True):
            values: list[Any] = []
            for name, size in zip(reversed(columns), reversed(sizes), strict=True):
                code, at = divmod(code, size)
                values.append(self._columns[name][0][at])
            rows.append((*reversed(values), many))
        return rows

    def most(self, numbers: Numbers | None, column: str, limit: int) -> list[tuple[Any, int]]:
        """The most frequent values of a column among these incidents, the smaller value first where two are as frequent, as
        Datasette's facets have them."""
        rows = [(value, count) for value, count in self.tally(numbers, column) if value is not None]
        return sorted(rows, key=lambda row: -row[1])[:limit]  # the sort is stable, and values come in order

    def points(self, numbers: Numbers | None) -> list[tuple[float, float, int, int]]:
        """The known places of these incidents (None: of all): latitude, longitude, how many are there and the number of the
        first, which is the latest; by latitude and longitude."""
        at = self._point if numbers is None else self._point[numbers - 1]
        here = np.flatnonzero(at >= 0)
        codes, firsts, counts = np.unique(at[here], return_index=True, return_counts=True)
        latest = here[firsts] + 1 if numbers is None else numbers[here[firsts]]
        found = zip(codes.tolist(), counts.tolist(), latest.tolist(), strict=True)
        return [(*self._points[code], many, first) for code, many, first in found]

    def latest_at(self, numbers: Numbers | None, points: Iterable[tuple[float, float]], most: int) -> list[int]:
        """The numbers of the latest of these incidents (None: of all) at each of some known places, `most` at each."""
        asked = np.array([bisect_left(self._points, point) for point in points], np.int64)
        at = self._point if numbers is None else self._point[numbers - 1]
        here = np.flatnonzero(np.isin(at, asked))
        if not len(here):
            return []
        here = here[np.argsort(at[here], kind="stable")]
        codes = at[here]
        begins = np.flatnonzero(np.r_[True, codes[1:] != codes[:-1]])
        rank = np.arange(len(codes)) - np.repeat(begins, np.diff(np.r_[begins, len(codes)]))
        chosen = here[rank < most]
        return sorted((chosen + 1 if numbers is None else numbers[chosen]).tolist())

    def _having(self, match: re.Match[str], parameters: Mapping[str, Any]) -> npt.NDArray[np.bool_]:
        name = match["column"] or match["among"]
        if name not in self._columns or name == "month":
            raise UnknownConditionError
        values, codes = self._columns[name]
        if match["null"]:
            fits = [(value is None) == ("not" not in match["null"]) for value in values]
        elif match["among"]:
            fits = self._among(values, [parameters[value[1:]] for value in match["values"].split(", ")])
        elif match["operator"] == "=":
            fits = self._among(values, [parameters[match["value"]]])
        elif (compare := _COMPARISONS.get(match["operator"])) is None:
            raise UnknownConditionError
        else:
            asked = parameters[match["value"]]
            if name != "year":
                asked = str(asked)
            elif not isinstance(asked, int):
                raise UnknownConditionError
            fits = [value is not None and compare(value, asked) for value in values]
        return np.array(fits, np.bool_)[codes] if values else np.zeros(0, np.bool_)

    @staticmethod
    def _among(values: list[Any], asked: list[Any]) -> list[bool]:
        wanted = {str(one) for one in asked}
        fits = [value is not None and str(value) in wanted for value in values]
        # A value that no row has as it is written might be one that SQLite takes for another's, such as 2025.0.
        if sum(fits) != len(wanted):
            raise UnknownConditionError
        return fits

    def _days_between(self, match: re.Match[str], parameters: Mapping[str, Any]) -> tuple[int, int]:
        """The rows, as how many come before the first and before the next after the last."""
        if match["null"]:
            return (0, self._dated) if "not" in match["null"] else (self._dated, self.count)
        value = str(parameters[match["value"]])
        asked = match["operator"]
        if asked == "like":
            prefix = _PREFIX.fullmatch(value)
            if prefix is None:
                raise UnknownConditionError
            return self._from(prefix[1] + ":", left=True), self._from(prefix[1], left=True)  # ":" comes after digits and "-"
        if asked == "=":
            return self._from(value, left=False), self._from(value, left=True)
        if asked in (">=", ">"):
            return 0, self._from(value, left=asked == ">=")
        return self._from(value, left=asked == "<"), self._dated

    def _from(self, day: str, *, left: bool) -> int:
        """How many rows have this day or a later one; a later one, where not `left`."""
        later = len(self._ascending) - (bisect_left if left else bisect_right)(self._ascending, day)
        return self._begins[later] if later < len(self._begins) else self._dated


def split(where: str) -> list[re.Match[str]]:
    """The conditions of a WHERE clause that Datasette's filters made; raises `UnknownConditionError` for any other."""
    found = []
    at = 0
    while at < len(where):
        match = _CONDITION.match(where, at)
        if match is None:
            raise UnknownConditionError
        found.append(match)
        at = match.end()
        if at < len(where):
            if not where.startswith(" and ", at) or at + 5 == len(where):
                raise UnknownConditionError
            at += 5
    return found


def _numbers(conn: sqlite3.Connection, sql: str, parameters: Mapping[str, Any]) -> Numbers:
    cursor = conn.cursor()
    cursor.row_factory = None
    # One text instead of a row each: a quarter of the time, and no other thread waits for the interpreter meanwhile.
    (text,) = cursor.execute(f"SELECT group_concat(rowid) FROM ({sql})", parameters).fetchone()
    return np.sort(np.fromstring(text, np.int64, sep=",")) if text else np.empty(0, np.int64)
