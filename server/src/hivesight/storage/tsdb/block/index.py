"""The index of a block as arrays: symbols, label tables, groups and tiles. Bytes in and out; docs/format/block.md."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hivesight.model.histogram import CUSTOM, SCHEMAS, Layout, Scale
from hivesight.storage.tsdb.block.bytestream import Cursor, compress, decompress
from hivesight.storage.tsdb.block.errors import BlockDamaged
from hivesight.storage.tsdb.block.grid import tile_counts
from hivesight.storage.tsdb.block.meta import HEADER_BYTES, MAX_INDEX_BYTES, TILES_HEADER_BYTES, Header, decode_header

Int32s = NDArray[np.int32]
Int64s = NDArray[np.int64]
UInt32s = NDArray[np.uint32]

_UTF8: Final = ("utf-8", "surrogatepass")


@dataclass(frozen=True, slots=True)
class Index:
    """texts: the symbols of the block; number 0 is the empty string.

    Label tables: table_rows, table_width: rows and label names of each; names: symbols of their label names, one table
    after the other; codes: symbols of the label values, one table after the other, each column by column.
    Groups, which cut the rows of the tables in their order: group_rows, group_samples, group_flags; group_min,
    group_max: ms of the oldest and newest sample. row_first, row_last: of each row the column in its group where its
    first and its last sample stand. tile_size, tile_crc: of each tile its bytes and their CRC-32.
    layouts: of histograms. replaces: names of the blocks whose samples this one holds."""

    texts: Sequence[str]
    table_rows: Int32s
    table_width: Int32s
    names: Int32s
    codes: Int32s
    group_rows: Int32s
    group_samples: Int32s
    group_flags: Int32s
    group_min: Int64s
    group_max: Int64s
    row_first: Int32s
    row_last: Int32s
    tile_size: UInt32s
    tile_crc: UInt32s
    layouts: tuple[Layout, ...]
    replaces: tuple[str, ...]


def encode_index(index: Index, header: Header) -> bytes:
    """The file of an index; of `header` the counts and sizes are filled in."""
    texts = [text.encode(*_UTF8) for text in index.texts]
    replaces = "\n".join(index.replaces).encode(*_UTF8)
    scales = [each.scale for each in index.layouts]
    bounds = [bound for scale in scales for bound in scale.bounds]
    keys = [key for each in index.layouts for key in (*each.negative, *each.positive)]
    counts = [(len(each.scale.bounds), len(each.negative), len(each.positive)) for each in index.layouts]
    parts = [
        np.array([len(text) for text in texts], "<i4").tobytes(),
        *(array.astype("<i4").tobytes() for array in (index.table_rows, index.table_width, index.names, index.codes)),
        *(array.astype("<i4").tobytes() for array in (index.group_rows, index.group_samples, index.group_flags)),
        *(array.astype("<i8").tobytes() for array in (index.group_min, index.group_max)),
        *(array.astype("<i4").tobytes() for array in (index.row_first, index.row_last)),
        *(array.astype("<u4").tobytes() for array in (index.tile_size, index.tile_crc)),
        np.array([scale.schema for scale in scales], "<i4").tobytes(),
        np.array([scale.zero_threshold for scale in scales], "<f8").tobytes(),
        np.array(counts, "<i4").tobytes(),
        np.array(bounds, "<f8").tobytes(),
        np.array(keys, "<i8").tobytes(),
        replaces,
        *texts,
    ]
    raw = b"".join(parts)
    if len(raw) > MAX_INDEX_BYTES:
        raise ValueError(f"the index of a block would have {len(raw)} bytes; at most {MAX_INDEX_BYTES} are possible")
    body = compress(raw)
    filled = replace(
        header,
        symbols=len(texts),
        tables=len(index.table_rows),
        names=len(index.names),
        groups=len(index.group_rows),
        series=len(index.row_first),
        tiles=len(index.tile_size),
        layouts=len(index.layouts),
        bounds=len(bounds) + len(keys),
        replaces=len(replaces),
        codes=len(index.codes),
        raw=len(raw),
        stored=len(body),
        checksum=zlib.crc32(body),
    )
    return filled.encode() + body


def decode_index(data: bytes) -> tuple[Index, Header]:
    """An index and its header. All counts agree with each other and all numbers are within them. Raises
    BlockDamaged, BlockTooNew."""
    header = decode_header(data)
    body = memoryview(data)[HEADER_BYTES:]
    if len(body) != header.stored or zlib.crc32(body) != header.checksum:
        raise BlockDamaged("has a body that is cut short or has a wrong checksum")
    cursor = Cursor(decompress(body, header.raw))
    lengths = cursor.int32(header.symbols)
    table_rows, table_width = cursor.int32(header.tables), cursor.int32(header.tables)
    names, codes = cursor.int32(header.names), cursor.int32(header.codes)
    group_rows, group_samples, group_flags = (cursor.int32(header.groups) for _ in range(3))
    group_min, group_max = cursor.int64(header.groups), cursor.int64(header.groups)
    row_first, row_last = cursor.int32(header.series), cursor.int32(header.series)
    tile_size, tile_crc = (cursor.take("<u4", header.tiles).view(np.uint32) for _ in range(2))
    layouts = _layouts(cursor, header)
    replaces = cursor.bytes(header.replaces).tobytes().decode(*_UTF8)
    texts = _texts(cursor, lengths)
    cursor.end()
    index = Index(
        texts, table_rows, table_width, names, codes, group_rows, group_samples, group_flags, group_min, group_max,
        row_first, row_last, tile_size, tile_crc, layouts, tuple(replaces.split("\n")) if replaces else (),
    )  # fmt: skip
    _check(index, header)
    return index, header


def _texts(cursor: Cursor, lengths: Int32s) -> list[str]:
    if len(lengths) and int(lengths.min()) < 0:
        raise BlockDamaged("has a negative count")
    ends = np.cumsum(lengths, dtype=np.int64)
    joined = cursor.bytes(int(ends[-1]) if len(ends) else 0).tobytes()
    try:
        return [
            joined[end - length : end].decode(*_UTF8)
            for end, length in zip(ends.tolist(), lengths.tolist(), strict=True)
        ]
    except UnicodeDecodeError as error:
        raise BlockDamaged("has a symbol that is not UTF-8") from error


def _layouts(cursor: Cursor, header: Header) -> tuple[Layout, ...]:
    count = header.layouts
    schemas = cursor.int32(count).tolist()
    thresholds: list[float] = cursor.take("<f8", count).tolist()
    shapes = cursor.int32(3 * count).reshape(count, 3)
    if count and (int(shapes.min()) < 0 or int(shapes.sum(dtype=np.int64)) != header.bounds):
        raise BlockDamaged("has histograms whose bounds do not agree")
    bounds: list[float] = cursor.take("<f8", int(shapes[:, 0].sum(dtype=np.int64))).tolist()
    keys = cursor.int64(int(shapes[:, 1:].sum(dtype=np.int64))).tolist()
    found: list[Layout] = []
    bound = key = 0
    for schema, threshold, (limits, negative, positive) in zip(schemas, thresholds, shapes.tolist(), strict=True):
        if schema != CUSTOM and schema not in SCHEMAS:
            raise BlockDamaged(f"has histograms of the unknown schema {schema}")
        split = key + negative
        scale = Scale(schema, threshold, tuple(bounds[bound : bound + limits]))
        found.append(Layout(scale, tuple(keys[key:split]), tuple(keys[split : split + positive])))
        bound, key = bound + limits, split + positive
    return tuple(found)


def _check(index: Index, header: Header) -> None:
    """Counts that do not agree, numbers out of their range."""
    rows, widths = index.table_rows.astype(np.int64), index.table_width.astype(np.int64)
    group_rows, samples = index.group_rows.astype(np.int64), index.group_samples.astype(np.int64)
    owner = np.repeat(np.arange(len(group_rows)), np.maximum(group_rows, 0))
    numbers = np.concatenate((index.names, index.codes))
    sound = (
        index.texts[:1] == [""]
        and _all(rows > 0, widths >= 0, group_rows > 0, samples > 0, index.group_flags >> 2 == 0)
        and (widths.sum(), (rows * widths).sum()) == (header.names, header.codes)
        and group_rows.sum() == rows.sum() == header.series
        and bool(np.isin(np.cumsum(rows), np.cumsum(group_rows)).all())
        and _all(numbers >= 0, numbers < header.symbols)
        and _all(index.row_first >= 0, index.row_first <= index.row_last, index.row_last < samples[owner])
        and _all(index.group_min <= index.group_max)
        and tile_counts(index.group_rows, index.group_samples, index.group_flags).sum() == header.tiles
        and int(index.tile_size.sum(dtype=np.int64)) == header.tile_bytes - TILES_HEADER_BYTES
    )
    if not sound:
        raise BlockDamaged("has an index whose counts do not agree")


def _all(*masks: NDArray[np.bool_]) -> bool:
    return all(bool(mask.all()) for mask in masks)
