"""What the engine needs and what it answers: the port to the store, the limits, and the four types of result."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from hivesight.model.histogram import Histogram, HistogramGrid
from hivesight.model.labels import Labels
from hivesight.model.matcher import Matcher
from hivesight.model.series import Mask, SeriesBlock, Times, Values
from hivesight.model.symbols import LabelTable


class Querier(Protocol):
    """Where the samples are."""

    def select(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[SeriesBlock]:
        """The series that meet every condition, with their samples in the closed interval. No two series of the
        answer have equal labels; a block holds ABSENT and STALE where they stand in the store."""
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    """What one query may cost. max_samples: samples read plus cells (series x steps) made, over the whole query.
    max_label_characters: characters in label values that the query makes itself."""

    max_samples: int = 50_000_000
    max_label_characters: int = 50_000_000
    timeout_seconds: float = 120.0
    max_points_per_series: int = 11_000


@dataclass(frozen=True, slots=True)
class Scalar:
    at_ms: int
    value: float


@dataclass(frozen=True, slots=True)
class String:
    at_ms: int
    value: str


@dataclass(frozen=True, slots=True)
class Vector:
    """One sample a series at one time. values: float64, shape (series,); NaN for a histogram.
    histograms: those samples that are native histograms, by place, shape (series, 1); None where there are none."""

    at_ms: int
    labels: LabelTable
    values: Values
    histograms: HistogramGrid | None = None

    def rows(self) -> Iterator[tuple[Labels, float]]:
        """Every series with its value, in order."""
        yield from zip(self.labels.all_labels(), self.values.tolist(), strict=True)

    def samples(self) -> Iterator[tuple[Labels, float | Histogram]]:
        """Every series with its float or histogram, in order."""
        for row, (labels, value) in enumerate(self.rows()):
            yield labels, value if self.histograms is None else _sample(self.histograms, row, 0, value)


@dataclass(frozen=True, slots=True)
class Matrix:
    """Many samples a series, sorted by labels.

    times: int64 ms, shape (steps,) where all series share them, (series, steps) where each has its own.
    values: float64, shape (series, steps); NaN for a histogram. present: where a sample stands; every series has at
    least one. histograms: those samples that are native histograms, by place, shape (series, steps)."""

    labels: LabelTable
    times: Times
    values: Values
    present: Mask
    histograms: HistogramGrid | None = None

    def rows(self) -> Iterator[tuple[Labels, Times, Values]]:
        """Every series with the times and values of its samples, in order."""
        shared = self.times.ndim == 1
        for row, labels in enumerate(self.labels.all_labels()):
            kept = self.present[row]
            yield labels, (self.times if shared else self.times[row])[kept], self.values[row][kept]

    def samples(self) -> Iterator[tuple[Labels, list[tuple[int, float | Histogram]]]]:
        """Every series with its floats and histograms, in order."""
        for row, (labels, times, values) in enumerate(self.rows()):
            found: list[float | Histogram] = values.tolist()
            if self.histograms is not None:
                columns = np.flatnonzero(self.present[row]).tolist()
                found = [
                    _sample(self.histograms, row, column, value)
                    for column, value in zip(columns, values.tolist(), strict=True)
                ]
            yield labels, list(zip(times.tolist(), found, strict=True))


def _sample(grid: HistogramGrid, row: int, column: int, value: float) -> float | Histogram:
    cell = int(grid.place[row, column])
    return value if cell < 0 else grid.cells.histogram(cell)


@dataclass(frozen=True, slots=True)
class Answer:
    """A result, with what the user should know about it. samples: read plus cells made, which max_samples bounds."""

    value: Scalar | String | Vector | Matrix
    warnings: list[str] = field(default_factory=list[str])
    infos: list[str] = field(default_factory=list[str])
    samples: int = 0


@dataclass(frozen=True, slots=True)
class Grid:
    """The times at which an expression is evaluated: int64 ms, evenly spaced, at least one."""

    times: Times

    @staticmethod
    def of(start_ms: int, end_ms: int, step_ms: int) -> "Grid":
        """From start to the last step that is not after end."""
        return Grid(np.arange(start_ms, end_ms + 1, step_ms, dtype=np.int64))

    def __len__(self) -> int:
        return int(self.times.shape[0])

    @property
    def first(self) -> "Grid":
        """The first step alone."""
        return Grid(self.times[:1])
