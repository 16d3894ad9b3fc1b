"""Start timestamps: when the counter of a sample began, where whoever measured it says so."""

import numpy as np

from hivesight.model.series import Mask, Times
from hivesight.query.promql.windows import Indexes, Windows, take


def began_anew(windows: Windows) -> Mask | None:
    """Where a counter began between two neighbours, shape (series, samples - 1); None where no start is known.

    A start after the sample before means a reset. One at the very time of the sample before means one only where that
    sample's own start is known: it is a delta then, and not a counter of unknown start."""
    if windows.starts is None:
        return None
    times = np.broadcast_to(windows.times, windows.values.shape)
    before_ms, at_ms = times[:, :-1], times[:, 1:]
    before_start, start = windows.starts[:, :-1], windows.starts[:, 1:]
    known = (start != 0) & (start < at_ms)
    return known & ((start > before_ms) | ((start == before_ms) & (before_start != 0)))


def from_zero(windows: Windows, first: Indexes, start_ms: Times) -> tuple[Times, Mask] | None:
    """When the counter of each window's first sample began, and where that is inside the window, before the sample:
    there it was zero. first: the sample's index, start_ms: its time; all of shape (1 or series, steps)."""
    if windows.starts is None:
        return None
    began = take(windows.starts, np.broadcast_to(first, (len(windows), windows.steps)))
    return began, (began != 0) & (began > windows.opens_ms) & (began < start_ms) & (windows.count > 0)


def overlaps_in(windows: Windows) -> Mask:
    """Which windows have a sample whose start overlaps with the sample before it; shape (series, steps)."""
    shape = (len(windows), windows.steps)
    if (found := overlapping(windows)) is None:
        return np.zeros(shape, dtype=np.bool_)
    total = np.zeros(windows.values.shape, dtype=np.int64)
    np.cumsum(found, axis=1, out=total[:, 1:])
    some = take(total, np.broadcast_to(windows.last, shape)) > take(total, np.broadcast_to(windows.first, shape))
    return some & (windows.count > 1)


def overlapping(windows: Windows) -> Mask | None:
    """Where a sample claims to have begun anew before the time of the sample before it; as `began_anew`."""
    if windows.starts is None:
        return None
    times = np.broadcast_to(windows.times, windows.values.shape)
    before_start, start = windows.starts[:, :-1], windows.starts[:, 1:]
    return (start != 0) & (start < times[:, :-1]) & (start != before_start)
