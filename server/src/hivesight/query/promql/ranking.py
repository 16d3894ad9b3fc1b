"""Aggregations that go by the order of values: quantile, topk, bottomk, limitk and limit_ratio."""

import itertools
import math

import numpy as np
from numpy.typing import NDArray

from hivesight.model.errors import QueryError
from hivesight.model.series import Mask, Values
from hivesight.query.promql.ast import Aggregate
from hivesight.query.promql.context import Context
from hivesight.query.promql.frames import Frame
from hivesight.query.promql.groups import Groups, groups_of
from hivesight.query.promql.literals import format_number


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


def quantiles(groups: Groups, at: Values) -> Values:
    """The quantile of each group at each step; shape (groups, steps). NaN counts as the smallest."""
    nan = groups.present & np.isnan(groups.values)
    ordered = _ascending(groups, np.where(nan, -np.inf, groups.values), groups.present)
    if nan.any():
        # NaNs were sorted as -Inf, and are put back before those that are.
        nth = np.arange(len(nan))[:, None] - groups.starts[groups.group][:, None]
        ordered[nth < np.add.reduceat(nan, groups.starts, axis=0, dtype=np.int64)[groups.group]] = np.nan
    return quantile_of_sorted(ordered, groups.starts[:, None], groups.count, np.broadcast_to(at, groups.count.shape))


def _ascending(groups: Groups, key: Values, counted: Mask) -> Values:
    """The counted keys of each group at each step, smallest first, and +Inf for the others. Numbers are sorted without
    a word on whence they came, which takes a tenth of the time that an order of the rows takes."""
    across = np.where(counted, key, np.inf).T.copy(order="C")
    for rows in itertools.starmap(slice, itertools.pairwise([*groups.starts.tolist(), len(key)])):
        across[:, rows] = np.sort(across[:, rows], axis=1)
    return across.T


def ranked(context: Context, node: Aggregate, frame: Frame, param: Values) -> Frame:
    """topk and bottomk: the k largest or smallest of each group, each with its own labels."""
    wanted = _counts(param)
    if not len(frame) or not (wanted > 0).any():
        return frame.rows(np.zeros(0, dtype=np.intp))
    groups = groups_of(node, frame)
    key = -groups.values if node.op == "topk" else groups.values
    if context.is_range or key.shape[1] > 1:
        chosen = smallest(groups, key, wanted)
        rows = np.flatnonzero(chosen.any(axis=1))
        return frame.rows(groups.order[rows]).where(chosen[rows])
    # A single answer is shown in this order: the NaN as the last choice, equal ones in their order.
    nan = np.isnan(key[:, 0])
    rank = np.where(groups.present[:, 0], nan, 2)
    order = np.lexsort((np.where(nan, 0.0, key[:, 0]), rank, groups.group))
    return _first(context, frame, groups, order[:, None], wanted)


def smallest(groups: Groups, key: Values, wanted: NDArray[np.int64]) -> Mask:
    """Which of each group have the smallest keys at each step, as many as wanted; of equal ones the first, NaN as the
    last choice."""
    nan = np.isnan(key)
    wanted = np.minimum(wanted, len(key))
    numbers = groups.present & ~nan
    ordered = _ascending(groups, key, numbers)
    last = groups.starts[:, None] + np.clip(wanted, 1, np.maximum(groups.count, 1)) - 1
    edge = np.take_along_axis(ordered, last, axis=0)[groups.group]
    below = numbers & (key < edge)
    room = wanted - np.add.reduceat(below, groups.starts, axis=0, dtype=np.int64)
    chosen = below | _firsts(groups, numbers & (key == edge), room)
    if (nan & groups.present).any():
        room = wanted - np.add.reduceat(chosen, groups.starts, axis=0, dtype=np.int64)
        chosen |= _firsts(groups, nan & groups.present, room)
    return chosen & (wanted > 0)


def _firsts(groups: Groups, among: Mask, room: NDArray[np.int64]) -> Mask:
    """The first of each group at each step, as many as there is room for; shape of room (groups, steps)."""
    nth = np.cumsum(among, axis=0, dtype=np.int64)
    before = nth[groups.starts] - among[groups.starts]
    return among & (nth <= (room + before)[groups.group])


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
