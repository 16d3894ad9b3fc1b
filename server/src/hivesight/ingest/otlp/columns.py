"""The samples of one request while it is read."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hivesight.ingest.otlp.limits import Reason
from hivesight.model.batch import Exemplar
from hivesight.model.histogram import Histogram
from hivesight.model.metadata import Metadata
from hivesight.model.series import STALE_BITS, canonical_nans

NO_RECORDED_VALUE: Final = 1
NS_PER_MS: Final = 1_000_000


@dataclass(slots=True)
class Column:
    """Lists of one length: whose sample (a slot of the cache), when it is and when its counter began (ns), its value,
    and which data point it comes from (-1: none). stale: positions that are staleness markers."""

    slots: list[int] = field(default_factory=list[int])
    times: list[int] = field(default_factory=list[int])
    starts: list[int] = field(default_factory=list[int])
    values: list[float] = field(default_factory=list[float])
    points: list[int] = field(default_factory=list[int])
    stale: list[int] = field(default_factory=list[int])

    def add(self, slot: int, time: int, start: int, value: float, point: int, flags: int = 0) -> None:
        """One sample more."""
        if flags & NO_RECORDED_VALUE:
            self.stale.append(len(self.slots))
        self.slots.append(slot)
        self.times.append(time)
        self.starts.append(start)
        self.values.append(value)
        self.points.append(point)

    def times_ms(self) -> NDArray[np.int64]:
        """The times, in milliseconds."""
        return (np.array(self.times, dtype=np.uint64) // NS_PER_MS).astype(np.int64)

    def starts_ms(self) -> NDArray[np.int64] | None:
        """The starts, in milliseconds; None where none is known."""
        found = (np.array(self.starts, dtype=np.uint64) // NS_PER_MS).astype(np.int64)
        return found if found.any() else None

    def numbers(self) -> NDArray[np.float64]:
        """The values; NaNs as they are stored."""
        values = canonical_nans(np.array(self.values, dtype=np.float64))
        if self.stale:
            values.view(np.uint64)[self.stale] = STALE_BITS
        return values


@dataclass(slots=True)
class Reading:
    """What became of a request. points: how many data points were read so far. rejected: points by reason."""

    floats: Column = field(default_factory=Column)
    natives: Column = field(default_factory=Column)
    histograms: list[Histogram] = field(default_factory=list[Histogram])
    exemplars: list[Exemplar] = field(default_factory=list[Exemplar])
    exemplars_dropped: int = 0
    metadata: dict[str, Metadata] = field(default_factory=dict[str, Metadata])
    points: int = 0
    rejected: Counter[Reason] = field(default_factory=Counter[Reason])

    def native(self, slot: int, time: int, start: int, histogram: Histogram) -> None:
        """One native histogram."""
        self.natives.add(slot, time, start, histogram.sum, self.points)
        self.histograms.append(histogram)
