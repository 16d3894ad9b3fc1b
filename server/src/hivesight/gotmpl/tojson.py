"""Template values as JSON (encoding/json over Alertmanager's template data)."""

import json
import math
from typing import Final

from hivesight.gotmpl.errors import FunctionError, TooLarge
from hivesight.gotmpl.gotime import GoDuration, GoTime
from hivesight.gotmpl.values import Record, as_mapping, as_sequence, has_fields, type_name

_VALUES_MOST: Final = 100_000
_DEPTH_MOST: Final = 30


def to_json(value: object) -> str:
    """The value's JSON text, safe inside HTML as Go makes it. Raises FunctionError for what JSON cannot hold."""
    text = json.dumps(_plain(value, [_VALUES_MOST], 0), ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _plain(value: object, left: list[int], depth: int) -> object:
    """The value as what `json` writes, within a budget of values."""
    left[0] -= 1
    if left[0] < 0 or depth > _DEPTH_MOST:
        raise TooLarge("the value is too large for toJson")
    if isinstance(value, float) and not math.isfinite(value):
        raise FunctionError("json: unsupported value: NaN or Inf")
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, GoTime):
        return value.format("2006-01-02T15:04:05.999999999Z07:00")
    if isinstance(value, GoDuration):
        return value.ns
    if isinstance(value, Record):
        # Alertmanager's structs name their JSON fields so: GroupLabels is groupLabels.
        fields = value.template_fields()
        return {_json_name(name): _plain(each, left, depth + 1) for name, each in fields.items()}
    if has_fields(value):
        return {name: _plain(each, left, depth + 1) for name, each in value.template_fields().items()}
    mapping, sequence = as_mapping(value), as_sequence(value)
    if mapping is not None:
        items = sorted((str(key), each) for key, each in mapping.items())
        return {key: _plain(each, left, depth + 1) for key, each in items}
    if sequence is not None:
        return [_plain(each, left, depth + 1) for each in sequence]
    raise FunctionError(f"json: unsupported type: {type_name(value)}")


def _json_name(name: str) -> str:
    return "notification_reason" if name == "NotificationReason" else name[:1].lower() + name[1:]
