"""deriv, predict_linear and double_exponential_smoothing: lines through the samples of a window."""

from functools import partial
from typing import Final

import numpy as np

from hivesight.model.errors import QueryError
from hivesight.model.series import Mask, Times, Values
from hivesight.query.promql.ast import Call
from hivesight.query.promql.context import Context
from hivesight.query.promql.frames import Frame
from hivesight.query.promql.functions.kind import Function, over_windows
from hivesight.query.promql.sums import minus, product, rounded, two_product, window_sums
from hivesight.query.promql.types import Grid
from hivesight.query.promql.windows import Windows, take


def fitted(windows: Windows) -> tuple[Values, Values, Values]:
    """The least-squares line of each window: slope per second, the mean of the values, and the mean of the times in
    seconds after the series' first sample. Sums are to twice a float's precision, so that moving them from the
    series' first sample to the window's loses nothing."""
    values = windows.values
    nothing = np.zeros_like(values)
    origin = windows.times[:, :1]
    # Past a row's samples its times are padding, which must stay small enough for its square to be finite.
    seconds = np.minimum(windows.times - origin, 2**53) / 1000
    x = np.broadcast_to(seconds, values.shape)
    count = np.broadcast_to(np.maximum(windows.count, 1).astype(np.float64), (len(windows), windows.steps))
    size = (count, np.zeros_like(count))
    sum_x = window_sums(windows, (x, nothing))
    sum_y = window_sums(windows, (values, nothing))
    sum_xy = window_sums(windows, two_product(x, values))
    sum_xx = window_sums(windows, two_product(x, x))
    covariance = rounded(minus(product(sum_xy, size), product(sum_x, sum_y)))
    variance = rounded(minus(product(sum_xx, size), product(sum_x, sum_x)))
    mean_y = rounded(sum_y) / count
    slope = np.where(_constant(windows), np.where(np.isfinite(mean_y), 0.0, np.nan), covariance / variance)
    return slope, mean_y, rounded(sum_x) / count


def _constant(windows: Windows) -> Mask:
    """Where all samples of a window are equal."""
    changed = np.zeros(windows.values.shape, dtype=np.int64)
    np.cumsum(windows.values[:, 1:] != windows.values[:, :-1], axis=1, out=changed[:, 1:])
    return take(changed, windows.last) == take(changed, windows.first)


def _slope(windows: Windows) -> tuple[Values, Mask]:
    return fitted(windows)[0], windows.at_least(2)


def _deriv(context: Context, call: Call, grid: Grid) -> Frame:
    return over_windows(context, call.args[0], grid, _slope)


def _predicted(at_ms: Times, ahead: Values, windows: Windows) -> tuple[Values, Mask]:
    slope, mean_y, mean_x = fitted(windows)
    now = (at_ms - windows.times[:, :1]) / 1000
    return mean_y + slope * (now - mean_x + ahead), windows.at_least(2)


def _predict_linear(context: Context, call: Call, grid: Grid) -> Frame:
    ahead = context.scalar(call.args[1], grid)
    return over_windows(context, call.args[0], grid, partial(_predicted, grid.times, ahead))


def _smoothed(factor: Values, trend: Values, windows: Windows) -> tuple[Values, Mask]:
    """Holt's linear smoothing, sample by sample of all windows at once."""
    first, last = windows.first, windows.last
    level = take(windows.values, first)
    before, slope = level, take(windows.values, np.minimum(first + 1, last)) - level
    for offset in range(1, int(windows.count.max(initial=0))):
        inside = first + offset <= last
        value = take(windows.values, np.minimum(first + offset, last))
        if offset > 1:
            slope = np.where(inside, trend * (level - before) + (1 - trend) * slope, slope)
        smoothed = factor * value + (1 - factor) * (level + slope)
        before, level = np.where(inside, level, before), np.where(inside, smoothed, level)
    return level, windows.at_least(2)


def _double_exponential_smoothing(context: Context, call: Call, grid: Grid) -> Frame:
    factor, trend = (context.scalar(arg, grid) for arg in call.args[1:])
    for name, short, values in (("smoothing", "sf", factor), ("trend", "tf", trend)):
        for value in values[~((values > 0) & (values < 1))][:1].tolist():
            raise QueryError(f"invalid {name} factor. Expected: 0 < {short} < 1, got: {value:f}")
    return over_windows(context, call.args[0], grid, partial(_smoothed, factor, trend))


FUNCTIONS: Final[dict[str, Function]] = {
    "deriv": _deriv,
    "predict_linear": _predict_linear,
    "double_exponential_smoothing": _double_exponential_smoothing,
}
