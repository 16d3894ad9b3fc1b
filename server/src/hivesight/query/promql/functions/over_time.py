"""The `*_over_time` functions: one figure out of all samples of a window."""

from collections.abc import Callable
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hivesight.model.series import Mask, Values
from hivesight.query.promql.ast import Call
from hivesight.query.promql.context import Context
from hivesight.query.promql.extremes import extreme_in_windows, place_in_windows
from hivesight.query.promql.frames import Frame
from hivesight.query.promql.functions.kind import Function, over_windows
from hivesight.query.promql.ranking import quantile_of_sorted
from hivesight.query.promql.sums import (
    mean_in_windows,
    minus,
    product,
    rounded,
    sum_in_windows,
    two_product,
    window_sums,
)
from hivesight.query.promql.types import Grid
from hivesight.query.promql.windows import Indexes, Windows, take

_CELLS: Final = 1 << 20
"""Samples that are laid out window by window at a time, for what needs them in order."""


def _count(windows: Windows) -> Values:
    return np.broadcast_to(windows.count.astype(np.float64), (len(windows), windows.steps))


def _one(windows: Windows) -> Values:
    return np.ones((len(windows), windows.steps))


def _first(windows: Windows) -> Values:
    return take(windows.values, windows.first)


def _last(windows: Windows) -> Values:
    return take(windows.values, windows.last)


def _seconds_at(windows: Windows, index: NDArray[np.int64]) -> Values:
    return np.broadcast_to(take(windows.times, index) / 1000, (len(windows), windows.steps))


def variance_in_windows(windows: Windows) -> Values:
    """The population variance of each window's samples."""
    # Around a value of its own each series needs fewer digits.
    with_center = np.isfinite(windows.values)
    center = np.where(with_center.any(axis=1), np.where(with_center, windows.values, 0.0).sum(axis=1), 0.0)
    center = center / np.maximum(with_center.sum(axis=1), 1)
    away = windows.values - np.where(np.isfinite(center), center, 0.0)[:, None]
    nothing = np.zeros_like(away)
    count = np.maximum(windows.count, 1).astype(np.float64)
    total = window_sums(windows, (away, nothing))
    squares = window_sums(windows, two_product(away, away))
    size = np.broadcast_to(count, total[0].shape)
    spread = minus(product(squares, (size, np.zeros_like(size))), product(total, total))
    return np.maximum(rounded(spread) / (count * count), 0.0)


def _whole(kernel: Callable[[Windows], Values], windows: Windows) -> tuple[Values, Mask]:
    return kernel(windows), windows.at_least(1)


def _over_time(
    kernel: Callable[[Windows], Values], keeps_name: bool, context: Context, call: Call, grid: Grid
) -> Frame:
    return over_windows(context, call.args[0], grid, partial(_whole, kernel), keeps_name=keeps_name)


def laid_out(windows: Windows, cells: slice) -> Values:
    """The samples of some windows, which are counted series by series and step by step: shape (longest, windows);
    what lies past a window's samples is +Inf."""
    cell = np.arange(cells.start, cells.stop, dtype=np.int64)
    rows, steps = cell // windows.steps, cell % windows.steps
    lo = np.broadcast_to(windows.lo, (len(windows), windows.steps))[rows, steps]
    hi = np.broadcast_to(windows.hi, (len(windows), windows.steps))[rows, steps]
    longest = int((hi - lo).max(initial=0))
    place: Indexes = lo + np.arange(max(longest, 1), dtype=np.int64)[:, None]
    found = windows.values[rows, np.minimum(place, windows.values.shape[1] - 1)]
    return np.where(place < hi, found, np.inf)


def _quantile_cells(windows: Windows, at: Values) -> Values:
    """The quantile of each window; NaNs count as the smallest values."""
    every = len(windows) * windows.steps
    out = np.empty(every)
    count = np.broadcast_to(windows.count, (len(windows), windows.steps)).reshape(-1)
    wanted = np.broadcast_to(at, (len(windows), windows.steps)).reshape(-1)
    size = max(1, _CELLS // max(1, int(windows.count.max(initial=1))))
    for begin in range(0, every, size):
        cells = slice(begin, min(begin + size, every))
        samples = laid_out(windows, cells)
        nans = np.isnan(samples)
        if nans.any():
            # Smallest first: a NaN sorts as -Inf and is put back afterwards; real -Infs come after the NaNs.
            missing = nans.sum(axis=0)
            ordered = np.sort(np.where(nans, -np.inf, samples), axis=0)
            ordered = np.where(np.arange(len(ordered), dtype=np.int64)[:, None] < missing, np.nan, ordered)
        else:
            ordered = np.sort(samples, axis=0)
        start = np.zeros((1, samples.shape[1]), dtype=np.int64)
        out[cells] = quantile_of_sorted(ordered, start, count[None, cells], wanted[None, cells])[0]
    return out.reshape(len(windows), windows.steps)


def _quantile(context: Context, call: Call, grid: Grid) -> Frame:
    at = context.scalar(call.args[0], grid)
    for value in np.unique(at[~((at >= 0) & (at <= 1))])[:1]:
        context.notes.bad_quantile(float(value), call.args[0])
    return over_windows(context, call.args[1], grid, partial(_whole, lambda windows: _quantile_cells(windows, at)))


def _mad(windows: Windows) -> Values:
    """The median of the distances from the median."""
    half = np.full(windows.steps, 0.5)
    median = _quantile_cells(windows, half).reshape(-1)
    every = len(windows) * windows.steps
    count = np.broadcast_to(windows.count, (len(windows), windows.steps)).reshape(-1)
    out = np.empty(every)
    size = max(1, _CELLS // max(1, int(windows.count.max(initial=1))))
    for begin in range(0, every, size):
        cells = slice(begin, min(begin + size, every))
        samples = laid_out(windows, cells)
        inside = np.arange(len(samples))[:, None] < count[cells]
        away = np.where(inside, np.abs(samples - median[cells]), np.inf)
        start = np.zeros((1, away.shape[1]), dtype=np.int64)
        ordered = np.sort(away, axis=0)
        out[cells] = quantile_of_sorted(ordered, start, count[None, cells], np.full((1, away.shape[1]), 0.5))[0]
    return out.reshape(len(windows), windows.steps)


_KERNELS: Final[dict[str, Callable[[Windows], Values]]] = {
    "avg_over_time": mean_in_windows,
    "sum_over_time": sum_in_windows,
    "min_over_time": lambda windows: extreme_in_windows(windows, np.fmin),
    "max_over_time": lambda windows: extreme_in_windows(windows, np.fmax),
    "count_over_time": _count,
    "present_over_time": _one,
    "stdvar_over_time": variance_in_windows,
    "stddev_over_time": lambda windows: np.sqrt(variance_in_windows(windows)),
    "mad_over_time": _mad,
    "ts_of_first_over_time": lambda windows: _seconds_at(windows, windows.first),
    "ts_of_last_over_time": lambda windows: _seconds_at(windows, windows.last),
    "ts_of_max_over_time": lambda windows: _seconds_at(windows, place_in_windows(windows, 1.0)),
    "ts_of_min_over_time": lambda windows: _seconds_at(windows, place_in_windows(windows, -1.0)),
}

FUNCTIONS: Final[dict[str, Function]] = {
    **{name: partial(_over_time, kernel, False) for name, kernel in _KERNELS.items()},
    "first_over_time": partial(_over_time, _first, True),
    "last_over_time": partial(_over_time, _last, True),
    "quantile_over_time": _quantile,
}
