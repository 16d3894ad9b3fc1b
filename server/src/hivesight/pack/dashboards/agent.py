"""One type of agent, from all sides."""

from typing import Final

from hivesight.pack.dashboards import queries as q
from hivesight.pack.dashboards import units
from hivesight.pack.dashboards.spec import Dashboard, Kind, Panel, Query, Row
from hivesight.pack.dashboards.variables import HIVE, label
from hivesight_sdk import semconv as m

_TYPE: Final = 'agent_type="$agent_type"'

DASHBOARD: Final = Dashboard(
    "agent",
    "Hive / One agent",
    "One type of agent: how many, what they do, how well and how fast, and what they pass on.",
    (*HIVE, label("agent_type", "Type of agent", m.AGENT_RUNS, many=False)),
    (
        Row(
            "$agent_type",
            (
                Panel(
                    Kind.STAT,
                    "Agents",
                    "How many there are now, by status.",
                    (Query(q.of("sum", m.ACTIVE_AGENTS, "status", where=_TYPE), "{{status}}"),),
                    width=8,
                    height=5,
                ),
                Panel(
                    Kind.STAT,
                    "Since the last progress",
                    "Time since one of them last made progress. Long, while tasks wait, means stuck.",
                    (Query(q.age(m.AGENT_LAST_PROGRESS, where=_TYPE), "ago"),),
                    units.SECONDS,
                    width=4,
                    height=5,
                    alerts=("AgentsStuck",),
                ),
                Panel(
                    Kind.STAT,
                    "Since the last heartbeat",
                    "Time since one of them last said that it lives.",
                    (Query(q.age(m.AGENT_LAST_HEARTBEAT, where=_TYPE), "ago"),),
                    units.SECONDS,
                    width=4,
                    height=5,
                ),
                Panel(
                    Kind.GAUGE,
                    "Tasks that fail",
                    "Share of the tasks that ended in error, of all that ended in the time that is shown.",
                    (Query(q.share(m.TASKS_COMPLETED, 'status="error"', where=_TYPE, over=q.RANGE), "error"),),
                    units.RATIO,
                    height=5,
                    alerts=("HighTaskFailureRate",),
                    maximum=1,
                ),
            ),
        ),
        Row(
            "Tasks",
            (
                Panel(
                    Kind.TIMESERIES,
                    "Tasks by status",
                    "Tasks that ended, a second, by how.",
                    (Query(q.rate(m.TASKS_COMPLETED, "status", where=_TYPE), "{{status}}"),),
                    units.PER_SECOND,
                    stacked=True,
                ),
                Panel(
                    Kind.TIMESERIES,
                    "How long tasks take",
                    "From the start of a task to its end; exemplars lead to traces.",
                    (
                        Query(q.quantile(0.95, m.TASK_DURATION, where=_TYPE), "p95"),
                        Query(q.quantile(0.5, m.TASK_DURATION, where=_TYPE), "p50"),
                    ),
                    units.SECONDS,
                ),
                Panel(
                    Kind.HEATMAP,
                    "Task durations",
                    "How many tasks took how long.",
                    (Query(q.buckets(m.TASK_DURATION, where=_TYPE), "{{le}}"),),
                    units.SECONDS,
                ),
            ),
        ),
        Row(
            "Runs, retries and hand-offs",
            (
                Panel(
                    Kind.TIMESERIES,
                    "Runs by outcome",
                    "Runs that ended, a second.",
                    (Query(q.rate(m.AGENT_RUNS, "outcome", where=_TYPE), "{{outcome}}"),),
                    units.PER_SECOND,
                ),
                Panel(
                    Kind.TIMESERIES,
                    "Retries",
                    "Attempts after the first, a second.",
                    (Query(q.rate(m.TASK_RETRIES, where=_TYPE), "retries"),),
                    units.PER_SECOND,
                ),
                Panel(
                    Kind.TIMESERIES,
                    "Hands on to",
                    "Tasks a second that it handed to others.",
                    (Query(q.rate(m.HANDOFFS, "to_agent", where='from_agent="$agent_type"'), "{{to_agent}}"),),
                    units.PER_SECOND,
                ),
            ),
        ),
    ),
)
