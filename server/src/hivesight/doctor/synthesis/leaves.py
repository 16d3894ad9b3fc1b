"""Where goals arrive: the series of a selector, their level, their slope, whether they are there."""

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from hivesight.doctor.synthesis.goals import Be, Goal, Gone, There
from hivesight.doctor.synthesis.stage import Constraint, Moments, meets
from hivesight.doctor.synthesis.stuck import Stuck
from hivesight.model.labels import METRIC_NAME
from hivesight.model.matcher import all_match
from hivesight.query.promql.ast import VectorSelector
from hivesight.query.promql.printer import format

if TYPE_CHECKING:
    from hivesight.doctor.synthesis.search import Search

_STATES: Final = frozenset({"up", "probe_success"})
"""Metrics that are nothing but 0 or 1."""


def latest(search: "Search", selector: VectorSelector, goal: Goal, of: Constraint, moments: Moments) -> None:
    """The newest sample of a selector's series."""
    at = tuple(each - selector.offset_ms for each in moments)
    match goal:
        case Be(values=values):
            level(search, _one(search, selector, of), at, values[0], values[-1])
        case There() | Gone():
            presence(search, selector, goal, of, moments)


def presence(search: "Search", selector: VectorSelector, goal: There | Gone, of: Constraint, moments: Moments) -> None:
    """Whether a selector has series: one at least, or none."""
    fault = search.stage.is_fault(tuple(each - selector.offset_ms for each in moments))
    numbers = _found(search, selector, of) or ([_one(search, selector, of)] if isinstance(goal, There) else [])
    for number in numbers:
        course = search.stage.signals[number].course(fault=fault)
        if course.present != isinstance(goal, There):
            search.stage.change(number, replace(course, present=not course.present), fault=fault)


def level(search: "Search", number: int, at: Moments, first: float, last: float) -> None:
    """A series runs through two values at the first and the last of some moments."""
    signal, timeline = search.stage.signals[number], search.stage.timeline
    if not (np.isfinite(first) and np.isfinite(last)):
        raise Stuck(f"{signal.labels} would have to be {first:g}")
    if signal.labels.name in _STATES:
        first = last = float(first >= 0.9)
    fault = search.stage.is_fault(at)
    course = signal.course(fault=fault)
    begin_ms = timeline.onset_ms if fault else 0
    if course.pinned or signal.counter:
        middle = (at[0] + at[-1]) / 2
        begins = (first + last) / 2 - course.slope * (middle - begin_ms) / 1000
        changed = replace(course, present=True, level=begins)
    else:
        slope = (last - first) / (at[-1] - at[0]) * 1000
        slope = 0.0 if abs(last - first) <= 1e-9 * max(abs(first), abs(last)) else slope
        changed = replace(course, present=True, level=first - slope * (at[0] - begin_ms) / 1000, slope=slope)
    search.stage.change(number, changed, fault=fault)


def slope(
    search: "Search", selector: VectorSelector, of: Constraint, moments: Moments, per_second: float, range_ms: int
) -> None:
    """A series changes so fast, as a window sees it whose older part may lie before the fault."""
    if not np.isfinite(per_second):
        raise Stuck(f"{format(selector)} would have to change by {per_second:g} a second")
    stage, number = search.stage, _one(search, selector, of)
    signal = stage.signals[number]
    first_ms = moments[0] - selector.offset_ms
    fault = stage.is_fault((first_ms, moments[-1] - selector.offset_ms))
    if fault:
        inside = min(range_ms, max(first_ms - stage.timeline.onset_ms, stage.timeline.interval_ms))
        before = max(0, min(range_ms, first_ms) - inside)
        healthy = signal.healthy.slope if signal.healthy.present else 0.0
        per_second = (per_second * range_ms - healthy * before) / inside
    if signal.counter and per_second < 0:
        raise Stuck(f"the counter {signal.labels.name} would have to sink")
    course = signal.course(fault=fault)
    stage.change(number, replace(course, present=True, slope=per_second, pinned=True), fault=fault)


def wave(
    search: "Search", selector: VectorSelector, of: Constraint, moments: Moments, every_ms: float, height: float
) -> None:
    """A series jumps up and down, staying so long. height: 0 for one that cannot be overlooked."""
    stage, number = search.stage, _one(search, selector, of)
    fault = stage.is_fault(tuple(each - selector.offset_ms for each in moments))
    course = stage.signals[number].course(fault=fault)
    interval_ms = stage.timeline.interval_ms
    wave_ms = 0 if every_ms == np.inf else max(interval_ms, int(every_ms // interval_ms) * interval_ms)
    height = height or 1 + 10 * abs(course.slope) * interval_ms / 1000
    stage.change(number, replace(course, present=True, wave_ms=wave_ms, height=height), fault=fault)


def observe(
    search: "Search",
    selector: VectorSelector,
    of: Constraint,
    moments: Moments,
    value: float | None,
    per_second: float | None,
) -> None:
    """A series of native histograms sees another value, or so many a second."""
    stage, number = search.stage, _one(search, selector, of)
    if not stage.signals[number].native:
        raise Stuck(f"{stage.signals[number].labels.name} has no histograms")
    fault = stage.is_fault(tuple(each - selector.offset_ms for each in moments))
    course = stage.signals[number].course(fault=fault)
    level = course.level if value is None else value
    slope = course.slope if per_second is None else per_second
    stage.change(number, replace(course, present=True, level=level, slope=slope), fault=fault)


def thin(search: "Search", selector: VectorSelector, of: Constraint, moments: Moments, every_ms: int) -> None:
    """A series has a sample so often, and never more often than others."""
    stage, number = search.stage, _one(search, selector, of)
    fault = stage.is_fault(tuple(each - selector.offset_ms for each in moments))
    course = stage.signals[number].course(fault=fault)
    if every_ms < stage.timeline.interval_ms:
        raise Stuck(f"{format(selector)} would need more samples than there are")
    stage.change(number, replace(course, present=True, every=every_ms // stage.timeline.interval_ms), fault=fault)


def _found(search: "Search", selector: VectorSelector, of: Constraint) -> list[int]:
    return [
        number
        for number, each in enumerate(search.stage.signals)
        if meets(each.labels, of) and all_match(selector.matchers, each.labels)
    ]


def _one(search: "Search", selector: VectorSelector, of: Constraint) -> int:
    """A series of the selector with these labels; where there is none, one is made in the likeness of another."""
    found = _found(search, selector, of)
    if found:
        return found[search.pick(len(found))]
    for each in list(search.stage.signals):
        if not all_match(selector.matchers, each.labels):
            continue
        labels = each.labels.merged({name: value for name, value in of.items() if name != METRIC_NAME})
        if all_match(selector.matchers, labels):
            return search.stage.add(replace(each, labels=labels))
    shown = ", ".join(f"{name}={value!r}" for name, value in of.items())
    raise Stuck(f"no series of {format(selector)} can have {shown}")
