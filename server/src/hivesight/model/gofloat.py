"""Floats as Go prints them."""

import math
from typing import Final

_SHORTEST_EXPONENT: Final = 6


def format_g(value: float) -> str:
    """The shortest text that reads back as the same float, as Go's %v and %g print it."""
    return format_shortest(value, "g")


def format_shortest(value: float, verb: str) -> str:
    """The shortest text that reads back as the same float: strconv.FormatFloat(value, verb, -1, 64) for the verbs e,
    f and g."""
    special = _special(value)
    if special is not None:
        return special
    sign, digits, point = _digits(value)
    scientific = verb == "e" or (verb == "g" and not -4 <= point - 1 < _SHORTEST_EXPONENT)
    return sign + (_scientific(digits, point - 1) if scientific else _positional(digits, point))


def format_precision(value: float, verb: str, precision: int) -> str:
    """The float under %e, %f or %g with this many digits."""
    special = _special(value)
    return special if special is not None else f"{value:.{precision}{verb}}"


def _special(value: float) -> str | None:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return None


def _digits(value: float) -> tuple[str, str, int]:
    """Sign, significant digits, and where the point stands counted from the first of them."""
    sign = "-" if math.copysign(1.0, value) < 0 else ""
    mantissa, _, exponent = repr(abs(float(value))).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(digits) - len(fraction) + int(exponent or 0)
    digits = digits.rstrip("0")
    return sign, digits or "0", point if digits else 1


def _scientific(digits: str, exponent: int) -> str:
    mantissa = f"{digits[0]}.{digits[1:]}" if len(digits) > 1 else digits
    return f"{mantissa}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def _positional(digits: str, point: int) -> str:
    if point <= 0:
        return f"0.{'0' * -point}{digits}"
    if point >= len(digits):
        return digits + "0" * (point - len(digits))
    return f"{digits[:point]}.{digits[point:]}"
