"""One target's series: its text goes in, samples, staleness markers and the report (`up` and its like) go to the store
in one append. Synchronous; a scrape loop calls it in a worker thread, one call at a time."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hivesight.ingest.parsed import Parsed
from hivesight.model.histogram import HistogramGrid, Indexes
from hivesight.model.labels import Labels
from hivesight.model.metadata import Metadata
from hivesight.model.series import STALE, Mask, Values
from hivesight.sources.body import BodyError, BodyReader
from hivesight.sources.config import ScrapeConfig
from hivesight.sources.exemplars import TargetExemplars
from hivesight.sources.fetch import Fetched, Outcome, ScrapeError
from hivesight.sources.labelling import SampleLabels
from hivesight.sources.metrics import ScrapeMetrics
from hivesight.sources.ports import Appender, SeriesGroup
from hivesight.sources.samples import Samples, samples_of
from hivesight.sources.target import Target
from hivesight.sources.timed import TimedSeries

DROPPED: Final = np.int32(-2)
"""The row of a series that metric relabelling drops."""
REFUSED: Final = np.int32(-1)
"""The row of a series that a limit of the store refuses."""
RETRY_SCRAPES: Final = 20
"""After so many scrapes the store is asked again for series that it refused."""
TIMED: Final = np.int32(-4)
"""The row of a series with timestamps of its own, which has a group of its own."""
REPORT: Final = (
    "up",
    "scrape_duration_seconds",
    "scrape_samples_scraped",
    "scrape_samples_post_metric_relabeling",
    "scrape_series_added",
)
REPORT_EXTRA: Final = ("scrape_timeout_seconds", "scrape_sample_limit", "scrape_body_size_bytes")

_NO_ROWS: Final = np.empty(0, dtype=np.int32)
_NO_VALUES: Final = np.empty(0, dtype=np.float64)
_HAS_OWN_GROUP: Final = frozenset({int(TIMED)})


@dataclass(frozen=True, slots=True)
class _Batch:
    """What one scrape has to store, and its counts. histograms: place of shape (len(rows), 1), None where all samples
    are floats. parsed: where the exemplars are."""

    scraped: int = 0
    kept: int = 0
    added: int = 0
    body_bytes: int = 0
    rows: NDArray[np.int32] = field(default_factory=lambda: _NO_ROWS)
    values: Values = field(default_factory=lambda: _NO_VALUES)
    histograms: HistogramGrid | None = None
    parsed: Parsed | None = None

    def at(self, which: Indexes | Mask) -> "_Batch":
        """Some of the samples."""
        grid = self.histograms
        return dataclasses.replace(
            self,
            rows=self.rows[which],
            values=self.values[which],
            histograms=None if grid is None else grid.at(grid.place[which]),
        )


class TargetSeries:
    """Holds what is known of one target's series between scrapes."""

    def __init__(self, target: Target, config: ScrapeConfig, appender: Appender, metrics: ScrapeMetrics) -> None:
        self._appender = appender
        self._metrics = metrics
        self._group: SeriesGroup | None = None
        self._last = _NO_ROWS
        self._report = _NO_ROWS
        self._last_time_ms = 0
        self._retry_in = RETRY_SCRAPES
        self.configure(target, config)

    def configure(self, target: Target, config: ScrapeConfig) -> None:
        """Goes on with other settings. The target's key must be the same; series that its settings no longer give end
        with the next scrape."""
        self._target = target
        self._config = config
        self._labels = SampleLabels(config, target.labels)
        self._forget_rows()

    def _forget_rows(self) -> None:
        self._body = BodyReader(self._config)
        self._cache = self._body.cache
        self._exemplars = TargetExemplars(self._labels, self._appender, self._metrics)
        self._report = _NO_ROWS
        self._timed = TimedSeries(
            self._target.key, self._appender, self._metrics, self._config.track_timestamps_staleness
        )

    def metadata(self) -> Mapping[str, Metadata]:
        """What the target says of its metrics, by name."""
        return dict(self._cache.metadata)

    def store(self, time_ms: int, result: Fetched | ScrapeError, seconds: float) -> ScrapeError | None:
        """Stores one scrape at `time_ms`. result: the target's answer, or why there is none. seconds: how long it took.
        Returns why the scrape failed, or None. Raises StorageError when the store takes nothing of it."""
        error, batch = (result, _Batch()) if isinstance(result, ScrapeError) else self._read(time_ms, result)
        if not self._append(time_ms, batch, error, seconds):
            # The store has dropped series that were registered long ago: begin anew, once.
            self._forget_rows()
            self._last = _NO_ROWS
            if not isinstance(result, ScrapeError):
                error, batch = self._read(time_ms, result)
            self._append(time_ms, batch, error, seconds)
        if error is not None:
            self._timed.end(time_ms)
        if batch.parsed is not None:
            self._exemplars.keep(time_ms, self._cache, batch.parsed, _HAS_OWN_GROUP)
        self._metrics.samples.inc(len(batch.rows))
        return error

    def end(self, time_ms: int) -> None:
        """The target is gone: its series end. Raises StorageError."""
        rows = np.union1d(self._last, self._report[self._report >= 0]).astype(np.int32)
        time_ms = max(time_ms, self._last_time_ms + 1)
        if self._group is not None and len(rows):
            self._group.append(time_ms, rows, np.full(len(rows), STALE))
        self._timed.end(time_ms)
        self._last = self._report = _NO_ROWS

    def _read(self, time_ms: int, fetched: Fetched) -> tuple[ScrapeError | None, _Batch]:
        size = len(fetched.body)
        try:
            parsed = self._body.read(fetched)
        except BodyError as error:
            return error, _Batch(error.samples, error.samples, body_bytes=size)
        try:
            samples = samples_of(parsed)
            ids, labels = self._name(samples)
        except ScrapeError as error:
            return error, _Batch(scraped=parsed.scraped, body_bytes=size)
        wide = [buckets for index, buckets in parsed.over_limit if self._cache.rows[index] != DROPPED]
        kept = int(np.count_nonzero(self._cache.rows[samples.series] != DROPPED)) + len(wide)
        exceeded = self._exceeded(kept, wide)
        if exceeded is not None:
            return exceeded, _Batch(parsed.scraped, kept=kept, body_bytes=size)
        if parsed.malformed:
            self._metrics.dropped.labels("malformed_histogram").inc(parsed.malformed)
        rows = self._rows(samples, ids, labels)
        timed = np.flatnonzero(rows == TIMED)
        if len(timed) or len(self._timed):
            self._timed.store(time_ms, samples, timed)
            self._timed.retain(set(np.flatnonzero(self._cache.rows == TIMED).tolist()))
        refused = rows == REFUSED
        if refused.any():
            self._metrics.dropped.labels("series_limit").inc(int(np.count_nonzero(refused)))
            self._retry_in -= 1
            if self._retry_in <= 0:
                self._retry_in = RETRY_SCRAPES
                self._cache.forget(set(samples.series[refused].tolist()))
        batch = _Batch(parsed.scraped, kept, len(labels), size, rows, samples.values, samples.histograms, parsed)
        return None, self._without_duplicates(batch.at(rows >= 0))

    def _exceeded(self, kept: int, wide: Sequence[int]) -> ScrapeError | None:
        """The limit that a body is over. kept: its samples after relabelling. wide: the buckets of each histogram that
        has too many in every resolution."""
        if 0 < self._config.sample_limit < kept:
            reason = f"sample limit exceeded: {kept} samples, sample_limit is {self._config.sample_limit}"
            return ScrapeError(Outcome.SAMPLE_LIMIT, reason)
        if wide:
            return ScrapeError(
                Outcome.BUCKET_LIMIT,
                f"histogram bucket limit exceeded: {len(wide)} native histograms have up to {max(wide)} buckets in the "
                f"coarsest resolution, native_histogram_bucket_limit is {self._config.native_histogram_bucket_limit}",
            )
        return None

    def _name(self, samples: Samples) -> tuple[list[int], list[Labels]]:
        """The ids of the series that need a row, and the labels that they are to have. Raises ScrapeError."""
        cache = self._cache
        timed: set[int] = set(samples.series[samples.timed].tolist()) if self._config.honor_timestamps else set()
        ids: list[int] = []
        labels: list[Labels] = []
        for index, exposed in cache.fresh.items():
            final = self._labels.final(exposed)
            if final is None:
                cache.rows[index] = DROPPED
            elif index in timed:
                cache.rows[index] = TIMED
                self._timed.add(index, final)
            else:
                ids.append(index)
                labels.append(final)
        return ids, labels

    def _rows(self, samples: Samples, ids: list[int], labels: list[Labels]) -> NDArray[np.int32]:
        """The row of each sample, new series registered. Raises StorageError."""
        cache = self._cache
        if ids:
            cache.rows[ids] = self._own_group().register(labels)
        cache.fresh.clear()
        rows = cache.rows[samples.series]
        if self._config.honor_timestamps and len(samples.timed):
            # Series that have a timestamp for the first time take this scrape's time now and are new next time.
            cache.forget(set(samples.series[samples.timed][rows[samples.timed] >= 0].tolist()))
        return rows

    def _own_group(self) -> SeriesGroup:
        if self._group is None:
            self._group = self._appender.group(self._target.key)
        return self._group

    def _without_duplicates(self, batch: _Batch) -> _Batch:
        """The first sample of each row, as Prometheus takes it."""
        rows, first = np.unique(batch.rows, return_index=True)
        if len(rows) == len(batch.rows):
            return batch
        self._metrics.dropped.labels("duplicate").inc(len(batch.rows) - len(rows))
        first.sort()
        return batch.at(first)

    def _append(self, time_ms: int, batch: _Batch, error: ScrapeError | None, seconds: float) -> bool:
        group = self._own_group()
        extra = bool(self._config.extra_scrape_metrics)
        if not len(self._report) or (self._report < 0).any():
            names = REPORT + REPORT_EXTRA if extra else REPORT
            self._report = group.register([self._labels.report(name) for name in names])
        report = [0.0 if error else 1.0, seconds, batch.scraped, batch.kept, batch.added]
        if extra:
            failed_size = error is not None and error.outcome is Outcome.BODY_SIZE
            size = -1.0 if failed_size else batch.body_bytes
            report += [self._target.timeout_ms / 1000, self._config.sample_limit, size]
        own = ~np.isin(batch.rows, self._report)
        gone = _NO_ROWS
        if not np.array_equal(self._last, batch.rows):
            gone = np.setdiff1d(self._last, batch.rows)
            gone = gone[~np.isin(gone, self._report)]
        rows = np.concatenate([batch.rows[own], gone, self._report]).astype(np.int32)
        values = np.concatenate([batch.values[own], np.full(len(gone), STALE), np.array(report, dtype=np.float64)])
        taken = rows >= 0
        grid = batch.histograms
        if grid is not None:
            place = np.full((len(rows), 1), -1, dtype=np.int64)
            place[: np.count_nonzero(own)] = grid.place[own]
            grid = grid.at(place[taken])
        result = group.append(time_ms, rows[taken], values[taken], grid)
        if result.unknown:
            return False
        for reason, count in (("out_of_order", result.out_of_order), ("duplicate", result.duplicate)):
            if count:
                self._metrics.dropped.labels(reason).inc(count)
        self._last, self._last_time_ms = batch.rows, time_ms
        return True
