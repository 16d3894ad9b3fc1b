"""Batch jobs: the families. Pure data."""

from __future__ import annotations

from typing import Final

from hivesight_sdk.semconv.family import MetricFamily, MetricGroup

JOB_LAST_RUN: Final = MetricFamily(
    "agent_hive_job_last_run_timestamp_seconds",
    "gauge",
    "Unix time at which the last run of a batch job ended",
    ("job_name",),
    unit="seconds",
    recorded_by=("job",),
)

JOB_LAST_SUCCESS: Final = MetricFamily(
    "agent_hive_job_last_success_timestamp_seconds",
    "gauge",
    "Unix time at which the last run of a batch job that completed ended",
    ("job_name",),
    unit="seconds",
    recorded_by=("job",),
)

JOB_DURATION: Final = MetricFamily(
    "agent_hive_job_duration_seconds",
    "gauge",
    "How long the last run of a batch job took, however it ended",
    ("job_name",),
    unit="seconds",
    recorded_by=("job",),
)

JOB_STATUS: Final = MetricFamily(
    "agent_hive_job_last_status",
    "gauge",
    "Whether the last run of a batch job ended in this status: 1 for one of them, 0 for the others",
    ("job_name", "status"),
    recorded_by=("job",),
)

GROUP: Final = MetricGroup(
    "Batch jobs",
    "What processes push that end before anyone scrapes them.",
    (
        JOB_LAST_RUN,
        JOB_LAST_SUCCESS,
        JOB_DURATION,
        JOB_STATUS,
    ),
)
