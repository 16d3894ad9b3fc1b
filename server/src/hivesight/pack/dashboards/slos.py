"""Objectives: how much of the error budget is left, and how fast it burns. Burn rates and their limits are those of the
SRE workbook, chapter 5: 14.4 spends 2% of a budget of 30 days in an hour, 6 spends 5% in six hours."""

from typing import Final

from hivesight.pack.dashboards import queries as q
from hivesight.pack.dashboards import units
from hivesight.pack.dashboards.external_apis import FAILED
from hivesight.pack.dashboards.limits import limit
from hivesight.pack.dashboards.spec import Dashboard, Kind, Panel, Query, Row, Variable, VariableKind
from hivesight.pack.dashboards.variables import HIVE
from hivesight_sdk import semconv as m

_WINDOWS: Final = ("5m", "1h", "6h")
_BURN: Final = ((None, "green"), (6.0, "orange"), (14.4, "red"))
_ALLOWED: Final = "(1 - $objective)"
_ERROR: Final = 'status="error"'


def _prompt(over: str) -> str:
    """The share of coordinations that took no longer than the limit of HighCoordinationLatency."""
    quick = f'le="{limit("HighCoordinationLatency").value:g}"'
    family = m.AGENT_COORDINATION_LATENCY
    some = f"sum (rate({q.series(family, quick, '_bucket')}[{over}]))"
    return f"{some} / {q.rate(family, over=over)}"


def _task_errors(over: str) -> str:
    return q.share(m.TASKS_COMPLETED, _ERROR, over=over)


def _api_errors(over: str) -> str:
    return q.share(m.EXTERNAL_API_REQUESTS, FAILED, over=over)


def _late(over: str) -> str:
    return f"1 - {_prompt(over)}"


def _objective(title: str, about: str, errors: tuple[str, ...]) -> Row:
    """errors: the share of what was bad, over the window and over the windows of burn rates."""
    whole, *burning = errors
    return Row(
        title,
        (
            Panel(
                Kind.STAT,
                f"{title}: good",
                f"{about} Share that was good, over the window that is chosen.",
                (Query(f"1 - ({whole})", "good"),),
                units.RATIO,
                width=6,
            ),
            Panel(
                Kind.GAUGE,
                f"{title}: budget left",
                f"{about} What is left of the errors that the objective allows over the window; below "
                "zero it is missed.",
                (Query(f"1 - ({whole}) / {_ALLOWED}", "left"),),
                units.RATIO,
                width=6,
                steps=((None, "red"), (0.0, "orange"), (0.25, "green")),
                maximum=1,
            ),
            Panel(
                Kind.TIMESERIES,
                f"{title}: burn rate",
                f"{about} How many times faster than allowed the budget is spent; 1 spends all of it "
                "by the end of the window.",
                tuple(Query(f"({each}) / {_ALLOWED}", over) for each, over in zip(burning, _WINDOWS, strict=True)),
                width=12,
                steps=_BURN,
            ),
        ),
    )


_OVER: Final = ("$window", *_WINDOWS)

DASHBOARD: Final = Dashboard(
    "slos",
    "Hive / SLOs",
    "Objectives for tasks, external APIs and coordination: how much of the error budget is left, how fast it burns.",
    (
        *HIVE,
        Variable(VariableKind.CUSTOM, "objective", "Objective", "0.99,0.9,0.95,0.995,0.999"),
        Variable(VariableKind.CUSTOM, "window", "Window", "7d,1d,14d,30d"),
    ),
    (
        _objective("Tasks", "Tasks that do not end in error.", tuple(map(_task_errors, _OVER))),
        _objective("External APIs", "Requests that do not fail.", tuple(map(_api_errors, _OVER))),
        _objective(
            "Coordination", "Coordinations within the limit of HighCoordinationLatency.", tuple(map(_late, _OVER))
        ),
    ),
    since="now-6h",
    refresh="5m",
)
