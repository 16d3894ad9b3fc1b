"""The table of metric families that a hive exposes: names, types, labels, buckets, one module for each group.

The SDK builds its live metrics from this table, docs/agent-metrics.md is printed from it, and the server imports it
(and nothing else of the SDK) so that rules, dashboards and checks name what is really there.
"""

from __future__ import annotations

from typing import Final

from hivesight_sdk.semconv import (
    agents,
    decisions,
    host,
    jobs,
    models_and_tools,
    monitoring,
    services_and_errors,
    tasks,
)
from hivesight_sdk.semconv.agents import (
    ACTIVE_AGENTS,
    AGENT_LAST_HEARTBEAT,
    AGENT_LAST_PROGRESS,
    AGENT_RUN_DURATION,
    AGENT_RUNS,
    WORKFLOW_RUN_DURATION,
    WORKFLOW_RUNS,
)
from hivesight_sdk.semconv.decisions import DECISION_CONFIDENCE, LEARNING_ACCURACY
from hivesight_sdk.semconv.family import MetricFamily, MetricGroup, MetricKind, MultiprocessMode
from hivesight_sdk.semconv.host import (
    CPU_USAGE,
    EVENT_LOOP_LAG,
    MEMORY_USAGE,
    RESOURCE_UTILIZATION,
)
from hivesight_sdk.semconv.jobs import (
    JOB_DURATION,
    JOB_LAST_RUN,
    JOB_LAST_SUCCESS,
    JOB_STATUS,
)
from hivesight_sdk.semconv.models_and_tools import (
    MODEL_CALL_DURATION,
    MODEL_CALLS,
    MODEL_COST,
    MODEL_FINISHES,
    MODEL_TIME_TO_FIRST_CHUNK,
    MODEL_TOKENS,
    TOOL_CALL_DURATION,
    TOOL_CALLS,
)
from hivesight_sdk.semconv.monitoring import (
    LOG_REDACTIONS,
    MONITOR_ALERT,
    MONITOR_FIGURE,
    SDK_DROPPED,
    SDK_EXPORT_QUEUE_LENGTH,
    SDK_EXPORTED,
)
from hivesight_sdk.semconv.services_and_errors import (
    CIRCUIT_BREAKER_STATE,
    CIRCUIT_BREAKER_TRANSITIONS,
    ERRORS,
    EXTERNAL_API_DURATION,
    EXTERNAL_API_REQUESTS,
)
from hivesight_sdk.semconv.tasks import (
    AGENT_COORDINATION_LATENCY,
    HANDOFFS,
    TASK_DURATION,
    TASK_QUEUE_LENGTH,
    TASK_QUEUE_OLDEST,
    TASK_RETRIES,
    TASK_TRANSITIONS,
    TASKS_COMPLETED,
    latency_family,
)
from hivesight_sdk.semconv.values import (
    AGENT_STATUSES,
    API_STATUS_CODES,
    CIRCUIT_BREAKER_CHANGES,
    CIRCUIT_BREAKER_STATES,
    DROP_REASONS,
    ERROR_KINDS,
    OUTCOMES,
    PRIORITIES,
    QUEUE_STATES,
    RESOURCE_TYPES,
    SYSTEM_COMPONENT,
    TASK_STATUSES,
    TOKEN_TYPES,
)

__all__ = [
    "ACTIVE_AGENTS",
    "AGENT_COORDINATION_LATENCY",
    "AGENT_LAST_HEARTBEAT",
    "AGENT_LAST_PROGRESS",
    "AGENT_RUNS",
    "AGENT_RUN_DURATION",
    "AGENT_STATUSES",
    "API_STATUS_CODES",
    "BY_NAME",
    "CIRCUIT_BREAKER_CHANGES",
    "CIRCUIT_BREAKER_STATE",
    "CIRCUIT_BREAKER_STATES",
    "CIRCUIT_BREAKER_TRANSITIONS",
    "CPU_USAGE",
    "DECISION_CONFIDENCE",
    "DROP_REASONS",
    "ERRORS",
    "ERROR_KINDS",
    "EVENT_LOOP_LAG",
    "EXTERNAL_API_DURATION",
    "EXTERNAL_API_REQUESTS",
    "FAMILIES",
    "GROUPS",
    "GUIDE_FAMILIES",
    "HANDOFFS",
    "HIVE_FAMILIES",
    "JOB_DURATION",
    "JOB_LAST_RUN",
    "JOB_LAST_SUCCESS",
    "JOB_STATUS",
    "LEARNING_ACCURACY",
    "LOG_REDACTIONS",
    "MEMORY_USAGE",
    "MODEL_CALLS",
    "MODEL_CALL_DURATION",
    "MODEL_COST",
    "MODEL_FINISHES",
    "MODEL_TIME_TO_FIRST_CHUNK",
    "MODEL_TOKENS",
    "MONITOR_ALERT",
    "MONITOR_FIGURE",
    "OUTCOMES",
    "PRIORITIES",
    "QUEUE_STATES",
    "RESOURCE_TYPES",
    "RESOURCE_UTILIZATION",
    "SDK_DROPPED",
    "SDK_EXPORTED",
    "SDK_EXPORT_QUEUE_LENGTH",
    "SYSTEM_COMPONENT",
    "TASKS_COMPLETED",
    "TASK_DURATION",
    "TASK_QUEUE_LENGTH",
    "TASK_QUEUE_OLDEST",
    "TASK_RETRIES",
    "TASK_STATUSES",
    "TASK_TRANSITIONS",
    "TOKEN_TYPES",
    "TOOL_CALLS",
    "TOOL_CALL_DURATION",
    "WORKFLOW_RUNS",
    "WORKFLOW_RUN_DURATION",
    "MetricFamily",
    "MetricGroup",
    "MetricKind",
    "MultiprocessMode",
    "latency_family",
]

GROUPS: Final[tuple[MetricGroup, ...]] = (
    tasks.GROUP,
    agents.GROUP,
    decisions.GROUP,
    models_and_tools.GROUP,
    services_and_errors.GROUP,
    host.GROUP,
    jobs.GROUP,
    monitoring.GROUP,
)
GUIDE_FAMILIES: Final[tuple[MetricFamily, ...]] = (
    AGENT_COORDINATION_LATENCY,
    ACTIVE_AGENTS,
    TASKS_COMPLETED,
    RESOURCE_UTILIZATION,
    DECISION_CONFIDENCE,
    LEARNING_ACCURACY,
    EXTERNAL_API_REQUESTS,
    EXTERNAL_API_DURATION,
    MEMORY_USAGE,
    CPU_USAGE,
)
"""Those of the production monitoring guide, under exactly its names, types and labels."""

HIVE_FAMILIES: Final[tuple[MetricFamily, ...]] = tuple(
    family for group in GROUPS for family in group.families if family not in GUIDE_FAMILIES
)
"""What a hive needs beyond the guide."""

FAMILIES: Final[tuple[MetricFamily, ...]] = GUIDE_FAMILIES + HIVE_FAMILIES
BY_NAME: Final[dict[str, MetricFamily]] = {family.name: family for family in FAMILIES}
