"""Between a quoted text as it stands in a file and its value: where a character of the value stands, and how a text
is written so that it can stand there."""

import re
from array import array
from typing import Final

_DOUBLE: Final = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)", re.DOTALL)
_SINGLE: Final = re.compile("''")
_LONGEST: Final = 10
"""Characters of the longest escape."""
_HIGH: Final = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}")
_LOW: Final = re.compile(r"\\u[dD][c-fC-F][0-9a-fA-F]{2}")


def source_offset(text: str, quote: int, offset: int) -> int:
    """Where the character `offset` of a quoted value stands in `text`, whose quote is at `quote` (YAML 1.2.2, 7.3.1 and
    7.3.2; RFC 8259, 7)."""
    escape = _DOUBLE if text.startswith('"', quote) else _SINGLE
    at = quote + 1
    while offset > 0 and (match := escape.search(text, at, at + offset + _LONGEST)) is not None:
        plain = match.start() - at
        if plain >= offset:
            break
        offset -= plain + 1
        at = match.end()
        if _HIGH.fullmatch(match[0]) and (low := _LOW.match(text, at)):
            at = low.end()
    return at + offset


def source_offsets(text: str, quote: int, length: int) -> "array[int]":
    """As `source_offset`, of the characters 0 to `length` at once."""
    escape = _DOUBLE if text.startswith('"', quote) else _SINGLE
    offsets = array("L")
    at = quote + 1
    while len(offsets) <= length:
        match = escape.search(text, at)
        plain_end = match.start() if match is not None else at + length + 1 - len(offsets)
        offsets.extend(range(at, min(plain_end, at + length + 1 - len(offsets))))
        if match is not None and len(offsets) <= length:
            offsets.append(match.start())
            at = match.end()
            if _HIGH.fullmatch(match[0]) and (low := _LOW.match(text, at)):
                at = low.end()
    return offsets


def block_offset(text: str, header: int, offset: int) -> tuple[int, int]:
    """Where the character `offset` of a block's value stands, whose `|` or `>` is at `header`: lines below that of
    the header, and the column from 0 (YAML 1.2.2, 8.1)."""
    folded = text.startswith(">", header)
    lines = text[header:].split("\n")
    indent = next((len(line) - len(line.lstrip(" ")) for line in lines[1:] if line.strip()), 0)
    for row, line in enumerate(lines[1:], 1):
        length = max(0, len(line) - indent)
        if offset <= length and line.strip():
            return row, indent + offset
        # Between two lines of text a folded break is one character, or as many as there are empty lines.
        empty_next = row + 1 < len(lines) and not lines[row + 1].strip()
        dropped = folded and empty_next and bool(line.strip()) and not line.startswith(" ", indent)
        offset -= length + (0 if dropped else 1)
    return 1, indent


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
