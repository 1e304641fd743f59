"""Texts as the archive packs them."""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.packing import dictionary, pack, unpack

TEXT = "Desconocidos robaron una vivienda de la urbanización Las Quintanas, en Trujillo, informó la Policía Nacional. " * 5


@given(st.text())
def test_every_text_comes_back(text: str) -> None:
    assert unpack(pack(text)) == text
    assert unpack(pack(text + TEXT)) == text + TEXT


def test_a_text_takes_less_room_than_with_zlib_alone() -> None:
    article = TEXT[: len(TEXT) // 5]
    assert len(pack(article)) < len(zlib.compress(article.encode(), 9)) < len(article.encode())


@pytest.mark.parametrize(
    "damage", [lambda b: b[:-3], lambda b: b[:1], lambda _: b"", lambda b: b"\xfe" + b[1:], lambda b: b[:1] + b"\xff" * 9]
)
def test_damage_is_said(damage: Any) -> None:
    packed = pack(TEXT)
    assert isinstance(packed, bytes)
    with pytest.raises(ValueError, match="text"):
        unpack(damage(packed))


def test_the_dictionary_is_what_texts_were_packed_with() -> None:
    assert hashlib.sha256(dictionary(1)).hexdigest() == "25001771ce4e0c5f660131758314b9f8ca941817faf69008c277d22ac4a47408"


def test_an_archive_is_read_without_this_software(newsroom: Any, report: Any) -> None:
    """As docs/operations.md says."""
    newsroom.tell("norte", "a", report())
    with closing(sqlite3.connect(newsroom.archive)) as archive:
        dictionaries = dict(archive.execute("SELECT id, content FROM dictionaries"))
        [(body,)] = archive.execute("SELECT body FROM article_versions")
    assert isinstance(body, bytes)
    text = zlib.decompressobj(-15, dictionaries[body[0]]).decompress(body[1:]).decode()
    assert text.startswith("TEXTO-COMPLETO")
