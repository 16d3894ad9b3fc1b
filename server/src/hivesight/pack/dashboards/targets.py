"""What panels ask, as queries of Grafana's data sources: Prometheus, Elasticsearch, Jaeger."""

from typing import Final

from grafana_foundation_sdk.builders import elasticsearch, prometheus
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.dashboard import DataSourceRef
from grafana_foundation_sdk.models.elasticsearch import BucketAggregation
from grafana_foundation_sdk.models.prometheus import PromQueryFormat, QueryEditorMode

from hivesight.pack.dashboards import variables
from hivesight.pack.dashboards.spec import Kind, LogQuery, Query, Target, TraceQuery, Variable

METRICS: Final = DataSourceRef("prometheus", f"${{{variables.DATASOURCE.name}}}")
_INSTANT: Final = frozenset({Kind.STAT, Kind.GAUGE, Kind.BAR_GAUGE, Kind.TABLE})
_WITH_EXEMPLARS: Final = frozenset({Kind.TIMESERIES, Kind.HEATMAP})
_FORMATS: Final = {Kind.TABLE: PromQueryFormat.TABLE, Kind.HEATMAP: PromQueryFormat.HEATMAP}
_TIME_FIELD: Final = "@timestamp"
_MOST_RECORDS: Final = "500"
_MOST_TERMS: Final = "20"
_MOST_TRACES: Final = 50


def datasource(target: Target) -> DataSourceRef:
    """The data source that answers, by its variable."""
    match target:
        case Query():
            return METRICS
        case LogQuery():
            return _chosen(variables.LOGS)
        case TraceQuery():
            return _chosen(variables.TRACES)


def built(target: Target, kind: Kind, ref_id: str) -> Dataquery:
    """The query as a panel of this kind asks it."""
    match target:
        case Query():
            return _promql(target, kind, ref_id)
        case LogQuery():
            return _lucene(target, kind, ref_id)
        case TraceQuery():
            return _JaegerQuery(target, ref_id)


def _chosen(variable: Variable) -> DataSourceRef:
    return DataSourceRef(variable.query, f"${{{variable.name}}}")


def _promql(query: Query, kind: Kind, ref_id: str) -> Dataquery:
    made = prometheus.Dataquery().expr(query.expr).ref_id(ref_id).datasource(METRICS)
    made.editor_mode(QueryEditorMode.CODE).format(_FORMATS.get(kind, PromQueryFormat.TIME_SERIES))
    made.legend_format(query.legend or "__auto")
    # The present value is asked for by itself: the last one of a range would hide that a target is gone.
    if kind in _INSTANT:
        return made.instant().build()
    return made.range().exemplar(kind in _WITH_EXEMPLARS).build()


def _lucene(query: LogQuery, kind: Kind, ref_id: str) -> Dataquery:
    made = elasticsearch.Dataquery().query(query.query).ref_id(ref_id).time_field(_TIME_FIELD)
    if query.count_by is None:
        settings = elasticsearch.ElasticsearchLogsSettings().limit(_MOST_RECORDS)
        return made.metrics([elasticsearch.Logs().id("1").settings(settings)]).build()
    groups: list[Builder[BucketAggregation]] = []
    if query.count_by:
        terms = elasticsearch.ElasticsearchTermsSettings().size(_MOST_TERMS).min_doc_count("1")
        groups.append(elasticsearch.Terms().id("2").field(query.count_by).settings(terms))
    if kind is not Kind.TABLE:
        interval = elasticsearch.ElasticsearchDateHistogramSettings().interval("auto").min_doc_count("0")
        groups.append(elasticsearch.DateHistogram().id("3").field(_TIME_FIELD).settings(interval))
    return made.metrics([elasticsearch.Count().id("1")]).bucket_aggs(groups).build()


class _JaegerQuery(Dataquery):
    """A query of Grafana's Jaeger data source, which the foundation SDK has no builder for."""

    def __init__(self, query: TraceQuery, ref_id: str) -> None:
        self._query, self._ref_id = query, ref_id

    def to_json(self) -> dict[str, object]:
        query = self._query
        document: dict[str, object] = {"refId": self._ref_id, "datasource": datasource(query)}
        if query.trace_id:
            return document | {"query": query.trace_id}
        document["queryType"] = query.type
        if query.type == "search":
            document |= {"service": "$service", "limit": _MOST_TRACES}
            document |= {"tags": query.tags} if query.tags else {}
            document |= {"minDuration": query.min_duration} if query.min_duration else {}
        return document
