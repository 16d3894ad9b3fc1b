"""Series notation from samples: the inverse of reading it. Samples in, the shortest runs out that read as the same."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from hivesight.model.gofloat import format_g
from hivesight.model.series import is_absent, is_stale
from hivesight.rule_tests.histogram_notation import histogram_text
from hivesight.rule_tests.notation import Points

_TOLERANCE: Final = 1e-9
"""A run is added up step by step; what it comes to may differ from the sample by so much of its size."""


def values_text(points: Points) -> str:
    """The samples of a series as a test writes them: `0+2x9 _x3 stale`."""
    return " ".join(_runs(points))


def _runs(points: Points) -> Iterator[str]:
    values = points.values
    absent, stale = is_absent(values), is_stale(values)
    at = 0
    while at < len(values):
        if at in points.histograms:
            length, text = 1, histogram_text(points.histograms[at])
        elif absent[at]:
            length = _length(absent, at)
            text = "_" if length == 1 else f"_x{length}"
        elif stale[at]:
            length, text = 1, "stale"
        else:
            length, text = _numbers(points, at)
        yield text
        at += length


def _length(there: "np.typing.NDArray[np.bool_]", at: int) -> int:
    ends = np.flatnonzero(~there[at:])
    return int(ends[0]) if len(ends) else len(there) - at


def _numbers(points: Points, at: int) -> tuple[int, str]:
    """How many samples from here lie on one line, and the run of them."""
    rest = points.values[at:]
    first, step = float(rest[0]), float(rest[1]) - float(rest[0]) if len(rest) > 1 else float("nan")
    if not np.isfinite(first) or not np.isfinite(step) or at + 1 in points.histograms:
        return 1, format_g(first)
    shown = float(f"{step:.12g}")
    line = first + shown * np.arange(len(rest))
    with np.errstate(invalid="ignore"):
        near = np.abs(rest - line) <= _TOLERANCE * np.maximum(np.abs(line), np.abs(first))
    histograms = [place - at for place in points.histograms if place > at]
    near[min(histograms, default=len(near)) :] = False
    length = _length(near, 0)
    if length < 3:
        return 1, format_g(first)
    change = "" if shown == 0 else f"{'-' if shown < 0 else '+'}{format_g(abs(shown))}"
    return length, f"{format_g(first)}{change}x{length - 1}"
