"""Logs: how many of which level, and the records. They are the SDK's JSON lines in Elasticsearch."""

from typing import Final

from hivesight.pack.dashboards import queries as q
from hivesight.pack.dashboards import units
from hivesight.pack.dashboards.spec import Dashboard, Kind, LogQuery, Panel, Query, Row, Variable, VariableKind
from hivesight.pack.dashboards.variables import HIVE, LOGS
from hivesight_sdk import semconv as m

_CHOSEN: Final = "service:$service AND level:$level AND ($search)"

DASHBOARD: Final = Dashboard(
    "logs",
    "Logs",
    "Log records of the hive in Elasticsearch, and what the SDK took out of them or had to drop.",
    (
        *HIVE,
        LOGS,
        Variable(VariableKind.TEXT, "service", "Service", "*"),
        Variable(VariableKind.CUSTOM, "level", "Level", "*,critical,error,warning,info,debug"),
        Variable(VariableKind.TEXT, "search", "Search", "*"),
    ),
    (
        Row(
            "How many",
            (
                Panel(
                    Kind.TIMESERIES,
                    "Records by level",
                    "Log records over time, by level.",
                    (LogQuery(_CHOSEN, "level"),),
                    width=12,
                    stacked=True,
                ),
                Panel(
                    Kind.TIMESERIES,
                    "Records by service",
                    "Log records over time, by service. A service that falls silent is as telling as one that shouts.",
                    (LogQuery(_CHOSEN, "service"),),
                    width=12,
                ),
                Panel(
                    Kind.TABLE,
                    "Exceptions",
                    "Which exceptions stand in the records of the time that is shown.",
                    (LogQuery(f"{_CHOSEN} AND _exists_:exception.type", "exception.type"),),
                ),
                Panel(
                    Kind.TIMESERIES,
                    "Secrets taken out",
                    "Secrets that the SDK took out of log records, a second, by the rule that found them.",
                    (Query(q.rate(m.LOG_REDACTIONS, "kind"), "{{kind}}"),),
                    units.PER_SECOND,
                ),
                Panel(
                    Kind.TIMESERIES,
                    "Records dropped",
                    "Log records a second that the SDK dropped instead of troubling its host.",
                    (Query(q.rate(m.SDK_DROPPED, "job", "reason", where='reason=~"log_.*"'), "{{job}} {{reason}}"),),
                    units.PER_SECOND,
                ),
            ),
        ),
        Row(
            "Records",
            (
                Panel(
                    Kind.LOGS,
                    "Records",
                    "The latest records; `trace_id` leads to the trace where the data source has a link for it.",
                    (LogQuery(_CHOSEN),),
                    width=24,
                    height=16,
                ),
            ),
        ),
    ),
)
