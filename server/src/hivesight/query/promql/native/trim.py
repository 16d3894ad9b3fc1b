"""The trim operators: the observations of a histogram below (`</`) or above (`>/`) a value (Prometheus' `TrimBuckets`).
A bucket in which the value lies is cut by interpolation, as far as anything is known of where its observations are; the
sum is estimated from the middles of what is left."""

from dataclasses import dataclass

import numpy as np

from hivesight.model.histogram import HistogramCells, Layout
from hivesight.model.series import Mask, Values
from hivesight.query.promql.native.figures import by_layout


def trimmed(cells: HistogramCells, bound: Values, *, below: bool) -> HistogramCells:
    """The cells with what is below their bounds, shape (cells,), or else with what is above them."""
    figures = cells.figures.copy()
    for rows, layout in by_layout(cells):
        figures[rows] = _trimmed(layout, figures[rows], bound[rows][:, None], below=below)
    return HistogramCells(cells.layouts, cells.layout, figures, cells.hint)


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is left of buckets, and the middle of where it lies; both of shape (cells, buckets)."""

    counts: Values
    middle: Values


def _trimmed(layout: Layout, figures: Values, at: Values, *, below: bool) -> Values:
    scale, split = layout.scale, 3 + len(layout.negative)
    parts: list[tuple[slice, _Kept]] = []
    for keys, columns, sign in (
        (layout.negative, slice(3, split), -1),
        (layout.positive, slice(split, split + len(layout.positive)), 1),
    ):
        inner, outer = np.array([[scale.lower(key), scale.upper(key)] for key in keys]).reshape(-1, 2).T
        low, high = (inner, outer) if sign > 0 else (-outer, -inner)
        counts = figures[:, columns]
        kept = _custom(low, high, counts, at, below) if scale.custom else _exponential(low, high, counts, at, below)
        parts.append((columns, kept))
    if not scale.custom:
        parts.append((slice(2, 3), _zero(layout, figures, at, below)))
    out = figures.copy()
    count, total = np.zeros(len(out)), np.zeros(len(out))
    for columns, kept in parts:
        out[:, columns] = kept.counts
        count += kept.counts.sum(axis=1)
        total += np.where(kept.counts == 0, 0.0, kept.counts * kept.middle).sum(axis=1)
    same = (out[:, 2:] == figures[:, 2:]).all(axis=1)
    out[:, 0], out[:, 1] = np.where(same, figures[:, 0], count), np.where(same, figures[:, 1], total)
    return out


def _cut(
    low: Values, high: Values, at: Values, below: bool, counts: Values, inside: tuple[Values, Values], whole: Values
) -> _Kept:
    """inside: the share that is kept of a bucket in which the bound lies, and its middle; whole: the middle of all."""
    kept: Mask = high <= at if below else low >= at
    cut: Mask = (low < at) & (high > at)
    share = np.where(kept, 1.0, np.where(cut, inside[0], 0.0))
    return _Kept(np.where(counts == 0, counts, counts * share), np.where(kept, whole, inside[1]))


def _exponential(low: Values, high: Values, counts: Values, at: Values, below: bool) -> _Kept:
    near, far, here = np.log2(np.abs(low)), np.log2(np.abs(high)), np.log2(np.abs(at))
    under = np.where(low > 0, (here - near) / (far - near), 1 - (here - far) / (near - far))
    # Of what lies in a bucket without an end it is known only that it lies there.
    endless = np.isinf(low) | np.isinf(high)
    share = np.where(endless, (0.0 if below else 1.0) * np.isposinf(high), under if below else 1 - under)
    start, end = (low, at) if below else (at, high)
    middle = np.where(endless, at, np.sqrt(np.abs(start * end)) * np.where(low < 0, -1.0, 1.0))
    whole = np.where(np.isinf(high), low, np.where(np.isinf(low), high, np.sqrt(np.abs(low * high)) * np.sign(high)))
    whole = np.where(high == 0, -np.sqrt(np.abs(low * high)), whole)
    return _cut(low, high, at, below, counts, (share, middle), whole)


def _custom(low: Values, high: Values, counts: Values, at: Values, below: bool) -> _Kept:
    first, last = np.isneginf(low), np.isposinf(high)
    # The first bucket is taken to begin at zero where it may.
    start = np.where(first, 0.0, low)
    under = (at - start) / (high - start)
    known = ~first | ((at > 0 if below else at >= 0) & (high > 0))
    share = np.where(known, under if below else 1 - under, 0.0)
    middle = (start + at) / 2 if below else (at + high) / 2
    if below:
        share = np.where(first & (high <= 0), 1.0, np.where(last, 0.0, share))
        middle = np.where(first & (high <= 0), at, middle)
    else:
        share = np.where(last, np.where(first, 0.0, 1.0), share)
        middle = np.where(last, at, middle)
    whole = np.where(
        first, np.where(last, 0.0, np.where(high > 0, high / 2, high)), np.where(last, low, (low + high) / 2)
    )
    return _cut(low, high, at, below, counts, (share, middle), whole)


def _zero(layout: Layout, figures: Values, at: Values, below: bool) -> _Kept:
    wide, split = layout.scale.zero_threshold, 3 + len(layout.negative)
    negative = (figures[:, 3:split] != 0).any(axis=1, keepdims=True)
    positive = (figures[:, split:] != 0).any(axis=1, keepdims=True)
    low = np.where(positive & ~negative, 0.0, -wide)
    high = np.where(negative & ~positive, 0.0, wide)
    under = (at - low) / (high - low)
    share = np.where(at <= low, 0.0, np.where(at >= high, 1.0, under))
    start, end = (low, np.minimum(at, high)) if below else (np.maximum(at, low), high)
    counts = figures[:, 2:3]
    kept = counts * (share if below else 1 - share)
    return _Kept(np.where(counts > 0, kept, counts), (start + end) / 2)
