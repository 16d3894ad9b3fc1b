"""Python values as OTLP's in JSON, which keep their types (opentelemetry-proto 1.x, "JSON Protobuf Encoding")."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, Final, cast

MAX_ATTRIBUTES: Final = 128
MAX_KEY_CHARACTERS: Final = 256
MAX_TEXT_CHARACTERS: Final = 32_768
MAX_ELEMENTS: Final = 256

_MAX_DEPTH: Final = 8
_INTEGERS: Final = range(-(2**63), 2**63)
_NOTHING: Final[dict[str, Any]] = {}

Attribute = dict[str, Any]


def attributes(values: Mapping[str, object]) -> list[Attribute]:
    """The mapping as a list of KeyValue, at most `MAX_ATTRIBUTES` of them."""
    return _key_values(values, MAX_ATTRIBUTES, 0)


def any_value(value: object, depth: int = 0) -> dict[str, Any]:
    """One value as AnyValue. Long texts and sequences are cut off; what has no type of its own there becomes text.

    Raises what the host's own `__str__` raises.
    """
    if isinstance(value, str):
        return {"stringValue": text(value, MAX_TEXT_CHARACTERS)}
    if isinstance(value, bool):
        return {"boolValue": bool(value)}
    if isinstance(value, int) and value in _INTEGERS:
        return {"intValue": str(int(value))}
    if isinstance(value, float):
        return {"doubleValue": number(value)}
    if value is None:
        return _NOTHING
    if isinstance(value, bytes):
        return {"bytesValue": base64.b64encode(value[:MAX_TEXT_CHARACTERS]).decode()}
    if depth < _MAX_DEPTH and isinstance(value, Mapping):
        return {"kvlistValue": {"values": _key_values(cast("Mapping[object, object]", value), MAX_ELEMENTS, depth + 1)}}
    if depth < _MAX_DEPTH and isinstance(value, Sequence | set | frozenset):
        elements = islice(cast("Sequence[object]", value), MAX_ELEMENTS)
        return {"arrayValue": {"values": [any_value(element, depth + 1) for element in elements]}}
    return {"stringValue": text(str(value), MAX_TEXT_CHARACTERS)}


def text(value: str, characters: int) -> str:
    """`value`, cut off, as UTF-8 can carry it."""
    value = value[:characters]
    return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")


def number(value: float) -> float | str:
    """A double; what JSON has no number for is text."""
    if math.isfinite(value):
        return float(value)
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _key_values(values: Mapping[Any, object], most: int, depth: int) -> list[Attribute]:
    pairs = islice(values.items(), most)
    return [{"key": text(str(key), MAX_KEY_CHARACTERS), "value": any_value(value, depth)} for key, value in pairs]
