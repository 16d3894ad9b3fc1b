"""Units: those of the queries that share an axis, and that of the axis."""

from collections.abc import Iterator, Sequence
from typing import Final

from hivesight.doctor.dashboards.document import Dashboard, Panel
from hivesight.doctor.dashboards.found import found
from hivesight.doctor.dashboards.queries import Asked
from hivesight.doctor.dashboards.units import unit_of
from hivesight.doctor.finding import Finding
from hivesight.doctor.nodes import listed, text

_AXES: Final = frozenset(("timeseries", "graph", "stat", "gauge", "bargauge", "barchart"))
_UNIT: Final = ("fieldConfig", "defaults", "unit")
_SHOWN: Final = {
    ("percent", "ratio"): ("percentunit", "is a ratio from 0 to 1, and is shown as a hundredth of what it is"),
    ("percentunit", "percent"): ("percent", "is in percent already, and is shown a hundred times as large"),
    ("ms", "seconds"): ("s", "is in seconds, and is shown as milliseconds"),
    ("s", "milliseconds"): ("ms", "is in milliseconds, and is shown as seconds"),
}
"""Of Grafana's unit and the query's: the right one, and what is wrong with this."""


def findings(dashboard: Dashboard, panel: Panel, asked: Sequence[Asked]) -> Iterator[Finding]:
    """Of one panel and its queries."""
    overridden = next(listed(panel.node, "fieldConfig", "overrides"), None) or next(
        listed(panel.node, "seriesOverrides"), None
    )
    if panel.kind not in _AXES or overridden is not None:
        return
    units = [
        (each, unit_of(each.query.expr))
        for each in asked
        if each.query.expr is not None and not each.query.has_code and text(each.target.node, "hide") != "true"
    ]
    known = [(each, unit) for each, unit in units if unit]
    for each, unit in known[1:]:
        if unit != known[0][1]:
            message = f"{unit} on the axis of {known[0][1]}: one of them is out of scale, or cut off"
            remedy = "a panel of its own, or an override with a second axis and its unit"
            yield found(dashboard, each.place, "dashboards/mixed-units", message, remedy)
            return
    shown = _SHOWN.get((text(panel.node, *_UNIT), known[0][1])) if known else None
    if shown is not None:
        better, message = shown
        where = (*panel.location, *_UNIT)
        span = (0, len(text(panel.node, *_UNIT)))
        replacement = better if len(known) == len(asked) else None
        yield found(
            dashboard, where, "dashboards/unit", f"the query {message}", better, span=span, replacement=replacement
        )
