"""What Go templates see of a notification (Alertmanager, "Notification template reference", "Data")."""

from collections.abc import Sequence

from hivesight.alerting.group import Notice, Status
from hivesight.alerting.nflog import Reason
from hivesight.gotmpl import KV, GoTime, MethodList, Record
from hivesight.model.labels import Labels

_NEVER = GoTime(-62_135_596_800 * 1_000_000_000)
"""Go's zero time, the end of an alert that fires."""


def template_data(
    receiver: str,
    notices: Sequence[Notice],
    group_labels: Labels,
    external_url: str,
    truncated: int = 0,
    reason: Reason = Reason.FIRST,
) -> Record:
    """The dot of notification templates."""
    alerts = [_alert(each) for each in notices]
    firing = [alert for alert, each in zip(alerts, notices, strict=True) if each.firing]
    resolved = [alert for alert, each in zip(alerts, notices, strict=True) if not each.firing]
    return Record(
        "Data",
        {
            "Receiver": receiver,
            "Status": str(Status.FIRING if firing else Status.RESOLVED),
            "Alerts": MethodList(alerts, {"Firing": lambda: _list(firing), "Resolved": lambda: _list(resolved)}),
            "NotificationReason": str(reason),
            "GroupLabels": KV(group_labels),
            "CommonLabels": KV(common([each.alert.labels for each in notices])),
            "CommonAnnotations": KV(common([each.alert.annotations for each in notices])),
            "ExternalURL": external_url,
            "TruncatedAlerts": truncated,
        },
    )


def common(label_sets: Sequence[Labels]) -> dict[str, str]:
    """The labels that all have with the same value."""
    if not label_sets:
        return {}
    first, *others = label_sets
    shared = set(first.pairs).intersection(*(each.pairs for each in others))
    return {name: value for name, value in first.pairs if (name, value) in shared}


def _list(alerts: list[Record]) -> MethodList[Record]:
    return MethodList(alerts, {})


def _alert(notice: Notice) -> Record:
    alert = notice.alert
    return Record(
        "Alert",
        {
            "Status": str(notice.status),
            "Labels": KV(alert.labels),
            "Annotations": KV(alert.annotations),
            "StartsAt": GoTime.from_ms(alert.starts_at_ms),
            "EndsAt": _NEVER if notice.firing else GoTime.from_ms(alert.ends_at_ms),
            "GeneratorURL": alert.generator_url,
            "Fingerprint": notice.fingerprint,
        },
    )
