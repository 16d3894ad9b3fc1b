"""What a function is to the evaluator, and the shape most functions of range vectors share."""

from collections.abc import Callable

import numpy as np

from hivesight.model.series import Mask, Values
from hivesight.query.promql.ast import Call, Expr
from hivesight.query.promql.context import Context
from hivesight.query.promql.frames import Frame, Value, stacked_frames
from hivesight.query.promql.types import Grid
from hivesight.query.promql.windows import Windows

Function = Callable[[Context, Call, Grid], Value]
Kernel = Callable[[Windows], tuple[Values, Mask]]
"""Windows of some series to values and where they are present, both of shape (series, steps)."""


def over_windows(context: Context, expr: Expr, grid: Grid, kernel: Kernel, *, keeps_name: bool = False) -> Frame:
    """The kernel's results for all series of a range vector."""
    frames: list[Frame] = []
    for windows in context.windows(expr, grid):
        parts: list[tuple[Values, Mask]] = []
        for part in windows.chunks():
            context.budget.check()
            parts.append(kernel(part))
        values = parts[0][0] if len(parts) == 1 else np.concatenate([each for each, _ in parts])
        present = parts[0][1] if len(parts) == 1 else np.concatenate([each for _, each in parts])
        nameless = windows.nameless if keeps_name else np.ones(len(windows), dtype=np.bool_)
        frames.append(Frame(windows.labels, values, present, nameless))
    return stacked_frames(frames, context.symbols, len(grid))
