"""Aggregations that go by the order of values: quantile, topk, bottomk, limitk and limit_ratio."""

import itertools
import math
from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hivesight.model.errors import QueryError
from hivesight.model.series import Mask, Values
from hivesight.query.promql.ast import Aggregate
from hivesight.query.promql.context import Context
from hivesight.query.promql.frames import Frame
from hivesight.query.promql.groups import Groups, groups_of
from hivesight.query.promql.literals import format_number
from hivesight.query.promql.tables import Index

_LARGE: Final = 8
"""Rows a group, in the mean, from which on finding the edge of the chosen ones costs less than ordering all."""


def quantile_of_sorted(ordered: Values, start: NDArray[np.int64], count: NDArray[np.int64], at: Values) -> Values:
    """Quantiles of runs in an array, along its first axis: of `count` values from `start` on, by linear
    interpolation. `at` out of range gives an infinity, NaN and nothing give NaN (Prometheus' `quantile`)."""
    rank = at * (count - 1)
    rank = np.where(np.isfinite(rank), rank, 0.0)
    last = np.maximum(count - 1, 0)
    lower = np.clip(np.floor(rank).astype(np.int64), 0, last)
    upper = np.minimum(lower + 1, last)
    weight = rank - np.floor(rank)
    most = ordered.shape[0] - 1
    low = np.take_along_axis(ordered, np.clip(start + lower, 0, most), axis=0)
    high = np.take_along_axis(ordered, np.clip(start + upper, 0, most), axis=0)
    # A weight of nothing must not make a NaN of an infinity more than it does in Prometheus: 0 * Inf is NaN there, too.
    found = low * (1 - weight) + high * weight
    found = np.where(at < 0, -np.inf, np.where(at > 1, np.inf, found))
    return np.where(np.isnan(at) | (count == 0), np.nan, found)


def quantiles(
    group: Index, starts: Index, values: Values, present: Mask, count: NDArray[np.int64], at: Values
) -> Values:
    """The quantile of each group at each step, rows in order of their groups; shape (groups, steps)."""
    ordered = _ascending(group, values, present)
    return quantile_of_sorted(ordered, starts[:, None].astype(np.int64), count, np.broadcast_to(at, count.shape))


def _order(group: Index, values: Values, present: Mask, *, largest_first: bool) -> NDArray[np.int64]:
    """For every step the rows by group, then present ones first, then by value; equal ones in their order. NaN counts
    as the smallest for a quantile and as the last choice where the largest come first."""
    nan = np.isnan(values)
    if present.all() and not nan.any():
        return _order_of_numbers(group, -values if largest_first else values)
    rank = np.where(present, np.where(nan, 1 if largest_first else -1, 0), 2).astype(np.int8)
    key = np.where(nan, 0.0, -values if largest_first else values)
    groups = np.broadcast_to(group[:, None], values.shape)
    return np.lexsort((key, rank, groups), axis=0)


def _order_of_numbers(group: Index, key: Values) -> NDArray[np.int64]:
    """`_order` where nothing is absent or NaN: each group by itself, steps first, as a sort wants its keys together."""
    across = np.ascontiguousarray(key.T)
    order = np.empty(across.shape, dtype=np.int64)
    for rows in _runs(group):
        order[:, rows] = np.argsort(across[:, rows], axis=1, kind="stable") + rows.start
    return order.T


def _ascending(group: Index, values: Values, present: Mask) -> Values:
    """The values of each group in `_order`, smallest first. Numbers alone are sorted without a word on whence they
    came, which takes a tenth of the time."""
    if not present.all() or np.isnan(values).any():
        return np.take_along_axis(values, _order(group, values, present, largest_first=False), axis=0)
    across = values.T.copy(order="C")
    for rows in _runs(group):
        across[:, rows] = np.sort(across[:, rows], axis=1)
    return across.T


def _runs(group: Index) -> Iterator[slice]:
    """The rows of each group, which stand together."""
    edges = [*np.flatnonzero(np.diff(group, prepend=-1)).tolist(), len(group)]
    return itertools.starmap(slice, itertools.pairwise(edges))


def ranked(context: Context, node: Aggregate, frame: Frame, param: Values) -> Frame:
    """topk and bottomk: the k largest or smallest of each group, each with its own labels."""
    wanted = _counts(param)
    if not len(frame) or not (wanted > 0).any():
        return frame.rows(np.zeros(0, dtype=np.intp))
    groups = groups_of(node, frame)
    values = groups.values if node.op == "topk" else -groups.values
    large = len(frame) >= _LARGE * len(groups.starts)
    if large and context.is_range and groups.present.all() and not np.isnan(values).any():
        chosen = _smallest(groups, -values, wanted)
        rows = np.flatnonzero(chosen.any(axis=1))
        return frame.rows(groups.order[rows]).where(chosen[rows])
    order = _order(groups.group, values, groups.present, largest_first=True)
    return _first(context, frame, groups, order, wanted)


def _smallest(groups: Groups, key: Values, wanted: NDArray[np.int64]) -> Mask:
    """Where the key is among so many smallest of its group at its step; of equal ones the first. Numbers only."""
    ordered = _ascending(groups.group, key, groups.present)
    last = groups.starts[:, None] + np.clip(wanted, 1, groups.count) - 1
    edge = np.take_along_axis(ordered, last, axis=0)[groups.group]
    below, level = key < edge, key == edge
    room = wanted - np.add.reduceat(below, groups.starts, axis=0, dtype=np.int64)
    nth = np.cumsum(level, axis=0, dtype=np.int64)
    before = nth[groups.starts] - level[groups.starts]
    return (below | (level & (nth <= (room + before)[groups.group]))) & (wanted > 0)


def limited(context: Context, node: Aggregate, frame: Frame, param: Values) -> Frame:
    """limitk: the first k of each group. limit_ratio: of all series those whose label sets hash below the ratio."""
    if node.op == "limit_ratio":
        return _ratio(context, node, frame, param)
    wanted = _counts(param)
    if not len(frame) or not (wanted > 0).any():
        return frame.rows(np.zeros(0, dtype=np.intp))
    groups = groups_of(node, frame)
    order = np.argsort(np.where(groups.present, 0, 1) + 2 * groups.group[:, None], axis=0, kind="stable")
    return _first(context, frame, groups, order.astype(np.int64), wanted)


def _counts(param: Values) -> NDArray[np.int64]:
    if np.isnan(param).any():
        raise QueryError("Parameter value is NaN")
    for value, word in ((float(param.max()), "over"), (-float(param.min()), "under")):
        if value >= 2.0**63:
            shown = format_number(value if word == "over" else -value)
            raise QueryError(f"Scalar value {shown} {word}flows int64")
    return param.astype(np.int64)


def _first(
    context: Context, frame: Frame, groups: Groups, order: NDArray[np.int64], wanted: NDArray[np.int64]
) -> Frame:
    """The first of each group in this order that are present, as rows of the frame."""
    nth = np.arange(len(frame))[:, None] - groups.starts[groups.group][:, None]
    chosen = np.zeros(order.shape, dtype=np.bool_)
    np.put_along_axis(chosen, order, np.broadcast_to(nth < wanted, order.shape), axis=0)
    chosen &= groups.present
    rows = order[:, 0] if order.shape[1] == 1 and not context.is_range else np.arange(len(frame))
    rows = rows[chosen[rows].any(axis=1)]
    source = groups.order[rows]
    return frame.rows(source).where(chosen[rows])


def _ratio(context: Context, node: Aggregate, frame: Frame, param: Values) -> Frame:
    if np.isnan(param).any():
        raise QueryError("Ratio value is NaN")
    assert node.param is not None
    for value in np.unique(param[np.abs(param) > 1])[:1]:
        to = math.copysign(1.0, float(value))
        shown = f"got {format_number(float(value))}, capping to {format_number(to)}"
        context.notes.warn(f"ratio value should be between -1 and 1, {shown}", node.param)
    ratio = np.clip(param, -1.0, 1.0)
    offset = np.array([int(labels.fingerprint(), 16) / 2.0**64 for labels in frame.labels.all_labels()])[:, None]
    kept = np.where(ratio >= 0, offset < ratio, offset >= 1.0 + ratio)
    return frame.where(frame.present & kept.reshape(frame.values.shape))
