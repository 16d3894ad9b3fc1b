"""What the room counts of itself."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class AlertingMetrics:
    """Registered once per server; the names are Alertmanager's where it has them."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.received = Counter("alertmanager_alerts_received", "Alerts taken in.", registry=registry)
        self.refused = Counter(
            "alertmanager_alerts_refused", "Alerts refused since the store was full.", registry=registry
        )
        self.flush_errors = Counter(
            "alertmanager_dispatcher_flush_errors", "Flushes that ended in an unexpected error.", registry=registry
        )
        self.groups_refused = Counter(
            "alertmanager_dispatcher_aggregation_group_limit_reached",
            "Alerts that got no group since there were too many.",
            registry=registry,
        )
        self.state_errors = Counter(
            "alertmanager_state_write_errors", "Alerts and log entries that could not be persisted.", registry=registry
        )
        self.groups = Gauge(
            "alertmanager_dispatcher_aggregation_groups", "Aggregation groups with alerts.", registry=registry
        )
        self.alerts = Gauge("alertmanager_alerts_stored", "Alerts in the store, resolved ones too.", registry=registry)
