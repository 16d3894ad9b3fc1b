"""Edits of a YAML text that leave what they take away as a comment, where it stood."""

import re
from typing import Final

_MARK: Final = "# not carried over: "
_ITEM: Final = re.compile(r" *- ")


def without_block(text: str, line: int, col: int, instead: tuple[str, ...] = ()) -> str | None:
    """The text with the key at this place (from 1) and all that belongs to it made a comment, and other lines in its
    place. None where it does not stand at the beginning of its line, as in `{a: 1}` or after the dash of a list."""
    lines = text.split("\n")
    first = line - 1
    head = lines[first][: col - 1]
    if head.strip():
        return None
    last = first
    for number in range(first + 1, len(lines)):
        each = lines[number]
        if not each.strip() or each.lstrip().startswith("#"):
            continue
        indent = len(each) - len(each.lstrip(" "))
        # The items of a list may stand as far left as its key.
        if indent < col - 1 or (indent == col - 1 and not _ITEM.match(each)):
            break
        last = number
    gone = [f"{head}{_MARK}{each[col - 1 :]}" for each in lines[first : last + 1]]
    return "\n".join([*lines[:first], *gone, *(f"{head}{each}" for each in instead), *lines[last + 1 :]])
