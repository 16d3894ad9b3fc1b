"""Ranges that look beyond their edges: `anchored` starts from the last sample before the window, `smoothed` from values
interpolated at both edges. Only functions that know what to do with the neighbours may take them."""

from typing import Final

import numpy as np

from hivesight.model.errors import QueryError
from hivesight.model.series import Mask, Values
from hivesight.query.promql.ast import Call, Expr, MatrixSelector, VectorSelector, unwrap
from hivesight.query.promql.resets import lost_to_resets
from hivesight.query.promql.windows import NO_REACH, Indexes, Reach, Windows, take

_TAKERS: Final = {
    "anchored": ("changes", "delta", "increase", "rate", "resets"),
    "smoothed": ("delta", "increase", "rate"),
}


def extension(expr: Expr) -> str:
    """The modifier of a range vector selector; empty for anything else."""
    node = unwrap(expr)
    return node.vector.extended if isinstance(node, MatrixSelector) else ""


def check_extended(call: Call) -> None:
    """Raises QueryError where an argument is extended and the function does not know how to take it."""
    for arg in call.args:
        modifier = extension(arg)
        if modifier and call.func not in _TAKERS[modifier]:
            takers = ", ".join(_TAKERS[modifier])
            raise QueryError(f"{modifier} modifier can only be used with: {takers} - not with {call.func}")


def reach_of(selector: VectorSelector, lookback_ms: int) -> Reach:
    """How far beyond its windows the selector looks."""
    match selector.extended:
        case "anchored":
            return Reach(before_ms=lookback_ms)
        case "smoothed":
            return Reach(before_ms=lookback_ms, after_ms=lookback_ms)
        case _:
            return NO_REACH


def anchored(windows: Windows) -> tuple[Indexes, Mask]:
    """The sample each window starts from: the last one before it where such a one is looked at, or else its first; and
    where the window has any."""
    inner_lo, inner_hi = windows.inner
    start = np.maximum(inner_lo - 1, windows.lo)
    return start, np.broadcast_to(inner_hi > inner_lo, (len(windows), windows.steps))


def gained(windows: Windows, *, smoothed: bool, counter: bool, per_second: bool) -> tuple[Values, Mask]:
    """What a series gained between the edges of each window, without extrapolation (Prometheus' `extendedRate`)."""
    inner_lo, inner_hi = windows.inner
    opens, closes = windows.opens_ms, windows.closes_ms
    final = np.maximum(windows.hi - 1, 0)
    first = np.clip(np.minimum(inner_lo, final) - 1, windows.lo, final)
    last = final
    if smoothed:
        # The first sample at or after the end.
        at_end = (inner_hi > windows.lo) & (take(windows.times, np.maximum(inner_hi - 1, 0)) == closes)
        last = np.clip(np.where(at_end, inner_hi - 1, inner_hi), 0, final)
    start_ms, end_ms = take(windows.times, first), take(windows.times, last)
    there = (windows.count > 0) & (end_ms > opens)
    left, right = take(windows.values, first), take(windows.values, last)
    if smoothed:
        there &= start_ms <= closes
        following, previous = np.minimum(first + 1, final), np.clip(last - 1, windows.lo, final)
        left = np.where(start_ms < opens, _between(windows, first, following, counter), left)
        right = np.where(end_ms > closes, _between(windows, previous, last, counter, at_close=True), right)
    total = right - left
    if counter:
        total = total + _lost(windows, left, right, first + (start_ms <= opens), last - (end_ms >= closes))
    if per_second:
        total = total / ((closes - opens) / 1000)
    return total, np.broadcast_to(there, total.shape)


def _between(windows: Windows, start: Indexes, end: Indexes, counter: bool, *, at_close: bool = False) -> Values:
    """The value at an edge on the line between two samples; a counter that was reset between them began at zero."""
    edge = windows.closes_ms if at_close else windows.opens_ms
    low, high = take(windows.values, start), take(windows.values, end)
    if counter:
        low = np.where(high < low, 0.0, low)
    start_ms, end_ms = take(windows.times, start), take(windows.times, end)
    return low + (high - low) * ((edge - start_ms) / (end_ms - start_ms))


def _lost(windows: Windows, left: Values, right: Values, first: Indexes, last: Indexes) -> Values:
    """What a counter had reached before its resets on the way from left over samples first to last to right."""
    values = windows.values
    inside = first <= last
    most = values.shape[1] - 1
    begin, end = np.clip(first, 0, most), np.clip(last, 0, most)
    entered, leaving = take(values, begin), take(values, end)
    over = np.where(entered < left, left, 0.0) + np.where(right < leaving, leaving, 0.0)
    if (lost := lost_to_resets(windows, begin, end)) is not None:
        over = lost + over
    return np.where(inside, over, np.where(right < left, left, 0.0))
