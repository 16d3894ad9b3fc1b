"""When it is healthy, when the fault lasts, and which timelines are worth a try for an expression."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from hivesight.query.promql.ast import Expr, MatrixSelector, Subquery, VectorSelector
from hivesight.query.promql.walk import children

MAX_STEPS: Final = 50_000
"""Samples of one series: 34 days of one a minute."""

_MINUTE_MS: Final = 60_000
_HOUR_MS: Final = 3_600_000
_LONGEST_END_MS: Final = 31 * 24 * _HOUR_MS
"""How long after the fault a rule may go on firing."""

_INTERVALS_MS: Final = (60_000, 30_000, 15_000, 10_000, 5_000, 1_000)
_SAMPLES_PER_WINDOW: Final = 5


@dataclass(frozen=True, slots=True)
class Timeline:
    """All in ms from the start of the samples. interval_ms: between samples. evaluate_from_ms: rules are judged from
    here. onset_ms: the last healthy sample. true_from_ms: the condition shall hold from here. heals_ms: the last faulty
    sample. end_ms: the last sample."""

    interval_ms: int
    evaluate_from_ms: int
    onset_ms: int
    true_from_ms: int
    heals_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Reach:
    """How far back an expression looks. ranges_ms: its windows, in order. offset_ms: the largest."""

    ranges_ms: tuple[int, ...]
    offset_ms: int
    total_ms: int

    @staticmethod
    def of(expr: Expr) -> "Reach":
        ranges: set[int] = set()
        offsets, totals = {0}, {0}
        stack = [(expr, 0, 0)]
        while stack:
            node, offset_ms, range_ms = stack.pop()
            match node:
                case VectorSelector():
                    offset_ms += node.offset_ms
                case MatrixSelector():
                    ranges.add(node.range_ms)
                    range_ms += node.range_ms
                case Subquery():
                    ranges.add(node.range_ms)
                    offset_ms, range_ms = offset_ms + node.offset_ms, range_ms + node.range_ms
                case _:
                    pass
            offsets.add(offset_ms)
            totals.add(offset_ms + range_ms)
            stack += [(child, offset_ms, range_ms) for child in children(node)]
        return Reach(tuple(sorted(ranges)), max(offsets), max(totals))

    @property
    def longest_ms(self) -> int:
        return max(self.ranges_ms, default=0)

    @property
    def shortest_ms(self) -> int:
        return min(self.ranges_ms, default=0)


def timelines(reach: Reach, for_ms: int, hold_ms: int, delay_ms: int) -> Iterator[Timeline]:
    """Those worth a try, the shortest first. for_ms: how long the condition must hold for the alert to fire; hold_ms:
    and then for the alert to be told. delay_ms: how late recorded series follow."""
    interval_ms = _interval_ms(reach)
    full_ms = min(reach.longest_ms, _HOUR_MS)
    # Windows that are full of the fault; a fault so sudden that the past is still healthy, the longer the better; a
    # fault that the past has seen as well.
    plans = [
        (reach.offset_ms + full_ms, full_ms, hold_ms),
        (reach.total_ms, reach.shortest_ms, hold_ms),
        (reach.total_ms, reach.shortest_ms, min(hold_ms, _MINUTE_MS)),
        (reach.total_ms, reach.longest_ms, hold_ms),
        (reach.total_ms, reach.total_ms, hold_ms),
        (reach.total_ms, 0, 0),
    ]
    for history_ms, lead_ms, held_ms in dict.fromkeys(plans):
        lag_ms = interval_ms + delay_ms
        evaluate_from_ms = _rounded(history_ms, interval_ms)
        onset_ms = evaluate_from_ms + _rounded(10 * _MINUTE_MS, interval_ms)
        true_from_ms = onset_ms + _rounded(lead_ms + interval_ms, interval_ms)
        heals_ms = true_from_ms + _rounded(for_ms + held_ms + lag_ms, interval_ms) + interval_ms
        end_ms = heals_ms + _rounded(min(reach.total_ms, _LONGEST_END_MS) + 10 * _MINUTE_MS, interval_ms)
        if end_ms // interval_ms <= MAX_STEPS:
            yield Timeline(interval_ms, evaluate_from_ms, onset_ms, true_from_ms, heals_ms, end_ms)


def _interval_ms(reach: Reach) -> int:
    """Of the samples: several lie in the shortest window."""
    if not reach.ranges_ms:
        return _MINUTE_MS
    return next((each for each in _INTERVALS_MS if each * _SAMPLES_PER_WINDOW <= reach.shortest_ms), _INTERVALS_MS[-1])


def _rounded(ms: int, interval_ms: int) -> int:
    """Up to a whole number of intervals."""
    return -(-ms // interval_ms) * interval_ms
