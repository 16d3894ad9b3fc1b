"""The table of metric families that a hive exposes: names, types, labels, buckets. Pure data.

The SDK builds its live metrics from this table, the reference in the README is printed from it, and the
server imports it (and nothing else of the SDK) so that rules, dashboards and checks name what is really there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

MetricKind = Literal["counter", "gauge", "histogram"]
MultiprocessMode = Literal["livesum", "livemax", "max", "mostrecent"]


@dataclass(frozen=True, slots=True)
class MetricFamily:
    """One metric family as Prometheus sees it.

    `name` is the name in the text exposition; for a counter it ends in `_total`. `buckets` are the finite upper
    bounds of a histogram in ascending order; `+Inf` is always implied. `unit` is the unit of the value
    ("seconds", "bytes", "percent", "ratio", "dollars") or "" for a plain count. `multiprocess_mode` says how a gauge's
    values of several processes become one in prometheus_client's multi-process mode; counters and histograms add up.
    `recorded_by` are the SDK's names that record into it; none for what the SDK says of itself. `lint` is the reason
    why the name stays although promtool's lint complains of it.
    """

    name: str
    kind: MetricKind
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
    unit: str = ""
    multiprocess_mode: MultiprocessMode = "livesum"
    recorded_by: tuple[str, ...] = ()
    lint: str = ""


@dataclass(frozen=True, slots=True)
class MetricGroup:
    """Families of one subject, as the reference shows them: a title, what they are about, the families."""

    title: str
    about: str
    families: tuple[MetricFamily, ...]


TASK_STATUSES: Final = ("completed", "error", "cancelled")
"""Values of `status` on `agent_hive_tasks_completed_total`: the ways a task can end."""

PRIORITIES: Final = ("low", "medium", "high", "critical")
"""Usual values of `priority`; a hive may have its own."""

AGENT_STATUSES: Final = ("active", "idle", "failed")
"""Usual values of `status` on `agent_hive_active_agents_total`. Rules count `active` alone."""

QUEUE_STATES: Final = ("waiting", "running")
"""Usual values of `state` on the task queue's gauges."""

RESOURCE_TYPES: Final = ("cpu", "memory", "disk")
"""Values of `resource_type` on `agent_hive_resource_utilization_percent`."""

API_STATUS_CODES: Final = (
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
)
"""Usual values of `status_code` on `agent_hive_external_api_requests_total`; the last three have no HTTP status."""

OUTCOMES: Final = ("success", "error", "timeout", "cancelled")
"""Values of `outcome`: the ways a call of a tool or a model, or a run of an agent or a workflow, can end."""

TOKEN_TYPES: Final = ("input", "output", "cache_read", "cache_write", "reasoning")
"""Values of `type` on `agent_hive_model_tokens_total`. Cached ones are part of input, reasoning of output."""

CIRCUIT_BREAKER_STATES: Final = ("closed", "open", "half_open")
"""Values of `state` on `agent_hive_circuit_breaker_state`."""

CIRCUIT_BREAKER_CHANGES: Final = (
    ("closed", "open"),
    ("open", "half_open"),
    ("half_open", "closed"),
    ("half_open", "open"),
)
"""The changes of state that a circuit breaker makes by itself."""

ERROR_KINDS: Final = (
    "timeout",
    "rate_limited",
    "denied",
    "not_found",
    "invalid_request",
    "unavailable",
    "connection",
    "resource_exhausted",
    "io",
    "invalid_data",
    "cancelled",
    "internal",
)
"""Values of `kind` on `agent_hive_errors_total`. A closed set."""

SYSTEM_COMPONENT: Final = "system"
"""Value of `component` for the whole host, or for the control group that limits this process."""

DROP_REASONS: Final = (
    "recording_failed",
    "too_many_series",
    "too_many_pending",
    "invalid_value",
    "invalid_name",
    "name_conflict",
    "sampling_failed",
    "exposition_failed",
    "port_unavailable",
    "too_many_requests",
    "log_queue_full",
    "log_failed",
    "push_failed",
    "queue_full",
    "export_failed",
    "provider_failed",
    "callback_failed",
    "history_failed",
    "instrumentation_failed",
)
"""Values of `reason` on `agent_hive_sdk_dropped_total`. A closed set."""

_CALL_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
_LONG_BUCKETS = (15.0, 30.0, 60.0, 120.0, 300.0, 600.0)
_TASK_BUCKETS = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)
# OpenTelemetry's GenAI conventions 1.41 advise these for calls of models.
_MODEL_BUCKETS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)

# ---- families of the production monitoring guide, under exactly its names, types and labels ----

AGENT_COORDINATION_LATENCY: Final = MetricFamily(
    "agent_hive_coordination_latency_seconds",
    "histogram",
    "Time spent coordinating agents",
    buckets=(0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, *_LONG_BUCKETS),
    unit="seconds",
    recorded_by=("track_latency",),
)
ACTIVE_AGENTS: Final = MetricFamily(
    "agent_hive_active_agents_total",
    "gauge",
    "Number of active agents",
    ("agent_type", "status"),
    recorded_by=("record_active_agents",),
    lint="the guide fixes the name of this gauge, which ends as only a counter's should",
)
TASKS_COMPLETED: Final = MetricFamily(
    "agent_hive_tasks_completed_total",
    "counter",
    "Total number of completed tasks",
    ("agent_type", "status", "priority"),
    recorded_by=("track_task",),
)
RESOURCE_UTILIZATION: Final = MetricFamily(
    "agent_hive_resource_utilization_percent",
    "gauge",
    "Current resource utilization percentage",
    ("resource_type",),
    unit="percent",
    multiprocess_mode="livemax",
    recorded_by=("configure", "track_resource_usage", "PerformanceMonitor"),
)
DECISION_CONFIDENCE: Final = MetricFamily(
    "agent_hive_decision_confidence_score",
    "histogram",
    "Confidence score of AI decisions",
    buckets=(0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0),
    unit="ratio",
    recorded_by=("track_decision", "record_decision"),
)
LEARNING_ACCURACY: Final = MetricFamily(
    "agent_hive_learning_accuracy_percent",
    "gauge",
    "Machine learning model accuracy",
    ("model_type",),
    unit="percent",
    multiprocess_mode="mostrecent",
    recorded_by=("record_learning_accuracy",),
)
EXTERNAL_API_REQUESTS: Final = MetricFamily(
    "agent_hive_external_api_requests_total",
    "counter",
    "Total external API requests",
    ("service", "method", "status_code"),
    recorded_by=("track_external_api",),
)
EXTERNAL_API_DURATION: Final = MetricFamily(
    "agent_hive_external_api_duration_seconds",
    "histogram",
    "External API request duration",
    ("service", "method"),
    buckets=(0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0),
    unit="seconds",
    recorded_by=("track_external_api",),
)
MEMORY_USAGE: Final = MetricFamily(
    "agent_hive_memory_usage_bytes",
    "gauge",
    "Memory usage by component",
    ("component",),
    unit="bytes",
    multiprocess_mode="livemax",
    recorded_by=("configure", "track_resource_usage", "PerformanceMonitor"),
)
CPU_USAGE: Final = MetricFamily(
    "agent_hive_cpu_usage_percent",
    "gauge",
    "CPU usage by component",
    ("component",),
    unit="percent",
    multiprocess_mode="livemax",
    recorded_by=("configure", "track_resource_usage", "PerformanceMonitor"),
)

# ---- what a hive needs beyond the guide ----

TASK_DURATION: Final = MetricFamily(
    "agent_hive_task_duration_seconds",
    "histogram",
    "Time from the start of a task to its end, however it ended",
    ("agent_type",),
    buckets=_TASK_BUCKETS,
    unit="seconds",
    recorded_by=("track_task",),
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
TASK_RETRIES: Final = MetricFamily(
    "agent_hive_task_retries_total",
    "counter",
    "Total number of task attempts after the first",
    ("agent_type",),
    recorded_by=("record_retry",),
)
HANDOFFS: Final = MetricFamily(
    "agent_hive_handoffs_total",
    "counter",
    "Total number of tasks one agent handed to another",
    ("from_agent", "to_agent"),
    recorded_by=("handoff", "record_handoff"),
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
EVENT_LOOP_LAG: Final = MetricFamily(
    "agent_hive_event_loop_lag_seconds",
    "histogram",
    "How late the event loop ran a timer",
    buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
    unit="seconds",
    recorded_by=("watch_event_loop",),
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
    buckets=_TASK_BUCKETS,
    unit="seconds",
    recorded_by=("agent",),
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
    buckets=_TASK_BUCKETS,
    unit="seconds",
    recorded_by=("workflow",),
)
TASK_TRANSITIONS: Final = MetricFamily(
    "agent_hive_task_transitions_total",
    "counter",
    "Total number of changes of tasks from one state to another",
    ("agent_type", "from_state", "to_state"),
    recorded_by=("record_transition",),
)
TOOL_CALLS: Final = MetricFamily(
    "agent_hive_tool_calls_total",
    "counter",
    "Total number of calls of tools by outcome",
    ("tool", "outcome"),
    recorded_by=("tool",),
)
TOOL_CALL_DURATION: Final = MetricFamily(
    "agent_hive_tool_call_duration_seconds",
    "histogram",
    "Time from the start of a call of a tool to its end",
    ("tool", "outcome"),
    buckets=(*_CALL_BUCKETS, *_LONG_BUCKETS),
    unit="seconds",
    recorded_by=("tool",),
)
MODEL_CALLS: Final = MetricFamily(
    "agent_hive_model_calls_total",
    "counter",
    "Total number of calls of models by outcome",
    ("provider", "model", "operation", "outcome"),
    recorded_by=("model_call",),
)
MODEL_CALL_DURATION: Final = MetricFamily(
    "agent_hive_model_call_duration_seconds",
    "histogram",
    "Time from the start of a call of a model to its end",
    ("provider", "model", "operation", "outcome"),
    buckets=(*_MODEL_BUCKETS, 163.84, 327.68, 655.36),
    unit="seconds",
    recorded_by=("model_call",),
)
MODEL_TIME_TO_FIRST_CHUNK: Final = MetricFamily(
    "agent_hive_model_time_to_first_chunk_seconds",
    "histogram",
    "Time from the start of a call of a model to the first part of its answer",
    ("provider", "model"),
    buckets=_MODEL_BUCKETS,
    unit="seconds",
    recorded_by=("model_call",),
)
MODEL_TOKENS: Final = MetricFamily(
    "agent_hive_model_tokens_total",
    "counter",
    "Total number of tokens of calls of models; cache_read and cache_write are part of input, reasoning of output",
    ("provider", "model", "type"),
    recorded_by=("model_call",),
)
MODEL_COST: Final = MetricFamily(
    "agent_hive_model_cost_dollars_total",
    "counter",
    "Total cost of calls of models in US dollars",
    ("provider", "model"),
    unit="dollars",
    recorded_by=("model_call",),
)
MODEL_FINISHES: Final = MetricFamily(
    "agent_hive_model_finishes_total",
    "counter",
    "Total number of answers of models by the reason why they ended",
    ("provider", "model", "reason"),
    recorded_by=("model_call",),
)
CIRCUIT_BREAKER_STATE: Final = MetricFamily(
    "agent_hive_circuit_breaker_state",
    "gauge",
    "1 for the state that the circuit breaker is in, 0 for the others",
    ("breaker", "state"),
    recorded_by=("record_circuit_breaker",),
)
CIRCUIT_BREAKER_TRANSITIONS: Final = MetricFamily(
    "agent_hive_circuit_breaker_transitions_total",
    "counter",
    "Total number of changes of circuit breakers from one state to another",
    ("breaker", "from_state", "to_state"),
    recorded_by=("record_circuit_breaker",),
)
ERRORS: Final = MetricFamily(
    "agent_hive_errors_total",
    "counter",
    "Total number of errors that left a component, by kind",
    ("component", "kind"),
    recorded_by=(
        "track_latency",
        "track_task",
        "track_external_api",
        "agent",
        "workflow",
        "tool",
        "model_call",
        "handoff",
        "record_error",
    ),
)
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
LOG_REDACTIONS: Final = MetricFamily(
    "agent_hive_log_redactions_total",
    "counter",
    "Total number of secrets taken out of log records, by the kind of rule that found them",
    ("kind",),
    recorded_by=("configure_logging",),
)
MONITOR_FIGURE: Final = MetricFamily(
    "agent_hive_monitor_figure",
    "gauge",
    "Latest value of each figure of the performance monitor, in the unit its name says",
    ("figure",),
    recorded_by=("PerformanceMonitor",),
)
MONITOR_ALERT: Final = MetricFamily(
    "agent_hive_monitor_alert_firing",
    "gauge",
    "Whether the figure is beyond its threshold for long enough: 1 or 0",
    ("figure",),
    recorded_by=("PerformanceMonitor",),
)
SDK_EXPORTED: Final = MetricFamily(
    "agent_hive_sdk_exported_total",
    "counter",
    "Total number of spans, log records and metric points that a server took from this process",
    ("signal",),
)
SDK_EXPORT_QUEUE_LENGTH: Final = MetricFamily(
    "agent_hive_sdk_export_queue_length",
    "gauge",
    "Number of spans and log records that wait to be exported",
    ("signal",),
)
SDK_DROPPED: Final = MetricFamily(
    "agent_hive_sdk_dropped_total",
    "counter",
    "Total number of recordings the SDK dropped instead of troubling its host",
    ("reason",),
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
HIVE_FAMILIES: Final[tuple[MetricFamily, ...]] = (
    TASK_DURATION,
    TASK_QUEUE_LENGTH,
    TASK_QUEUE_OLDEST,
    TASK_RETRIES,
    HANDOFFS,
    AGENT_LAST_PROGRESS,
    EVENT_LOOP_LAG,
    AGENT_LAST_HEARTBEAT,
    AGENT_RUNS,
    AGENT_RUN_DURATION,
    WORKFLOW_RUNS,
    WORKFLOW_RUN_DURATION,
    TASK_TRANSITIONS,
    TOOL_CALLS,
    TOOL_CALL_DURATION,
    MODEL_CALLS,
    MODEL_CALL_DURATION,
    MODEL_TIME_TO_FIRST_CHUNK,
    MODEL_TOKENS,
    MODEL_COST,
    MODEL_FINISHES,
    CIRCUIT_BREAKER_STATE,
    CIRCUIT_BREAKER_TRANSITIONS,
    ERRORS,
    JOB_LAST_RUN,
    JOB_LAST_SUCCESS,
    JOB_DURATION,
    JOB_STATUS,
    LOG_REDACTIONS,
    MONITOR_FIGURE,
    MONITOR_ALERT,
    SDK_EXPORTED,
    SDK_EXPORT_QUEUE_LENGTH,
    SDK_DROPPED,
)
FAMILIES: Final[tuple[MetricFamily, ...]] = GUIDE_FAMILIES + HIVE_FAMILIES
GROUPS: Final[tuple[MetricGroup, ...]] = (
    MetricGroup(
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
    ),
    MetricGroup(
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
    ),
    MetricGroup(
        "Decisions",
        "How sure the hive is, and how often it is right.",
        (DECISION_CONFIDENCE, LEARNING_ACCURACY),
    ),
    MetricGroup(
        "Models and tools",
        "Calls, tokens and dollars.",
        (
            MODEL_CALLS,
            MODEL_CALL_DURATION,
            MODEL_TIME_TO_FIRST_CHUNK,
            MODEL_TOKENS,
            MODEL_COST,
            MODEL_FINISHES,
            TOOL_CALLS,
            TOOL_CALL_DURATION,
        ),
    ),
    MetricGroup(
        "External services and errors",
        "What the hive asks of others, and what goes wrong anywhere in it.",
        (
            EXTERNAL_API_REQUESTS,
            EXTERNAL_API_DURATION,
            CIRCUIT_BREAKER_STATE,
            CIRCUIT_BREAKER_TRANSITIONS,
            ERRORS,
        ),
    ),
    MetricGroup(
        "Host and process",
        "What the hive runs on.",
        (RESOURCE_UTILIZATION, CPU_USAGE, MEMORY_USAGE, EVENT_LOOP_LAG),
    ),
    MetricGroup(
        "Batch jobs",
        "What processes push that end before anyone scrapes them.",
        (JOB_LAST_RUN, JOB_LAST_SUCCESS, JOB_DURATION, JOB_STATUS),
    ),
    MetricGroup(
        "Monitoring itself",
        "The performance monitor, the logs, what the SDK exported and what it had to drop.",
        (MONITOR_FIGURE, MONITOR_ALERT, LOG_REDACTIONS, SDK_EXPORTED, SDK_EXPORT_QUEUE_LENGTH, SDK_DROPPED),
    ),
)
BY_NAME: Final[dict[str, MetricFamily]] = {family.name: family for family in FAMILIES}


def latency_family(name: str) -> MetricFamily:
    """The family behind `track_latency(name)`: `agent_hive_<name>_latency_seconds`, a histogram without labels.

    Raises ValueError unless `name` is 1 to 64 lower-case letters, digits and underscores, starting with a letter.
    """
    if not (0 < len(name) <= 64 and name.isascii() and name[0].isalpha() and name == name.lower()):
        raise ValueError(f"not a latency name: {name!r}; use lower-case letters, digits and underscores")
    if not name.replace("_", "a").isalnum():
        raise ValueError(f"not a latency name: {name!r}; use lower-case letters, digits and underscores")
    full_name = f"agent_hive_{name}_latency_seconds"
    return BY_NAME.get(full_name) or MetricFamily(
        full_name,
        "histogram",
        f"Time spent in {name.replace('_', ' ')}",
        buckets=(*_CALL_BUCKETS, *_LONG_BUCKETS),
        unit="seconds",
    )
