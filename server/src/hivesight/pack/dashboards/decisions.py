"""Decisions: how sure the hive is, and how often it is right."""

from typing import Final

from hivesight.pack.dashboards import queries as q
from hivesight.pack.dashboards import units
from hivesight.pack.dashboards.spec import Dashboard, Kind, Panel, Query, Row
from hivesight.pack.dashboards.variables import HIVE, label
from hivesight_sdk import semconv as m

_MODEL: Final = 'model_type=~"$model_type"'

DASHBOARD: Final = Dashboard(
    "decisions",
    "Hive / Decisions",
    "Confidence of decisions and accuracy of what learns.",
    (*HIVE, label("model_type", "Model", m.LEARNING_ACCURACY)),
    (
        Row(
            "Confidence",
            (
                Panel(
                    Kind.GAUGE,
                    "Mean confidence",
                    "Mean confidence of the decisions of the time that is shown. The alert is silent "
                    "below 10 in 5 minutes.",
                    (Query(q.mean(m.DECISION_CONFIDENCE, over=q.RANGE), "mean"),),
                    units.RATIO,
                    width=6,
                    alerts=("LowDecisionConfidence",),
                    maximum=1,
                ),
                Panel(
                    Kind.TIMESERIES,
                    "Confidence",
                    "Mean, median and the least sure tenth of decisions.",
                    (
                        Query(q.mean(m.DECISION_CONFIDENCE), "mean"),
                        Query(q.quantile(0.5, m.DECISION_CONFIDENCE), "p50"),
                        Query(q.quantile(0.1, m.DECISION_CONFIDENCE), "p10"),
                    ),
                    units.RATIO,
                    width=9,
                    alerts=("LowDecisionConfidence",),
                    maximum=1,
                ),
                Panel(
                    Kind.HEATMAP,
                    "How sure decisions are",
                    "How many decisions had which confidence.",
                    (Query(q.buckets(m.DECISION_CONFIDENCE), "{{le}}"),),
                    units.RATIO,
                    width=9,
                ),
            ),
        ),
        Row(
            "How many, and how right",
            (
                Panel(
                    Kind.TIMESERIES,
                    "Decisions",
                    "Decisions a second, by service.",
                    (Query(q.rate(m.DECISION_CONFIDENCE, "job"), "{{job}}"),),
                    units.PER_SECOND,
                    width=12,
                ),
                Panel(
                    Kind.TIMESERIES,
                    "Accuracy",
                    "How often each model that learns was right, of what it was judged by.",
                    (Query(q.of("min", m.LEARNING_ACCURACY, "model_type", where=_MODEL), "{{model_type}}"),),
                    units.unit_of(m.LEARNING_ACCURACY),
                    width=12,
                    alerts=("MachineLearningAccuracyDrop",),
                    maximum=100,
                ),
            ),
        ),
    ),
)
