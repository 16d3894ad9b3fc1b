"""The hive at a glance: is it there, does it work, how fast, at what cost, and what is wrong."""

from typing import Final

from hivesight.pack.dashboards import queries as q
from hivesight.pack.dashboards import units
from hivesight.pack.dashboards.spec import Dashboard, Kind, Panel, Query, Row
from hivesight.pack.dashboards.variables import HIVE
from hivesight_sdk import semconv as m

SERVICES: Final = {
    "agent-hive-orchestrator": "Orchestrator",
    "agent-hive-webhook-server": "Webhook Server",
    "agent-hive-api-gateway": "API Gateway",
    "agent-hive-event-streaming": "Event Streaming",
}
"""Jobs of the pack's scrape file -> what people call them."""

HEALTH: Final = Panel(
    Kind.STAT,
    "System health",
    "Whether each service answers scrapes. ABSENT: no target of the service is known any more. All instances of a "
    "service must be up.",
    tuple(Query(f'min(up{{job="{job}"}}) or vector(-1)', name) for job, name in SERVICES.items()),
    width=24,
    height=4,
    alerts=("AgentHiveDown",),
    values=((-1, "ABSENT", "red"), (0, "DOWN", "red"), (1, "UP", "green")),
)

PERFORMANCE: Final = Panel(
    Kind.TIMESERIES,
    "Performance overview",
    "CPU and memory of the machine as the hive sees it, on the left; how long coordination takes (95th percentile), on "
    "the right. Thresholds are those of memory; coordination has a panel of its own.",
    (
        Query(q.of("max", m.RESOURCE_UTILIZATION, where='resource_type="cpu"') + " / 100", "CPU"),
        Query(q.of("max", m.RESOURCE_UTILIZATION, where='resource_type="memory"') + " / 100", "Memory"),
        Query(q.quantile(0.95, m.AGENT_COORDINATION_LATENCY), "Coordination p95", units.SECONDS),
    ),
    units.RATIO,
    width=12,
    alerts=("HighMemoryUsage", "CriticalMemoryUsage"),
)

ACTIVE_AGENTS: Final = Panel(
    Kind.STAT,
    "Active agents",
    "Agents at work, of all types. Idle and failed ones do not count.",
    (Query(q.of("sum", m.ACTIVE_AGENTS, where='status="active"') + " or vector(0)", "active"),),
    width=6,
    height=4,
    alerts=("LowActiveAgents", "NoActiveAgents"),
)

COORDINATION: Final = Panel(
    Kind.TIMESERIES,
    "Coordination latency",
    "Time spent coordinating agents. The 95th percentile has alerts; exemplars lead to traces.",
    (
        Query(q.quantile(0.95, m.AGENT_COORDINATION_LATENCY), "p95"),
        Query(q.quantile(0.5, m.AGENT_COORDINATION_LATENCY), "p50"),
    ),
    units.SECONDS,
    width=12,
    alerts=("HighCoordinationLatency", "CriticalCoordinationLatency"),
)

DASHBOARD: Final = Dashboard(
    "overview",
    "Hive / Overview",
    "Services, agents, tasks, latency, resources, external APIs and cost of the hive on one page.",
    HIVE,
    (
        Row(
            "Now",
            (
                HEALTH,
                ACTIVE_AGENTS,
                Panel(
                    Kind.STAT,
                    "Firing alerts",
                    "Alerts that fire now, but for the one that always does. The embedded server and "
                    "Prometheus both keep them "
                    "as the series ALERTS.",
                    (Query('count(ALERTS{alertstate="firing", severity!="none"}) or vector(0)', "firing"),),
                    width=6,
                    height=4,
                    steps=((None, "green"), (1, "red")),
                ),
                Panel(
                    Kind.STAT,
                    "Tasks that wait",
                    "Tasks in the queue that no agent has taken yet.",
                    (Query(q.of("sum", m.TASK_QUEUE_LENGTH, where='state="waiting"'), "waiting"),),
                    width=6,
                    height=4,
                ),
                Panel(
                    Kind.STAT,
                    "Cost",
                    "US dollars that calls of models cost in the time that is shown.",
                    (Query(q.increase(m.MODEL_COST), "dollars"),),
                    units.DOLLARS,
                    width=6,
                    height=4,
                ),
            ),
        ),
        Row(
            "Work",
            (
                Panel(
                    Kind.TIMESERIES,
                    "Agents by type and status",
                    "How many agents there are, by what they are and what they do.",
                    (Query(q.of("sum", m.ACTIVE_AGENTS, "agent_type", "status"), "{{agent_type}} {{status}}"),),
                    width=12,
                    stacked=True,
                ),
                Panel(
                    Kind.TIMESERIES,
                    "Task completion rate",
                    "Tasks that ended, a second, by type of agent and how they ended.",
                    (Query(q.rate(m.TASKS_COMPLETED, "agent_type", "status"), "{{agent_type}} {{status}}"),),
                    units.PER_SECOND,
                    width=12,
                ),
            ),
        ),
        Row(
            "Speed and resources",
            (
                COORDINATION,
                PERFORMANCE,
                Panel(
                    Kind.TIMESERIES,
                    "External API performance",
                    "95th percentile of how long each service outside takes to answer. Models, which "
                    "take long, have limits of "
                    "their own on the page of external APIs.",
                    (Query(q.quantile(0.95, m.EXTERNAL_API_DURATION, "service"), "{{service}} p95"),),
                    units.SECONDS,
                    width=12,
                ),
                Panel(
                    Kind.TIMESERIES,
                    "Errors",
                    "Errors that left a component, a second, by component and kind.",
                    (Query(q.top(q.rate(m.ERRORS, "component", "kind")), "{{component}} {{kind}}"),),
                    units.PER_SECOND,
                    width=12,
                ),
            ),
        ),
    ),
)
