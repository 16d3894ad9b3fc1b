"""rate, increase and delta of native histograms over `anchored` and `smoothed` ranges, and the `smoothed` value of a
selector (Prometheus' `extendedHistogramRate` and `interpolateHistograms`)."""

import numpy as np

from hivesight.model.histogram import Hint, HistogramCells, Indexes
from hivesight.model.series import Mask, Values
from hivesight.query.promql.ast import Expr
from hivesight.query.promql.context import Context
from hivesight.query.promql.frames import Frame
from hivesight.query.promql.native.compare import reset_between
from hivesight.query.promql.native.rates import differ, resets_of
from hivesight.query.promql.native.terms import hinted, scaled, summed
from hivesight.query.promql.native.windows import Cells, Made, framed, names_at, names_where, split
from hivesight.query.promql.windows import Windows


class _Terms:
    """Histograms with weights, to be added up window by window."""

    def __init__(self) -> None:
        self.index: list[Indexes] = []
        self.group: list[Indexes] = []
        self.weight: list[Values] = []

    def add(self, index: Indexes, weight: Values, where: Mask) -> None:
        """One term for each window where the mask holds."""
        chosen = np.flatnonzero(where)
        self.index.append(index[chosen])
        self.group.append(chosen.astype(np.int64))
        self.weight.append(np.broadcast_to(weight, where.shape)[chosen])


def extended_rates(
    smoothed: bool, counter: bool, per_second: bool, context: Context, noted: Expr, windows: Windows
) -> Frame:
    """What histograms gained between the edges of each window, without extrapolation."""
    parts = split(windows)
    for name in names_where(context, windows, parts.mixed):
        context.notes.mixed_samples(name, noted)
    inner, place, cells = parts.histograms, parts.grid.place, parts.grid.cells
    at = Cells.of(inner, parts.pure)
    times = np.broadcast_to(inner.times, inner.values.shape)
    opens, closes = inner.opens_ms[at.step], inner.closes_ms[at.step]
    inside = tuple(np.broadcast_to(mark, parts.pure.shape)[at.row, at.step] for mark in inner.inner)
    final = at.hi - 1
    first = np.clip(np.minimum(inside[0], final) - 1, at.lo, final)
    last = final
    if smoothed:
        at_end = (inside[1] > at.lo) & (times[at.row, np.maximum(inside[1] - 1, 0)] == closes)
        last = np.clip(np.where(at_end, inside[1] - 1, inside[1]), at.lo, final)
    there = times[at.row, last] > opens
    if smoothed:
        there &= times[at.row, first] <= closes
    kept = np.flatnonzero(there)
    at = Cells(at.row[kept], at.step[kept], first[kept], last[kept] + 1)
    opens, closes = opens[kept], closes[kept]
    if not len(at):
        return framed(windows, [])
    context.budget.spend(len(at) * cells.figures.shape[1])
    _note_hints(context, noted, windows, at, place, cells, counter=counter)
    reset = resets_of(inner, place, cells) if counter else np.zeros(place.shape, dtype=np.bool_)
    terms = _edges(times, place, at, (opens, closes), reset, smoothed=smoothed)
    if reset.any():
        _add_lost(terms, times, place, at, reset, opens, smoothed=smoothed)
    index, group = np.concatenate(terms.index), np.concatenate(terms.group)
    found = summed(cells, index, group, len(at), np.concatenate(terms.weight))
    if (found.reconciled & ~found.incompatible).any():
        context.notes.bounds_reconciled("subtraction", noted)
        if differ(cells, index, place[at.row, at.hi - 1][group]) and reset.any():
            context.notes.bounds_reconciled("addition", noted)
    for name in names_at(context, windows, at.row[found.incompatible]):
        context.notes.mixed_schemas(name, noted)
    good = np.flatnonzero(~found.incompatible)
    made = found.cells.rows(good)
    if per_second:
        made = scaled(made, 1000 / (closes - opens)[good])
    return framed(windows, [Made(at.chosen(good), hinted(made, Hint.GAUGE))])


def _note_hints(
    context: Context, noted: Expr, windows: Windows, at: Cells, place: Indexes, cells: HistogramCells, *, counter: bool
) -> None:
    if counter:
        column, owner = at.samples()
        gauge = cells.hint[place[at.row[owner], column]] == Hint.GAUGE
        for name in names_at(context, windows, at.row[owner[gauge]]):
            context.notes.histogram_no_counter(name, noted)
        return
    both = (cells.hint[place[at.row, at.lo]] == Hint.GAUGE) & (cells.hint[place[at.row, at.hi - 1]] == Hint.GAUGE)
    for name in names_at(context, windows, at.row[~both]):
        context.notes.histogram_no_gauge(name, noted)


def _edges(
    times: Indexes, place: Indexes, at: Cells, edges: tuple[Indexes, Indexes], reset: Mask, *, smoothed: bool
) -> _Terms:
    """The histogram at the right edge less the one at the left, each a sample or between two."""
    terms = _Terms()
    opens, closes = edges
    row, first, last = at.row, at.lo, at.hi - 1
    left = np.zeros(len(at), dtype=np.bool_) if not smoothed else (times[row, first] < opens) & (last > first)
    right = np.zeros(len(at), dtype=np.bool_) if not smoothed else (times[row, last] > closes) & (last > 0)
    following, previous = np.minimum(first + 1, last), np.maximum(last - 1, 0)
    for sign, between, start, end, edge, alone in (
        (1.0, right, previous, last, closes, last),
        (-1.0, left, first, following, opens, first),
    ):
        terms.add(place[row, alone], np.array(sign), ~between)
        share = (edge - times[row, start]) / np.maximum(times[row, end] - times[row, start], 1)
        terms.add(place[row, end], sign * share, between)
        terms.add(place[row, start], sign * (1 - share), between & ~reset[row, end])
    return terms


def _add_lost(
    terms: _Terms, times: Indexes, place: Indexes, at: Cells, reset: Mask, opens: Indexes, *, smoothed: bool
) -> None:
    """What the counter had reached before its resets, apart from those between the samples around a smoothed edge,
    where it is taken to have begun at zero."""
    row, first, last = at.row, at.lo, at.hi - 1
    # A reset between a sample and the one before it: of the left edge, if that is a sample, or of what lies between.
    skipped = smoothed & (times[row, first] < opens)
    begin = np.where(skipped, first + 2, first + 1)
    column, owner = Cells(row, at.step, begin, np.maximum(last + 1, begin)).samples()
    fell = reset[row[owner], column]
    index = place[row[owner[fell]], column[fell] - 1]
    terms.index.append(index)
    terms.group.append(owner[fell])
    terms.weight.append(np.ones(len(index)))
    # Between an edge inside an interval without a reset and the next sample nothing falls.


def between(
    cells: HistogramCells, pair: tuple[Indexes, Indexes], share: Values, *, counter: bool
) -> tuple[HistogramCells, Mask]:
    """Histograms so far on the way from one to another, and where that can be told."""
    start, end = pair
    number = np.arange(len(start), dtype=np.int64)
    reset = reset_between(cells, start, end) if counter else np.zeros(len(start), dtype=np.bool_)
    weight = np.concatenate([share, np.where(reset, 0.0, 1 - share)])
    found = summed(cells, np.concatenate([end, start]), np.concatenate([number, number]), len(start), weight)
    return found.cells, ~found.incompatible
