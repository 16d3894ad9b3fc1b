"""sort and sort_by_label: the order of an instant vector. The answer to a range query has an order of its own."""

import re
from functools import cmp_to_key, partial
from typing import Final

import numpy as np

from hivesight.query.promql.ast import Call
from hivesight.query.promql.context import Context
from hivesight.query.promql.frames import Frame
from hivesight.query.promql.functions.kind import Function
from hivesight.query.promql.types import Grid

_PIECES: Final = re.compile(r"\d+|\D+")


def _sort(descending: bool, context: Context, call: Call, grid: Grid) -> Frame:
    """By value, NaN last."""
    frame = context.vector(call.args[0], grid).floats()
    if context.is_range:
        context.notes.sort_in_range(call)
        return frame
    values = np.where(np.isnan(frame.values[:, 0]), np.inf, -frame.values[:, 0] if descending else frame.values[:, 0])
    return frame.rows(np.lexsort((np.isnan(frame.values[:, 0]), values)))


def _sort_by_label(descending: bool, context: Context, call: Call, grid: Grid) -> Frame:
    """By the values of labels as people order them (2 before 10), then by all labels."""
    frame = context.vector(call.args[0], grid)
    if context.is_range:
        context.notes.sort_in_range(call)
        return frame
    names = [context.text(arg) for arg in call.args[1:]]
    rows = frame.labels.all_labels()

    def compare(left: int, right: int) -> int:
        for name in names:
            if (a := rows[left].value(name)) != (b := rows[right].value(name)):
                return -1 if natural_less(a, b) else 1
        return -1 if rows[left] < rows[right] else 1

    order = sorted(range(len(rows)), key=cmp_to_key(compare), reverse=descending)
    return frame.rows(np.array(order, dtype=np.intp))


def natural_less(left: str, right: str) -> bool:
    """Whether `left` comes before `right` when runs of digits count as numbers."""
    a, b = (_PIECES.findall(text) for text in (left, right))
    for one, other in zip(a, b, strict=False):
        if one == other:
            continue
        if one[0].isdigit() and other[0].isdigit():
            first, second = one.lstrip("0"), other.lstrip("0")
            if (len(first), first) != (len(second), second):
                return (len(first), first) < (len(second), second)
            return len(one) > len(other)
        return one < other
    return len(a) < len(b)


FUNCTIONS: Final[dict[str, Function]] = {
    "sort": partial(_sort, False),
    "sort_desc": partial(_sort, True),
    "sort_by_label": partial(_sort_by_label, False),
    "sort_by_label_desc": partial(_sort_by_label, True),
}
