"""What the Collector says of itself: its own metrics and its health."""

from collections.abc import Iterator
from typing import Final

from hivesight.doctor.collector.pipelines import Collector, type_of
from hivesight.doctor.finding import Finding
from hivesight.doctor.nodes import child, text
from hivesight.doctor.rule_files import at

_METRICS: Final = ("service", "telemetry", "metrics")
_HEALTH: Final = frozenset(("health_check", "healthcheckv2"))


def findings(collector: Collector) -> Iterator[Finding]:
    """Of one file."""
    loaded = collector.document.loaded
    root = loaded.root
    if text(root, *_METRICS, "level") == "none":
        message = "the Collector says nothing of itself: data that it drops or cannot send are lost unseen"
        yield at(loaded, (*_METRICS, "level"), "collector/silent", message, "basic or normal, and scrape it")
    if child(root, *_METRICS, "address") is not None:
        message = "the Collector does not read address any more"
        remedy = "readers: [{pull: {exporter: {prometheus: {host: localhost, port: 8888}}}}]"
        yield at(loaded, (*_METRICS, "address"), "collector/old-telemetry", message, remedy, on_key=True)
    known = {type_of(name) for name in collector.defined["extensions"]}
    known |= {type_of(name) for kind, name in collector.elsewhere if kind == "extensions"}
    if not known & _HEALTH and collector.pipelines:
        message = "no health_check: whoever runs it cannot tell a Collector that hangs from one that works"
        remedy = "extensions: {health_check: {endpoint: localhost:13133}}, and in service.extensions"
        yield at(loaded, ("service",), "collector/no-health-check", message, remedy, on_key=True)
