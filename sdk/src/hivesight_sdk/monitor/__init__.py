"""The performance monitor: figures of host and hive on a thread, thresholds, 24 hours of history, summaries."""

from hivesight_sdk.monitor.monitor import PerformanceMonitor as PerformanceMonitor
from hivesight_sdk.monitor.sample import PerformanceMetrics as PerformanceMetrics
from hivesight_sdk.monitor.thresholds import PerformanceAlert as PerformanceAlert
from hivesight_sdk.monitor.thresholds import Threshold as Threshold
