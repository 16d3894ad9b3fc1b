"""What the sending of samples says of itself, under Prometheus' names."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from hivesight.export.remote_write.kinds import Dropped, Kind

_PREFIX: Final = "prometheus_remote_storage_"
_LABELS: Final = ("remote_name", "url")
_READ: Final = {
    Kind.SAMPLES: "Float samples",
    Kind.HISTOGRAMS: "Native histograms",
    Kind.EXEMPLARS: "Exemplars",
}
"""What is read from the log."""
_SENT: Final = {**_READ, Kind.METADATA: "Descriptions of metrics"}


class RemoteWriteMetrics:
    """Families on a registry that is handed in, for all receivers; `ReceiverMetrics` are those of one."""

    def __init__(self, registry: CollectorRegistry, highest_ms: Callable[[], int | None]) -> None:
        """highest_ms: the newest time of a sample that the store took."""

        def counters(kinds: Mapping[Kind, str], suffix: str, text: str, *more: str) -> dict[Kind, Counter]:
            return {
                kind: Counter(f"{_PREFIX}{kind}{suffix}", f"{what} {text}.", [*_LABELS, *more], registry=registry)
                for kind, what in kinds.items()
            }

        def gauge(name: str, text: str) -> Gauge:
            return Gauge(_PREFIX + name, text, _LABELS, registry=registry)

        self.sent = counters(_SENT, "", "that a receiver took")
        self.failed = counters(_SENT, "_failed", "that a receiver refused for good")
        self.retried = counters(_SENT, "_retried", "that were sent again after a failure")
        self.dropped = counters(_READ, "_dropped", "that are not sent", "reason")
        self.pending = {kind: gauge(f"{kind}_pending", f"{what} that wait in memory.") for kind, what in _READ.items()}
        self.bytes = Counter(f"{_PREFIX}bytes", "Compressed bytes that were sent.", _LABELS, registry=registry)
        self.metadata_bytes = Counter(
            f"{_PREFIX}metadata_bytes", "Compressed bytes of metadata that were sent.", _LABELS, registry=registry
        )
        self.duration = Histogram(
            f"{_PREFIX}sent_batch_duration_seconds", "How long requests took.", _LABELS, registry=registry
        )
        self.highest_sent = gauge("queue_highest_sent_timestamp_seconds", "The newest time of a sample that was sent.")
        self.shards = gauge("shards", "Requests that are made at once.")
        self.shards_min = gauge("shards_min", "The fewest requests at once.")
        self.shards_max = gauge("shards_max", "The most requests at once.")
        self.shards_desired = gauge("shards_desired", "Requests at once that what waits asks for.")
        self.shard_capacity = gauge("shard_capacity", "Samples that a shard takes at once.")
        self.max_samples_per_send = gauge("max_samples_per_send", "Samples in one request at most.")
        self.skipped = Counter(
            "hivesight_remote_write_segments_skipped",
            "Segments of the log that were gone or damaged before they were read for a receiver.",
            _LABELS,
            registry=registry,
        )
        highest = Gauge(
            f"{_PREFIX}highest_timestamp_in_seconds", "The newest time of a sample that was stored.", registry=registry
        )
        highest.set_function(lambda: (highest_ms() or 0) // 1000)


class ReceiverMetrics:
    """The series of one receiver. They begin at 0, and end with `close`."""

    def __init__(self, families: RemoteWriteMetrics, name: str, url: str) -> None:
        own = (name, url)
        self._own = own
        self._families = families

        def each(many: Mapping[Kind, Counter]) -> dict[Kind, Counter]:
            return {kind: family.labels(*own) for kind, family in many.items()}

        self.sent, self.failed, self.retried = each(families.sent), each(families.failed), each(families.retried)
        self.dropped = {
            (kind, reason): family.labels(*own, reason)
            for kind, family in families.dropped.items()
            for reason in Dropped
        }
        self.pending = {kind: family.labels(*own) for kind, family in families.pending.items()}
        self.bytes, self.metadata_bytes = families.bytes.labels(*own), families.metadata_bytes.labels(*own)
        self.duration = families.duration.labels(*own)
        self.highest_sent = families.highest_sent.labels(*own)
        self.shards, self.shards_desired = families.shards.labels(*own), families.shards_desired.labels(*own)
        self.shards_min, self.shards_max = families.shards_min.labels(*own), families.shards_max.labels(*own)
        self.shard_capacity = families.shard_capacity.labels(*own)
        self.max_samples_per_send = families.max_samples_per_send.labels(*own)
        self.skipped = families.skipped.labels(*own)

    def close(self) -> None:
        """Nothing is sent to this receiver any more."""
        for family in self._plain():
            family.remove(*self._own)
        for family in self._families.dropped.values():
            for reason in Dropped:
                family.remove(*self._own, reason)

    def _plain(self) -> Iterator[Counter | Gauge | Histogram]:
        all_ = self._families
        for many in (all_.sent, all_.failed, all_.retried, all_.pending):
            yield from many.values()
        yield from (all_.bytes, all_.metadata_bytes, all_.duration, all_.highest_sent, all_.skipped)
        yield from (all_.shards, all_.shards_min, all_.shards_max, all_.shards_desired)
        yield from (all_.shard_capacity, all_.max_samples_per_send)
