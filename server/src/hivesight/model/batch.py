"""Samples on their way in from senders that push: many series, each sample with a time of its own, as columns.

What decodes a push protocol (remote write, OTLP) makes them; the metrics store takes them and answers with verdicts."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from hivesight.model.histogram import HistogramCells
from hivesight.model.labels import Labels


@dataclass(frozen=True, slots=True)
class Samples:
    """Samples in the order in which they were sent.

    refs: int32, shape (samples,): whose sample it is, as the store numbers series.
    times: int64 ms since the epoch, shape (samples,). values: float64, shape (samples,); where the sample is a native
    histogram its sum.
    histograms: the samples that are native histograms, None where there are none; cell: int64, shape (samples,): the
    number of the sample's histogram, -1 where it is a float; None with `histograms`.
    starts: int64 ms, shape (samples,): when the sample's counter began, 0 where not known; None where none is."""

    refs: NDArray[np.int32]
    times: NDArray[np.int64]
    values: NDArray[np.float64]
    histograms: HistogramCells | None = None
    cell: NDArray[np.int64] | None = None
    starts: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.refs)


@dataclass(frozen=True, slots=True)
class Exemplar:
    """An example of what a series counts. series: its labels; labels: those of the example, such as a trace id."""

    series: Labels
    labels: Labels
    value: float
    time_ms: int


class Verdict(IntEnum):
    """What became of one sample."""

    WRITTEN = 0
    """Stored, or there already with the same value."""
    OUT_OF_ORDER = 1
    """Older than the newest sample of its series, beyond the out-of-order window."""
    DUPLICATE = 2
    """Another value of the series stands at that time."""
    OUT_OF_BOUNDS = 3
    """The time is one that the store does not take: beyond +-2^62, or further in the future than allowed."""
    REFUSED = 4
    """The ref is -1: a limit refused the series."""
    UNKNOWN = 5
    """Retention dropped the series since it was registered: register it again and send the sample again."""


Verdicts = NDArray[np.int8]
"""Shape (samples,)."""
