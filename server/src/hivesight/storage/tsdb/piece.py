"""A dense piece of samples: some series at the same times. What pushes are cut into and what the log records."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hivesight.model.histogram import HistogramGrid
from hivesight.model.series import ABSENT, Mask, Times, Values, is_absent


@dataclass(frozen=True, slots=True)
class Piece:
    """times: strictly increasing, shape (samples,). values: shape (series, samples), ABSENT where there is no sample.
    histograms, starts: as in SeriesBlock."""

    times: Times
    values: Values
    histograms: HistogramGrid | None = None
    starts: Times | None = None

    @property
    def present(self) -> Mask:
        """Where samples stand."""
        return ~is_absent(self.values)

    def rows(self, chosen: Mask | NDArray[np.intp] | slice) -> "Piece":
        """Some of the series."""
        return Piece(
            self.times,
            self.values[chosen],
            None if self.histograms is None else self.histograms.at(self.histograms.place[chosen]),
            None if self.starts is None else self.starts[chosen],
        )

    def without(self, dropped: Mask) -> "Piece":
        """The same less some samples; shape of the mask as `values`."""
        if not dropped.any():
            return self
        values = np.where(dropped, ABSENT, self.values)
        histograms = self.histograms
        if histograms is not None:
            histograms = histograms.at(np.where(dropped, -1, histograms.place))
        return replace(self, values=values, histograms=histograms)
