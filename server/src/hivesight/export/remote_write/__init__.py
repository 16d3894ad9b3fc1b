"""Samples on their way to other stores, which `remote_write` of `prometheus.yml` names. Enter: the metrics store's log,
read behind its writers. Leave: remote write 1.0 or 2.0. Called by app."""

from hivesight.export.remote_write.bookmark import unread_segment
from hivesight.export.remote_write.manager import RemoteWrite
from hivesight.export.remote_write.metrics import RemoteWriteMetrics

__all__ = ["RemoteWrite", "RemoteWriteMetrics", "unread_segment"]
