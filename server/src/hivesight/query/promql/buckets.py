"""Classic histograms: series with an `le` label put together as (histograms x buckets x steps)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hivesight.model.labels import METRIC_NAME
from hivesight.model.series import Mask, Values
from hivesight.model.symbols import LabelTable
from hivesight.query.promql.ast import Expr
from hivesight.query.promql.context import Context
from hivesight.query.promql.frames import Frame
from hivesight.query.promql.literals import parse_number
from hivesight.query.promql.tables import dropping, grouped, somewhere


@dataclass(frozen=True, slots=True)
class Histograms:
    """Buckets in order of their upper bounds, those that are there first.

    labels: one row a histogram; metric names are still there.
    bounds, counts: shape (histograms, buckets, steps); bounds of what is not there are +Inf, counts those of the
    bucket before. size: how many buckets are there, shape (histograms, steps)."""

    labels: LabelTable
    bounds: Values
    counts: Values
    size: NDArray[np.int64]

    @property
    def present(self) -> Mask:
        return self.size > 0

    @property
    def complete(self) -> Mask:
        """Where the last bucket is the one up to +Inf; shape (histograms, steps)."""
        return (self.size > 0) & np.isposinf(self.last(self.bounds))

    def last(self, array: Values) -> Values:
        """The last bucket's entry; shape (histograms, steps)."""
        return np.take_along_axis(array, np.maximum(self.size - 1, 0)[:, None], axis=1)[:, 0]


def histograms(context: Context, frame: Frame, node: Expr) -> Histograms | None:
    """The classic histograms of a frame; None where there are none. Notes series whose `le` is no number."""
    frame = frame.rows(somewhere(frame.present, 1))
    bound = _bounds(context, frame, node)
    known = ~np.isnan(bound)
    frame, bound = frame.rows(known), bound[known]
    if not len(frame):
        return None
    labels = dropping(frame.labels, ["le"])
    group, first = grouped(labels.codes)
    order = np.lexsort((bound, group))
    group, bound = group[order], bound[order]
    counts = np.where(frame.present[order], frame.values[order], 0.0)
    present = frame.present[order]
    same = (group == np.roll(group, 1)) & (bound == np.roll(bound, 1))
    same[0] = False
    if same.any():
        # Bounds that are the same number in other digits are one bucket.
        starts = np.flatnonzero(~same)
        group, bound = group[starts], bound[starts]
        counts = np.add.reduceat(counts, starts, axis=0)
        present = np.logical_or.reduceat(present, starts, axis=0)
    return _assembled(context, labels.rows(first), group, bound, counts, present)


def _bounds(context: Context, frame: Frame, node: Expr) -> Values:
    """The upper bound of every series; NaN where there is none."""
    codes, inverse = np.unique(frame.labels.column("le"), return_inverse=True)
    bounds = np.full(len(codes), np.nan)
    for index, text in enumerate(context.symbols.texts(codes.tolist())):
        try:
            bounds[index] = parse_number(text.removeprefix("+"))
        except ValueError:
            names = np.unique(frame.labels.column(METRIC_NAME)[inverse == index])
            for name in context.symbols.texts(names.tolist()):
                context.notes.bad_bucket(text, name, node)
    return bounds[inverse]


def _assembled(
    context: Context, labels: LabelTable, group: NDArray[np.intp], bound: Values, counts: Values, present: Mask
) -> Histograms:
    sizes = np.bincount(group, minlength=len(labels))
    most, steps = int(sizes.max()), counts.shape[1]
    shape = (len(labels), most, steps)
    context.budget.fits(len(labels) * most * steps)
    nth = np.arange(len(group)) - (np.cumsum(sizes) - sizes)[group]
    all_counts, all_bounds, there = np.zeros(shape), np.full(shape, np.inf), np.zeros(shape, dtype=np.bool_)
    all_counts[group, nth] = counts
    all_bounds[group, nth] = bound[:, None]
    there[group, nth] = present
    if not there.all():
        # Those that are there first, in their order; what follows them repeats the last.
        order = np.argsort(~there, axis=1, kind="stable")
        there = np.take_along_axis(there, order, axis=1)
        all_counts = np.where(there, np.take_along_axis(all_counts, order, axis=1), 0.0)
        all_bounds = np.where(there, np.take_along_axis(all_bounds, order, axis=1), np.inf)
        last = np.maximum(there.sum(axis=1) - 1, 0)[:, None]
        all_counts = np.where(there, all_counts, np.take_along_axis(all_counts, last, axis=1))
    return Histograms(labels, all_bounds, all_counts, there.sum(axis=1))
