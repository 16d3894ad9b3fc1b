"""Between a quoted text as it stands in a file and its value: where a character of the value stands, and how a text
is written so that it can stand there."""

import re
from typing import Final

_ESCAPE: Final = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)|''", re.DOTALL)
_HIGH: Final = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}")
_LOW: Final = re.compile(r"\\u[dD][c-fC-F][0-9a-fA-F]{2}")


def source_offset(source: str, offset: int) -> int:
    """Where the character `offset` of a quoted value stands in `source`, which begins with the quote (YAML 1.2.2,
    7.3.1 and 7.3.2; RFC 8259, 7)."""
    double = source.startswith('"')
    at = 1
    for _ in range(offset):
        match = _ESCAPE.match(source, at) if source[at : at + 1] == ("\\" if double else "'") else None
        if match is None:
            at += 1
            continue
        at = match.end()
        if _HIGH.fullmatch(match[0]) and (low := _LOW.match(source, at)):
            at = low.end()
    return at


def quoted_as(quote: str, text: str) -> str | None:
    """`text` as it is written between quotes of this kind (`"`, `'`, or "" for none); None where it cannot stand."""
    if not text.isprintable():
        return None
    match quote:
        case '"':
            return text.replace("\\", "\\\\").replace('"', '\\"')
        case "'":
            return text.replace("'", "''")
        case _:
            return None if ": " in text or " #" in text or text.endswith(":") else text
