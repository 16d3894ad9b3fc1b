"""Traces: the latest, the slow, the failed, one as a whole, and who calls whom. They are in Jaeger."""

from typing import Final

from hivesight.pack.dashboards import queries as q
from hivesight.pack.dashboards import units
from hivesight.pack.dashboards.spec import Dashboard, Kind, Panel, Query, Row, TraceQuery, Variable, VariableKind
from hivesight.pack.dashboards.variables import HIVE, TRACES
from hivesight_sdk import semconv as m

DASHBOARD: Final = Dashboard(
    "traces",
    "Traces",
    "Traces of the hive in Jaeger, and what is exported to it.",
    (
        *HIVE,
        TRACES,
        Variable(VariableKind.TEXT, "service", "Service", "agent-hive-orchestrator"),
        Variable(VariableKind.TEXT, "slow", "Slow from", "5s"),
        Variable(VariableKind.TEXT, "trace_id", "Trace", ""),
    ),
    (
        Row(
            "Find",
            (
                Panel(
                    Kind.TABLE,
                    "Latest traces",
                    "The latest traces of the service.",
                    (TraceQuery(),),
                    units.COUNT,
                ),
                Panel(
                    Kind.TABLE,
                    "Slow traces",
                    "The latest traces of the service that took at least as long as you say above.",
                    (TraceQuery(min_duration="$slow"),),
                ),
                Panel(
                    Kind.TABLE,
                    "Failed traces",
                    "The latest traces of the service with a span that ended in error.",
                    (TraceQuery(tags="error=true"),),
                ),
            ),
        ),
        Row(
            "One trace",
            (
                Panel(
                    Kind.TRACES,
                    "Trace",
                    "The trace whose id you give above.",
                    (TraceQuery(trace_id="$trace_id"),),
                    width=24,
                    height=14,
                ),
            ),
        ),
        Row(
            "The whole",
            (
                Panel(
                    Kind.NODE_GRAPH,
                    "Who calls whom",
                    "Services and how often one calls another, as Jaeger counted.",
                    (TraceQuery(type="dependencyGraph"),),
                    width=12,
                    height=10,
                ),
                Panel(
                    Kind.TIMESERIES,
                    "Exported",
                    "Spans, log records and metric points a second that a server took from the hive.",
                    (Query(q.rate(m.SDK_EXPORTED, "signal"), "{{signal}}"),),
                    units.PER_SECOND,
                    width=6,
                    height=10,
                ),
                Panel(
                    Kind.TIMESERIES,
                    "Waiting to be exported",
                    "Spans and log records that wait; they are dropped where the queue is full.",
                    (Query(q.of("sum", m.SDK_EXPORT_QUEUE_LENGTH, "job", "signal"), "{{job}} {{signal}}"),),
                    width=6,
                    height=10,
                ),
            ),
        ),
    ),
)
