"""OTLP's exponential histograms, and those with explicit bounds, as native histograms in columns of bounded size."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from hivesight.model.histogram import Histogram, HistogramCells, Layout

ZERO_THRESHOLD: Final = 1e-128
"""Where the sender says none, as in Prometheus."""
MAX_SCALE: Final = 8
MIN_SCALE: Final = -4
MAX_NUMBERS: Final = 4_000_000
"""The most numbers in one array of cells: 32 MB."""


def buckets_of(counts: Sequence[int], offset: int, down: int) -> dict[int, float]:
    """Counts by bucket key. The sender's bucket 0 begins at 1 and ours ends there; `down`: by how many scales they
    become coarser."""
    found: dict[int, float] = {}
    for index, count in enumerate(counts, offset):
        if count:
            key = (index >> down) + 1
            found[key] = found.get(key, 0.0) + count
    return found


def batches(histograms: Sequence[Histogram]) -> Iterator[tuple[int, HistogramCells]]:
    """The histograms as cells, in parts that are as large as memory allows; with each the position of its first."""
    start, widest = 0, 0
    for index, each in enumerate(histograms):
        width = 3 + len(each.positive) + len(each.negative)
        if index > start and (index - start + 1) * max(widest, width) > MAX_NUMBERS:
            yield start, _cells(histograms[start:index])
            start, widest = index, 0
        widest = max(widest, width)
    if histograms:
        yield start, _cells(histograms[start:])


def _cells(histograms: Sequence[Histogram]) -> HistogramCells:
    """A layout for each set of buckets: a union over all could be as wide as all of them together."""
    layouts: dict[Layout, int] = {}
    layout = np.empty(len(histograms), dtype=np.int32)
    width = 3 + max(len(each.positive) + len(each.negative) for each in histograms)
    figures = np.zeros((len(histograms), width))
    for row, each in enumerate(histograms):
        keys = Layout(each.scale, tuple(sorted(each.negative)), tuple(sorted(each.positive)))
        layout[row] = layouts.setdefault(keys, len(layouts))
        numbers = [each.negative[key] for key in keys.negative] + [each.positive[key] for key in keys.positive]
        figures[row, : 3 + len(numbers)] = (each.count, each.sum, each.zero, *numbers)
    return HistogramCells(tuple(layouts), layout, figures, np.array([each.hint for each in histograms], dtype=np.int8))
