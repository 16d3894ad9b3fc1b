"""The buckets of many native histograms in columns: spans and counts as they stand on the wire become a key and a count
for each bucket. (Remote-Write 2.0, message Histogram; Prometheus' `checkHistogramSpans`)"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hivesight.ingest.remote_write.errors import MalformedRequest
from hivesight.ingest.remote_write.request import numbers_of
from hivesight.ingest.remote_write.wire import BYTES, FIXED64, VARINT, Buffer, Fields, Places

_DOUBLE_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class Buckets:
    """One side of many histograms. of, key, count: by bucket, shape (buckets,): which histogram it is of, its key, and
    how many observations; ordered by histogram, then by key.
    Shape (histograms,): wrong: where spans do not fit the counts; such a histogram has no buckets here. negative: where
    a count is below zero. total: the sum of integer counts. lowest: the lowest offset of a span, at most 0. reach: the
    key behind the last bucket."""

    of: Places
    key: Places
    count: NDArray[np.float64]
    wrong: NDArray[np.bool_]
    negative: NDArray[np.bool_]
    total: Places
    lowest: Places
    reach: Places


def zigzag(values: Places, bits: int = 64) -> Places:
    """Signed numbers that were written as sint32 or sint64."""
    unsigned = values.view(np.uint64) & np.uint64((1 << bits) - 1)
    return (unsigned >> np.uint64(1)).view(np.int64) ^ -(unsigned & np.uint64(1)).view(np.int64)


def packed_doubles(buffer: Buffer, fields: Fields) -> tuple[NDArray[np.float64], Places]:
    """The doubles of a repeated field, packed or one by one, and of which message each is."""
    lengths = fields.end - fields.start
    if (lengths % _DOUBLE_BYTES).any():
        raise MalformedRequest("a packed field of doubles is cut off")
    counts = lengths // _DOUBLE_BYTES
    return buffer.doubles(_runs(fields.start, counts, _DOUBLE_BYTES)), np.repeat(fields.message, counts)


def buckets_of(
    buffer: Buffer, fields: Fields, numbers: tuple[int, int, int], floats: NDArray[np.bool_], shift: Places
) -> Buckets:
    """numbers: those of the fields with the spans, the deltas and the counts. floats: shape (histograms,): where the
    counts are floats. shift: by how many schemas each histogram is made coarser."""
    histograms = len(floats)
    spans = fields.of(numbers[0], BYTES)
    inner = buffer.fields(spans.start, spans.end)
    offset = zigzag(numbers_of(buffer, inner, 1, len(spans)), 32)
    length = numbers_of(buffer, inner, 2, len(spans)) & 0xFFFF_FFFF
    begin = _summed(offset + length, spans.message) - length
    lowest, reach, wanted = (np.zeros(histograms, dtype=np.int64) for _ in range(3))
    np.minimum.at(lowest, spans.message, offset)
    np.add.at(wanted, spans.message, length)
    reach[spans.message] = begin + length

    of, count, total = _counts_of(buffer, fields, numbers[1:], floats)
    negative = np.zeros(histograms, dtype=np.bool_)
    negative[of[count < 0]] = True
    wrong = wanted != np.bincount(of, minlength=histograms)
    is_later = np.diff(spans.message, prepend=-1) == 0
    wrong[spans.message[is_later & (offset < 0)]] = True
    # From here on there are as many keys as counts, so that a span's length is no larger than what was sent.
    good, kept = ~wrong[spans.message], ~wrong[of]
    buckets = _coarser(of[kept], _runs(begin[good], length[good], 1), count[kept], shift)
    return Buckets(*buckets, wrong, negative, total, lowest, reach)


def _counts_of(
    buffer: Buffer, fields: Fields, numbers: tuple[int, int], floats: NDArray[np.bool_]
) -> tuple[Places, NDArray[np.float64], Places]:
    """Of which histogram each count is, the counts in order, and the sum of those that are integers. The field that is
    not of a histogram's kind counts for nothing."""
    packed = fields.of(numbers[0], BYTES, VARINT)
    deltas, delta_counts = buffer.packed(packed)
    of_delta = np.repeat(packed.message, delta_counts)
    mine = ~floats[of_delta]
    of_delta = of_delta[mine]
    absolute = _summed(zigzag(deltas)[mine], of_delta)
    total = np.zeros(len(floats), dtype=np.int64)
    np.add.at(total, of_delta, absolute)
    counts, of_count = packed_doubles(buffer, fields.of(numbers[1], BYTES, FIXED64))
    mine = floats[of_count]
    of = np.concatenate([of_delta, of_count[mine]])
    order = np.argsort(of, kind="stable")
    return of[order], np.concatenate([absolute.astype(np.float64), counts[mine]])[order], total


def _coarser(
    of: Places, key: Places, count: NDArray[np.float64], shift: Places
) -> tuple[Places, Places, NDArray[np.float64]]:
    """The same buckets, those together that are one in a schema that is by `shift` lower."""
    key = ((key - 1) >> shift[of]) + 1
    starts = np.flatnonzero((np.diff(of, prepend=-1) != 0) | (np.diff(key, prepend=0) != 0))
    if len(starts) == len(of):
        return of, key, count
    return of[starts], key[starts], np.add.reduceat(count, starts)


def _summed(values: Places, of: Places) -> Places:
    """Running sums that begin anew with each message. of: in order."""
    if not len(values):
        return values
    sums = np.cumsum(values)
    first = np.concatenate(([True], of[1:] != of[:-1]))
    before = (sums - values)[first]
    return sums - before[np.cumsum(first) - 1]


def _runs(starts: Places, counts: Places, stride: int) -> Places:
    """Numbers in runs: of each start the next so many."""
    last = np.cumsum(counts)
    within = np.arange(last[-1] if len(last) else 0) - np.repeat(last - counts, counts)
    return np.repeat(starts, counts) + stride * within
