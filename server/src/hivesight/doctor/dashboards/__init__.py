"""Grafana dashboards in JSON: their form, their panels, their variables, and what their queries ask for.

`document` reads them, `variables` makes PromQL of queries with Grafana's variables, each other module is a list of
checks that go together.
"""

from collections.abc import Iterator

from hivesight.doctor.dashboards import axes, form, grid, kinds, legends, limits, panels, queries, references
from hivesight.doctor.dashboards.document import dashboard_of
from hivesight.doctor.facts import SetFacts
from hivesight.doctor.finding import Finding
from hivesight.doctor.workspace import FileKind, Workspace


def findings(workspace: Workspace, facts: SetFacts) -> Iterator[Finding]:
    """What is wrong with the dashboards of a set."""
    for document in workspace.of(FileKind.DASHBOARD):
        dashboard = dashboard_of(document)
        yield from form.findings(dashboard)
        yield from grid.findings(dashboard)
        yield from kinds.findings(dashboard)
        yield from references.findings(dashboard)
        for panel in dashboard.panels:
            yield from panels.findings(dashboard, panel)
            asked = tuple(queries.asked_by(dashboard, panel))
            for query in asked:
                yield from queries.findings(dashboard, panel, query, facts)
                yield from legends.findings(dashboard, query)
            yield from axes.findings(dashboard, panel, asked)
            yield from limits.findings(dashboard, panel, asked, facts)
