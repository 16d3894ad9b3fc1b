"""Pairs of histograms compared: equality, and whether a counter was reset between them."""

from typing import Final

import numpy as np

from hivesight.model.histogram import Hint, HistogramCells, HistogramGrid, Indexes
from hivesight.model.series import Mask, Values
from hivesight.query.promql.native.unify import unified

_NUMBERS: Final = 1 << 21
"""Figures of cells that are laid out at a time."""


def equal(cells: HistogramCells, left: Indexes, right: Indexes) -> Mask:
    """Where both histograms are the same: scale, count, sum and buckets, those of no observations apart."""
    out = np.zeros(len(left), dtype=np.bool_)
    size = max(1, _NUMBERS // cells.figures.shape[1])
    for begin in range(0, len(left), size):
        some = slice(begin, begin + size)
        out[some] = _equal(cells, left[some], right[some])
    return out


def _equal(cells: HistogramCells, left: Indexes, right: Indexes) -> Mask:
    known = {scale: number for number, scale in enumerate(dict.fromkeys(each.scale for each in cells.layouts))}
    scale = np.array([known[each.scale] for each in cells.layouts])
    out = scale[cells.layout[left]] == scale[cells.layout[right]]
    rows = np.flatnonzero(out)
    number = np.arange(len(rows), dtype=np.int64)
    both = unified(cells, np.concatenate([left[rows], right[rows]]), np.concatenate([number, number]), len(rows))
    a, b = both.cells.figures[: len(rows)], both.cells.figures[len(rows) :]
    out[rows] = ((a == b) | (np.isnan(a) & np.isnan(b))).all(axis=1)
    return out


def resampled(grid: HistogramGrid) -> HistogramGrid:
    """The histograms without hints about the sample before: it is another one where samples were chosen anew."""
    cells = grid.cells
    hint = np.where(cells.hint == Hint.GAUGE, Hint.GAUGE, Hint.UNKNOWN).astype(np.int8)
    return HistogramGrid(HistogramCells(cells.layouts, cells.layout, cells.figures, hint), grid.place)


def changed(grid: HistogramGrid, floats: Mask, *, resets_only: bool) -> Mask:
    """Where a sample differs from the one before it, or begins a counter anew. floats: the answer for floats, shape
    (series, samples - 1). From a float to a histogram and back there is always a change."""
    before, after = grid.place[:, :-1], grid.place[:, 1:]
    out = np.where((before < 0) & (after < 0), floats, (before < 0) != (after < 0))
    row, column = np.nonzero((before >= 0) & (after >= 0))
    pair = (before[row, column], after[row, column])
    out[row, column] = reset_between(grid.cells, *pair) if resets_only else ~equal(grid.cells, *pair)
    return out


def reset_between(cells: HistogramCells, before: Indexes, after: Indexes) -> Mask:
    """Where a counter began anew between two samples: as its hint says, or else where the count of anything fell, or
    the buckets became finer (Prometheus' `DetectReset`)."""
    hint = cells.hint[after]
    out = hint == Hint.RESET
    rows = np.flatnonzero((hint != Hint.RESET) & (hint != Hint.NOT_RESET))
    size = max(1, _NUMBERS // cells.figures.shape[1])
    for begin in range(0, len(rows), size):
        some = rows[begin : begin + size]
        out[some] = _fell(cells, before[some], after[some])
    return out


def _fell(cells: HistogramCells, before: Indexes, after: Indexes) -> Mask:
    schema = np.array([each.scale.schema for each in cells.layouts])
    custom = np.array([each.scale.custom for each in cells.layouts])
    threshold = np.array([each.scale.zero_threshold for each in cells.layouts])
    a, b = cells.layout[before], cells.layout[after]
    out = cells.count[after] < cells.count[before]
    out |= (custom[a] != custom[b]) | (schema[b] > schema[a]) | (threshold[b] < threshold[a])
    rows = np.flatnonzero(~out)
    if not rows.size:
        return out
    number = np.arange(len(rows), dtype=np.int64)
    index = np.concatenate([before[rows], after[rows]])
    both = unified(cells, index, np.concatenate([number, number]), len(rows))
    earlier, later = both.cells.figures[: len(rows), 2:], both.cells.figures[len(rows) :, 2:]
    common: Values = np.array([each.scale.zero_threshold for each in both.cells.layouts])[both.cells.layout]
    # A zero bucket that had to grow further cut through populated buckets of the sample before.
    grown = common[len(rows) :] != threshold[b[rows]]
    out[rows] = grown | (later < earlier).any(axis=1)
    return out
