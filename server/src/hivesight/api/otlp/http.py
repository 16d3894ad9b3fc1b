"""OTLP over HTTP (OTLP 1.x, "OTLP/HTTP"): metrics as protobuf or JSON."""

import asyncio
from concurrent.futures import Executor

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from hivesight.api.otlp.answers import JSON, PROTOBUF, Code, exported, failed
from hivesight.api.otlp.body import plain_body
from hivesight.ingest.otlp import BadRequest, OtlpReceiver, TooLarge
from hivesight.model.errors import StorageError

PROMETHEUS_PATH = "/api/v1/otlp/v1/metrics"
PATH = "/v1/metrics"
RETRY_AFTER_SECONDS = 5


def otlp_routes(receiver: OtlpReceiver, executor: Executor, *, paths: tuple[str, ...] = (PATH,)) -> list[BaseRoute]:
    """paths: `PROMETHEUS_PATH` on the main port, `PATH` on OTLP's own. executor: where requests are read."""

    async def metrics(request: Request) -> Response:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        json = kind == JSON
        if kind not in (PROTOBUF, JSON):
            return failed(415, Code.INVALID_ARGUMENT, f"send Content-Type {PROTOBUF} or {JSON}", json=False)
        encoding = request.headers.get("content-encoding", "identity").strip().lower() or "identity"
        if encoding not in ("gzip", "identity"):
            return failed(415, Code.INVALID_ARGUMENT, "send Content-Encoding gzip, or none", json=json)
        try:
            body = await plain_body(request, encoding, receiver.limits.body_bytes)
        except TooLarge as error:
            receiver.metrics.requests.labels("too_large").inc()
            return failed(413, Code.RESOURCE_EXHAUSTED, str(error), json=json)
        except BadRequest as error:
            receiver.metrics.requests.labels("bad").inc()
            return failed(400, Code.INVALID_ARGUMENT, str(error), json=json)
        loop = asyncio.get_running_loop()
        try:
            outcome = await loop.run_in_executor(executor, lambda: receiver.export(body, json=json))
        except TooLarge as error:
            return failed(413, Code.RESOURCE_EXHAUSTED, str(error), json=json)
        except BadRequest as error:
            return failed(400, Code.INVALID_ARGUMENT, str(error), json=json)
        except StorageError as error:
            later = {"Retry-After": str(RETRY_AFTER_SECONDS)}
            return failed(503, Code.UNAVAILABLE, str(error), json=json, headers=later)
        return exported(outcome, json=json)

    return [Route(path, metrics, methods=["POST"]) for path in paths]
