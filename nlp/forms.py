"""Every word form met, numbered, with what each component knows of it: one look-up a token, whatever the number of components.

A document's tokens are turned into numbers once. What a component asks of a form (does it open a phrase? is it a line break?)
is answered once a form and kept in a column; for a document the answers are then picked by number, all at once.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray
from spacy.strings import StringStore, get_string_id
from spacy.tokens import Doc

_SLOTS = 1 << 17
_UNSIGNED = (1 << 64) - 1
_MOST = 300_000
"""Forms; a longer table is begun anew, documents that were read with the old one keep it."""

_ALL = slice(None)

_lock = Lock()

Answer = Callable[[str, int], Any]
"""What a column holds of a form: called with the form as written and the id of its lower-cased form."""


class Column:
    """One answer a form. `values` has at least `size` that are filled."""

    __slots__ = ("answer", "size", "values")

    def __init__(self, answer: Answer, dtype: type) -> None:
        self.answer = answer
        self.values: NDArray[Any] = np.empty(4096, dtype=dtype)
        self.size = 0

    def fill(self, forms: list[str], lower: list[int]) -> None:
        """Answer for the forms that came since."""
        known, answer = len(forms), self.answer
        if known > len(self.values):
            longer = np.empty(2 * known, dtype=self.values.dtype)
            longer[: self.size] = self.values[: self.size]
            self.values = longer
        values = self.values
        for number in range(self.size, known):
            values[number] = answer(forms[number], lower[number])
        self.size = known


class Forms:
    """Forms by number, and the columns about them."""

    def __init__(self) -> None:
        self.numbers: dict[int, int] = {0: 0}
        self.written: list[str] = [""]
        self.lower: list[int] = [0]
        self._columns: dict[Answer, Column] = {}
        self._ids = np.zeros(4096, dtype=np.int64)
        self.lower_ids = np.zeros(4096, dtype=np.uint64)
        """Ids, and ids of the lower-cased forms, by number."""
        self._slots = np.zeros(_SLOTS, dtype=np.int32)
        """Numbers by the last bits of the ids: of forms that share them, the one met first."""

    def __len__(self) -> int:
        return len(self.written)

    def read(self, ids: NDArray[np.int64], strings: StringStore) -> NDArray[np.intp]:
        """Numbers of forms given by their ids."""
        found = self._slots[ids & (_SLOTS - 1)].astype(np.intp)
        others = (self._ids[found] != ids).nonzero()[0].tolist()
        if others:
            with _lock:
                for at in others:
                    key = int(ids[at])
                    number = self.numbers.get(key)
                    found[at] = self._add(key, strings[key & _UNSIGNED]) if number is None else number
        return found

    def _add(self, key: int, form: str) -> int:
        number, lower = len(self.written), get_string_id(form.lower())
        if number == len(self._ids):
            self._ids = np.concatenate((self._ids, np.zeros_like(self._ids)))
            self.lower_ids = np.concatenate((self.lower_ids, np.zeros_like(self.lower_ids)))
        self._ids[number], self.lower_ids[number] = key, lower
        self.lower.append(lower)
        self.written.append(form)
        self.numbers[key] = number
        if not self._slots[key & (_SLOTS - 1)]:
            self._slots[key & (_SLOTS - 1)] = number
        return number

    def column(self, answer: Answer, dtype: type) -> NDArray[Any]:
        """The answers by number; `answer`, a function or a method of a lasting object, is asked once a form."""
        column = self._columns.get(answer)
        if column is None:
            column = self._columns[answer] = Column(answer, dtype)
        if column.size < len(self.written):
            with _lock:
                column.fill(self.written, self.lower)
        return column.values


class Tokens:
    """A document's tokens as numbers of forms; `lower`: the ids of their lower-cased forms, not to be changed."""

    __slots__ = ("forms", "lower", "numbers")

    def __init__(self, forms: Forms, numbers: NDArray[np.intp]) -> None:
        self.forms, self.numbers = forms, numbers
        self.lower: list[int] = forms.lower_ids[numbers].tolist()

    def pick(self, answer: Answer, dtype: type = bool, at: slice | NDArray[np.intp] = _ALL) -> NDArray[Any]:
        """The answer for each token, or for those `at` some places."""
        found: NDArray[Any] = self.forms.column(answer, dtype)[self.numbers[at]]
        return found

    def any(self, answer: Answer, start: int, end: int) -> bool:
        """Whether the answer is yes for one of the tokens from `start` to `end`."""
        return bool(self.pick(answer, bool, slice(start, end)).any())

    def where(self, answer: Answer) -> list[int]:
        """Tokens for which the answer is yes, in order."""
        places: list[int] = self.pick(answer).nonzero()[0].tolist()
        return places


_shared = Forms()
_latest: Tokens | None = None


def tokens(doc: Doc) -> Tokens:
    """The document's tokens, read once."""
    global _shared, _latest
    store: dict[str, Any] = doc.user_data
    found: Tokens | None = store.get("tokens")
    if found is None or len(found.lower) != len(doc):
        if len(_shared) > _MOST:
            _shared = Forms()
        found = store["tokens"] = Tokens(_shared, _shared.read(doc.to_array("ORTH").view(np.int64), doc.vocab.strings))
    _latest = found
    return found


def latest(keys: object) -> Tokens | None:
    """The tokens last asked for, if `keys` are their lower-cased ids."""
    return _latest if _latest is not None and _latest.lower is keys else None


def lower_ids(doc: Doc) -> list[int]:
    """Ids of the tokens' lower-cased forms, read from the document once; not to be changed."""
    return tokens(doc).lower


def words_of(doc: Doc, start: int, end: int) -> str:
    """Text of the tokens from `start` to `end`: `doc[start:end].text` without making a span."""
    if end - start == 1:
        return doc[start].text
    last = doc[end - 1]
    text: str = doc.user_data.get("text") or doc.text
    return text[doc[start].idx : last.idx + len(last)]
