"""Samples at rest and in flight: blocks of series that share one time vector."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hivesight.model.histogram import HistogramGrid
from hivesight.model.symbols import LabelTable

Times = NDArray[np.int64]
Values = NDArray[np.float64]
Mask = NDArray[np.bool_]

STALE_BITS: Final = np.uint64(0x7FF0000000000002)
"""The staleness marker: the series ended here. The bit pattern is Prometheus' own (`model/value.StaleNaN`)."""
ABSENT_BITS: Final = np.uint64(0x7FF0000000000001)
"""The series has no sample at this time. Never stored for a sample and never leaves the process."""
NAN_BITS: Final = np.uint64(0x7FF8000000000001)
"""Every other NaN is stored as this one (`model/value.NormalNaN`)."""

STALE: Final = np.array([STALE_BITS]).view(np.float64)[0]
ABSENT: Final = np.array([ABSENT_BITS]).view(np.float64)[0]


def bits(values: Values) -> NDArray[np.uint64]:
    """The values' bit patterns, where NaNs can be told apart. `values` must be contiguous in its last axis."""
    return values.view(np.uint64)


def has_nan(values: Values) -> bool:
    """Whether any is NaN, in one pass: without one, all are samples."""
    return bool(np.isnan(values.max(initial=-np.inf)))


def is_stale(values: Values) -> Mask:
    """Where the staleness marker stands."""
    return bits(values) == STALE_BITS


def is_absent(values: Values) -> Mask:
    """Where there is no sample."""
    return bits(values) == ABSENT_BITS


def is_sample(values: Values) -> Mask:
    """Where a value stands that a query may see: neither absent nor a staleness marker (a NaN value is a sample)."""
    patterns = bits(values)
    return (patterns != ABSENT_BITS) & (patterns != STALE_BITS)


def canonical_nans(values: Values) -> Values:
    """The same values with every NaN but the staleness marker in its one stored form (a copy where one changed)."""
    wrong = np.isnan(values) & (bits(values) != STALE_BITS) & (bits(values) != NAN_BITS)
    if not wrong.any():
        return values
    patterns = bits(values).copy()
    patterns[wrong] = NAN_BITS
    return patterns.view(np.float64)


@dataclass(frozen=True, slots=True)
class SeriesBlock:
    """Series that share their timestamps: one target's, or one rule's.

    labels: one row a series; no two rows are equal.
    times: int64 milliseconds since the epoch, strictly increasing, shape (samples,).
    values: float64, shape (series, samples); ABSENT where a series has no sample at that time, STALE where it ended.
    histograms: those samples that are native histograms, by place; what `values` holds there is any number but ABSENT
    and STALE. None where there are none.
    starts: int64 ms, shape (series, samples): when the counter of a sample began, 0 where that is not known. None
    where it is known of no sample.
    A block is a snapshot: nobody writes to its arrays any more."""

    labels: LabelTable
    times: Times
    values: Values
    histograms: HistogramGrid | None = None
    starts: Times | None = None
