"""Finished spans on their way to a server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hivesight_sdk.otlp.shipper import Shipper
from hivesight_sdk.tracing import otlp_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from opentelemetry.sdk.trace import ReadableSpan

    from hivesight_sdk.otlp.destination import Destination


def span_shipper(destination: Destination, describe: Callable[[], Mapping[str, object]]) -> Shipper[ReadableSpan]:
    """Ships spans to `destination`; `describe` tells who this process is when they are sent."""

    def encode(ended: Sequence[ReadableSpan]) -> bytes:
        return otlp_json.request(ended, describe())

    return Shipper("traces", encode, destination)
