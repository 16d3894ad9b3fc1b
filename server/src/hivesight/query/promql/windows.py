"""Range vectors: the samples of many series with, for every step, the window of those that a range selector sees."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from hivesight.model.histogram import HistogramGrid, stacked_grids
from hivesight.model.series import Mask, SeriesBlock, Times, Values, has_nan, is_sample
from hivesight.model.symbols import LabelTable
from hivesight.query.promql.tables import stacked

Indexes = NDArray[np.int64]
_T = TypeVar("_T", bound=np.generic)

_CHUNK: Final = 1 << 15
"""Cells that a kernel works on at a time, so that its temporaries stay in the processor's cache."""
_PADDING: Final = int(np.iinfo(np.int64).max)
"""The time past a row's samples."""
_SMALL: Final = 8
"""Blocks of fewer series are put together with others before kernels run on them."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How far beyond its edges a window's samples are looked at."""

    before_ms: int = 0
    after_ms: int = 0


NO_REACH: Final = Reach()


@dataclass(frozen=True, slots=True)
class Windows:
    """Samples and windows. Arrays with one row stand for all series.

    values: float64, shape (series, samples), samples only: no absent ones, no staleness markers.
    times: int64 ms, shape (1 or series, samples), increasing in each row; what lies past a row's samples is padding.
    lo, hi: shape (1 or series, steps): samples lo to hi - 1 of the row are in the window of the step.
    opens_ms, closes_ms: int64, shape (steps,): the window's edges, the first exclusive, the second inclusive.
    nameless: as in a frame.
    inner: the same for the window without the neighbours that `anchored` and `smoothed` look at: lo to hi - 1 are then
    the samples from a lookback before the window on, and for `smoothed` to a lookback after it.
    native: those samples that are native histograms, by place, shape (series, samples); None where there are none.
    starts: int64 ms, shape (series, samples), when each sample's counter began, 0 where not known; None for all."""

    labels: LabelTable
    values: Values
    times: Times
    lo: Indexes
    hi: Indexes
    opens_ms: Times
    closes_ms: Times
    nameless: Mask
    inner: tuple[Indexes, Indexes]
    native: HistogramGrid | None = None
    starts: Times | None = None

    def __len__(self) -> int:
        return int(self.values.shape[0])

    @property
    def steps(self) -> int:
        return int(self.lo.shape[1])

    @property
    def count(self) -> Indexes:
        """How many samples are in the windows; shape (1 or series, steps)."""
        return self.hi - self.lo

    @property
    def first(self) -> Indexes:
        """The index of each window's first sample; of some sample where there is none."""
        return np.minimum(self.lo, self.values.shape[1] - 1)

    @property
    def last(self) -> Indexes:
        """The index of each window's last sample; of some sample where there is none."""
        return np.maximum(self.hi - 1, 0)

    def at_least(self, count: int) -> Mask:
        """Where the windows hold so many samples; shape (series, steps)."""
        return np.broadcast_to(self.count >= count, (len(self), self.steps))

    def chunks(self) -> Iterator["Windows"]:
        """The same windows in pieces of some series each."""
        rows = max(1, _CHUNK // max(self.values.shape[1], self.steps, 1))
        if rows >= len(self):
            yield self
            return
        for start in range(0, len(self), rows):
            yield self.part(slice(start, start + rows))

    def part(self, part: "slice | Indexes") -> "Windows":
        """The same windows of some of the series."""
        return Windows(
            LabelTable(self.labels.names, self.labels.codes[part], self.labels.symbols),
            self.values[part],
            _part(self.times, part),
            _part(self.lo, part),
            _part(self.hi, part),
            self.opens_ms,
            self.closes_ms,
            self.nameless[part],
            (_part(self.inner[0], part), _part(self.inner[1], part)),
            None if self.native is None else self.native.at(self.native.place[part]),
            None if self.starts is None else self.starts[part],
        )

    def only(self, chosen: Mask) -> "Windows":
        """The same windows of all series, with the chosen samples alone; shape (series, samples)."""
        before = np.zeros((len(self), chosen.shape[1] + 1), dtype=np.int64)
        np.cumsum(chosen, axis=1, out=before[:, 1:])
        move = _Compaction.of(chosen, before)
        marks = (self.lo, self.hi, *self.inner)
        lo, hi, inner_lo, inner_hi = (take(before, mark) for mark in marks)
        return Windows(
            self.labels,
            move(self.values, 0.0),
            move(np.broadcast_to(self.times, chosen.shape), _PADDING),
            lo,
            hi,
            self.opens_ms,
            self.closes_ms,
            self.nameless,
            (inner_lo, inner_hi),
            None if self.native is None else self.native.at(move(self.native.place, -1)),
            None if self.starts is None else move(self.starts, 0),
        )


def take(array: NDArray[_T], index: Indexes) -> NDArray[_T]:
    """`array[row, index[row, step]]`, where either may have one row that stands for all."""
    if len(index) == 1:
        return array[:, index[0]]
    if len(array) == 1:
        return array[0][index]
    return np.take_along_axis(array, index, axis=1)


@dataclass(frozen=True, slots=True)
class _Compaction:
    """Each row's samples moved together to the left. row, column: where the samples stand; place: where they go."""

    row: NDArray[np.intp]
    column: NDArray[np.intp]
    place: Indexes
    shape: tuple[int, int]

    @staticmethod
    def of(chosen: Mask, before: Indexes) -> "_Compaction":
        """chosen: the samples to keep; before: how many of them are left of each place, shape (rows, samples + 1)."""
        row, column = np.nonzero(chosen)
        width = max(1, int(before[:, -1].max(initial=0)))
        return _Compaction(row, column, before[row, column], (len(chosen), width))

    def __call__(self, array: NDArray[_T], filler: float) -> NDArray[_T]:
        out = np.full(self.shape, filler, dtype=array.dtype)
        out[self.row, self.place] = array[self.row, self.column]
        return out


def _part(array: NDArray[_T], rows: "slice | Indexes") -> NDArray[_T]:
    return array if len(array) == 1 else array[rows]


def windows_of(blocks: list[SeriesBlock], opens_ms: Times, closes_ms: Times, reach: Reach = NO_REACH) -> list[Windows]:
    """The windows (open, close] over all series of the blocks that have a sample in any of them."""
    ready: list[Windows] = []
    small: dict[int, list[Windows]] = {}
    for block in blocks:
        nameless = np.zeros(len(block.labels), dtype=np.bool_)
        made = of_samples(
            block.labels,
            block.values,
            block.times,
            None,
            opens_ms,
            closes_ms,
            nameless,
            reach,
            native=block.histograms,
            starts=block.starts,
        )
        if made is None:
            continue
        if len(made) >= _SMALL:
            ready.append(made)
        else:
            # Rows are padded to the longest, so only rows of about the same length go together.
            small.setdefault(made.values.shape[1].bit_length(), []).append(made)
    ready.extend(_joined(each) if len(each) > 1 else each[0] for each in small.values())
    return ready


def of_samples(
    labels: LabelTable,
    values: Values,
    times: Times,
    real: Mask | None,
    opens_ms: Times,
    closes_ms: Times,
    nameless: Mask,
    reach: Reach = NO_REACH,
    *,
    native: HistogramGrid | None = None,
    starts: Times | None = None,
) -> Windows | None:
    """Windows over samples on a shared time vector, present where `real` says, or where their bit patterns say."""
    lo = np.searchsorted(times, opens_ms - reach.before_ms, side="right")
    hi = np.searchsorted(times, closes_ms + reach.after_ms, side="right")
    used = slice(int(lo.min()), int(hi.max()))
    inner_lo, inner_hi = lo, hi
    if reach is not NO_REACH:
        inner_lo = np.searchsorted(times, opens_ms, side="right")
        inner_hi = np.searchsorted(times, closes_ms, side="right")
    marks = np.stack([lo, hi, inner_lo, inner_hi]).astype(np.int64) - used.start
    times, values = times[used], np.ascontiguousarray(values[:, used])
    if not values.size:
        return None
    place = None if native is None or (native.place[:, used] < 0).all() else native.place[:, used]
    starts = None if starts is None or not starts[:, used].any() else starts[:, used]
    if real is not None:
        real = real[:, used]
    elif has_nan(values):
        real = is_sample(values)
    if real is None or real.all():
        rows, row_times, row_marks = slice(None), times[None], marks[:, None]
    else:
        rows = np.flatnonzero(real.any(axis=1))
        if not len(rows):
            return None
        real = real[rows]
        before = np.zeros((len(rows), real.shape[1] + 1), dtype=np.int64)
        np.cumsum(real, axis=1, out=before[:, 1:])
        move = _Compaction.of(real, before)
        values = move(values[rows], 0.0)
        row_times = move(np.broadcast_to(times, real.shape), _PADDING)
        place = None if place is None else move(place[rows], -1)
        starts = None if starts is None else move(starts[rows], 0)
        row_marks = np.stack([before[:, mark] for mark in marks])
        labels = labels.rows(rows)
    return Windows(
        labels,
        values,
        row_times,
        row_marks[0],
        row_marks[1],
        opens_ms,
        closes_ms,
        nameless[rows],
        (row_marks[2], row_marks[3]),
        None if native is None or place is None else native.at(place),
        starts,
    )


def _joined(parts: list[Windows]) -> Windows:
    rows, width = sum(map(len, parts)), max(each.values.shape[1] for each in parts)
    values = np.zeros((rows, width))
    times = np.full((rows, width), _PADDING)
    marks = np.empty((4, rows, parts[0].steps), dtype=np.int64)
    starts = np.zeros((rows, width), dtype=np.int64)
    grids = stacked_grids([(_widened(each.native, width), (len(each), width)) for each in parts])
    start = 0
    for each in parts:
        part = slice(start, start + len(each))
        values[part, : each.values.shape[1]] = each.values
        times[part, : each.values.shape[1]] = each.times
        for mark, index in zip(marks, (each.lo, each.hi, *each.inner), strict=True):
            mark[part] = index
        if each.starts is not None:
            starts[part, : each.values.shape[1]] = each.starts
        start += len(each)
    return Windows(
        stacked([each.labels for each in parts], parts[0].labels.symbols),
        values,
        times,
        marks[0],
        marks[1],
        parts[0].opens_ms,
        parts[0].closes_ms,
        np.concatenate([each.nameless for each in parts]),
        (marks[2], marks[3]),
        grids,
        starts if starts.any() else None,
    )


def _widened(grid: HistogramGrid | None, width: int) -> HistogramGrid | None:
    if grid is None:
        return None
    missing = width - grid.place.shape[1]
    return grid.at(np.pad(grid.place, ((0, 0), (0, missing)), constant_values=-1))
