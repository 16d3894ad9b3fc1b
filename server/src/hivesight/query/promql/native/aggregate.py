"""sum and avg of native histograms by group."""

from typing import Final

import numpy as np

from hivesight.model.histogram import HistogramCells, HistogramGrid, stacked_cells
from hivesight.model.series import Mask
from hivesight.query.promql.ast import Aggregate
from hivesight.query.promql.context import Context
from hivesight.query.promql.groups import Groups
from hivesight.query.promql.native.over_time import mean_or_sum, note_sums

_NUMBERS: Final = 1 << 21
"""Figures of cells that are laid out at a time."""


def summed_groups(
    context: Context, node: Aggregate, groups: Groups, grid: HistogramGrid, histogram: Mask
) -> HistogramGrid:
    """One histogram for each group and step that has any. grid, histogram: rows in order of their groups."""
    steps = histogram.shape[1]
    place = np.full((len(groups.starts), steps), -1, dtype=np.int64)
    parts: list[HistogramCells] = []
    start = 0
    width = max(1, _NUMBERS // max(1, len(histogram) * grid.cells.figures.shape[1]))
    for begin in range(0, steps, width):
        context.budget.check()
        here = slice(begin, begin + width)
        row, step = np.nonzero(histogram[:, here])
        if not row.size:
            continue
        key = groups.group[row].astype(np.int64) * steps + step + begin
        cell, owner = np.unique(key, return_inverse=True)
        context.budget.spend(len(cell) * grid.cells.figures.shape[1])
        index = grid.place[:, here][row, step]
        found = mean_or_sum(grid.cells, index, owner.astype(np.int64), len(cell), mean=node.op == "avg")
        note_sums(context, node.expr, found)
        if found.incompatible.any():
            context.notes.mixed_schemas("", node.expr)
        good = np.flatnonzero(~found.incompatible)
        place[cell[good] // steps, cell[good] % steps] = np.arange(start, start + len(good))
        parts.append(found.cells.rows(good))
        start += len(good)
    return HistogramGrid(stacked_cells(parts), place)
