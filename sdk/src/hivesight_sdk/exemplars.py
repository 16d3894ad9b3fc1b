"""The trace that is current, as an exemplar: from a slow bucket of a histogram to the trace that was slow.

OpenTelemetry is asked only where the host has loaded it; it is never imported from here.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from prometheus_client.samples import Exemplar

from hivesight_sdk import families

if TYPE_CHECKING:
    from prometheus_client import Histogram

    from hivesight_sdk.spans import OpenSpan

_TRACE: Final = "opentelemetry.trace"


class Traced(NamedTuple):
    """Seconds, the OpenTelemetry span context in which they went by, and when (Unix time)."""

    value: float
    context: Any
    at: float

    def labels(self) -> dict[str, str]:
        """`trace_id` and `span_id` in hexadecimal (OpenMetrics 1.0, section "Exemplars")."""
        return {"trace_id": f"{self.context.trace_id:032x}", "span_id": f"{self.context.span_id:016x}"}

    def exemplar(self) -> Exemplar:
        """As prometheus_client keeps it."""
        return Exemplar(self.labels(), self.value, self.at)


Duration = float | Traced
"""Seconds; with the trace, where there is one to show."""


def with_exemplar(seconds: float, span: OpenSpan | None = None) -> Duration:
    """`seconds` together with `span`, or with the current span where one is sampled, and the time. Never raises."""
    if span is not None and span.context is not None:
        return Traced(seconds, span.context, time.time())
    trace: Any = sys.modules.get(_TRACE)
    if trace is None:
        return seconds
    try:
        context = trace.get_current_span().get_span_context()
        if context.is_valid and context.trace_flags.sampled:
            return Traced(seconds, context, time.time())
    except Exception:  # noqa: BLE001  a span of the host's own making; the observation counts more than its exemplar
        return seconds
    return seconds


def observe_all(histogram: Histogram, durations: list[Duration]) -> None:
    """Observe each of `durations`; many at once where the family is of our making."""
    if type(histogram) is families.Histogram and len(durations) > 1:
        histogram.observe_all(durations)
    else:
        for duration in durations:
            observe(histogram, duration)


def observe(histogram: Histogram, duration: Duration) -> None:
    """Observe one duration."""
    if isinstance(duration, Traced):
        histogram.observe(duration.value, duration.labels())
    else:
        histogram.observe(duration)
