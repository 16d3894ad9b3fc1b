"""A compressed body to its bytes, within a bound that is checked before memory is spent."""

from typing import Final, NoReturn

import cramjam
import numpy as np

from hivesight.ingest.remote_write.errors import MalformedRequest, RequestTooLarge
from hivesight.ingest.remote_write.media import Encoding
from hivesight.ingest.remote_write.wire import PADDING

_NO_ROOM: Final = "failed to write whole buffer"
"""How cramjam says that the output does not fit (Rust's `io::ErrorKind::WriteZero`)."""


def decompressed(body: bytes, encoding: Encoding, most_bytes: int) -> bytes:
    """The message, and PADDING zero bytes behind it. Raises RequestTooLarge where it has more than `most_bytes`, and
    MalformedRequest."""
    try:
        return _snappy(body, most_bytes) if encoding is Encoding.SNAPPY else _zstd(body, most_bytes)
    except cramjam.DecompressionError as error:
        raise MalformedRequest(f"the body is not {encoding}: {str(error)[:200]}") from None


def _snappy(body: bytes, most_bytes: int) -> bytes:
    """The block format, which begins with the length of what is in it."""
    if not body:
        raise MalformedRequest("the body is empty")
    length = cramjam.snappy.decompress_raw_len(body)
    if length > most_bytes:
        _too_large(most_bytes)
    room = bytearray(length + PADDING)
    if length:
        cramjam.snappy.decompress_raw_into(body, memoryview(room)[:length])
    return bytes(room)


def _zstd(body: bytes, most_bytes: int) -> bytes:
    """One frame or many (RFC 8878). The sizes that frames announce are not believed: there is room for what is allowed,
    of which the kernel hands out only the pages that are written to."""
    room = np.empty(most_bytes, dtype=np.uint8)
    try:
        written = cramjam.zstd.decompress_into(body, room.data)
    except cramjam.DecompressionError as error:
        if _NO_ROOM in str(error):
            _too_large(most_bytes)
        raise
    return room[:written].tobytes() + bytes(PADDING)


def _too_large(most_bytes: int) -> NoReturn:
    raise RequestTooLarge(f"the request has more than {most_bytes} bytes when decompressed: send it in parts")
