"""Samples from senders that push: each comes with a time of its own, so series are gathered by the times that they
share. Samples with refs in, verdicts out; `lanes` knows where a series lives, `writer` logs and shows.

A request is cut into pieces of series that have the very same times in it and live in the same lane: the dense arrays
that a group is made of, at the cost of one sort."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hivesight.model.batch import Exemplar, Samples, Verdict, Verdicts
from hivesight.model.histogram import HistogramGrid
from hivesight.model.labels import Labels
from hivesight.model.metadata import Metadata
from hivesight.model.series import Mask, Times, bits, canonical_nans, is_stale
from hivesight.storage.tsdb.lanes import GONE, NEW, Lane, Lanes
from hivesight.storage.tsdb.piece import Piece
from hivesight.storage.tsdb.plan import MAX_TIME_MS, plan_piece
from hivesight.storage.tsdb.side_codec import encode_exemplars, encode_metadata
from hivesight.storage.tsdb.stats import Refusal
from hivesight.storage.tsdb.writer import Write, Writer

MAX_AHEAD_MS: Final = 600_000
"""So far in the future a sample may lie (Prometheus' remote write handler)."""

_REFUSALS: Final = {
    Verdict.OUT_OF_ORDER: Refusal.OUT_OF_ORDER,
    Verdict.DUPLICATE: Refusal.DUPLICATE,
    Verdict.OUT_OF_BOUNDS: Refusal.OUT_OF_BOUNDS,
    Verdict.REFUSED: Refusal.REFUSED_SERIES,
    Verdict.UNKNOWN: Refusal.UNKNOWN_ROW,
}

_Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Cluster:
    """Series of one lane with the same times in a request. refs: of each series. at: shape (series, times), where
    their samples stand among those of the request."""

    lane: int
    refs: NDArray[np.int32]
    at: _Places


class Push:
    """The store's side of `ingest.ports.PushStore`. Any thread may call."""

    def __init__(self, writer: Writer, lanes: Lanes, oldest_ms: Callable[[], int], now_ms: Callable[[], int]) -> None:
        """oldest_ms: what is older is not taken."""
        self.out_of_order_ms = 0
        """So much older than the newest sample of all a late sample may be; 0 takes none."""
        self._writer = writer
        self._lanes = lanes
        self._oldest_ms = oldest_ms
        self._now_ms = now_ms

    def register(self, labels: Sequence[Labels]) -> NDArray[np.int32]:
        """See PushStore."""
        with self._writer.writing:
            self._writer.check_open()
            return self._lanes.refs(labels, self._writer.admission)

    def append(self, samples: Samples) -> Verdicts:
        """See PushStore."""
        with self._writer.writing:
            self._writer.check_open()
            verdicts = np.zeros(len(samples), dtype=np.int8)
            if len(samples):
                self._append(_clean(samples), verdicts)
            self._count(verdicts)
            return verdicts

    def keep_exemplars(self, exemplars: Sequence[Exemplar]) -> int:
        """See PushStore."""
        with self._writer.writing:
            taken = self._writer.head.exemplars.acceptable(exemplars)
            if taken:
                self._writer.note(encode_exemplars(taken), lambda head: head.exemplars.keep(taken))
            return len(taken)

    def describe(self, metadata: Mapping[str, Metadata]) -> None:
        """See PushStore."""
        with self._writer.writing:
            news = self._writer.head.metadata.news(metadata)
            if news:
                self._writer.note(encode_metadata(news), lambda head: head.metadata.describe(news))

    def _append(self, samples: Samples, verdicts: Verdicts) -> None:
        """Stores what may be stored, log first, and all or, on an error, nothing."""
        taken = self._taken(samples, verdicts)
        if not len(taken):
            return
        writes: list[Write] = []
        laned: list[tuple[NDArray[np.int32], Lane, NDArray[np.int32]]] = []
        clusters = _clusters(samples.refs[taken], samples.times[taken], self._lanes)
        for cluster in clusters:
            at = taken[cluster.at]
            piece = _piece(samples, at)
            if cluster.lane != NEW:
                lane = self._lanes.lane(cluster.lane)
                self._put(lane, self._lanes.numbers(cluster.refs), piece, at, verdicts, writes)
                self._lanes.expect(lane, piece.times)
                continue
            for lane, rows in self._lanes.places(piece.times, len(cluster.refs)):
                new = self._lanes.new_series(lane, cluster.refs[rows])
                writes.append(Write(lane.group, new.numbers, piece.rows(rows), new))
                laned.append((cluster.refs[rows], lane, new.numbers))
        try:
            self._writer.store(writes)
        except BaseException:
            self._lanes.failed()
            raise
        for refs, lane, numbers in laned:
            self._lanes.settle(refs, lane, numbers)
        written = taken[verdicts[taken] == Verdict.WRITTEN]
        self._lanes.stored(samples.refs[written], samples.times[written])

    def _put(
        self,
        lane: Lane,
        numbers: NDArray[np.int32],
        piece: Piece,
        at: _Places,
        verdicts: Verdicts,
        writes: list[Write],
    ) -> None:
        """Plans a piece of known series; notes what of it is not taken."""
        plan = plan_piece(lane.group.columns, numbers, piece)
        if not plan.known.all():
            verdicts[at[~plan.known]] = Verdict.UNKNOWN
            numbers = numbers[plan.known]
        if plan.differs is not None and plan.differs.any():
            verdicts[at[plan.known][plan.differs]] = Verdict.DUPLICATE
        present = plan.piece.present
        if present.all():
            if len(numbers):
                writes.append(Write(lane.group, numbers, plan.piece))
        elif present.any():
            rows: Mask = np.logical_or.reduce(present, axis=1)
            writes.append(Write(lane.group, numbers[rows], plan.piece.rows(rows)))

    def _taken(self, samples: Samples, verdicts: Verdicts) -> _Places:
        """Where the samples stand that may be stored, by ref and time, each time of a series once."""
        refs, times = samples.refs, samples.times
        bad = refs < 0
        verdicts[bad] = Verdict.REFUSED
        gone = ~bad & (self._lanes.of(refs) == GONE)
        verdicts[gone] = Verdict.UNKNOWN
        low, high = max(self._oldest_ms(), 1 - MAX_TIME_MS), min(self._now_ms() + MAX_AHEAD_MS, MAX_TIME_MS - 1)
        outside = ~bad & ~gone & ((times < low) | (times > high))
        verdicts[outside] = Verdict.OUT_OF_BOUNDS
        bad |= gone | outside
        places = np.flatnonzero(~bad) if bad.any() else np.arange(len(refs))
        if not bool((np.diff(refs[places]) >= 0).all()):
            places = places[np.argsort(refs[places], kind="stable")]
        sorted_refs, sorted_times = refs[places], times[places]
        known = self._lanes.newest(sorted_refs)
        late = sorted_times < known
        if late.any():
            refused = late & (sorted_times < self._lanes.newest_ms - self.out_of_order_ms)
            if not self.out_of_order_ms:
                refused = late
            verdicts[places[refused]] = Verdict.OUT_OF_ORDER
            places = places[~refused]
            sorted_refs, sorted_times = refs[places], times[places]
        # The order within a request means nothing: a message has a series' floats and its histograms apart.
        if bool(((sorted_times[1:] > sorted_times[:-1]) | (sorted_refs[1:] != sorted_refs[:-1])).all()):
            return places
        return _once(samples, places[np.lexsort((sorted_times, sorted_refs))], verdicts)

    def _count(self, verdicts: Verdicts) -> None:
        counts = np.bincount(verdicts, minlength=len(Verdict)).tolist()
        for verdict, refusal in _REFUSALS.items():
            if counts[verdict]:
                self._writer.counters.samples_refused[refusal] += counts[verdict]


def _clean(samples: Samples) -> Samples:
    """The same with NaNs in their stored forms, and markers of staleness that are floats."""
    values = canonical_nans(np.ascontiguousarray(samples.values, dtype=np.float64))
    histograms, cell, starts = samples.histograms, samples.cell, samples.starts
    if histograms is None or cell is None or not len(histograms):
        histograms = cell = None
    else:
        cell = np.where(is_stale(values), -1, cell)
    if starts is not None and not starts.any():
        starts = None
    return Samples(samples.refs, samples.times, values, histograms, cell, starts)


def _once(samples: Samples, places: _Places, verdicts: Verdicts) -> _Places:
    """Of samples of one series at one time, which stand together, the first."""
    refs, times = samples.refs[places], samples.times[places]
    again = np.concatenate(([False], (refs[1:] == refs[:-1]) & (times[1:] == times[:-1])))
    if not again.any():
        return places
    first = places[np.maximum.accumulate(np.where(again, 0, np.arange(len(places))))]
    differs = bits(samples.values[places]) != bits(samples.values[first])
    verdicts[places[again & differs]] = Verdict.DUPLICATE
    return places[~again]


def _clusters(refs: NDArray[np.int32], times: Times, lanes: Lanes) -> list[Cluster]:
    """Samples by ref and time, cut where lane or times differ; series without a lane last. Numbers of rows increase
    within a cluster."""
    begins = np.flatnonzero(np.concatenate(([True], refs[1:] != refs[:-1])))
    lengths = np.diff(begins, append=len(refs))
    series = refs[begins]
    vector = np.empty(len(begins), np.int64)
    single = lengths == 1
    distinct, vector[single] = np.unique(times[begins[single]], return_inverse=True)
    numbers: dict[bytes, int] = {}
    for each in np.flatnonzero(~single).tolist():
        start = int(begins[each])
        key = times[start : start + int(lengths[each])].tobytes()
        vector[each] = len(distinct) + numbers.setdefault(key, len(numbers))
    lane = lanes.of(series).astype(np.int64)
    lane[lane == NEW] = np.iinfo(np.int64).max
    order = np.lexsort((lanes.numbers(series), vector, lane))
    lane, vector = lane[order], vector[order]
    cuts = np.flatnonzero((lane[1:] != lane[:-1]) | (vector[1:] != vector[:-1])) + 1
    found: list[Cluster] = []
    for rows in np.split(order, cuts):
        at = begins[rows][:, np.newaxis] + np.arange(int(lengths[rows[0]]))
        found.append(Cluster(int(lanes.of(series[rows[:1]])[0]), series[rows], at))
    return found


def _piece(samples: Samples, at: _Places) -> Piece:
    """The samples at these places, shape (series, times), as a piece."""
    grid = starts = None
    if samples.histograms is not None and samples.cell is not None:
        place = samples.cell[at]
        if bool((place >= 0).any()):
            grid = HistogramGrid(samples.histograms, place)
    if samples.starts is not None:
        starts = samples.starts[at]
    return Piece(samples.times[at[0]], samples.values[at], grid, starts)
