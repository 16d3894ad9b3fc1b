"""Our values as the documents of the API."""

from typing import Any, Final

from hivesight.alerting.silence import Silence
from hivesight.alerting.view import AlertState, AlertView, GroupView
from hivesight.model.clock import rfc3339
from hivesight.model.labels import Labels
from hivesight.model.matcher import MatchType

ALERTMANAGER_VERSION: Final = "0.33.1"


def alert_document(view: AlertView, state: AlertState) -> dict[str, Any]:
    """One alert with its status (`gettableAlert`)."""
    alert = view.alert
    generator = {"generatorURL": alert.generator_url} if alert.generator_url else {}
    return {
        "annotations": dict(alert.annotations.pairs),
        "endsAt": rfc3339(alert.ends_at_ms),
        "fingerprint": alert.fingerprint,
        "receivers": [{"name": name} for name in view.receivers],
        "startsAt": rfc3339(alert.starts_at_ms),
        "status": {
            "inhibitedBy": [each.source for each in view.inhibited_by],
            "mutedBy": list(view.muted_by),
            "silencedBy": list(view.silenced_by),
            "state": state,
        },
        "updatedAt": rfc3339(alert.updated_at_ms),
        **generator,
        "labels": dict(alert.labels.pairs),
    }


def group_document(group: GroupView) -> dict[str, Any]:
    """One group of alerts (`alertGroup`). Its time intervals hold all of its alerts back."""
    return {
        "alerts": [
            alert_document(each, AlertState.SUPPRESSED if each.muted_by else each.state) for each in group.alerts
        ],
        "labels": dict(group.labels),
        "receiver": {"name": group.receiver},
    }


def silence_document(silence: Silence, now_ms: int) -> dict[str, Any]:
    """One silence (`gettableSilence`)."""
    annotations = {"annotations": dict(silence.annotations)} if silence.annotations else {}
    return {
        "id": silence.id,
        "status": {"state": silence.state(now_ms)},
        "updatedAt": rfc3339(silence.updated_at_ms),
        **annotations,
        "comment": silence.comment,
        "createdBy": silence.created_by,
        "endsAt": rfc3339(silence.ends_at_ms),
        "matchers": [
            {
                "isEqual": each.type in (MatchType.EQUAL, MatchType.REGEX),
                "isRegex": each.type in (MatchType.REGEX, MatchType.NOT_REGEX),
                "name": each.name,
                "value": each.value,
            }
            for each in silence.matchers
        ],
        "startsAt": rfc3339(silence.starts_at_ms),
    }


def receiver_document(name: str, labels: Labels) -> dict[str, Any]:
    """One receiver."""
    return {"labels": dict(labels), "name": name}


def status_document(version: str, started_at_ms: int, configuration: str) -> dict[str, Any]:
    """The server (`alertmanagerStatus`). There is no cluster: one process is all there is. The version is the one whose
    API this is, since clients choose by it how they speak and amtool warns of one that is not its own; ours is the
    revision."""
    return {
        "cluster": {"peers": [], "status": "disabled"},
        "config": {"original": configuration},
        "uptime": rfc3339(started_at_ms),
        "versionInfo": {
            "branch": "hivesight",
            "buildDate": "",
            "buildUser": "",
            "goVersion": "",
            "revision": version,
            "version": ALERTMANAGER_VERSION,
        },
    }
