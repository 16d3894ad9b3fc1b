"""Series that bring their own timestamps: each has a group in the store of its own, since no two of them need share
their times. Semantics: Prometheus' `honor_timestamps` and `track_timestamps_staleness`."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hivesight.model.errors import LimitExceeded
from hivesight.model.histogram import HistogramGrid
from hivesight.model.labels import Labels
from hivesight.model.series import STALE
from hivesight.sources.metrics import ScrapeMetrics
from hivesight.sources.ports import Appender, SeriesGroup
from hivesight.sources.samples import Samples

MAX_AHEAD_MS: Final = 600_000
"""A sample further in the future than this is not stored."""
_ROW: Final = np.zeros(1, dtype=np.int32)


@dataclass(slots=True)
class _Series:
    labels: Labels
    group: SeriesGroup | None = None
    row: int = -1
    last_ms: int | None = None
    ended: bool = False


class TimedSeries:
    """Those of one target, by their ids in its cache."""

    def __init__(self, key: str, appender: Appender, metrics: ScrapeMetrics, track_staleness: bool) -> None:
        self._key = key
        self._appender = appender
        self._metrics = metrics
        self._track = track_staleness
        self._series: dict[int, _Series] = {}

    def __len__(self) -> int:
        return len(self._series)

    def add(self, index: int, labels: Labels) -> None:
        """A new series."""
        self._series[index] = _Series(labels)

    def retain(self, ids: set[int]) -> None:
        """Forgets all but these."""
        self._series = {index: each for index, each in self._series.items() if index in ids}

    def store(self, time_ms: int, samples: Samples, positions: NDArray[np.int64]) -> None:
        """Stores the samples at `positions`, each at its own time, or at `time_ms` where it tells none. Raises
        StorageError."""
        times = np.full(len(samples.series), time_ms, dtype=np.int64)
        times[samples.timed] = samples.times_ms
        ids, values = samples.series[positions].tolist(), samples.values[positions].tolist()
        grid = samples.histograms
        for at, index, own_ms, value in zip(positions.tolist(), ids, times[positions].tolist(), values, strict=True):
            series = self._series.get(index)
            if series is None:
                continue
            if own_ms > time_ms + MAX_AHEAD_MS:
                self._metrics.dropped.labels("out_of_bounds").inc()
            elif series.last_ms is not None and own_ms < series.last_ms:
                self._metrics.dropped.labels("out_of_order").inc()
            elif series.last_ms is None or own_ms > series.last_ms:
                histogram = grid is not None and grid.place[at, 0] >= 0
                self._append(series, own_ms, value, grid.at(grid.place[at : at + 1]) if grid and histogram else None)
        self.end(time_ms, set(ids))

    def end(self, time_ms: int, but: set[int] | None = None) -> None:
        """Ends the series, all but those, where their staleness is tracked. Raises StorageError."""
        for index, series in self._series.items() if self._track else ():
            live = index in (but or ())
            if not live and not series.ended and series.last_ms is not None and time_ms > series.last_ms:
                self._append(series, time_ms, float(STALE))
            series.ended = not live

    def _append(self, series: _Series, time_ms: int, value: float, histogram: HistogramGrid | None = None) -> None:
        # A second try is for a row that the store has dropped since.
        for _ in range(2):
            if series.group is None and not self._register(series):
                self._metrics.dropped.labels("series_limit").inc()
                return
            assert series.group is not None
            result = series.group.append(time_ms, _ROW + np.int32(series.row), np.array([value]), histogram)
            if not result.unknown:
                break
            series.group = None
        series.last_ms = time_ms
        self._metrics.samples.inc()

    def _register(self, series: _Series) -> bool:
        try:
            group = self._appender.group(f"{self._key}\n{series.labels}")
        except LimitExceeded:
            return False
        series.row = int(group.register([series.labels])[0])
        if series.row < 0:
            return False
        series.group = group
        return True
