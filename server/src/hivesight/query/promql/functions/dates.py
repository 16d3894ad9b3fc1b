"""Parts of dates, of values that are seconds since the epoch (UTC)."""

from collections.abc import Callable
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hivesight.model.series import Values
from hivesight.query.promql.ast import Call
from hivesight.query.promql.context import Context
from hivesight.query.promql.frames import Frame
from hivesight.query.promql.functions.kind import Function
from hivesight.query.promql.tables import empty
from hivesight.query.promql.types import Grid

Seconds = NDArray[np.datetime64]
_LARGEST: Final = 2.0**53
"""Seconds past which a date is not exact any more; the year is then some hundred million years away."""


def _days(at: Seconds) -> NDArray[np.int64]:
    return at.astype("datetime64[D]").astype(np.int64)


def _month(at: Seconds) -> NDArray[np.int64]:
    return at.astype("datetime64[M]").astype(np.int64) % 12 + 1


def _days_in_month(at: Seconds) -> NDArray[np.int64]:
    month = at.astype("datetime64[M]")
    return ((month + 1).astype("datetime64[D]") - month.astype("datetime64[D]")).astype(np.int64)


def _day_of_month(at: Seconds) -> NDArray[np.int64]:
    return _days(at) - at.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) + 1


def _day_of_year(at: Seconds) -> NDArray[np.int64]:
    return _days(at) - at.astype("datetime64[Y]").astype("datetime64[D]").astype(np.int64) + 1


_PARTS: Final[dict[str, Callable[[Seconds], NDArray[np.int64]]]] = {
    "minute": lambda at: at.astype(np.int64) // 60 % 60,
    "hour": lambda at: at.astype(np.int64) // 3600 % 24,
    "day_of_week": lambda at: (_days(at) + 4) % 7,
    "day_of_month": _day_of_month,
    "day_of_year": _day_of_year,
    "days_in_month": _days_in_month,
    "month": _month,
    "year": lambda at: at.astype("datetime64[Y]").astype(np.int64) + 1970,
}


def _part(part: Callable[[Seconds], NDArray[np.int64]], context: Context, call: Call, grid: Grid) -> Frame:
    if call.args:
        frame = context.vector(call.args[0], grid).floats()
    else:
        now = (grid.times / 1000)[None]
        frame = Frame(empty(context.symbols, 1), now, np.ones(now.shape, dtype=np.bool_), np.zeros(1, dtype=np.bool_))
    return frame.changed(_parts(part, frame.values))


def _parts(part: Callable[[Seconds], NDArray[np.int64]], values: Values) -> Values:
    known = np.abs(values) <= _LARGEST
    seconds = np.trunc(np.where(known, values, 0.0)).astype(np.int64).astype("datetime64[s]")
    return np.where(known, part(seconds).astype(np.float64), np.nan)


FUNCTIONS: Final[dict[str, Function]] = {name: partial(_part, part) for name, part in _PARTS.items()}
