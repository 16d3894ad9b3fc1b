"""A panel with all that it is asked for: queries, unit, thresholds, words for values, links."""

from itertools import count
from string import ascii_uppercase
from typing import Final

from grafana_foundation_sdk.builders.dashboard import DashboardLink as Link
from grafana_foundation_sdk.models import dashboard as model

from hivesight.pack.dashboards import limits, variables
from hivesight.pack.dashboards.plots import PLOTS
from hivesight.pack.dashboards.spec import Kind, Panel, Query
from hivesight.pack.dashboards.targets import built, datasource

_PALETTE: Final = model.FieldColor(mode=model.FieldColorModeId.PALETTE_CLASSIC)
_BY_THRESHOLDS: Final = model.FieldColor(mode=model.FieldColorModeId.THRESHOLDS)
# Where a rule says its server, Grafana reaches that server for whoever has signed in: nobody else need reach it.
_THROUGH_GRAFANA: Final = f"/api/datasources/proxy/uid/${{{variables.DATASOURCE.name}}}"
_DRAWN: Final = frozenset({Kind.TIMESERIES})
_TABLES: Final = frozenset({Kind.TABLE})


def dressed(panel: Panel) -> model.Panel:
    """The panel as Grafana's model has it, without id and place."""
    plot = PLOTS[panel.kind](panel)
    plot.title, plot.description = panel.title, panel.description
    plot.datasource = datasource(panel.targets[0])
    plot.targets = [
        built(target, panel.kind, ref_id) for target, ref_id in zip(panel.targets, ascii_uppercase, strict=False)
    ]
    told = tuple(limits.limit(alert, dict(panel.of)) for alert in panel.alerts)
    plot.links = [link for each in told for link in _links(each)] or None
    config = plot.field_config or model.FieldConfigSource()
    defaults = config.defaults
    defaults.unit = panel.unit
    defaults.max_val = panel.maximum
    defaults.color = _PALETTE if panel.kind in _DRAWN else _BY_THRESHOLDS
    steps = limits.steps(told) if told else panel.steps or ((None, limits.GOOD),)
    defaults.thresholds = model.ThresholdsConfig(
        mode=model.ThresholdsMode.ABSOLUTE, steps=[model.Threshold(value, color) for value, color in steps]
    )
    defaults.mappings = [_words(panel)] if panel.values else []
    config.overrides = [*_right_axes(panel), *(_hidden_time() if panel.kind in _TABLES else [])]
    plot.field_config = config
    return plot


def _words(panel: Panel) -> model.ValueMap:
    numbered = zip(count(), panel.values)
    return model.ValueMap(
        {f"{value:g}": model.ValueMappingResult(text, color, None, index) for index, (value, text, color) in numbered}
    )


def _links(limit: limits.Limit) -> list[model.DashboardLink]:
    alert = f"${{{variables.HIVESIGHT.name}}}/alerts?q={limit.alert}"
    links = [Link(limit.alert).type(model.DashboardLinkType.LINK).url(alert).target_blank(True)]
    if limit.runbook:
        page = limit.runbook.replace("{{ $externalURL }}", _THROUGH_GRAFANA)
        runbook = Link(f"Runbook of {limit.alert}").type(model.DashboardLinkType.LINK).url(page)
        links.append(runbook.target_blank(True))
    return [link.build() for link in links]


def _right_axes(panel: Panel) -> list[model.DashboardFieldConfigSourceOverrides]:
    return [
        model.DashboardFieldConfigSourceOverrides(
            model.MatcherConfig("byFrameRefID", ref_id),
            [model.DynamicConfigValue("unit", each.unit), model.DynamicConfigValue("custom.axisPlacement", "right")],
        )
        for each, ref_id in zip(panel.targets, ascii_uppercase, strict=False)
        if isinstance(each, Query) and each.unit
    ]


def _hidden_time() -> list[model.DashboardFieldConfigSourceOverrides]:
    """An instant query's time is the same in each row of a table."""
    hidden = model.DynamicConfigValue("custom.hidden", True)
    return [model.DashboardFieldConfigSourceOverrides(model.MatcherConfig("byName", "Time"), [hidden])]
