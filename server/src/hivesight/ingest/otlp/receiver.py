"""One export request into the store: what the HTTP and the gRPC door call, from any thread."""

from collections import Counter
from dataclasses import dataclass
from threading import Lock

import numpy as np
from google.protobuf.message import DecodeError
from numpy.typing import NDArray
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from hivesight.ingest.otlp.columns import Column, Reading
from hivesight.ingest.otlp.config import OtlpConfig
from hivesight.ingest.otlp.delta import Totals
from hivesight.ingest.otlp.json_format import message_of
from hivesight.ingest.otlp.limits import BadRequest, OtlpLimits, Reason, TooLarge
from hivesight.ingest.otlp.metrics import OtlpMetrics
from hivesight.ingest.otlp.native import batches
from hivesight.ingest.otlp.series import SeriesCache
from hivesight.ingest.otlp.translate import Translation
from hivesight.ingest.ports import PushStore
from hivesight.model.batch import Samples, Verdict
from hivesight.model.clock import Clock
from hivesight.model.errors import StorageError


@dataclass(frozen=True, slots=True)
class Outcome:
    """rejected: how many data points were not stored; message: why, empty where all were."""

    rejected: int = 0
    message: str = ""


class OtlpReceiver:
    """Takes requests one after the other: what is remembered of the ones before belongs to all."""

    def __init__(
        self,
        store: PushStore,
        clock: Clock,
        metrics: OtlpMetrics,
        config: OtlpConfig | None = None,
        limits: OtlpLimits | None = None,
    ) -> None:
        self.limits = limits or OtlpLimits()
        self.metrics = metrics
        self._store = store
        self._clock = clock
        self._lock = Lock()
        self._cache = SeriesCache(config or OtlpConfig(), self.limits)
        self._totals = Totals(self.limits.delta_series, self.limits.delta_age_ms)

    def apply(self, config: OtlpConfig) -> None:
        """Translates by this configuration from the next request on."""
        with self._lock:
            self._cache = SeriesCache(config, self.limits)

    def export(self, body: bytes, *, json: bool = False) -> Outcome:
        """Stores what can be stored. Raises BadRequest and TooLarge, and StorageError of the store; after that one the
        same request may be sent again."""
        try:
            outcome = self._export(body, json)
        except BadRequest:
            self.metrics.requests.labels("bad").inc()
            raise
        except TooLarge:
            self.metrics.requests.labels("too_large").inc()
            raise
        except StorageError:
            self.metrics.requests.labels("store").inc()
            raise
        self.metrics.requests.labels("ok").inc()
        return outcome

    def _export(self, body: bytes, json: bool) -> Outcome:
        if len(body) > self.limits.body_bytes:
            raise TooLarge(f"the request is larger than {self.limits.body_bytes} bytes: send fewer points at a time")
        request = message_of(body, self.limits.points) if json else _message_of(body, self.limits.points)
        with self._lock:
            now_ms = self._clock.now_ms()
            self._cache.begin()
            self._totals.expire(now_ms)
            reading = Translation(self._cache, self._totals, self.limits, now_ms).read(request)
            del request
            refused = self._store_all(reading)
        rejected = reading.rejected
        if refused:
            rejected[Reason.STORE] += sum(refused.values())
        self.metrics.points.inc(reading.points)
        self.metrics.exemplars_dropped.inc(reading.exemplars_dropped)
        for reason, points in rejected.items():
            self.metrics.rejected.labels(reason.label).inc(points)
        return Outcome(rejected.total(), _message(rejected, refused))

    def _store_all(self, reading: Reading) -> Counter[str]:
        """How many points the store refused, by its verdict."""
        verdicts: dict[int, int] = {}
        # First, since it is read only once: a request that is sent again after a failure does not say it anew.
        if reading.metadata:
            self._store.describe(reading.metadata)
        if reading.floats.slots:
            self._append(reading.floats, verdicts)
        natives = reading.natives
        for start, cells in batches(reading.histograms):
            end = start + len(cells)
            part = Column(*(getattr(natives, name)[start:end] for name in ("slots", "times", "starts", "values")))
            part.points = natives.points[start:end]
            self._append(part, verdicts, Samples(*_NOTHING, histograms=cells, cell=np.arange(len(cells))))
        if reading.exemplars:
            self._store.keep_exemplars(reading.exemplars)
        return Counter(Verdict(each).name.lower() for each in verdicts.values())

    def _append(self, column: Column, refused: dict[int, int], native: Samples | None = None) -> None:
        slots = np.array(column.slots, dtype=np.int64)
        refs = self._cache.refs(slots, self._store)
        times, values, starts = column.times_ms(), column.numbers(), column.starts_ms()
        cells, cell = (native.histograms, native.cell) if native is not None else (None, None)
        verdicts = self._store.append(Samples(refs, times, values, cells, cell, starts))
        again = np.flatnonzero(verdicts == Verdict.UNKNOWN)
        if len(again):
            refs = self._cache.refs(slots[again], self._store, again=True)
            late = Samples(
                refs,
                times[again],
                values[again],
                cells,
                cell[again] if cell is not None else None,
                starts[again] if starts is not None else None,
            )
            verdicts = verdicts.copy()
            verdicts[again] = self._store.append(late)
        for index in np.flatnonzero(verdicts != Verdict.WRITTEN).tolist():
            if column.points[index] >= 0:
                refused[column.points[index]] = int(verdicts[index])


_NOTHING: tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.float64]] = (
    np.zeros(0, np.int32),
    np.zeros(0, np.int64),
    np.zeros(0),
)


def _message_of(body: bytes, max_points: int) -> ExportMetricsServiceRequest:
    try:
        request = ExportMetricsServiceRequest.FromString(body)
    except DecodeError as error:
        raise BadRequest("the body is no ExportMetricsServiceRequest, or is nested too deeply") from error
    count, around = 0, len(request.resource_metrics)
    for resource in request.resource_metrics:
        around += len(resource.scope_metrics)
        for scope in resource.scope_metrics:
            around += len(scope.metrics)
            if around > max_points:
                break
            for metric in scope.metrics:
                kind = metric.WhichOneof("data")
                count += len(getattr(metric, kind).data_points) if kind is not None else 0
    if around > max_points:
        raise TooLarge(f"more than {max_points} resources, scopes and metrics in a request: send fewer at a time")
    if count > max_points:
        raise TooLarge(f"more than {max_points} data points in a request: send fewer at a time")
    return request


def _message(rejected: Counter[Reason], refused: Counter[str]) -> str:
    parts = [f"{points} points: {reason}" for reason, points in rejected.items() if reason is not Reason.STORE]
    parts += [f"{points} points: the store refused samples ({verdict})" for verdict, points in refused.items()]
    return "; ".join(parts)
