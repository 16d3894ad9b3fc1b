"""OTLP over HTTP (OTLP 1.x, "OTLP/HTTP"): metrics as protobuf or JSON; spans and log records where they go on to
somebody."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from hivesight.api.otlp.answers import JSON, PROTOBUF, Code, exported, failed
from hivesight.api.otlp.body import plain_body
from hivesight.api.otlp.onward import Nobody, Onward
from hivesight.ingest.otlp import BadRequest, OtlpReceiver, Outcome, TooLarge
from hivesight.model.errors import StorageError

PROMETHEUS_PATH = "/api/v1/otlp/v1/metrics"
PATH = "/v1/metrics"
RETRY_AFTER_SECONDS = 5
_PASSED_ON = ("traces", "logs")
_LATER = {"Retry-After": str(RETRY_AFTER_SECONDS)}


@dataclass(frozen=True, slots=True)
class _Export:
    """A request that could be read. kind: its media type."""

    body: bytes
    kind: str

    @property
    def json(self) -> bool:
        return self.kind == JSON


def otlp_routes(
    receiver: OtlpReceiver, executor: Executor, *, paths: tuple[str, ...] = (PATH,), onward: Onward | None = None
) -> list[BaseRoute]:
    """paths: of metrics, `PROMETHEUS_PATH` on the main port, `PATH` on OTLP's own; the other signals stand beside them.
    executor: where requests are read. onward: where they go on to."""
    others = onward or Nobody()

    async def metrics(request: Request) -> Response:
        export = await _read(request, receiver)
        if isinstance(export, Response):
            return export
        loop, json = asyncio.get_running_loop(), export.json
        try:
            outcome = await loop.run_in_executor(executor, lambda: receiver.export(export.body, json=json))
        except TooLarge as error:
            return failed(413, Code.RESOURCE_EXHAUSTED, str(error), json=json)
        except BadRequest as error:
            return failed(400, Code.INVALID_ARGUMENT, str(error), json=json)
        except StorageError as error:
            return failed(503, Code.UNAVAILABLE, str(error), json=json, headers=_LATER)
        others.put("metrics", export.body, export.kind)
        return exported(outcome, json=json)

    def passing_on(signal: str) -> Callable[[Request], Awaitable[Response]]:
        async def pass_on(request: Request) -> Response:
            if not others.wants(signal):
                return Response(f"no {signal} are taken here: name a Collector for them in forward.otlp", 404)
            export = await _read(request, receiver)
            if isinstance(export, Response):
                return export
            if not others.put(signal, export.body, export.kind):
                message = f"too many {signal} wait for the Collector that they go on to: send them again later"
                return failed(503, Code.UNAVAILABLE, message, json=export.json, headers=_LATER)
            return exported(Outcome(), json=export.json)

        return pass_on

    return [
        *(Route(path, metrics, methods=["POST"]) for path in paths),
        *(
            Route(path.removesuffix("metrics") + signal, passing_on(signal), methods=["POST"])
            for path in paths
            for signal in _PASSED_ON
        ),
    ]


async def _read(request: Request, receiver: OtlpReceiver) -> _Export | Response:
    """The request, or the answer to one that cannot be read."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    json = kind == JSON
    if kind not in (PROTOBUF, JSON):
        return failed(415, Code.INVALID_ARGUMENT, f"send Content-Type {PROTOBUF} or {JSON}", json=False)
    encoding = request.headers.get("content-encoding", "identity").strip().lower() or "identity"
    if encoding not in ("gzip", "identity"):
        return failed(415, Code.INVALID_ARGUMENT, "send Content-Encoding gzip, or none", json=json)
    try:
        return _Export(await plain_body(request, encoding, receiver.limits.body_bytes), kind)
    except TooLarge as error:
        receiver.metrics.requests.labels("too_large").inc()
        return failed(413, Code.RESOURCE_EXHAUSTED, str(error), json=json)
    except BadRequest as error:
        receiver.metrics.requests.labels("bad").inc()
        return failed(400, Code.INVALID_ARGUMENT, str(error), json=json)
