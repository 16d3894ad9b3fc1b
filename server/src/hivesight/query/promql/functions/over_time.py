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
from hivesight.query.promql.functions.kind import Function, NativeKernel, over_windows
from hivesight.query.promql.native.over_time import picking, sampling, totals
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
from hivesight.query.promql.tables import somewhere
from hivesight.query.promql.types import Grid
from hivesight.query.promql.windows import Indexes, Windows, take

_LARGEST: Final = 1e140
"""Up to here sums of squares are no risk."""
_CELLS: Final = 1 << 20
"""Samples that are laid out window by window at a time, for what needs them in order."""


def _count(windows: Windows) -> Values:
    return np.broadcast_to(windows.count.astype(np.float64), (len(windows), windows.steps))


def _one(windows: Windows) -> Values:
    return np.ones((len(windows), windows.steps))


def _seconds_at(windows: Windows, index: NDArray[np.int64]) -> Values:
    return np.broadcast_to(take(windows.times, index) / 1000, (len(windows), windows.steps))


def variance_in_windows(windows: Windows) -> Values:
    """The population variance of each window's samples."""
    values = windows.values
    # Values whose squares would be too large are made smaller by a power of two, which changes no digit.
    largest = np.where(np.isfinite(values), np.abs(values), 0.0).max(axis=1, initial=0.0)
    scale = np.where(largest > _LARGEST, 2.0**-600, 1.0)[:, None]
    small = values * scale
    count = np.maximum(windows.count, 1).astype(np.float64)
    total = window_sums(windows, (small, np.zeros_like(small)))
    squares = window_sums(windows, two_product(small, small))
    size = np.broadcast_to(count, total[0].shape)
    spread = minus(product(squares, (size, np.zeros_like(size))), product(total, total))
    # Of such values what rounding left would be infinite once it is scaled back.
    noise = np.where(scale < 1.0, rounded(total) ** 2 * 2.0**-96, 0.0)
    found = rounded(spread)
    return np.where(found <= noise, 0.0, found / (count * count)) / scale / scale


def _whole(kernel: Callable[[Windows], Values], windows: Windows) -> tuple[Values, Mask]:
    return kernel(windows), windows.at_least(1)


def _over_time(
    kernel: Callable[[Windows], Values], native: NativeKernel | None, context: Context, call: Call, grid: Grid
) -> Frame:
    return over_windows(context, call.args[0], grid, partial(_whole, kernel), native=native)


def _any_sample(kernel: Callable[[Windows], Values], context: Context, call: Call, grid: Grid) -> Frame:
    whole = partial(_whole, kernel)
    return over_windows(context, call.args[0], grid, whole, native=partial(sampling, whole))


def _picked(index: Callable[[Windows], Indexes], context: Context, call: Call, grid: Grid) -> Frame:
    def kernel(windows: Windows) -> tuple[Values, Mask]:
        return take(windows.values, index(windows)), windows.at_least(1)

    return over_windows(context, call.args[0], grid, kernel, native=partial(picking, index), keeps_name=True)


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


def _ascending(samples: Values) -> Values:
    """Sorted along the first axis, NaNs before everything else."""
    nans = np.isnan(samples)
    if not nans.any():
        return np.sort(samples, axis=0)
    # A NaN sorts as -Inf and is put back afterwards; real -Infs come after the NaNs.
    ordered = np.sort(np.where(nans, -np.inf, samples), axis=0)
    return np.where(np.arange(len(ordered), dtype=np.int64)[:, None] < nans.sum(axis=0), np.nan, ordered)


def _in_order(windows: Windows, at: Values, figure: Callable[[Values, NDArray[np.int64], Values], Values]) -> Values:
    """A figure of each window's samples that needs them all, some windows at a time. figure: samples as `laid_out`
    gives them, their counts, and what `at` holds for each."""
    every, shape = len(windows) * windows.steps, (len(windows), windows.steps)
    count = np.broadcast_to(windows.count, shape).reshape(-1)
    wanted = np.broadcast_to(at, shape).reshape(-1)
    size = max(1, _CELLS // max(1, int(windows.count.max(initial=1))))
    out = np.empty(every)
    for begin in range(0, every, size):
        cells = slice(begin, min(begin + size, every))
        out[cells] = figure(laid_out(windows, cells), count[None, cells], wanted[None, cells])
    return out.reshape(shape)


def _quantile_of(samples: Values, count: NDArray[np.int64], at: Values) -> Values:
    start = np.zeros((1, samples.shape[1]), dtype=np.int64)
    return quantile_of_sorted(_ascending(samples), start, count, at)[0]


def _distance_of(samples: Values, count: NDArray[np.int64], half: Values) -> Values:
    inside = np.arange(len(samples), dtype=np.int64)[:, None] < count
    away = np.abs(samples - _quantile_of(samples, count, half))
    found = _quantile_of(np.where(inside, away, np.inf), count, half)
    return np.where(np.isnan(samples).any(axis=0), np.nan, found)


def _quantile(context: Context, call: Call, grid: Grid) -> Frame:
    at = context.scalar(call.args[0], grid)

    def kernel(windows: Windows) -> Values:
        return _in_order(windows, at, _quantile_of)

    frame = over_windows(context, call.args[1], grid, partial(_whole, kernel), noted=call.args[0])
    for value in np.unique(at[somewhere(frame.present, 0) & ~((at >= 0) & (at <= 1))])[:1]:
        context.notes.bad_quantile(float(value), call.args[0])
    return frame


_KERNELS: Final[dict[str, Callable[[Windows], Values]]] = {
    "min_over_time": lambda windows: extreme_in_windows(windows, np.fmin),
    "max_over_time": lambda windows: extreme_in_windows(windows, np.fmax),
    "stdvar_over_time": variance_in_windows,
    "stddev_over_time": lambda windows: np.sqrt(variance_in_windows(windows)),
    "mad_over_time": lambda windows: _in_order(windows, np.array(0.5), _distance_of),
    "ts_of_max_over_time": lambda windows: _seconds_at(windows, place_in_windows(windows, 1.0)),
    "ts_of_min_over_time": lambda windows: _seconds_at(windows, place_in_windows(windows, -1.0)),
}

_ANY_SAMPLE: Final[dict[str, Callable[[Windows], Values]]] = {
    "count_over_time": _count,
    "present_over_time": _one,
    "ts_of_first_over_time": lambda windows: _seconds_at(windows, windows.first),
    "ts_of_last_over_time": lambda windows: _seconds_at(windows, windows.last),
}

FUNCTIONS: Final[dict[str, Function]] = {
    **{name: partial(_over_time, kernel, None) for name, kernel in _KERNELS.items()},
    **{name: partial(_any_sample, kernel) for name, kernel in _ANY_SAMPLE.items()},
    "avg_over_time": partial(_over_time, mean_in_windows, partial(totals, mean_in_windows, True)),
    "sum_over_time": partial(_over_time, sum_in_windows, partial(totals, sum_in_windows, False)),
    "first_over_time": partial(_picked, lambda windows: windows.first),
    "last_over_time": partial(_picked, lambda windows: windows.last),
    "quantile_over_time": _quantile,
}
