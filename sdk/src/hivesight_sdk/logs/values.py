"""Any object of the host as a value that JSON has, within bounds and without secrets.

Nothing here raises for what an object does: broken `__str__`, endless recursion, lone surrogates, huge numbers.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from enum import Enum
from itertools import islice
from typing import TYPE_CHECKING, Final, cast

from hivesight_sdk.logs.limits import NAME_CHARACTERS

if TYPE_CHECKING:
    from hivesight_sdk.logs.limits import LogLimits
    from hivesight_sdk.logs.redaction import Redactor

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

CUT: Final = "…"
"""Ends a text, and stands for values, of which there was more."""

_MAX_INT: Final = 2**63
# So much more than is shown is looked at for secrets: one that the cut goes through must not show its first half.
_BEYOND_CUT: Final = 512


def safe_text(value: object, characters: int) -> str:
    """`str(value)`, cut off, as text that UTF-8 can carry; the name of its type where it has no text."""
    try:
        text = value if type(value) is str else str(value)[: characters + 1]
        cut = text if len(text) <= characters else text[:characters] + CUT
        return cut if cut.isascii() else cut.encode("utf-8", "replace").decode("utf-8")
    except Exception:  # noqa: BLE001  the host's own __str__ may raise anything
        return f"<{type(value).__name__} without text>"


def shown_text(value: object, characters: int, redactor: Redactor, *, end: bool = False) -> str:
    """`value` as text without secrets, cut off at the end; or, with `end`, at the beginning."""
    looked_at = characters + _BEYOND_CUT
    if end:
        whole = value if isinstance(value, str) else safe_text(value, looked_at)
        text = redactor.text(safe_text(str(whole)[-looked_at:], looked_at))
        return text if len(text) <= characters else CUT + text[-characters:]
    text = redactor.text(safe_text(value, looked_at))
    return text if len(text) <= characters else text[:characters] + CUT


class Walk:
    """One record's values: `limits.values` of them are shown, however they are nested."""

    def __init__(self, redactor: Redactor, limits: LogLimits) -> None:
        self._redactor = redactor
        self._limits = limits
        self._left = limits.values

    def fields(self, mapping: dict[object, object], depth: int = 0) -> dict[str, Json]:
        """`mapping` with its secrets taken out; `…` says how many entries are not shown."""
        shown: dict[str, Json] = {}
        for key, value in islice(mapping.items(), self._limits.fields):
            if self._left <= 0:
                break
            name = safe_text(key, NAME_CHARACTERS)
            secret = self._redactor.secret_value(name, value)
            shown[self._redactor.text(name)] = self._value(value, depth + 1) if secret is None else secret
        if len(mapping) > len(shown):
            shown[CUT] = len(mapping) - len(shown)
        return shown

    def _value(self, value: object, depth: int) -> Json:
        self._left -= 1
        try:
            return self._plain(value, depth)
        except Exception:  # noqa: BLE001  a container of the host's that changes or raises while it is read
            return f"<{type(value).__name__} unreadable>"

    def _plain(self, value: object, depth: int) -> Json:
        if value is None or value is True or value is False:
            return value
        if isinstance(value, Enum):
            return self._value(value.value, depth)
        if isinstance(value, int):
            return int(value) if abs(int(value)) < _MAX_INT else f"<integer of {int(value).bit_length()} bits>"
        if isinstance(value, float):
            return float(value) if math.isfinite(value) else repr(float(value))
        if isinstance(value, bytes | bytearray):
            prefix = bytes(value[: self._limits.text_characters + _BEYOND_CUT])
            return self._text(prefix.decode("utf-8", "replace"))
        if isinstance(value, dict | list | tuple | set | frozenset):
            if depth >= self._limits.depth:
                return CUT
            if isinstance(value, dict):
                return self.fields(cast("dict[object, object]", value), depth)
            return self._array(cast("Iterable[object]", value), len(cast("list[object]", value)), depth)
        return self._text(value)

    def _text(self, value: object) -> str:
        return shown_text(value, self._limits.text_characters, self._redactor)

    def _array(self, values: Iterable[object], length: int, depth: int) -> list[Json]:
        shown: list[Json] = []
        for value in islice(values, self._limits.fields):
            if self._left <= 0:
                break
            shown.append(self._value(value, depth + 1))
        if length > len(shown):
            shown.append(f"{CUT} {length - len(shown)} more")
        return shown
