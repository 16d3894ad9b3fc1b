"""histogram_quantile, histogram_quantiles and histogram_fraction of classic histograms."""

from typing import Final

import numpy as np

from hivesight.model.labels import METRIC_NAME
from hivesight.model.series import Mask, Values
from hivesight.model.symbols import LabelTable
from hivesight.query.promql.ast import Call, Expr
from hivesight.query.promql.buckets import Histograms, histograms
from hivesight.query.promql.context import Context
from hivesight.query.promql.frames import Frame, merged, stacked_frames
from hivesight.query.promql.functions.kind import Function
from hivesight.query.promql.literals import format_open_metrics
from hivesight.query.promql.native.spread import native_fraction, native_quantile, without_clashes
from hivesight.query.promql.tables import somewhere, with_column
from hivesight.query.promql.types import Grid

_ROUNDING: Final = 1e-12
"""Relative difference of two neighbouring counts below which they are taken to be equal."""


def _quantile(context: Context, call: Call, grid: Grid) -> Frame:
    at = context.scalar(call.args[0], grid)
    _check_range(context, call.args[0], at)
    vector = call.args[1]
    frames = [
        _labelled(each.labels, values, each.present)
        for each, values in _quantiles_of(context, vector, context.vector(vector, grid), [at])
        for values in values
    ]
    return stacked_frames(frames, context.symbols, len(grid))


def _labelled(labels: LabelTable, values: Values, present: Mask) -> Frame:
    return Frame(labels, values, present, np.ones(len(labels), dtype=np.bool_))


def _quantiles_of(
    context: Context, vector: Expr, frame: Frame, wanted: list[Values]
) -> list[tuple[Histograms | Frame, list[Values]]]:
    """The quantiles of all histograms of a frame: those of native ones, and those of classic ones."""
    frame, native = without_clashes(context, vector, frame)
    made: list[tuple[Histograms | Frame, list[Values]]] = []
    if native is not None:
        made.append((native, [native_quantile(context, vector, native, at) for at in wanted]))
    found = histograms(context, frame, vector)
    if found is not None:
        counts, forced = monotonic(found.counts)
        for at in wanted:
            _note_forced(context, vector, found, forced & (at >= 0) & (at <= 1))
        made.append((found, [_values(found, counts, at) for at in wanted]))
    return made


def _quantiles(context: Context, call: Call, grid: Grid) -> Frame:
    """Several quantiles of each histogram, each told apart by a label."""
    vector, label, *quantiles = call.args
    wanted = [context.scalar(each, grid) for each in quantiles]
    for each, at in zip(quantiles, wanted, strict=True):
        _check_range(context, each, at)
    frames: list[Frame] = []
    for found, every in _quantiles_of(context, vector, context.vector(vector, grid), wanted):
        for at, values in zip(wanted, every, strict=True):
            # The value may differ from step to step, and with it the label.
            for value in np.unique(at).tolist():
                code = context.symbols.intern(format_open_metrics(value))
                codes = np.full(len(found.labels), code, dtype=np.int32)
                labels = with_column(found.labels, context.text(label), codes)
                here = found.present & ((at == value) | (np.isnan(at) & np.isnan(value)))
                frames.append(_labelled(labels, values, here))
    return merged(stacked_frames(frames, context.symbols, len(grid)))


def _check_range(context: Context, node: Expr, at: Values) -> None:
    for value in np.unique(at[~((at >= 0) & (at <= 1))])[:1]:
        context.notes.bad_quantile(float(value), node)


def _note_forced(context: Context, node: Expr, found: Histograms, forced: Mask) -> None:
    usable = found.complete & (found.size >= 2)
    names = found.labels.column(METRIC_NAME)[somewhere(forced & usable, 1)]
    for name in context.symbols.texts(np.unique(names).tolist()):
        context.notes.not_monotonic(name, node)


def _values(found: Histograms, counts: Values, at: Values) -> Values:
    values = np.where(found.complete & (found.size >= 2), quantile(found, counts, at), np.nan)
    return np.where(at < 0, -np.inf, np.where(at > 1, np.inf, np.where(np.isnan(at), np.nan, values)))


def monotonic(counts: Values) -> tuple[Values, Mask]:
    """Counts that never fall from one bucket to the next (axis 1), and where that took more than mending differences
    that come from rounding."""
    out = counts.copy()
    forced = np.zeros(out[:, 0].shape, dtype=np.bool_)
    for bucket in range(1, out.shape[1]):
        before, here = out[:, bucket - 1], out[:, bucket]
        near = np.abs(here - before) / (np.abs(here) + np.abs(before)) < _ROUNDING
        falls = ~near & (here < before)
        forced |= falls
        out[:, bucket] = np.where(near | falls, before, here)
    return out, forced


def quantile(found: Histograms, counts: Values, at: Values) -> Values:
    """The quantile by linear interpolation within the bucket that holds it (Prometheus' `BucketQuantile`)."""
    observations = found.last(counts)
    rank = at * observations
    last = np.maximum(found.size - 1, 0)
    reached: Mask = (counts >= rank[:, None]) & (np.arange(counts.shape[1], dtype=np.int64)[:, None] < last[:, None])
    bucket = np.where(somewhere(reached, 1), reached.argmax(axis=1), last)
    below = np.maximum(bucket - 1, 0)
    inner = bucket > 0
    end, start = _pick(found.bounds, bucket), np.where(inner, _pick(found.bounds, below), 0.0)
    before = np.where(inner, _pick(counts, below), 0.0)
    values = start + (end - start) * ((rank - before) / (_pick(counts, bucket) - before))
    values = np.where(~inner & (end <= 0), end, values)
    values = np.where(bucket == last, _pick(found.bounds, np.maximum(last - 1, 0)), values)
    return np.where(observations == 0, np.nan, values)


def _pick(array: Values, bucket: np.ndarray[tuple[int, int], np.dtype[np.intp]]) -> Values:
    return np.take_along_axis(array, bucket[:, None], axis=1)[:, 0]


def _fraction(context: Context, call: Call, grid: Grid) -> Frame:
    lower, upper = (context.scalar(arg, grid) for arg in call.args[:2])
    frame, native = without_clashes(context, call.args[2], context.vector(call.args[2], grid))
    frames: list[Frame] = []
    if native is not None:
        values = native_fraction(context, call.args[2], native, lower, upper)
        frames.append(_labelled(native.labels, values, native.present))
    found = histograms(context, frame, call.args[2])
    if found is not None:
        frames.append(_labelled(found.labels, _share(found, lower, upper), found.present))
    return stacked_frames(frames, context.symbols, len(grid))


def _share(found: Histograms, lower: Values, upper: Values) -> Values:
    total = found.last(found.counts)
    share = (below(found, upper) - below(found, lower)) / total
    share = np.where(lower >= upper, 0.0, share)
    return np.where((total == 0) | np.isnan(lower) | np.isnan(upper) | ~found.complete, np.nan, share)


def below(found: Histograms, bound: Values) -> Values:
    """How many observations are at most `bound`, shape (steps,), by linear interpolation; of the bucket up to +Inf
    nothing, and nothing of one that begins at -Inf but all of it (Prometheus' `BucketFraction`)."""
    total = found.last(found.counts)
    rank, known = total, np.zeros(total.shape, dtype=np.bool_)
    before = np.zeros(total.shape)
    for bucket in range(found.counts.shape[1]):
        count, end = found.counts[:, bucket], found.bounds[:, bucket]
        start = found.bounds[:, bucket - 1] if bucket else np.where(end > 0, 0.0, -np.inf)
        exists = (bucket < found.size) & ~known
        at_start = exists & (start >= bound)
        inside = exists & (start < bound) & (end > bound)
        share = np.where(np.isneginf(start), count, before + (count - before) * (bound - start) / (end - start))
        rank = np.where(at_start, before, np.where(inside, share, rank))
        known |= at_start | inside
        before = np.where(bucket < found.size, count, before)
    return np.minimum(rank, total)


FUNCTIONS: Final[dict[str, Function]] = {
    "histogram_quantile": _quantile,
    "histogram_quantiles": _quantiles,
    "histogram_fraction": _fraction,
}
