"""The parts of a selection become its answer: blocks that may share label sets in, blocks that share none out.

Who reads the metrics store gathers the matching rows from every block on disk and every group in memory; the same
series is in many of them. What goes where is decided once for the same label tables (`joins.Plans`), so that a query
that is asked again costs what its samples cost, and nothing for parts that have no series in common."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from hivesight.model.histogram import HistogramCells, HistogramGrid, Indexes, cells_in_use, stacked_cells
from hivesight.model.series import ABSENT, Mask, SeriesBlock, Times, Values, is_absent, is_sample
from hivesight.storage.tsdb.joins import Index, Join, Piece, Plans, as_index

_CELLS: Final = 1 << 15
"""So many samples are moved at a time: what is in between stays in the processor's cache."""

_plans: Final = Plans()

_Kind = TypeVar("_Kind", np.float64, np.int64)
_Place = tuple[Index, Index]


def assemble(parts: Sequence[SeriesBlock]) -> list[SeriesBlock]:
    """The same samples in blocks of which no two have a label set in common.

    parts: oldest first; coded by one `Symbols`. A part that shares no series with another is answered as the object it
    is. Where two parts have a sample of a series at one time the later part's stands, be it float or histogram, but a
    staleness marker never covers a value. The label table of an answered block is the same object whenever the parts
    come with the same tables. The answer holds no more cells than the parts do."""
    if len(parts) < 2:
        return list(parts)
    plan = _plans.of([part.labels for part in parts])
    return [parts[each] if isinstance(each, int) else joined(each, parts) for each in plan]


def joined(join: Join, parts: Sequence[SeriesBlock]) -> SeriesBlock:
    """The block that a plan says, of parts oldest first."""
    blocks = [parts[piece.part] for piece in join.pieces]
    times, columns = _time_axis([block.times for block in blocks])
    covers = _covers(columns, len(times))
    shape = (join.rows, len(times))
    complete = all(piece.every for piece in join.pieces) and not any(covers)
    values = np.empty(shape) if complete else np.full(shape, ABSENT)
    starts = None if all(block.starts is None for block in blocks) else np.zeros(shape, dtype=np.int64)
    cells = _Cells(shape) if any(block.histograms is not None for block in blocks) else None
    for piece, block, column, covering in zip(join.pieces, blocks, columns, covers, strict=True):
        if cells is not None:
            cells.take(block.histograms, piece)
        for source, target in _strips(piece, len(block.times)):
            place = (
                (target, column)
                if isinstance(target, slice) or isinstance(column, slice)
                else (target[:, None], column)
            )
            taken = block.values[source]
            stands = _stands(taken, values[place]) if covering else None
            _put(values, place, taken, ABSENT, stands)
            if starts is not None:
                _put(starts, place, None if block.starts is None else block.starts[source], np.int64(0), stands)
            if cells is not None:
                _put(cells.place, place, cells.numbers(source), np.int64(-1), stands)
    table = parts[join.table].labels if isinstance(join.table, int) else join.table
    return SeriesBlock(table, times, values, None if cells is None else cells.grid(), starts)


def _time_axis(vectors: Sequence[Times]) -> tuple[Times, list[Index]]:
    """The union of the times, and where in it those of each vector stand."""
    if len(vectors) == 1:
        return vectors[0], [slice(0, len(vectors[0]))]
    filled = [each for each in vectors if len(each)]
    joined = np.concatenate(vectors)
    if all(before[-1] < after[0] for before, after in pairwise(filled)):
        ends = np.cumsum([len(each) for each in vectors]).tolist()
        return joined, [slice(end - len(each), end) for end, each in zip(ends, vectors, strict=True)]
    times = np.unique(joined)
    return times, [as_index(np.searchsorted(times, each)) for each in vectors]


def _covers(columns: Sequence[Index], width: int) -> list[bool]:
    """Whether a column of each piece was written by a piece before."""
    written = np.zeros(width, dtype=bool)
    found: list[bool] = []
    for each in columns:
        found.append(bool(written[each].any()))
        written[each] = True
    return found


def _strips(piece: Piece, width: int) -> Iterator[tuple[Index, Index]]:
    """The rows of a piece a few at a time: where they are read, and where they are written."""
    step = max(1, _CELLS // max(1, width))
    for low in range(0, piece.count, step):
        high = min(low + step, piece.count)
        yield _strip(piece.source, low, high), _strip(piece.target, low, high)


def _strip(index: Index, low: int, high: int) -> Index:
    return slice(index.start + low, index.start + high) if isinstance(index, slice) else index[low:high]


def _stands(taken: Values, current: Values) -> Mask:
    """Where the later sample covers what is there: always, but a staleness marker only another or nothing."""
    return is_sample(taken) | (~is_absent(taken) & ~is_sample(current))


def _put(into: NDArray[_Kind], place: _Place, taken: NDArray[_Kind] | None, blank: _Kind, stands: Mask | None) -> None:
    """Writes what was taken, or blanks, where it stands (None: everywhere; nothing but blanks is there yet)."""
    if stands is not None:
        into[place] = np.where(stands, blank if taken is None else taken, into[place])
    elif taken is not None:
        into[place] = taken


class _Cells:
    """The histograms of one block while its pieces come in. Of each piece only the cells of its rows are kept, since a
    query pays for every cell of a block."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self.place: Indexes = np.full(shape, -1, dtype=np.int64)
        self._parts: list[HistogramCells] = []
        self._total = 0
        self._from: Indexes | None = None
        self._number: Indexes = np.empty(0, dtype=np.int64)

    def take(self, grid: HistogramGrid | None, piece: Piece) -> None:
        """The next piece: `numbers` is about it from now on."""
        self._from = None
        if grid is None:
            return
        self._from = grid.place
        strips = _strips(piece, grid.place.shape[1])
        kept, self._number = cells_in_use(grid.cells, (grid.place[source] for source, _ in strips), self._total)
        self._parts.append(kept)
        self._total += len(kept)

    def numbers(self, source: Index) -> Indexes | None:
        """The places of some rows of the piece, as they are in the block."""
        return None if self._from is None else self._number[self._from[source]]

    def grid(self) -> HistogramGrid | None:
        """All of them; cells that a later sample covered are gone."""
        kept, number = cells_in_use(stacked_cells(self._parts), (self.place,), 0)
        return HistogramGrid(kept, number[self.place]) if len(kept) else None
