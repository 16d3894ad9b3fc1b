"""Samples on their way out, as columns."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hivesight.export.remote_write.kinds import Kind
from hivesight.model.batch import Exemplar, Samples
from hivesight.model.histogram import HistogramCells, stacked_cells
from hivesight.model.labels import Labels

NO_SAMPLES = Samples(np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(0))


@dataclass(frozen=True, slots=True)
class Example:
    """An exemplar under the labels that its series has for the receiver. place: as `Catalog.places`."""

    labels: Labels
    exemplar: Exemplar
    place: int


@dataclass(frozen=True, slots=True)
class Batch:
    """What one request carries. samples: refs are numbers of the catalog's series."""

    samples: Samples = NO_SAMPLES
    exemplars: Sequence[Example] = ()

    @property
    def sizes(self) -> dict[Kind, int]:
        """How much there is of each kind."""
        histograms = 0 if self.samples.cell is None else int((self.samples.cell >= 0).sum())
        floats = len(self.samples) - histograms
        return {Kind.SAMPLES: floats, Kind.HISTOGRAMS: histograms, Kind.EXEMPLARS: len(self.exemplars)}

    def __bool__(self) -> bool:
        return len(self.samples) > 0 or len(self.exemplars) > 0

    def since(self, oldest_ms: int) -> "Batch":
        """What of it is not older."""
        kept = self.samples.times >= oldest_ms
        return Batch(some(self.samples, kept), [each for each in self.exemplars if each.exemplar.time_ms >= oldest_ms])


def some(samples: Samples, which: NDArray[np.intp] | NDArray[np.bool_]) -> Samples:
    """These of the samples; the cells stay, numbered as they are."""
    cell = None if samples.cell is None else samples.cell[which]
    return Samples(samples.refs[which], samples.times[which], samples.values[which], samples.histograms, cell)


def joined(parts: Sequence[Samples]) -> Samples:
    """One behind the other."""
    if not parts:
        return NO_SAMPLES
    cells: list[HistogramCells] = []
    numbered: list[NDArray[np.int64]] = []
    offset = 0
    for each in parts:
        if each.histograms is None or each.cell is None:
            numbered.append(np.full(len(each), -1, np.int64))
        else:
            numbered.append(np.where(each.cell < 0, -1, each.cell + offset))
            cells.append(each.histograms)
            offset += len(each.histograms)
    refs = np.concatenate([each.refs for each in parts])
    times = np.concatenate([each.times for each in parts])
    values = np.concatenate([each.values for each in parts])
    if not cells:
        return Samples(refs, times, values)
    return Samples(refs, times, values, stacked_cells(cells), np.concatenate(numbered))
