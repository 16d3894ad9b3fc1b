"""The groups of an aggregation: rows put in order of their groups, so that each group can be reduced as one piece."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hivesight.model.labels import METRIC_NAME
from hivesight.model.series import Mask, Values
from hivesight.model.symbols import LabelTable
from hivesight.query.promql.ast import Aggregate
from hivesight.query.promql.frames import Frame
from hivesight.query.promql.sums import group_sums
from hivesight.query.promql.tables import Index, dropping, grouped, keeping


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
    count: NDArray[np.int64]

    def sums(self, values: Values) -> Values:
        """Sums of values in this order, absent ones left out; shape (groups, steps)."""
        there = values if self.present.all() else np.where(self.present, values, 0.0)
        return group_sums(there, self.starts)


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
        count=_counts(present, starts),
    )


def _counts(present: Mask, starts: Index) -> NDArray[np.int64]:
    if present.all():
        sizes = np.diff(starts, append=len(present)).astype(np.int64)
        return np.broadcast_to(sizes[:, None], (len(starts), present.shape[1]))
    return np.add.reduceat(present, starts, axis=0, dtype=np.int64)
