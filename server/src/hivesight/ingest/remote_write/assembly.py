"""The samples of a request in the order in which the store is to take them: floats and histograms of each series
together, so that neither comes before one of the other kind that is older."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hivesight.ingest.remote_write.histograms import Histograms
from hivesight.ingest.remote_write.outcome import BAD_HISTOGRAM, BAD_LABELS, Refusals
from hivesight.ingest.remote_write.request import Request
from hivesight.ingest.remote_write.wire import Places
from hivesight.model.batch import Samples
from hivesight.model.histogram import HistogramCells
from hivesight.model.series import STALE


@dataclass(frozen=True, slots=True)
class Assembly:
    """Columns of shape (samples,). series: whose of the request's. is_histogram: what came as one, those that end a
    series among them. The others are as in `Samples`."""

    series: Places
    times: Places
    values: NDArray[np.float64]
    starts: Places
    is_histogram: NDArray[np.bool_]
    cell: Places
    cells: HistogramCells | None

    def rows(self, which: NDArray[np.bool_] | Places) -> "Assembly":
        """These samples alone."""
        cells, cell = self.cells, self.cell[which]
        return Assembly(
            self.series[which],
            self.times[which],
            self.values[which],
            self.starts[which],
            self.is_histogram[which],
            cell,
            cells,
        )

    def samples(self, refs: Places) -> Samples:
        """What the store takes; refs: those of the request's series."""
        own = refs[self.series].astype(np.int32)
        starts = self.starts if self.starts.any() else None
        if self.cells is None:
            return Samples(own, self.times, self.values, starts=starts)
        return Samples(own, self.times, self.values, self.cells, self.cell, starts)


def assembled(request: Request, histograms: Histograms, refusals: Refusals) -> Assembly:
    """All samples whose series has a ref or is refused by a limit; the others are noted in `refusals`."""
    floats, count = request.floats, len(request.floats.series)
    good = request.refs[floats.series] >= -1
    none = np.full(count, -1, dtype=np.int64)
    starts = np.where(floats.starts != 0, floats.starts, request.starts[floats.series])
    whole = Assembly(floats.series, floats.times, floats.values, starts, np.zeros(count, np.bool_), none, None)
    if not len(histograms.series):
        _note(refusals, BAD_LABELS, int((~good).sum()))
        return whole if good.all() else whole.rows(good)
    bad = np.zeros(len(histograms.series), dtype=np.bool_)
    bad[list(histograms.bad)] = True
    named = request.refs[histograms.series] >= -1
    for number, reason in histograms.bad.items():
        if named[number]:
            refusals.add(BAD_HISTOGRAM, 1, f"{reason}: {_name(request, int(histograms.series[number]), refusals)}")
    _note(refusals, BAD_LABELS, int((~good).sum() + (~named).sum()))
    kept = np.flatnonzero(named & ~bad)
    stale = histograms.stale[kept]
    cells = histograms.cells.rows(kept[~stale])
    cell = np.full(len(kept), -1, dtype=np.int64)
    cell[~stale] = np.arange(len(cells))
    values = np.where(stale, STALE, histograms.cells.sum[kept])
    began = np.where(histograms.starts != 0, histograms.starts, request.starts[histograms.series])[kept]
    both = Assembly(
        np.concatenate([floats.series[good], histograms.series[kept]]),
        np.concatenate([floats.times[good], histograms.times[kept]]),
        np.concatenate([floats.values[good], values]),
        np.concatenate([starts[good], began]),
        np.concatenate([np.zeros(int(good.sum()), np.bool_), np.ones(len(kept), np.bool_)]),
        np.concatenate([none[good], cell]),
        cells if len(cells) else None,
    )
    return both.rows(np.argsort(both.series, kind="stable"))


def _note(refusals: Refusals, reason: str, count: int) -> None:
    if count:
        refusals.add(reason, count, "labels that cannot be taken")


def _name(request: Request, row: int, refusals: Refusals) -> str:
    """The series, for the first that is refused: nobody reads the others."""
    return str(request.labels([row])[0])[:300] if BAD_HISTOGRAM not in refusals.examples else ""
