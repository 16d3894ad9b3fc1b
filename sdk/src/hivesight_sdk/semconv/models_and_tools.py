"""Models and tools: the families. Pure data."""

from __future__ import annotations

from typing import Final

from hivesight_sdk.semconv.family import CALL_BUCKETS, LONG_BUCKETS, MetricFamily, MetricGroup

# OpenTelemetry's GenAI conventions 1.41 advise these for calls of models.
_MODEL_BUCKETS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)

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
    buckets=(*CALL_BUCKETS, *LONG_BUCKETS),
    unit="seconds",
    recorded_by=("tool",),
)

GROUP: Final = MetricGroup(
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
)
