"""What the OTLP receiver says of itself."""

from prometheus_client import CollectorRegistry, Counter


class OtlpMetrics:
    """Counters on a registry that is handed in."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.requests = Counter(
            "hivesight_otlp_requests", "Requests by outcome: ok, bad, too_large, store.", ["outcome"], registry=registry
        )
        self.points = Counter("hivesight_otlp_points", "Data points that arrived by OTLP.", registry=registry)
        self.rejected = Counter(
            "hivesight_otlp_points_rejected", "Data points that were not stored.", ["reason"], registry=registry
        )
        self.exemplars_dropped = Counter(
            "hivesight_otlp_exemplars_dropped", "Exemplars beyond those kept of one request.", registry=registry
        )
