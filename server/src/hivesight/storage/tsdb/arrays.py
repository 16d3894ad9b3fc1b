"""The sample arrays of one group: times, values, and, where any sample has them, histograms and starts."""

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hivesight.model.series import ABSENT, Times, Values
from hivesight.storage.tsdb.cells import GrowingCells

Places = NDArray[np.int32]

NO_CELL: Final = -1


@dataclass(frozen=True, slots=True)
class Arrays:
    """Sample arrays with room to grow; the live samples are the columns [low, high).

    times: shape (capacity,). values: shape (rows, capacity). place: the number of each sample's histogram in `cells`,
    NO_CELL for a float. starts: see SeriesBlock. Both as `values`, None as long as no sample has any."""

    times: Times
    values: Values
    low: int
    high: int
    place: Places | None = None
    starts: Times | None = None
    cells: GrowingCells | None = None

    @property
    def live(self) -> Times:
        """The times there are."""
        return self.times[self.low : self.high]

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        planes = (self.times, self.values, self.place, self.starts)
        cells = self.cells.nbytes if self.cells is not None else 0
        return cells + sum(int(each.nbytes) for each in planes if each is not None)

    def moved(
        self,
        rows: int,
        kept: NDArray[np.bool_] | None,
        times: Times,
        at: NDArray[np.intp] | slice,
        shape: tuple[int, int],
    ) -> "Arrays":
        """New arrays of this shape, whose first columns are `times`: live column i of the first `rows` rows (of those
        that `kept` marks) goes to column at[i], and what nothing goes to is ABSENT."""
        stamps = np.empty(shape[1], np.int64)
        stamps[: len(times)] = times
        source = (slice(rows), slice(self.low, self.high))

        def values_of(plane: NDArray[Any], fill: float) -> NDArray[Any]:
            new = np.empty(shape, plane.dtype)
            if not isinstance(at, slice):
                new[:, : len(times)] = fill
            old = plane[source] if kept is None else plane[source][kept]
            new[: len(old), at] = old
            return new

        return Arrays(
            stamps,
            values_of(self.values, ABSENT),
            0,
            len(times),
            None if self.place is None else values_of(self.place, NO_CELL),
            None if self.starts is None else values_of(self.starts, 0),
            self.cells,
        )

    def with_planes(self, *, histograms: bool, starts: bool) -> "Arrays":
        """The same with the planes that are asked for."""
        place = np.full(self.values.shape, NO_CELL, np.int32) if histograms and self.place is None else self.place
        began = np.zeros(self.values.shape, np.int64) if starts and self.starts is None else self.starts
        cells = GrowingCells() if histograms and self.cells is None else self.cells
        return replace(self, place=place, starts=began, cells=cells)

    def without_unused_cells(self) -> "Arrays":
        """The same; histograms that no place names any more are let go."""
        if self.place is None or self.cells is None:
            return self
        live = self.place[:, self.low : self.high]
        used = np.unique(live[live >= 0]).astype(np.intp)
        cells = GrowingCells()
        if not len(used):
            return replace(self, place=None, cells=None)
        numbers = cells.add(self.cells.snapshot().rows(used))
        place = np.full(self.place.shape, NO_CELL, np.int32)
        place[:, self.low : self.high] = np.where(
            live < 0, NO_CELL, numbers[np.searchsorted(used, np.maximum(live, used[0]))]
        )
        return replace(self, place=place, cells=cells)

    def cleared(self, rows: slice, columns: slice) -> None:
        """Makes cells empty."""
        self.values[rows, columns] = ABSENT
        if self.place is not None:
            self.place[rows, columns] = NO_CELL
        if self.starts is not None:
            self.starts[rows, columns] = 0


def no_arrays() -> Arrays:
    """Without a row or a column."""
    return Arrays(np.empty(0, np.int64), np.empty((0, 0), np.float64), 0, 0)
