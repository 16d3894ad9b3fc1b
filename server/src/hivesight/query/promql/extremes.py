"""Extremes over windows from sparse tables: the extremes of 1, 2, 4, ... neighbours, of which any window is covered by
two that overlap. Exact, and independent of the windows' length."""

from collections.abc import Callable

import numpy as np

from hivesight.model.series import Values
from hivesight.query.promql.windows import Indexes, Windows, take

Extreme = Callable[[Values, Values], Values]


def extreme_in_windows(windows: Windows, extreme: Extreme) -> Values:
    """`np.fmax` or `np.fmin` over every window, so a NaN only where all samples are NaN; shape (series, steps)."""
    length = windows.count
    longest = int(length.max(initial=0))
    out = np.full((len(windows), windows.steps), np.nan)
    level, reach = windows.values, 1
    while reach <= longest:
        here = (length >= reach) & (length < 2 * reach)
        if here.any():
            last = level.shape[1] - 1
            found = extreme(
                take(level, np.clip(windows.lo, 0, last)), take(level, np.clip(windows.hi - reach, 0, last))
            )
            out = found if here.all() else np.where(here, found, out)
        width = level.shape[1] - reach
        if width <= 0:
            break
        level = extreme(level[:, :width], level[:, reach:])
        reach *= 2
    return out


def place_in_windows(windows: Windows, sign: float) -> Indexes:
    """The index of each window's largest sample (sign 1) or smallest (sign -1), the last of equal ones; NaN only where
    there is nothing else. Shape (series, steps)."""
    scored = windows.values * sign
    length = windows.count
    longest = int(length.max(initial=0))
    out = np.zeros((len(windows), windows.steps), dtype=np.int64)
    level = np.broadcast_to(np.arange(scored.shape[1], dtype=np.int64), scored.shape)
    reach = 1
    while reach <= longest:
        here = (length >= reach) & (length < 2 * reach)
        if here.any():
            last = level.shape[1] - 1
            left = take(level, np.clip(windows.lo, 0, last))
            right = take(level, np.clip(windows.hi - reach, 0, last))
            out = np.where(here, _better(scored, left, right), out)
        width = level.shape[1] - reach
        if width <= 0:
            break
        level = _better(scored, level[:, :width], level[:, reach:])
        reach *= 2
    return out


def _better(scored: Values, left: Indexes, right: Indexes) -> Indexes:
    left_score = np.take_along_axis(scored, left, axis=1)
    right_score = np.take_along_axis(scored, right, axis=1)
    return np.where((right_score >= left_score) | np.isnan(left_score), right, left)
