"""Whether there are traces, decided without loading OpenTelemetry."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

from hivesight_sdk.otlp.destination import default_destination, destination, disabled
from hivesight_sdk.otlp.resource import resource
from hivesight_sdk.recording import drop

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hivesight_sdk.tracing.provider import Tracing


def start_tracing(
    service_name: str,
    *,
    endpoint: str | None,
    headers: Mapping[str, str] | None,
    wanted: bool | None,
    sample_ratio: float | None,
    resource_attributes: Mapping[str, object] | None,
) -> Tracing | None:
    """Traces of this process, already started; None where nothing asks for them. Never raises.

    Asked for they are by `wanted`, by an endpoint that is given here or in the environment (see
    `otlp.destination.destination`), or by a tracer provider of the host's own. `wanted` alone sends them to Hivesight
    on this host. OTEL_SDK_DISABLED and `wanted=False` say that there are none.
    """
    if wanted is False or disabled():
        return None
    try:
        to = destination("traces", endpoint, headers)
        if to is None and wanted:
            to = default_destination("traces", headers)
        if to is None and not _host_traces():
            return None
        from hivesight_sdk.tracing.provider import Tracing

        tracing = Tracing(to, partial(resource, service_name, resource_attributes), sample_ratio)
        tracing.start()
    except Exception as error:  # noqa: BLE001  arguments and environment may be anything, and so may a host's provider
        drop("invalid_value", f"there are no traces: {error}")
        return None
    return tracing


def _host_traces() -> bool:
    if "opentelemetry.sdk.trace" not in sys.modules:
        return False
    from hivesight_sdk.tracing.provider import host_has_provider

    return host_has_provider()
