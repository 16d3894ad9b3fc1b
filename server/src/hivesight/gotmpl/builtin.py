"""The functions that every Go template has (text/template, "Functions"); `and` and `or` are the evaluator's own."""

import urllib.parse
from collections.abc import Mapping
from typing import Final

from hivesight.gotmpl.calls import Function
from hivesight.gotmpl.errors import FunctionError
from hivesight.gotmpl.gofmt import sprint, sprintln
from hivesight.gotmpl.gotime import GoDuration
from hivesight.gotmpl.printf import sprintf
from hivesight.gotmpl.values import SafeHtml, as_mapping, as_sequence, entry_of, truth, type_name

SHORT_CIRCUIT: Final = frozenset({"and", "or"})
TEMPLATE_FUNCTION: Final = "tmpl"
_HTML: Final = str.maketrans({"\0": "\ufffd", '"': "&#34;", "'": "&#39;", "&": "&amp;", "<": "&lt;", ">": "&gt;"})
_JS: Final = {
    "\\": "\\\\",
    "'": "\\'",
    '"': '\\"',
    "<": "\\u003C",
    ">": "\\u003E",
    "&": "\\u0026",
    "=": "\\u003D",
}


def escape_html(text: str) -> str:
    """The text with what HTML gives a meaning replaced (template.HTMLEscapeString)."""
    return text.translate(_HTML)


def _html(*values: object) -> SafeHtml:
    return SafeHtml(escape_html(sprint(values)))


def _js(*values: object) -> str:
    return "".join(_JS.get(c, c if c.isprintable() else f"\\u{ord(c):04X}") for c in sprint(values))


def _urlquery(*values: object) -> str:
    return urllib.parse.quote_plus(sprint(values), safe="-_.~", errors="replace")


def _not(value: object) -> bool:
    return not truth(value)


def _len(value: object) -> int:
    if isinstance(value, str):
        return len(value.encode("utf-8", "replace"))
    sized = as_mapping(value)
    if sized is None:
        sized = as_sequence(value)
    if sized is None:
        raise FunctionError("len of nil pointer" if value is None else f"len of type {type_name(value)}")
    return len(sized)


def _position(index: object, most: int) -> int:
    if not isinstance(index, int) or isinstance(index, bool):
        raise FunctionError(f"cannot index slice/array with type {type_name(index)}")
    if not 0 <= index <= most:
        raise FunctionError(f"index out of range: {index}")
    return index


def _index(value: object, *keys: object) -> object:
    for key in keys:
        mapping, sequence = as_mapping(value), as_sequence(value)
        if mapping is not None:
            if isinstance(key, str | int | float):
                value = entry_of(mapping, key)
                continue
            raise FunctionError(f"value has type {type_name(key)}; should be string")
        if isinstance(value, str):
            raw = value.encode("utf-8", "replace")
            value = raw[_position(key, len(raw) - 1)]
        elif sequence is not None:
            value = sequence[_position(key, len(sequence) - 1)]
        else:
            raise FunctionError(
                "index of untyped nil" if value is None else f"can't index item of type {type_name(value)}"
            )
    return value


def _slice(value: object, *bounds: object) -> object:
    if len(bounds) > 3:
        raise FunctionError(f"too many slice indexes: {len(bounds)}")
    text = value.encode("utf-8", "replace") if isinstance(value, str) else None
    sequence = as_sequence(value)
    items = text if text is not None else sequence
    if items is None:
        raise FunctionError(f"can't slice item of type {type_name(value)}")
    if text is not None and len(bounds) == 3:
        raise FunctionError("cannot 3-index slice a string")
    places = [_position(each, len(items)) for each in bounds]
    start, end = (places + [0, len(items)][len(places) :])[:2] if len(places) < 2 else places[:2]
    if start > end:
        raise FunctionError(f"invalid slice index: {start} > {end}")
    cut = items[start:end]
    return cut.decode("utf-8", "replace") if isinstance(cut, bytes) else cut


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | GoDuration):
        return "int"
    return "string" if isinstance(value, str) else "float" if isinstance(value, float) else ""


def _plain(value: object) -> object:
    return value.ns if isinstance(value, GoDuration) else value


def _equal(first: object, second: object) -> bool:
    kind, other = _kind(first), _kind(second)
    if kind != other and first is not None and second is not None:
        raise FunctionError("incompatible types for comparison")
    if not kind and first is not None and second is not None:
        raise FunctionError(f"non-comparable type: {type_name(first)}")
    return _plain(first) == _plain(second)


def _eq(first: object, *others: object) -> bool:
    if not others:
        raise FunctionError("missing argument for comparison")
    return any(_equal(first, other) for other in others)


def _lt(first: object, second: object) -> bool:
    kind = _kind(first)
    if not kind or not _kind(second) or kind == "bool":
        raise FunctionError("invalid type for comparison")
    if kind != _kind(second):
        raise FunctionError("incompatible types for comparison")
    a, b = _plain(first), _plain(second)
    if isinstance(a, str) and isinstance(b, str):
        return a < b
    return isinstance(a, int | float) and isinstance(b, int | float) and a < b


def _print(*values: object) -> str:
    return sprint(values)


def _printf(template: str, *values: object) -> str:
    return sprintf(template, values)


def _println(*values: object) -> str:
    return sprintln(values)


def _ne(first: object, second: object) -> bool:
    return not _equal(first, second)


def _le(first: object, second: object) -> bool:
    return _lt(first, second) or _equal(first, second)


def _gt(first: object, second: object) -> bool:
    return not _le(first, second)


def _ge(first: object, second: object) -> bool:
    return not _lt(first, second)


def evaluated_in_place(*_: object) -> object:
    """Stands in the table for what the evaluator does itself."""
    raise FunctionError("cannot be called as a value")


BUILTINS: Final[Mapping[str, Function]] = {
    "and": evaluated_in_place,
    "or": evaluated_in_place,
    "not": _not,
    "len": _len,
    "index": _index,
    "slice": _slice,
    "print": _print,
    "printf": _printf,
    "println": _println,
    "html": _html,
    "js": _js,
    "urlquery": _urlquery,
    "eq": _eq,
    "ne": _ne,
    "lt": _lt,
    "le": _le,
    "gt": _gt,
    "ge": _ge,
}
