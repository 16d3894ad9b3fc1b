"""Many classic histograms in columns: cumulative counts at bounds in, cells with custom buckets out. `ingest.
custom_buckets` gathers them. What makes a histogram sound is Prometheus' `util/convertnhcb`."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hivesight.ingest.parsed import HistogramBatch, senders_nans
from hivesight.ingest.protobuf.native import MAX_BUCKETS
from hivesight.model.histogram import CUSTOM, HistogramCells, Layout, Scale

_KEPT_GAP: Final = 2
"""Empty buckets that Prometheus counts where they stand between two that are not."""

Places = NDArray[np.intp]
Floats = NDArray[np.float64]


class Role(IntEnum):
    """What a sample tells of its histogram."""

    BUCKET = 0
    COUNT = 1
    SUM = 2


@dataclass(frozen=True, slots=True)
class Classic:
    """of, bound, held: by bucket below +Inf, ordered by histogram, then by bound: whose it is, its upper bound, and
    how many observations it holds by itself. count, total, rest, width, sound: by histogram: all observations, their
    sum, those over the last bound, the buckets with that last one, and whether the numbers agree."""

    of: Places
    bound: Floats
    held: Floats
    count: Floats
    total: Floats
    rest: Floats
    width: Places
    sound: NDArray[np.bool_]

    @classmethod
    def gathered(cls, group: Places, role: NDArray[np.int8], bound: Floats, value: Floats, groups: int) -> "Classic":
        """Samples by group, role and bound, no two alike. Without a count the last bucket tells it, without a bucket
        for +Inf the count does, and a sum that is not told is 0."""

        def told(where: NDArray[np.bool_], other: Floats) -> Floats:
            found = other.copy()
            found[group[where]] = value[where]
            return found

        is_bucket = role == Role.BUCKET
        is_last = is_bucket & np.isposinf(bound)
        below = is_bucket & ~is_last
        of, cumulative = group[below], value[below]
        with np.errstate(invalid="ignore"):
            held = np.where(np.diff(of, prepend=-1) != 0, cumulative, np.diff(cumulative, prepend=0.0))
        highest = np.zeros(groups)
        ends = np.diff(of, append=groups) != 0
        highest[of[ends]] = cumulative[ends]
        count = told(role == Role.COUNT, told(is_last, highest))
        last = told(is_last, count)
        with np.errstate(invalid="ignore"):
            rest = last - highest
        width = np.bincount(of, minlength=groups) + 1
        falls = np.zeros(groups, dtype=np.bool_)
        falls[of[~(held >= 0)]] = True
        sound = ~falls & (rest >= 0) & (count == last) & (count >= 0) & (width <= MAX_BUCKETS)
        total = told(role == Role.SUM, np.zeros(groups))
        return cls(of, bound[below], held, count, total, rest, width, sound)

    def spread(self) -> Places:
        """How many buckets each has as Prometheus counts them: those that hold something, and short gaps between."""
        groups = np.arange(len(self.width))
        of = np.concatenate([self.of, groups])
        at = np.concatenate([self._column(), self.width - 1])
        used = np.concatenate([self.held, self.rest]) > 0
        of, at = of[used], at[used]
        order = np.lexsort((at, of))
        of, at = of[order], at[order]
        gap = np.diff(at, prepend=0) - 1
        gap[np.diff(of, prepend=-1) != 0] = 0
        gap[gap > _KEPT_GAP] = 0
        return np.bincount(of, weights=gap + 1, minlength=len(groups)).astype(np.intp)

    def _column(self) -> Places:
        """Which bucket of its histogram each is."""
        starts = np.cumsum(self.width - 1) - (self.width - 1)
        return np.arange(len(self.of)) - starts[self.of]

    def batches(
        self, taken: NDArray[np.bool_], series: NDArray[np.int32], times_ms: NDArray[np.int64]
    ) -> list[HistogramBatch]:
        """Those that are taken, the ones of about the same width together. series, times_ms: by histogram."""
        column, starts = self._column(), np.cumsum(self.width - 1) - (self.width - 1)
        raw = np.ascontiguousarray(self.bound, dtype=np.float64).tobytes()
        shelf = np.frexp(self.width + 3)[1]
        made: list[HistogramBatch] = []
        for each in np.unique(shelf[taken]).tolist():
            members = np.flatnonzero(taken & (shelf == each))
            row = np.full(len(taken), -1)
            row[members] = np.arange(len(members))
            width = self.width[members]
            figures = np.zeros((len(members), 3 + int(width.max())))
            figures[:, 0], figures[:, 1] = self.count[members], self.total[members]
            mine = row[self.of] >= 0
            figures[row[self.of[mine]], 3 + column[mine]] = self.held[mine]
            figures[np.arange(len(members)), 2 + width] = self.rest[members]
            known: dict[bytes, int] = {}
            ends = (8 * (starts + self.width - 1)[members]).tolist()
            codes = [
                known.setdefault(raw[start:end], len(known))
                for start, end in zip((8 * starts[members]).tolist(), ends, strict=True)
            ]
            cells = HistogramCells(
                tuple(_layout(bounds) for bounds in known),
                np.array(codes, dtype=np.int32),
                senders_nans(figures),
                np.zeros(len(members), dtype=np.int8),
            )
            made.append(HistogramBatch(series[members], cells, times_ms[members], np.zeros(len(members), np.int64)))
        return made


def _layout(raw: bytes) -> Layout:
    bounds = tuple(np.frombuffer(raw).tolist())
    return Layout(Scale(CUSTOM, 0.0, bounds), (), tuple(range(len(bounds) + 1)))
