"""OTLP's own ports: bound together, open together."""

import asyncio
from collections.abc import AsyncGenerator
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from hivesight.api.application import application
from hivesight.api.otlp.grpc import OtlpGrpcServer
from hivesight.api.otlp.http import otlp_routes
from hivesight.api.otlp.onward import Onward
from hivesight.api.server import HttpServer, bind
from hivesight.ingest.otlp import OtlpReceiver

Address = tuple[str, int]
_SETTING: Final = "--otlp-{0} (or `otlp.{0}` in hivesight.yml; `off` closes it)"


@dataclass(frozen=True, slots=True)
class Doors:
    """The ports that are listened on; None where one is off."""

    http_port: int | None
    grpc_port: int | None


@asynccontextmanager
async def otlp_doors(
    receiver: OtlpReceiver,
    executor: Executor,
    *,
    http: Address | None,
    grpc: Address | None,
    onward: Onward | None = None,
) -> AsyncGenerator[Doors]:
    """Serves OTLP while it is open. None: not there. onward: where requests go on to. Raises StartError, naming the
    setting, before either is open."""
    listener = bind(*http, _SETTING.format("http")) if http is not None else None
    stop = asyncio.Event()
    remote = None
    try:
        if grpc is not None:
            remote = OtlpGrpcServer(receiver, executor, *grpc, _SETTING.format("grpc"), onward)
            await remote.start()
    except BaseException:
        if listener is not None:
            listener.close()
        raise
    serving = None
    if listener is not None:
        app = application(otlp_routes(receiver, executor, onward=onward))
        serving = asyncio.create_task(HttpServer(app, listener).run_until(stop), name="otlp-http")
    try:
        port = listener.getsockname()[1] if listener is not None else None
        yield Doors(port, remote.port if remote is not None else None)
    finally:
        stop.set()
        if serving is not None:
            await serving
        if remote is not None:
            await remote.stop()
