"""The native histograms of one group: cells that are added and never changed, so that a snapshot is a prefix."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from hivesight.model.histogram import Floats, HistogramCells, HistogramGrid, Layout, Scale

_FIRST_CAPACITY: Final = 16
_WIDE: Final = 160
"""A layout wider than this is not widened further than twice what the histograms at hand need."""


class GrowingCells:
    """Histograms in the order in which they came. A layout grows to the union of the buckets that came with its scale;
    arrays that a snapshot may hold are then replaced, not written."""

    def __init__(self) -> None:
        self._layouts: list[Layout] = []
        self._by_scale: dict[Scale, list[int]] = {}
        self._layout = np.empty(0, np.int32)
        self._hint = np.empty(0, np.int8)
        self._figures: Floats = np.zeros((0, 3))
        self._count = self._widest = 0

    def __len__(self) -> int:
        return self._count

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return int(self._figures.nbytes + self._layout.nbytes + self._hint.nbytes)

    def grown_bytes(self, grid: HistogramGrid) -> int:
        """About how many bytes taking the histograms of a grid would add."""
        chosen = grid.cells.layout[grid.place[grid.place >= 0]]
        widest = self._widest
        for theirs in [grid.cells.layouts[int(each)] for each in np.unique(chosen)]:
            widest = max(widest, theirs.width)
            for index in self._by_scale.get(theirs.scale, ()):
                mine = self._layouts[index]
                if mine != theirs:
                    widest = max(widest, min(mine.width + theirs.width, max(_WIDE, 2 * theirs.width)))
        width = max(3 + widest, self._figures.shape[1])
        a_cell = 8 * width + self._layout.itemsize + self._hint.itemsize
        return self._capacity(self._count + len(chosen)) * a_cell - self.nbytes

    def snapshot(self) -> HistogramCells:
        """All cells there are now."""
        count = self._count
        return HistogramCells(tuple(self._layouts), self._layout[:count], self._figures[:count], self._hint[:count])

    def add(self, cells: HistogramCells) -> NDArray[np.int32]:
        """Takes histograms; their numbers."""
        first, count = self._count, len(cells)
        used = cells.used()
        for theirs in used:
            self._home(cells.layouts[theirs])
        # Asked again, because each may have widened a layout that another had found.
        mine = {theirs: self._home(cells.layouts[theirs]) for theirs in used}
        self._reserve(first + count, 3 + self._widest)
        self._figures[first : first + count] = 0.0
        for theirs, (layout, columns) in mine.items():
            chosen: NDArray[np.intp] = np.flatnonzero(cells.layout == theirs)
            rows = first + chosen
            self._layout[rows] = layout
            self._figures[rows, :3] = cells.figures[chosen, :3]
            if len(columns):
                self._figures[rows[:, np.newaxis], 3 + columns] = cells.figures[chosen, 3 : 3 + len(columns)]
        self._hint[first : first + count] = cells.hint
        self._count += count
        return np.arange(first, first + count, dtype=np.int32)

    def _home(self, theirs: Layout) -> tuple[int, NDArray[np.intp]]:
        """The layout that takes theirs, widened where necessary, and where each of their buckets stands in it."""
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
            if union != mine:
                self._widen(index, union)
            return index, _columns(theirs, union)
        same_scale.append(len(self._layouts))
        self._layouts.append(theirs)
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


def _columns(part: Layout, whole: Layout) -> NDArray[np.intp]:
    """Where each bucket of `part` stands among those of `whole`, which has them all."""
    split = len(whole.negative)
    negative = {key: column for column, key in enumerate(whole.negative)}
    positive = {key: split + column for column, key in enumerate(whole.positive)}
    found = [negative[key] for key in part.negative] + [positive[key] for key in part.positive]
    return np.array(found, dtype=np.intp)
