"""Vector matching: which series of the many side meets which of the one side, step by step."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hivesight.model.errors import QueryError
from hivesight.model.labels import METRIC_NAME, Labels, quoted
from hivesight.model.series import Mask
from hivesight.query.promql.ast import Card, Matching
from hivesight.query.promql.budget import Budget
from hivesight.query.promql.frames import Frame
from hivesight.query.promql.tables import Index, columns, grouped

_MANY = "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)"


@dataclass(frozen=True, slots=True)
class Pairs:
    """Series that share a match group: rows of the many side, and with each a row of the one side; the group."""

    many: Index
    one: Index
    group: Index


def signature_names(matching: Matching, left: Frame, right: Frame) -> list[str]:
    """The labels that decide whether two series match."""
    if matching.on:
        return list(matching.labels)
    every = {*left.labels.names, *right.labels.names}
    return sorted(every - {METRIC_NAME, *matching.labels})


def signatures(matching: Matching, left: Frame, right: Frame) -> tuple[Index, Index]:
    """The match group of every series on the left and on the right."""
    names = signature_names(matching, left, right)
    group, _ = grouped(np.concatenate([columns(left.labels, names), columns(right.labels, names)]))
    return group[: len(left)], group[len(left) :]


def presence(group: Index, present: Mask, groups: int) -> NDArray[np.int64]:
    """How many series of each group are present at each step; shape (groups, steps)."""
    counts = np.zeros((groups, present.shape[1]), dtype=np.int64)
    if len(group):
        order = np.argsort(group, kind="stable")
        starts = np.flatnonzero(np.diff(group[order], prepend=-1))
        counts[group[order][starts]] = np.add.reduceat(present[order], starts, axis=0, dtype=np.int64)
    return counts


def pairs(matching: Matching, many: Frame, one: Frame, budget: Budget) -> Pairs:
    """The series that match. Raises QueryError where several of the one side match at the same step, or several of
    the many side though they must not."""
    many_group, one_group = signatures(matching, many, one)
    _check(matching, many, one, many_group, one_group)
    order = np.argsort(one_group, kind="stable")
    ordered = one_group[order]
    lo = np.searchsorted(ordered, many_group, side="left")
    count = np.searchsorted(ordered, many_group, side="right") - lo
    budget.fits(int(count.sum()) * many.values.shape[1])
    rows = np.repeat(np.arange(len(many)), count)
    nth = np.arange(len(rows)) - np.repeat(np.cumsum(count) - count, count)
    return Pairs(rows, order[np.repeat(lo, count) + nth], many_group[rows])


def _check(matching: Matching, many: Frame, one: Frame, many_group: Index, one_group: Index) -> None:
    both = many.present.any(axis=0) & one.present.any(axis=0)
    groups = int(max(many_group.max(initial=-1), one_group.max(initial=-1))) + 1
    if len(np.unique(one_group)) < len(one_group):
        crowded = (presence(one_group, one.present, groups) > 1) & both
        if crowded.any():
            group, step = np.argwhere(crowded)[0]
            rows = np.flatnonzero((one_group == group) & one.present[:, step])[:2]
            raise QueryError(_duplicate(matching, [one.labels.labels(int(row)) for row in rows]))
    if matching.card is Card.ONE_TO_ONE and len(np.unique(many_group)) < len(many_group):
        crowded = presence(many_group, many.present, groups) > 1
        if (crowded & (presence(one_group, one.present, groups) > 0)).any():
            raise QueryError(_MANY)


def _duplicate(matching: Matching, found: Sequence[Labels]) -> str:
    group = found[0].only(matching.labels) if matching.on else found[0].without(METRIC_NAME, *matching.labels)
    side = "left" if matching.card is Card.ONE_TO_MANY else "right"
    first, second = sorted(found)
    return (
        f"found duplicate series for the match group {_shown(group)} on the {side} hand-side of the operation:"
        f" [{_shown(first)}, {_shown(second)}]"
        ";many-to-many matching not allowed: matching labels must be unique on one side"
    )


def _shown(labels: Labels) -> str:
    return "{" + ", ".join(f"{name}={quoted(value)}" for name, value in labels.pairs) + "}"
