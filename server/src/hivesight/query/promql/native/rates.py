"""rate, increase, delta, irate and idelta of native histograms (Prometheus' `histogramRate` and `instantValue`)."""

from collections.abc import Callable
from typing import Final

import numpy as np

from hivesight.model.histogram import CUSTOM, Hint, HistogramCells, Indexes
from hivesight.model.series import Mask, Times, Values
from hivesight.query.promql.ast import Expr
from hivesight.query.promql.context import Context
from hivesight.query.promql.frames import Frame
from hivesight.query.promql.native.compare import reset_between
from hivesight.query.promql.native.terms import hinted, scaled, summed
from hivesight.query.promql.native.windows import Cells, Made, Split, framed, names_at, names_where, split
from hivesight.query.promql.starts import began_anew, from_zero, overlaps_in
from hivesight.query.promql.windows import Windows, take

FloatKernel = Callable[[Windows], tuple[Values, Mask]]
Began = tuple[Times, Mask] | None
"""When the counter of each window's first sample began, and whether that counts."""
_TOO_FAR: Final = 1.1
"""As for floats: a gap at an edge that is taken to mean that the series does not reach it."""


def resets_of(windows: Windows, grid_place: Indexes, cells: HistogramCells) -> Mask:
    """Where a sample begins a counter anew; shape (series, samples). Windows of histograms alone."""
    shape = (len(windows), windows.values.shape[1])
    out = np.zeros(shape, dtype=np.bool_)
    row, column = np.nonzero((grid_place[:, 1:] >= 0) & (grid_place[:, :-1] >= 0))
    out[row, column + 1] = reset_between(cells, grid_place[row, column], grid_place[row, column + 1])
    if (anew := began_anew(windows)) is not None:
        out[:, 1:] |= anew & (grid_place[:, 1:] >= 0)
    return out


def rates(counter: bool, per_second: bool, context: Context, noted: Expr, windows: Windows) -> Frame:
    """What histograms gained in each window, extrapolated to its edges."""
    parts = split(windows)
    for name in names_where(context, windows, parts.mixed):
        context.notes.mixed_samples(name, noted)
    inner = parts.histograms
    begun = from_zero(inner, inner.first, take(inner.times, inner.first)) if counter else None
    enough = inner.count >= 2
    at = Cells.of(inner, parts.pure & (enough if begun is None else enough | begun[1]))
    if not len(at):
        return framed(windows, [])
    place, cells = parts.grid.place, parts.grid.cells
    context.budget.spend(len(at) * cells.figures.shape[1])
    _note_hints(counter, context, noted, windows, parts, at)
    reset = resets_of(inner, place, cells) if counter else np.zeros(place.shape, dtype=np.bool_)
    if counter:
        for name in names_where(context, windows, overlaps_in(inner) & parts.pure):
            context.notes.start_overlaps(name, noted)
    made: list[Made] = []
    for some in at.pieces(cells.figures.shape[1]):
        context.budget.check()
        made.append(_rate(context, noted, windows, parts, some, reset, begun, counter=counter, per_second=per_second))
    return framed(windows, made)


def _rate(
    context: Context,
    noted: Expr,
    windows: Windows,
    parts: Split,
    at: Cells,
    reset: Mask,
    begun: Began,
    *,
    counter: bool,
    per_second: bool,
) -> Made:
    inner = parts.histograms
    began = None if begun is None else (begun[0][at.row, at.step], begun[1][at.row, at.step])
    gained, good = _gained(context, noted, windows, parts, at, reset, began)
    for name in names_at(context, windows, at.row[~good]):
        context.notes.mixed_schemas(name, noted)
    kept = np.flatnonzero(good)
    at, gained = at.chosen(kept), gained.rows(kept)
    began = None if began is None else (began[0][kept], began[1][kept])
    first_count = parts.grid.cells.count[parts.grid.place[at.row, at.lo]]
    factor = _factor(inner, at, counter, first_count, gained.count, began)
    if per_second:
        factor = factor / ((inner.closes_ms - inner.opens_ms) / 1000)[at.step]
    return Made(at, hinted(scaled(gained, factor), Hint.GAUGE))


def _note_hints(counter: bool, context: Context, noted: Expr, windows: Windows, parts: Split, at: Cells) -> None:
    hint = np.where(parts.grid.place >= 0, parts.grid.cells.hint[np.maximum(parts.grid.place, 0)], Hint.UNKNOWN)
    gauge = hint == Hint.GAUGE
    if counter:
        seen = np.zeros((len(gauge), gauge.shape[1] + 1), dtype=np.int64)
        np.cumsum(gauge, axis=1, out=seen[:, 1:])
        for name in names_at(context, windows, at.row[seen[at.row, at.hi] > seen[at.row, at.lo]]):
            context.notes.histogram_no_counter(name, noted)
        return
    both = gauge[at.row, at.lo] & gauge[at.row, at.hi - 1]
    for name in names_at(context, windows, at.row[~both]):
        context.notes.histogram_no_gauge(name, noted)


def _gained(
    context: Context, noted: Expr, windows: Windows, parts: Split, at: Cells, reset: Mask, began: Began
) -> tuple[HistogramCells, Mask]:
    """The last sample less the first, plus what the counter had reached before each reset: as terms with weights. Of a
    first sample that is followed by a reset nothing is left, whatever its buckets."""
    place, cells = parts.grid.place, parts.grid.cells
    number = np.arange(len(at), dtype=np.int64)
    several = at.hi - at.lo > 1
    inside = np.zeros(len(at), dtype=np.bool_) if began is None else began[1]
    anew = several & reset[at.row, np.minimum(at.lo + 1, reset.shape[1] - 1)]
    kept = np.flatnonzero(~anew & ~inside & several)
    index = [place[at.row, at.hi - 1], place[at.row[kept], at.lo[kept]]]
    group, weight = [number, kept.astype(np.int64)], [np.ones(len(at)), -np.ones(len(kept))]
    # A counter that began inside the window gained all that its first sample had reached.
    more = np.flatnonzero(anew & inside)
    index.append(place[at.row[more], at.lo[more]])
    group.append(more.astype(np.int64))
    weight.append(np.ones(len(more)))
    if reset.any():
        column, owner = Cells(at.row, at.step, at.lo + 2, np.maximum(at.hi, at.lo + 2)).samples()
        fell = np.flatnonzero(reset[at.row[owner], column])
        index.append(place[at.row[owner[fell]], column[fell] - 1])
        group.append(owner[fell])
        weight.append(np.ones(len(fell)))
        if differ(cells, index[-1], place[at.row[owner[fell]], at.hi[owner[fell]] - 1]):
            context.notes.bounds_reconciled("addition", noted)
    if len({layout.scale.schema for layout in cells.layouts}) > 1:
        # Every sample of the window has a say in the schema.
        column, owner = Cells(at.row, at.step, at.lo + 1, np.maximum(at.hi - 1, at.lo + 1)).samples()
        index.append(place[at.row[owner], column])
        group.append(owner)
        weight.append(np.zeros(len(owner)))
    if differ(cells, place[at.row[kept], at.lo[kept]], place[at.row[kept], at.hi[kept] - 1]):
        context.notes.bounds_reconciled("subtraction", noted)
    found = summed(cells, np.concatenate(index), np.concatenate(group), len(at), np.concatenate(weight))
    return found.cells, ~found.incompatible


def differ(cells: HistogramCells, left: Indexes, right: Indexes) -> bool:
    """Whether some pair has different custom bounds."""
    bounds = [layout.scale.bounds if layout.scale.schema == CUSTOM else None for layout in cells.layouts]
    known = {each: number for number, each in enumerate(dict.fromkeys(bounds))}
    code = np.array([-1 if each is None else known[each] for each in bounds])
    a, b = code[cells.layout[left]], code[cells.layout[right]]
    return bool(((a != b) & (a >= 0) & (b >= 0)).any())


def _factor(inner: Windows, at: Cells, counter: bool, first_count: Values, gained: Values, began: Began) -> Values:
    """How much more is gained up to the edges of the window."""
    times = np.broadcast_to(inner.times, inner.values.shape)
    start_ms, end_ms = times[at.row, at.lo], times[at.row, at.hi - 1]
    sampled = (end_ms - start_ms) / 1000
    average = sampled / np.maximum(at.hi - at.lo - 1, 1)
    before = (start_ms - inner.opens_ms[at.step]) / 1000
    after = (inner.closes_ms[at.step] - end_ms) / 1000
    before = np.where(before >= average * _TOO_FAR, average / 2, before)
    after = np.where(after >= average * _TOO_FAR, average / 2, after)
    if counter:
        zero_after = sampled * (first_count / gained)
        before = np.where((gained > 0) & (first_count >= 0) & (zero_after < before), zero_after, before)
    if began is not None:
        before = np.where(began[1], 0.0, before)
        sampled = np.where(began[1], (end_ms - began[0]) / 1000, sampled)
    return (sampled + before + after) / sampled


def instant(counter: bool, kernel: FloatKernel, context: Context, noted: Expr, windows: Windows) -> Frame:
    """Between the last two samples of each window, if both are of a kind. kernel: for floats."""
    assert windows.native is not None
    shape = (len(windows), windows.steps)
    native = windows.native
    last = np.broadcast_to(windows.last, shape)
    rows = np.arange(len(windows))[:, None]
    enough = np.broadcast_to(windows.count >= 2, shape)
    end, start = native.place[rows, last], native.place[rows, np.maximum(last - 1, 0)]
    for name in names_where(context, windows, enough & ((end >= 0) != (start >= 0))):
        context.notes.mixed_samples(name, noted)
    row, step = np.nonzero(enough & (end >= 0) & (start >= 0))
    at = Cells(row, step, last[row, step] - 1, last[row, step] + 1)
    made = _instant(counter, context, noted, windows, native.cells, at, (start[row, step], end[row, step]))
    result = framed(windows, [made])
    floats = kernel(windows)
    alone = enough & (end < 0) & (start < 0) & floats[1]
    return Frame(
        result.labels, np.where(alone, floats[0], np.nan), result.present | alone, result.nameless, result.native
    )


def _instant(
    counter: bool,
    context: Context,
    noted: Expr,
    windows: Windows,
    cells: HistogramCells,
    at: Cells,
    pair: tuple[Indexes, Indexes],
) -> Made:
    start, end = pair
    gauge = (cells.hint[start] == Hint.GAUGE, cells.hint[end] == Hint.GAUGE)
    wrong = gauge[0] | gauge[1] if counter else ~(gauge[0] & gauge[1])
    for name in names_at(context, windows, at.row[wrong]):
        (context.notes.histogram_no_counter if counter else context.notes.histogram_no_gauge)(name, noted)
    reset = np.zeros(len(at), dtype=np.bool_)
    if counter:
        reset = reset_between(cells, start, end)
        if (anew := began_anew(windows)) is not None:
            reset = reset | anew[at.row, at.lo]
    number = np.arange(len(at), dtype=np.int64)
    less = np.flatnonzero(~reset)
    index, group = np.concatenate([end, start[less]]), np.concatenate([number, less])
    found = summed(cells, index, group, len(at), np.concatenate([np.ones(len(at)), -np.ones(len(less))]))
    if (found.reconciled & ~found.incompatible).any():
        context.notes.bounds_reconciled("subtraction", noted)
    for name in names_at(context, windows, at.row[found.incompatible]):
        context.notes.mixed_schemas(name, noted)
    kept = np.flatnonzero(~found.incompatible)
    made = found.cells.rows(kept)
    if counter:
        times = np.broadcast_to(windows.times, windows.values.shape)
        seconds = (times[at.row, at.lo + 1] - times[at.row, at.lo]) / 1000
        made = scaled(made, 1 / seconds[kept])
    return Made(at.chosen(kept), hinted(made, Hint.GAUGE))
