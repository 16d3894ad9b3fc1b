"""Evaluating PromQL: query and query_range."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol

import numpy as np
import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from hivesight.api.prometheus.endpoint import endpoint
from hivesight.api.prometheus.envelope import BadParameter, invalid, success
from hivesight.api.prometheus.params import Params, duration_ms
from hivesight.api.prometheus.series import CUT
from hivesight.api.workers import Workers
from hivesight.model.clock import Clock
from hivesight.model.errors import BadQuery, Limit, QueryLimit
from hivesight.query.promql import Answer, Engine, Matrix, Scalar, String, Vector
from hivesight.query.promql.render import render

MAX_STEPS: Final = 11_000


def routes(engine: Engine, workers: Workers, clock: Clock) -> list[BaseRoute]:
    """The routes of this module."""

    async def query(params: Params, request: Request) -> Response:
        shape = _Shape.of(params, clock)
        at_ms = params.time_ms("time", clock.now_ms())
        ask = partial(_tuned(engine, params).instant, params.text("query"), at_ms)
        return await _asked(request, workers, ask, shape)

    async def query_range(params: Params, request: Request) -> Response:
        shape = _Shape.of(params, clock)
        start_ms, end_ms = params.time_ms("start"), params.time_ms("end")
        if end_ms < start_ms:
            raise invalid("end", "end timestamp must not be before start time")
        step_ms = params.duration_ms("step")
        if step_ms <= 0:
            raise invalid(
                "step", "zero or negative query resolution step widths are not accepted. Try a positive integer"
            )
        if (end_ms - start_ms) // step_ms > MAX_STEPS:
            raise BadParameter(
                "exceeded maximum resolution of 11,000 points per timeseries. "
                "Try decreasing the query resolution (?step=XX)"
            )
        ask = partial(_tuned(engine, params).range, params.text("query"), start_ms, end_ms, step_ms)
        return await _asked(request, workers, ask, shape)

    return [endpoint("/api/v1/query", query), endpoint("/api/v1/query_range", query_range)]


class Ask(Protocol):
    """A question that ends early once `cancelled` is true."""

    def __call__(self, *, cancelled: Callable[[], bool]) -> Answer: ...


@dataclass(frozen=True, slots=True)
class _Shape:
    """What of an answer is wanted. limit: the most series. stats: whether to say what it cost. patience_seconds: how
    long it may wait for its turn; None: as long as any."""

    limit: int | None
    stats: bool
    clock: Clock
    patience_seconds: float | None = None

    @staticmethod
    def of(params: Params, clock: Clock) -> "_Shape":
        timeout_ms = _timeout_ms(params)
        patience = None if timeout_ms is None else timeout_ms / 1000
        return _Shape(params.limit(), params.text("stats") != "", clock, patience)


def _timeout_ms(params: Params) -> int | None:
    """The `timeout` that was asked for."""
    return params.duration_ms("timeout") if params.text("timeout") else None


def _tuned(engine: Engine, params: Params) -> Engine:
    """The engine with the `timeout` and `lookback_delta` that were asked for."""
    timeout_ms = _timeout_ms(params)
    lookback_ms = 0
    if params.text("lookback_delta"):
        try:
            lookback_ms = duration_ms(params.text("lookback_delta"))
        except ValueError as error:
            raise BadParameter(f"error parsing lookback delta duration: {error}") from None
    if timeout_ms is not None and timeout_ms <= 0:
        raise QueryLimit("query timed out in query execution", Limit.TIMEOUT)
    if timeout_ms is None and lookback_ms <= 0:
        return engine
    return engine.tuned(
        lookback_ms=lookback_ms if lookback_ms > 0 else None,
        timeout_seconds=None if timeout_ms is None else timeout_ms / 1000,
    )


async def _asked(request: Request, workers: Workers, ask: Ask, shape: _Shape) -> Response:
    """The answer; nobody works for a client that has gone away, and its place in the queue is free."""
    gone = threading.Event()

    async def watch() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        gone.set()

    asked = shape.clock.monotonic()
    watching = asyncio.create_task(watch())
    try:
        return await workers.run(
            lambda: _answer(lambda: ask(cancelled=gone.is_set), shape, asked),
            patience_seconds=shape.patience_seconds,
            gone=watching,
        )
    except BadQuery as error:
        raise invalid("query", error) from error
    finally:
        watching.cancel()


def _answer(ask: Callable[[], Answer], shape: _Shape, asked: float) -> Response:
    began = shape.clock.monotonic()
    answer = ask()
    ended = shape.clock.monotonic()
    value, warnings = answer.value, answer.warnings
    if shape.limit is not None and isinstance(value, Vector | Matrix) and len(value.labels) > shape.limit:
        value, warnings = _first(value, shape.limit), [*warnings, CUT]
    data = render(value)
    if shape.stats:
        data = data[:-1] + b',"stats":' + orjson.dumps(_stats(answer.samples, asked, began, ended)) + b"}"
    return success(data, warnings, answer.infos)


def _first(value: Vector | Matrix, count: int) -> Scalar | String | Vector | Matrix:
    rows = np.arange(count)
    labels, grid = value.labels.rows(rows), value.histograms
    histograms = None if grid is None else grid.at(grid.place[rows])
    if isinstance(value, Vector):
        return Vector(value.at_ms, labels, value.values[rows], histograms)
    times = value.times if value.times.ndim == 1 else value.times[rows]
    return Matrix(labels, times, value.values[rows], value.present[rows], histograms)


def _stats(samples: int, asked: float, began: float, ended: float) -> dict[str, dict[str, float]]:
    """Seconds and samples. Reading, evaluating and sorting are one step here, so only their sum has a figure; nothing
    is given back before the end, so the peak is the total."""
    evaluated = ended - began
    return {
        "timings": {
            "evalTotalTime": evaluated,
            "resultSortTime": 0,
            "queryPreparationTime": 0,
            "innerEvalTime": evaluated,
            "execQueueTime": began - asked,
            "execTotalTime": ended - asked,
        },
        "samples": {"totalQueryableSamples": samples, "peakSamples": samples},
    }
