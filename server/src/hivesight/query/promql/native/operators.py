"""Binary operators where one side or both are native histograms (Prometheus' `vectorElemBinop`)."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from hivesight.model.histogram import Hint, HistogramCells, HistogramGrid, Indexes, stacked_cells, stacked_grids
from hivesight.model.series import Mask, Values
from hivesight.query.promql.ast import Binary
from hivesight.query.promql.context import Context
from hivesight.query.promql.native.compare import equal
from hivesight.query.promql.native.terms import hinted, scaled, summed
from hivesight.query.promql.native.trim import trimmed

_ADDED: Final = {"+": (1.0, "addition"), "-": (-1.0, "subtraction")}


@dataclass(frozen=True, slots=True)
class Side:
    """One side of an operator. values: shape (series, steps), or (steps,) for a scalar; native as in a frame."""

    values: Values
    native: HistogramGrid | None = None

    def place(self, met: Mask) -> Indexes:
        """The cell of each element that met one of the other side, -1 for a float."""
        return np.full(met.shape, -1, dtype=np.int64) if self.native is None else np.where(met, self.native.place, -1)


@dataclass(frozen=True, slots=True)
class Outcome:
    """native: the histograms that came out. compared: where two histograms were compared; holds: with what result;
    shape (series, steps)."""

    native: HistogramGrid
    compared: Mask
    holds: Mask


def operated(context: Context, node: Binary, left: Side, right: Side, met: Mask) -> Outcome:
    """The operator where a histogram takes part. met: where both sides are present. Notes what has no result."""
    a, b = left.place(met), right.place(met)
    both = (a >= 0) & (b >= 0)
    place = np.full(met.shape, -1, dtype=np.int64)
    compared, holds = np.zeros(met.shape, dtype=np.bool_), np.zeros(met.shape, dtype=np.bool_)
    parts: list[HistogramCells] = []
    start = 0
    if both.any():
        joined = stacked_grids([(left.native, a.shape), (right.native, b.shape)])
        assert joined is not None
        ours, theirs = joined.place[: len(a)][both], joined.place[len(a) :][both]
        if node.op in ("==", "!="):
            compared = both
            holds[both] = equal(joined.cells, ours, theirs) == (node.op == "==")
        elif node.op in _ADDED:
            context.budget.spend(len(ours) * joined.cells.figures.shape[1])
            cells, good = _added(context, node, joined.cells, ours, theirs)
            row, step = np.nonzero(both)
            place[row[good], step[good]] = np.arange(len(cells))
            parts.append(cells)
            start = len(cells)
        else:
            context.notes.incompatible_types("histogram", node.op, "histogram", node)
    for side, other, mine, turned in ((left, right, a, False), (right, left, b, True)):
        where = (mine >= 0) & ~both
        if side.native is None or not where.any():
            continue
        context.budget.spend(int(where.sum()) * side.native.cells.figures.shape[1])
        number = np.broadcast_to(other.values, met.shape)[where]
        made = _with_number(node.op, side.native.cells.rows(mine[where]), number, turned=turned)
        if made is None:
            kinds = ("float", "histogram") if turned else ("histogram", "float")
            context.notes.incompatible_types(kinds[0], node.op, kinds[1], node)
            continue
        place[where] = np.arange(start, start + len(made))
        parts.append(made)
        start += len(made)
    return Outcome(HistogramGrid(stacked_cells(parts), place), compared, holds)


def _added(
    context: Context, node: Binary, cells: HistogramCells, ours: Indexes, theirs: Indexes
) -> tuple[HistogramCells, Mask]:
    """Sums or differences, and of which pairs: those with buckets of one kind."""
    sign, operation = _ADDED[node.op]
    number = np.arange(len(ours), dtype=np.int64)
    weight = np.concatenate([np.ones(len(ours)), np.full(len(theirs), sign)])
    group = np.concatenate([number, number])
    found = summed(cells, np.concatenate([ours, theirs]), group, len(ours), weight)
    good = ~found.incompatible
    if not good.all():
        context.notes.incompatible_layouts(node.op, node)
    if (found.clash & good).any():
        context.notes.conflicting_resets(operation, node)
    if (found.reconciled & good).any():
        context.notes.bounds_reconciled(operation, node)
    made = found.cells.rows(good)
    return (hinted(made, Hint.GAUGE) if node.op == "-" else made), good


def _with_number(op: str, cells: HistogramCells, number: Values, *, turned: bool) -> HistogramCells | None:
    """A histogram and a float; turned: the float stands on the left. None where the operator takes no such two."""
    if op == "*":
        return scaled(cells, number)
    if turned:
        return None
    if op == "/":
        return divided(cells, number)
    if op in ("</", ">/"):
        return trimmed(cells, number, below=op == "</")
    return None


def divided(cells: HistogramCells, number: Values) -> HistogramCells:
    """Every cell by a number; by zero there are no buckets left, and count and sum are what floats would be."""
    made = scaled(cells, 1 / number)
    figures = cells.figures / number[:, None]
    widths = np.array([3 + layout.width for layout in cells.layouts], dtype=np.int64)[cells.layout]
    inside = np.arange(figures.shape[1], dtype=np.int64) < np.where(number == 0, 3, widths)[:, None]
    return HistogramCells(made.layouts, made.layout, np.where(inside, figures, 0.0), made.hint)
