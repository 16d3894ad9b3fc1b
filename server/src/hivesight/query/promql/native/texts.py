"""Histograms in the JSON of the HTTP API, many at a time: what does not depend on counts is written once a layout."""

from collections.abc import Callable
from typing import Final

import numpy as np

from hivesight.model.histogram import HistogramCells, Indexes, Layout
from hivesight.model.series import Values
from hivesight.query.promql.literals import format_api
from hivesight.query.promql.native.buckets import CLOSED, OPEN_LEFT, OPEN_RIGHT

NumberTexts = Callable[[Values], list[str]]
"""The text of every number of an array that is contiguous and not empty."""
_NUMBERS: Final = 1 << 16
"""Numbers that are turned to text at a time."""


def histogram_texts(cells: HistogramCells, numbers: Indexes, number_texts: NumberTexts) -> dict[int, str]:
    """The JSON object of each of the cells."""
    out: dict[int, str] = {}
    for code in cells.rows(numbers).used():
        layout = cells.layouts[code]
        heads, columns = _heads(layout)
        chosen = numbers[cells.layout[numbers] == code]
        width = 3 + layout.width
        rows = max(1, _NUMBERS // width)
        for begin in range(0, len(chosen), rows):
            part = chosen[begin : begin + rows]
            figures = np.ascontiguousarray(cells.figures[part, :width])
            there = figures[:, columns] != 0
            there[:, columns == 2] &= figures[:, 2:3] > 0
            texts = number_texts(figures.reshape(-1))
            for row, cell in enumerate(part.tolist()):
                own = texts[row * width : (row + 1) * width]
                places: list[int] = columns[there[row]].tolist()
                buckets = ",".join([f'{heads[place]}{own[place]}"]' for place in places])
                listed = f',"buckets":[{buckets}]' if buckets else ""
                out[cell] = f'{{"count":"{own[0]}","sum":"{own[1]}"{listed}}}'
    return out


def _heads(layout: Layout) -> tuple[list[str], Indexes]:
    """What stands before the count of each column of the figures, and the columns from the lowest bucket up."""
    scale, wide, split = layout.scale, layout.scale.zero_threshold, 3 + len(layout.negative)
    heads = ["", "", _head(CLOSED, -wide, wide)]
    heads += [_head(OPEN_RIGHT, -scale.upper(key), min(-scale.lower(key), -wide)) for key in layout.negative]
    for key in layout.positive:
        low = scale.lower(key) if scale.custom else max(scale.lower(key), wide)
        heads.append(_head(CLOSED if scale.custom and key == 0 else OPEN_LEFT, low, scale.upper(key)))
    zero = [] if scale.custom else [2]
    columns = [*range(split - 1, 2, -1), *zero, *range(split, 3 + layout.width)]
    return heads, np.array(columns, dtype=np.int64)


def _head(rule: int, low: float, high: float) -> str:
    return f'[{rule},"{format_api(low)}","{format_api(high)}","'
