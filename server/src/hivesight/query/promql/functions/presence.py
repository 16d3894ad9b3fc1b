"""Functions about what is there, and scalars: absent, scalar, vector, time, timestamp, pi, the times of the query."""

from typing import Final

import numpy as np

from hivesight.model.labels import METRIC_NAME, Labels
from hivesight.model.matcher import MatchType
from hivesight.model.series import Mask
from hivesight.model.symbols import label_table
from hivesight.query.promql.ast import Call, Expr, MatrixSelector, VectorSelector, unwrap
from hivesight.query.promql.context import Context
from hivesight.query.promql.frames import Frame, Steps, empty_frame
from hivesight.query.promql.functions.kind import Function
from hivesight.query.promql.tables import empty, somewhere
from hivesight.query.promql.types import Grid


def _missing(context: Context, expr: Expr, there: Mask) -> Frame:
    """1 where nothing is there, with the labels that the selector names."""
    labels = label_table([_named(expr)], context.symbols)
    return Frame(labels, np.ones((1, len(there))), ~there[None], np.zeros(1, dtype=np.bool_))


def _named(expr: Expr) -> Labels:
    """The labels that a selector asks for by equality, each once."""
    node = unwrap(expr)
    if isinstance(node, MatrixSelector):
        node = node.vector
    if not isinstance(node, VectorSelector):
        return Labels()
    found: dict[str, str] = {}
    seen: set[str] = set()
    for matcher in node.matchers:
        if matcher.name == METRIC_NAME:
            continue
        if matcher.type is MatchType.EQUAL and matcher.name not in seen:
            found[matcher.name] = matcher.value
            seen.add(matcher.name)
        else:
            found.pop(matcher.name, None)
    return Labels(found)


def _absent(context: Context, call: Call, grid: Grid) -> Frame:
    frame = context.vector(call.args[0], grid)
    return _missing(context, call.args[0], somewhere(frame.present, 0))


def _absent_over_time(context: Context, call: Call, grid: Grid) -> Frame:
    there = np.zeros(len(grid), dtype=np.bool_)
    for windows in context.windows(call.args[0], grid):
        there |= windows.at_least(1).any(axis=0)
    return _missing(context, call.args[0], there)


def _scalar(context: Context, call: Call, grid: Grid) -> Steps:
    """The value of the only element; NaN where there are none or several."""
    frame = context.vector(call.args[0], grid).floats()
    only = frame.present.sum(axis=0) == 1
    value = np.where(frame.present, frame.values, 0.0).sum(axis=0)
    return Steps(np.where(only, value, np.nan))


def _vector(context: Context, call: Call, grid: Grid) -> Frame:
    values = context.scalar(call.args[0], grid)[None]
    return Frame(empty(context.symbols, 1), values, np.ones(values.shape, np.bool_), np.zeros(1, np.bool_))


def _time(_context: Context, _call: Call, grid: Grid) -> Steps:
    return Steps(grid.times / 1000)


def _timestamp(context: Context, call: Call, grid: Grid) -> Frame:
    """When each sample was taken; for anything but a selector, the time of the step."""
    node = unwrap(call.args[0])
    if isinstance(node, VectorSelector):
        frame = context.sample_times(node, grid)
        return frame.changed(frame.values)
    frame = context.vector(node, grid)
    return frame.changed(np.broadcast_to(grid.times / 1000, frame.values.shape))


def _start_timestamp(context: Context, call: Call, grid: Grid) -> Frame:
    """When each sample's counter began; nothing for anything but a selector."""
    node = unwrap(call.args[0])
    if isinstance(node, VectorSelector):
        frame = context.sample_starts(node, grid)
        return frame.changed(frame.values)
    return empty_frame(context.symbols, len(grid))


def _pi(_context: Context, _call: Call, grid: Grid) -> Steps:
    return Steps(np.full(len(grid), np.pi))


def _start(context: Context, _call: Call, grid: Grid) -> Steps:
    return Steps(np.full(len(grid), context.scope.start_ms / 1000))


def _end(context: Context, _call: Call, grid: Grid) -> Steps:
    return Steps(np.full(len(grid), context.scope.end_ms / 1000))


def _range(context: Context, _call: Call, grid: Grid) -> Steps:
    return Steps(np.full(len(grid), (context.scope.end_ms - context.scope.start_ms) / 1000))


def _step(context: Context, _call: Call, grid: Grid) -> Steps:
    return Steps(np.full(len(grid), context.scope.step_ms / 1000))


def _max_of(context: Context, call: Call, grid: Grid) -> Steps:
    return Steps(np.maximum(context.scalar(call.args[0], grid), context.scalar(call.args[1], grid)))


def _min_of(context: Context, call: Call, grid: Grid) -> Steps:
    return Steps(np.minimum(context.scalar(call.args[0], grid), context.scalar(call.args[1], grid)))


FUNCTIONS: Final[dict[str, Function]] = {
    "start": _start,
    "end": _end,
    "range": _range,
    "step": _step,
    "max_of": _max_of,
    "min_of": _min_of,
    "absent": _absent,
    "absent_over_time": _absent_over_time,
    "scalar": _scalar,
    "vector": _vector,
    "time": _time,
    "timestamp": _timestamp,
    "start_timestamp": _start_timestamp,
    "pi": _pi,
}
