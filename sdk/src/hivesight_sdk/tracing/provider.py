"""Tracing switched on: OpenTelemetry's tracer provider, ours or the host's, with our spans and our shipping on it."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Final

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

from hivesight_sdk import spans
from hivesight_sdk.recording import drop
from hivesight_sdk.tracing import propagation
from hivesight_sdk.tracing.processor import HiveSpans
from hivesight_sdk.tracing.runs import opener
from hivesight_sdk.tracing.shipping import span_shipper

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from opentelemetry.trace import TracerProvider as AnyProvider

    from hivesight_sdk.otlp.destination import Destination

SCOPE: Final = "hivesight_sdk"
MAX_TEXT: Final = 16_384
"""Characters of an attribute's text, unless OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT says otherwise."""

_LENGTH_LIMIT: Final = "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT"

_log = logging.getLogger("hivesight_sdk")


class Tracing:
    """Traces of this process, from `start` to `close`."""

    def __init__(
        self, destination: Destination | None, describe: Callable[[], Mapping[str, object]], sample_ratio: float | None
    ) -> None:
        self.shipper: Final = None if destination is None else span_shipper(destination, describe)
        self.provider: Final = _provider(describe(), sample_ratio)

    def start(self) -> None:
        """Every tracked run is a span from now on, every span has its ids and is shipped."""
        propagation.install()
        if self.shipper is not None:
            _hive_spans.ship = self.shipper.offer
        spans.open_span = opener(self.provider.get_tracer(SCOPE), ours=self.provider is _ours)

    def flush(self, timeout_seconds: float) -> bool:
        """Send what has ended; whether all of it was taken in time."""
        return self.shipper is None or self.shipper.flush(timeout_seconds)

    def close(self, timeout_seconds: float) -> bool:
        """Open no further spans, and send what has ended; whether all of it was taken in time."""
        spans.open_span = None
        _hive_spans.ship = None
        return self.shipper is None or self.shipper.close(timeout_seconds)


_hive_spans: Final = HiveSpans()
_equipped: Final[list[AnyProvider]] = []
_ours: TracerProvider | None = None


def host_has_provider() -> bool:
    """Whether the host has set up a tracer provider of its own."""
    provider = trace.get_tracer_provider()
    return provider is not _ours and not isinstance(provider, (trace.ProxyTracerProvider, trace.NoOpTracerProvider))


def _provider(resource: Mapping[str, object], sample_ratio: float | None) -> AnyProvider:
    """The host's provider where it has one; else ours, which becomes the global one. Our processor is on it."""
    if host_has_provider():
        provider = trace.get_tracer_provider()
        if sample_ratio is not None:
            _log.info("sample_ratio changes nothing: the tracer provider that the host has set up samples as it does")
    else:
        provider = _own_provider(resource, sample_ratio)
    if provider not in _equipped:
        _equipped.append(provider)
        add = getattr(provider, "add_span_processor", None)
        if add is None:
            drop("invalid_value", f"spans of a {type(provider).__name__} cannot be shipped: it takes no processors")
        else:
            add(_hive_spans)
    return provider


def _own_provider(resource: Mapping[str, object], sample_ratio: float | None) -> TracerProvider:
    global _ours
    sampler = None if sample_ratio is None else ParentBased(TraceIdRatioBased(min(1.0, max(0.0, sample_ratio))))
    if _ours is None:
        _ours = TracerProvider(
            resource=Resource({name: value for name, value in resource.items() if isinstance(value, (str, int))}),
            sampler=sampler,
            span_limits=SpanLimits(max_attribute_length=None if _LENGTH_LIMIT in os.environ else MAX_TEXT),
            shutdown_on_exit=False,
        )
        trace.set_tracer_provider(_ours)
    elif sampler is not None:  # configured anew: there is only one global provider in the life of a process
        _ours.sampler = sampler
    return _ours
