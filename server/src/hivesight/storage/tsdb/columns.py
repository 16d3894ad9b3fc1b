"""One group in memory: coded labels, one time vector, a (series x samples) block that grows.

Row numbers are what callers and the log use: given out once, never reused. Positions are where a row stands in the
arrays; they move when retention drops rows. One writer changes a Columns; readers take a `View` under the store's
publishing lock and keep it as long as they like, because nothing below a view's bounds is ever overwritten."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hivesight.model.histogram import HistogramCells
from hivesight.model.series import Mask, Times, Values, is_absent
from hivesight.model.symbols import Codes, LabelTable, Symbols
from hivesight.storage.tsdb.arrays import NO_CELL, Arrays, Places, no_arrays
from hivesight.storage.tsdb.cells import GrowingCells
from hivesight.storage.tsdb.piece import Piece

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
    rows. `keyed` may know rows that are newer than the view. place, cells, starts: as in Arrays."""

    version: int
    keyed: Mapping[bytes, int]
    table: LabelTable
    numbers: NDArray[np.int32]
    times: Times
    values: Values
    place: Places | None = None
    cells: HistogramCells | None = None
    starts: Times | None = None


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
        self.oldest_written_ms: int | None = None
        """The oldest time written to since somebody set it to None."""
        self.version = 0
        self.rows = 0
        self.arrays = no_arrays()
        self._numbers = np.empty(0, np.int32)
        self._names: tuple[str, ...] = ()
        self._codes = np.empty((0, 0), np.int32)
        self._table: LabelTable | None = None
        self._view: View | None = None
        self._handed_out = 0
        self._old_below = 0
        self._spared = False

    @property
    def handed_out(self) -> int:
        """A view shows the columns below this, so nobody may write to them."""
        return self._handed_out

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
        live = slice(0, old.high - old.low)
        return old.moved(self.rows, None, old.live, live, (capacity_rows, capacity))

    def opened(self, piece: Piece) -> Arrays:
        """The arrays with a column, or room for one behind the newest, for each time of the piece, where `put` may
        write. Changes nothing."""
        old, times = self.arrays, piece.times
        live = old.live
        later = len(times) - int(np.searchsorted(times, int(live[-1]), side="right")) if len(live) else len(times)
        if later == len(times):
            opened = self.grown(0, later)
        else:
            known = times[: len(times) - later]
            union = np.union1d(live, known)
            if len(union) == len(live) and self._handed_out <= old.low + int(np.searchsorted(live, int(times[0]))):
                opened = self.grown(0, later)
            else:
                # Columns come in between, or are written that a view shows.
                at = np.searchsorted(union, live)
                capacity = len(union) + later + len(union) // 8
                opened = old.moved(self.rows, None, union, at, (len(old.values), capacity))
        if piece.histograms is not None or piece.starts is not None:
            opened = opened.with_planes(histograms=piece.histograms is not None, starts=piece.starts is not None)
        return opened

    def put(self, positions: Positions, piece: Piece) -> None:
        """Writes the samples of a piece, series i at positions[i], to cells that are ABSENT. What `opened` gave for it
        must have been adopted."""
        arrays = self.arrays
        live = arrays.live
        later = int((piece.times > live[-1]).sum()) if len(live) else len(piece.times)
        if later:
            high = arrays.high + later
            arrays.times[arrays.high : high] = piece.times[len(piece.times) - later :]
            arrays.cleared(slice(self.rows), slice(arrays.high, high))
            self.arrays = arrays = replace(arrays, high=high)
        at = arrays.low + np.searchsorted(arrays.live, piece.times)
        present = piece.present
        if later == len(piece.times) and bool(present.all()):
            cells: Any = (positions[:, np.newaxis], at)
            taken: Any = slice(None)
        else:
            rows, columns = np.nonzero(present)
            cells, taken = (positions[rows], at[columns]), (rows, columns)
        arrays.values[cells] = piece.values[taken]
        if piece.starts is not None and arrays.starts is not None:
            arrays.starts[cells] = piece.starts[taken]
        if piece.histograms is not None and arrays.place is not None and arrays.cells is not None:
            places = piece.histograms.place[taken]
            used = np.unique(places[places >= 0]).astype(np.intp)
            numbers = arrays.cells.add(piece.histograms.cells.rows(used))
            named = np.full(places.shape, NO_CELL, np.int32)
            named[places >= 0] = numbers[np.searchsorted(used, places[places >= 0])]
            arrays.place[cells] = named
        self._written(int(piece.times[0]))
        newest = int(piece.times[-1])
        self.newest_ms = newest if self.newest_ms is None else max(self.newest_ms, newest)

    def piece_bytes(self, piece: Piece) -> int:
        """About how many bytes a piece would add, besides those of new series."""
        needed = self.grown_bytes(0, len(piece.times))
        if piece.histograms is not None:
            needed += (self.arrays.cells or GrowingCells()).grown_bytes(piece.histograms)
        return needed

    def grown_bytes(self, rows: int, samples: int) -> int:
        """How many bytes `grown` would add."""
        old = self.arrays
        capacity_rows, capacity = self._capacity(rows, samples)
        planes = 1 + (old.place is not None) / 2 + (old.starts is not None)
        cells = int(capacity_rows) * capacity - old.values.size
        return int(8 * planes * cells) + 8 * (capacity - len(old.times))

    def _capacity(self, rows: int, samples: int) -> tuple[int, int]:
        old = self.arrays
        capacity_rows, capacity = old.values.shape
        live = old.high - old.low
        if self.rows + rows > capacity_rows:
            capacity_rows = max(self.rows + rows, 2 * capacity_rows)
        if old.high + samples > capacity:
            # A little at a time: copying is cheap beside what columns that nobody has filled would hold in memory.
            capacity = max(live + samples, live + live // 8, _FIRST_CAPACITY)
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
        self.arrays.cleared(slice(old, total), slice(self.arrays.low, self.arrays.high))
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
        contiguous = bool(count) and int(positions[-1]) - int(positions[0]) == count - 1
        if not contiguous or count < self.rows or arrays.place is not None or arrays.starts is not None:
            arrays.cleared(slice(self.rows), slice(low, high))
        if contiguous:
            target[int(positions[0]) : int(positions[0]) + count] = values
        else:
            target[positions] = values
        arrays.times[low:high] = times
        self.arrays = replace(arrays, high=high)
        self.newest_ms = int(times[-1])
        self._written(int(times[0]))

    def fill(self, positions: Positions, values: Values) -> None:
        """Writes cells of the newest column that are ABSENT. If a view shows that column, the arrays are copied."""
        arrays = self.arrays
        if self._handed_out >= arrays.high:
            arrays = replace(arrays, values=arrays.values.copy())
            self.adopt(arrays)
        arrays.values[positions, arrays.high - 1] = values
        self._written(int(arrays.times[arrays.high - 1]))

    def delete(self, positions: Positions, start_ms: int, end_ms: int) -> int:
        """Takes samples in a closed interval away from some rows; how many there were. What a view shows stays."""
        arrays = self.arrays
        low = arrays.low + int(np.searchsorted(arrays.live, start_ms, side="left"))
        high = arrays.low + int(np.searchsorted(arrays.live, end_ms, side="right"))
        if low >= high or not len(positions):
            return 0
        arrays = replace(
            arrays,
            values=arrays.values.copy(),
            place=None if arrays.place is None else arrays.place.copy(),
            starts=None if arrays.starts is None else arrays.starts.copy(),
        )
        gone = int((~is_absent(arrays.values[positions, low:high])).sum())
        for position in positions.tolist():
            arrays.cleared(slice(position, position + 1), slice(low, high))
        self.adopt(arrays)
        self._spared = True
        self._written(start_ms)
        return gone

    def _written(self, time_ms: int) -> None:
        self._view = None
        oldest = self.oldest_written_ms
        self.oldest_written_ms = time_ms if oldest is None else min(oldest, time_ms)

    def trim(self, cutoff_ms: int) -> None:
        """Drops samples older than the cutoff and keeps every row."""
        arrays = self.arrays
        low = arrays.low + int(np.searchsorted(arrays.live, cutoff_ms))
        self.arrays = replace(arrays, low=low)
        self._view = None
        self._spared = True

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
        self.arrays = arrays = replace(arrays, low=low)
        self._view = None
        if wasteful:
            shape = (int(kept.sum()), max(_FIRST_CAPACITY, live + live // 8))
            self.adopt(arrays.moved(self.rows, kept, arrays.live, slice(0, live), shape).without_unused_cells())
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
            arrays = self.arrays
            live = (slice(self.rows), slice(arrays.low, arrays.high))
            self._view = View(
                self.version,
                self.keyed,
                self._label_table(),
                self.numbers(),
                arrays.live,
                arrays.values[live],
                None if arrays.place is None else arrays.place[live],
                None if arrays.cells is None else arrays.cells.snapshot(),
                None if arrays.starts is None else arrays.starts[live],
            )
            self._handed_out = arrays.high
        return self._view
