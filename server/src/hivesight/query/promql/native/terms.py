"""Sums of histograms with weights: what addition, aggregation, rates and interpolation all come down to."""

from dataclasses import dataclass

import numpy as np

from hivesight.model.histogram import Hint, HistogramCells, Indexes
from hivesight.model.series import Mask, Values
from hivesight.query.promql.native.unify import unified
from hivesight.query.promql.sums import group_sums


@dataclass(frozen=True, slots=True)
class Summed:
    """cells: one a group. incompatible, reconciled: as in `Unified`; clash: where samples marked as a counter reset
    meet samples marked as none."""

    cells: HistogramCells
    incompatible: Mask
    reconciled: Mask
    clash: Mask


def summed(cells: HistogramCells, index: Indexes, group: Indexes, groups: int, weight: Values | None = None) -> Summed:
    """The sum of the cells at `index`, each times its weight, for every group. Every group has a cell. A weight of
    zero makes a cell take part in the choice of the layout alone."""
    order = np.argsort(group, kind="stable")
    if not (order == np.arange(len(order))).all():
        index, group = index[order], group[order]
        weight = None if weight is None else weight[order]
    common = unified(cells, index, group, groups)
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    figures = common.cells.figures
    if weight is not None:
        figures = np.where(weight[:, None] == 0, 0.0, figures * weight[:, None])
    hint, clash = _hints(common.cells.hint, starts)
    added = HistogramCells(common.cells.layouts, common.cells.layout[starts], group_sums(figures, starts), hint)
    return Summed(added, common.incompatible, common.reconciled, clash)


def _hints(
    hint: Values | np.ndarray[tuple[int], np.dtype[np.int8]], starts: Indexes
) -> tuple[np.ndarray[tuple[int], np.dtype[np.int8]], Mask]:
    def seen(which: Hint) -> Mask:
        return np.logical_or.reduceat(hint == which, starts)

    first = hint[starts]
    same = np.logical_and.reduceat(hint == np.repeat(first, np.diff(starts, append=len(hint))), starts)
    made = np.where(seen(Hint.GAUGE), Hint.GAUGE, np.where(same, first, Hint.UNKNOWN)).astype(np.int8)
    return made, seen(Hint.RESET) & seen(Hint.NOT_RESET)


def scaled(cells: HistogramCells, factor: Values) -> HistogramCells:
    """Every cell times a factor; shape (cells,)."""
    figures = cells.figures * factor[:, None]
    if not np.isfinite(factor).all():
        # What lies beyond a cell's layout is nothing, not a bucket whose count is NaN.
        widths = np.array([3 + layout.width for layout in cells.layouts], dtype=np.int64)[cells.layout]
        inside: Mask = np.arange(figures.shape[1], dtype=np.int64) < widths[:, None]
        figures = np.where(inside, figures, 0.0)
    hint = np.where(factor < 0, Hint.GAUGE, cells.hint).astype(np.int8)
    return HistogramCells(cells.layouts, cells.layout, figures, hint)


def hinted(cells: HistogramCells, hint: Hint) -> HistogramCells:
    """The same cells with another hint."""
    return HistogramCells(cells.layouts, cells.layout, cells.figures, np.full(len(cells), hint, dtype=np.int8))
