"""Metric families as prometheus_client writes them, with one value or with labels."""

from collections.abc import Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily


def gauge(name: str, help: str, value: float | None = None, labels: Sequence[str] | None = None) -> GaugeMetricFamily:
    """A gauge: with `value`, or to be filled by `add_metric` in order of `labels`."""
    return GaugeMetricFamily(name, help, value=value, labels=labels)


def counter(
    name: str, help: str, labels: Sequence[str] | None = None, value: float | None = None
) -> CounterMetricFamily:
    """A counter, `name` without `_total`."""
    return CounterMetricFamily(name, help, value=value, labels=labels)
