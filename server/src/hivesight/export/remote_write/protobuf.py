"""Protobuf's wire format, written: varints and fields to bytes. (protobuf.dev, "Encoding")"""

from functools import lru_cache
from typing import Final

_VARINT: Final = 0
_BYTES: Final = 2
_WORD: Final = (1 << 64) - 1


def varint(number: int) -> bytes:
    """A number of 64 bits; one below zero takes ten bytes, as int64 does."""
    number &= _WORD
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)


def zigzag(number: int) -> bytes:
    """A signed number as sint32 and sint64 have it."""
    return varint((number << 1) ^ (number >> 63))


def number_field(field: int, number: int) -> bytes:
    """A field of a varint."""
    return varint(field << 3 | _VARINT) + varint(number)


@lru_cache(maxsize=16_384)
def head(field: int, size: int) -> bytes:
    """What stands before so many bytes of a field of a text, of bytes or of a message. A few sizes occur again and
    again, with every sample."""
    return varint(field << 3 | _BYTES) + varint(size)


def bytes_field(field: int, content: bytes) -> bytes:
    """A field of a text, of bytes or of a message."""
    return head(field, len(content)) + content


def text_field(field: int, text: str) -> bytes:
    """A field of a text; nothing for an empty one."""
    return bytes_field(field, encoded(text)) if text else b""


def encoded(text: str) -> bytes:
    """UTF-8; what is none is replaced, since receivers refuse a request for it."""
    return text.encode("utf-8", "replace")
