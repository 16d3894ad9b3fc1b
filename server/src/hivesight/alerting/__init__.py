"""Who should hear, when: the routing tree, grouping, inhibition, silences and the notification log. Alerts enter from
whoever makes them; flushes leave to whoever says them. Nothing here sends anything."""

from hivesight.alerting.config import Config, ConfigFile
from hivesight.alerting.config_check import read_config
from hivesight.alerting.group import Flush, Notice, Status
from hivesight.alerting.metrics import AlertingMetrics
from hivesight.alerting.room import Alerting, Deliver
from hivesight.alerting.table import Table, Tables
from hivesight.alerting.view import AlertState, AlertView, GroupView

__all__ = [
    "AlertState",
    "AlertView",
    "Alerting",
    "AlertingMetrics",
    "Config",
    "ConfigFile",
    "Deliver",
    "Flush",
    "GroupView",
    "Notice",
    "Status",
    "Table",
    "Tables",
    "read_config",
]
