"""All agents: who is there, who lives, who gets on, and how their runs end."""

from typing import Final

from hivesight.pack.dashboards import queries as q
from hivesight.pack.dashboards import units
from hivesight.pack.dashboards.spec import Dashboard, Kind, Panel, Query, Row
from hivesight.pack.dashboards.variables import HIVE, label
from hivesight_sdk import semconv as m

_TYPE: Final = 'agent_type=~"$agent_type"'

DASHBOARD: Final = Dashboard(
    "agents",
    "Hive / Agents",
    "Agents of every type: how many, whether they live and get on, how their runs end and what they "
    "hand to each other.",
    (*HIVE, label("agent_type", "Type of agent", m.AGENT_RUNS)),
    (
        Row(
            "Who is there",
            (
                Panel(
                    Kind.STAT,
                    "Active agents",
                    "Agents at work now, by type.",
                    (
                        Query(
                            q.of("sum", m.ACTIVE_AGENTS, "agent_type", where=f'{_TYPE}, status="active"'),
                            "{{agent_type}}",
                        ),
                    ),
                    width=12,
                ),
                Panel(
                    Kind.TIMESERIES,
                    "Agents by status",
                    "Active, idle and failed agents of the types that are chosen.",
                    (Query(q.of("sum", m.ACTIVE_AGENTS, "status", where=_TYPE), "{{status}}"),),
                    width=12,
                    stacked=True,
                ),
            ),
        ),
        Row(
            "Do they live and get on",
            (
                Panel(
                    Kind.BAR_GAUGE,
                    "Since the last progress",
                    "Time since an agent of the type last made progress. Long, while tasks wait, means stuck.",
                    (Query(q.age(m.AGENT_LAST_PROGRESS, "agent_type", where=_TYPE), "{{agent_type}}"),),
                    units.SECONDS,
                    width=12,
                    alerts=("AgentsStuck",),
                ),
                Panel(
                    Kind.BAR_GAUGE,
                    "Since the last heartbeat",
                    "Time since an agent of the type last said that it lives.",
                    (Query(q.age(m.AGENT_LAST_HEARTBEAT, "agent_type", where=_TYPE), "{{agent_type}}"),),
                    units.SECONDS,
                    width=12,
                ),
            ),
        ),
        Row(
            "Runs",
            (
                Panel(
                    Kind.TIMESERIES,
                    "Runs by outcome",
                    "Runs of agents that ended, a second.",
                    (Query(q.rate(m.AGENT_RUNS, "agent_type", "outcome", where=_TYPE), "{{agent_type}} {{outcome}}"),),
                    units.PER_SECOND,
                ),
                Panel(
                    Kind.TIMESERIES,
                    "Share of runs that fail",
                    "Runs that did not end in success, of all that ended.",
                    (Query(q.share(m.AGENT_RUNS, 'outcome!="success"', "agent_type", where=_TYPE), "{{agent_type}}"),),
                    units.RATIO,
                    maximum=1,
                ),
                Panel(
                    Kind.TIMESERIES,
                    "How long runs take (p95)",
                    "95th percentile of the time from a run's start to its end; exemplars lead to traces.",
                    (Query(q.quantile(0.95, m.AGENT_RUN_DURATION, "agent_type", where=_TYPE), "{{agent_type}}"),),
                    units.SECONDS,
                ),
            ),
        ),
        Row(
            "Together",
            (
                Panel(
                    Kind.TABLE,
                    "Hand-offs",
                    "Tasks that one agent handed to another in the time that is shown.",
                    (Query(q.increase(m.HANDOFFS, "from_agent", "to_agent")),),
                    width=8,
                ),
                Panel(
                    Kind.TIMESERIES,
                    "Workflows by outcome",
                    "Runs of workflows that ended, a second.",
                    (Query(q.rate(m.WORKFLOW_RUNS, "workflow", "outcome"), "{{workflow}} {{outcome}}"),),
                    units.PER_SECOND,
                ),
                Panel(
                    Kind.TIMESERIES,
                    "How long workflows take (p95)",
                    "95th percentile of the time from a workflow's start to its end.",
                    (Query(q.quantile(0.95, m.WORKFLOW_RUN_DURATION, "workflow"), "{{workflow}}"),),
                    units.SECONDS,
                ),
            ),
        ),
    ),
)
