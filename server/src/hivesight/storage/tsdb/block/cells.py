"""The histograms of one row at some times to a tile and back, bit for bit."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from hivesight.model.histogram import Hint, HistogramCells, Indexes, Layout
from hivesight.storage.tsdb.block.bytestream import Cursor
from hivesight.storage.tsdb.block.codec import (
    MAX_CELLS,
    MAX_ROWS,
    decode_floats,
    decode_int64,
    encode_floats,
    encode_int64,
)
from hivesight.storage.tsdb.block.errors import BlockDamaged


@dataclass(frozen=True, slots=True)
class RowCells:
    """Histograms of one row. place: shape (samples,), the number of the cell or -1; cells stand in order of time."""

    place: Indexes
    cells: HistogramCells

    @property
    def nbytes(self) -> int:
        return int(self.place.nbytes + self.cells.figures.nbytes + self.cells.layout.nbytes + self.cells.hint.nbytes)


def encode_cells(place: Indexes, cells: HistogramCells, number: Callable[[Layout], int]) -> bytes:
    """place: shape (samples,), cells of a grid or -1. number: of a layout, in the block. Empty where there are none."""
    named = place[place >= 0]
    if not len(named):
        return b""
    mine = cells.rows(named)
    distinct, form = np.unique(mine.layout, return_inverse=True)
    used: list[int] = distinct.tolist()
    plane = np.full((1, len(place)), -1, np.int64)
    plane[0, place >= 0] = form
    parts = [
        np.array([len(used), *(number(cells.layouts[each]) for each in used)], "<i4").tobytes(),
        _framed(encode_int64(plane)),
        _framed(encode_int64(mine.hint.astype(np.int64)[np.newaxis])),
    ]
    for index, each in enumerate(used):
        figures = mine.figures[form == index, : 3 + cells.layouts[each].width].T
        parts += [_framed(encode_floats(figures[low : low + MAX_ROWS])) for low in range(0, len(figures), MAX_ROWS)]
    return b"".join(parts)


def decode_cells(data: memoryview, samples: int, layouts: Sequence[Layout]) -> RowCells:
    """The histograms of a row. Raises BlockDamaged."""
    cursor = Cursor(data)
    count = cursor.size()
    numbers: list[int] = cursor.int32(count).tolist()
    if not all(0 <= each < len(layouts) for each in numbers):
        raise BlockDamaged("names a layout that is not there")
    plane = decode_int64(_blob(cursor), 1, samples)[0]
    if len(plane) and not -1 <= int(plane.min()) <= int(plane.max()) < count:
        raise BlockDamaged("names a layout that is not there")
    at = plane >= 0
    form = plane[at].astype(np.int32)
    hint = decode_int64(_blob(cursor), 1, len(form))[0]
    if len(hint) and not Hint.UNKNOWN <= int(hint.min()) <= int(hint.max()) <= Hint.GAUGE:
        raise BlockDamaged("has an unknown hint of a counter reset")
    mine = tuple(layouts[each] for each in numbers)
    widest = 3 + max((each.width for each in mine), default=0)
    members = [np.flatnonzero(form == index) for index in range(count)]
    if any(not len(each) for each in members) or len(form) * min(widest, MAX_ROWS) > MAX_CELLS:
        raise BlockDamaged("has more histograms than there can be")
    taken = [_figures(cursor, 3 + layout.width, len(each)) for layout, each in zip(mine, members, strict=True)]
    cursor.end()
    figures = np.zeros((len(form), widest))
    for each, rows in zip(taken, members, strict=True):
        figures[rows, : len(each)] = each.T
    place = np.where(at, np.cumsum(at) - 1, -1).astype(np.int64)
    return RowCells(place, HistogramCells(mine, form, figures, hint.astype(np.int8)))


def no_row_cells(samples: int) -> RowCells:
    """A row without histograms."""
    return RowCells(
        np.full(samples, -1, np.int64),
        HistogramCells((), np.zeros(0, np.int32), np.zeros((0, 3)), np.zeros(0, np.int8)),
    )


def _figures(cursor: Cursor, width: int, cells: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Shape (width, cells)."""
    lows = range(0, width, MAX_ROWS)
    return np.concatenate([decode_floats(_blob(cursor), min(MAX_ROWS, width - low), cells) for low in lows])


def _framed(data: bytes) -> bytes:
    return np.array([len(data)], "<i4").tobytes() + data


def _blob(cursor: Cursor) -> memoryview:
    return cursor.bytes(cursor.size()).data
