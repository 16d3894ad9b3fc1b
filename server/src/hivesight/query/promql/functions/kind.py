"""What a function is to the evaluator, and the shape most functions of range vectors share."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from hivesight.model.labels import METRIC_NAME
from hivesight.model.series import Mask, Values
from hivesight.query.promql.ast import Call, Expr
from hivesight.query.promql.context import Context
from hivesight.query.promql.frames import Frame, Value, stacked_frames
from hivesight.query.promql.tables import somewhere
from hivesight.query.promql.types import Grid
from hivesight.query.promql.windows import Windows

Function = Callable[[Context, Call, Grid], Value]
Kernel = Callable[[Windows], tuple[Values, Mask]]
"""Windows of some series to values and where they are present, both of shape (series, steps)."""
NativeKernel = Callable[[Context, Expr, Windows], Frame]
"""Windows of series that have native histograms, perhaps among floats, to a frame with a row for each. The expression
is where notes point to."""


def over_windows(
    context: Context,
    expr: Expr,
    grid: Grid,
    kernel: Kernel,
    *,
    keeps_name: bool = False,
    native: NativeKernel | None = None,
    noted: Expr | None = None,
) -> Frame:
    """The results for all series of a range vector. kernel: for floats; native: for series with histograms, without
    which histograms are ignored, and that is noted where they stand among floats."""
    frames: list[Frame] = []
    for windows in context.windows(expr, grid):
        if windows.native is None:
            frames.append(_floats(context, windows, kernel))
        else:
            has = np.asarray((windows.native.place >= 0).any(axis=1), dtype=np.bool_)
            if not has.all():
                frames.append(_floats(context, windows.part(np.flatnonzero(~has)), kernel))
            chosen = native or partial(_ignoring, kernel)
            if has.any():
                context.budget.check()
                frames.append(chosen(context, noted or expr, windows.part(np.flatnonzero(has))))
    found = stacked_frames(frames, context.symbols, len(grid))
    return found if keeps_name else replace(found, nameless=np.ones(len(found), dtype=np.bool_))


def _floats(context: Context, windows: Windows, kernel: Kernel) -> Frame:
    parts: list[tuple[Values, Mask]] = []
    for part in windows.chunks():
        context.budget.check()
        parts.append(kernel(part))
    values = parts[0][0] if len(parts) == 1 else np.concatenate([each for each, _ in parts])
    present = parts[0][1] if len(parts) == 1 else np.concatenate([each for _, each in parts])
    return Frame(windows.labels, values, present, windows.nameless)


def _ignoring(kernel: Kernel, context: Context, noted: Expr, windows: Windows) -> Frame:
    assert windows.native is not None
    floats = windows.only(windows.native.place < 0)
    mixed = (floats.count > 0) & (windows.count > floats.count)
    for name in metric_names(context, windows, mixed):
        context.notes.ignored_in_range(name, noted)
    values, present = kernel(floats)
    return Frame(windows.labels, values, present & (floats.count > 0), windows.nameless)


def metric_names(context: Context, windows: Windows, where: Mask) -> list[str]:
    """The names of the metrics for which something holds at some step; shape (series, steps)."""
    codes = windows.labels.column(METRIC_NAME)[somewhere(where, 1)]
    return context.symbols.texts(np.unique(codes).tolist())
