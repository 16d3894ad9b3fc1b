"""Where scraped samples go: what the scrape loop asks of the metrics store."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hivesight.model.batch import Exemplar
from hivesight.model.histogram import HistogramGrid
from hivesight.model.labels import Labels


class Appended(Protocol):
    """What became of the samples of one append."""

    @property
    def out_of_order(self) -> int: ...

    @property
    def duplicate(self) -> int: ...

    @property
    def unknown(self) -> int:
        """Samples of rows that the store dropped since they were registered."""
        ...


class SeriesGroup(Protocol):
    """Series that share their timestamps."""

    def register(self, labels: Sequence[Labels]) -> NDArray[np.int32]:
        """A row for each series; -1 where a limit refuses it. Raises StorageError."""
        ...

    def append(
        self,
        time_ms: int,
        rows: NDArray[np.int32],
        values: NDArray[np.float64],
        histograms: HistogramGrid | None = None,
    ) -> Appended:
        """One sample of each row, all or none. histograms: which of them are native histograms, place of shape
        (len(rows), 1); their values are their sums. Raises StorageError."""
        ...


class Appender(Protocol):
    """The store."""

    def group(self, key: str) -> SeriesGroup:
        """The group with this stable key, created where it is new. Raises StorageError."""
        ...

    def keep_exemplars(self, exemplars: Sequence[Exemplar]) -> int:
        """Keeps examples, the newest so many; how many were taken. Raises StorageError."""
        ...
