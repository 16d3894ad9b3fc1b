"""The groups of a block: which there are, and the samples of some rows in some columns put together from tiles."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from hivesight.model.histogram import HistogramCells, HistogramGrid, stacked_cells
from hivesight.model.series import ABSENT, Mask, SeriesBlock, Times, Values, is_absent
from hivesight.model.symbols import LabelTable
from hivesight.storage.tsdb.block.errors import BlockDamaged
from hivesight.storage.tsdb.block.grid import HISTOGRAMS, STARTS, TILE_ROWS, TILE_SAMPLES, Grid, tile_counts
from hivesight.storage.tsdb.block.index import Index
from hivesight.storage.tsdb.block.shared import Rows
from hivesight.storage.tsdb.block.tilefile import TileFile

_Number = TypeVar("_Number", np.float64, np.int64)


@dataclass(frozen=True, slots=True)
class Group:
    """Rows of a table with the same times. first: the block's number of its first row; offset: that row in the
    table."""

    number: int
    first: int
    offset: int
    grid: Grid


class Groups:
    """Where the groups of an index begin."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._first = _before(index.group_rows)
        self._table_first = _before(index.table_rows)
        self._group_of_table = np.searchsorted(self._first, self._table_first)
        self._tile_first = _before(tile_counts(index.group_rows, index.group_samples, index.group_flags))

    def of_table(self, table: int, start_ms: int, end_ms: int) -> Iterator[Group]:
        """The groups of a table that may have a sample in the closed interval."""
        low, high = self._group_of_table[table : table + 2].tolist()
        index = self._index
        for number in range(low, high):
            if int(index.group_min[number]) > end_ms or int(index.group_max[number]) < start_ms:
                continue
            shape = int(index.group_rows[number]), int(index.group_samples[number]), int(index.group_flags[number])
            first = int(self._first[number])
            yield Group(
                number, first, first - int(self._table_first[table]), Grid(*shape, int(self._tile_first[number]))
            )

    def extent(self, group: Group, rows: Rows) -> tuple[Rows, Rows]:
        """The columns of the first and last sample of some rows of a group."""
        at = group.first + rows
        return self._index.row_first[at].astype(np.intp), self._index.row_last[at].astype(np.intp)


def _before(counts: NDArray[Any]) -> Times:
    """The sum before each, and the whole sum at the end."""
    return np.concatenate((np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)))


def times_of(file: TileFile, grid: Grid) -> Times:
    """The times of a group."""
    return np.concatenate([file.times(grid, band) for band in range(grid.column_bands)])


def columns_of(times: Times, start_ms: int, end_ms: int) -> tuple[int, int]:
    """The columns [low, high) in a closed interval."""
    return int(np.searchsorted(times, start_ms, side="left")), int(np.searchsorted(times, end_ms, side="right"))


def read_values(file: TileFile, grid: Grid, rows: Rows, low: int, high: int) -> Values:
    """Shape (len(rows), high - low). rows increase; neither they nor the columns are empty."""
    return _put_together(file.values, grid, rows, low, high)


def read_group(
    file: TileFile,
    grid: Grid,
    labels: LabelTable,
    times: Times,
    rows: Rows,
    values: Values,
    low: int,
    gone: Mask | None,
) -> SeriesBlock:
    """The block of some rows whose values in the columns from `low` on are read. gone: samples that were deleted."""
    high = low + values.shape[1]
    starts = _put_together(file.starts, grid, rows, low, high) if grid.flags & STARTS else None
    if starts is not None and gone is not None:
        starts = np.where(gone, 0, starts)
    histograms = _read_cells(file, grid, rows, low, high, gone) if grid.flags & HISTOGRAMS else None
    return SeriesBlock(labels, times[low:high], values, histograms, starts)


def check_group(file: TileFile, grid: Grid, extent: tuple[Rows, Rows]) -> Iterator[tuple[int, int]]:
    """Reads all tiles of a group; of each band of columns how many samples and how many histograms there are. Raises
    BlockDamaged, also where the rows do not begin and end where the index says."""
    first, last = np.full(grid.rows, grid.samples), np.full(grid.rows, -1)
    times_of(file, grid)
    for band in range(grid.column_bands):
        begin, width = grid.column_range(band).start, len(grid.column_range(band))
        samples = histograms = 0
        for row_band in range(grid.row_bands):
            present = ~is_absent(file.values(grid, row_band, band))
            samples += int(present.sum())
            rows = np.array(grid.row_range(row_band))[present.any(axis=1)]
            at = present[present.any(axis=1)]
            first[rows] = np.minimum(first[rows], begin + at.argmax(axis=1))
            last[rows] = begin + width - 1 - at[:, ::-1].argmax(axis=1)
            if grid.flags & STARTS:
                file.starts(grid, row_band, band)
        if grid.flags & HISTOGRAMS:
            histograms = sum(len(file.cells(grid, row, band).cells) for row in range(grid.rows))
        yield samples, histograms
    if not (np.array_equal(first, extent[0]) and np.array_equal(last, extent[1])):
        raise BlockDamaged("has rows that begin or end elsewhere than the index says")


def without(values: Values, gone: Mask | None) -> Values:
    """The values less what was deleted."""
    return values if gone is None else np.where(gone, ABSENT, values)


def _put_together(
    read: Callable[[Grid, int, int], NDArray[_Number]], grid: Grid, rows: Rows, low: int, high: int
) -> NDArray[_Number]:
    row_bands = np.unique(rows // TILE_ROWS).tolist()
    bands = list(_bands(low, high))
    first = read(grid, row_bands[0], bands[0][0])
    if len(row_bands) == len(bands) == 1:
        return _rows(first[:, bands[0][1]], rows - row_bands[0] * TILE_ROWS)
    whole = np.empty((len(rows), high - low), first.dtype)
    for row_band in row_bands:
        a, b = np.searchsorted(rows, (row_band * TILE_ROWS, (row_band + 1) * TILE_ROWS)).tolist()
        for band, source, target in bands:
            tile = read(grid, row_band, band)
            whole[a:b, target] = _rows(tile[:, source], rows[a:b] - row_band * TILE_ROWS)
    return whole


def _rows(tile: NDArray[_Number], rows: Rows) -> NDArray[_Number]:
    """The rows at increasing places, without a copy where they stand together."""
    if int(rows[-1]) - int(rows[0]) == len(rows) - 1:
        return tile[int(rows[0]) : int(rows[-1]) + 1]
    return tile[rows]


def _bands(low: int, high: int) -> Iterator[tuple[int, slice, slice]]:
    """The bands of columns that [low, high) meets: number, the part of the tile, the part of the whole."""
    for band in range(low // TILE_SAMPLES, -(-high // TILE_SAMPLES)):
        begin = band * TILE_SAMPLES
        a, b = max(low, begin), min(high, begin + TILE_SAMPLES)
        yield band, slice(a - begin, b - begin), slice(a - low, b - low)


def _read_cells(file: TileFile, grid: Grid, rows: Rows, low: int, high: int, gone: Mask | None) -> HistogramGrid | None:
    place = np.full((len(rows), high - low), -1, np.int64)
    parts: list[HistogramCells] = []
    total = 0
    for at, row in enumerate(rows.tolist()):
        for band, source, target in _bands(low, high):
            tile = file.cells(grid, row, band)
            named = tile.place[source] >= 0
            if gone is not None:
                named &= ~gone[at, target]
            used = tile.place[source][named]
            if not len(used):
                continue
            whole = int(used[-1]) - int(used[0]) == len(used) - 1
            parts.append(tile.cells.rows(used) if not whole else _slice(tile.cells, int(used[0]), len(used)))
            place[at, target][named] = total + np.arange(len(used))
            total += len(used)
    return HistogramGrid(stacked_cells(parts), place) if total else None


def _slice(cells: HistogramCells, first: int, count: int) -> HistogramCells:
    cut = slice(first, first + count)
    return HistogramCells(cells.layouts, cells.layout[cut], cells.figures[cut], cells.hint[cut])
