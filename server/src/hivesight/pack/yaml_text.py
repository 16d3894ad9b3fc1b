"""Edits of YAML text that leave comments and order as their author wrote them. Block style only, which is what the
pack's files are written in."""

import re
from collections.abc import Collection, Mapping


def without(text: str, keys: Collection[str]) -> str:
    """The text without these keys, wherever they stand, and without what stands below them."""
    kept: list[str] = []
    deeper_than: int | None = None
    for line in text.splitlines(keepends=True):
        indent = len(line) - len(line.lstrip())
        if deeper_than is not None and line.strip():
            if indent > deeper_than:
                continue
            deeper_than = None
        if line.strip().partition(":")[0] in keys:
            deeper_than = indent
        else:
            kept.append(line)
    return "".join(kept)


def with_values(text: str, values: Mapping[str, str]) -> str:
    """The text with these plain values for keys, wherever they stand; a key that is not there stays absent."""
    for key, value in values.items():
        text = re.sub(rf"(?m)^(\s*(?:- )?{re.escape(key)}: ).*$", lambda found, new=value: found[1] + new, text)
    return text
