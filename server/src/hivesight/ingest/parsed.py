"""What a scraped body becomes, whatever its format."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hivesight.ingest.series_cache import SeriesCache
from hivesight.ingest.textline import Exemplar
from hivesight.model.histogram import HistogramCells
from hivesight.model.series import NAN_BITS, Values, bits

MAX_SAMPLES: Final = 2_000_000
MAX_EXEMPLARS: Final = 10_000
NO_INDEX: Final = np.empty(0, dtype=np.int64)


class ExpositionError(ValueError):
    """The body is not what its format says; nothing of it is taken. samples: how many stand before the fault."""

    def __init__(self, message: str, samples: int = 0) -> None:
        super().__init__(message)
        self.samples = samples


@dataclass(frozen=True, slots=True)
class HistogramBatch:
    """Native histograms. Those of about the same width come together, so that their arrays hold no more than twice
    the buckets that were sent.

    ids: int32, which series of the cache each belongs to. cells: as many.
    times_ms, starts_ms: int64, same length: their own timestamps, and when their counts began; 0 where not told."""

    ids: NDArray[np.int32]
    cells: HistogramCells
    times_ms: NDArray[np.int64]
    starts_ms: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Parsed:
    """One body as columns, in the order of its lines.

    ids: int32, which series of the cache each sample belongs to. values: float64, same length.
    timed: positions in `ids` of samples that carry a timestamp of their own; times_ms: those timestamps.
    exemplars: (position, exemplar).
    histograms: the samples that are native histograms, which are not among `ids`.
    histogram_exemplars: (series, exemplar), each with a time.
    over_limit: (series, buckets) of histograms that have more buckets than are allowed, even in the coarsest
    resolution; they are not among `histograms`. malformed: classic histograms that could not be converted."""

    ids: NDArray[np.int32]
    values: Values
    timed: NDArray[np.int64]
    times_ms: NDArray[np.int64]
    exemplars: tuple[tuple[int, Exemplar], ...]
    histograms: tuple[HistogramBatch, ...] = ()
    histogram_exemplars: tuple[tuple[int, Exemplar], ...] = ()
    over_limit: tuple[tuple[int, int], ...] = ()
    malformed: int = 0

    @property
    def scraped(self) -> int:
        """How many samples there are."""
        return len(self.ids) + sum(len(each.ids) for each in self.histograms) + len(self.over_limit)

    @property
    def series(self) -> NDArray[np.int32]:
        """The series of all samples that can be stored."""
        return np.concatenate([self.ids, *(each.ids for each in self.histograms)]) if self.histograms else self.ids


Convert = Callable[[Parsed], Parsed]
"""What is done with a body before its series are noted as seen."""


def noted(cache: SeriesCache, parsed: Parsed, body_bytes: int, convert: Convert | None) -> Parsed:
    """A body that was read to its end, converted; the cache has seen its series."""
    if convert is None:
        cache.seen(parsed.series, body_bytes)
        return parsed
    converted = convert(parsed)
    cache.seen(np.concatenate([parsed.ids, converted.series]), body_bytes)
    return converted


def senders_nans(values: Values) -> Values:
    """The same array, every NaN in its one stored form: a staleness marker is not a sender's to give."""
    bits(values)[np.isnan(values)] = NAN_BITS
    return values
