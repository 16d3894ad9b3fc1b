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

    No more than `MAX_SERIES_PER_METRIC` per family; the rest is dropped and counted. Never raises.
    """

    def action() -> None:
        combinations = itertools.product(*(itertools.islice(v, MAX_SERIES_PER_METRIC + 1) for v in label_values))
        for values in combinations:
            series(metric, *values)

    record(action)


def expect_agents(agent_types: Iterable[str], priorities: Iterable[str] = semconv.PRIORITIES) -> None:
    """Say which agent types this process runs, at which priorities: their task and retry counters start at 0."""
    types = tuple(agent_types)
    declare_children(metrics.TASKS_COMPLETED, types, semconv.TASK_STATUSES, priorities)
    declare_children(metrics.TASK_DURATION, types)
    declare_children(metrics.TASK_RETRIES, types)


def expect_external_api(
    service: str,
    method: str,
    status_codes: Iterable[str | int] = (
        "200",
        "400",
        "429",
        "500",
        "502",
        "503",
        "504",
        "timeout",
        "error",
        "cancelled",
    ),
) -> None:
    """Say which external API this process calls: its request counter starts at 0 for each of the status codes."""
    declare_children(metrics.EXTERNAL_API_REQUESTS, (service,), (method,), status_codes)
    declare_children(metrics.EXTERNAL_API_DURATION, (service,), (method,))
