"""The Prometheus HTTP API v1 (prometheus.io/docs/prometheus/latest/querying/api)."""

from starlette.routing import BaseRoute

from hivesight.api.prometheus import (
    admin,
    cardinality_page,
    expressions,
    federate,
    graph,
    query,
    relabelling,
    remote_write,
    rules,
    series,
    status,
    targets,
)
from hivesight.api.prometheus.endpoint import preflight
from hivesight.api.prometheus.status import Reloads, Server
from hivesight.api.workers import Workers
from hivesight.ingest.remote_write import Receiver
from hivesight.model.clock import Clock
from hivesight.query.promql import Engine
from hivesight.rules import RuleManager
from hivesight.sources.manager import ScrapeManager
from hivesight.storage.tsdb import Tsdb

__all__ = ["Reloads", "Server", "routes"]


def routes(
    engine: Engine,
    tsdb: Tsdb,
    scraping: ScrapeManager,
    manager: RuleManager,
    alertmanagers: rules.Receivers,
    workers: Workers,
    clock: Clock,
    server: Server,
    receiver: Receiver,
    *,
    admin_api: bool = False,
) -> list[BaseRoute]:
    """All routes of the API. receiver: what takes remote write. admin_api: whether
    samples can be deleted and snapshots be made."""
    return [
        *query.routes(engine, workers, clock),
        *expressions.routes(tsdb, workers),
        *series.routes(tsdb, workers),
        *targets.routes(scraping, tsdb),
        *relabelling.routes(server),
        *rules.routes(manager, alertmanagers),
        *status.routes(server, tsdb, workers, clock),
        *cardinality_page.routes(tsdb, workers),
        *federate.routes(server, tsdb, workers, clock),
        *remote_write.routes(receiver),
        *admin.routes(tsdb, workers, enabled=admin_api),
        *graph.routes(),
        preflight(),
    ]
