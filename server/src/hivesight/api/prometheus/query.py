"""Evaluating and formatting PromQL: query, query_range, format_query."""

import asyncio
import threading
from collections.abc import Callable
from functools import partial
from typing import Final, Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from hivesight.api.prometheus.endpoint import endpoint
from hivesight.api.prometheus.envelope import BadParameter, success
from hivesight.api.prometheus.params import Params
from hivesight.api.workers import Workers
from hivesight.model.clock import Clock
from hivesight.query.promql import Answer, Engine, parse
from hivesight.query.promql import format as canonical
from hivesight.query.promql.render import render

MAX_STEPS: Final = 11_000


def routes(engine: Engine, workers: Workers, clock: Clock) -> list[BaseRoute]:
    """The routes of this module."""

    async def query(params: Params, request: Request) -> Response:
        at_ms = params.time_ms("time", clock.now_ms())
        ask = partial(engine.instant, params.text("query"), at_ms)
        return await _asked(request, workers, ask)

    async def query_range(params: Params, request: Request) -> Response:
        start_ms, end_ms, step_ms = params.time_ms("start"), params.time_ms("end"), params.duration_ms("step")
        if end_ms < start_ms:
            raise BadParameter('invalid parameter "end": end timestamp must not be before start time')
        if step_ms <= 0:
            raise BadParameter(
                'invalid parameter "step": zero or negative query resolution step widths are not accepted. '
                "Try a positive integer"
            )
        if (end_ms - start_ms) // step_ms > MAX_STEPS:
            raise BadParameter(
                "exceeded maximum resolution of 11,000 points per timeseries. "
                "Try decreasing the query resolution (?step=XX)"
            )
        ask = partial(engine.range, params.text("query"), start_ms, end_ms, step_ms)
        return await _asked(request, workers, ask)

    async def format_query(params: Params, _: Request) -> Response:
        return success(canonical(parse(params.text("query"))))

    return [
        endpoint("/api/v1/query", query),
        endpoint("/api/v1/query_range", query_range),
        endpoint("/api/v1/format_query", format_query),
    ]


class Ask(Protocol):
    """A question that ends early once `cancelled` is true."""

    def __call__(self, *, cancelled: Callable[[], bool]) -> Answer: ...


async def _asked(request: Request, workers: Workers, ask: Ask) -> Response:
    """The answer; nobody works for a client that has gone away."""
    gone = threading.Event()

    async def watch() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        gone.set()

    watching = asyncio.create_task(watch())
    try:
        return await workers.run(lambda: _answer(ask(cancelled=gone.is_set)))
    finally:
        watching.cancel()


def _answer(answer: Answer) -> Response:
    return success(render(answer.value), answer.warnings, answer.infos)
