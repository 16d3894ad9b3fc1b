"""Charts out of block characters, for a terminal. Enter: values and a width in characters; leave: lines of text."""

import math
from collections.abc import Sequence
from typing import Final

_UP: Final = " ▁▂▃▄▅▆▇█"
_ACROSS: Final = " ▏▎▍▌▋▊▉█"
_EIGHTHS: Final = 8

Values = Sequence[float | None]
"""None, and what is not finite, leaves a gap."""


def sparkline(values: Values, width: int) -> str:
    """The course of one series in one line."""
    columns = fitted(values, width)
    low, high = bounds(columns)
    return "".join(_UP[_level(value, low, high, _EIGHTHS)] for value in columns)


def area(values: Values, width: int, height: int) -> list[str]:
    """The course of one series over several lines, with the values of its edges at the left."""
    low, high = bounds(values)
    labels = {0: short(high), height - 1: short(low)}
    margin = max(map(len, labels.values()))
    columns = fitted(values, max(1, width - margin - 2))
    levels = [_level(value, low, high, height * _EIGHTHS) for value in columns]
    lines: list[str] = []
    for row in range(height):
        floor = (height - 1 - row) * _EIGHTHS
        cells = "".join(_UP[min(max(level - floor, 0), _EIGHTHS)] for level in levels)
        lines.append(f"{labels.get(row, ''):>{margin}} │{cells}".rstrip())
    return lines


def bar(value: float, low: float, high: float, width: int) -> str:
    """One value as a bar."""
    level = _level(value, low, high, width * _EIGHTHS)
    whole, rest = divmod(level, _EIGHTHS)
    return (_ACROSS[-1] * whole + _ACROSS[rest]).rstrip()


def bounds(values: Values) -> tuple[float, float]:
    """The values at the lower and the upper edge. The lower is zero unless that would flatten everything."""
    known = [value for value in values if value is not None and math.isfinite(value)]
    if not known:
        return 0.0, 0.0
    low, high = min(known), max(known)
    return (0.0, high) if 0 <= low <= high / 2 else (low, high)


def fitted(values: Values, width: int) -> list[float | None]:
    """Means of neighbours where there are more values than columns; few values are drawn wider."""
    if not values:
        return []
    if len(values) <= width:
        return [value for value in values for _ in range(width // len(values))]
    found: list[float | None] = []
    for column in range(width):
        part = values[column * len(values) // width : (column + 1) * len(values) // width]
        known = [value for value in part if value is not None and math.isfinite(value)]
        found.append(math.fsum(known) / len(known) if known else None)
    return found


def short(value: float) -> str:
    """A value for people: four digits, and a letter for thousands and more."""
    if not math.isfinite(value):
        return {math.inf: "+Inf", -math.inf: "-Inf"}.get(value, "NaN")
    for size, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.4g}{letter}"
    return f"{value:.4g}"


def _level(value: float | None, low: float, high: float, levels: int) -> int:
    """0 for a gap, else 1 to `levels`."""
    if value is None or not math.isfinite(value):
        return 0
    if high <= low:
        return (levels + 1) // 2
    share = (value / 2 - low / 2) / (high / 2 - low / 2)
    return min(max(1 + round(share * (levels - 1)), 1), levels)
