"""Tasks: the families. Pure data."""

from __future__ import annotations

from typing import Final

from hivesight_sdk.semconv.family import CALL_BUCKETS, LONG_BUCKETS, TASK_BUCKETS, MetricFamily, MetricGroup

TASKS_COMPLETED: Final = MetricFamily(
    "agent_hive_tasks_completed_total",
    "counter",
    "Total number of completed tasks",
    ("agent_type", "status", "priority"),
    recorded_by=("track_task",),
)

TASK_DURATION: Final = MetricFamily(
    "agent_hive_task_duration_seconds",
    "histogram",
    "Time from the start of a task to its end, however it ended",
    ("agent_type",),
    buckets=TASK_BUCKETS,
    unit="seconds",
    recorded_by=("track_task",),
)

TASK_RETRIES: Final = MetricFamily(
    "agent_hive_task_retries_total",
    "counter",
    "Total number of task attempts after the first",
    ("agent_type",),
    recorded_by=("record_retry",),
)

TASK_TRANSITIONS: Final = MetricFamily(
    "agent_hive_task_transitions_total",
    "counter",
    "Total number of changes of tasks from one state to another",
    ("agent_type", "from_state", "to_state"),
    recorded_by=("record_transition",),
)

TASK_QUEUE_LENGTH: Final = MetricFamily(
    "agent_hive_task_queue_length",
    "gauge",
    "Number of tasks in the queue by state",
    ("state",),
    recorded_by=("record_queue",),
)

TASK_QUEUE_OLDEST: Final = MetricFamily(
    "agent_hive_task_queue_oldest_seconds",
    "gauge",
    "Age of the oldest task in the queue by state",
    ("state",),
    unit="seconds",
    multiprocess_mode="livemax",
    recorded_by=("record_queue",),
)

HANDOFFS: Final = MetricFamily(
    "agent_hive_handoffs_total",
    "counter",
    "Total number of tasks one agent handed to another",
    ("from_agent", "to_agent"),
    recorded_by=("handoff", "record_handoff"),
)

AGENT_COORDINATION_LATENCY: Final = MetricFamily(
    "agent_hive_coordination_latency_seconds",
    "histogram",
    "Time spent coordinating agents",
    buckets=(0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, *LONG_BUCKETS),
    unit="seconds",
    recorded_by=("track_latency",),
)

GROUP: Final = MetricGroup(
    "Tasks",
    "What the hive gets done, how long it takes, and what waits.",
    (
        TASKS_COMPLETED,
        TASK_DURATION,
        TASK_RETRIES,
        TASK_TRANSITIONS,
        TASK_QUEUE_LENGTH,
        TASK_QUEUE_OLDEST,
        HANDOFFS,
        AGENT_COORDINATION_LATENCY,
    ),
)


def latency_family(name: str) -> MetricFamily:
    """The family behind `track_latency(name)`: `agent_hive_<name>_latency_seconds`, a histogram without labels.

    Raises ValueError unless `name` is 1 to 64 lower-case letters, digits and underscores, starting with a letter.
    """
    if not (0 < len(name) <= 64 and name.isascii() and name[0].isalpha() and name == name.lower()):
        raise ValueError(f"not a latency name: {name!r}; use lower-case letters, digits and underscores")
    if not name.replace("_", "a").isalnum():
        raise ValueError(f"not a latency name: {name!r}; use lower-case letters, digits and underscores")
    full_name = f"agent_hive_{name}_latency_seconds"
    if full_name == AGENT_COORDINATION_LATENCY.name:
        return AGENT_COORDINATION_LATENCY
    return MetricFamily(
        full_name,
        "histogram",
        f"Time spent in {name.replace('_', ' ')}",
        buckets=(*CALL_BUCKETS, *LONG_BUCKETS),
        unit="seconds",
    )
