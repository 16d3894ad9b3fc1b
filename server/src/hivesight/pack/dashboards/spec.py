"""What a dashboard is, before it is anyone's JSON: variables, rows, panels and their queries, as plain records. The
modules of dashboards make them, `render` turns them into Grafana's."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

GRID_COLUMNS: Final = 24
UID_PREFIX: Final = "hivesight-"


class Kind(StrEnum):
    """Panel types, as Grafana names them."""

    TIMESERIES = "timeseries"
    STAT = "stat"
    GAUGE = "gauge"
    BAR_GAUGE = "bargauge"
    TABLE = "table"
    HEATMAP = "heatmap"
    STATE_TIMELINE = "state-timeline"
    LOGS = "logs"
    TRACES = "traces"
    NODE_GRAPH = "nodeGraph"


@dataclass(frozen=True, slots=True)
class Query:
    """PromQL. legend: with labels in double braces. unit: of this query alone, drawn on an axis at the right."""

    expr: str
    legend: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class LogQuery:
    """Lucene over log records. count_by: how many by this field over time or, for a table, in all; "" counts over
    time without a field; None gives the records themselves."""

    query: str
    count_by: str | None = None


@dataclass(frozen=True, slots=True)
class TraceQuery:
    """Traces of a service, one trace, or which service calls which. tags: `key=value` in logfmt."""

    type: str = "search"
    tags: str = ""
    min_duration: str = ""
    trace_id: str = ""


Target = Query | LogQuery | TraceQuery


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel. unit: Grafana's name. width, height: in cells of a grid of 24 columns. alerts: those of the pack whose
    limits are the thresholds here; of: labels that choose among the limits of one alert. steps: thresholds that no
    alert has, the lowest without a value. values: words for numbers. maximum: of the axis or the gauge."""

    kind: Kind
    title: str
    description: str
    targets: tuple[Target, ...]
    unit: str = "short"
    width: int = 8
    height: int = 8
    alerts: tuple[str, ...] = ()
    of: tuple[tuple[str, str], ...] = ()
    steps: tuple[tuple[float | None, str], ...] = ()
    values: tuple[tuple[float, str, str], ...] = ()
    maximum: float | None = None
    stacked: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    title: str
    panels: tuple[Panel, ...]


class VariableKind(StrEnum):
    DATASOURCE = "datasource"
    QUERY = "query"
    CUSTOM = "custom"
    TEXT = "textbox"


@dataclass(frozen=True, slots=True)
class Variable:
    """A template variable. query: a type of data source, Grafana's `label_values(...)`, choices between commas, or the
    text it begins with. many: several can be chosen, and all."""

    kind: VariableKind
    name: str
    label: str
    query: str
    many: bool = False


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A dashboard. name: of its file, and what its uid is made of."""

    name: str
    title: str
    description: str
    variables: tuple[Variable, ...]
    rows: tuple[Row, ...]
    since: str = "now-1h"
    refresh: str = "30s"

    @property
    def uid(self) -> str:
        return UID_PREFIX + self.name

    def panels(self) -> Iterator[Panel]:
        """All panels, in order."""
        for row in self.rows:
            yield from row.panels
