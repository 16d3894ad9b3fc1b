"""Sums to twice the precision of a float: a value is an unevaluated sum `high + low` (Dekker 1971, Knuth TAOCP 4.2.2).
At least as accurate as the compensated sums of Prometheus, in a number of passes that grows with the logarithm."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from hivesight.model.series import Mask, Values
from hivesight.query.promql.windows import Indexes, Windows, take

_SPLITTER: Final = 134217729.0
Double = tuple[Values, Values]
"""high and low part."""


def two_sum(a: Values, b: Values) -> Double:
    """a + b and its rounding error."""
    total = a + b
    other = total - a
    return total, (a - (total - other)) + (b - other)


def two_product(a: Values, b: Values) -> Double:
    """a * b and its rounding error."""
    total = a * b
    a_scaled, b_scaled = a * _SPLITTER, b * _SPLITTER
    a_high = a_scaled - (a_scaled - a)
    b_high = b_scaled - (b_scaled - b)
    a_low, b_low = a - a_high, b - b_high
    return total, ((a_high * b_high - total) + a_high * b_low + a_low * b_high) + a_low * b_low


def add(a: Double, b: Double) -> Double:
    high, low = two_sum(a[0], b[0])
    return high, low + (a[1] + b[1])


def product(a: Double, b: Double) -> Double:
    high, low = two_product(a[0], b[0])
    low = low + (a[0] * b[1] + a[1] * b[0])
    return two_sum(high, low)


def minus(a: Double, b: Double) -> Double:
    return add(a, (-b[0], -b[1]))


def rounded(a: Double) -> Values:
    """The nearest float; where the sum ran to infinity or NaN, that."""
    return np.where(np.isfinite(a[0]), a[0] + np.where(np.isfinite(a[1]), a[1], 0.0), a[0])


def window_sums(windows: Windows, terms: Double) -> Double:
    """The sums of the terms, shape (series, samples), over every window; shape (series, steps).

    Sums over 1, 2, 4, ... neighbours are made one after the other, and each window is put together from those that
    its length consists of."""
    length, place = windows.count, windows.lo.copy()
    longest = int(length.max(initial=0))
    shape = (len(windows), windows.steps)
    total = (np.zeros(shape), np.zeros(shape))
    level, reach = terms, 1
    while reach <= longest:
        used = (length & reach) != 0
        if used.any():
            total = _added(total, level, place, used)
            place = place + np.where(used, reach, 0)
        if (width := level[0].shape[1] - reach) <= 0 or 2 * reach > longest:
            break
        level = add((level[0][:, :width], level[1][:, :width]), (level[0][:, reach:], level[1][:, reach:]))
        reach *= 2
    return total


def _added(total: Double, level: Double, place: Indexes, used: Mask) -> Double:
    index = np.minimum(place, level[0].shape[1] - 1)
    term = (take(level[0], index), take(level[1], index))
    if not used.all():
        term = (np.where(used, term[0], 0.0), np.where(used, term[1], 0.0))
    return add(total, term)


def is_exact(values: Values, count: int) -> bool:
    """Whether plain sums of so many of these values are exact: whole numbers that stay below 2**53."""
    most = float(np.abs(values).max(initial=0.0))
    return most * max(count, 1) < 2.0**53 and bool((np.trunc(values) == values).all())


def sum_in_windows(windows: Windows) -> Values:
    """The sum of each window's samples, shape (series, steps); zero where there are none."""
    values = windows.values
    if is_exact(values, values.shape[1]):
        prefix = np.zeros((values.shape[0], values.shape[1] + 1))
        np.cumsum(values, axis=1, out=prefix[:, 1:])
        return take(prefix, windows.hi) - take(prefix, windows.lo)
    return rounded(window_sums(windows, (values, np.zeros_like(values))))


def mean_in_windows(windows: Windows) -> Values:
    """The mean of each window's samples, even where their sum is too large for a float."""
    count = np.maximum(windows.count, 1)
    mean = sum_in_windows(windows) / count
    if not (lost := ~np.isfinite(mean)).any():
        return mean
    # Only a sum that overflowed comes out finite when its terms are made smaller first.
    small = windows.values * 2.0**-64
    again = rounded(window_sums(windows, (small, np.zeros_like(small)))) / count * 2.0**64
    return np.where(lost & np.isfinite(again), again, mean)


def group_sums(terms: Double, starts: NDArray[np.intp]) -> Double:
    """Sums down the rows of each group; shape (groups, steps). The rows of a group stand together, and `starts` says
    where each group begins. Neighbours are added in pairs until one row a group is left."""
    high, low = terms
    sizes = np.diff(starts, append=high.shape[0])
    while sizes.max(initial=1) > 1:
        # The row of each pair's first; odd groups keep their last row as it is.
        halves = (sizes + 1) // 2
        ends = np.cumsum(halves)
        begins = ends - halves
        member = np.arange(int(ends[-1])) - np.repeat(begins, halves)
        left = np.repeat(starts, halves) + 2 * member
        paired = 2 * member + 1 < np.repeat(sizes, halves)
        next_high, next_low = high[left], low[left]
        right = left[paired] + 1
        next_high[paired], next_low[paired] = add((next_high[paired], next_low[paired]), (high[right], low[right]))
        high, low, sizes, starts = next_high, next_low, halves, begins
    return high, low
