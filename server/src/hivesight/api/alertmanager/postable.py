"""What a stranger posts, to our values. What has the wrong shape is refused whole and early; what is judged alert by
alert is told beside the alerts that are good."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from hivesight.alerting.silence import SilenceRequest
from hivesight.api.alertmanager.answers import BadDocument, Code
from hivesight.model.alert import Alert
from hivesight.model.labels import Labels
from hivesight.model.matcher import Matcher, MatchType

MAX_ALERTS: Final = 10_000
MAX_LABELS: Final = 128
MAX_LABEL_BYTES: Final = 64 << 10
MAX_ANNOTATION_BYTES: Final = 256 << 10

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FRACTION: Final = re.compile(r"(\.\d{6})\d+")
_URI: Final = re.compile(r"(?:/|[a-zA-Z][a-zA-Z0-9+.-]*:)[^\s\x00-\x1f\x7f]*")
_TYPES: Final = {
    (False, True): MatchType.EQUAL,
    (False, False): MatchType.NOT_EQUAL,
    (True, True): MatchType.REGEX,
    (True, False): MatchType.NOT_REGEX,
}


def alerts_of(document: Any, now_ms: int) -> tuple[list[Alert], list[str]]:
    """What was posted to `/alerts` (`postableAlerts`): the alerts, and what is wrong with those that are none. A start
    that is left out is the end, or now where both are; an end that is left out is 0, which means: until the resolve
    timeout. Raises BadDocument."""
    if document is None:
        return [], []
    if not isinstance(document, list):
        raise BadDocument("expected a list of alerts")
    entries: list[Any] = document  # pyright: ignore[reportUnknownVariableType]
    if len(entries) > MAX_ALERTS:
        raise BadDocument(f"more than {MAX_ALERTS} alerts at once: send them in parts")
    alerts = [_alert(entry, str(index), now_ms) for index, entry in enumerate(entries)]
    faults = [_fault(alert) for alert in alerts]
    return (
        [alert for alert, fault in zip(alerts, faults, strict=True) if fault is None],
        [f"alert {index}: {fault}" for index, fault in enumerate(faults) if fault is not None],
    )


def silence_of(document: Any) -> SilenceRequest:
    """What was posted to `/silences` (`postableSilence`). Raises BadDocument."""
    fields = _mapping({} if document is None else document, "silence")
    for name in ("comment", "createdBy", "endsAt", "matchers", "startsAt"):
        _required(fields, name, "")
    matchers = fields["matchers"]
    if not isinstance(matchers, list):
        raise BadDocument("matchers: expected a list")
    if not matchers:
        raise BadDocument("matchers in body should have at least 1 items", Code.TOO_FEW_ITEMS)
    entries: list[Any] = matchers  # pyright: ignore[reportUnknownVariableType]
    try:
        found = tuple(_matcher(each, f"matchers.{index}") for index, each in enumerate(entries))
    except ValueError as error:
        raise error if isinstance(error, BadDocument) else BadDocument(str(error)) from error
    return SilenceRequest(
        matchers=found,
        starts_at_ms=_time(fields["startsAt"], "startsAt"),
        ends_at_ms=_time(fields["endsAt"], "endsAt"),
        created_by=_text(fields["createdBy"], "createdBy"),
        comment=_text(fields["comment"], "comment"),
        id=_text(fields.get("id"), "id"),
        annotations=_texts(fields.get("annotations"), "annotations", MAX_ANNOTATION_BYTES),
    )


def _alert(entry: Any, where: str, now_ms: int) -> Alert:
    fields = _mapping(entry, where)
    _required(fields, "labels", f"{where}.")
    starts_at_ms = _time(fields.get("startsAt"), f"{where}.startsAt")
    ends_at_ms = _time(fields.get("endsAt"), f"{where}.endsAt")
    generator_url = _text(fields.get("generatorURL"), f"{where}.generatorURL")
    if generator_url and _URI.fullmatch(generator_url) is None:
        raise BadDocument(f"{where}.generatorURL in body must be of type uri: {generator_url!r}", Code.INVALID_TYPE)
    return Alert(
        labels=Labels(_texts(fields["labels"], f"{where}.labels", MAX_LABEL_BYTES)),
        annotations=Labels(_texts(fields.get("annotations"), f"{where}.annotations", MAX_ANNOTATION_BYTES)),
        starts_at_ms=starts_at_ms or ends_at_ms or now_ms,
        ends_at_ms=ends_at_ms,
        generator_url=generator_url,
        updated_at_ms=now_ms,
    )


def _fault(alert: Alert) -> str | None:
    """Why an alert of the right shape is none."""
    if not alert.labels:
        return "at least one label is needed"
    if "" in alert.labels or "" in alert.annotations:
        return "the name of a label or an annotation is empty"
    return "endsAt is before startsAt" if 0 < alert.ends_at_ms < alert.starts_at_ms else None


def _matcher(entry: Any, where: str) -> Matcher:
    fields = _mapping(entry, where)
    for name in ("isRegex", "name", "value"):
        _required(fields, name, f"{where}.")
    regex, equal = fields["isRegex"], fields.get("isEqual")
    if not isinstance(regex, bool) or not isinstance(equal, bool | None):
        raise BadDocument(f"{where}: isRegex and isEqual are true or false")
    name = _text(fields["name"], f"{where}.name")
    if not name:
        raise BadDocument(f"{where}.name: a label name cannot be empty")
    return Matcher(name, _TYPES[regex, equal is not False], _text(fields["value"], f"{where}.value"))


def _required(fields: Mapping[str, Any], name: str, before: str) -> None:
    if fields.get(name) is None:
        raise BadDocument(f"{before}{name} in body is required", Code.REQUIRED)


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
    if not all(isinstance(each, str) for each in texts):
        raise BadDocument(f"{where}: values must be texts")
    if sum(len(name) + len(text) for name, text in pairs.items()) > most_bytes:
        raise BadDocument(f"{where}: longer than {most_bytes} bytes")
    return dict(pairs)


def _time(value: Any, where: str) -> int:
    """Milliseconds since the epoch, 0 for none; a time without a zone is in UTC, as Alertmanager reads it."""
    if value is None or value == "":
        return 0
    try:
        moment = datetime.fromisoformat(_FRACTION.sub(r"\1", value))
    except (TypeError, ValueError):
        raise BadDocument(f"{where}: expected a time as RFC 3339 writes it") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    # Go's zero time stands for "not said".
    return max(0, round((moment - _EPOCH).total_seconds() * 1000))
