"""The trace that is current, as an exemplar: from a slow bucket of a histogram to the trace that was slow.

OpenTelemetry is asked only where the host has loaded it; it is never imported from here.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prometheus_client import Histogram

Duration = tuple[float, dict[str, str] | None]
"""Seconds, and the exemplar that goes with them."""


def current_exemplar() -> dict[str, str] | None:
    """`trace_id` and `span_id` in hexadecimal of the current OpenTelemetry span, or None where none is sampled.

    Never raises. The names are those of OpenMetrics 1.0, section "Exemplars".
    """
    trace: Any = sys.modules.get("opentelemetry.trace")
    if trace is None:
        return None
    try:
        context = trace.get_current_span().get_span_context()
        if context.is_valid and context.trace_flags.sampled:
            return {"trace_id": f"{context.trace_id:032x}", "span_id": f"{context.span_id:016x}"}
    except Exception:  # noqa: BLE001  a span of the host's own making; the observation counts more than its exemplar
        return None
    return None


def observe(histogram: Histogram, durations: list[Duration]) -> None:
    """Observe each of `durations`."""
    for seconds, exemplar in durations:
        histogram.observe(seconds, exemplar)
