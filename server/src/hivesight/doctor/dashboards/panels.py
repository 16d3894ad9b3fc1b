"""What a panel says about itself: its keys, its data source, its unit and its thresholds."""

from collections.abc import Iterator
from typing import Final

from hivesight.doctor.dashboards.document import Dashboard, Panel
from hivesight.doctor.dashboards.found import found
from hivesight.doctor.dashboards.kinds import REMOVED
from hivesight.doctor.finding import Finding
from hivesight.doctor.nodes import child, listed, text

_OLD_KEYS: Final = frozenset(("yaxes", "seriesOverrides", "styles", "sparkline", "valueMaps", "aliasColors"))
_NEVER_A_KEY: Final = "yAxes"
_WITH_LEGEND: Final = frozenset(("timeseries", "graph"))
_OLD_NUMBERS: Final = ("avg", "current", "max", "min", "total")
_WITH_UNIT: Final = frozenset(("timeseries", "stat", "gauge", "bargauge", "graph"))
_WITH_QUERY: Final = frozenset(
    (*_WITH_UNIT, "singlestat", "table-old", "table", "barchart", "piechart", "heatmap", "histogram", "trend")
).union(("xychart", "state-timeline", "status-history", "logs", "traces", "candlestick", "nodeGraph", "flamegraph"))
_DEFAULTS: Final = ("fieldConfig", "defaults")


def findings(dashboard: Dashboard, panel: Panel) -> Iterator[Finding]:
    """Of one panel."""
    if child(panel.node, "libraryPanel") is not None:  # what it is stands elsewhere
        return
    yield from _keys(dashboard, panel)
    yield from _base(dashboard, panel)
    yield from _letters(dashboard, panel)
    if panel.kind not in _WITH_QUERY:
        return
    if not panel.targets:
        message = f"a panel of type {panel.kind} without a query has nothing to show"
        yield found(dashboard, panel.place, "dashboards/no-query", message, "give it targets, or take it out")
        return
    if child(panel.node, "datasource") is None and any(
        child(each.node, "datasource") is None for each in panel.targets
    ):
        message = "no data source: which one it asks depends on what the Grafana it is loaded into has as default"
        remedy = '"datasource": {"type": "prometheus", "uid": "${datasource}"}'
        yield found(dashboard, panel.place, "dashboards/no-datasource", message, remedy)
    if panel.kind in _WITH_LEGEND and not _has_numbers(panel):
        message = "the legend has no numbers: the last or highest value must be read off the curve"
        remedy = '"options": {"legend": {"displayMode": "table", "calcs": ["lastNotNull", "max"]}}'
        yield found(dashboard, panel.place, "dashboards/no-legend-numbers", message, remedy)
    if panel.kind in _WITH_UNIT and not _has_unit(panel):
        message = "no unit: numbers are shown bare, whatever they are of"
        yield found(dashboard, panel.place, "dashboards/no-unit", message, 'fieldConfig.defaults.unit, such as "s"')


def _keys(dashboard: Dashboard, panel: Panel) -> Iterator[Finding]:
    """Keys that no panel reads, or only those of an older Grafana."""
    old = frozenset[str]() if panel.kind in REMOVED else _OLD_KEYS & (panel.node.items or {}).keys()
    for key in sorted(key for key in old if _says_something(panel, key)):
        message = f"a panel of type {panel.kind} does not read {key}"
        yield found(
            dashboard, (*panel.location, key), "dashboards/old-key", message, "fieldConfig says it now", on_key=True
        )
    if child(panel.node, _NEVER_A_KEY) is not None:
        message = "no panel of any Grafana reads yAxes: names and limits of axes stay as they are by default"
        remedy = "fieldConfig.defaults: unit, min, max, and custom.axisLabel"
        yield found(dashboard, (*panel.location, _NEVER_A_KEY), "dashboards/old-key", message, remedy, on_key=True)
    if next(listed(panel.node, "thresholds"), None) is not None:
        message = "thresholds of the old graph: panels of today do not read them here"
        remedy = 'fieldConfig.defaults.thresholds: {"mode": "absolute", "steps": [...]}'
        yield found(dashboard, (*panel.location, "thresholds"), "dashboards/old-key", message, remedy, on_key=True)


def _says_something(panel: Panel, key: str) -> bool:
    node = child(panel.node, key)
    return node is not None and bool(node.items)


def _base(dashboard: Dashboard, panel: Panel) -> Iterator[Finding]:
    steps = (*_DEFAULTS, "thresholds", "steps")
    value = child(panel.node, *steps, 0, "value")
    if value is None or value.value is None:
        return
    # A Grafana that has kept the base step in its database writes 0, which changes nothing above it.
    harmless = value.value == "0"
    code = "dashboards/base-step-zero" if harmless else "dashboards/base-step"
    message = f"the first step is the colour of all that lies below the second, not only from {value.value} on"
    remedy = "null" if harmless else "null; where the colour is to begin here, a step before it"
    where = (*panel.location, *steps, 0, "value")
    yield found(dashboard, where, code, message, remedy, replacement="null" if harmless else None)


def _letters(dashboard: Dashboard, panel: Panel) -> Iterator[Finding]:
    seen = set[str]()
    for target in panel.targets:
        letter = text(target.node, "refId")
        if letter and letter in seen:
            message = f"another query of this panel has the refId {letter!r}: the answer of one is lost"
            yield found(
                dashboard, (*target.location, "refId"), "dashboards/duplicate-ref", message, "a letter of its own"
            )
        seen.add(letter)


def _has_numbers(panel: Panel) -> bool:
    legend = ("options", "legend")
    hidden = text(panel.node, *legend, "showLegend") == "false" or text(panel.node, *legend, "displayMode") == "hidden"
    if hidden or text(panel.node, "legend", "show") == "false":
        return True
    new = next(listed(panel.node, *legend, "calcs"), None) is not None
    return new or any(text(panel.node, "legend", each) == "true" for each in _OLD_NUMBERS)


def _has_unit(panel: Panel) -> bool:
    if text(panel.node, *_DEFAULTS, "unit") or next(listed(panel.node, *_DEFAULTS, "mappings"), None) is not None:
        return True
    of_axes = any(text(axis, "format") for _, axis in listed(panel.node, "yaxes"))
    return of_axes or any(
        text(each, "id") == "unit"
        for _, override in listed(panel.node, "fieldConfig", "overrides")
        for _, each in listed(override, "properties")
    )
