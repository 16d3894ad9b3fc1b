"""The Prometheus HTTP API v1 (prometheus.io/docs/prometheus/latest/querying/api)."""
