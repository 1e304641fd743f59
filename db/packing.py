"""Texts as the archive keeps them: packed with zlib against a dictionary of Spanish crime news.

An article is too short to hold much that repeats within it, so zlib alone halves it at best; against 32 KB of what articles
say over and over it comes to two fifths (figures in `docs/operations.md`). The dictionary in use is also a row of the archive's
table `dictionaries`: the archive can be read without this software.

A packed text is a blob of one byte, the dictionary's number, and a raw deflate stream (RFC 1951) of the text in UTF-8.
"""

from __future__ import annotations

import zlib
from functools import cache
from importlib import resources

DICTIONARY = 1
"""Number of the dictionary that new texts are packed with. The file of a number is never edited: texts need it for ever."""

LEVEL = 6
_SHORTEST = 100
"""Characters below which a text stays as it is."""


def pack(text: str) -> bytes | str:
    """A text as it is stored: packed, or unchanged where that saves nothing."""
    if len(text) < _SHORTEST:
        return text
    plain = text.encode()
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS, 9, zlib.Z_DEFAULT_STRATEGY, dictionary(DICTIONARY))
    packed = bytes([DICTIONARY]) + packer.compress(plain) + packer.flush()
    return packed if len(packed) < len(plain) else text


def unpack(stored: bytes | str | None) -> str | None:
    """The text that was stored. Raises `ValueError` where the blob is no packed text or is damaged."""
    if not isinstance(stored, bytes):
        return stored
    try:
        opener = zlib.decompressobj(-zlib.MAX_WBITS, dictionary(stored[0]))
        plain = opener.decompress(stored[1:]) + opener.flush()
        if not opener.eof:
            raise ValueError("a packed text is cut short")
        return plain.decode()
    except FileNotFoundError:
        raise ValueError(f"a text is packed with dictionary {stored[0]}, which this software does not know") from None
    except (IndexError, zlib.error, UnicodeDecodeError) as error:
        raise ValueError(f"a packed text is damaged ({error})") from None


@cache
def dictionary(number: int) -> bytes:
    """The bytes of a dictionary. Raises `FileNotFoundError` where there is none of that number."""
    return resources.files("db").joinpath("data", f"text-dictionary-{number}.txt").read_bytes()
