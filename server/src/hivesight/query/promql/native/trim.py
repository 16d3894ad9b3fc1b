"""The trim operators: the observations of a histogram below (`</`) or above (`>/`) a value. A bucket in which the value
lies is cut by interpolation; the sum is estimated from the middles of the buckets that are left."""

import numpy as np

from hivesight.model.histogram import HistogramCells, Layout
from hivesight.model.series import Mask, Values
from hivesight.query.promql.native.figures import Ordered, by_layout, clipped, ordered


def trimmed(cells: HistogramCells, bound: Values, *, below: bool) -> HistogramCells:
    """The cells without what is above their bounds, or, unless `below`, without what is below them. NaN keeps nothing
    out."""
    figures = cells.figures.copy()
    for rows, layout in by_layout(cells):
        figures[rows] = _trimmed(layout, figures[rows], bound[rows], below=below)
    return HistogramCells(cells.layouts, cells.layout, figures, cells.hint)


def _trimmed(layout: Layout, figures: Values, bound: Values, *, below: bool) -> Values:
    buckets = ordered(layout, figures)
    lower, upper = clipped(buckets)
    at = bound[:, None]
    share = _share_below(buckets, lower, upper, at)
    kept = buckets.counts * (share if below else 1 - share)
    cut: Mask = (lower < at) & (at < upper)
    low, high = (lower, np.where(cut, at, upper)) if below else (np.where(cut, at, lower), upper)
    whole = (kept == buckets.counts).all(axis=1) & ~(cut & (kept != 0)).any(axis=1)
    total = np.where(kept == 0, 0.0, kept * _middle(buckets, low, high)).sum(axis=1)
    out = figures.copy()
    _put(layout, buckets, out, kept)
    out[:, 0] = np.where(whole, figures[:, 0], kept.sum(axis=1))
    out[:, 1] = np.where(whole, figures[:, 1], total)
    return out


def _share_below(buckets: Ordered, lower: Values, upper: Values, at: Values) -> Values:
    """How much of each bucket lies below the bound."""
    linear = (at - lower) / (upper - lower)
    if buckets.custom:
        # Of a bucket without an end nothing is known but where it begins.
        first = np.isneginf(lower)
        linear = np.where(first, np.where(upper > 0, at / upper, 1.0), linear)
        inside = np.where(np.isposinf(upper), 0.0, np.clip(linear, 0.0, 1.0))
    else:
        near, far, here = np.log2(np.abs(lower)), np.log2(np.abs(upper)), np.log2(np.abs(at))
        grown = np.where(lower > 0, (here - near) / (far - near), 1 - (here - far) / (near - far))
        inside = np.where(_is_zero(buckets), linear, grown)
    return np.where(upper <= at, 1.0, np.where(lower >= at, 0.0, inside))


def _is_zero(buckets: Ordered) -> Mask:
    out = np.zeros(buckets.counts.shape[1], dtype=np.bool_)
    out[buckets.zero] = True
    return out


def _middle(buckets: Ordered, low: Values, high: Values) -> Values:
    if buckets.custom:
        start = np.where(np.isneginf(low), np.where(high > 0, 0.0, high), low)
        return np.where(np.isposinf(high), start, (start + high) / 2)
    middle = np.sqrt(low * high) * np.sign(high)
    return np.where(_is_zero(buckets), (low + high) / 2, middle)


def _put(layout: Layout, buckets: Ordered, out: Values, kept: Values) -> None:
    """The counts back to their columns."""
    if buckets.custom:
        out[:, 3 : 3 + layout.width] = kept
        return
    split = 3 + len(layout.negative)
    out[:, 3:split] = kept[:, : buckets.zero][:, ::-1]
    out[:, 2] = kept[:, buckets.zero]
    out[:, split : split + len(layout.positive)] = kept[:, buckets.zero + 1 :]
