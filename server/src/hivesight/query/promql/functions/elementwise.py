"""Functions of each value by itself."""

from collections.abc import Callable
from functools import partial
from typing import Final

import numpy as np

from hivesight.model.series import Values
from hivesight.query.promql.ast import Call
from hivesight.query.promql.context import Context
from hivesight.query.promql.frames import Frame
from hivesight.query.promql.functions.kind import Function
from hivesight.query.promql.types import Grid

Elementwise = Callable[[Values], Values]

_PLAIN: Final[dict[str, Elementwise]] = {
    "abs": np.abs,
    "ceil": np.ceil,
    "floor": np.floor,
    "exp": np.exp,
    "ln": np.log,
    "log2": np.log2,
    "log10": np.log10,
    "sqrt": np.sqrt,
    "sgn": lambda values: np.where(values == 0, values, np.sign(values)),
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "asinh": np.arcsinh,
    "acosh": np.arccosh,
    "atanh": np.arctanh,
    "deg": lambda values: values * 180 / np.pi,
    "rad": lambda values: values * np.pi / 180,
}


def _apply(function: Elementwise, context: Context, call: Call, grid: Grid) -> Frame:
    frame = context.vector(call.args[0], grid).floats()
    return frame.changed(function(frame.values))


def _round(context: Context, call: Call, grid: Grid) -> Frame:
    """To the nearest multiple, halves upwards."""
    frame = context.vector(call.args[0], grid).floats()
    nearest = context.scalar(call.args[1], grid) if len(call.args) > 1 else np.ones(len(grid))
    inverse = 1.0 / nearest
    return frame.changed(np.floor(frame.values * inverse + 0.5) / inverse)


def _clamp(context: Context, call: Call, grid: Grid) -> Frame:
    """Between two bounds; no series where the lower is above the upper."""
    frame = context.vector(call.args[0], grid).floats()
    low = context.scalar(call.args[1], grid)
    high = context.scalar(call.args[2], grid)
    values = _greatest(low, _least(high, frame.values))
    return frame.changed(values, frame.present & ~(high < low))


def _clamp_min(context: Context, call: Call, grid: Grid) -> Frame:
    frame = context.vector(call.args[0], grid).floats()
    return frame.changed(_greatest(context.scalar(call.args[1], grid), frame.values))


def _clamp_max(context: Context, call: Call, grid: Grid) -> Frame:
    frame = context.vector(call.args[0], grid).floats()
    return frame.changed(_least(context.scalar(call.args[1], grid), frame.values))


def _greatest(bound: Values, values: Values) -> Values:
    return np.maximum(bound, values)


def _least(bound: Values, values: Values) -> Values:
    return np.minimum(bound, values)


FUNCTIONS: Final[dict[str, Function]] = {
    **{name: partial(_apply, function) for name, function in _PLAIN.items()},
    "round": _round,
    "clamp": _clamp,
    "clamp_min": _clamp_min,
    "clamp_max": _clamp_max,
}
