"""histogram_quantile and histogram_fraction of native histograms (Prometheus' `promql/quantile.go`): linear within
custom and zero buckets, on a logarithmic scale within exponential ones."""

import numpy as np

from hivesight.model.histogram import HistogramCells, Indexes, Layout
from hivesight.model.series import Values
from hivesight.query.promql.native.figures import Ordered, Read, by_layout, clipped, nan_observations, ordered
from hivesight.query.promql.tables import somewhere


def quantile(cells: HistogramCells, at: Values) -> Read:
    """The quantile `at`, shape (cells,), of each cell."""
    values = np.full(len(cells), np.nan)
    lost, skewed = np.zeros(len(cells), dtype=np.bool_), np.zeros(len(cells), dtype=np.bool_)
    for rows, layout in by_layout(cells):
        part = _quantile(layout, cells.rows(rows), at[rows])
        values[rows], lost[rows], skewed[rows] = part.values, part.excluded, part.skewed
    outside = np.where(at < 0, -np.inf, np.where(at > 1, np.inf, values))
    known = (at >= 0) & (at <= 1) & (cells.count != 0)
    values = np.where(np.isnan(at) | ((cells.count == 0) & (at >= 0) & (at <= 1)), np.nan, outside)
    return Read(values, lost & known, skewed & known)


def _quantile(layout: Layout, cells: HistogramCells, at: Values) -> Read:
    buckets = ordered(layout, cells.figures)
    number = len(cells)
    if not buckets.counts.shape[1]:
        nobody = np.zeros(number, dtype=np.bool_)
        return Read(np.where(at > 0, np.nan, 0.0), np.isnan(cells.sum), nobody)
    lower, upper = clipped(buckets)
    forward = np.isnan(cells.sum) | (at < 0.5)
    rank = np.where(forward, at, 1 - at) * cells.count
    counts = np.where(forward[:, None], buckets.counts, buckets.counts[:, ::-1])
    reached = np.cumsum(counts, axis=1)
    hit = (reached >= rank[:, None]) & (counts != 0)
    populated = counts != 0
    most = counts.shape[1] - 1
    behind: Indexes = populated[:, ::-1].argmax(axis=1)
    ending = np.asarray(most - behind, dtype=np.int64)
    last: Indexes = np.where(somewhere(populated, 1), ending, most)
    found: Indexes = hit.argmax(axis=1)
    step = np.where(somewhere(hit, 1), found, last)
    each = np.arange(number)
    column = np.where(forward, step, most - step)
    count = np.minimum(reached[each, step], cells.count)
    inside = counts[each, step]
    low, high = lower[each, column], upper[each, column]
    short = count < rank
    rank = np.where(forward, rank - (count - inside), count - rank)
    share = rank / inside
    if buckets.custom:
        first, final = np.isneginf(low), np.isposinf(high)
        start = np.where(first, 0.0, low)
        values = start + (high - start) * share
        values = np.where(first & (high <= 0), high, np.where(final & ~first, low, values))
    else:
        values = np.where(column == buckets.zero, low + (high - low) * share, _between(low, high, share))
    lost = short & np.isnan(cells.sum)
    values = np.where(lost, np.nan, np.where(short, high, values))
    return Read(values, lost, ~lost & nan_observations(cells, buckets.counts))


def _between(low: Values, high: Values, share: Values) -> Values:
    """So far into a bucket on a logarithmic scale."""
    near, far = np.log2(np.abs(low)), np.log2(np.abs(high))
    above = np.exp2(near + (far - near) * share)
    below = -np.exp2(far + (near - far) * (1 - share))
    return np.where(low > 0, above, below)


def fraction(cells: HistogramCells, lower: Values, upper: Values) -> Read:
    """The share of the observations between two values, each of shape (cells,)."""
    values = np.full(len(cells), np.nan)
    excluded = np.zeros(len(cells), dtype=np.bool_)
    for rows, layout in by_layout(cells):
        part = cells.rows(rows)
        buckets = ordered(layout, part.figures)
        least, most = (_below(part, buckets, bound[rows]) for bound in (lower, upper))
        values[rows] = (most - least) / part.count
        excluded[rows] = nan_observations(part, buckets.counts)
    unknown = np.isnan(lower) | np.isnan(upper) | (cells.count == 0)
    values = np.where(unknown, np.nan, np.where(lower >= upper, 0.0, values))
    return Read(values, excluded & ~unknown, np.zeros(len(cells), dtype=np.bool_))


def _below(cells: HistogramCells, buckets: Ordered, bound: Values) -> Values:
    """How many observations are below a value."""
    starts, ends = clipped(buckets)
    total = np.where(np.isnan(cells.sum), buckets.counts.sum(axis=1), cells.count)
    rank, before = total.copy(), np.zeros(len(cells))
    known = np.zeros(len(cells), dtype=np.bool_)
    for column in range(buckets.counts.shape[1]):
        count, start, end = buckets.counts[:, column], starts[:, column], ends[:, column]
        exists = ~known if column != buckets.zero else ~known & (count > 0)
        if buckets.custom:
            start = np.where(np.isneginf(start) & (end > 0), 0.0, start)
        at_start = exists & (start >= bound)
        inside = exists & (start < bound) & (end > bound)
        share = (bound - start) / (end - start)
        if buckets.custom:
            share = np.where(np.isneginf(start), 1.0, share)
        elif column != buckets.zero:
            near, far, here = np.log2(np.abs(start)), np.log2(np.abs(end)), np.log2(np.abs(bound))
            share = np.where(bound > 0, (here - near) / (far - near), 1 - (here - far) / (near - far))
        rank = np.where(at_start, before, np.where(inside, before + count * share, rank))
        known |= at_start | inside
        before = before + np.where(exists | (count != 0), count, 0.0)
    return np.minimum(rank, total)
