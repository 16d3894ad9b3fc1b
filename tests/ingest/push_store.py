"""A store for what is pushed, in memory."""

import threading
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from hivesight.model.batch import Exemplar, Samples, Verdict, Verdicts
from hivesight.model.errors import StorageError
from hivesight.model.histogram import Histogram
from hivesight.model.labels import Labels
from hivesight.model.metadata import Metadata


class MemoryStore:
    """Takes samples in order; most_series: the others are refused. forget() drops a series as retention does."""

    def __init__(self, most_series: int = 1_000_000) -> None:
        self._lock = threading.Lock()
        self.most_series = most_series
        self.broken = False
        self.registered = 0
        self.refs: dict[Labels, int] = {}
        self.labels: dict[int, Labels] = {}
        self.samples: dict[Labels, list[tuple[int, float | Histogram, int]]] = {}
        self.exemplars: list[Exemplar] = []
        self.metadata: dict[str, Metadata] = {}

    def register(self, labels: Sequence[Labels]) -> NDArray[np.int32]:
        with self._lock:
            self.registered += len(labels)
            return np.array([self._ref(each) for each in labels], dtype=np.int32)

    def append(self, samples: Samples) -> Verdicts:
        if self.broken:
            raise StorageError("the disk is full")
        assert samples.refs.dtype == np.int32
        assert samples.times.dtype == np.int64
        assert len(samples.times) == len(samples.values) == len(samples)
        with self._lock:
            return np.array([self._append(samples, row) for row in range(len(samples))], dtype=np.int8)

    def keep_exemplars(self, exemplars: Sequence[Exemplar]) -> int:
        self.exemplars += exemplars
        return len(exemplars)

    def describe(self, metadata: Mapping[str, Metadata]) -> None:
        self.metadata.update(metadata)

    def forget(self, labels: Labels) -> None:
        self.labels.pop(self.refs.pop(labels))
        del self.samples[labels]

    def _ref(self, labels: Labels) -> int:
        if labels not in self.refs:
            if len(self.refs) >= self.most_series:
                return -1
            self.refs[labels] = self.registered * 7 + len(self.refs)
            self.labels[self.refs[labels]] = labels
            self.samples[labels] = []
        return self.refs[labels]

    def _append(self, samples: Samples, row: int) -> Verdict:
        ref, time_ms = int(samples.refs[row]), int(samples.times[row])
        if ref == -1:
            return Verdict.REFUSED
        if ref not in self.labels:
            return Verdict.UNKNOWN
        if abs(time_ms) > 1 << 60:
            return Verdict.OUT_OF_BOUNDS
        known = self.samples[self.labels[ref]]
        value: float | Histogram = float(samples.values[row])
        if samples.histograms is not None and samples.cell is not None and samples.cell[row] >= 0:
            value = samples.histograms.histogram(int(samples.cell[row]))
        for there, own, _ in known:
            if there == time_ms:
                return Verdict.WRITTEN if own == value else Verdict.DUPLICATE
        if known and time_ms < known[-1][0]:
            return Verdict.OUT_OF_ORDER
        known.append((time_ms, value, 0 if samples.starts is None else int(samples.starts[row])))
        return Verdict.WRITTEN
