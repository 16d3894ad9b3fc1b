"""`configure`: one call at the start of an agent process, and the handle that undoes it."""

from __future__ import annotations

import logging
import os
import threading
from time import monotonic
from typing import TYPE_CHECKING, Final, cast

from prometheus_client import CollectorRegistry

from hivesight_sdk import metrics
from hivesight_sdk.otlp.resource import UNKNOWN_SERVICE
from hivesight_sdk.otlp.switch import start_metrics_export
from hivesight_sdk.recording import drop
from hivesight_sdk.resources import DEFAULT_INTERVAL_SECONDS, ResourceSampler
from hivesight_sdk.server import DEFAULT_HOST, MetricsServer, serve_metrics
from hivesight_sdk.tracing.switch import start_tracing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hivesight_sdk.otlp.metrics_export import MetricsExport
    from hivesight_sdk.tracing.provider import Tracing

DEFAULT_CLOSE_SECONDS: Final = 5.0

_log = logging.getLogger("hivesight_sdk")


class Sdk:
    """What `configure` set up. Close it, or use it as a context manager, to stop the threads and free the port."""

    def __init__(
        self,
        service_name: str,
        server: MetricsServer | None,
        sampler: ResourceSampler | None,
        tracing: Tracing | None,
        metrics_export: MetricsExport | None = None,
    ) -> None:
        self.service_name: Final = service_name
        self.server: Final = server
        self.sampler: Final = sampler
        self.tracing: Final = tracing
        self.metrics_export: Final = metrics_export
        self._pid: Final = os.getpid()

    @property
    def metrics_port(self) -> int | None:
        """The port that answers GET /metrics; None when there is none."""
        return self.server.port if self.server is not None and self.server.running else None

    @property
    def inherited(self) -> bool:
        """Whether this handle was set up by the parent of this (forked) process."""
        return self._pid != os.getpid()

    def flush(self, timeout_seconds: float = DEFAULT_CLOSE_SECONDS) -> bool:
        """Send the spans that have ended; whether all of them were taken within `timeout_seconds`."""
        return self.tracing is None or self.tracing.flush(timeout_seconds)

    def close(self, timeout_seconds: float = DEFAULT_CLOSE_SECONDS) -> bool:
        """Stop the sampler and the endpoint, send what has ended and begin no further spans, and export the metrics a
        last time; whether all was taken within `timeout_seconds`. What was recorded stays. May be called twice."""
        global _current
        if self.sampler is not None:
            self.sampler.stop()
        if self.server is not None:
            self.server.close()
        with _lock:
            if _current is self:
                _current = None
        deadline = monotonic() + timeout_seconds
        taken = self.tracing is None or self.tracing.close(timeout_seconds)
        if self.metrics_export is not None and self.inherited:
            self.metrics_export.stop()
        elif self.metrics_export is not None:
            taken = self.metrics_export.close(deadline - monotonic()) and taken
        return taken

    def __enter__(self) -> Sdk:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


_lock = threading.RLock()
_current: Sdk | None = None


def configured() -> bool:
    """Whether `configure` has set this process up and was not closed since."""
    current = _current
    return current is not None and not current.inherited


def service_name(default: str = UNKNOWN_SERVICE) -> str:
    """The name this process goes by: that of `configure`, else the environment's, else `default`."""
    current = _current
    if current is not None and current.service_name != UNKNOWN_SERVICE:
        return current.service_name
    return _service_name_from_environment(os.environ) or default


def configure(
    service_name: str | None = None,
    *,
    endpoint: str | None = None,
    headers: Mapping[str, str] | None = None,
    traces: bool | None = None,
    export_metrics: bool | None = None,
    sample_ratio: float | None = None,
    instrument: bool = False,
    resource_attributes: Mapping[str, str | bool | int | float] | None = None,
    metrics_host: str | None = None,
    metrics_port: int | None = None,
    resources: bool = True,
    resource_interval_seconds: float = DEFAULT_INTERVAL_SECONDS,
    registry: CollectorRegistry | None = None,
) -> Sdk:
    """Set the SDK up for this process. Never raises.

    An argument wins over a HIVESIGHT_* variable, and that over an OTEL_* variable.

    Metrics: HIVESIGHT_METRICS_HOST and HIVESIGHT_METRICS_PORT. Without a port there is nothing to scrape: mount
    `metrics_app`. Port 0 takes any free one (see `Sdk.metrics_port`). The address is 127.0.0.1 unless told otherwise.
    With `registry`, the SDK's metrics are exposed in that registry as well, and the endpoint serves it.
    `export_metrics=True` or OTEL_METRICS_EXPORTER=otlp sends them as OTLP every 15 seconds, or as
    OTEL_METRIC_EXPORT_INTERVAL says: for a process that nobody scrapes, as both would be seen twice.

    Traces: `endpoint` is Hivesight's base URL, or a whole one that ends in /v1/traces, of a Collector or of Jaeger;
    HIVESIGHT_ENDPOINT and OTEL_EXPORTER_OTLP_ENDPOINT and its like say it too, and `headers` go along. Tracing is on
    where one of them is given, or where the host has a tracer provider of its own; `traces=True` alone sends them to
    Hivesight on this host, and `traces=False` means none.
    `sample_ratio` (0 to 1) is the share of traces that are kept of those that begin here. With `instrument`, libraries
    are instrumented as by `instrument()`. `resource_attributes` describe this process, beside OTEL_RESOURCE_ATTRIBUTES.

    A second call returns the first one's handle and changes nothing; in a forked child it sets up anew.
    """
    global _current
    with _lock:
        if _current is not None and not _current.inherited:
            _log.warning("configure() was called again; the first call, for %r, stays", _current.service_name)
            return _current
        if _current is not None:
            _current.close()
        name = service_name or _service_name_from_environment(os.environ)
        if registry is not None and not isinstance(cast("object", registry), CollectorRegistry):
            drop("invalid_value", "configure(registry=...) takes a prometheus_client.CollectorRegistry; it is ignored")
            registry = None
        if registry is not None:
            metrics.register_in(registry)
        port = metrics_port if metrics_port is not None else _port_from_environment(os.environ)
        host = metrics_host or _from_environment(os.environ, "HIVESIGHT_METRICS_HOST") or DEFAULT_HOST
        server = None if port is None else serve_metrics(host, port, registry=registry or metrics.REGISTRY)
        name = name or UNKNOWN_SERVICE
        sampler = ResourceSampler(name, resource_interval_seconds) if resources else None
        if sampler is not None:
            sampler.start()
        tracing = start_tracing(
            name,
            endpoint=endpoint,
            headers=headers,
            wanted=traces,
            sample_ratio=sample_ratio,
            resource_attributes=resource_attributes,
        )
        metrics_export = start_metrics_export(
            name,
            registry or metrics.REGISTRY,
            endpoint=endpoint,
            headers=headers,
            wanted=export_metrics,
            resource_attributes=resource_attributes,
        )
        _current = Sdk(name, server, sampler, tracing, metrics_export)
    if instrument:
        from hivesight_sdk.tracing.instrumentation import instrument as instrument_libraries

        instrument_libraries()
    return _current


def _from_environment(environ: Mapping[str, str], *names: str) -> str | None:
    return next((value for name in names if (value := environ.get(name, "").strip())), None)


def _service_name_from_environment(environ: Mapping[str, str]) -> str | None:
    return _from_environment(environ, "HIVESIGHT_SERVICE_NAME", "OTEL_SERVICE_NAME")


def _port_from_environment(environ: Mapping[str, str]) -> int | None:
    text = _from_environment(environ, "HIVESIGHT_METRICS_PORT")
    if text is None:
        return None
    if len(text) <= 5 and text.isdecimal() and int(text) <= 65_535:
        return int(text)
    drop("port_unavailable", f"HIVESIGHT_METRICS_PORT must be a number from 0 to 65535, not {text[:40]!r}; no endpoint")
    return None


def _new_lock_in_child() -> None:
    global _lock
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_new_lock_in_child)
