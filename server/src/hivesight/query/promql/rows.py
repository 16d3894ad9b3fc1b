"""The samples of a range vector as they are: the answer to an instant query for `metric[5m]`."""

import numpy as np

from hivesight.model.histogram import HistogramGrid, stacked_grids
from hivesight.model.symbols import Symbols
from hivesight.query.promql.budget import Budget
from hivesight.query.promql.tables import empty, sort_order, stacked, without_names_where
from hivesight.query.promql.types import Matrix
from hivesight.query.promql.windows import Windows, take


def raw_matrix(parts: list[Windows], symbols: Symbols, budget: Budget) -> Matrix:
    """The samples in the first window of every series, each row with times of its own, sorted by labels."""
    rows = sum(map(len, parts))
    width = max((int(part.count[:, :1].max(initial=0)) for part in parts), default=0)
    if not rows or not width:
        return Matrix(empty(symbols), np.zeros(0, dtype=np.int64), np.zeros((0, 0)), np.zeros((0, 0), dtype=np.bool_))
    budget.fits(rows * width)
    values, times = np.zeros((rows, width)), np.zeros((rows, width), dtype=np.int64)
    present = np.zeros((rows, width), dtype=np.bool_)
    grids: list[tuple[HistogramGrid | None, tuple[int, int]]] = []
    start = 0
    for part in parts:
        here = slice(start, start + len(part))
        place = part.lo[:, :1] + np.arange(width)
        inside = np.minimum(place, part.values.shape[1] - 1)
        values[here], times[here] = take(part.values, inside), take(part.times, inside)
        present[here] = place < part.hi[:, :1]
        spread = np.broadcast_to(inside, (len(part), width))
        native = None if part.native is None else part.native.at(take(part.native.place, spread))
        grids.append((native, (len(part), width)))
        start += len(part)
    named = [without_names_where(part.labels, part.nameless) for part in parts]
    labels = stacked(named, symbols)
    order = sort_order(labels)
    order = order[present[order].any(axis=1)]
    native = stacked_grids(grids)
    native = None if native is None else native.at(native.place[order])
    return Matrix(labels.rows(order), times[order], values[order], present[order], native)
