"""What counters had reached before they began again at zero."""

from dataclasses import replace

import numpy as np

from hivesight.model.series import Values
from hivesight.query.promql.starts import began_anew
from hivesight.query.promql.sums import is_exact, rounded, window_sums
from hivesight.query.promql.windows import Indexes, Windows, take


def lost_to_resets(windows: Windows, first: Indexes, last: Indexes) -> Values | None:
    """The values before each fall between the samples first and last of each window, added up; indexes of shape
    (1 or series, steps), result of shape (series, steps); None where nothing fell."""
    values = windows.values
    fell = values[:, 1:] < values[:, :-1]
    if (anew := began_anew(windows)) is not None:
        fell = fell | anew
    rows = np.flatnonzero(fell.any(axis=1))
    if not rows.size:
        return None
    out = np.zeros((len(windows), windows.steps))
    drops = np.zeros((len(rows), values.shape[1]))
    drops[:, 1:] = np.where(fell[rows], values[rows, :-1], 0.0)
    first, last = _of(first, rows), _of(last, rows)
    if is_exact(drops, drops.shape[1]):
        total = np.cumsum(drops, axis=1)
        out[rows] = take(total, last) - take(total, first)
        return out
    between = replace(
        windows,
        labels=windows.labels.rows(rows),
        values=drops,
        times=_of(windows.times, rows),
        native=None,
        starts=None,
        lo=first + 1,
        hi=np.maximum(last, first) + 1,
    )
    out[rows] = rounded(window_sums(between, (drops, np.zeros_like(drops))))
    return out


def _of(array: Indexes, rows: Indexes) -> Indexes:
    return array if len(array) == 1 else array[rows]
