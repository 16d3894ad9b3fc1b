"""Types of panels that Grafana does not have any more."""

from collections.abc import Iterator, Mapping
from typing import Final

from hivesight.doctor.dashboards.document import Dashboard
from hivesight.doctor.dashboards.found import found
from hivesight.doctor.finding import Finding
from hivesight.doctor.nodes import child

REMOVED: Final[Mapping[str, str]] = {
    "graph": "timeseries",
    "singlestat": "stat",
    "grafana-singlestat-panel": "stat",
    "table-old": "table",
    "grafana-piechart-panel": "piechart",
    "grafana-worldmap-panel": "geomap",
    "natel-discrete-panel": "state-timeline",
    "flant-statusmap-panel": "status-history",
    "vonage-status-panel": "stat",
    "petrslavotinek-carpetplot-panel": "heatmap",
    "pluginlist": "dashlist",
}
"""Panels in Angular, which Grafana 12 does not run any more, and what has taken their place."""


def findings(dashboard: Dashboard) -> Iterator[Finding]:
    """Of the panels of one dashboard: the first is told as a fault of the whole, as they are mended together."""
    old = [each for each in dashboard.panels if each.kind in REMOVED and child(each.node, "libraryPanel") is None]
    for number, panel in enumerate(old):
        more = f" ({len(old) - 1} more here)" if len(old) > 1 and not number else ""
        message = (
            f"Grafana has removed the panel type {panel.kind}: it shows nothing, or what a conversion leaves of it"
        )
        remedy = f'"{REMOVED[panel.kind]}", with its units, limits and axes in fieldConfig'
        code = "dashboards/removed-panel" if not number else "dashboards/more-removed-panels"
        yield found(dashboard, (*panel.location, "type"), code, message + more, remedy)
