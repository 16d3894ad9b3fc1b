"""The trace that is current, as an exemplar: from a slow bucket of a histogram to the trace that was slow.

OpenTelemetry is asked only where the host has loaded it; it is never imported from here.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any, Final

from prometheus_client.samples import Exemplar

from hivesight_sdk import families

if TYPE_CHECKING:
    from prometheus_client import Histogram

Duration = float | Exemplar
"""Seconds; as the value of an exemplar where there is a trace to show."""

_TRACE: Final = "opentelemetry.trace"


def current_exemplar() -> dict[str, str] | None:
    """`trace_id` and `span_id` in hexadecimal of the current OpenTelemetry span, or None where none is sampled.

    Never raises. The names are those of OpenMetrics 1.0, section "Exemplars".
    """
    trace: Any = sys.modules.get(_TRACE)
    if trace is None:
        return None
    try:
        context = trace.get_current_span().get_span_context()
        if context.is_valid and context.trace_flags.sampled:
            return {"trace_id": f"{context.trace_id:032x}", "span_id": f"{context.span_id:016x}"}
    except Exception:  # noqa: BLE001  a span of the host's own making; the observation counts more than its exemplar
        return None
    return None


def with_exemplar(seconds: float) -> Duration:
    """`seconds` together with the current trace and time, where there is a trace. Never raises."""
    if _TRACE not in sys.modules:
        return seconds
    labels = current_exemplar()
    return seconds if labels is None else Exemplar(labels, seconds, time.time())


def observe_all(histogram: Histogram, durations: list[Duration]) -> None:
    """Observe each of `durations`; many at once where the family is of our making."""
    if type(histogram) is families.Histogram and len(durations) > 1:
        histogram.observe_all(durations)
    else:
        for duration in durations:
            observe(histogram, duration)


def observe(histogram: Histogram, duration: Duration) -> None:
    """Observe one duration."""
    if isinstance(duration, Exemplar):
        histogram.observe(duration.value, duration.labels)
    else:
        histogram.observe(duration)
