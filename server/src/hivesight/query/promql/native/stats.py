"""Selectors of which only counts and sums are asked for: their buckets are left out from the start, and whether a
counter was reset is found out before (Prometheus' `HistogramStatsIterator`)."""

from dataclasses import replace
from typing import Final

import numpy as np

from hivesight.model.histogram import Hint, HistogramCells, HistogramGrid, Layout
from hivesight.model.series import SeriesBlock
from hivesight.query.promql.ast import Binary, Call, Expr, Subquery, VectorSelector
from hivesight.query.promql.native.compare import reset_between
from hivesight.query.promql.walk import children

_ENOUGH: Final = frozenset({"histogram_count", "histogram_sum", "histogram_avg"})
_NEED_BUCKETS: Final = frozenset(
    {"histogram_quantile", "histogram_quantiles", "histogram_fraction", "histogram_stddev", "histogram_stdvar"}
)


def counts_only(expr: Expr) -> frozenset[int]:
    """The `id()` of the selectors whose buckets nobody looks at."""
    found: set[int] = set()
    stack: list[tuple[Expr, bool, bool]] = [(expr, False, False)]
    while stack:
        node, enough, needed = stack.pop()
        match node:
            case VectorSelector():
                if enough and not needed:
                    found.add(id(node))
            case Subquery():
                needed = True
            case Call(func=func):
                enough, needed = enough or func in _ENOUGH, needed or func in _NEED_BUCKETS
            case Binary():
                # Each side counts for itself: comparisons and the trim operators look at buckets.
                enough, needed = False, False
            case _:
                pass
        stack.extend((child, enough, needed) for child in children(node))
    return frozenset(found)


def without_buckets(block: SeriesBlock) -> SeriesBlock:
    """The block with counts and sums alone, and a hint for every histogram that has one before it."""
    grid = block.histograms
    if grid is None:
        return block
    cells, place = grid.cells, grid.place
    hint = cells.hint.copy()
    column = np.where(place >= 0, np.arange(place.shape[1], dtype=np.int64), -1)
    before = np.full(place.shape, -1, dtype=np.int64)
    np.maximum.accumulate(column[:, :-1], axis=1, out=before[:, 1:])
    row, at = np.nonzero((place >= 0) & (before >= 0))
    earlier, later = place[row, before[row, at]], place[row, at]
    unknown = np.flatnonzero(hint[later] == Hint.UNKNOWN)
    earlier, later = earlier[unknown], later[unknown]
    hint[later] = np.where(reset_between(cells, earlier, later), Hint.RESET, Hint.NOT_RESET)
    layouts = tuple(Layout(each.scale) for each in cells.layouts)
    small = HistogramCells(layouts, cells.layout, cells.figures[:, :3], hint)
    return replace(block, histograms=HistogramGrid(small, place))
