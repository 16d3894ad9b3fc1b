"""The samples of windows as lists of terms: for each window that is asked for, the cells of its histograms."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hivesight.model.histogram import HistogramCells, HistogramGrid, Indexes, stacked_cells
from hivesight.model.labels import METRIC_NAME
from hivesight.model.series import Mask
from hivesight.query.promql.context import Context
from hivesight.query.promql.frames import Frame
from hivesight.query.promql.tables import somewhere
from hivesight.query.promql.windows import Windows

_NUMBERS: Final = 1 << 21
"""Figures of cells that are laid out at a time."""


@dataclass(frozen=True, slots=True)
class Split:
    """Windows of series with histograms, taken apart. pure: where a window holds histograms alone; mixed: where it
    holds both; shape (series, steps)."""

    histograms: Windows
    grid: HistogramGrid
    pure: Mask
    mixed: Mask


def split(windows: Windows) -> Split:
    """The histograms of windows that have some."""
    assert windows.native is not None
    histograms = windows.only(windows.native.place >= 0)
    assert histograms.native is not None
    some = histograms.count > 0
    floats = windows.count > histograms.count
    return Split(histograms, histograms.native, some & ~floats, some & floats)


@dataclass(frozen=True, slots=True)
class Cells:
    """Windows one by one. row, step: which window; lo, hi: its samples, lo to hi - 1."""

    row: NDArray[np.intp]
    step: NDArray[np.intp]
    lo: Indexes
    hi: Indexes

    @staticmethod
    def of(windows: Windows, chosen: Mask) -> "Cells":
        row, step = np.nonzero(chosen)
        shape = (len(windows), windows.steps)
        lo, hi = np.broadcast_to(windows.lo, shape)[row, step], np.broadcast_to(windows.hi, shape)[row, step]
        return Cells(row, step, lo, hi)

    def __len__(self) -> int:
        return len(self.row)

    def chosen(self, index: NDArray[np.intp] | slice) -> "Cells":
        return Cells(self.row[index], self.step[index], self.lo[index], self.hi[index])

    def samples(self) -> tuple[Indexes, Indexes]:
        """Every sample of every window: its column, and the number of the window."""
        count = self.hi - self.lo
        owner = np.repeat(np.arange(len(self), dtype=np.int64), count)
        nth = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
        return np.repeat(self.lo, count) + nth, owner

    def pieces(self, width: int) -> Iterator["Cells"]:
        """The windows in pieces of a bounded number of figures, `width` for each window."""
        size = max(1, _NUMBERS // width)
        for begin in range(0, len(self), size):
            yield self.chosen(slice(begin, begin + size))

    def chunks(self, width: int) -> Iterator["Cells"]:
        """The windows in pieces whose samples have a bounded number of figures, `width` each."""
        sizes = np.cumsum((self.hi - self.lo) * width)
        begin = 0
        while begin < len(self):
            used = int(sizes[begin - 1]) if begin else 0
            end = max(begin + 1, int(np.searchsorted(sizes, used + _NUMBERS, side="right")))
            yield self.chosen(slice(begin, end))
            begin = end


@dataclass(frozen=True, slots=True)
class Made:
    """Histograms that were worked out for windows: one cell each."""

    at: Cells
    cells: HistogramCells


def framed(windows: Windows, made: list[Made]) -> Frame:
    """A frame with these histograms where they belong, and nothing elsewhere."""
    shape = (len(windows), windows.steps)
    place = np.full(shape, -1, dtype=np.int64)
    start = 0
    for each in made:
        place[each.at.row, each.at.step] = np.arange(start, start + len(each.at))
        start += len(each.at)
    grid = HistogramGrid(stacked_cells([each.cells for each in made]), place)
    return Frame(windows.labels, np.full(shape, np.nan), place >= 0, windows.nameless, grid)


def names_at(context: Context, windows: Windows, rows: NDArray[np.intp]) -> list[str]:
    """The metric names of some rows."""
    codes = np.unique(windows.labels.column(METRIC_NAME)[rows])
    return context.symbols.texts([int(code) for code in codes])


def names_where(context: Context, windows: Windows, where: Mask) -> list[str]:
    """The names of the metrics for which something holds at some step; shape (series, steps)."""
    return names_at(context, windows, np.flatnonzero(somewhere(where, 1)))
