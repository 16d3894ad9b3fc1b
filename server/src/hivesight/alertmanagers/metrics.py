"""What the sending of alerts says of itself, under Prometheus' names."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge


class SendingMetrics:
    """Counters and gauges on a registry that is handed in; the label `alertmanager` is the address of one."""

    def __init__(self, registry: CollectorRegistry) -> None:
        one = ["alertmanager"]
        self.sent = Counter(
            "prometheus_notifications_sent", "Alerts that an Alertmanager took.", one, registry=registry
        )
        self.errors = Counter(
            "prometheus_notifications_errors", "Alerts that could not be sent.", one, registry=registry
        )
        self.dropped = Counter(
            "prometheus_notifications_dropped",
            "Alerts that no Alertmanager got from this queue: they could not be sent, or it was full.",
            one,
            registry=registry,
        )
        self.discovered = Gauge(
            "prometheus_notifications_alertmanagers_discovered", "Alertmanagers that alerts go to.", registry=registry
        )
        self.capacity = Gauge(
            "prometheus_notifications_queue_capacity", "The most alerts that wait for one.", registry=registry
        )
        self.length = Gauge(
            "prometheus_notifications_queue_length", "Alerts that wait, for all of them.", registry=registry
        )

    def measure(self, waiting: Callable[[], float]) -> None:
        """Reads the length of the queues whenever it is asked for."""
        self.length.set_function(waiting)

    def forget(self, address: str) -> None:
        """An Alertmanager is gone: its series end."""
        for family in (self.sent, self.errors, self.dropped):
            family.remove(address)

    def know(self, address: str) -> None:
        """An Alertmanager was found: its series begin at 0."""
        for family in (self.sent, self.errors, self.dropped):
            family.labels(address)
