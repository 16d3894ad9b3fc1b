"""Numbers for people (Prometheus' template functions humanize*; Alertmanager has humanizeDuration of them)."""

import math
import re
from collections.abc import Mapping
from typing import Final

from hivesight.gotmpl.calls import Function
from hivesight.gotmpl.errors import FunctionError
from hivesight.gotmpl.gotime import GoDuration, GoTime
from hivesight.gotmpl.values import type_name
from hivesight.model.gofloat import format_precision

_LARGE: Final = ("k", "M", "G", "T", "P", "E", "Z", "Y")
_BINARY: Final = ("ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi")
_SMALL: Final = ("m", "u", "n", "p", "f", "a", "z", "y")
_FLOAT: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|(?i:[+-]?inf(?:inity)?|nan)")
_HEX: Final = re.compile(r"[+-]?0[xX][0-9a-fA-F]*\.?[0-9a-fA-F]*[pP][+-]?[0-9]{1,5}")
_TEXT_MOST: Final = 512
_NS_MOST: Final = 2**63


def number(value: object) -> float:
    """A float, an int, a duration or a text that reads as a float, as a float. Raises FunctionError."""
    if isinstance(value, GoDuration):
        return value.seconds
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, str):
        if len(value) <= _TEXT_MOST and _FLOAT.fullmatch(value):
            return float(value)
        if len(value) <= _TEXT_MOST and _HEX.fullmatch(value):
            return _hexadecimal(value)
        raise FunctionError(f'strconv.ParseFloat: parsing "{value[:80]}": invalid syntax')
    raise FunctionError(f"can't convert {type_name(value)} to float")


def _hexadecimal(text: str) -> float:
    try:
        return float.fromhex(text)
    except (ValueError, OverflowError) as error:
        raise FunctionError(f'strconv.ParseFloat: parsing "{text[:80]}": {error}') from error


def _four(value: float) -> str:
    return format_precision(value, "g", 4)


def _grown(value: float, base: int, prefixes: tuple[str, ...]) -> str:
    """Divided by the base until it is smaller than it."""
    shown = ""
    for prefix in prefixes:
        if abs(value) < base:
            break
        shown, value = prefix, value / base
    return f"{_four(value)}{shown}"


def _shrunk(value: float) -> str:
    """Multiplied by 1000 until it is at least 1."""
    shown = ""
    for prefix in _SMALL:
        if abs(value) >= 1:
            break
        shown, value = prefix, value * 1000
    return f"{_four(value)}{shown}"


def humanize(value: object) -> str:
    """With a metric prefix: 1234567 -> `1.235M`."""
    v = number(value)
    if v == 0 or not math.isfinite(v):
        return _four(v)
    return _grown(v, 1000, _LARGE) if abs(v) >= 1 else _shrunk(v)


def humanize_1024(value: object) -> str:
    """With a binary prefix: 1048576 -> `1Mi`."""
    v = number(value)
    return _four(v) if abs(v) <= 1 or not math.isfinite(v) else _grown(v, 1024, _BINARY)


def humanize_duration(value: object) -> str:
    """Seconds in days, hours, minutes and seconds: 3661 -> `1h 1m 1s`."""
    v = number(value)
    if not math.isfinite(v):
        return _four(v)
    if v == 0:
        return f"{_four(v)}s"
    if abs(v) < 1:
        return f"{_shrunk(v)}s"
    sign, v = ("-", -v) if v < 0 else ("", v)
    if v >= _NS_MOST:
        raise FunctionError(f"{_four(v)} seconds are too many to show as a duration")
    minutes, seconds = divmod(int(v), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{sign}{days}d {hours}h {minutes}m {seconds}s"
    if hours:
        return f"{sign}{hours}h {minutes}m {seconds}s"
    return f"{sign}{minutes}m {seconds}s" if minutes else f"{sign}{_four(v)}s"


def humanize_percentage(value: object) -> str:
    """A ratio as a percentage: 0.123 -> `12.3%`."""
    return f"{_four(number(value) * 100)}%"


def to_time(value: object) -> GoTime:
    """Seconds since the epoch as a time, to the millisecond."""
    v = number(value)
    if not math.isfinite(v):
        raise FunctionError("value is NaN or Inf")
    ns = v * 1e9
    if abs(ns) >= _NS_MOST:
        raise FunctionError(f"{_four(ns)} cannot be represented as a nanoseconds timestamp since it overflows int64")
    return GoTime.from_ms(math.trunc(int(ns) / 1_000_000))


def humanize_timestamp(value: object) -> str:
    """Seconds since the epoch as a time that is readable."""
    v = number(value)
    return to_time(v).template_string() if math.isfinite(v) else _four(v)


def to_duration(value: object) -> GoDuration:
    """Seconds as a duration."""
    v = number(value)
    if not math.isfinite(v):
        raise FunctionError("value is NaN or Inf")
    if abs(v * 1e9) >= _NS_MOST:
        raise FunctionError(f"{_four(v)} cannot be represented as a nanoseconds duration since it overflows int64")
    return GoDuration(int(v * 1e9))


HUMANIZE_FUNCTIONS: Final[Mapping[str, Function]] = {
    "humanize": humanize,
    "humanize1024": humanize_1024,
    "humanizeDuration": humanize_duration,
    "humanizePercentage": humanize_percentage,
    "humanizeTimestamp": humanize_timestamp,
    "toTime": to_time,
    "toDuration": to_duration,
}
