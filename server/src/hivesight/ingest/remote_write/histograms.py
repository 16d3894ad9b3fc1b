"""Native histograms, with integer counts, float counts or custom bounds, as cells; those that contradict themselves are
named. (Remote-Write 2.0, message Histogram, the same in 1.0; Prometheus' `Histogram.Validate`)"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hivesight.ingest.remote_write.buckets import Buckets, buckets_of, packed_doubles, zigzag
from hivesight.ingest.remote_write.errors import RequestTooLarge
from hivesight.ingest.remote_write.request import doubles_of, numbers_of
from hivesight.ingest.remote_write.wire import BYTES, FIXED64, Buffer, Fields, Places
from hivesight.model.histogram import CUSTOM, SCHEMAS, Hint, HistogramCells, Layout, Scale, no_cells
from hivesight.model.series import STALE_BITS, bits

MAX_BUCKETS: Final = 10_000
"""The most buckets of a histogram, and the most custom bounds."""
MAX_FIGURES: Final = 8_000_000
"""The most numbers that the histograms of a request become: histograms times the most buckets that one of them has."""
_FINEST: Final = 52
"""Schemas up to this one are reserved for exponential buckets; they are made as coarse as the finest that is stored."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Histograms:
    """Columns of shape (histograms,). series: whose of the request's. times, starts: int64 ms. stale: where the series
    ended. cells: all of them; those that are stale or bad hold nothing of use. bad: why the others are refused, by
    number."""

    series: Places
    times: Places
    starts: Places
    stale: Mask
    cells: HistogramCells
    bad: dict[int, str]


def histograms_of(buffer: Buffer, found: Fields) -> Histograms:
    """The histograms in these places. Raises MalformedRequest and RequestTooLarge."""
    count = len(found)
    if not count:
        none = np.zeros(0, dtype=np.int64)
        return Histograms(none, none, none, np.zeros(0, dtype=np.bool_), no_cells(), {})
    fields = buffer.fields(found.start, found.end)
    floats = np.zeros(count, dtype=np.bool_)
    floats[fields.of(2, FIXED64).message] = True
    schema = zigzag(numbers_of(buffer, fields, 4, count), 32)
    shift = np.where((schema > SCHEMAS[-1]) & (schema <= _FINEST), schema - SCHEMAS[-1], 0)
    total = doubles_of(buffer, fields, 3, count)
    threshold = doubles_of(buffer, fields, 5, count)
    whole = numbers_of(buffer, fields, 1, count)
    whole_zero = numbers_of(buffer, fields, 6, count)
    counts = np.where(floats, doubles_of(buffer, fields, 2, count), whole.view(np.uint64).astype(np.float64))
    zeros = np.where(floats, doubles_of(buffer, fields, 7, count), whole_zero.view(np.uint64).astype(np.float64))
    negative = buckets_of(buffer, fields, (8, 9, 10), floats, shift)
    positive = buckets_of(buffer, fields, (11, 12, 13), floats, shift)
    bounds, of_bound = packed_doubles(buffer, fields.of(16, BYTES, FIXED64))
    stale = bits(total) == STALE_BITS

    custom = schema == CUSTOM
    bad: dict[int, str] = {}
    refused = stale.copy()

    def refuse(where: Mask, reason: str) -> None:
        for number in np.flatnonzero(where & ~refused).tolist():
            bad[number] = reason
        refused[where] = True

    bound_count = np.bincount(of_bound, minlength=count)
    widths = np.bincount(negative.of, minlength=count) + np.bincount(positive.of, minlength=count)
    refuse((widths > MAX_BUCKETS) | (bound_count > MAX_BUCKETS), f"more than {MAX_BUCKETS} buckets or bounds")
    refuse(~custom & ~((schema >= SCHEMAS[0]) & (schema <= _FINEST)), "an unknown schema")
    refuse(negative.wrong | positive.wrong, "spans that do not fit the counts")
    refuse(negative.negative | positive.negative | (counts < 0) | (zeros < 0), "a count below zero")
    refuse(~(threshold >= 0), "a zero threshold that is no width")
    refuse(~custom & (bound_count > 0), "custom bounds, and a schema that has none")
    beside = (zeros != 0) | (threshold != 0) | negative.wrong | (np.bincount(negative.of, minlength=count) > 0)
    refuse(custom & beside, "a zero bucket or negative buckets beside custom bounds")
    refuse(custom & _unordered(bounds, of_bound, count), "custom bounds that are not finite and increasing")
    refuse(custom & ((positive.lowest < 0) | (positive.reach > bound_count + 1)), "buckets beyond the custom bounds")
    held = negative.total + positive.total + whole_zero
    short = np.where(np.isnan(total), held > whole, held != whole)
    refuse(~floats & short, "a count that is not that of its buckets")

    hints = np.clip(numbers_of(buffer, fields, 14, count), Hint.UNKNOWN, Hint.GAUGE).astype(np.int8)
    scale = (np.minimum(schema, SCHEMAS[-1]), threshold, np.split(bounds, np.cumsum(bound_count)[:-1]))
    cells = _cells(np.column_stack([counts, total, zeros]), hints, negative, positive, scale, refused)
    times, starts = numbers_of(buffer, fields, 15, count), numbers_of(buffer, fields, 17, count)
    return Histograms(found.message, times, starts, stale, cells, bad)


def _unordered(bounds: NDArray[np.float64], of: Places, count: int) -> Mask:
    found = np.zeros(count, dtype=np.bool_)
    found[of[~np.isfinite(bounds)]] = True
    falls = (np.diff(bounds) <= 0) & (np.diff(of) == 0)
    found[of[1:][falls]] = True
    return found


def _cells(
    figures: NDArray[np.float64],
    hints: NDArray[np.int8],
    negative: Buckets,
    positive: Buckets,
    scale: tuple[Places, NDArray[np.float64], list[NDArray[np.float64]]],
    refused: Mask,
) -> HistogramCells:
    """Cells with a layout for each set of buckets that occurs; the refused ones have no buckets."""
    count = len(figures)
    left, right = (np.where(refused, 0, np.bincount(side.of, minlength=count)) for side in (negative, positive))
    width = int((left + right).max(initial=0))
    if count * width > MAX_FIGURES:
        raise RequestTooLarge(
            f"{count} histograms with up to {width} buckets are more than {MAX_FIGURES} numbers: send them in parts"
        )
    wide = np.zeros((count, 3 + width))
    wide[:, :3] = figures
    keys: list[list[bytes]] = []
    for side, before in ((negative, np.zeros(count, np.int64)), (positive, left)):
        kept = ~refused[side.of]
        of, key = side.of[kept], side.key[kept]
        ends = np.cumsum(np.bincount(of, minlength=count))
        starts = ends - np.bincount(of, minlength=count)
        wide[of, 3 + before[of] + np.arange(len(of)) - starts[of]] = side.count[kept]
        raw = key.tobytes()
        keys.append([raw[8 * a : 8 * b] for a, b in zip(starts.tolist(), ends.tolist(), strict=True)])
    schemas, thresholds, bounds = scale
    known: dict[tuple[int, float, bytes, bytes, bytes], int] = {}
    layout = np.zeros(count, dtype=np.int32)
    rows = zip(schemas.tolist(), thresholds.tolist(), (each.tobytes() for each in bounds), *keys, strict=True)
    for number, (is_refused, row) in enumerate(zip(refused.tolist(), rows, strict=True)):
        layout[number] = known.setdefault((0, 0.0, b"", b"", b"") if is_refused else row, len(known))
    layouts = tuple(
        Layout(Scale(schema, threshold, tuple(np.frombuffer(custom).tolist())), _ints(below), _ints(above))
        for schema, threshold, custom, below, above in known
    )
    return HistogramCells(layouts, layout, wide, hints)


def _ints(raw: bytes) -> tuple[int, ...]:
    return tuple(np.frombuffer(raw, dtype=np.int64).tolist())
