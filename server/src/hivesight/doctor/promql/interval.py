"""Intervals of numbers and what arithmetic makes of them."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final


@dataclass(frozen=True, slots=True)
class Interval:
    """From `low` to `high`, both possible. nan: whether no number at all can come as well."""

    low: float = -math.inf
    high: float = math.inf
    nan: bool = True

    def union(self, other: "Interval") -> "Interval":
        return Interval(min(self.low, other.low), max(self.high, other.high), self.nan or other.nan)

    def cut(self, other: "Interval") -> "Interval":
        """What of it lies in `other` too; itself where that is nothing."""
        low, high = max(self.low, other.low), min(self.high, other.high)
        return Interval(low, high, self.nan and other.nan) if low <= high else self

    def negated(self) -> "Interval":
        return Interval(-self.high, -self.low, self.nan)

    def through(self, rising: Callable[[float], float]) -> "Interval":
        """After a function that never falls, and leaves what is infinite as it is."""
        low, high = (end if math.isinf(end) else float(rising(end)) for end in (self.low, self.high))
        return Interval(low, high, self.nan)

    def maybe_nan(self) -> "Interval":
        return replace(self, nan=True)

    @property
    def constant(self) -> bool:
        return self.low == self.high and not self.nan

    @property
    def positive(self) -> bool:
        """Whether nothing in it is less than 0."""
        return self.low >= 0

    def __add__(self, other: "Interval") -> "Interval":
        low, high = self.low + other.low, self.high + other.high
        opposed = math.inf in (self.high, other.high) and -math.inf in (self.low, other.low)
        nan = self.nan or other.nan or opposed
        return Interval(-math.inf if math.isnan(low) else low, math.inf if math.isnan(high) else high, nan)

    def __sub__(self, other: "Interval") -> "Interval":
        return self + other.negated()

    def __mul__(self, other: "Interval") -> "Interval":
        ends = [_times(one, two) for one in (self.low, self.high) for two in (other.low, other.high)]
        unbounded = any(map(math.isinf, (self.low, self.high, other.low, other.high)))
        return Interval(min(ends), max(ends), self.nan or other.nan or unbounded)

    def __truediv__(self, other: "Interval") -> "Interval":
        if other.low > 0 or other.high < 0:
            return self * Interval(1 / other.high, 1 / other.low, other.nan)
        return POSITIVE.maybe_nan() if self.positive and other.positive else ANY

    def __mod__(self, other: "Interval") -> "Interval":
        """As in C: with the sign of the dividend."""
        if self.positive and other.low > 0:
            return Interval(0.0, other.high)
        return ANY


def _times(one: float, two: float) -> float:
    """0 times anything is 0: an end that is infinite is never reached beside it."""
    return 0.0 if one == 0 or two == 0 else one * two


ANY: Final = Interval()
POSITIVE: Final = Interval(0.0, nan=False)
"""From 0; without NaN."""


def exactly(value: float) -> Interval:
    return ANY if math.isnan(value) else Interval(value, value, nan=False)


MIRRORED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
"""The comparison with its sides exchanged."""


def passing(op: str, limit: Interval) -> Interval:
    """The numbers that can pass `number op limit`."""
    match op:
        case ">" | ">=":
            return Interval(limit.low, nan=False)
        case "<" | "<=":
            return Interval(high=limit.high, nan=False)
        case "==":
            return replace(limit, nan=False)
        case _:
            return ANY


def verdict(op: str, left: Interval, right: Interval) -> bool | None:
    """Whether `left op right` is always true, always false, or None where it depends on the values. NaN makes every
    comparison false but `!=`, which it makes true."""
    outcome = _of_numbers(op, left, right)
    if left.nan or right.nan:
        return outcome if outcome is (op == "!=") else None
    return outcome


def _of_numbers(op: str, left: Interval, right: Interval) -> bool | None:
    match op:
        case "<" | "<=":
            return _of_numbers(MIRRORED[op], right, left)
        case ">":
            return True if left.low > right.high else False if left.high <= right.low else None
        case ">=":
            return True if left.low >= right.high else False if left.high < right.low else None
        case _:
            if left.low == left.high == right.low == right.high:
                return op == "=="
            apart = left.low > right.high or left.high < right.low
            return (op == "!=") if apart else None
