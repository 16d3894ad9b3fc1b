"""Go's package fmt over template values: Sprint and Sprintln. Bounded: no text and no nesting passes a limit."""

from collections.abc import Sequence
from typing import Final

from hivesight.gotmpl.errors import TooLarge
from hivesight.gotmpl.values import as_mapping, as_sequence, has_fields, has_string, type_name
from hivesight.model.gofloat import format_g

TEXT_MOST: Final = 4 << 20
DEPTH_MOST: Final = 30


def show(value: object) -> str:
    """A value as `%v` prints it. Raises TooLarge past the bounds."""
    out: list[str] = []
    _show(value, out, [TEXT_MOST], 0)
    return "".join(out)


def _show(value: object, out: list[str], left: list[int], depth: int) -> None:
    """Append a value's text; `left` is what remains of the budget."""
    if depth > DEPTH_MOST:
        raise TooLarge("a value is nested too deeply to print")
    mapping, sequence = as_mapping(value), as_sequence(value)
    if has_string(value) or (mapping is None and sequence is None and not has_fields(value)):
        text = _scalar(value)
        spend(left, len(text))
        out.append(text)
        return
    if has_fields(value):
        head, tail, items = "{", "}", [("", each) for each in value.template_fields().values()]
    elif mapping is not None:
        head, tail, items = "map[", "]", [(f"{show(key)}:", mapping[key]) for key in in_order(mapping)]
    else:
        head, tail, items = "[", "]", [("", each) for each in sequence or ()]
    out.append(head)
    for index, (prefix, each) in enumerate(items):
        spend(left, 1 + len(prefix))
        out.append(f"{' ' if index else ''}{prefix}")
        _show(each, out, left, depth + 1)
    spend(left, len(head) + len(tail))
    out.append(tail)


def spend(left: list[int], size: int) -> None:
    """Take from a budget of characters. Raises TooLarge when it is used up."""
    left[0] -= size
    if left[0] < 0:
        raise TooLarge(f"a value prints more than {TEXT_MOST} characters")


def in_order(mapping: object) -> list[object]:
    """A map's keys as Go orders them: by kind and value."""
    keys = list(as_mapping(mapping) or ())
    numbers = [key for key in keys if isinstance(key, int | float)]
    texts = [key for key in keys if isinstance(key, str)]
    return [*sorted(numbers), *sorted(texts)]


def _scalar(value: object) -> str:
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return str(value)
    if isinstance(value, float):
        return format_g(value)
    if isinstance(value, int):
        return str(value)
    return value.template_string() if has_string(value) else f"<{type_name(value)}>"


def sprint(values: Sequence[object]) -> str:
    """Values side by side, with a space between two that are no strings (fmt.Sprint)."""
    parts: list[str] = []
    for index, value in enumerate(values):
        if index and not isinstance(value, str) and not isinstance(values[index - 1], str):
            parts.append(" ")
        parts.append(show(value))
    return "".join(parts)


def sprintln(values: Sequence[object]) -> str:
    """Values with spaces between and a line end after (fmt.Sprintln)."""
    return " ".join(map(show, values)) + "\n"


_PRINTED: Final = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"}


def quote(text: str) -> str:
    """A Go string literal (strconv.Quote)."""
    out: list[str] = []
    for character in text:
        if character in '"\\':
            out.append(f"\\{character}")
        elif character in _PRINTED:
            out.append(_PRINTED[character])
        elif character.isprintable():
            out.append(character)
        else:
            point = ord(character)
            out.append(
                f"\\x{point:02x}" if point < 0x80 else f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"
            )
    return f'"{"".join(out)}"'
