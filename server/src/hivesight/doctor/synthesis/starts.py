"""When a scenario begins: conditions on the calendar are met by choosing the time."""

from collections.abc import Iterator
from itertools import islice
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hivesight.doctor.synthesis.stage import Allowance, Scene, Stage
from hivesight.doctor.synthesis.stuck import Stuck
from hivesight.doctor.synthesis.timeline import Timeline
from hivesight.model.labels import NO_LABELS
from hivesight.query.promql.ast import Call, Expr, ValueType, VectorSelector
from hivesight.query.promql.check import type_of
from hivesight.query.promql.walk import children, walk

CALENDAR: Final = frozenset(
    {"minute", "hour", "day_of_week", "day_of_month", "day_of_year", "days_in_month", "month", "year"}
)
CLOCK: Final = CALENDAR | {"time", "timestamp"}

_MONDAY_MS: Final = 1_767_571_200_000
"""2026-01-05T00:00:00Z."""
_HOUR_MS: Final = 3_600_000
_YEAR_HOURS: Final = 365 * 24
_MOST: Final = 3
_MOST_CONDITIONS: Final = 8


def starts(expr: Expr, timeline: Timeline) -> list[int]:
    """Times, in ms since the epoch, at which the scenario may begin. 0 where the time of day does not matter: tests of
    rules begin there."""
    if not any(isinstance(node, Call) and node.func in CLOCK for node in walk(expr)):
        return [0]
    conditions = list(islice(_conditions(expr), _MOST_CONDITIONS))
    return list(_starts(conditions, timeline)) if conditions else [0, _MONDAY_MS]


def _conditions(expr: Expr) -> Iterator[Expr]:
    """The largest parts of the expression that the calendar alone decides."""
    waiting = [expr]
    while waiting:
        node = waiting.pop()
        parts = list(walk(node))
        if not any(isinstance(each, Call) and each.func in CALENDAR for each in parts):
            continue
        if type_of(node) is ValueType.VECTOR and not any(isinstance(each, VectorSelector) for each in parts):
            yield node
        else:
            waiting += children(node)


def _starts(conditions: list[Expr], timeline: Timeline) -> Iterator[int]:
    """The first hour of a year for each way in which conditions can be met during the fault: most of them first."""
    begins = range(0, _YEAR_HOURS * _HOUR_MS, _HOUR_MS)
    met = np.stack([_met(each, timeline, begins) for each in conditions])
    seen: set[tuple[bool, ...]] = set()
    for index in np.argsort(-met.sum(axis=0), kind="stable").tolist():
        told = tuple(met[:, index].tolist())
        if told not in seen:
            seen.add(told)
            yield _MONDAY_MS + begins[index]
        if len(seen) == _MOST:
            return


def _met(condition: Expr, timeline: Timeline, begins: range) -> NDArray[np.bool_]:
    """Whether a condition holds from the beginning of the fault to its end, for each time to begin."""
    calendar = Stage((), Scene(timeline, _MONDAY_MS, Allowance()))
    found = np.ones(len(begins), dtype=np.bool_)
    for edge_ms in (timeline.true_from_ms, timeline.heals_ms):
        moments = tuple(each + edge_ms for each in begins)
        try:
            elements = calendar.elements(condition, NO_LABELS, moments)
        except Stuck:
            return np.zeros(len(begins), dtype=np.bool_)
        found &= np.any([each.present for each in elements], axis=0) if elements else False
    return found
