"""Samples one by one become series blocks: series that have their samples at the same times stand together."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hivesight.model.batch import Samples
from hivesight.model.series import ABSENT, SeriesBlock, bits
from hivesight.storage.tsdb.backfill.series import BackfillSeries

_SPREAD: Final = np.uint64(0x9E3779B97F4A7C15)
_MIX: Final = np.uint64(0xBF58476D1CE4E5B9)
_FULL: Final = 2
"""An array may have so many cells for a sample: rows that lack some times of the others may stand with them."""


@dataclass(frozen=True, slots=True)
class Sorted:
    """Samples by series, then by time, none twice. repeated: how many were given again with the same value;
    conflicting: how many with another value, of which the first stands."""

    samples: Samples
    repeated: int
    conflicting: int


def sorted_samples(samples: Samples) -> Sorted:
    """Samples in any order, sorted."""
    refs, times, values = samples.refs, samples.times, samples.values
    order = np.lexsort((times, refs))
    refs, times, values = refs[order], times[order], values[order]
    new = np.ones(len(refs), dtype=bool)
    new[1:] = (refs[1:] != refs[:-1]) | (times[1:] != times[:-1])
    again = int((~new).sum())
    if not again:
        return Sorted(Samples(refs, times, values), 0, 0)
    kept = bits(values)[new][np.cumsum(new) - 1]
    conflicting = int((bits(values) != kept).sum())
    return Sorted(Samples(refs[new], times[new], values[new]), again - conflicting, conflicting)


def grouped(samples: Samples, series: BackfillSeries) -> Iterator[SeriesBlock]:
    """Sorted samples as blocks, which hold little more cells than there are samples."""
    if not len(samples):
        return
    starts = np.flatnonzero(np.diff(samples.refs, prepend=-1))
    counts = np.diff(starts, append=len(samples))
    mixed = (samples.times.astype(np.uint64) + _SPREAD) * _MIX
    mixed ^= mixed >> np.uint64(29)
    mixed *= _SPREAD
    # Series of one target have most of their times in common, and then very likely the one with the smallest hash.
    alike = np.minimum.reduceat(mixed, starts)
    same = np.add.reduceat(mixed, starts)
    for rows in _by(alike, np.arange(len(starts))):
        yield from _dense(samples, starts, counts, rows, [same, samples.refs[starts].astype(np.uint64)], series)


def _dense(
    samples: Samples,
    starts: NDArray[np.intp],
    counts: NDArray[np.intp],
    rows: NDArray[np.intp],
    finer: list[NDArray[np.uint64]],
    series: BackfillSeries,
) -> Iterator[SeriesBlock]:
    """One block of these rows, or several where it would be mostly empty."""
    taken = _samples_of(starts[rows], counts[rows])
    own = samples.times[taken]
    times = np.unique(own)
    if finer and len(rows) * len(times) > _FULL * len(taken):
        for fewer in _by(finer[0][rows], rows):
            yield from _dense(samples, starts, counts, fewer, finer[1:], series)
        return
    values = np.full((len(rows), len(times)), ABSENT)
    values[np.repeat(np.arange(len(rows)), counts[rows]), np.searchsorted(times, own)] = samples.values[taken]
    yield SeriesBlock(series.table(samples.refs[starts[rows]]), times, values)


def _by(keys: NDArray[np.uint64], rows: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    """Rows with equal keys together, each in the order given."""
    order = np.argsort(keys, kind="stable")
    cuts = np.flatnonzero(keys[order][1:] != keys[order][:-1]) + 1
    return np.split(rows[order], cuts)


def _samples_of(starts: NDArray[np.intp], counts: NDArray[np.intp]) -> NDArray[np.intp]:
    """The places of all samples of some rows."""
    before = np.cumsum(counts) - counts
    return np.arange(int(counts.sum())) + np.repeat(starts - before, counts)
