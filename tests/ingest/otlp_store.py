"""A store that keeps in memory what decoders of push protocols hand over, and requests as SDKs build them."""

from typing import Any

import numpy as np
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from prometheus_client import CollectorRegistry

from hivesight.ingest.otlp import OtlpConfig, OtlpLimits, OtlpMetrics, OtlpReceiver
from hivesight.model.batch import Verdict
from hivesight.model.errors import StorageError

T0 = 1_700_000_000_000
NS = 1_000_000


class Clock:
    def __init__(self) -> None:
        self.ms = T0

    def now_ms(self) -> int:
        return self.ms

    def monotonic(self) -> float:
        return self.ms / 1000


class MemoryStore:
    def __init__(self) -> None:
        self.refs: dict[Any, int] = {}
        self.labels: list[Any] = []
        self.samples: list[tuple[Any, int, Any, int]] = []
        self.exemplars: list[Any] = []
        self.metadata: dict[str, Any] = {}
        self.registered = 0
        self.failing = False
        self.verdict = Verdict.WRITTEN
        self.forgetful = False

    def register(self, labels):
        self.registered += len(labels)
        found = []
        for each in labels:
            if each not in self.refs:
                self.refs[each] = len(self.labels)
                self.labels.append(each)
            found.append(self.refs[each])
        return np.array(found, dtype=np.int32)

    def append(self, samples):
        if self.failing:
            raise StorageError("the disk is full")
        if self.forgetful:
            self.forgetful = False
            return np.full(len(samples), Verdict.UNKNOWN, dtype=np.int8)
        if self.verdict is Verdict.WRITTEN:
            for at in range(len(samples)):
                value: Any = samples.values[at]
                if samples.cell is not None and samples.cell[at] >= 0:
                    value = samples.histograms.histogram(int(samples.cell[at]))
                start = 0 if samples.starts is None else int(samples.starts[at])
                self.samples.append((self.labels[samples.refs[at]], int(samples.times[at]) - T0, value, start))
        return np.full(len(samples), self.verdict, dtype=np.int8)

    def keep_exemplars(self, exemplars):
        self.exemplars += exemplars
        return len(exemplars)

    def describe(self, metadata):
        self.metadata.update(metadata)

    def shown(self) -> dict[str, Any]:
        """The newest value of each series, under the series as PromQL writes it."""
        return {str(labels): value for labels, _, value, _ in self.samples}


def attributes(**values: Any) -> list[KeyValue]:
    return [
        KeyValue(
            key=name.replace("__", "."),
            value=AnyValue(int_value=value) if isinstance(value, int) else AnyValue(string_value=value),
        )
        for name, value in values.items()
    ]


def request(*metrics: dict[str, Any], resource: list[KeyValue] | None = None) -> ExportMetricsServiceRequest:
    resource = attributes(service__name="api", service__namespace="shop") if resource is None else resource
    scopes = [{"scope": {"name": "lib", "version": "1"}, "metrics": list(metrics)}]
    return ExportMetricsServiceRequest(
        resource_metrics=[{"resource": {"attributes": resource}, "scope_metrics": scopes}]
    )


def at(seconds: float = 0) -> int:
    return int(T0 + seconds * 1000) * NS


def receiver(store: MemoryStore, limits: OtlpLimits | None = None, clock: Clock | None = None, **config: Any):
    registry = CollectorRegistry()
    found = OtlpReceiver(store, clock or Clock(), OtlpMetrics(registry), OtlpConfig(**config), limits)
    return found, registry
