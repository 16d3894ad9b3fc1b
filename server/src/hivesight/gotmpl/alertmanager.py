"""The functions of notification templates (Alertmanager, "Notification template reference")."""

import re
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from hivesight.gotmpl.builtin import BUILTINS
from hivesight.gotmpl.calls import Function
from hivesight.gotmpl.errors import FunctionError, TooLarge
from hivesight.gotmpl.gofmt import TEXT_MOST
from hivesight.gotmpl.gotime import GoDuration, GoTime
from hivesight.gotmpl.humanize import humanize_duration
from hivesight.gotmpl.textfunctions import TEXT_FUNCTIONS
from hivesight.gotmpl.tojson import to_json
from hivesight.gotmpl.values import AnyMap, SafeHtml

_LIST_MOST: Final = 10_000
_WORD: Final = re.compile(r"\w+(?:['’.:·]\w+)*")


def _title(text: str) -> str:
    """Every word with a capital first letter and the rest small (x/text/cases.Title)."""
    return _WORD.sub(lambda match: _capital(match.group()), text)


def _capital(word: str) -> str:
    at = next((index for index, character in enumerate(word) if character.isalpha()), 0)
    return word[:at] + word[at : at + 1].title() + word[at + 1 :].lower()


def _trim_space(text: str) -> str:
    return text.strip()


def _join(separator: str, texts: Sequence[str]) -> str:
    if sum(map(len, texts)) + len(separator) * len(texts) > TEXT_MOST:
        raise TooLarge(f"join makes more than {TEXT_MOST} characters")
    return separator.join(texts)


def _string_slice(*texts: str) -> list[str]:
    return list(texts)


def _safe_url(text: str) -> SafeHtml:
    return SafeHtml(text.replace("&", "&amp;").replace('"', "&#34;").replace("'", "&#39;").replace("<", "&lt;"))


def _url_unescape(text: str) -> str:
    if re.search(r"%(?![0-9a-fA-F]{2})", text):
        raise FunctionError(f"invalid URL escape in {text[:80]!r}")
    return urllib.parse.unquote_plus(text, errors="replace")


def _date(layout: str, time: GoTime) -> str:
    return time.format(layout)


def _tz(name: str, time: GoTime) -> GoTime:
    return time.in_zone(name)


def _list(*values: object) -> list[object]:
    return list(values)


def _append(values: Sequence[object], *more: object) -> list[object]:
    if len(values) + len(more) > _LIST_MOST:
        raise TooLarge(f"append makes more than {_LIST_MOST} elements")
    return [*values, *more]


def _dict(*pairs: object) -> AnyMap:
    if len(pairs) % 2:
        raise FunctionError("dict takes pairs of keys and values")
    made = AnyMap()
    for key, value in zip(pairs[::2], pairs[1::2], strict=True):
        if not isinstance(key, str):
            raise FunctionError("dict keys must be strings")
        made[key] = value
    return made


_FIXED: Final[Mapping[str, Function]] = {
    **BUILTINS,
    **TEXT_FUNCTIONS,
    "title": _title,
    "trimSpace": _trim_space,
    "join": _join,
    "stringSlice": _string_slice,
    "safeUrl": _safe_url,
    "urlUnescape": _url_unescape,
    "date": _date,
    "tz": _tz,
    "humanizeDuration": humanize_duration,
    "toJson": to_json,
    "list": _list,
    "append": _append,
    "dict": _dict,
}


def alertmanager_functions(*, now_ms: Callable[[], int]) -> Mapping[str, Function]:
    """The table for notifications. now_ms: the time in milliseconds since the epoch, which `since` counts from."""

    def since(time: GoTime) -> GoDuration:
        return GoDuration(now_ms() * 1_000_000 - time.ns)

    return {**_FIXED, "since": since}


ALERTMANAGER_FUNCTIONS: Final = alertmanager_functions(now_ms=lambda: 0)
"""The table for parsing and checking, where it is 1970."""
