"""Start timestamps: when the counter of a sample began, where whoever measured it says so."""

import numpy as np

from hivesight.model.series import Mask
from hivesight.query.promql.windows import Windows


def began_anew(windows: Windows) -> Mask | None:
    """Where a counter began between two neighbours, shape (series, samples - 1); None where no start is known.

    A start after the sample before means a reset. One at the very time of the sample before means one only where that
    sample's own start is known: it is a delta then, and not a counter of unknown start."""
    if windows.starts is None:
        return None
    times = np.broadcast_to(windows.times, windows.values.shape)
    before_ms, at_ms = times[:, :-1], times[:, 1:]
    before_start, start = windows.starts[:, :-1], windows.starts[:, 1:]
    known = (start != 0) & (start <= at_ms)
    return known & ((start > before_ms) | ((start == before_ms) & (before_start != 0)))


def overlapping(windows: Windows) -> Mask | None:
    """Where a sample claims to have begun anew before the time of the sample before it; as `began_anew`."""
    if windows.starts is None:
        return None
    times = np.broadcast_to(windows.times, windows.values.shape)
    before_start, start = windows.starts[:, :-1], windows.starts[:, 1:]
    return (start != 0) & (before_start != 0) & (start < times[:, :-1]) & (start != before_start)
