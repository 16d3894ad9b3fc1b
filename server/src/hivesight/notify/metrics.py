"""What the notifiers count of themselves; the names are Alertmanager's."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from hivesight.notify.errors import FailureReason


class NotifyMetrics:
    """Registered once per server."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._sent = Counter(
            "alertmanager_notifications",
            "Notifications that were to be sent.",
            ["integration", "receiver"],
            registry=registry,
        )
        self._failed = Counter(
            "alertmanager_notifications_failed",
            "Notifications that could not be sent, all tries over.",
            ["integration", "receiver", "reason"],
            registry=registry,
        )
        self._requests = Counter(
            "alertmanager_notification_requests", "Tries to send.", ["integration", "receiver"], registry=registry
        )
        self._latency = Histogram(
            "alertmanager_notification_latency_seconds",
            "Time from the first try to the last.",
            ["integration"],
            buckets=(0.05, 0.25, 1, 5, 10, 15, 20, 60),
            registry=registry,
        )
        self.suppressed = Counter(
            "alertmanager_notifications_suppressed",
            "Alerts kept back at a flush.",
            ["reason"],
            registry=registry,
        )

    def prepare(self, integration: str, receiver: str) -> None:
        """Make the series of an integration, so that its first failure is visible to `rate`."""
        self._sent.labels(integration, receiver)
        self._requests.labels(integration, receiver)
        for reason in FailureReason:
            self._failed.labels(integration, receiver, reason)

    def over(self, integration: str, receiver: str, tries: int, seconds: float, failure: FailureReason | None) -> None:
        """A notification was sent, or given up."""
        self._sent.labels(integration, receiver).inc()
        self._requests.labels(integration, receiver).inc(tries)
        self._latency.labels(integration).observe(seconds)
        if failure is not None:
            self._failed.labels(integration, receiver, failure).inc()


class HeartbeatMetrics:
    """Registered once per server."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._beats = Counter(
            "hivesight_heartbeats",
            "Heartbeats by outcome: sent, failed, withheld (since alerts do not get through).",
            ["outcome"],
            registry=registry,
        )
        for outcome in ("sent", "failed", "withheld"):
            self._beats.labels(outcome)
        self._last = Gauge(
            "hivesight_heartbeat_last_sent_timestamp_seconds",
            "When the last heartbeat was sent; 0 for never.",
            registry=registry,
        )

    def over(self, outcome: str, sent_ms: int = 0) -> None:
        """A heartbeat was sent at this time, or was not."""
        self._beats.labels(outcome).inc()
        if sent_ms:
            self._last.set(sent_ms / 1000)
