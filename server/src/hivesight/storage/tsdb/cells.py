"""The native histograms of one group: cells that are added and never changed, so that a snapshot is a prefix."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from hivesight.model.histogram import Floats, HistogramCells, HistogramGrid, Layout, Scale

_FIRST_CAPACITY: Final = 16
_WIDE: Final = 160
"""A layout wider than this is not widened further than twice what the histograms at hand need."""
_MOST_HOMES: Final = 20_000
"""So many layouts of histograms that came are remembered with their places."""

Columns = NDArray[np.intp]


class GrowingCells:
    """Histograms in the order in which they came. A layout grows to the union of the buckets that came with its scale;
    arrays that a snapshot may hold are then replaced, not written."""

    def __init__(self) -> None:
        self._layouts: list[Layout] = []
        self._by_scale: dict[Scale, list[int]] = {}
        self._homes: dict[Layout, tuple[int, Columns]] = {}
        self._layout = np.empty(0, np.int32)
        self._hint = np.empty(0, np.int8)
        self._figures: Floats = np.zeros((0, 3))
        self._count = self._widest = self._layout_bytes = 0

    def __len__(self) -> int:
        return self._count

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays, and about those of the layouts."""
        return int(self._figures.nbytes + self._layout.nbytes + self._hint.nbytes) + self._layout_bytes

    def grown_bytes(self, grid: HistogramGrid) -> int:
        """About how many bytes taking the histograms of a grid would add."""
        chosen = grid.cells.layout[grid.place[grid.place >= 0]]
        widest, added = self._widest, 0
        for theirs in [grid.cells.layouts[int(each)] for each in np.unique(chosen)]:
            if theirs in self._homes:
                continue
            added += _bytes_of(theirs)
            widest = max(widest, theirs.width)
            for index in self._by_scale.get(theirs.scale, ()):
                widest = max(widest, min(self._layouts[index].width + theirs.width, max(_WIDE, 2 * theirs.width)))
        width = max(3 + widest, self._figures.shape[1])
        a_cell = 8 * width + self._layout.itemsize + self._hint.itemsize
        return self._capacity(self._count + len(chosen)) * a_cell + self._layout_bytes + added - self.nbytes

    def snapshot(self) -> HistogramCells:
        """All cells there are now."""
        count = self._count
        return HistogramCells(tuple(self._layouts), self._layout[:count], self._figures[:count], self._hint[:count])

    def add(self, cells: HistogramCells) -> NDArray[np.int32]:
        """Takes histograms; their numbers."""
        first, count = self._count, len(cells)
        used, which = np.unique(cells.layout, return_inverse=True)
        layouts = [cells.layouts[int(each)] for each in used]
        for theirs in layouts:
            self._home(theirs)
        # Asked again, because each may have widened a layout that another had found.
        homes = [self._home(theirs) for theirs in layouts]
        self._reserve(first + count, 3 + self._widest)
        self._figures[first : first + count] = 0.0
        self._figures[first : first + count, :3] = cells.figures[:, :3]
        self._layout[first : first + count] = np.array([index for index, _ in homes], dtype=np.int32)[which]
        self._hint[first : first + count] = cells.hint
        if homes:
            width = np.array([len(columns) for _, columns in homes])
            starts = np.cumsum(width) - width
            row = np.repeat(np.arange(count), width[which])
            ends = np.cumsum(width[which])
            theirs_at = np.arange(len(row)) - np.repeat(ends - width[which], width[which])
            mine_at = np.concatenate([columns for _, columns in homes])[starts[which][row] + theirs_at]
            self._figures[first + row, 3 + mine_at] = cells.figures[row, 3 + theirs_at]
        self._count += count
        return np.arange(first, first + count, dtype=np.int32)

    def _home(self, theirs: Layout) -> tuple[int, Columns]:
        """The layout that takes theirs, widened where necessary, and where each of their buckets stands in it."""
        found = self._homes.get(theirs)
        if found is None:
            found = self._new_home(theirs)
            if len(self._homes) >= _MOST_HOMES:
                self._homes.clear()
            self._homes[theirs] = found
        return found

    def _new_home(self, theirs: Layout) -> tuple[int, Columns]:
        same_scale = self._by_scale.setdefault(theirs.scale, [])
        for index in same_scale:
            mine = self._layouts[index]
            if mine == theirs:
                return index, np.arange(theirs.width)
            union = Layout(
                mine.scale,
                tuple(sorted({*mine.negative, *theirs.negative})),
                tuple(sorted({*mine.positive, *theirs.positive})),
            )
            if union.width > max(_WIDE, 2 * theirs.width) and union.width != mine.width:
                continue
            if union.width != mine.width:
                self._widen(index, union)
            return index, _columns(theirs, union)
        same_scale.append(len(self._layouts))
        self._layouts.append(theirs)
        self._layout_bytes += _bytes_of(theirs)
        self._widest = max(self._widest, theirs.width)
        return len(self._layouts) - 1, np.arange(theirs.width)

    def _widen(self, index: int, union: Layout) -> None:
        old = self._layouts[index]
        columns = _columns(old, union)
        count = self._count
        figures = np.zeros((len(self._layout), max(3 + union.width, self._figures.shape[1])))
        figures[:count, : self._figures.shape[1]] = self._figures[:count]
        rows = np.flatnonzero(self._layout[:count] == index)
        if len(rows):
            figures[rows, 3:] = 0.0
            figures[rows[:, np.newaxis], 3 + columns] = self._figures[rows, 3 : 3 + old.width]
        self._figures = figures
        self._layouts[index] = union
        self._layout_bytes += _bytes_of(union) - _bytes_of(old)
        # Where buckets stood in it is not where they stand now.
        self._homes.clear()
        self._widest = max(self._widest, union.width)

    def _capacity(self, count: int) -> int:
        capacity = len(self._layout)
        return max(count, capacity + capacity // 2, _FIRST_CAPACITY) if count > capacity else capacity

    def _reserve(self, count: int, width: int) -> None:
        capacity = self._capacity(count)
        if (capacity, width) == (len(self._layout), self._figures.shape[1]):
            return
        used = self._count
        figures = np.zeros((capacity, max(width, self._figures.shape[1])))
        figures[:used, : self._figures.shape[1]] = self._figures[:used]
        layout, hint = np.zeros(capacity, np.int32), np.zeros(capacity, np.int8)
        layout[:used], hint[:used] = self._layout[:used], self._hint[:used]
        self._figures, self._layout, self._hint = figures, layout, hint


def _bytes_of(layout: Layout) -> int:
    """About what a layout takes, with the memory of where its buckets are."""
    return 400 + 40 * len(layout.scale.bounds) + 48 * layout.width


def _columns(part: Layout, whole: Layout) -> Columns:
    """Where each bucket of `part` stands among those of `whole`, which has them all."""
    negative = np.searchsorted(np.array(whole.negative, dtype=np.int64), np.array(part.negative, dtype=np.int64))
    positive = np.searchsorted(np.array(whole.positive, dtype=np.int64), np.array(part.positive, dtype=np.int64))
    return np.concatenate([negative, len(whole.negative) + positive])
