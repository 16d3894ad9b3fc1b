"""The buckets of many native histograms in columns: spans and counts as they stand on the wire become a key and a count
for each bucket. (Remote-Write 2.0, message Histogram; Prometheus' `checkHistogramSpans`)"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hivesight.ingest.remote_write.errors import MalformedRequest
from hivesight.ingest.remote_write.request import numbers_of
from hivesight.ingest.remote_write.wire import BYTES, FIXED64, VARINT, Buffer, Fields, Places

_DOUBLE_BYTES = 8


@dataclass(frozen=True, slots=True)
class Buckets:
    """One side of many histograms. of, key, count: by bucket, shape (buckets,): which histogram it is of, its key, and
    how many observations; ordered by histogram, then by key.
    wrong: shape (histograms,): where spans do not fit the counts; such a histogram has no buckets here.
    negative: shape (histograms,): where a count is below zero. first, reach: shape (histograms,): the lowest offset of
    a span, and the key behind the last bucket."""

    of: Places
    key: Places
    count: NDArray[np.float64]
    total: Places
    wrong: NDArray[np.bool_]
    negative: NDArray[np.bool_]
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

    packed = fields.of(numbers[1], BYTES, VARINT)
    deltas, delta_counts = buffer.packed(packed)
    of_delta = np.repeat(packed.message, delta_counts)
    mine = ~floats[of_delta]
    deltas, of_delta = zigzag(deltas)[mine], of_delta[mine]
    counts, of_count = packed_doubles(buffer, fields.of(numbers[2], BYTES, FIXED64))
    mine = floats[of_count]
    counts, of_count = counts[mine], of_count[mine]

    is_first = np.concatenate(([True], spans.message[1:] != spans.message[:-1])) if len(spans) else np.zeros(0, bool)
    wanted = np.zeros(histograms, dtype=np.int64)
    np.add.at(wanted, spans.message, length)
    present = np.bincount(of_delta, minlength=histograms) + np.bincount(of_count, minlength=histograms)
    wrong = wanted != present
    wrong[spans.message[~is_first & (offset < 0)]] = True
    lowest = np.zeros(histograms, dtype=np.int64)
    np.minimum.at(lowest, spans.message, offset)

    absolute = _summed(deltas, of_delta)
    total = np.zeros(histograms, dtype=np.int64)
    np.add.at(total, of_delta, absolute)
    of = np.concatenate([of_delta, of_count])
    count = np.concatenate([absolute.astype(np.float64), counts])
    negative = np.zeros(histograms, dtype=np.bool_)
    negative[of[count < 0]] = True
    order = np.argsort(of, kind="stable")
    of, count = of[order], count[order]

    good = ~wrong[spans.message]
    begin = _summed(offset + length, spans.message) - length
    key = _runs(begin[good], length[good], 1)
    reach = np.zeros(histograms, dtype=np.int64)
    reach[spans.message] = begin + length
    kept = ~wrong[of]
    of, count = of[kept], count[kept]
    coarse = ((key - 1) >> shift[of]) + 1
    starts = np.flatnonzero((np.diff(of, prepend=-1) != 0) | (np.diff(coarse, prepend=0) != 0))
    if len(starts) < len(of):
        of, coarse, count = of[starts], coarse[starts], np.add.reduceat(count, starts)
    return Buckets(of, coarse, count, total, wrong, negative, lowest, reach)


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
