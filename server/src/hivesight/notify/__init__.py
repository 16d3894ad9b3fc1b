"""Saying it: the pipeline from a flush to the receivers, and one file for each kind of receiver. Flushes enter from the
alerting room, single alerts from whoever has an `AlertNotifier`; webhooks, messages, e-mails and incidents leave."""

from hivesight.notify.alert_notifier import AlertNotifier
from hivesight.notify.assembly import build_pipeline
from hivesight.notify.direct import ChannelResult
from hivesight.notify.heartbeat import Heartbeat, HeartbeatConfig
from hivesight.notify.history import Delivery, History
from hivesight.notify.metrics import HeartbeatMetrics, NotifyMetrics
from hivesight.notify.pipeline import Pipeline
from hivesight.notify.registry import listeners_of

__all__ = [
    "AlertNotifier",
    "ChannelResult",
    "Delivery",
    "Heartbeat",
    "HeartbeatConfig",
    "HeartbeatMetrics",
    "History",
    "NotifyMetrics",
    "Pipeline",
    "build_pipeline",
    "listeners_of",
]
