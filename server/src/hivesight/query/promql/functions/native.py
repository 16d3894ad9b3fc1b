"""histogram_count and its kin: figures of native histograms; floats have none."""

from collections.abc import Callable
from functools import partial
from typing import Final

import numpy as np

from hivesight.model.histogram import HistogramCells
from hivesight.model.series import Values
from hivesight.query.promql.ast import Call
from hivesight.query.promql.context import Context
from hivesight.query.promql.frames import Frame
from hivesight.query.promql.functions.kind import Function
from hivesight.query.promql.native.figures import average, variance
from hivesight.query.promql.types import Grid

_FIGURES: Final[dict[str, Callable[[HistogramCells], Values]]] = {
    "histogram_count": lambda cells: cells.count,
    "histogram_sum": lambda cells: cells.sum,
    "histogram_avg": average,
    "histogram_stdvar": variance,
    "histogram_stddev": lambda cells: np.sqrt(variance(cells)),
}


def _figure(figure: Callable[[HistogramCells], Values], context: Context, call: Call, grid: Grid) -> Frame:
    frame = context.vector(call.args[0], grid)
    there = frame.is_histogram
    values = np.zeros(there.shape)
    if frame.native is not None and there.any():
        # Each cell once, however many elements it stands for.
        cells, element = np.unique(frame.native.place[there], return_inverse=True)
        values[there] = figure(frame.native.cells.rows(cells))[element]
    return frame.changed(values, there)


FUNCTIONS: Final[dict[str, Function]] = {name: partial(_figure, figure) for name, figure in _FIGURES.items()}
