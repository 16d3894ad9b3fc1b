"""Aggregations over all steps at once: rows are put in order of their groups and reduced together."""

from typing import Final

import numpy as np

from hivesight.model.series import Values
from hivesight.query.promql.ast import Aggregate
from hivesight.query.promql.context import Context
from hivesight.query.promql.frames import Frame
from hivesight.query.promql.groups import Groups, groups_of
from hivesight.query.promql.native.aggregate import summed_groups
from hivesight.query.promql.ranking import limited, quantiles, ranked
from hivesight.query.promql.tables import somewhere
from hivesight.query.promql.tally import count_values
from hivesight.query.promql.types import Grid

_FLOATS_ONLY: Final = frozenset({"min", "max", "stddev", "stdvar", "quantile", "topk", "bottomk"})
"""Operators that ignore histograms."""


def aggregate(context: Context, node: Aggregate, grid: Grid) -> Frame:
    """The aggregation of what its expression yields."""
    param = None
    if node.param is not None and node.op != "count_values":
        param = context.scalar(node.param, grid)
    frame = context.vector(node.expr, grid)
    context.budget.check()
    if frame.native is not None:
        if node.op in ("sum", "avg"):
            return aggregated(context, node, frame)
        if node.op in _FLOATS_ONLY:
            if somewhere(frame.is_histogram, 1).any():
                context.notes.ignored_in_aggregation(node.op, node.expr)
            frame = frame.floats()
    if node.op in ("topk", "bottomk", "limitk", "limit_ratio", "quantile"):
        assert param is not None
        if node.op == "quantile":
            return _quantile(context, node, frame, param)
        if node.op in ("topk", "bottomk"):
            return ranked(context, node, frame, param)
        return limited(context, node, frame, param)
    if node.op == "count_values":
        assert node.param is not None
        return count_values(node, frame, context.text(node.param), context.budget)
    if not len(frame):
        return frame
    return floats_aggregated(node.op, groups_of(node, frame))


def aggregated(context: Context, node: Aggregate, frame: Frame) -> Frame:
    """Sums or means where there are histograms. Of floats and histograms together there is none, which is noted."""
    assert frame.native is not None
    groups = groups_of(node, frame)
    histogram = groups.present & (frame.native.place[groups.order] >= 0)
    floats = floats_aggregated(node.op, groups_of(node, frame.floats()))
    made = summed_groups(context, node, groups, frame.native.at(frame.native.place[groups.order]), histogram)
    some = np.logical_or.reduceat(histogram, groups.starts, axis=0)
    if (some & floats.present).any():
        context.notes.mixed_aggregation(node.expr)
    present = np.where(some, (made.place >= 0) & ~floats.present, floats.present)
    native = made.at(np.where(present, made.place, -1))
    return Frame(groups.labels, floats.values, present, groups.nameless, native)


def floats_aggregated(op: str, groups: Groups) -> Frame:
    """The aggregation of groups of floats."""
    return Frame(groups.labels, _reduced(op, groups), groups.count > 0, groups.nameless)


def _reduced(op: str, groups: Groups) -> Values:
    match op:
        case "sum":
            return groups.sums(groups.values)
        case "avg":
            return _mean(groups)
        case "count":
            return groups.count.astype(np.float64)
        case "group":
            return np.ones(groups.count.shape)
        case "min" | "max":
            there = np.where(groups.present, groups.values, np.nan)
            return (np.fmin if op == "min" else np.fmax).reduceat(there, groups.starts, axis=0)
        case _:
            variance = _variance(groups)
            return np.sqrt(variance) if op == "stddev" else variance


def _mean(groups: Groups) -> Values:
    count = np.maximum(groups.count, 1)
    mean = groups.sums(groups.values) / count
    if not (lost := ~np.isfinite(mean)).any():
        return mean
    # Only a sum that overflowed comes out finite when its terms are made smaller first.
    again = groups.sums(groups.values * 2.0**-64) / count * 2.0**64
    return np.where(lost & np.isfinite(again), again, mean)


def _variance(groups: Groups) -> Values:
    count = np.maximum(groups.count, 1)
    away = np.where(groups.present, groups.values - _mean(groups)[groups.group], 0.0)
    # Squares cancel nothing, and what the rounded mean leaves is tiny: plain sums of both are as good as exact ones.
    drift, squares = (np.add.reduceat(each, groups.starts, axis=0) for each in (away, away * away))
    return np.maximum((squares - drift * drift / count) / count, 0.0)


def _quantile(context: Context, node: Aggregate, frame: Frame, at: Values) -> Frame:
    assert node.param is not None
    for value in np.unique(at[~((at >= 0) & (at <= 1))])[:1]:
        context.notes.bad_quantile(float(value), node.param)
    if not len(frame):
        return frame
    groups = groups_of(node, frame)
    return Frame(groups.labels, quantiles(groups, at), groups.count > 0, groups.nameless)
