"""What is asked of an expression, and which values meet a comparison."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Be:
    """An element of the result has these values, one a moment."""

    values: Values


@dataclass(frozen=True, slots=True)
class There:
    """An element is there at every moment, whatever its value."""


@dataclass(frozen=True, slots=True)
class Gone:
    """No element is there at any moment."""


Goal = Be | There | Gone

NEGATED: Final = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
MIRRORED: Final = {"==": "==", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}

STYLES: Final = 4
"""How many ways there are to be beyond a bound: by half, far, just so, and at the next round number."""

_PAST_ALL_CLOCKS: Final = 600.0


def holds(op: str, left: Values, right: Values) -> bool:
    """Whether a comparison is true at every moment."""
    compare = {"==": np.equal, "!=": np.not_equal, "<": np.less, "<=": np.less_equal, ">": np.greater}
    return bool(compare.get(op, np.greater_equal)(left, right).all())


def beyond(op: str, bound: Values, style: int) -> Values:
    """Values for the left side of a comparison with `bound` that make it true."""
    if np.ptp(bound) > 0:
        # A bound that moves with time is met at a fixed distance.
        distance = _PAST_ALL_CLOCKS * (style + 1)
        return bound + {"<": -distance, "<=": -distance, "==": 0.0}.get(op, distance)
    return np.full_like(bound, _beyond(op, float(bound[0]), style))


def _beyond(op: str, bound: float, style: int) -> float:
    match op:
        case "==":
            return bound
        case "!=":
            return 0.0 if bound == 1 and style % 2 == 0 else bound + 1
        case "<=" | ">=" if bound == 0 and style != 1:
            return bound
        case ">" | ">=":
            return _above(bound, style)
        case _:
            return _below(bound, style)


def _above(bound: float, style: int) -> float:
    match style:
        case 0 if 0 < bound < 1:
            return (1 + bound) / 2
        case 0 if 50 <= bound < 100:
            return (100 + bound) / 2
        case 0 if bound >= 1 and bound.is_integer():
            return float(math.ceil(1.5 * bound))
        case 0 | 3:
            return bound + max(abs(bound) / 2, 0.5) if bound >= 0 else bound / 2
        case 1:
            return bound + 20 * abs(bound) + 1
        case _:
            return bound + max(abs(bound), 1e-3) / 20


def _below(bound: float, style: int) -> float:
    match style:
        case 0 if bound >= 2 and bound.is_integer():
            return float(bound // 2)
        case 0:
            return bound / 2 if bound > 0 else bound - max(abs(bound), 1)
        case 1:
            return bound / 20 if bound > 0 else 20 * bound - 1
        case 2:
            return bound - max(abs(bound), 1e-3) / 20
        case _:
            return 0.0 if bound > 0 else bound - 1
