"""Tasks: what gets done, how much fails, how long it takes, what waits."""

from typing import Final

from hivesight.pack.dashboards import queries as q
from hivesight.pack.dashboards import units
from hivesight.pack.dashboards.overview import COORDINATION
from hivesight.pack.dashboards.spec import Dashboard, Kind, Panel, Query, Row
from hivesight.pack.dashboards.variables import HIVE, label
from hivesight_sdk import semconv as m

_TYPE: Final = 'agent_type=~"$agent_type"'

DASHBOARD: Final = Dashboard(
    "tasks",
    "Hive / Tasks",
    "Tasks of the hive: how many end and how, how long they take and wait, how often they are tried again.",
    (*HIVE, label("agent_type", "Type of agent", m.TASKS_COMPLETED)),
    (
        Row(
            "Done",
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
                    "Share of tasks that fail",
                    "Tasks that ended in error, of all that ended. The alert is silent below 20 tasks in 5 minutes.",
                    (Query(q.share(m.TASKS_COMPLETED, 'status="error"', "agent_type", where=_TYPE), "{{agent_type}}"),),
                    units.RATIO,
                    alerts=("HighTaskFailureRate",),
                ),
                Panel(
                    Kind.TIMESERIES,
                    "Tasks by priority",
                    "Tasks that ended, a second, by priority.",
                    (Query(q.rate(m.TASKS_COMPLETED, "priority", where=_TYPE), "{{priority}}"),),
                    units.PER_SECOND,
                    stacked=True,
                ),
            ),
        ),
        Row(
            "Waiting",
            (
                Panel(
                    Kind.TIMESERIES,
                    "Queue",
                    "Tasks in the queue, by state.",
                    (Query(q.of("sum", m.TASK_QUEUE_LENGTH, "state"), "{{state}}"),),
                    stacked=True,
                ),
                Panel(
                    Kind.TIMESERIES,
                    "Age of the oldest task that waits",
                    "How long the task that has waited longest has waited.",
                    (Query(q.of("max", m.TASK_QUEUE_OLDEST, where='state="waiting"'), "oldest"),),
                    units.SECONDS,
                    alerts=("TaskQueueBacklog",),
                ),
                Panel(
                    Kind.TIMESERIES,
                    "Retries",
                    "Attempts after the first, a second.",
                    (Query(q.rate(m.TASK_RETRIES, "agent_type", where=_TYPE), "{{agent_type}}"),),
                    units.PER_SECOND,
                ),
            ),
        ),
        Row(
            "Speed",
            (
                Panel(
                    Kind.TIMESERIES,
                    "How long tasks take (p95)",
                    "95th percentile from the start of a task to its end; exemplars lead to traces.",
                    (Query(q.quantile(0.95, m.TASK_DURATION, "agent_type", where=_TYPE), "{{agent_type}}"),),
                    units.SECONDS,
                ),
                Panel(
                    Kind.HEATMAP,
                    "Task durations",
                    "How many tasks took how long.",
                    (Query(q.buckets(m.TASK_DURATION, where=_TYPE), "{{le}}"),),
                    units.SECONDS,
                ),
                Panel(
                    Kind.TABLE,
                    "Changes of state",
                    "How often tasks went from one state to another in the time that is shown.",
                    (Query(q.increase(m.TASK_TRANSITIONS, "from_state", "to_state", where=_TYPE)),),
                ),
                COORDINATION,
            ),
        ),
    ),
)
