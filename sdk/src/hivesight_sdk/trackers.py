"""What agents call: latency, tasks, decisions and external API calls as decorators or `with` blocks, and single
recordings (retry, hand-off, progress, queue). Values go to the families of `semconv`. Nothing here raises.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any, Final, ParamSpec, TypeVar, overload

from prometheus_client import Histogram

from hivesight_sdk import families, metrics, semconv
from hivesight_sdk.batches import record_batched, record_now
from hivesight_sdk.errors import count_error, error_status, http_status, is_timeout
from hivesight_sdk.exemplars import Duration, observe, observe_all, with_exemplar
from hivesight_sdk.recording import drop, label, record, series
from hivesight_sdk.tracking import Measurement, Tracker, is_cancellation

P = ParamSpec("P")
R = TypeVar("R")

_PROGRESS: Final = (metrics.AGENT_LAST_PROGRESS,)
_MAX_NAMED_LATENCIES = 100
_named_latencies: dict[str, Histogram] = {}


class LatencyMeasurement(Measurement):
    """Observes its duration in seconds, however the block ends."""

    __slots__ = ("_histogram",)

    def __init__(self, histogram: Histogram | None) -> None:
        self._histogram = histogram

    def _record(self, seconds: float, error: BaseException | None, result: object) -> None:
        histogram = self._histogram
        if type(histogram) is families.Histogram:
            record_batched(observe_all, histogram, with_exemplar(seconds))
        elif histogram is not None:
            record(observe, histogram, with_exemplar(seconds))


class TaskMeasurement(Measurement):
    """One task of an agent: counts how it ended, observes how long it took, notes the agent's progress."""

    __slots__ = ("_agent_type", "_priority", "status")

    def __init__(self, agent_type: str, priority: str) -> None:
        self._agent_type = agent_type
        self._priority = priority
        self.status: str | None = None
        """Set it to "error" for a task that failed without an exception; otherwise the way the block ends says it."""

    def begin(self) -> None:
        super().begin()
        record_now(_PROGRESS, self._agent_type)

    def _record(self, seconds: float, error: BaseException | None, result: object) -> None:
        if error is not None:
            status = "cancelled" if is_cancellation(error) else "error"
        else:
            status = self.status or "completed"
        if status not in semconv.TASK_STATUSES:
            raise ValueError(f"task status {status!r} is none of {', '.join(semconv.TASK_STATUSES)}")
        record_batched(_count_tasks, (self._agent_type, status, self._priority), with_exemplar(seconds))
        if error is not None:
            count_error("task", error)
        if status != "cancelled":
            record_now(_PROGRESS, self._agent_type)


def _count_tasks(labels: tuple[str, str, str], durations: list[Duration]) -> None:
    series(metrics.TASKS_COMPLETED, *labels).inc(len(durations))
    observe_all(series(metrics.TASK_DURATION, labels[0]), durations)


class DecisionMeasurement(Measurement):
    """One decision: set `confidence` (0 to 1) before the block ends. A block that raises made no decision."""

    __slots__ = ("confidence",)

    def __init__(self) -> None:
        self.confidence: float | None = None

    def _record(self, seconds: float, error: BaseException | None, result: object) -> None:
        if error is None:
            _observe_confidence(getattr(result, "confidence", result) if self.confidence is None else self.confidence)


class ApiCall(Measurement):
    """One request to an external service. Set `status_code` when the response is there."""

    __slots__ = ("_method", "_service", "status_code")

    def __init__(self, service: str, method: str) -> None:
        self._service = service
        self._method = method
        self.status_code: int | str | None = None

    def _record(self, seconds: float, error: BaseException | None, result: object) -> None:
        status_code = self.status_code
        if status_code is None and error is not None:
            status_code = _error_status(error)
        elif status_code is None:
            status_code = 200 if result is None else http_status(result) or 200
        labels = (self._service, self._method, label(status_code))
        record_batched(_count_requests, labels, with_exemplar(seconds))
        if error is not None:
            count_error("external_api", error)


def _count_requests(labels: tuple[str, str, str], durations: list[Duration]) -> None:
    service, method, _ = labels
    series(metrics.EXTERNAL_API_REQUESTS, *labels).inc(len(durations))
    observe_all(series(metrics.EXTERNAL_API_DURATION, service, method), durations)


def _error_status(error: BaseException) -> int | str:
    status = error_status(error)
    if status is not None:
        return status
    if is_cancellation(error):
        return "cancelled"
    return "timeout" if is_timeout(error) else "error"


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
def track_latency(
    metric: Callable[P, R] | Histogram | str | None = None,
) -> Tracker[LatencyMeasurement] | Callable[P, R]:
    """Observe how long the decorated function or the `with` block takes, in seconds.

    `metric` is a histogram or a labelled child of one; or a name, for `agent_hive_<name>_latency_seconds` (created on
    first use; "coordination" is the guide's own); or nothing, for the coordination latency. `@track_latency` without
    parentheses works too.
    """
    if metric is None:
        histogram: Histogram | None = metrics.AGENT_COORDINATION_LATENCY
    elif isinstance(metric, str):
        histogram = _named_latency(metric)
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
    return Tracker(partial(LatencyMeasurement, histogram))


def track_task(agent_type: str, priority: str = "medium") -> Tracker[TaskMeasurement]:
    """Count a task as completed, error or cancelled, observe its duration, and note that this agent type progresses.

    The `with` value's `status` may be set to "error" for a failure that raises nothing.
    """
    return Tracker(partial(TaskMeasurement, label(agent_type), label(priority)))


def track_decision() -> Tracker[DecisionMeasurement]:
    """Record the confidence of a decision: of a decorated function that returns it (a number, or an object with
    `.confidence`), or of a `with` block that sets `.confidence` on the `with` value."""
    return Tracker(DecisionMeasurement)


def track_external_api(service: str, method: str) -> Tracker[ApiCall]:
    """Count and time a request to an external service, by status code.

    The code is what the block sets as `.status_code`; else that of a decorated function's response; else 200. After an
    exception it is the code the exception carries, or "timeout", "cancelled" or "error". `method` is the operation
    ("POST", "chat.completions"), never a URL with ids in it.
    """
    return Tracker(partial(ApiCall, label(service), label(method)))


def record_decision(confidence: float) -> None:
    """Observe one decision's confidence. Anything but a number from 0 to 1 is dropped and counted."""
    _observe_confidence(confidence)


def _observe_confidence(confidence: Any) -> None:
    def action() -> None:
        try:
            number = math.nan if isinstance(confidence, (bool, str, bytes)) else float(confidence)
        except (TypeError, ValueError, OverflowError):
            number = math.nan
        if 0.0 <= number <= 1.0:
            metrics.DECISION_CONFIDENCE.observe(number)
        else:
            kind = type(confidence).__name__
            drop("invalid_value", f"a decision's confidence must be a number from 0 to 1, not {number:g} ({kind})")

    record(action)


def record_retry(agent_type: str) -> None:
    """Count one more attempt at a task that this agent type had tried before."""
    record(lambda: series(metrics.TASK_RETRIES, agent_type).inc())


def handoff(from_agent: str, to_agent: str) -> None:
    """Count a task that one agent type handed to another."""
    record(lambda: series(metrics.HANDOFFS, from_agent, to_agent).inc())


def record_progress(agent_type: str) -> None:
    """Note that an agent of this type makes progress now. `track_task` does so at start and end; a task that takes
    minutes calls it in between, so that it is not taken for stuck."""
    record_now(_PROGRESS, label(agent_type))


def record_active_agents(agent_type: str, status: str, count: int) -> None:
    """Set how many agents of a type are in a status now ("active", "idle", "failed"); 0 for one that emptied."""
    record(lambda: series(metrics.ACTIVE_AGENTS, agent_type, status).set(count))


def record_queue(state: str, length: int, oldest_seconds: float = 0.0) -> None:
    """Set how many tasks the queue holds in a state ("waiting", "running") and the age of the oldest in seconds."""

    def action() -> None:
        series(metrics.TASK_QUEUE_LENGTH, state).set(length)
        series(metrics.TASK_QUEUE_OLDEST, state).set(oldest_seconds)

    record(action)
