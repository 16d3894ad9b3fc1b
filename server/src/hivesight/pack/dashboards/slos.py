"""Objectives: how much of the error budget is left, and how fast it burns. What is promised, what counts as bad and
which burn rates wake somebody is read out of the pack's rules, in slo_rules.yml."""

from typing import Final

from hivesight.pack.dashboards import units
from hivesight.pack.dashboards.limits import factor, recorded
from hivesight.pack.dashboards.spec import Dashboard, Kind, Panel, Query, Row, Variable, VariableKind
from hivesight.pack.dashboards.variables import DATASOURCE

_WINDOWS: Final = ("5m", "1h", "6h", "3d")
_BURN: Final = ((None, "green"), (factor("ErrorBudgetBurns"), "orange"), (factor("ErrorBudgetBurnsFast"), "red"))


def _over(slo: str, window: str) -> str:
    """The share that was bad, counted as the rules count it, over another window."""
    return recorded("slo:bad:ratio_rate5m", {"slo": slo}).strip().replace("[5m]", f"[{window}]")


def _none(slo: str) -> str:
    """0, where there were events at all: nothing bad has no series."""
    return f'0 * slo:events:increase1h{{slo="{slo}"}}'


def _objective(title: str, about: str, slo: str) -> Row:
    """slo: its label in the rules, which hold the objective."""
    whole = f"({_over(slo, '$window')} or on () {_none(slo)})"
    allowed = f'scalar(slo:budget:ratio{{slo="{slo}"}})'
    burning = (
        Query(f'(slo:bad:ratio_rate{over}{{slo="{slo}"}} or {_none(slo)}) / {allowed}', over) for over in _WINDOWS
    )
    return Row(
        title,
        (
            Panel(
                Kind.STAT,
                f"{title}: good",
                f"{about} Share that was good, over the window that is chosen.",
                (Query(f"1 - {whole}", "good"),),
                units.RATIO,
                width=6,
            ),
            Panel(
                Kind.GAUGE,
                f"{title}: budget left",
                f"{about} What is left of the errors that the objective allows over the window; below "
                "zero it is missed.",
                (Query(f"1 - {whole} / {allowed}", "left"),),
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
                tuple(burning),
                width=12,
                steps=_BURN,
            ),
        ),
    )


DASHBOARD: Final = Dashboard(
    "slos",
    "Hive / SLOs",
    "Objectives for tasks, external APIs and coordination: how much of the error budget is left, how fast it burns.",
    (DATASOURCE, Variable(VariableKind.CUSTOM, "window", "Window", "7d,1d,14d,30d")),
    (
        _objective("Tasks", "Tasks that do not end in error.", "task-success"),
        _objective("External APIs", "Requests that do not fail.", "api-availability"),
        _objective("Coordination", "Coordinations that take no longer than promised.", "time-to-decision"),
    ),
    since="now-6h",
    refresh="5m",
)
