"""What agents call: latency, tasks, decisions and external API calls as decorators or `with` blocks, and single
recordings (retry, hand-off, progress, queue). Values go to the families of `semconv`. Nothing here raises.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, Final, ParamSpec, TypeVar, overload

from prometheus_client import Histogram

from hivesight_sdk import families, metrics, semconv
from hivesight_sdk.batches import record_batched, record_now
from hivesight_sdk.errors import count_error, error_status, http_status, is_timeout
from hivesight_sdk.exemplars import Duration, observe, observe_all, with_exemplar
from hivesight_sdk.recording import drop, label, record, series
from hivesight_sdk.semconv import span_attributes as names
from hivesight_sdk.spans import MAX_SPAN_STARTS, Attributes, SpanStart, Value
from hivesight_sdk.tracking import Measurement, Tracker, is_cancellation

P = ParamSpec("P")
R = TypeVar("R")

_PROGRESS: Final = (metrics.AGENT_LAST_PROGRESS,)
_MAX_NAMED_LATENCIES = 100
_HTTP_METHODS: Final = frozenset(("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"))
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

    def span_start(self) -> SpanStart:
        return _task_span(self._agent_type, self._priority)

    def span_attributes(self) -> Attributes:
        if self.status is None or self.status == "completed":
            return {}
        failed: Attributes = {names.ERROR_TYPE: "_OTHER"} if self.status == "error" else {}
        return {names.TASK_STATUS: label(self.status), **failed}

    def _record(self, seconds: float, error: BaseException | None, result: object) -> None:
        if error is not None:
            status = "cancelled" if is_cancellation(error) else "error"
        else:
            status = self.status or "completed"
        if status not in semconv.TASK_STATUSES:
            raise ValueError(f"task status {status!r} is none of {', '.join(semconv.TASK_STATUSES)}")
        record_batched(_count_tasks, (self._agent_type, status, self._priority), with_exemplar(seconds, self._span))
        if error is not None:
            count_error("task", error)
        if status != "cancelled":
            record_now(_PROGRESS, self._agent_type)


def _count_tasks(labels: tuple[str, str, str], durations: list[Duration]) -> None:
    series(metrics.TASKS_COMPLETED, *labels).inc(len(durations))
    observe_all(series(metrics.TASK_DURATION, labels[0]), durations)


class DecisionMeasurement(Measurement):
    """One decision: set `confidence` (0 to 1) before the block ends. A block that raises made no decision."""

    __slots__ = ("_observed", "confidence")

    def __init__(self) -> None:
        self.confidence: float | None = None
        self._observed: float | None = None

    def span_start(self) -> SpanStart:
        return _DECISION_SPAN

    def span_attributes(self) -> Attributes:
        return {} if self._observed is None else {names.DECISION_CONFIDENCE: self._observed}

    def _record(self, seconds: float, error: BaseException | None, result: object) -> None:
        if error is None:
            given = getattr(result, "confidence", result) if self.confidence is None else self.confidence
            self._observed = _observe_confidence(given)


class ApiCall(Measurement):
    """One request to an external service. Set `status_code` when the response is there."""

    __slots__ = ("_method", "_service", "status_code")

    def __init__(self, service: str, method: str) -> None:
        self._service = service
        self._method = method
        self.status_code: int | str | None = None

    def span_start(self) -> SpanStart:
        return _api_span(self._service, self._method)

    def span_attributes(self) -> Attributes:
        status = self.status_code
        if not isinstance(status, int):
            return {}
        return {names.HTTP_STATUS: status} | ({names.ERROR_TYPE: str(status)} if status >= 400 else {})

    def _record(self, seconds: float, error: BaseException | None, result: object) -> None:
        status_code = self.status_code
        if status_code is None and error is not None:
            status_code = _error_status(error)
        elif status_code is None:
            status_code = 200 if result is None else http_status(result) or 200
        self.status_code = status_code
        labels = (self._service, self._method, label(status_code))
        record_batched(_count_requests, labels, with_exemplar(seconds, self._span))
        if error is not None:
            count_error("external_api", error)


def _count_requests(labels: tuple[str, str, str], durations: list[Duration]) -> None:
    service, method, _ = labels
    series(metrics.EXTERNAL_API_REQUESTS, *labels).inc(len(durations))
    observe_all(series(metrics.EXTERNAL_API_DURATION, service, method), durations)


class Handoff(Measurement):
    """A task that goes from one agent type to another: counted when it begins, with a span until it is handed over."""

    __slots__ = ("_from", "_to")

    def __init__(self, from_agent: str, to_agent: str) -> None:
        self._from = from_agent
        self._to = to_agent

    def begin(self) -> None:
        super().begin()
        record_handoff(self._from, self._to)

    def span_start(self) -> SpanStart:
        return _handoff_span(self._from, self._to)

    def _record(self, seconds: float, error: BaseException | None, result: object) -> None:
        if error is not None:
            count_error("handoff", error)


def _error_status(error: BaseException) -> int | str:
    status = error_status(error)
    if status is not None:
        return status
    if is_cancellation(error):
        return "cancelled"
    return "timeout" if is_timeout(error) else "error"


# How spans begin: the same for every run under the same labels.
_DECISION_SPAN: Final = SpanStart("decision", {})


@lru_cache(MAX_SPAN_STARTS)
def _task_span(agent_type: str, priority: str) -> SpanStart:
    name = label(agent_type)
    attributes: Attributes = {names.AGENT_NAME: name, names.TASK_PRIORITY: label(priority)}
    return SpanStart(f"task {name}", attributes, queued=True)


@lru_cache(MAX_SPAN_STARTS)
def _api_span(service: str, method: str) -> SpanStart:
    verb = label(method)
    attributes: dict[str, Value] = {names.PEER_SERVICE: label(service)}
    if verb in _HTTP_METHODS:
        attributes[names.HTTP_METHOD] = verb
    return SpanStart(f"{verb} {label(service)}", attributes, calls_out=True)


@lru_cache(MAX_SPAN_STARTS)
def _handoff_span(from_agent: str, to_agent: str) -> SpanStart:
    receiver = label(to_agent)
    return SpanStart(f"handoff {receiver}", {names.HANDOFF_FROM: label(from_agent), names.HANDOFF_TO: receiver})


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


def handoff(from_agent: str, to_agent: str) -> Tracker[Handoff]:
    """Count a task that one agent type hands to another, around the code that hands it over; see `record_handoff` for
    one that is over. As a span it is `handoff {to_agent}`."""
    return Tracker(partial(Handoff, from_agent, to_agent))


def record_decision(confidence: float) -> None:
    """Observe one decision's confidence. Anything but a number from 0 to 1 is dropped and counted."""
    _observe_confidence(confidence)


def _observe_confidence(confidence: Any) -> float | None:
    number = _number(confidence)
    if 0.0 <= number <= 1.0:
        record(metrics.DECISION_CONFIDENCE.observe, number)
        return number
    kind = type(confidence).__name__
    drop("invalid_value", f"a decision's confidence must be a number from 0 to 1, not {number:g} ({kind})")
    return None


def _number(given: Any) -> float:
    try:
        return math.nan if isinstance(given, (bool, str, bytes)) else float(given)
    except Exception:  # noqa: BLE001  a number of the host's own making may raise anything
        return math.nan


def record_learning_accuracy(model_type: str, percent: float) -> None:
    """Set how often a model of this type was right when it was last evaluated, in percent. Anything but a number from
    0 to 100 is dropped and counted."""
    number = _number(percent)
    if 0.0 <= number <= 100.0:
        record(lambda: series(metrics.LEARNING_ACCURACY, model_type).set(number))
    else:
        drop("invalid_value", f"a model's accuracy must be a number from 0 to 100, not {number:g}")


def record_retry(agent_type: str) -> None:
    """Count one more attempt at a task that this agent type had tried before."""
    record(lambda: series(metrics.TASK_RETRIES, agent_type).inc())


def record_handoff(from_agent: str, to_agent: str) -> None:
    """Count a task that one agent type handed to another."""
    record_batched(_count_handoffs, (label(from_agent), label(to_agent)), None)


def _count_handoffs(labels: tuple[str, str], handoffs: list[None]) -> None:
    series(metrics.HANDOFFS, *labels).inc(len(handoffs))


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
