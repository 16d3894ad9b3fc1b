"""Go's literals as values: strings, characters and numbers."""

import re
from typing import Final

_ESCAPE: Final = re.compile(
    r"\\(?:([abfnrtv\\'\"])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.?))"
)
_SIMPLE: Final = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_DIGITS_MOST: Final = 400


def unquote(literal: str) -> str:
    """The text of a Go string or character literal, its quotes included. Raises ValueError with the reason
    (Go specification, "String literals")."""
    quote = literal[0]
    if quote == "`":
        return literal[1:-1].replace("\r", "")
    raw = bytearray()
    at = 1
    for match in _ESCAPE.finditer(literal, 1, len(literal) - 1):
        raw += literal[at : match.start()].encode("utf-8", "replace")
        raw += _escaped(match, quote)
        at = match.end()
    raw += literal[at:-1].encode("utf-8", "replace")
    return raw.decode("utf-8", "replace")


def _escaped(match: re.Match[str], quote: str) -> bytes:
    simple, byte, short, long, octal, _ = match.groups()
    if simple and not (simple in "'\"" and simple != quote):
        return _SIMPLE.get(simple, simple).encode()
    if byte:
        return bytes([int(byte, 16)])
    if octal and int(octal, 8) < 256:
        return bytes([int(octal, 8)])
    point = int(short or long or "110000", 16)
    if point < 0x110000 and not 0xD800 <= point < 0xE000:
        return chr(point).encode()
    raise ValueError(f"unknown escape {match.group()!r} in a string")


def number(literal: str) -> int | float:
    """The value of a Go number: an int unless it has a point or an exponent. Raises ValueError with the reason."""
    digits = literal.replace("_", "")
    if len(digits) > _DIGITS_MOST:
        raise ValueError("number too long")
    unsigned = digits.lstrip("+-").lower()
    if unsigned.startswith(("0x", "0b", "0o")):
        value = int(digits, 0)
    elif any(mark in unsigned for mark in ".e"):
        result = float(digits)
        if result in (float("inf"), float("-inf")):
            raise ValueError(f"number out of range: {literal}")
        return result
    elif len(unsigned) > 1 and unsigned.startswith("0"):
        value = int(digits, 8)
    else:
        value = int(digits)
    if not -(2**63) <= value < 2**63:
        raise ValueError(f"{literal} overflows int")
    return value


def character(literal: str) -> int:
    """The code point of a Go character constant. Raises ValueError with the reason."""
    text = unquote(literal)
    if len(text) != 1:
        raise ValueError(f"malformed character constant: {literal}")
    return ord(text)
