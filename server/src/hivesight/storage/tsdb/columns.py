"""One group in memory: coded labels, one time vector, a (series x samples) block that grows by doubling.

Row numbers are what callers and the log use: given out once, never reused. Positions are where a row stands in the
arrays; they move when retention drops rows. One writer changes a Columns; readers take a `View` under the store's
publishing lock and keep it as long as they like, because nothing below a view's bounds is ever overwritten."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hivesight.model.series import ABSENT, Mask, Times, Values, is_absent
from hivesight.model.symbols import Codes, LabelTable, Symbols

Positions = NDArray[np.intp]

_SCAN_CELLS = 1 << 22
_FIRST_CAPACITY = 16


@dataclass(frozen=True, slots=True)
class NewSeries:
    """Series to be added to a group, as symbol codes. keys[i] is `pairs` of series i as bytes: its identity."""

    keys: Sequence[bytes]
    numbers: NDArray[np.int32]
    label_counts: NDArray[np.int32]
    pairs: Codes


@dataclass(frozen=True, slots=True)
class View:
    """A snapshot of a group: row `i` of `table`, `numbers` and `values` is one series. `version` changes with the
    rows. `keyed` may know rows that are newer than the view."""

    version: int
    keyed: Mapping[bytes, int]
    table: LabelTable
    numbers: NDArray[np.int32]
    times: Times
    values: Values


@dataclass(frozen=True, slots=True)
class Arrays:
    """Sample arrays with room to grow; the live samples are the columns [low, high)."""

    times: Times
    values: Values
    low: int
    high: int

    @property
    def nbytes(self) -> int:
        """Bytes of both arrays."""
        rows, samples = self.values.shape
        return 8 * int(samples) * (int(rows) + 1)


def present_rows(values: Values) -> Mask:
    """Which rows hold at least one sample; shape (series, samples) to (series,). Most are settled by one column."""
    if not values.size:
        return np.zeros(len(values), dtype=bool)
    found = ~is_absent(values[:, -1])
    if found.all():
        return found
    found |= ~is_absent(values[:, 0])
    rest = np.flatnonzero(~found)
    step = max(1, _SCAN_CELLS // values.shape[1])
    for low in range(0, len(rest), step):
        rows = rest[low : low + step]
        found[rows] = ~is_absent(values[rows]).all(axis=1)
    return found


class Columns:
    """The growing arrays of one group."""

    def __init__(self, symbols: Symbols, next_number: int = 0) -> None:
        self.symbols = symbols
        self.keyed: dict[bytes, int] = {}
        """Identity of each series -> its row number."""
        self.next_number = next_number
        self.newest_ms: int | None = None
        self.version = 0
        self.rows = 0
        self.arrays = Arrays(np.empty(0, np.int64), np.empty((0, 0), np.float64), 0, 0)
        self._numbers = np.empty(0, np.int32)
        self._names: tuple[str, ...] = ()
        self._codes = np.empty((0, 0), np.int32)
        self._table: LabelTable | None = None
        self._view: View | None = None
        self._handed_out = 0
        self._old_below = 0
        self._spared = False

    def positions(self, numbers: NDArray[np.int32]) -> Positions:
        """Where rows stand; -1 for a number that is negative, dropped or was never given out."""
        known = self._numbers[: self.rows]
        if self.rows and int(known[-1]) == self.rows - 1:
            return np.where((numbers >= 0) & (numbers < self.rows), numbers, -1).astype(np.intp)
        at = np.searchsorted(known, numbers)
        found = at < self.rows
        found[found] = known[at[found]] == numbers[found]
        return np.where(found, at, -1).astype(np.intp)

    def numbers(self) -> NDArray[np.int32]:
        """The row number at each position."""
        return self._numbers[: self.rows]

    @property
    def bounds_ms(self) -> tuple[int, int] | None:
        """The oldest and the newest time there is."""
        arrays = self.arrays
        return (int(arrays.times[arrays.low]), int(arrays.times[arrays.high - 1])) if arrays.high > arrays.low else None

    def newest_column(self) -> Values:
        """The values at the newest time, by position."""
        return self.arrays.values[: self.rows, self.arrays.high - 1]

    def grown(self, rows: int, samples: int) -> Arrays:
        """The arrays with room for `rows` more series and `samples` more columns: themselves if there is room, else
        new ones with the live samples copied. Changes nothing."""
        old = self.arrays
        capacity_rows, capacity = self._capacity(rows, samples)
        if (capacity_rows, capacity) == old.values.shape and old.high + samples <= capacity:
            return old
        live = old.high - old.low
        times = np.empty(capacity, np.int64)
        values = np.empty((capacity_rows, capacity), np.float64)
        times[:live] = old.times[old.low : old.high]
        values[: self.rows, :live] = old.values[: self.rows, old.low : old.high]
        return Arrays(times, values, 0, live)

    def grown_bytes(self, rows: int, samples: int) -> int:
        """The size of what `grown` would leave."""
        capacity_rows, capacity = self._capacity(rows, samples)
        return 8 * capacity * (capacity_rows + 1)

    def _capacity(self, rows: int, samples: int) -> tuple[int, int]:
        old = self.arrays
        capacity_rows, capacity = old.values.shape
        live = old.high - old.low
        if self.rows + rows > capacity_rows:
            capacity_rows = max(self.rows + rows, 2 * capacity_rows)
        if old.high + samples > capacity:
            capacity = max(live + samples, 2 * live, _FIRST_CAPACITY)
        return capacity_rows, capacity

    def adopt(self, arrays: Arrays) -> None:
        """Takes what `grown` built."""
        if arrays is not self.arrays:
            self.arrays = arrays
            self._view = None
            self._handed_out = 0

    def add(self, new: NewSeries) -> None:
        """Adds series, whose row numbers must be above all known ones; room for them must have been made."""
        count = len(new.numbers)
        old, total = self.rows, self.rows + count
        name_codes, name_index = np.unique(new.pairs[:, 0], return_inverse=True)
        texts = self.symbols.texts(name_codes.tolist())
        self._widen(total, texts)
        columns = np.array([self._names.index(text) for text in texts], dtype=np.intp)
        row_of_pair = np.repeat(np.arange(old, total), new.label_counts)
        self._codes[old:total] = 0
        self._codes[row_of_pair, columns[name_index]] = new.pairs[:, 1]
        self._numbers[old:total] = new.numbers
        self.arrays.values[old:total, self.arrays.low : self.arrays.high] = ABSENT
        self.keyed.update(zip(new.keys, new.numbers.tolist(), strict=True))
        self.next_number = max(self.next_number, int(new.numbers[-1]) + 1)
        self.rows = total
        self._changed()

    def _widen(self, rows: int, names: Sequence[str]) -> None:
        """Room for `rows` rows and the label names; an array that a view may hold is replaced, not written."""
        merged = tuple(sorted({*self._names, *names}))
        capacity = len(self._numbers)
        if rows > capacity:
            capacity = max(rows, 2 * capacity)
            numbers = np.empty(capacity, np.int32)
            numbers[: self.rows] = self._numbers[: self.rows]
            self._numbers = numbers
        if merged != self._names or capacity != self._codes.shape[0]:
            codes = np.zeros((capacity, len(merged)), np.int32)
            kept = [merged.index(name) for name in self._names]
            codes[: self.rows, kept] = self._codes[: self.rows]
            self._codes, self._names = codes, merged

    def extend(self, times: Times, positions: Positions, values: Values) -> None:
        """Appends columns, newer than all there are; room for them must have been made.

        times: strictly increasing, shape (samples,). values: shape (len(positions), samples)."""
        arrays = self.arrays
        low, high = arrays.high, arrays.high + len(times)
        target = arrays.values[: self.rows, low:high]
        count = len(positions)
        if count and int(positions[-1]) - int(positions[0]) == count - 1:
            if count < self.rows:
                target[:] = ABSENT
            target[int(positions[0]) : int(positions[0]) + count] = values
        else:
            target[:] = ABSENT
            target[positions] = values
        arrays.times[low:high] = times
        self.arrays = Arrays(arrays.times, arrays.values, arrays.low, high)
        self.newest_ms = int(times[-1])
        self._view = None

    def fill(self, positions: Positions, values: Values) -> None:
        """Writes cells of the newest column that are ABSENT. If a view shows that column, the arrays are copied."""
        arrays = self.arrays
        if self._handed_out >= arrays.high:
            arrays = Arrays(arrays.times, arrays.values.copy(), arrays.low, arrays.high)
            self.adopt(arrays)
        arrays.values[positions, arrays.high - 1] = values
        self._view = None

    def put_rows(self, positions: Positions, times: Times, values: Values) -> bool:
        """Sets whole rows from a checkpoint: the first call gives the group its times, later ones must agree (False
        where they do not). Room must have been made."""
        arrays = self.arrays
        live = arrays.times[arrays.low : arrays.high]
        if not len(live):
            self.extend(times, positions, values)
            return True
        if not np.array_equal(live, times):
            return False
        arrays.values[positions, arrays.low : arrays.high] = values
        self._view = None
        return True

    def cut(self, cutoff_ms: int) -> list[bytes]:
        """Drops samples older than the cutoff, and rows that then have none and were there at the last cut as well.
        Leaves the identities of the dropped series."""
        arrays = self.arrays
        low = arrays.low + int(np.searchsorted(arrays.times[arrays.low : arrays.high], cutoff_ms))
        if low == arrays.low < arrays.high and not self._spared:
            return []
        present = present_rows(arrays.values[: self.rows, low : arrays.high])
        kept = present | (self.numbers() >= self._old_below)
        self._old_below = self.next_number
        self._spared = bool((kept & ~present).any())
        live = arrays.high - low
        wasteful = live < low or not kept.all()
        self.arrays = Arrays(arrays.times, arrays.values, low, arrays.high)
        self._view = None
        if wasteful:
            values = np.empty((int(kept.sum()), max(_FIRST_CAPACITY, live + live // 2)), np.float64)
            values[:, :live] = arrays.values[: self.rows, low : arrays.high][kept]
            times = np.empty(values.shape[1], np.int64)
            times[:live] = arrays.times[low : arrays.high]
            self.adopt(Arrays(times, values, 0, live))
        return [] if kept.all() else self._keep(kept)

    def _keep(self, kept: Mask) -> list[bytes]:
        dropped = set(self.numbers()[~kept].tolist())
        gone = [key for key, number in self.keyed.items() if number in dropped]
        self.keyed = {key: number for key, number in self.keyed.items() if number not in dropped}
        self._codes = self._codes[: self.rows][kept]
        self._numbers = self._numbers[: self.rows][kept]
        self.rows = len(self._numbers)
        self._changed()
        return gone

    def column(self, name: str) -> Codes:
        """The codes of one label by position."""
        return self._label_table().column(name)

    def _changed(self) -> None:
        self.version += 1
        self._table = None
        self._view = None

    def _label_table(self) -> LabelTable:
        if self._table is None:
            self._table = LabelTable(self._names, self._codes[: self.rows], self.symbols)
        return self._table

    def view(self) -> View:
        """A snapshot; the same object until something changes."""
        if self._view is None:
            low, high = self.arrays.low, self.arrays.high
            times, values = self.arrays.times[low:high], self.arrays.values[: self.rows, low:high]
            self._view = View(self.version, self.keyed, self._label_table(), self.numbers(), times, values)
            self._handed_out = high
        return self._view
