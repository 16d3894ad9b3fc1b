"""The Prometheus HTTP API v1 (prometheus.io/docs/prometheus/latest/querying/api)."""

from starlette.routing import BaseRoute

from hivesight.api.prometheus import expressions, graph, query, rules, series, targets
from hivesight.api.prometheus.endpoint import preflight
from hivesight.api.workers import Workers
from hivesight.model.clock import Clock
from hivesight.query.promql import Engine
from hivesight.rules import RuleManager
from hivesight.sources.manager import ScrapeManager
from hivesight.storage.tsdb import Tsdb


def routes(
    engine: Engine, tsdb: Tsdb, scraping: ScrapeManager, manager: RuleManager, workers: Workers, clock: Clock
) -> list[BaseRoute]:
    """All routes of the API."""
    return [
        *query.routes(engine, workers, clock),
        *expressions.routes(),
        *series.routes(tsdb, workers),
        *targets.routes(scraping),
        *rules.routes(manager),
        *graph.routes(),
        preflight(),
    ]
