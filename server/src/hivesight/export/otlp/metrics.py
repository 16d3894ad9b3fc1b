"""What the forwarding of OTLP says of itself."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge

OUTCOMES: Final = ("sent", "refused", "expired", "queue_full", "left")


class OtlpForwardMetrics:
    """Families on a registry that is handed in; the labels are the Collector's address and the signal."""

    def __init__(self, registry: CollectorRegistry) -> None:
        labels = ["url", "signal"]
        self.requests = Counter(
            "hivesight_otlp_forward_requests",
            "Requests by what became of them: sent, refused (by the Collector), expired (sent again for too long), "
            "queue_full, left (at a stop or a reload).",
            [*labels, "outcome"],
            registry=registry,
        )
        self.retried = Counter(
            "hivesight_otlp_forward_retries",
            "Requests that were sent again after a failure.",
            labels,
            registry=registry,
        )
        self.bytes = Counter(
            "hivesight_otlp_forward_bytes",
            "Bytes that a Collector took, before compression.",
            labels,
            registry=registry,
        )
        self.length = Gauge(
            "hivesight_otlp_forward_queue_bytes", "Bytes of the requests that wait.", labels, registry=registry
        )
        self.capacity = Gauge(
            "hivesight_otlp_forward_queue_capacity_bytes", "Bytes that may wait.", labels, registry=registry
        )

    def know(self, url: str, signal: str) -> None:
        """Forwarding begins: the series begin at 0."""
        for outcome in OUTCOMES:
            self.requests.labels(url, signal, outcome)
        for family in (self.retried, self.bytes, self.length, self.capacity):
            family.labels(url, signal)

    def forget(self, url: str, signal: str) -> None:
        """Nothing is forwarded there any more: the series end."""
        for outcome in OUTCOMES:
            self.requests.remove(url, signal, outcome)
        for family in (self.retried, self.bytes, self.length, self.capacity):
            family.remove(url, signal)
