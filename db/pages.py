"""Rows of a damaged SQLite file, read page by page, past what cannot be read.

After the file format that SQLite documents and keeps (https://sqlite.org/fileformat2.html). The `.recover` of SQLite's shell
does the same, but Debian builds its `sqlite3` (3.40.1) without, and Python has no such thing.
A page of which one cell makes no sense is passed over as a whole: a row that is lost is better than one that nobody wrote.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_TABLE_INTERIOR, _TABLE_LEAF, _INDEX_INTERIOR, _INDEX_LEAF = 0x05, 0x0D, 0x02, 0x0A
_INTEGERS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
DEEPEST = 20
"""Levels of a tree: more are a circle that damage made."""


class PageDamaged(ValueError):  # noqa: N818 - the state of a page
    """A page, or a row on it, is not what SQLite writes."""


@dataclass
class Page:
    """What one page of a tree holds."""

    leaf: bool
    table: bool
    """A table with rowids; else an index, or a table without them."""
    children: list[int] = field(default_factory=list)
    rows: list[tuple[int | None, list[Any]]] = field(default_factory=list)
    """Rowid, and values in the order of the record."""
    lost: int = 0
    """Rows whose overflow could not be read."""


class PageFile:
    """A database file, closed and without a log beside it."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        header = self._file.read(100)
        whole = header.startswith(b"SQLite format 3\0")
        size = struct.unpack(">H", header[16:18])[0] if whole else 4096
        self.size = 65_536 if size == 1 else size
        if self.size < 512 or self.size & (self.size - 1):
            self.size = 4096
        self.usable = self.size - (header[20] if whole else 0)
        self.count = path.stat().st_size // self.size
        self._free = struct.unpack(">I", header[32:36])[0] if whole else 0

    def close(self) -> None:
        self._file.close()

    def read(self, number: int) -> bytes:
        """The bytes of a page; pages count from 1. Raises `PageDamaged` where there is none."""
        if not 1 <= number <= self.count:
            raise PageDamaged(f"there is no page {number}")
        self._file.seek((number - 1) * self.size)
        return self._file.read(self.size)

    def kind(self, number: int) -> int:
        """The first byte of a page, which says what it is."""
        return self.read(number)[100 if number == 1 else 0]

    def free(self) -> set[int]:
        """Pages that hold nothing, as far as their list can be read."""
        found: set[int] = set()
        trunk = self._free
        while trunk and trunk not in found:
            try:
                page = self.read(trunk)
            except PageDamaged:
                break
            found.add(trunk)
            following, count = struct.unpack(">II", page[:8])
            count = min(count, self.usable // 4 - 2)
            found |= {leaf for leaf in struct.unpack(f">{count}I", page[8 : 8 + 4 * count]) if leaf <= self.count}
            trunk = following
        return found

    def tree(self, root: int) -> Iterator[tuple[int, Page | None]]:
        """Every page of a tree that can be reached from its root; None where one cannot be read."""
        waiting, seen = [(root, 0)], set()
        while waiting:
            number, depth = waiting.pop()
            if number in seen or depth > DEEPEST:
                continue
            seen.add(number)
            try:
                page = self.page(number)
            except PageDamaged:
                yield number, None
                continue
            waiting += [(child, depth + 1) for child in page.children]
            yield number, page

    def page(self, number: int) -> Page:
        """A page of a tree. Raises `PageDamaged`."""
        data = self.read(number)
        start = 100 if number == 1 else 0
        kind = data[start]
        if kind not in (_TABLE_INTERIOR, _TABLE_LEAF, _INDEX_INTERIOR, _INDEX_LEAF):
            raise PageDamaged(f"page {number} is none of a tree")
        leaf, table = kind in (_TABLE_LEAF, _INDEX_LEAF), kind in (_TABLE_INTERIOR, _TABLE_LEAF)
        cells = struct.unpack(">H", data[start + 3 : start + 5])[0]
        first = start + (8 if leaf else 12)
        if first + 2 * cells > self.usable:
            raise PageDamaged(f"page {number} has too many cells")
        page = Page(leaf, table)
        for offset in struct.unpack(f">{cells}H", data[first : first + 2 * cells]):
            if not first + 2 * cells <= offset < self.usable:
                raise PageDamaged(f"a cell of page {number} lies outside of it")
            self._cell(data, offset, page)
        if not leaf:
            page.children.append(struct.unpack(">I", data[start + 8 : start + 12])[0])
        return page

    def _cell(self, data: bytes, at: int, page: Page) -> None:
        if not page.leaf:
            if at + 4 > self.usable:
                raise PageDamaged("a cell ends outside of its page")
            page.children.append(struct.unpack(">I", data[at : at + 4])[0])
            at += 4
            if page.table:
                return
        length, at = _varint(data, at)
        rowid = None
        if page.table:
            rowid, at = _varint(data, at)
        most = self.usable - 35 if page.table else (self.usable - 12) * 64 // 255 - 23
        local = length
        if length > most:
            least = (self.usable - 12) * 32 // 255 - 23
            local = least + (length - least) % (self.usable - 4)
            local = local if local <= most else least
        if length > self.count * self.size or at + local + (4 if local < length else 0) > self.usable:
            raise PageDamaged("a cell ends outside of its page")
        payload = data[at : at + local]
        try:
            if local < length:
                payload += self._overflow(struct.unpack(">I", data[at + local : at + local + 4])[0], length - local)
            page.rows.append((rowid, record(payload)))
        except PageDamaged:
            if local == length:
                raise
            page.lost += 1  # the page itself may be as it was

    def _overflow(self, number: int, length: int) -> bytes:
        parts = []
        while length > 0:
            page = self.read(number)
            number = struct.unpack(">I", page[:4])[0]
            part = page[4 : min(self.usable, 4 + length)]
            parts.append(part)
            length -= len(part)
        if number:
            raise PageDamaged("an overflow goes on past its end")
        return b"".join(parts)


def record(payload: bytes) -> list[Any]:
    """The values of a record. Raises `PageDamaged`."""
    header, at = _varint(payload, 0)
    if not at <= header <= len(payload):
        raise PageDamaged("a record's header is longer than the record")
    body = header
    values: list[Any] = []
    while at < header:
        kind, at = _varint(payload, at)
        value, body = _value(payload, kind, body)
        values.append(value)
    if at != header or body != len(payload):
        raise PageDamaged("a record is not as long as its header says")
    return values


def _value(payload: bytes, kind: int, at: int) -> tuple[Any, int]:
    if kind == 0:
        return None, at
    if kind in (8, 9):
        return kind - 8, at
    if kind in (10, 11):
        raise PageDamaged("a value of a kind that SQLite does not write")
    length = _INTEGERS.get(kind) or (8 if kind == 7 else (kind - 12) // 2)
    part = payload[at : at + length]
    if len(part) != length:
        raise PageDamaged("a value ends outside of its record")
    if kind < 7:
        return int.from_bytes(part, "big", signed=True), at + length
    if kind == 7:
        return struct.unpack(">d", part)[0], at + length
    if kind % 2 == 0:
        return part, at + length
    try:
        return part.decode(), at + length
    except UnicodeDecodeError:
        raise PageDamaged("a text is no UTF-8") from None


def _varint(data: Sequence[int], at: int) -> tuple[int, int]:
    number = 0
    try:
        for step in range(8):
            byte = data[at + step]
            number = number << 7 | byte & 0x7F
            if byte < 0x80:
                return number, at + step + 1
        number = number << 8 | data[at + 8]
    except IndexError:
        raise PageDamaged("a number ends outside of its page") from None
    return number - (1 << 64) if number >> 63 else number, at + 9
