"""`/api/v1/status/cardinality`, our own: what makes the series that meet matchers, as `cardinality` counts it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from hivesight.api.prometheus.cardinality import Figure, cardinality, values_of
from hivesight.api.prometheus.endpoint import endpoint
from hivesight.api.prometheus.envelope import success
from hivesight.api.prometheus.params import Params
from hivesight.api.prometheus.status import listed, most_figures
from hivesight.api.workers import Workers
from hivesight.model.clock import rfc3339
from hivesight.model.matcher import Matcher
from hivesight.model.symbols import LabelTable
from hivesight.storage.tsdb import Tsdb
from hivesight.storage.tsdb.verdicts import Verdicts


def routes(tsdb: Tsdb, workers: Workers) -> list[BaseRoute]:
    """The route of this module."""

    async def page(params: Params, _: Request) -> Response:
        most, wanted, name = most_figures(params), params.selectors(), params.text("name")
        return success(await workers.run(lambda: _page(tsdb, wanted, name, most)))

    return [endpoint("/api/v1/status/cardinality", page)]


def _page(tsdb: Tsdb, wanted: Sequence[Sequence[Matcher]], name: str, most: int) -> dict[str, Any]:
    """seriesCreated, seriesDropped: of the whole store since the start. churn: by metric in this hour and the one
    before, of the whole store too."""
    tables = _chosen(tsdb.label_tables(), wanted)
    found, stats, churned = cardinality(tables, most), tsdb.stats(), tsdb.churn(most)
    said: dict[str, Any] = {
        "series": found.series,
        "labelPairs": found.label_pairs,
        "seriesByMetric": listed(found.metrics),
        "valuesByLabel": listed(found.label_values),
        "bytesByLabel": listed(found.value_bytes),
        "seriesByLabelPair": listed(found.pairs),
        "seriesCreated": stats.series_created_total,
        "seriesDropped": stats.series_dropped_total,
        "churn": {
            "since": rfc3339(churned.since_ms),
            "createdByMetric": listed([Figure(*each) for each in churned.created]),
            "droppedByMetric": listed([Figure(*each) for each in churned.dropped]),
        },
    }
    return {**said, "seriesByValue": listed(values_of(tables, name, most))} if name else said


def _chosen(tables: Sequence[LabelTable], wanted: Sequence[Sequence[Matcher]]) -> Sequence[LabelTable]:
    """The series that meet all matchers of any selector; all of them where there is none."""
    if not wanted or not tables:
        return tables
    verdicts = Verdicts(tables[0].symbols)
    chosen: list[LabelTable] = []
    for table in tables:
        meets = np.zeros(len(table), dtype=np.bool_)
        for matchers in wanted:
            each = np.ones(len(table), dtype=np.bool_)
            for matcher in matchers:
                each &= verdicts.mask(matcher, table.column(matcher.name))
            meets |= each
        chosen.append(table.rows(meets))
    return chosen
