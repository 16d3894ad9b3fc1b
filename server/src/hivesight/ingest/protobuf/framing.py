"""Delimited messages, and a large one in pieces: the part of protobuf's wire format that is read by hand, so that no
message is handed to the decoder which could grow beyond a bound in memory."""

from collections.abc import Iterator
from typing import Final

PIECE_BYTES: Final = 1 << 20
"""A family is decoded in pieces of about this size. A metric that is larger is refused."""
MAX_HEADER_BYTES: Final = 1 << 20

_METRIC: Final = 4
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


class FramingError(ValueError):
    """The bytes are no messages."""


def varint(body: bytes, at: int) -> tuple[int, int]:
    """The number at a place, and the place after it. Raises FramingError."""
    value = shift = 0
    for index in range(at, min(at + 10, len(body))):
        byte = body[index]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, index + 1
        shift += 7
    raise FramingError("cut off within a number" if len(body) - at < 10 else "a number of more than 10 bytes")


def delimited(body: bytes) -> Iterator[bytes]:
    """The messages of a body. Raises FramingError."""
    at, size = 0, len(body)
    while at < size:
        length, start = varint(body, at)
        if length > size - start:
            raise FramingError(f"a message of {length} bytes is announced and {size - start} are left; is it cut off?")
        at = start + length
        yield body[start:at]


def pieces(family: bytes, max_metrics: int) -> Iterator[bytes]:
    """A family as messages that make it up when they are merged: one where it is small, else one with all that is no
    metric, which comes first, and some with metrics. Raises FramingError, and does where it has more than `max_metrics`
    before any is decoded: an empty metric is two bytes here and hundreds when it is an object."""
    if len(family) <= PIECE_BYTES:
        yield family
        return
    header: list[bytes] = []
    header_bytes = metrics = 0
    for start, end, number in _fields(family):
        if number == _METRIC:
            metrics += 1
            if metrics > max_metrics:
                raise FramingError(f"more than {max_metrics} metrics")
        else:
            header.append(family[start:end])
            header_bytes += end - start
            if header_bytes > MAX_HEADER_BYTES:
                raise FramingError(f"a family without its metrics is over {MAX_HEADER_BYTES} bytes")
    yield b"".join(header)
    first: int | None = None
    last = 0
    for start, end, number in _fields(family):
        if number == _METRIC and end - start > PIECE_BYTES:
            raise FramingError(f"a metric is over {PIECE_BYTES} bytes")
        if first is not None and (number != _METRIC or end - first > PIECE_BYTES):
            yield family[first:last]
            first = None
        if number == _METRIC:
            first, last = start if first is None else first, end
    if first is not None:
        yield family[first:last]


def _fields(message: bytes) -> Iterator[tuple[int, int, int]]:
    """Start, end and number of each field."""
    at, size = 0, len(message)
    while at < size:
        tag = message[at]
        # What is short is told in a byte, and is what there can be most of.
        if tag < 0x80 and tag & 7 == _BYTES and at + 1 < size and message[at + 1] < 0x80:
            end = at + 2 + message[at + 1]
            if end > size:
                raise FramingError("a field is longer than its message")
            yield at, end, tag >> 3
            at = end
            continue
        tag, end = varint(message, at)
        kind = tag & 7
        if kind == _VARINT:
            _, end = varint(message, end)
        elif kind == _BYTES:
            length, end = varint(message, end)
            end += length
        elif kind in (_FIXED64, _FIXED32):
            end += 8 if kind == _FIXED64 else 4
        else:
            raise FramingError(f"a field of the unknown wire type {kind}")
        if end > size:
            raise FramingError("a field is longer than its message")
        yield at, end, tag >> 3
        at = end
