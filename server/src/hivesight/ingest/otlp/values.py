"""An AnyValue as the text of a label, written as the Collector's `AsString` writes it."""

import base64
import json
from typing import Any

from opentelemetry.proto.common.v1.common_pb2 import AnyValue

from hivesight.model.gofloat import format_shortest


def text_of(value: AnyValue) -> str:
    """Texts as they are, arrays and maps as JSON, bytes in base64, nothing as the empty text."""
    kind = value.WhichOneof("value")
    if kind == "string_value":
        return value.string_value
    if kind == "array_value" or kind == "kvlist_value":
        text = json.dumps(_plain(value), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
    if kind == "double_value":
        return _number(value.double_value)
    found = _plain(value)
    return "" if found is None else str(found).lower() if isinstance(found, bool) else str(found)


def _plain(value: AnyValue) -> Any:
    match value.WhichOneof("value"):
        case "string_value":
            return value.string_value
        case "bool_value":
            return value.bool_value
        case "int_value":
            return value.int_value
        case "double_value":
            number = value.double_value
            return int(number) if number.is_integer() and abs(number) < 1e15 else number
        case "bytes_value":
            return base64.b64encode(value.bytes_value).decode()
        case "array_value":
            return [_plain(each) for each in value.array_value.values]
        case "kvlist_value":
            return {each.key: _plain(each.value) for each in value.kvlist_value.values}
        case _:
            return None


def _number(value: float) -> str:
    if value and not 1e-6 <= abs(value) < 1e21 and abs(value) != float("inf"):
        mantissa, _, exponent = format_shortest(value, "e").partition("e")
        return f"{mantissa}e{exponent[0]}{exponent[1:].lstrip('0')}"
    return format_shortest(value, "f")
