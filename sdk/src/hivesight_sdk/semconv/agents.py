"""Agents and workflows: the families. Pure data."""

from __future__ import annotations

from typing import Final

from hivesight_sdk.semconv.family import TASK_BUCKETS, MetricFamily, MetricGroup

ACTIVE_AGENTS: Final = MetricFamily(
    "agent_hive_active_agents_total",
    "gauge",
    "Number of active agents",
    ("agent_type", "status"),
    recorded_by=("record_active_agents",),
    lint="the guide fixes the name of this gauge, which ends as only a counter's should",
)

AGENT_RUNS: Final = MetricFamily(
    "agent_hive_agent_runs_total",
    "counter",
    "Total number of runs of agents by outcome",
    ("agent_type", "outcome"),
    recorded_by=("agent",),
)

AGENT_RUN_DURATION: Final = MetricFamily(
    "agent_hive_agent_run_duration_seconds",
    "histogram",
    "Time from the start of a run of an agent to its end",
    ("agent_type", "outcome"),
    buckets=TASK_BUCKETS,
    unit="seconds",
    recorded_by=("agent",),
)

AGENT_LAST_HEARTBEAT: Final = MetricFamily(
    "agent_hive_agent_last_heartbeat_timestamp_seconds",
    "gauge",
    "Unix time at which an agent of this type last said that it lives",
    ("agent_type",),
    unit="seconds",
    multiprocess_mode="max",
    recorded_by=("agent", "heartbeat"),
)

AGENT_LAST_PROGRESS: Final = MetricFamily(
    "agent_hive_agent_last_progress_timestamp_seconds",
    "gauge",
    "Unix time at which an agent of this type last made progress",
    ("agent_type",),
    unit="seconds",
    multiprocess_mode="max",
    recorded_by=("agent", "track_task", "record_progress"),
)

WORKFLOW_RUNS: Final = MetricFamily(
    "agent_hive_workflow_runs_total",
    "counter",
    "Total number of runs of workflows by outcome",
    ("workflow", "outcome"),
    recorded_by=("workflow",),
)

WORKFLOW_RUN_DURATION: Final = MetricFamily(
    "agent_hive_workflow_run_duration_seconds",
    "histogram",
    "Time from the start of a run of a workflow to its end",
    ("workflow", "outcome"),
    buckets=TASK_BUCKETS,
    unit="seconds",
    recorded_by=("workflow",),
)

GROUP: Final = MetricGroup(
    "Agents and workflows",
    "Who is there, lives and gets on, and how runs end.",
    (
        ACTIVE_AGENTS,
        AGENT_RUNS,
        AGENT_RUN_DURATION,
        AGENT_LAST_HEARTBEAT,
        AGENT_LAST_PROGRESS,
        WORKFLOW_RUNS,
        WORKFLOW_RUN_DURATION,
    ),
)
