"""Sums at least as accurate as the compensated ones of Prometheus. Over windows a value is an unevaluated sum
`high + low` of twice a float's precision (Dekker 1971, Knuth TAOCP 4.2.2), in a number of passes that grows with the
logarithm of the longest; down the rows of groups values are split instead, in a fixed number of passes."""

from math import fsum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hivesight.model.series import Mask, Values
from hivesight.query.promql.windows import Indexes, Windows, take

_SPLITTER: Final = 134217729.0
_TOP_EXPONENT: Final = 1020
_CANCELLED_BITS: Final = -20
"""Sums that are smaller than their largest term by so much have lost digits."""
_CELLS: Final = 1 << 15
"""Cells that are summed at a time, so that what is in between stays in the processor's cache."""
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


def group_sums(values: Values, starts: NDArray[np.intp]) -> Values:
    """Sums down the rows of each group; shape (groups, steps). The rows of a group stand together, and `starts` says
    where each group begins.

    Each value is split at a power of two so far above all of its group that the upper parts add up without any error,
    and the lower parts are too small for theirs to matter (Rump, Ogita, Oishi 2008, `ExtractVector`). Where the sum is
    tiny beside its terms they do, and it is taken exactly."""
    if len(starts) == len(values):
        return values
    sizes = np.diff(starts, append=len(values))
    out = np.empty((len(starts), values.shape[1]))
    width = max(1, _CELLS // len(values))
    for begin in range(0, values.shape[1], width):
        part = slice(begin, begin + width)
        out[:, part] = _split_sums(values[:, part], starts, sizes)
    return out


def _split_sums(values: Values, starts: NDArray[np.intp], sizes: NDArray[np.intp]) -> Values:
    largest = np.maximum.reduceat(np.abs(values), starts, axis=0)
    exponent = np.frexp(largest)[1] + np.ceil(np.log2(sizes)).astype(np.int32)[:, None]
    # Next to the largest float there is no room above: there plain sums have to do.
    split = np.where(exponent < _TOP_EXPONENT, np.ldexp(1.0, np.minimum(exponent, _TOP_EXPONENT)), 0.0)
    upper = split if len(starts) == 1 else np.repeat(split, sizes, axis=0)
    upper = (upper + values) - upper
    lower = values - upper
    high, low = (np.add.reduceat(each, starts, axis=0) for each in (upper, lower))
    total = high + np.where(np.isfinite(low), low, 0.0)
    cancelled = np.abs(total) < np.ldexp(largest, _CANCELLED_BITS)
    if cancelled.any():
        cancelled &= np.logical_or.reduceat(lower != 0, starts, axis=0)
        for group, step in zip(*(each.tolist() for each in np.nonzero(cancelled)), strict=True):
            total[group, step] = fsum(values[starts[group] : starts[group] + sizes[group], step].tolist())
    return total
