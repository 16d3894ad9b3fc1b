"""Figures that are read when they are asked for: a metric family per function, on the server's registry."""

from collections.abc import Callable, Iterable, Mapping

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

Figures = Mapping[str, float]
"""Label value -> figure; under the empty value where the family has no label."""


class FiguresCollector(Collector):
    """Families given as (name, help, label or empty, function). A name that ends in `_total` is a counter."""

    def __init__(self, families: Iterable[tuple[str, str, str, Callable[[], Figures]]]) -> None:
        self._families = tuple(families)

    def collect(self) -> Iterable[Metric]:
        for name, help_, label, read in self._families:
            labels = [label] if label else []
            kind = CounterMetricFamily if name.endswith("_total") else GaugeMetricFamily
            family = kind(name, help_, labels=labels)
            for value, figure in read().items():
                family.add_metric([value] if label else [], figure)
            yield family
