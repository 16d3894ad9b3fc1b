"""Expressions that are looked at and not evaluated: format_query, parse_query, query_exemplars."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from hivesight.api.prometheus.endpoint import endpoint
from hivesight.api.prometheus.envelope import BadParameter, invalid, nothing, success
from hivesight.api.prometheus.params import Params
from hivesight.api.prometheus.pretty import pretty
from hivesight.api.prometheus.tree import as_json
from hivesight.api.workers import Workers
from hivesight.model.batch import Exemplar
from hivesight.model.errors import BadQuery
from hivesight.query.promql import parse, selectors
from hivesight.query.promql.ast import Expr
from hivesight.query.promql.literals import format_api
from hivesight.storage.tsdb import Tsdb


def routes(tsdb: Tsdb, workers: Workers) -> list[BaseRoute]:
    """The routes of this module."""

    async def format_query(params: Params, _: Request) -> Response:
        text = await workers.run(lambda: pretty(_expression(params)))
        return success(text.encode("utf-8", "replace").decode())

    async def parse_query(params: Params, _: Request) -> Response:
        return success(await workers.run(lambda: as_json(_expression(params))))

    async def query_exemplars(params: Params, _: Request) -> Response:
        start_ms, end_ms = params.span_ms()
        if end_ms < start_ms:
            raise BadParameter("end timestamp must not be before start timestamp")
        return await workers.run(lambda: _exemplars(tsdb, params.text("query"), start_ms, end_ms))

    return [
        endpoint("/api/v1/format_query", format_query),
        endpoint("/api/v1/parse_query", parse_query),
        endpoint("/api/v1/query_exemplars", query_exemplars),
    ]


def _exemplars(tsdb: Tsdb, query: str, start_ms: int, end_ms: int) -> Response:
    wanted = [selector.matchers for selector in selectors(parse(query))]
    if not wanted:
        return nothing()
    found = tsdb.exemplars(wanted, start_ms, end_ms)
    return success(
        [
            {"seriesLabels": dict(series), "exemplars": list(map(_exemplar, exemplars))}
            for series, exemplars in found.items()
        ]
    )


def _exemplar(exemplar: Exemplar) -> dict[str, Any]:
    """Prometheus' `exemplar.Exemplar` in its JSON: a value is text, a time is seconds."""
    return {
        "labels": dict(exemplar.labels),
        "value": format_api(exemplar.value),
        "timestamp": exemplar.time_ms / 1000,
    }


def _expression(params: Params) -> Expr:
    try:
        return parse(params.text("query"))
    except BadQuery as error:
        raise invalid("query", error) from error
