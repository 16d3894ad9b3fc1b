"""Monitoring itself: the families. Pure data."""

from __future__ import annotations

from typing import Final

from hivesight_sdk.semconv.family import MetricFamily, MetricGroup

MONITOR_FIGURE: Final = MetricFamily(
    "agent_hive_monitor_figure",
    "gauge",
    "Latest value of each figure of the performance monitor, in the unit its name says",
    ("figure",),
    recorded_by=("PerformanceMonitor",),
)

MONITOR_ALERT: Final = MetricFamily(
    "agent_hive_monitor_alert_firing",
    "gauge",
    "Whether the figure is beyond its threshold for long enough: 1 or 0",
    ("figure",),
    recorded_by=("PerformanceMonitor",),
)

LOG_REDACTIONS: Final = MetricFamily(
    "agent_hive_log_redactions_total",
    "counter",
    "Total number of secrets taken out of log records, by the kind of rule that found them",
    ("kind",),
    recorded_by=("configure_logging",),
)

SDK_EXPORTED: Final = MetricFamily(
    "agent_hive_sdk_exported_total",
    "counter",
    "Total number of spans, log records and metric points that a server took from this process",
    ("signal",),
)

SDK_EXPORT_QUEUE_LENGTH: Final = MetricFamily(
    "agent_hive_sdk_export_queue_length",
    "gauge",
    "Number of spans and log records that wait to be exported",
    ("signal",),
)

SDK_DROPPED: Final = MetricFamily(
    "agent_hive_sdk_dropped_total",
    "counter",
    "Total number of recordings the SDK dropped instead of troubling its host",
    ("reason",),
)

GROUP: Final = MetricGroup(
    "Monitoring itself",
    "The performance monitor, the logs, what the SDK exported and what it had to drop.",
    (
        MONITOR_FIGURE,
        MONITOR_ALERT,
        LOG_REDACTIONS,
        SDK_EXPORTED,
        SDK_EXPORT_QUEUE_LENGTH,
        SDK_DROPPED,
    ),
)
