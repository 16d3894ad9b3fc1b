"""Children of labelled metrics, created at start: a counter that first appears with its first error at 1 gives
`rate()` nothing to see, one that was exposed at 0 before does.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import TYPE_CHECKING

from hivesight_sdk import metrics, semconv
from hivesight_sdk.recording import MAX_SERIES_PER_METRIC, record, series

if TYPE_CHECKING:
    from hivesight_sdk.metrics import Metric


def declare_children(metric: Metric, *label_values: Iterable[object]) -> None:
    """Create every combination of `label_values` (one iterable per label, in the family's order) as a child at 0.

    A string counts as one value. No more than `MAX_SERIES_PER_METRIC` per family; the rest is dropped and counted.
    Never raises.
    """
    record(lambda: _declare(metric, *label_values))


def expect_agents(agent_types: Iterable[str], priorities: Iterable[str] = semconv.PRIORITIES) -> None:
    """Say which agent types this process runs, at which priorities: their counters of tasks,
    retries, runs and errors start at 0."""

    def action() -> None:
        types = _bounded(agent_types)
        _declare(metrics.TASKS_COMPLETED, types, semconv.TASK_STATUSES, priorities)
        _declare(metrics.TASK_DURATION, types)
        _declare(metrics.TASK_RETRIES, types)
        _declare(metrics.AGENT_RUNS, types, semconv.OUTCOMES)
        _declare(metrics.ERRORS, ("agent", "task"), semconv.ERROR_KINDS)

    record(action)


def expect_external_api(
    service: str, method: str, status_codes: Iterable[str | int] = semconv.API_STATUS_CODES
) -> None:
    """Say which external API this process calls: its request counter starts at 0 for each of the status codes."""

    def action() -> None:
        _declare(metrics.EXTERNAL_API_REQUESTS, [service], [method], status_codes)
        _declare(metrics.EXTERNAL_API_DURATION, [service], [method])
        _declare(metrics.ERRORS, ["external_api"], semconv.ERROR_KINDS)

    record(action)


def expect_workflows(names: Iterable[str]) -> None:
    """Say which workflows this process runs: their counters start at 0 for each outcome."""

    def action() -> None:
        _declare(metrics.WORKFLOW_RUNS, names, semconv.OUTCOMES)
        _declare(metrics.ERRORS, ["workflow"], semconv.ERROR_KINDS)

    record(action)


def expect_tools(names: Iterable[str]) -> None:
    """Say which tools this process calls: their counters start at 0 for each outcome."""

    def action() -> None:
        _declare(metrics.TOOL_CALLS, names, semconv.OUTCOMES)
        _declare(metrics.ERRORS, ["tool"], semconv.ERROR_KINDS)

    record(action)


def expect_model(provider: str, model: str, operation: str = "chat") -> None:
    """Say which model this process calls: its counters of calls, tokens and cost start at 0."""

    def action() -> None:
        _declare(metrics.MODEL_CALLS, [provider], [model], [operation], semconv.OUTCOMES)
        _declare(metrics.MODEL_TOKENS, [provider], [model], semconv.TOKEN_TYPES)
        _declare(metrics.MODEL_COST, [provider], [model])
        _declare(metrics.ERRORS, ["model"], semconv.ERROR_KINDS)

    record(action)


def expect_circuit_breakers(names: Iterable[str]) -> None:
    """Say which circuit breakers this process has: their counters of transitions start at 0."""

    def action() -> None:
        for name in _bounded(names):
            for change in semconv.CIRCUIT_BREAKER_CHANGES:
                series(metrics.CIRCUIT_BREAKER_TRANSITIONS, name, *change)

    record(action)


def _declare(metric: Metric, *label_values: Iterable[object]) -> None:
    for values in itertools.product(*(_bounded(each) for each in label_values)):
        series(metric, *values)


def _bounded(values: Iterable[object]) -> tuple[object, ...]:
    if isinstance(values, str):
        return (values,)
    return tuple(itertools.islice(values, MAX_SERIES_PER_METRIC + 1))
