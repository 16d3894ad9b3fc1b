"""Prometheus remote write 1.0 and 2.0, received: a request becomes columns for the metrics store."""
