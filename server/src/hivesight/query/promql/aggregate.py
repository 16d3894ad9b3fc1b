"""Aggregations over all steps at once: rows are put in order of their groups and reduced together."""

from dataclasses import dataclass

import numpy as np

from hivesight.model.labels import METRIC_NAME
from hivesight.model.series import Mask, Values
from hivesight.model.symbols import LabelTable
from hivesight.query.promql.ast import Aggregate
from hivesight.query.promql.context import Context
from hivesight.query.promql.frames import Frame
from hivesight.query.promql.ranking import limited, quantiles, ranked
from hivesight.query.promql.sums import group_sums, is_exact, rounded
from hivesight.query.promql.tables import Index, dropping, grouped, keeping
from hivesight.query.promql.tally import count_values
from hivesight.query.promql.types import Grid


@dataclass(frozen=True, slots=True)
class Groups:
    """Rows in order of their groups. labels, nameless: one row a group, in the order in which the groups appear.
    order: the frame's rows, group after group; starts: where each group begins in it; group: the group of each row in
    that order. count: how many are present, shape (groups, steps)."""

    labels: LabelTable
    nameless: Mask
    order: Index
    starts: Index
    group: Index
    values: Values
    present: Mask
    count: np.ndarray[tuple[int, int], np.dtype[np.int64]]

    def sums(self, values: Values) -> Values:
        """Sums of values in this order, absent ones left out; shape (groups, steps)."""
        there = np.where(self.present, values, 0.0)
        if is_exact(there, len(there)):
            return np.add.reduceat(there, self.starts, axis=0)
        return rounded(group_sums((there, np.zeros_like(there)), self.starts))


def grouping_labels(node: Aggregate, labels: LabelTable) -> LabelTable:
    """The label sets of the groups that the rows belong to."""
    return dropping(labels, (METRIC_NAME, *node.grouping)) if node.without else keeping(labels, node.grouping)


def groups_of(node: Aggregate, frame: Frame) -> Groups:
    """The groups of a frame that has rows."""
    kept = grouping_labels(node, frame.labels)
    group, first = grouped(kept.codes)
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    straight = bool((order == np.arange(len(order))).all())
    values = frame.values if straight else frame.values[order]
    present = frame.present if straight else frame.present[order]
    return Groups(
        labels=kept.rows(first),
        nameless=np.logical_or.reduceat(frame.nameless[order], starts),
        order=order,
        starts=starts,
        group=group[order],
        values=values,
        present=present,
        count=np.add.reduceat(present, starts, axis=0, dtype=np.int64),
    )


def aggregate(context: Context, node: Aggregate, grid: Grid) -> Frame:
    """The aggregation of what its expression yields."""
    param = None
    if node.param is not None and node.op != "count_values":
        param = context.scalar(node.param, grid)
    frame = context.vector(node.expr, grid)
    context.budget.check()
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
    groups = groups_of(node, frame)
    return Frame(groups.labels, _reduced(node.op, groups), groups.count > 0, groups.nameless)


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
    away = groups.values - _mean(groups)[groups.group]
    drift = groups.sums(away)
    return np.maximum((groups.sums(away * away) - drift * drift / count) / count, 0.0)


def _quantile(context: Context, node: Aggregate, frame: Frame, at: Values) -> Frame:
    assert node.param is not None
    for value in np.unique(at[~((at >= 0) & (at <= 1))])[:1]:
        context.notes.bad_quantile(float(value), node.param)
    if not len(frame):
        return frame
    groups = groups_of(node, frame)
    values = quantiles(groups.group, groups.starts, groups.values, groups.present, groups.count, at)
    return Frame(groups.labels, values, groups.count > 0, groups.nameless)
