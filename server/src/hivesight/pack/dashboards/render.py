"""A dashboard as Grafana's JSON: the bare object that file provisioning reads."""

import json
from collections.abc import Iterator
from typing import Any, Final

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as model

from hivesight.pack.dashboards import variables
from hivesight.pack.dashboards.dressing import dressed
from hivesight.pack.dashboards.spec import GRID_COLUMNS, Dashboard, Row, Variable, VariableKind
from hivesight.pack.dashboards.targets import METRICS

TAG: Final = "hivesight"
_FIRING: Final = 'ALERTS{alertstate="firing", severity!="none"}'
_ALL: Final = model.VariableOption(selected=True, text=["All"], value=["$__all"])


def document(dashboard: Dashboard) -> dict[str, Any]:
    """The JSON object, the same for the same dashboard."""
    made = build.Dashboard(dashboard.title).uid(dashboard.uid).description(dashboard.description)
    made.tags([TAG, dashboard.name]).timezone("browser").refresh(dashboard.refresh).time(
        dashboard.since, "now"
    ).editable()
    made.tooltip(model.DashboardCursorSync.CROSSHAIR).link(_others())
    for variable in _all_variables(dashboard):
        made.with_variable(_variable(variable))
    if variables.DATASOURCE in dashboard.variables:
        made.annotation(
            build.AnnotationQuery().name("Alerts").datasource(METRICS).expr(_FIRING).enable(True).icon_color("red")
        )
    built = made.build()
    built.panels = list(_placed(dashboard.rows))
    return json.loads(json.dumps(built, cls=JSONEncoder))


def text(dashboard: Dashboard) -> str:
    """The JSON text, keys sorted, so that a change shows as one."""
    return json.dumps(document(dashboard), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _all_variables(dashboard: Dashboard) -> tuple[Variable, ...]:
    linked = any(panel.alerts for panel in dashboard.panels())
    return (*dashboard.variables, variables.HIVESIGHT) if linked else dashboard.variables


def _placed(rows: tuple[Row, ...]) -> Iterator[model.Panel | model.RowPanel]:
    """Panels from left to right, in lines as high as their highest panel; ids in that order from 1."""
    number, y = 1, 0
    for row in rows:
        place = model.GridPos(h=1, w=GRID_COLUMNS, x=0, y=y)
        yield model.RowPanel(title=row.title, id_val=number, grid_pos=place)
        number, y, x, height = number + 1, y + 1, 0, 0
        for panel in row.panels:
            if x + panel.width > GRID_COLUMNS:
                x, y, height = 0, y + height, 0
            plot = dressed(panel)
            plot.id_val, plot.grid_pos = number, model.GridPos(h=panel.height, w=panel.width, x=x, y=y)
            yield plot
            number, x, height = number + 1, x + panel.width, max(height, panel.height)
        y += height


def _others() -> build.DashboardLink:
    """A menu of the other dashboards, which keeps what was chosen."""
    link = build.DashboardLink("Hivesight").type(model.DashboardLinkType.DASHBOARDS).tags([TAG])
    return link.as_dropdown(True).include_vars(True).keep_time(True)


def _variable(variable: Variable) -> Builder[model.VariableModel]:
    match variable.kind:
        case VariableKind.DATASOURCE:
            return build.DatasourceVariable(variable.name).label(variable.label).type(variable.query)
        case VariableKind.TEXT:
            chosen = model.VariableOption(True, variable.query, variable.query)
            made = build.TextBoxVariable(variable.name).label(variable.label)
            return made.default_value(variable.query).current(chosen).options([chosen])
        case VariableKind.CUSTOM:
            first = variable.query.partition(",")[0]
            options = [model.VariableOption(each == first, each, each) for each in variable.query.split(",")]
            made = build.CustomVariable(variable.name).label(variable.label).values(variable.query)
            return made.current(options[0]).options(options)
        case VariableKind.QUERY:
            query: dict[str, object] = {"query": variable.query, "refId": f"variable-{variable.name}"}
            made = build.QueryVariable(variable.name).label(variable.label).query(query).datasource(METRICS)
            made.refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED).sort(model.VariableSort.ALPHABETICAL_ASC)
            return made.multi(True).include_all(True).all_value(".*").current(_ALL) if variable.many else made
