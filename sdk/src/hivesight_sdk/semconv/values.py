"""Values of labels: closed sets, and the usual values of open ones. Pure data."""

from __future__ import annotations

from typing import Final

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
