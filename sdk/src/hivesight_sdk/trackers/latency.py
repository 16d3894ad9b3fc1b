"""Latencies: how long a function or a block takes, under a name of the user's."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar, overload

from prometheus_client import Histogram

from hivesight_sdk import families, metrics, semconv
from hivesight_sdk.batches import record_batched
from hivesight_sdk.errors import count_error
from hivesight_sdk.exemplars import observe, observe_all, with_exemplar
from hivesight_sdk.recording import drop, record
from hivesight_sdk.spans import SpanStart
from hivesight_sdk.trackers.tracking import Measurement, Tracker

P = ParamSpec("P")
R = TypeVar("R")

_MAX_NAMED_LATENCIES = 100
_named_latencies: dict[str, Histogram] = {}


class LatencyMeasurement(Measurement):
    """Observes its duration in seconds, however the block ends, and counts the error that leaves it."""

    __slots__ = ("_component", "_histogram", "_name")

    def __init__(self, histogram: Histogram | None, component: str, name: str) -> None:
        self._histogram = histogram
        self._component = component
        self._name = name

    def span_start(self) -> SpanStart:
        return SpanStart(self._name, {})

    def _record(self, seconds: float, error: BaseException | None, result: object) -> None:
        histogram = self._histogram
        if type(histogram) is families.Histogram:
            record_batched(observe_all, histogram, with_exemplar(seconds, self._span))
        elif histogram is not None:
            record(observe, histogram, with_exemplar(seconds, self._span))
        if error is not None:
            count_error(self._component, error)


class LatencyTracker(Tracker[LatencyMeasurement]):
    """Its spans have the name of the function, or that of the latency for a block."""

    def __init__(self, histogram: Histogram | None, component: str) -> None:
        super().__init__(partial(LatencyMeasurement, histogram, component, component))
        self._histogram = histogram
        self._component = component

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        name = getattr(function, "__qualname__", None)
        if isinstance(name, str):
            return Tracker(partial(LatencyMeasurement, self._histogram, self._component, name))(function)
        return super().__call__(function)


def _named_latency(name: str) -> Histogram | None:
    if name in _named_latencies:
        return _named_latencies[name]
    try:
        family = semconv.latency_family(name)
    except ValueError as error:
        drop("invalid_name", f"{error}; this latency is not recorded")
        return None
    if len(_named_latencies) >= _MAX_NAMED_LATENCIES:
        drop("too_many_series", f"{_MAX_NAMED_LATENCIES} named latencies exist already; {name!r} is not recorded")
        return None
    return _named_latencies.setdefault(name, metrics.build_histogram(family))


@overload
def track_latency(metric: Callable[P, R], /) -> Callable[P, R]: ...
@overload
def track_latency(metric: Histogram | str | None = None) -> Tracker[LatencyMeasurement]: ...
@overload
def track_latency(*, metric_name: str | None) -> Tracker[LatencyMeasurement]: ...
def track_latency(
    metric: Callable[P, R] | Histogram | str | None = None, *, metric_name: str | None = None
) -> Tracker[LatencyMeasurement] | Callable[P, R]:
    """Observe how many seconds the decorated function or the `with` block takes, and count the error that leaves it.

    `metric` is a histogram or a labelled child of one; or a name, for `agent_hive_<name>_latency_seconds` (created on
    first use; "coordination" is the guide's own); or nothing, for the coordination latency. `@track_latency` without
    parentheses works too. `metric_name` is the guide's word for a name. The name is the error's component; with a
    histogram that is "latency".
    """
    metric = metric_name if metric is None else metric
    component = "latency"
    if metric is None:
        histogram: Histogram | None = metrics.AGENT_COORDINATION_LATENCY
        component = "coordination"
    elif isinstance(metric, str):
        histogram = _named_latency(metric)
        component = metric if histogram is not None else component
    elif isinstance(metric, Histogram):
        histogram = metric
    elif callable(metric):
        return track_latency()(metric)
    else:
        drop(
            "invalid_value",
            f"track_latency takes a Histogram or a name, not {type(metric).__name__}; nothing is recorded",
        )
        histogram = None
    return LatencyTracker(histogram, component)
