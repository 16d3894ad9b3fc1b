"""Record payloads: group definitions, series definitions, samples and checkpoint blocks to bytes and back.

Called by the writing side, the checkpoint and replay. Every decoder checks bounds and raises BadRecord; it never
trusts a count before it has seen that many bytes. docs/format/wal.md is the description."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hivesight.model.series import Times, Values
from hivesight.storage.tsdb.framing import frame

Numbers = NDArray[np.int32]


class Kind(IntEnum):
    """Record types. Types that a version does not know are an error, not something to skip."""

    GROUP = 1
    SERIES = 2
    SAMPLES = 3
    BLOCK = 4
    END = 5
    PIECE = 6
    DELETE = 7
    EXEMPLARS = 8
    METADATA = 9
    CUT = 10


class Rows(IntEnum):
    """How a samples record names its rows."""

    RANGE = 0
    BITMAP = 1
    LIST = 2


class BadRecord(Exception):
    """A payload with a right checksum that means nothing."""


@dataclass(frozen=True, slots=True)
class SeriesDefinition:
    """Label sets of new series of one group.

    numbers: the row number of each series, int32.
    label_counts: labels of each series, int32.
    pairs: indices into `texts`, int32, shape (sum of label_counts, 2): label name and value, sorted by name.
    texts: the strings."""

    group: int
    numbers: Numbers
    label_counts: Numbers
    pairs: Numbers
    texts: Sequence[str]


@dataclass(frozen=True, slots=True)
class SamplesHeader:
    """Which rows of which group a samples record holds; `first` and `count` are set for a range of rows."""

    group: int
    time_ms: int
    rows: Rows
    first: int
    count: int


@dataclass(frozen=True, slots=True)
class BlockRecord:
    """Some rows of a group with all their samples: values has the shape (rows, times), ABSENT where none is."""

    group: int
    numbers: Numbers
    times: Times
    values: Values


_GROUP: Final = struct.Struct("<I")
_SERIES: Final = struct.Struct("<IIII")
_SAMPLES: Final = struct.Struct("<IqBII")
_BLOCK: Final = struct.Struct("<III")
_END: Final = struct.Struct("<Q")
_SERIES_PER_RECORD: Final = 10_000
MAX_ROW_NUMBER: Final = (1 << 30) - 1
"""Row numbers are given out once; a group that has used them all takes no new series."""


def encode_group(group: int, key: str) -> bytes:
    """The record that binds a group's number to its stable key."""
    return frame(Kind.GROUP, _GROUP.pack(group), key.encode("utf-8", "surrogatepass"))


def decode_group(payload: memoryview) -> tuple[int, str]:
    """Number and key of a group."""
    try:
        (group,) = _GROUP.unpack_from(payload)
        return group, str(payload[_GROUP.size :], "utf-8", "surrogatepass")
    except (struct.error, ValueError) as error:
        raise BadRecord(f"group definition: {error}") from error


def encode_series(definition: SeriesDefinition) -> list[bytes]:
    """The records (several for many series, each with its own strings) that define new series."""
    bounds = np.concatenate(([0], np.cumsum(definition.label_counts)))
    written: list[bytes] = []
    for low in range(0, len(definition.numbers), _SERIES_PER_RECORD):
        high = min(low + _SERIES_PER_RECORD, len(definition.numbers))
        used, local = np.unique(definition.pairs[bounds[low] : bounds[high]], return_inverse=True)
        indices: list[int] = used.tolist()
        texts = [definition.texts[index].encode("utf-8", "surrogatepass") for index in indices]
        pair_count = int(bounds[high] - bounds[low])
        written.append(
            frame(
                Kind.SERIES,
                _SERIES.pack(definition.group, high - low, pair_count, len(texts)),
                definition.numbers[low:high].astype("<i4").tobytes(),
                definition.label_counts[low:high].astype("<i4").tobytes(),
                local.astype("<i4").tobytes(),
                np.array([len(text) for text in texts], dtype="<i4").tobytes(),
                *texts,
            )
        )
    return written


def decode_series(payload: memoryview) -> SeriesDefinition:
    """New series of a group."""
    try:
        group, series, pair_count, text_count = _SERIES.unpack_from(payload)
        at = _SERIES.size
        numbers = np.frombuffer(payload, "<i4", series, at)
        at += 4 * series
        label_counts = np.frombuffer(payload, "<i4", series, at)
        at += 4 * series
        pairs = np.frombuffer(payload, "<i4", 2 * pair_count, at).reshape(-1, 2)
        at += 8 * pair_count
        lengths = np.frombuffer(payload, "<i4", text_count, at)
        at += 4 * text_count
        ends = (at + np.cumsum(lengths, dtype=np.int64)).tolist()
        starts = [at, *ends[:-1]]
        texts = [str(payload[a:b], "utf-8", "surrogatepass") for a, b in zip(starts, ends, strict=False)]
    except (struct.error, ValueError) as error:
        raise BadRecord(f"series definition: {error}") from error
    if (
        not are_row_numbers(numbers)
        or (series and int(label_counts.min()) < 0)
        or int(label_counts.sum(dtype=np.int64)) != pair_count
        or (pair_count and not 0 <= int(pairs.min()) <= int(pairs.max()) < text_count)
        or (text_count and int(lengths.min()) < 0)
        or (ends[-1] if text_count else at) != len(payload)
    ):
        raise BadRecord("series definition: counts do not agree")
    return SeriesDefinition(group, numbers, label_counts, pairs, texts)


def encode_samples(group: int, time_ms: int, numbers: Numbers, values: Values) -> bytes:
    """One append. `numbers` must be strictly increasing and not empty."""
    first, last, count = int(numbers[0]), int(numbers[-1]), len(numbers)
    span = last - first + 1
    if span == count:
        head, rows = _SAMPLES.pack(group, time_ms, Rows.RANGE, first, count), b""
    elif span <= 32 * count:
        present = np.zeros(span, dtype=np.uint8)
        present[numbers - first] = 1
        head = _SAMPLES.pack(group, time_ms, Rows.BITMAP, first, span)
        rows = np.packbits(present, bitorder="little").tobytes()
    else:
        head, rows = _SAMPLES.pack(group, time_ms, Rows.LIST, 0, count), numbers.astype("<i4").tobytes()
    return frame(Kind.SAMPLES, head, rows, values.astype("<f8", copy=False).tobytes())


def decode_samples_header(payload: memoryview) -> SamplesHeader:
    """Group, time and the form of the row list, without touching the values."""
    try:
        group, time_ms, rows, first, count = _SAMPLES.unpack_from(payload)
        return SamplesHeader(group, time_ms, Rows(rows), first, count)
    except (struct.error, ValueError) as error:
        raise BadRecord(f"samples: {error}") from error


def range_values(header: SamplesHeader, payload: memoryview) -> memoryview:
    """The value bytes of a samples record that holds a range of rows: 8 bytes a row."""
    values = payload[_SAMPLES.size :]
    if len(values) != 8 * header.count or header.first + header.count > MAX_ROW_NUMBER + 1:
        raise BadRecord("samples: counts do not agree")
    return values


def decode_samples(header: SamplesHeader, payload: memoryview) -> tuple[Numbers, Values]:
    """Row numbers, strictly increasing, and values of a samples record."""
    at = _SAMPLES.size
    try:
        match header.rows:
            case Rows.RANGE:
                range_values(header, payload)
                numbers = np.arange(header.first, header.first + header.count, dtype=np.int32)
            case Rows.BITMAP:
                packed = np.frombuffer(payload, np.uint8, (header.count + 7) // 8, at)
                at += len(packed)
                bitmap = np.unpackbits(packed, count=header.count, bitorder="little")
                numbers = np.minimum(header.first + np.flatnonzero(bitmap), 1 << 30).astype(np.int32)
            case Rows.LIST:
                numbers = np.frombuffer(payload, "<i4", header.count, at)
                at += 4 * header.count
        values = np.frombuffer(payload, "<f8", len(numbers), at)
    except ValueError as error:
        raise BadRecord(f"samples: {error}") from error
    if at + 8 * len(values) != len(payload) or not are_row_numbers(numbers):
        raise BadRecord("samples: counts do not agree")
    return numbers, values


def encode_block(group: int, numbers: Numbers, times: Times, values: Values) -> bytes:
    """Some rows of a group for a checkpoint."""
    return frame(
        Kind.BLOCK,
        _BLOCK.pack(group, len(numbers), len(times)),
        numbers.astype("<i4").tobytes(),
        times.astype("<i8", copy=False).tobytes(),
        values.astype("<f8", copy=False).tobytes(),
    )


def decode_block(payload: memoryview) -> BlockRecord:
    """Some rows of a group from a checkpoint."""
    try:
        group, rows, samples = _BLOCK.unpack_from(payload)
        at = _BLOCK.size
        numbers = np.frombuffer(payload, "<i4", rows, at)
        at += 4 * rows
        times = np.frombuffer(payload, "<i8", samples, at)
        at += 8 * samples
        values = np.frombuffer(payload, "<f8", rows * samples, at).reshape(rows, samples)
    except (struct.error, ValueError) as error:
        raise BadRecord(f"block: {error}") from error
    if at + 8 * rows * samples != len(payload) or bool((np.diff(times) <= 0).any()) or not are_row_numbers(numbers):
        raise BadRecord("block: counts do not agree")
    return BlockRecord(group, numbers, times, values)


def are_row_numbers(numbers: Numbers) -> bool:
    """Whether they are in range and strictly increasing."""
    if not len(numbers):
        return True
    return int(numbers[0]) >= 0 and int(numbers[-1]) <= MAX_ROW_NUMBER and bool((np.diff(numbers) > 0).all())


def encode_end(records: int) -> bytes:
    """The last record of a checkpoint: how many came before it."""
    return frame(Kind.END, _END.pack(records))


def decode_end(payload: memoryview) -> int:
    """How many records a whole checkpoint holds before its last."""
    try:
        (records,) = _END.unpack(payload)
    except struct.error as error:
        raise BadRecord(f"end: {error}") from error
    return records
