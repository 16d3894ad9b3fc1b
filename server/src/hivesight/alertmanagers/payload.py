"""Alerts as Alertmanager's API v2 takes them (`postableAlerts`)."""

from collections.abc import Sequence

import orjson

from hivesight.model.alert import Alert
from hivesight.model.clock import rfc3339


def payload(alerts: Sequence[Alert]) -> bytes:
    """The body of a POST to `/api/v2/alerts`."""
    return orjson.dumps(
        [
            {
                "labels": dict(alert.labels),
                "annotations": dict(alert.annotations),
                "startsAt": rfc3339(alert.starts_at_ms),
                "endsAt": rfc3339(alert.ends_at_ms),
                "generatorURL": alert.generator_url,
            }
            for alert in alerts
        ]
    )
