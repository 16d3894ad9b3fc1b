"""Records in a file: header, then length, checksum, type and payload of each record. Bytes in, record bounds out.

Called by the log, the checkpoint and recovery; what a payload means is `codec`'s business. docs/format/wal.md."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

SEGMENT_MAGIC: Final = b"HIVEWAL1"
CHECKPOINT_MAGIC: Final = b"HIVECKP1"
FILE_HEADER: Final = struct.Struct("<8sQ")
"""Magic, sequence number of the file."""
RECORD_HEADER: Final = struct.Struct("<IBI")
"""Payload length in bytes, record type, CRC-32 over length, type and payload."""

_CHECKED: Final = struct.Struct("<IB")


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in the log: between two records of a segment. offset: in bytes."""

    segment: int
    offset: int


def file_header(magic: bytes, sequence: int) -> bytes:
    """The first 16 bytes of a segment or checkpoint."""
    return FILE_HEADER.pack(magic, sequence)


def frame(kind: int, *parts: bytes) -> bytes:
    """One record: the parts together are its payload, of at most 4 GiB."""
    length = sum(len(part) for part in parts)
    found = zlib.crc32(_CHECKED.pack(length, kind))
    for part in parts:
        found = zlib.crc32(part, found)
    return b"".join((RECORD_HEADER.pack(length, kind, found), *parts))


def checksum(kind: int, payload: memoryview) -> int:
    """What stands in the header of a sound record."""
    return zlib.crc32(payload, zlib.crc32(_CHECKED.pack(len(payload), kind)))


def records(data: memoryview) -> Iterator[tuple[int, memoryview, int]]:
    """The whole and sound records of a file's content: type, payload, and the offset behind the record. Ends before
    the first record that is cut short or whose checksum is wrong; `fault` says which it was."""
    offset = FILE_HEADER.size
    total = len(data)
    unpack, pack, crc32, head = RECORD_HEADER.unpack_from, _CHECKED.pack, zlib.crc32, RECORD_HEADER.size
    while offset + head <= total:
        length, kind, checksum = unpack(data, offset)
        end = offset + head + length
        if end > total:
            return
        payload = data[offset + head : end]
        if crc32(payload, crc32(pack(length, kind))) != checksum:
            return
        yield kind, payload, end
        offset = end


def fault(data: memoryview, end: int) -> str | None:
    """Why reading stopped at `end`: None at the end of the file."""
    if end == len(data):
        return None
    if end + RECORD_HEADER.size > len(data):
        return "record cut short"
    length, _, _ = RECORD_HEADER.unpack_from(data, end)
    return "record cut short" if end + RECORD_HEADER.size + length > len(data) else "checksum mismatch"
