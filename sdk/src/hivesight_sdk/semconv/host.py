"""Host and process: the families. Pure data."""

from __future__ import annotations

from typing import Final

from hivesight_sdk.semconv.family import MetricFamily, MetricGroup

RESOURCE_UTILIZATION: Final = MetricFamily(
    "agent_hive_resource_utilization_percent",
    "gauge",
    "Current resource utilization percentage",
    ("resource_type",),
    unit="percent",
    multiprocess_mode="livemax",
    recorded_by=("configure", "track_resource_usage", "PerformanceMonitor"),
)

CPU_USAGE: Final = MetricFamily(
    "agent_hive_cpu_usage_percent",
    "gauge",
    "CPU usage by component",
    ("component",),
    unit="percent",
    multiprocess_mode="livemax",
    recorded_by=("configure", "track_resource_usage", "PerformanceMonitor"),
)

MEMORY_USAGE: Final = MetricFamily(
    "agent_hive_memory_usage_bytes",
    "gauge",
    "Memory usage by component",
    ("component",),
    unit="bytes",
    multiprocess_mode="livemax",
    recorded_by=("configure", "track_resource_usage", "PerformanceMonitor"),
)

EVENT_LOOP_LAG: Final = MetricFamily(
    "agent_hive_event_loop_lag_seconds",
    "histogram",
    "How late the event loop ran a timer",
    buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
    unit="seconds",
    recorded_by=("watch_event_loop",),
)

GROUP: Final = MetricGroup(
    "Host and process",
    "What the hive runs on.",
    (
        RESOURCE_UTILIZATION,
        CPU_USAGE,
        MEMORY_USAGE,
        EVENT_LOOP_LAG,
    ),
)
