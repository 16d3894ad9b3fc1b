"""The summary of a stretch of history: for each figure its mean, extremes and percentiles."""

from __future__ import annotations

from math import fsum, isfinite, nan
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hivesight_sdk.monitor.sample import PerformanceMetrics

_SECTIONS: Final = {
    "cpu_usage": "cpu_percent",
    "memory_usage": "memory_percent",
    "disk_usage": "disk_usage_percent",
    "coordination_latency": "coordination_latency_ms",
    "active_agents": "active_agents",
    "task_queue_length": "task_queue_length",
    "decision_confidence": "decision_confidence",
    "errors_per_minute": "errors_per_minute",
}
"""The sections that a summary always has, under the guide's names. Every other figure has one under its own name."""


def percentile(ordered: Sequence[float], share: float) -> float:
    """The value below which `share` (0 to 1) of the ascending values lie, between two of them linearly. NaN of none."""
    if not ordered:
        return nan
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def statistics(values: Sequence[float]) -> dict[str, float]:
    """avg, min, max, p50, p95 and p99 of the finite values, and how many there are; NaN where there are none."""
    ordered = sorted(value for value in values if isfinite(value))
    return {
        "avg": fsum(ordered) / len(ordered) if ordered else nan,
        "max": ordered[-1] if ordered else nan,
        "min": ordered[0] if ordered else nan,
        "p50": percentile(ordered, 0.50),
        "p95": percentile(ordered, 0.95),
        "p99": percentile(ordered, 0.99),
        "count": len(ordered),
    }


def summarize(samples: Sequence[PerformanceMetrics], hours: float, firing: Sequence[str]) -> dict[str, Any]:
    """The summary of `samples`, which cover the last `hours`; `firing` are the figures beyond their thresholds now.

    Without samples it has the same shape: a count of 0, and NaN for every statistic.
    """
    values: dict[str, list[float]] = {figure: [] for figure in _SECTIONS.values()}
    for sample in samples:
        for figure, value in sample.figures.items():
            values.setdefault(figure, []).append(value)
    section_of = {figure: section for section, figure in _SECTIONS.items()}
    return {
        "time_period": f"Last {hours:g} hour(s)",
        "metrics_count": len(samples),
        "firing": list(firing),
        **{section_of.get(figure, figure): statistics(numbers) for figure, numbers in values.items()},
    }
