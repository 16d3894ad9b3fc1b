"""Writing by label set rather than by row, for whoever does not keep rows: the results of rules."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hivesight.model.histogram import HistogramGrid
from hivesight.model.labels import Labels
from hivesight.storage.tsdb import Tsdb


class LabelledWriter:
    """Samples that share one time, under their label sets."""

    def __init__(self, tsdb: Tsdb) -> None:
        self._tsdb = tsdb

    def write(
        self,
        key: str,
        at_ms: int,
        labels: Sequence[Labels],
        values: NDArray[np.float64],
        histograms: HistogramGrid | None = None,
    ) -> None:
        """One sample of each series at one time, in the scrape group `key`; series that a limit refuses are left out
        and counted by the store. histograms: which of them are native histograms, place of shape (len(labels), 1).
        Raises StorageError."""
        group = self._tsdb.group(key)
        group.append(at_ms, group.register(labels), values, histograms)
