"""The log into batches: what was acknowledged becomes columns of what the receiver shall get, as much as is asked for.
Called off the event loop."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hivesight.export.remote_write.batch import Batch, Example, joined, some
from hivesight.export.remote_write.catalog import DROPPED, Catalog, place
from hivesight.export.remote_write.kinds import Dropped, Kind
from hivesight.export.remote_write.message import Message
from hivesight.model.batch import Exemplar, Samples
from hivesight.model.histogram import HistogramCells
from hivesight.storage.tsdb.codec import SeriesDefinition
from hivesight.storage.tsdb.framing import Position
from hivesight.storage.tsdb.tail import Pushed, Scraped, Tail

RELOAD_SERIES: Final = 10_000
"""So many series, and twice as many as the last checkpoint had, are too many to keep without looking whether they are
still there."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the receiver shall get beside float samples."""

    histograms: bool
    exemplars: bool


@dataclass(slots=True)
class Round:
    """What stands in the log from `begin` to `end`. pending: how much of it there is to send; dropped: to leave out.
    skipped_segments: how many were gone or damaged."""

    begin: Position
    end: Position
    parts: list[Samples] = field(default_factory=list[Samples])
    exemplars: list[Example] = field(default_factory=list[Example])
    dropped: Counter[tuple[Kind, Dropped]] = field(default_factory=Counter[tuple[Kind, Dropped]])
    pending: Counter[Kind] = field(default_factory=Counter[Kind])
    skipped_segments: int = 0

    def __len__(self) -> int:
        """Samples and exemplars."""
        return self.pending.total()

    def batch(self) -> Batch:
        """All of it."""
        return Batch(joined(self.parts), self.exemplars)


class Reading:
    """Reads on from where the tail stands."""

    def __init__(self, tail: Tail, make: Callable[[], tuple[Catalog, Message]], wanted: Wanted) -> None:
        """make: a catalog without series, and the message that it spells them for."""
        self._tail = tail
        self._make = make
        self._wanted = wanted
        self._checkpoint = -1
        self._loaded_series = 0
        self.catalog, self.message = make()
        self.round = Round(tail.position, tail.position)

    @property
    def more(self) -> bool:
        """Whether there is something to read."""
        return not self._tail.at_end

    def read(self, most: int, until: Position | None = None) -> None:
        """Adds to the round until it has `most` samples, or stands at `until`, or all is read. Raises OSError."""
        if self._checkpoint < 0 or (not self.round and self._outgrown()):
            self._load()
        if until is None or self._tail.position < until:
            for entry in self._tail.entries():
                self._take(entry)
                if len(self.round) >= most or (until is not None and self._tail.position >= until):
                    break
        self.round.end = self._tail.position
        self.round.skipped_segments = self._tail.skipped_segments

    def take(self) -> Round:
        """The round that was read; the next begins behind it."""
        done, self.round = self.round, Round(self.round.end, self.round.end)
        self._tail.skipped_segments = 0
        return done

    def release(self, position: Position) -> None:
        """All before it was sent, and need not be read again."""
        self._tail.needed = position

    def close(self) -> None:
        self._tail.close()

    def _load(self) -> None:
        """Takes in the series that are defined before the place where reading goes on."""
        catalog, message = self._make()
        checkpoint, definitions = self._tail.definitions()
        for each in definitions:
            catalog.define(each)
        self.catalog, self.message = catalog, message
        self._checkpoint, self._loaded_series = checkpoint, len(catalog.spelled)

    def _outgrown(self) -> bool:
        """Whether a newer checkpoint knows which of the many series are still there."""
        series = len(self.catalog.spelled)
        if series <= max(RELOAD_SERIES, 2 * self._loaded_series):
            return False
        # Only a checkpoint that was passed: of what stands before it, series may be sent that it does not know.
        return self._tail.position.segment >= self._tail.checkpoint > self._checkpoint

    def _take(self, entry: SeriesDefinition | Scraped | Pushed | list[Exemplar]) -> None:
        match entry:
            case SeriesDefinition():
                self.catalog.define(entry)
            case Scraped(group, time_ms, numbers, values):
                refs = self.catalog.refs(group, numbers)
                self._add(Samples(refs, np.full(len(refs), time_ms, dtype=np.int64), values))
            case Pushed(group, numbers, piece):
                rows, columns = np.nonzero(piece.present)
                refs, times, values = self.catalog.refs(group, numbers)[rows], piece.times[columns], piece.values
                if piece.histograms is None:
                    self._add(Samples(refs, times, values[rows, columns]))
                else:
                    cell = piece.histograms.place[rows, columns]
                    self._add(Samples(refs, times, values[rows, columns], piece.histograms.cells, cell))
            case _:
                self._add_exemplars(entry)

    def _add(self, samples: Samples) -> None:
        kept = samples.refs >= 0
        if samples.cell is not None and samples.histograms is not None:
            kept &= self._sent_histograms(samples.histograms, samples.cell)
        for reason, where in (
            (Dropped.RELABELLED, samples.refs == DROPPED),
            (Dropped.UNKNOWN, (samples.refs < 0) & (samples.refs != DROPPED)),
        ):
            self._count(reason, samples, where)
        if kept.all():
            self._keep(samples)
        elif kept.any():
            self._keep(some(samples, kept))

    def _keep(self, samples: Samples) -> None:
        self.round.parts.append(samples)
        self.round.pending.update(Batch(samples).sizes)

    def _sent_histograms(self, cells: HistogramCells, cell: NDArray[np.int64]) -> NDArray[np.bool_]:
        if not self._wanted.histograms:
            return cell < 0
        if self.message.custom_bounds:
            return np.ones(len(cell), dtype=np.bool_)
        custom = np.array([each.scale.custom for each in cells.layouts], dtype=np.bool_)[cells.layout]
        refused = np.append(custom, False)[cell]
        self.round.dropped[Kind.HISTOGRAMS, Dropped.CUSTOM_BOUNDS] += int(refused.sum())
        return ~refused

    def _count(self, reason: Dropped, samples: Samples, where: NDArray[np.bool_]) -> None:
        number = int(where.sum())
        if not number:
            return
        histograms = 0 if samples.cell is None else int((where & (samples.cell >= 0)).sum())
        self.round.dropped[Kind.SAMPLES, reason] += number - histograms
        self.round.dropped[Kind.HISTOGRAMS, reason] += histograms

    def _add_exemplars(self, exemplars: list[Exemplar]) -> None:
        for each in exemplars if self._wanted.exemplars else ():
            labels = self.catalog.relabelled(each.series)
            if labels is None:
                self.round.dropped[Kind.EXEMPLARS, Dropped.RELABELLED] += 1
            else:
                self.round.exemplars.append(Example(labels, each, place(labels)))
                self.round.pending[Kind.EXEMPLARS] += 1
