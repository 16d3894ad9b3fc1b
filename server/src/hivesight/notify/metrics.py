"""What the notifiers count of themselves; the names are Alertmanager's."""

from prometheus_client import CollectorRegistry, Counter, Histogram

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
