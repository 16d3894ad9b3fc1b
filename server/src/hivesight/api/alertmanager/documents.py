"""The documents of the API: from our values to JSON, and from what a stranger posts to our values."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from hivesight.alerting.silence import Silence, SilenceRequest
from hivesight.alerting.view import AlertView, GroupView
from hivesight.model.alert import Alert
from hivesight.model.clock import rfc3339
from hivesight.model.labels import Labels
from hivesight.model.matcher import Matcher, MatchType

MAX_ALERTS: Final = 10_000
MAX_LABELS: Final = 128
MAX_LABEL_BYTES: Final = 64 << 10
MAX_ANNOTATION_BYTES: Final = 256 << 10

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FRACTION: Final = re.compile(r"(\.\d{6})\d+")


class BadDocument(ValueError):
    """A posted document is not what the API takes; the message says where and why."""


def alert_document(view: AlertView) -> dict[str, Any]:
    """One alert with its status (`gettableAlert`)."""
    alert = view.alert
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
            "state": view.state,
        },
        "updatedAt": rfc3339(alert.updated_at_ms),
        "generatorURL": alert.generator_url,
        "labels": dict(alert.labels.pairs),
    }


def group_document(view: GroupView) -> dict[str, Any]:
    """One group of alerts (`alertGroup`)."""
    return {
        "alerts": [alert_document(each) for each in view.alerts],
        "labels": dict(view.labels),
        "receiver": {"name": view.receiver},
    }


def silence_document(silence: Silence, now_ms: int) -> dict[str, Any]:
    """One silence (`gettableSilence`)."""
    return {
        "id": silence.id,
        "status": {"state": silence.state(now_ms)},
        "updatedAt": rfc3339(silence.updated_at_ms),
        "comment": silence.comment,
        "createdBy": silence.created_by,
        "startsAt": rfc3339(silence.starts_at_ms),
        "endsAt": rfc3339(silence.ends_at_ms),
        "annotations": dict(silence.annotations),
        "matchers": [
            {
                "name": each.name,
                "value": each.value,
                "isRegex": each.type in (MatchType.REGEX, MatchType.NOT_REGEX),
                "isEqual": each.type in (MatchType.EQUAL, MatchType.REGEX),
            }
            for each in silence.matchers
        ],
    }


def alerts_of(document: Any, now_ms: int) -> list[Alert]:
    """What was posted to `/alerts` (`postableAlerts`); a time that is left out is now, an end that is left out is the
    beginning of the epoch, which means: until the resolve timeout. Raises BadDocument."""
    if not isinstance(document, list):
        raise BadDocument("expected a list of alerts")
    entries: list[Any] = document  # pyright: ignore[reportUnknownVariableType]
    if len(entries) > MAX_ALERTS:
        raise BadDocument(f"more than {MAX_ALERTS} alerts at once: send them in parts")
    return [_alert(entry, index, now_ms) for index, entry in enumerate(entries)]


def silence_of(document: Any, now_ms: int) -> SilenceRequest:
    """What was posted to `/silences` (`postableSilence`). Raises BadDocument."""
    fields = _mapping(document, "the silence")
    try:
        matchers = tuple(_matcher(each) for each in fields.get("matchers") or ())
    except ValueError as error:
        raise BadDocument(str(error)) from error
    return SilenceRequest(
        matchers=matchers,
        starts_at_ms=_time(fields.get("startsAt"), "startsAt", now_ms),
        ends_at_ms=_time(fields.get("endsAt"), "endsAt", 0),
        created_by=_text(fields.get("createdBy"), "createdBy"),
        comment=_text(fields.get("comment"), "comment"),
        id=_text(fields.get("id"), "id"),
        annotations=_texts(fields.get("annotations"), "annotations", MAX_ANNOTATION_BYTES),
    )


def _alert(entry: Any, index: int, now_ms: int) -> Alert:
    where = f"alert {index}"
    fields = _mapping(entry, where)
    labels = Labels(_texts(fields.get("labels"), f"{where}: labels", MAX_LABEL_BYTES))
    if not labels:
        raise BadDocument(f"{where}: at least one label is needed")
    starts_at_ms = _time(fields.get("startsAt"), f"{where}: startsAt", 0)
    ends_at_ms = _time(fields.get("endsAt"), f"{where}: endsAt", 0)
    if not starts_at_ms:
        starts_at_ms = min(now_ms, ends_at_ms) if ends_at_ms else now_ms
    if ends_at_ms and ends_at_ms < starts_at_ms:
        raise BadDocument(f"{where}: endsAt is before startsAt")
    return Alert(
        labels=labels,
        annotations=Labels(_texts(fields.get("annotations"), f"{where}: annotations", MAX_ANNOTATION_BYTES)),
        starts_at_ms=starts_at_ms,
        ends_at_ms=ends_at_ms,
        generator_url=_text(fields.get("generatorURL"), f"{where}: generatorURL"),
        updated_at_ms=now_ms,
    )


def _matcher(entry: Any) -> Matcher:
    fields = _mapping(entry, "the matcher")
    regex, equal = bool(fields.get("isRegex")), fields.get("isEqual") is not False
    kinds = {
        (False, True): MatchType.EQUAL,
        (False, False): MatchType.NOT_EQUAL,
        (True, True): MatchType.REGEX,
        (True, False): MatchType.NOT_REGEX,
    }
    return Matcher(_text(fields.get("name"), "name"), kinds[regex, equal], _text(fields.get("value"), "value"))


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise BadDocument(f"{where}: expected an object")
    return value  # pyright: ignore[reportUnknownVariableType]


def _text(value: Any, where: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > MAX_LABEL_BYTES:
        raise BadDocument(f"{where}: expected a text of at most {MAX_LABEL_BYTES} characters")
    return value


def _texts(value: Any, where: str, most_bytes: int) -> dict[str, str]:
    pairs: Mapping[str, Any] = {} if value is None else _mapping(value, where)
    if len(pairs) > MAX_LABELS:
        raise BadDocument(f"{where}: more than {MAX_LABELS}")
    texts: Sequence[Any] = tuple(pairs.values())
    if not all(isinstance(each, str) for each in texts) or "" in pairs:
        raise BadDocument(f"{where}: names and values must be texts, names not empty")
    if sum(len(name) + len(text) for name, text in pairs.items()) > most_bytes:
        raise BadDocument(f"{where}: longer than {most_bytes} bytes")
    return dict(pairs)


def _time(value: Any, where: str, default: int) -> int:
    if value is None or value == "":
        return default
    try:
        moment = datetime.fromisoformat(_FRACTION.sub(r"\1", value))
    except (TypeError, ValueError):
        raise BadDocument(f"{where}: expected a time as RFC 3339 writes it") from None
    if moment.tzinfo is None:
        raise BadDocument(f"{where}: the time has no zone")
    # Go's zero time stands for "not said".
    return max(0, round((moment - _EPOCH).total_seconds() * 1000)) or default
