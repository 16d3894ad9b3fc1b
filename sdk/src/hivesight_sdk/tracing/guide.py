"""The names of the guide's tracing module, for a program that follows it: change the imports, and it works.

The guide sends Jaeger's Thrift by UDP, which Jaeger no longer takes; here the same host gets OTLP over HTTP. What is
instrumented is what is installed; what is not, is counted and logged rather than an ImportError.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from opentelemetry import baggage, trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider as OpenTelemetryProvider

from hivesight_sdk.configuration import configure, configured, service_name
from hivesight_sdk.otlp.destination import Destination, checked
from hivesight_sdk.otlp.resource import resource
from hivesight_sdk.recording import drop
from hivesight_sdk.tracing.instrumentation import instrument
from hivesight_sdk.tracing.processor import HiveSpans
from hivesight_sdk.tracing.shipping import span_shipper

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

    from hivesight_sdk.otlp.shipper import Shipper

__all__ = [
    "AsyncioInstrumentor",
    "BatchSpanProcessor",
    "JaegerExporter",
    "LoggingInstrumentor",
    "RequestsInstrumentor",
    "TracerProvider",
    "baggage",
    "setup_tracing",
    "trace",
    "tracer",
]

_OTLP_PORT: Final = 4318
_THRIFT_PORT: Final = 6831


tracer: Final = trace.get_tracer("agent_hive")
"""OpenTelemetry's tracer; its spans go to whatever provider is set up, before or after."""


def setup_tracing() -> trace.Tracer:
    """The tracer, after `configure(traces=True, instrument=True)` unless `configure` was called before."""
    if not configured():
        configure(traces=True, instrument=True)
    return tracer


def TracerProvider() -> OpenTelemetryProvider:
    """OpenTelemetry's, of a service that has a name."""
    return OpenTelemetryProvider(resource=Resource({"service.name": service_name()}), shutdown_on_exit=False)


class JaegerExporter:
    """Where spans go: Jaeger's port for OTLP over HTTP on `agent_host_name`. The Thrift port 6831 stands for 4318."""

    def __init__(self, agent_host_name: str = "localhost", agent_port: int = _THRIFT_PORT) -> None:
        port = _OTLP_PORT if agent_port == _THRIFT_PORT else agent_port
        self.destination: Destination | None = None
        try:
            self.destination = checked(f"http://{agent_host_name}:{port}/v1/traces", {})
        except ValueError as error:
            drop("invalid_value", f"JaegerExporter(agent_host_name=...): {error}; no spans are sent")


class BatchSpanProcessor(HiveSpans):
    """Ships what has ended to where the exporter says, in the background and within bounds."""

    def __init__(self, exporter: JaegerExporter) -> None:
        super().__init__()
        self._shipper: Shipper[ReadableSpan] | None = None
        if exporter.destination is not None:
            self._shipper = span_shipper(exporter.destination, lambda: resource(service_name()))
            self.ship = self._shipper.offer

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._shipper is None or self._shipper.flush(timeout_millis / 1_000)

    def shutdown(self) -> None:
        if self._shipper is not None:
            self._shipper.close(_SHUTDOWN_SECONDS)


_SHUTDOWN_SECONDS: Final = 5.0


class _Instrumentor:
    library: str

    def instrument(self) -> None:
        """See `hivesight_sdk.instrument`."""
        instrument(self.library)


class RequestsInstrumentor(_Instrumentor):
    library = "requests"


class AsyncioInstrumentor(_Instrumentor):
    library = "asyncio"


class LoggingInstrumentor(_Instrumentor):
    library = "logging"
