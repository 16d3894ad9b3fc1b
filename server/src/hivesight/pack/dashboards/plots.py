"""Kinds of panels with the options that all of a kind share, from Grafana's typed builders."""

from collections.abc import Callable, Mapping
from typing import Final

from grafana_foundation_sdk.builders import (
    bargauge,
    common,
    gauge,
    heatmap,
    logs,
    nodegraph,
    stat,
    statetimeline,
    table,
    timeseries,
)
from grafana_foundation_sdk.builders.dashboard import Panel as AnyPanel
from grafana_foundation_sdk.models import common as options
from grafana_foundation_sdk.models.dashboard import Panel as Plot
from grafana_foundation_sdk.models.heatmap import HeatmapColorMode

from hivesight.pack.dashboards.spec import Kind, Panel


def _timeseries(panel: Panel) -> Plot:
    made = timeseries.Panel().line_width(1).fill_opacity(10).show_points(options.VisibilityMode.NEVER).axis_soft_min(0)
    made.legend(_legend().calcs(["lastNotNull", "max"]))
    made.tooltip(common.VizTooltipOptions().mode(options.TooltipDisplayMode.MULTI).sort(options.SortOrder.DESCENDING))
    if panel.stacked:
        made.stacking(common.StackingConfig().mode(options.StackingMode.NORMAL).group("A")).fill_opacity(40)
    if panel.alerts or panel.steps:
        made.thresholds_style(common.GraphThresholdsStyleConfig().mode(options.GraphThresholdsStyleMode.DASHED))
    return made.build()


def _stat(panel: Panel) -> Plot:
    made = stat.Panel().reduce_options(_latest()).graph_mode(options.BigValueGraphMode.NONE)
    made.text_mode(options.BigValueTextMode.AUTO).justify_mode(options.BigValueJustifyMode.AUTO)
    colored = panel.alerts or panel.steps or panel.values
    shown = options.BigValueColorMode.BACKGROUND if colored else options.BigValueColorMode.NONE
    return made.color_mode(shown).build()


def _gauge(panel: Panel) -> Plot:
    return gauge.Panel().reduce_options(_latest()).show_threshold_markers(True).min(0).build()


def _bar_gauge(panel: Panel) -> Plot:
    made = bargauge.Panel().reduce_options(_latest()).display_mode(options.BarGaugeDisplayMode.GRADIENT)
    return made.orientation(options.VizOrientation.HORIZONTAL).show_unfilled(True).min(0).build()


def _table(panel: Panel) -> Plot:
    return table.Panel().show_header(True).cell_height(options.TableCellHeight.SM).filterable(True).build()


def _heatmap(panel: Panel) -> Plot:
    made = heatmap.Panel().calculate(False).y_axis(heatmap.YAxisConfig().unit(panel.unit)).hide_y_histogram()
    scheme = heatmap.HeatmapColorOptions().mode(HeatmapColorMode.SCHEME).scheme("Oranges").steps(64)
    made.color(scheme.exponent(0.5).fill("dark-orange")).cell_gap(1)
    return made.filter_values(heatmap.FilterValueRange().le(1e-9)).build()


def _state_timeline(panel: Panel) -> Plot:
    return statetimeline.Panel().merge_values(True).row_height(0.9).fill_opacity(80).legend(_legend()).build()


def _logs(panel: Panel) -> Plot:
    made = logs.Panel().show_time(True).wrap_log_message(True).enable_log_details(True)
    return made.sort_order(options.LogsSortOrder.DESCENDING).dedup_strategy(options.LogsDedupStrategy.NONE).build()


def _node_graph(panel: Panel) -> Plot:
    return nodegraph.Panel().build()


def _traces(panel: Panel) -> Plot:
    return AnyPanel().type(Kind.TRACES.value).build()  # The foundation SDK has no builder for one trace.


def _legend() -> common.VizLegendOptions:
    made = common.VizLegendOptions().show_legend(True).placement(options.LegendPlacement.BOTTOM)
    return made.display_mode(options.LegendDisplayMode.LIST)


def _latest() -> common.ReduceDataOptions:
    return common.ReduceDataOptions().values(False).calcs(["last"])


PLOTS: Final[Mapping[Kind, Callable[[Panel], Plot]]] = {
    Kind.TIMESERIES: _timeseries,
    Kind.STAT: _stat,
    Kind.GAUGE: _gauge,
    Kind.BAR_GAUGE: _bar_gauge,
    Kind.TABLE: _table,
    Kind.HEATMAP: _heatmap,
    Kind.STATE_TIMELINE: _state_timeline,
    Kind.LOGS: _logs,
    Kind.NODE_GRAPH: _node_graph,
    Kind.TRACES: _traces,
}
"""Kind -> what makes an empty panel of it."""
