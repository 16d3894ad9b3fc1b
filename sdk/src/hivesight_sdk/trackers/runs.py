"""Runs of agents, workflows and tools, each counted and timed by outcome, and the signs of life in between."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import TYPE_CHECKING, ClassVar, Final

from hivesight_sdk import metrics, semconv
from hivesight_sdk.batches import record_batched, record_now
from hivesight_sdk.errors import count_error, is_cancellation, is_timeout
from hivesight_sdk.exemplars import Duration, observe_all, with_exemplar
from hivesight_sdk.recording import label, record, series
from hivesight_sdk.semconv import span_attributes as names
from hivesight_sdk.shapes import attribute
from hivesight_sdk.spans import MAX_SPAN_STARTS, Attributes, SpanStart
from hivesight_sdk.trackers.tracking import Measurement, Tracker

if TYPE_CHECKING:
    from prometheus_client import Counter, Histogram

_LIFE: Final = (metrics.AGENT_LAST_HEARTBEAT,)
_LIFE_AND_PROGRESS: Final = (*_LIFE, metrics.AGENT_LAST_PROGRESS)


class Run(Measurement):
    """One run that ends in one of `semconv.OUTCOMES`, counted and timed under its labels and that outcome."""

    __slots__ = ("_labels", "outcome")

    component: ClassVar[str]
    error_type: ClassVar[str] = "_OTHER"
    """What the span of a run is called that failed without an exception."""
    counter: ClassVar[Counter]
    histogram: ClassVar[Histogram]

    def __init__(self, *labels: str) -> None:
        self._labels = labels
        self.outcome: str | None = None
        """Set it to "error" for a failure that raises nothing; otherwise the way the block ends says it."""

    def _record(self, seconds: float, error: BaseException | None, result: object) -> None:
        outcome = self.outcome
        if outcome is None:
            outcome = "success" if error is None else _outcome(error)
        elif outcome not in semconv.OUTCOMES:
            raise ValueError(f"outcome {outcome!r} is none of {', '.join(semconv.OUTCOMES)}")
        record_batched(_count_runs, (type(self), self._labels, outcome), with_exemplar(seconds, self._span))
        if error is not None:
            count_error(self.component, error)

    def span_attributes(self) -> Attributes:
        match self.outcome:
            case None | "success":
                return {}
            case "cancelled":
                return {names.OUTCOME: "cancelled"}
            case outcome:
                error_type = self.error_type if outcome == "error" else label(outcome)
                return {names.OUTCOME: label(outcome), names.ERROR_TYPE: error_type}


def _count_runs(key: tuple[type[Run], tuple[str, ...], str], durations: list[Duration]) -> None:
    kind, labels, outcome = key
    series(kind.counter, *labels, outcome).inc(len(durations))
    observe_all(series(kind.histogram, *labels, outcome), durations)


class AgentRun(Run):
    """One run of an agent: its start and its end are signs of life, and of progress unless it was cancelled."""

    __slots__ = ()
    component = "agent"
    counter = metrics.AGENT_RUNS
    histogram = metrics.AGENT_RUN_DURATION

    def begin(self) -> None:
        super().begin()
        record_now(_LIFE_AND_PROGRESS, self._labels[0])

    def span_start(self) -> SpanStart:
        return _agent_span(*self._labels)

    def _record(self, seconds: float, error: BaseException | None, result: object) -> None:
        super()._record(seconds, error, result)
        progresses = error is None or not is_cancellation(error)
        record_now(_LIFE_AND_PROGRESS if progresses else _LIFE, self._labels[0])


class WorkflowRun(Run):
    """One run of a workflow."""

    __slots__ = ()
    component = "workflow"
    counter = metrics.WORKFLOW_RUNS
    histogram = metrics.WORKFLOW_RUN_DURATION

    def span_start(self) -> SpanStart:
        return _workflow_span(*self._labels)


class ToolCall(Run):
    """One call of a tool, which may fail without an exception: the Model Context Protocol's CallToolResult.isError."""

    __slots__ = ()
    component = "tool"
    error_type = "tool_error"
    counter = metrics.TOOL_CALLS
    histogram = metrics.TOOL_CALL_DURATION

    def _record(self, seconds: float, error: BaseException | None, result: object) -> None:
        if result is not None and self.outcome is None and attribute(result, "isError") is True:
            self.outcome = "error"
        super()._record(seconds, error, result)

    def span_start(self) -> SpanStart:
        return _tool_span(*self._labels)


# How spans begin (OpenTelemetry's GenAI conventions 1.41): the same for every run under the same labels.


@lru_cache(MAX_SPAN_STARTS)
def _agent_span(agent_type: str) -> SpanStart:
    name = label(agent_type)
    attributes: Attributes = {names.OPERATION: names.INVOKE_AGENT, names.AGENT_NAME: name}
    return SpanStart(f"{names.INVOKE_AGENT} {name}", attributes)


@lru_cache(MAX_SPAN_STARTS)
def _workflow_span(workflow: str) -> SpanStart:
    name = label(workflow)
    attributes: Attributes = {names.OPERATION: names.INVOKE_WORKFLOW, names.WORKFLOW_NAME: name}
    return SpanStart(f"{names.INVOKE_WORKFLOW} {name}", attributes)


@lru_cache(MAX_SPAN_STARTS)
def _tool_span(tool: str) -> SpanStart:
    name = label(tool)
    attributes: Attributes = {names.OPERATION: names.EXECUTE_TOOL, names.TOOL_NAME: name, names.TOOL_TYPE: "function"}
    return SpanStart(f"{names.EXECUTE_TOOL} {name}", attributes)


def _outcome(error: BaseException) -> str:
    if is_cancellation(error):
        return "cancelled"
    return "timeout" if is_timeout(error) else "error"


def agent(agent_type: str) -> Tracker[AgentRun]:
    """Count and time the runs of an agent by outcome; a run's start and end are heartbeats and progress. As a span it
    is `invoke_agent {agent_type}`.

    `agent_type` is what kind of agent it is ("reviewer"), never the id of one.
    """
    return Tracker(partial(AgentRun, label(agent_type)))


def workflow(name: str) -> Tracker[WorkflowRun]:
    """Count and time the runs of a workflow by outcome. As a span it is `invoke_workflow {name}`."""
    return Tracker(partial(WorkflowRun, label(name)))


def tool(name: str) -> Tracker[ToolCall]:
    """Count and time the calls of a tool by outcome. As a span it is `execute_tool {name}`.

    A result whose `isError` is true (Model Context Protocol) is an error; so is what the block says by `.outcome`.
    """
    return Tracker(partial(ToolCall, label(name)))


def heartbeat(agent_type: str) -> None:
    """Say that an agent of this type lives now: in its loop, also while it waits for work. See `record_progress` for
    work that gets on."""
    record_now(_LIFE, label(agent_type))


def record_transition(agent_type: str, from_state: str, to_state: str) -> None:
    """Count that a task of this agent type went from one state to another ("waiting", "running", "blocked")."""
    record(lambda: series(metrics.TASK_TRANSITIONS, agent_type, from_state, to_state).inc())
