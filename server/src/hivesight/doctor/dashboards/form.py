"""The dashboard as a whole: the form in which Grafana reads it from a folder, and what tells it from others."""

from collections.abc import Iterator

from hivesight.doctor.dashboards.document import Dashboard
from hivesight.doctor.dashboards.found import found
from hivesight.doctor.finding import Finding
from hivesight.doctor.nodes import child, text
from hivesight.schema.loading import Location


def findings(dashboard: Dashboard) -> Iterator[Finding]:
    """Of one dashboard."""
    root, node = dashboard.root, dashboard.node
    if dashboard.wrapped:
        message = "this is what Grafana's HTTP API takes; from a folder it reads a dashboard without a title here"
        yield found(
            dashboard, root, "dashboards/wrapped", message, "keep only what stands inside 'dashboard'", on_key=True
        )
    place = _heading(dashboard)
    if not text(node, "uid"):
        message = "without a uid each import makes another dashboard, and links to it break"
        remedy = 'a uid of your own, such as "uid": "hive-overview"'
        yield found(dashboard, place, "dashboards/no-uid", message, remedy, on_key=True)
    if not text(node, "schemaVersion"):
        message = "without schemaVersion Grafana takes it for a dashboard of its first days and converts it"
        yield found(
            dashboard,
            place,
            "dashboards/no-schema-version",
            message,
            "the version that your Grafana writes",
            on_key=True,
        )
    number = child(node, "id")
    if number is not None and number.value not in (None, "0"):
        message = f"the id {number.value} is that of one Grafana's database: another refuses it, or overwrites its own"
        yield found(
            dashboard, (*root, "id"), "dashboards/fixed-id", message, "null; the uid names it", replacement="null"
        )
    if dashboard.panels and not dashboard.variables:
        message = "no variables: whoever looks at it cannot choose a data source, a cluster or an instance"
        remedy = 'at least one of type "datasource", which each panel names'
        yield found(dashboard, place, "dashboards/no-variables", message, remedy, on_key=True)


def _heading(dashboard: Dashboard) -> Location:
    """What stands for the whole dashboard: its title, where it has one."""
    return (*dashboard.root, "title") if child(dashboard.node, "title") is not None else dashboard.root
