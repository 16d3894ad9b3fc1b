"""The series that tell of alerts: `ALERTS` and `ALERTS_FOR_STATE`."""

from typing import Final

from hivesight.model.labels import METRIC_NAME
from hivesight.rules.alerts import ActiveAlert
from hivesight.rules.ports import Element

ALERTS: Final = "ALERTS"
ALERTS_FOR_STATE: Final = "ALERTS_FOR_STATE"
ALERT_NAME: Final = "alertname"
ALERT_STATE: Final = "alertstate"


def samples_of(alert: ActiveAlert) -> tuple[Element, Element]:
    """An active alert's samples: `ALERTS` with its state, and `ALERTS_FOR_STATE` with the second since when its
    condition holds, from which a restart goes on."""
    state = alert.labels.merged({METRIC_NAME: ALERTS, ALERT_STATE: alert.state.value})
    since = alert.labels.merged({METRIC_NAME: ALERTS_FOR_STATE})
    return (state, 1.0), (since, float(alert.active_at_ms // 1000))
