"""Go's fmt.Sprintf over template values."""

import re
from collections.abc import Sequence
from typing import Final

from hivesight.gotmpl.errors import TooLarge
from hivesight.gotmpl.gofmt import DEPTH_MOST, TEXT_MOST, in_order, quote, show, spend
from hivesight.gotmpl.values import ABSENT, as_mapping, as_sequence, has_fields, has_string, type_name
from hivesight.model.gofloat import format_precision, format_shortest

_WIDTH_MOST: Final = 1_000_000
_VERB: Final = re.compile(
    r"%([+\-# 0]*)(\[\d{1,4}\])?(\*|\d{1,9})?(?:\.(\[\d{1,4}\])?(\*|\d{1,9})?)?(\[\d{1,4}\])?(.?)", re.DOTALL
)


def sprintf(template: str, values: Sequence[object]) -> str:
    """fmt.Sprintf; what does not fit shows in the text as Go shows it (`%!d(string=x)`). Raises TooLarge."""
    state = _State(values)
    out: list[str] = []
    size = at = 0
    for match in _VERB.finditer(template):
        out.append(template[at : match.start()])
        out.append(state.one(match))
        at = match.end()
        size += len(out[-1]) + len(out[-2])
        if size > TEXT_MOST:
            raise TooLarge(f"printf makes more than {TEXT_MOST} characters")
    out.append(template[at:])
    out.append(state.extra())
    return "".join(out)


class _State:
    """Which argument is next."""

    def __init__(self, values: Sequence[object]) -> None:
        self._values = values
        self._next = 0
        self._reordered = False

    def _index(self, mark: str | None) -> bool:
        """Move to an explicit argument `[n]`; false where there is none such."""
        if mark is None:
            return True
        self._reordered = True
        self._next = int(mark[1:-1]) - 1
        return 0 <= self._next < len(self._values)

    def _take(self) -> tuple[bool, object]:
        if not 0 <= self._next < len(self._values):
            return False, None
        self._next += 1
        return True, self._values[self._next - 1]

    def _number(self, text: str | None) -> int | None:
        """A width or precision: given, taken from the arguments (`*`), or none. -1 stands for a bad one."""
        if text is None:
            return None
        value: object = int(text) if text != "*" else self._take()[1]
        if not isinstance(value, int) or isinstance(value, bool) or abs(value) > _WIDTH_MOST:
            return -_WIDTH_MOST - 1
        return value

    def one(self, match: re.Match[str]) -> str:
        """The text for one directive."""
        flags, width_mark, width_text, precision_mark, precision_text, mark, verb = match.groups()
        if not verb:
            return "%!(NOVERB)"
        good = self._index(width_mark)
        width = self._number(width_text)
        good = self._index(precision_mark) and good
        precision = self._number(precision_text)
        good = self._index(mark) and good
        has_point = "." in match.group()[: match.start(7) - match.start()]
        prefix = ""
        if width is not None and abs(width) > _WIDTH_MOST:
            prefix, width = "%!(BADWIDTH)", None
        if precision is not None and precision < 0:
            prefix, precision = prefix + ("%!(BADPREC)" if precision < -_WIDTH_MOST else ""), None
        elif precision is None and has_point:
            precision = 0
        if verb == "%":
            return prefix + "%"
        if not good:
            return f"{prefix}%!{verb}(BADINDEX)"
        found, value = self._take()
        if not found:
            return f"{prefix}%!{verb}({'BADINDEX' if self._reordered else 'MISSING'})"
        if width is not None and width < 0:
            flags, width = flags + "-", -width
        return prefix + _directive(verb, value, flags, width or 0, precision)

    def extra(self) -> str:
        if self._reordered or self._next >= len(self._values):
            return ""
        left = self._values[self._next :]
        shown = ", ".join("<nil>" if each is None else f"{type_name(each)}={show(each)}" for each in left)
        return f"%!(EXTRA {shown})"


def _directive(
    verb: str,
    value: object,
    flags: str,
    width: int,
    precision: int | None,
    left: list[int] | None = None,
    depth: int = 0,
) -> str:
    """A value under a verb with its padding. Of a slice, map or struct every element is; `left` is their budget."""
    plain = verb == "T" or (verb == "v" and not width and precision is None)
    if not plain and not has_string(value) and not isinstance(value, str):
        parts = _parts(value)
        if parts is not None:
            return _each(verb, parts, flags, width, precision, [TEXT_MOST] if left is None else left, depth)
    return _padded(verb, value, flags, width, precision)


def _parts(value: object) -> tuple[str, str, list[tuple[object, object]]] | None:
    """What stands around a composite value's elements, and those: keys (ABSENT where there are none) and values."""
    if has_fields(value):
        return "{", "}", [(ABSENT, each) for each in value.template_fields().values()]
    mapping, sequence = as_mapping(value), as_sequence(value)
    if mapping is not None:
        return "map[", "]", [(key, mapping[key]) for key in in_order(mapping)]
    return None if sequence is None else ("[", "]", [(ABSENT, each) for each in sequence])


def _each(
    verb: str,
    parts: tuple[str, str, list[tuple[object, object]]],
    flags: str,
    width: int,
    precision: int | None,
    left: list[int],
    depth: int,
) -> str:
    if depth > DEPTH_MOST:
        raise TooLarge("a value is nested too deeply to print")
    head, tail, items = parts
    shown: list[str] = []
    for key, each in items:
        text = _directive(verb, each, flags, width, precision, left, depth + 1)
        if key is not ABSENT:
            text = f"{_directive(verb, key, flags, width, precision, left, depth + 1)}:{text}"
        spend(left, len(text) + 1)
        shown.append(text)
    return f"{head}{' '.join(shown)}{tail}"


def _padded(verb: str, value: object, flags: str, width: int, precision: int | None) -> str:
    text = _formatted(verb, value, flags, precision)
    if text is None:
        shown = _padded("v", value, flags, width, precision)
        return f"%!{verb}({shown})" if value is None else f"%!{verb}({type_name(value)}={shown})"
    if len(text) > TEXT_MOST:
        raise TooLarge(f"printf makes more than {TEXT_MOST} characters")
    if "-" in flags:
        return text.ljust(width)
    numeric = isinstance(value, int | float) and not isinstance(value, bool)
    if "0" in flags and (numeric or isinstance(value, str)) and not text.endswith(("Inf", "NaN")):
        sign = text[0] if numeric and text[:1] in ("+", "-", " ") else ""
        return sign + text[len(sign) :].rjust(width - len(sign), "0")
    return text.rjust(width)


def _formatted(verb: str, value: object, flags: str, precision: int | None) -> str | None:
    """The value under the verb before padding, or None where the verb does not fit it."""
    if verb == "T":
        return type_name(value)
    if verb == "v" and isinstance(value, str):
        return quote(value) if "#" in flags else _string("s", value, flags, precision)
    if verb == "v" and not isinstance(value, float):
        return show(value)
    if value is None:
        return None
    if isinstance(value, bool):
        return show(value) if verb == "t" else None
    if isinstance(value, str):
        return _string(verb, value, flags, precision)
    if has_string(value):
        return _string(verb, value.template_string(), flags, precision)
    if isinstance(value, int):
        text = _integer(verb, value, flags, precision)
        return None if text is None else _signed(text, flags)
    if isinstance(value, float):
        text = _float(verb, value, precision)
        return None if text is None else _signed(text, flags)
    return show(value) if verb in "sq" else None


def _signed(text: str, flags: str) -> str:
    if text.startswith("-"):
        return text
    if text.startswith("+"):
        return text if "+" in flags or text == "+Inf" else text[1:]
    return f"+{text}" if "+" in flags else f" {text}" if " " in flags else text


def _string(verb: str, text: str, flags: str, precision: int | None) -> str | None:
    cut = text if precision is None else text[:precision]
    match verb:
        case "s":
            return cut
        case "q":
            return quote(cut)
        case "x":
            return _hex(cut, flags)
        case "X":
            return _hex(cut, flags).upper()
        case _:
            return None


def _hex(text: str, flags: str) -> str:
    raw = text.encode("utf-8", "replace")
    return raw.hex(" ") if " " in flags else raw.hex()


def _integer(verb: str, value: int, flags: str, precision: int | None) -> str | None:
    if verb in "cqU":
        if not 0 <= value < 0x110000:
            return "\ufffd"
        return {"c": chr(value), "q": f"'{chr(value)}'", "U": f"U+{value:04X}"}[verb]
    base = {"d": "d", "b": "b", "o": "o", "O": "o", "x": "x", "X": "X"}.get(verb)
    if base is None:
        return None
    digits = format(abs(value), base).rjust(precision or 0, "0")
    head = {"x": "0x", "X": "0X", "o": "0", "b": "0b"}.get(verb, "") if "#" in flags else "0o" if verb == "O" else ""
    return f"{'-' if value < 0 else ''}{head}{digits}"


def _float(verb: str, value: float, precision: int | None) -> str | None:
    lower = verb.lower()
    if lower == "f" or lower == "e":
        text = format_precision(value, lower, 6 if precision is None else precision)
    elif lower in ("g", "v"):
        text = format_shortest(value, "g") if precision is None else format_precision(value, "g", precision)
    else:
        return None
    return text.upper().replace("INF", "Inf").replace("NAN", "NaN") if verb in "EG" else text
