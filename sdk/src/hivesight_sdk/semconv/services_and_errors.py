"""External services and errors: the families. Pure data."""

from __future__ import annotations

from typing import Final

from hivesight_sdk.semconv.family import MetricFamily, MetricGroup

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

GROUP: Final = MetricGroup(
    "External services and errors",
    "What the hive asks of others, and what goes wrong anywhere in it.",
    (
        EXTERNAL_API_REQUESTS,
        EXTERNAL_API_DURATION,
        CIRCUIT_BREAKER_STATE,
        CIRCUIT_BREAKER_TRANSITIONS,
        ERRORS,
    ),
)
