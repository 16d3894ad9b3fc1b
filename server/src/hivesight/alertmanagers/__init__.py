"""Alerts on their way to other Alertmanagers, which `alerting.alertmanagers` of `prometheus.yml` names. Enter: alerts,
from the thread that evaluates rules. Leave: POSTs to `/api/v2/alerts`. Called by app."""

from hivesight.alertmanagers.manager import Alertmanagers
from hivesight.alertmanagers.metrics import SendingMetrics

__all__ = ["Alertmanagers", "SendingMetrics"]
