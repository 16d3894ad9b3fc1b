"""What is known of a block without reading its samples, and the first bytes of its files. docs/format/block.md."""

import struct
import zlib
from dataclasses import dataclass
from typing import Final

from hivesight.storage.tsdb.block.errors import BlockDamaged, BlockTooNew

INDEX: Final = "index"
TILES: Final = "tiles"
TOMBSTONES: Final = "tombstones"
FORMAT: Final = 1

INDEX_MAGIC: Final = b"HIVEIDX1"
TILES_MAGIC: Final = b"HIVETIL1"
_HEADER: Final = struct.Struct("<8sI16sqqQQQIIIIIIIIIQQQI")
_CHECKSUM: Final = struct.Struct("<I")
HEADER_BYTES: Final = _HEADER.size + _CHECKSUM.size
TILES_HEADER_BYTES: Final = len(TILES_MAGIC) + 16
MAX_INDEX_BYTES: Final = 2 << 30
"""No index is larger once it is decompressed: about ten million series."""


@dataclass(frozen=True, slots=True)
class BlockMeta:
    """min_ms, max_ms: times of the oldest and the newest sample. series: rows, those of different groups counted each.
    samples: floats, histograms and staleness markers; histograms: how many of them are histograms. nbytes: on the
    disk, without tombstones."""

    id: bytes
    min_ms: int
    max_ms: int
    groups: int
    series: int
    samples: int
    histograms: int
    nbytes: int


@dataclass(frozen=True, slots=True)
class Header:
    """The header of an index: what `BlockMeta` says, and how many of each thing follow. raw, stored: bytes of the body
    before and after compression; checksum: CRC-32 of the latter."""

    id: bytes
    min_ms: int
    max_ms: int
    samples: int
    histograms: int
    tile_bytes: int
    symbols: int
    tables: int
    names: int
    groups: int
    series: int
    tiles: int
    layouts: int
    bounds: int
    replaces: int
    codes: int
    raw: int
    stored: int
    checksum: int

    @property
    def meta(self) -> BlockMeta:
        size = HEADER_BYTES + self.stored + self.tile_bytes
        return BlockMeta(
            self.id, self.min_ms, self.max_ms, self.groups, self.series, self.samples, self.histograms, size
        )

    def encode(self) -> bytes:
        """The bytes of the header, its own checksum at their end."""
        fields = [getattr(self, name) for name in self.__dataclass_fields__]
        packed = _HEADER.pack(INDEX_MAGIC, FORMAT, *fields)
        return packed + _CHECKSUM.pack(zlib.crc32(packed))


def decode_header(data: bytes) -> Header:
    """Raises BlockDamaged, and BlockTooNew for a format with a higher number than ours."""
    if len(data) < HEADER_BYTES or data[:8] != INDEX_MAGIC:
        raise BlockDamaged("is no index of a block")
    if zlib.crc32(data[: _HEADER.size]) != _CHECKSUM.unpack_from(data, _HEADER.size)[0]:
        raise BlockDamaged("has a header with a wrong checksum")
    _, version, *fields = _HEADER.unpack_from(data)
    if version != FORMAT:
        raise BlockTooNew(f"has format {version}; this version reads format {FORMAT}")
    header = Header(*fields)
    if header.raw > MAX_INDEX_BYTES:
        raise BlockDamaged(f"says that its index has {header.raw} bytes, more than there can be")
    return header
