"""What histogram_count and its kin read off native histograms: one figure for each cell."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hivesight.model.histogram import HistogramCells, Layout
from hivesight.model.series import Mask, Values


@dataclass(frozen=True, slots=True)
class Ordered:
    """The buckets of cells of one layout from the lowest to the highest, the zero bucket among them.

    lower, upper: shape (buckets,). counts: shape (cells, buckets). zero: the column of the zero bucket, -1 for custom
    buckets. exists: shape (cells, buckets), which buckets a cell has: all but an empty zero bucket."""

    lower: Values
    upper: Values
    counts: Values
    zero: int

    @property
    def custom(self) -> bool:
        return self.zero < 0


def ordered(layout: Layout, figures: Values) -> Ordered:
    """The buckets of cells, whose figures these are; those that reach into the zero bucket end there."""
    scale = layout.scale
    split = 3 + len(layout.negative)
    positive = figures[:, split : split + len(layout.positive)]
    lower = [scale.lower(key) for key in layout.positive]
    upper = [scale.upper(key) for key in layout.positive]
    if scale.custom:
        return Ordered(np.array(lower), np.array(upper), positive, -1)
    wide = scale.zero_threshold
    lower_all = [-scale.upper(key) for key in reversed(layout.negative)] + [-wide] + [max(each, wide) for each in lower]
    upper_all = [min(-scale.lower(key), -wide) for key in reversed(layout.negative)] + [wide] + upper
    counts = np.concatenate([figures[:, 3:split][:, ::-1], figures[:, 2:3], positive], axis=1)
    return Ordered(np.array(lower_all), np.array(upper_all), counts, len(layout.negative))


def by_layout(cells: HistogramCells) -> list[tuple[NDArray[np.intp], Layout]]:
    """The cells of each layout."""
    return [(np.flatnonzero(cells.layout == each), cells.layouts[each]) for each in cells.used()]


def average(cells: HistogramCells) -> Values:
    """The mean of the observations."""
    return cells.sum / cells.count


def variance(cells: HistogramCells) -> Values:
    """The population variance, all observations of a bucket taken to be at its middle: the arithmetic mean of custom
    bounds, the geometric mean of exponential ones, zero for the zero bucket."""
    out = np.full(len(cells), np.nan)
    for rows, layout in by_layout(cells):
        buckets = ordered(layout, cells.figures[rows])
        lower, upper = buckets.lower, buckets.upper
        if buckets.custom:
            middle = (lower + upper) / 2
        else:
            middle = np.where((lower <= 0) & (upper >= 0), 0.0, np.sqrt(lower * upper) * np.sign(upper))
        away = middle[None] - average(cells)[rows][:, None]
        squares = np.where(buckets.counts == 0, 0.0, buckets.counts * away * away)
        out[rows] = squares.sum(axis=1) / cells.count[rows]
    return out


def clipped(buckets: Ordered) -> tuple[Values, Values]:
    """The bounds for each cell, shape (cells, buckets): the zero bucket reaches below zero only where there are
    negative buckets, and above it only where there are positive ones."""
    shape = buckets.counts.shape
    lower, upper = np.broadcast_to(buckets.lower, shape).copy(), np.broadcast_to(buckets.upper, shape).copy()
    if not buckets.custom:
        below = (buckets.counts[:, : buckets.zero] != 0).any(axis=1)
        above = (buckets.counts[:, buckets.zero + 1 :] != 0).any(axis=1)
        lower[above & ~below, buckets.zero] = 0.0
        upper[below & ~above, buckets.zero] = 0.0
    return lower, upper


@dataclass(frozen=True, slots=True)
class Read:
    """values: one a cell. excluded, skewed: where the histogram has NaN observations, which made the value NaN, or
    moved it."""

    values: Values
    excluded: Mask
    skewed: Mask


def nan_observations(cells: HistogramCells, buckets: Values) -> Mask:
    """Where the sum is NaN and the buckets, counts of shape (cells, buckets), miss observations."""
    return np.isnan(cells.sum) & (buckets.sum(axis=1) < cells.count)
