"""The samples of one body as they go to the store: floats, then native histograms, in the same columns."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hivesight.ingest.parsed import Parsed
from hivesight.model.histogram import HistogramGrid, Indexes, stacked_cells
from hivesight.model.series import Values
from hivesight.sources.fetch import Outcome, ScrapeError

MAX_FIGURES: Final = 8_000_000
"""The most numbers that the histograms of a body become: histograms times the most buckets that one of them has."""


@dataclass(frozen=True, slots=True)
class Samples:
    """series: the id of each sample's series. values: of a histogram its sum. timed: positions of those with a time of
    their own; times_ms: those times. histograms: place of shape (samples, 1), None where all are floats."""

    series: NDArray[np.int32]
    values: Values
    timed: Indexes
    times_ms: Indexes
    histograms: HistogramGrid | None = None


def samples_of(parsed: Parsed) -> Samples:
    """Raises ScrapeError where one histogram is so wide that the others would waste memory beside it."""
    if not parsed.histograms:
        return Samples(parsed.ids, parsed.values, parsed.timed, parsed.times_ms)
    parts = [each.cells for each in parsed.histograms]
    floats, count = len(parsed.ids), sum(map(len, parts))
    width = max(each.figures.shape[1] for each in parts)
    if count * width > MAX_FIGURES:
        raise ScrapeError(
            Outcome.BUCKET_LIMIT,
            f"{count} native histograms with up to {width - 3} buckets are more than {MAX_FIGURES} numbers: set "
            "native_histogram_bucket_limit or native_histogram_min_bucket_factor, or expose fewer",
        )
    cells = stacked_cells(parts)
    own_ms = np.concatenate([each.times_ms for each in parsed.histograms])
    timed = np.flatnonzero(own_ms)
    place = np.concatenate([np.full(floats, -1, dtype=np.int64), np.arange(count)])
    return Samples(
        parsed.series,
        np.concatenate([parsed.values, cells.sum]),
        np.concatenate([parsed.timed, floats + timed]),
        np.concatenate([parsed.times_ms, own_ms[timed]]),
        HistogramGrid(cells, place[:, np.newaxis]),
    )
