"""Whether metrics are exported, decided without loading what speaks HTTP."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

from hivesight_sdk.otlp.destination import default_destination, destination, disabled
from hivesight_sdk.otlp.resource import resource
from hivesight_sdk.recording import drop

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prometheus_client import CollectorRegistry

    from hivesight_sdk.otlp.metrics_export import MetricsExport


def start_metrics_export(
    service_name: str,
    registry: CollectorRegistry,
    *,
    endpoint: str | None = None,
    headers: Mapping[str, str] | None = None,
    wanted: bool | None = None,
    resource_attributes: Mapping[str, object] | None = None,
) -> MetricsExport | None:
    """The export of `registry`, already started; None where nothing asks for it. Never raises.

    Asked for it is by `wanted`, or without it by OTEL_METRICS_EXPORTER=otlp: an endpoint alone is none, as whoever is
    scraped would be seen twice. OTEL_METRIC_EXPORT_INTERVAL says how often. OTEL_SDK_DISABLED says never.
    """
    if wanted is None:
        wanted = os.environ.get("OTEL_METRICS_EXPORTER", "").strip().lower() == "otlp"
    if not wanted or disabled():
        return None
    try:
        to = destination("metrics", endpoint, headers) or default_destination("metrics", headers)
        from hivesight_sdk.otlp.metrics_export import MetricsExport, interval_from_environment

        describe = partial(resource, service_name, resource_attributes)
        export = MetricsExport(to, describe, registry, interval_seconds=interval_from_environment())
    except (ValueError, TypeError, AttributeError) as error:
        drop("invalid_value", f"metrics are not exported: {error}")
        return None
    export.start()
    return export
