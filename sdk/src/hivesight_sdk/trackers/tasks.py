"""Tasks of agents: how they end and how long they take; and signs of their progress."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Final

from hivesight_sdk import metrics, semconv
from hivesight_sdk.batches import record_batched, record_now
from hivesight_sdk.errors import count_error, is_cancellation
from hivesight_sdk.exemplars import Duration, observe_all, with_exemplar
from hivesight_sdk.recording import label, record, series
from hivesight_sdk.semconv import span_attributes as names
from hivesight_sdk.spans import MAX_SPAN_STARTS, Attributes, SpanStart
from hivesight_sdk.trackers.tracking import Measurement, Tracker

_PROGRESS: Final = (metrics.AGENT_LAST_PROGRESS,)


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


@lru_cache(MAX_SPAN_STARTS)
def _task_span(agent_type: str, priority: str) -> SpanStart:
    name = label(agent_type)
    attributes: Attributes = {names.AGENT_NAME: name, names.TASK_PRIORITY: label(priority)}
    return SpanStart(f"task {name}", attributes, queued=True)


def track_task(agent_type: str, priority: str = "medium") -> Tracker[TaskMeasurement]:
    """Count a task as completed, error or cancelled, observe its duration, and note that this agent type progresses.

    The `with` value's `status` may be set to "error" for a failure that raises nothing.
    """
    return Tracker(partial(TaskMeasurement, label(agent_type), label(priority)))


def record_retry(agent_type: str) -> None:
    """Count one more attempt at a task that this agent type had tried before."""
    record(lambda: series(metrics.TASK_RETRIES, agent_type).inc())


def record_progress(agent_type: str) -> None:
    """Note that an agent of this type makes progress now. `track_task` does so at start and end; a task that takes
    minutes calls it in between, so that it is not taken for stuck."""
    record_now(_PROGRESS, label(agent_type))
