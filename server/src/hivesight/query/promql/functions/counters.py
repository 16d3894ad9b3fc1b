"""rate and its kin: how samples change across a window."""

from functools import partial
from typing import Final

import numpy as np

from hivesight.model.labels import METRIC_NAME
from hivesight.model.series import Mask, Values
from hivesight.query.promql.ast import Call
from hivesight.query.promql.context import Context
from hivesight.query.promql.extended import anchored, extension, gained
from hivesight.query.promql.frames import Frame
from hivesight.query.promql.functions.kind import Function, metric_names, over_windows
from hivesight.query.promql.native.compare import changed
from hivesight.query.promql.native.extended import extended_rates
from hivesight.query.promql.native.over_time import sampling
from hivesight.query.promql.native.rates import instant, rates
from hivesight.query.promql.resets import lost_to_resets
from hivesight.query.promql.starts import began_anew, from_zero, overlaps_in
from hivesight.query.promql.tables import somewhere
from hivesight.query.promql.types import Grid
from hivesight.query.promql.windows import Windows, take

_SUFFIXES: Final = ("_total", "_sum", "_count", "_bucket")
_TOO_FAR: Final = 1.1
"""Times the average distance of the samples: a gap at an edge of the window from which on the series is taken to have
begun or ended inside."""


def _extrapolated(counter: bool, per_second: bool, context: Context, call: Call, grid: Grid) -> Frame:
    plain = partial(extrapolated, counter=counter, per_second=per_second)

    def kernel(windows: Windows) -> tuple[Values, Mask]:
        if counter and windows.starts is not None:
            for name in metric_names(context, windows, overlaps_in(windows)):
                context.notes.start_overlaps(name, call.args[0])
        return plain(windows)

    native = partial(rates, counter, per_second)
    if modifier := extension(call.args[0]):
        plain = partial(gained, smoothed=modifier == "smoothed", counter=counter, per_second=per_second)
        native = partial(extended_rates, modifier == "smoothed", counter, per_second)
    frame = over_windows(context, call.args[0], grid, kernel, native=native)
    if counter:
        _note_names(context, call, frame)
    return frame


def extrapolated(windows: Windows, *, counter: bool, per_second: bool) -> tuple[Values, Mask]:
    """What a series gained in each window, extrapolated to the window's edges (Prometheus' `extrapolatedRate`). It
    reaches to an edge that is near the outermost sample, half an average distance further where the edge is far, and
    for a counter never back past where it would have been zero."""
    first, last, count = windows.first, windows.last, windows.count
    start_value = take(windows.values, first)
    gained = take(windows.values, last)
    gained -= start_value
    if counter and (lost := lost_to_resets(windows, first, last)) is not None:
        gained += lost
    start_ms, end_ms = take(windows.times, first), take(windows.times, last)
    sampled = (end_ms - start_ms) / 1000
    average = sampled / np.maximum(count - 1, 1)
    begun = from_zero(windows, first, start_ms) if counter else None
    there = windows.at_least(2)
    before = (start_ms - windows.opens_ms) / 1000
    after = (windows.closes_ms - end_ms) / 1000
    before = np.where(before >= average * _TOO_FAR, average / 2, before)
    after = np.where(after >= average * _TOO_FAR, average / 2, after)
    if counter:
        before = _not_past_zero(before, sampled, start_value, gained)
    if begun is not None:
        # Of a counter that began inside the window it is known where it was zero.
        began, inside = begun
        before = np.where(inside, 0.0, before)
        sampled = np.where(inside, (end_ms - began) / 1000, sampled)
        gained = np.where(inside, gained + start_value, gained)
        there = there | inside
    factor = before
    factor += sampled
    factor += after
    factor /= sampled
    if per_second:
        factor /= (windows.closes_ms - windows.opens_ms) / 1000
    gained *= factor
    return gained, there


def _not_past_zero(before: Values, sampled: Values, start_value: Values, gained: Values) -> Values:
    """The time before the first sample, cut where a counter that grows would have been zero."""
    zero = start_value / gained
    zero *= sampled
    if start_value.min(initial=0) >= 0 and gained.min(initial=0) >= 0:
        # Where nothing was gained it is infinite or NaN, and so changes nothing.
        return np.fmin(zero, before, out=zero)
    return np.where((gained > 0) & (start_value >= 0) & (zero < before), zero, before)


def _note_names(context: Context, call: Call, frame: Frame) -> None:
    column = frame.labels.column(METRIC_NAME)[somewhere(frame.floats().present, 1)]
    for name in context.symbols.texts(np.unique(column).tolist()):
        if name and not name.endswith(_SUFFIXES):
            context.notes.maybe_no_counter(name, call.args[0])


def _instant(counter: bool, windows: Windows) -> tuple[Values, Mask]:
    """Between the last two samples of a window."""
    last = windows.last
    previous = np.maximum(last - 1, 0)
    end, start = take(windows.values, last), take(windows.values, previous)
    gained = end - start
    if counter:
        seconds = (take(windows.times, last) - take(windows.times, previous)) / 1000
        reset = end < start
        if (anew := began_anew(windows)) is not None and anew.size:
            reset = reset | take(anew, np.minimum(previous, anew.shape[1] - 1))
        gained = np.where(reset, end, gained) / seconds
    return gained, windows.at_least(2)


def _changes(resets_only: bool, windows: Windows) -> tuple[Values, Mask]:
    """How often the value differs from the one before it in the window."""
    values = windows.values
    before, after = values[:, :-1], values[:, 1:]
    happened = after < before if resets_only else (after != before) & ~(np.isnan(after) & np.isnan(before))
    if windows.native is not None:
        happened = changed(windows.native, happened, resets_only=resets_only)
    if resets_only and (anew := began_anew(windows)) is not None:
        happened = happened | anew
    total = np.zeros(values.shape, dtype=np.int64)
    np.cumsum(happened, axis=1, out=total[:, 1:])
    first, there = anchored(windows)
    found = take(total, windows.last) - take(total, np.minimum(first, windows.values.shape[1] - 1))
    return found.astype(np.float64), there


def _irate(counter: bool, context: Context, call: Call, grid: Grid) -> Frame:
    kernel = partial(_instant, counter)
    return over_windows(context, call.args[0], grid, kernel, native=partial(instant, counter, kernel))


def _counted(resets_only: bool, context: Context, call: Call, grid: Grid) -> Frame:
    kernel = partial(_changes, resets_only)
    return over_windows(context, call.args[0], grid, kernel, native=partial(sampling, kernel))


FUNCTIONS: Final[dict[str, Function]] = {
    "rate": partial(_extrapolated, True, True),
    "increase": partial(_extrapolated, True, False),
    "delta": partial(_extrapolated, False, False),
    "irate": partial(_irate, True),
    "idelta": partial(_irate, False),
    "changes": partial(_counted, False),
    "resets": partial(_counted, True),
}
