"""sum_over_time and its kin for series with native histograms."""

from collections.abc import Callable

import numpy as np

from hivesight.model.histogram import HistogramCells
from hivesight.model.series import Mask, Values
from hivesight.query.promql.ast import Expr
from hivesight.query.promql.context import Context
from hivesight.query.promql.frames import Frame
from hivesight.query.promql.native.terms import Summed, scaled, summed
from hivesight.query.promql.native.windows import Cells, Made, framed, names_at, names_where, split
from hivesight.query.promql.windows import Indexes, Windows, take


def sampling(
    kernel: Callable[[Windows], tuple[Values, Mask]], _context: Context, _noted: Expr, windows: Windows
) -> Frame:
    """What takes histograms as samples like others: a kernel that does not look at values, or knows histograms."""
    values, present = kernel(windows)
    return Frame(windows.labels, values, present, windows.nameless)


def picking(index: Callable[[Windows], Indexes], _context: Context, _noted: Expr, windows: Windows) -> Frame:
    """One of the samples of each window."""
    assert windows.native is not None
    at = np.broadcast_to(index(windows), (len(windows), windows.steps))
    grid = windows.native.at(take(windows.native.place, at))
    return Frame(windows.labels, take(windows.values, at), windows.at_least(1), windows.nameless, grid)


def totals(floats: Callable[[Windows], Values], mean: bool, context: Context, noted: Expr, windows: Windows) -> Frame:
    """Sums or means. A window of both floats and histograms has none, which is noted."""
    parts = split(windows)
    for name in names_where(context, windows, parts.mixed):
        context.notes.mixed_samples(name, noted)
    made: list[Made] = []
    cells = parts.grid.cells
    every = Cells.of(parts.histograms, parts.pure)
    context.budget.fits(len(every) * cells.figures.shape[1])
    for some in every.chunks(cells.figures.shape[1]):
        context.budget.check()
        column, owner = some.samples()
        index = parts.grid.place[some.row[owner], column]
        found = mean_or_sum(cells, index, owner, len(some), mean=mean)
        note_sums(context, noted, found)
        good = np.flatnonzero(~found.incompatible)
        for name in names_at(context, windows, some.row[found.incompatible]):
            context.notes.mixed_schemas(name, noted)
        made.append(Made(some.chosen(good), found.cells.rows(good)))
    result = framed(windows, made)
    alone = (windows.count > 0) & ~parts.pure & ~parts.mixed
    if alone.any():
        assert windows.native is not None
        values = floats(windows.only(windows.native.place < 0))
        result = Frame(
            result.labels, np.where(alone, values, np.nan), result.present | alone, result.nameless, result.native
        )
    return result


def mean_or_sum(cells: HistogramCells, index: Indexes, group: Indexes, groups: int, *, mean: bool) -> Summed:
    """Sums of cells by group, or means, even where a sum is too large for a float."""
    found = summed(cells, index, group, groups)
    if not mean:
        return found
    size = np.maximum(np.bincount(group, minlength=groups), 1).astype(np.float64)
    made = scaled(found.cells, 1 / size)
    exact = found.cells.figures / size[:, None]
    if not (lost := ~np.isfinite(exact)).any():
        return Summed(_with(made, exact), found.incompatible, found.reconciled, found.clash)
    # Only a sum that overflowed comes out finite when its terms are made smaller first.
    weight = np.full(len(index), 2.0**-64)
    again = summed(cells, index, group, groups, weight).cells.figures / size[:, None] * 2.0**64
    exact = np.where(lost & np.isfinite(again), again, exact)
    return Summed(_with(made, exact), found.incompatible, found.reconciled, found.clash)


def _with(cells: HistogramCells, figures: Values) -> HistogramCells:
    return HistogramCells(cells.layouts, cells.layout, figures, cells.hint)


def note_sums(context: Context, noted: Expr, found: Summed) -> None:
    """What is to be said of an aggregation."""
    good = ~found.incompatible
    if (found.clash & good).any():
        context.notes.conflicting_resets("aggregation", noted)
    if (found.reconciled & good).any():
        context.notes.bounds_reconciled("aggregation", noted)
