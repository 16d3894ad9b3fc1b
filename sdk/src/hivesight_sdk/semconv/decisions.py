"""Decisions: the families. Pure data."""

from __future__ import annotations

from typing import Final

from hivesight_sdk.semconv.family import MetricFamily, MetricGroup

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

GROUP: Final = MetricGroup(
    "Decisions",
    "How sure the hive is, and how often it is right.",
    (
        DECISION_CONFIDENCE,
        LEARNING_ACCURACY,
    ),
)
