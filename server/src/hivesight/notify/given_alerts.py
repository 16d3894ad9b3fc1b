"""An alert as a program gives it, in any of the shapes that are around: our own `Alert`, Alertmanager's JSON, the short
dictionary of a name, a severity and a description. What cannot be told is a ValueError that says how to write it."""

import difflib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, cast

from hivesight.alerting.group import Notice, Status
from hivesight.model.alert import Alert
from hivesight.model.labels import Labels

MOST_ALERTS: Final = 1000
MOST_PAIRS: Final = 200
MOST_CHARACTERS: Final = 32_768
_HOUR_MS: Final = 3_600_000
_LATEST_MS: Final = 253_402_300_800_000
_SHAPES: Final = (
    "an alert is {'name': ..., 'severity': ..., 'description': ...}, an alert of Alertmanager's JSON "
    "({'labels': {...}, 'annotations': {...}, 'startsAt': ...}), its whole webhook document, or a hivesight Alert"
)
_SHORT: Final = (
    "name",
    "severity",
    "summary",
    "description",
    "timestamp",
    "metrics",
    "status",
    "labels",
    "annotations",
    "url",
)


def read_alerts(given: object, now_ms: int) -> tuple[Notice, ...]:
    """What is to be told of `given`; it fires unless it says that it is over. Raises ValueError."""
    if isinstance(given, Alert):
        return (Notice(given, Status.RESOLVED if given.resolved_at(now_ms) else Status.FIRING),)
    if not isinstance(given, Mapping):
        raise ValueError(f"{type(given).__name__} is no alert: {_SHAPES}")
    said = cast("Mapping[str, Any]", given)
    if "name" in said:
        return (_short(said, now_ms),)
    if "labels" in said:
        return (_alertmanagers(said, now_ms),)
    if "alerts" in said:
        return _document(said["alerts"], now_ms)
    raise ValueError(f"neither 'name' nor 'labels' is given: {_SHAPES}")


def _document(alerts: object, now_ms: int) -> tuple[Notice, ...]:
    """The alerts of a webhook's document (Alertmanager, "webhook_config")."""
    if not isinstance(alerts, Sequence) or isinstance(alerts, str) or not alerts:
        raise ValueError(f"'alerts' must be a list with at least one alert: {_SHAPES}")
    listed = cast("Sequence[object]", alerts)
    if len(listed) > MOST_ALERTS:
        raise ValueError(f"{len(listed)} alerts at once, at most {MOST_ALERTS} can be told: send them in parts")
    found = list[Notice]()
    for index, each in enumerate(listed):
        if not isinstance(each, Mapping) or "labels" not in each:
            raise ValueError(f"alerts[{index}] has no 'labels': {_SHAPES}")
        found.append(_alertmanagers(cast("Mapping[str, Any]", each), now_ms))
    return tuple(found)


def _short(said: Mapping[str, Any], now_ms: int) -> Notice:
    for key in said:
        if key not in _SHORT:
            close = difflib.get_close_matches(str(key), _SHORT, 1)
            hint = f"did you mean {close[0]!r}?" if close else "put what names the alert under 'labels', what is said"
            hint += "" if close else f" of it under 'annotations'; known here are {', '.join(_SHORT)}"
            raise ValueError(f"unknown key {str(key)!r} of an alert: {hint}")
    name = said["name"]
    if not isinstance(name, str) or not name:
        raise ValueError(f"'name' must be the alert's name, a text such as 'HighCoordinationLatency', not {name!r}")
    metrics = _texts(said.get("metrics"), "metrics")
    values = ", ".join(f"{key}: {value}" for key, value in metrics.items())
    spoken = {key: _text(said[key], key) for key in ("summary", "description") if said.get(key) is not None}
    if values:
        spoken["description"] = f"{spoken['description']}\n{values}" if spoken.get("description") else values
    severity = {} if said.get("severity") is None else {"severity": _text(said["severity"], "severity")}
    labels = {**_texts(said.get("labels"), "labels"), **severity, "alertname": name}
    annotations = {**metrics, **_texts(said.get("annotations"), "annotations"), **spoken}
    starts_ms = _time(said.get("timestamp"), "timestamp", now_ms)
    status = _status(said.get("status")) or Status.FIRING
    url = _text(said.get("url", ""), "url")
    return _notice(labels, annotations, starts_ms, now_ms if status is Status.RESOLVED else None, url, status, now_ms)


def _alertmanagers(said: Mapping[str, Any], now_ms: int) -> Notice:
    """One alert of Alertmanager's webhooks and of its API v2; keys that say nothing to people are passed over."""
    labels = _texts(said["labels"], "labels")
    if not labels:
        raise ValueError("'labels' is empty: give at least {'alertname': ...}")
    starts_ms = _time(said.get("startsAt"), "startsAt", now_ms)
    ends_ms = _time(said.get("endsAt"), "endsAt", 0) or None
    over = ends_ms is not None and ends_ms <= now_ms
    status = _status(said.get("status")) or (Status.RESOLVED if over else Status.FIRING)
    annotations = _texts(said.get("annotations"), "annotations")
    url = _text(said.get("generatorURL") or "", "generatorURL")
    return _notice(labels, annotations, starts_ms, ends_ms, url, status, now_ms)


def _notice(
    labels: Mapping[str, str],
    annotations: Mapping[str, str],
    starts_ms: int,
    ends_ms: int | None,
    url: str,
    status: Status,
    now_ms: int,
) -> Notice:
    over_ms = now_ms if ends_ms is None else min(ends_ms, now_ms)
    until_ms = over_ms if status is Status.RESOLVED else now_ms + _HOUR_MS
    return Notice(Alert(Labels(labels), starts_ms, until_ms, Labels(annotations), url, now_ms), status)


def _status(value: object) -> Status | None:
    """None where nothing is said, and for API v2, whose status tells of muting."""
    if value is None or isinstance(value, Mapping):
        return None
    try:
        return Status(str(value))
    except ValueError:
        raise ValueError(f"'status' must be 'firing' or 'resolved', not {value!r}") from None


def _time(value: object, key: str, default_ms: int) -> int:
    """Milliseconds since the epoch; no time at all, also as Go writes it, is the default. A time without a zone is
    this machine's."""
    try:
        match value:
            case None | "":
                return default_ms
            case bool():
                raise ValueError
            case int() | float():
                ms = int(value * 1000)
            case datetime() | str():
                moment = datetime.fromisoformat(value) if isinstance(value, str) else value
                if moment.year == 1:
                    return default_ms
                ms = int((moment if moment.tzinfo else moment.astimezone()).astimezone(UTC).timestamp() * 1000)
            case _:
                raise ValueError
        if 0 <= ms < _LATEST_MS:
            return ms
    except (ValueError, OverflowError):
        pass
    raise ValueError(f"{key!r} must be a time such as '2026-01-02T03:04:05Z', not {str(value)[:80]!r}")


def _texts(value: object, key: str) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ValueError(f"{key!r} must be a dictionary of names and texts, not {type(value).__name__}")
    pairs = cast("Mapping[object, object]", value)
    if len(pairs) > MOST_PAIRS:
        raise ValueError(f"{key!r} has {len(pairs)} entries, at most {MOST_PAIRS} can be told: leave some out")
    return {_text(name, key): _text(each, f"{key}.{name}") for name, each in pairs.items()}


def _text(value: object, key: str) -> str:
    match value:
        case bool():
            text = str(value).lower()
        case str() | int() | float():
            text = str(value)
        case _:
            raise ValueError(f"{key!r} must be a text or a number, not {type(value).__name__}")
    if len(text) > MOST_CHARACTERS:
        raise ValueError(f"{key!r} has {len(text)} characters, at most {MOST_CHARACTERS} can be told: shorten it")
    return text
