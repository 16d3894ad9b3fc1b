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
    """Say which agent types this process runs, at which priorities: their task and retry counters start at 0."""

    def action() -> None:
        types = _bounded(agent_types)
        _declare(metrics.TASKS_COMPLETED, types, semconv.TASK_STATUSES, priorities)
        _declare(metrics.TASK_DURATION, types)
        _declare(metrics.TASK_RETRIES, types)

    record(action)


def expect_external_api(
    service: str, method: str, status_codes: Iterable[str | int] = semconv.API_STATUS_CODES
) -> None:
    """Say which external API this process calls: its request counter starts at 0 for each of the status codes."""

    def action() -> None:
        _declare(metrics.EXTERNAL_API_REQUESTS, [service], [method], status_codes)
        _declare(metrics.EXTERNAL_API_DURATION, [service], [method])

    record(action)


def _declare(metric: Metric, *label_values: Iterable[object]) -> None:
    for values in itertools.product(*(_bounded(each) for each in label_values)):
        series(metric, *values)


def _bounded(values: Iterable[object]) -> tuple[object, ...]:
    if isinstance(values, str):
        return (values,)
    return tuple(itertools.islice(values, MAX_SERIES_PER_METRIC + 1))
