"""Literals: Go's numbers and strings to values and back. Called by the lexer, the parser and whoever prints."""

import math
import re
from typing import Final

from hivesight.model.gofloat import format_shortest

_SIMPLE: Final = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92, "'": 39, '"': 34}
_ESCAPE: Final = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|[abfnrtv\\'\"])")
_OCTAL: Final = re.compile(r"0[0-7]+")


def unquote(text: str) -> str:
    """The value of a Go string literal with its quotes (strconv.Unquote, but single quotes may hold many characters).
    Bytes that are no UTF-8 come out as lone surrogates. Raises ValueError for a bad escape."""
    quote, body = text[0], text[1:-1]
    if quote == "`" or "\\" not in body:
        return body
    out, position = bytearray(), 0
    while (slash := body.find("\\", position)) >= 0:
        out += body[position:slash].encode()
        match = _ESCAPE.match(body, slash)
        if match is None or match[1] == ("'" if quote == '"' else '"'):
            raise ValueError("invalid syntax")
        out += _escaped(match[1])
        position = match.end()
    out += body[position:].encode()
    return out.decode(errors="surrogateescape")


def _escaped(escape: str) -> bytes:
    if escape in _SIMPLE:
        return bytes((_SIMPLE[escape],))
    code = int(escape[1:], 16) if escape[0] in "xuU" else int(escape, 8)
    if escape[0] not in "uU":
        if code > 255:
            raise ValueError("invalid syntax")
        return bytes((code,))
    if code > 0x10FFFF or 0xD800 <= code < 0xE000:
        raise ValueError("invalid syntax")
    return chr(code).encode()


def quote(text: str) -> str:
    """A Go string literal with double quotes (strconv.Quote)."""
    out = ['"']
    for char in text:
        code = ord(char)
        if char in '"\\':
            out.append("\\" + char)
        elif 0xDC80 <= code <= 0xDCFF:
            out.append(f"\\x{code - 0xDC00:02x}")
        elif char in "\a\b\f\n\r\t\v":
            out.append("\\" + "abfnrtv"["\a\b\f\n\r\t\v".index(char)])
        elif char.isprintable():
            out.append(char)
        elif code < 0x80:
            out.append(f"\\x{code:02x}")
        else:
            out.append(f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")
    out.append('"')
    return "".join(out)


def parse_number(text: str) -> float:
    """The value of a number as the lexer cut it: decimal, exponent, hexadecimal, octal, Inf, NaN, with underscores."""
    lowered = text.lower().replace("_", "")
    try:
        if lowered.startswith("0x"):
            return float(int(lowered, 16))
        if _OCTAL.fullmatch(lowered):
            return float(int(lowered, 8))
    except OverflowError:
        # As a decimal number of that size.
        return math.inf
    return float(lowered)


def format_number(value: float) -> str:
    """The number as Go prints it with %v: `1e+06`, `0.1`, `+Inf`, `NaN`."""
    return format_shortest(value, "g")


def format_open_metrics(value: float) -> str:
    """The number as OpenMetrics writes label values: always with a point or an exponent, `1.0`."""
    text = format_number(value)
    return text if not math.isfinite(value) or "." in text or "e" in text else text + ".0"


def format_plain(value: float) -> str:
    """The number without an exponent, however long (strconv.FormatFloat with 'f' and -1)."""
    return format_shortest(value, "f")


def format_api(value: float) -> str:
    """The number as the HTTP API writes sample values: without an exponent from 1e-6 up to below 1e21."""
    return format_shortest(value, "f" if value == 0 or 1e-6 <= abs(value) < 1e21 else "e")
