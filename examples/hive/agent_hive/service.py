"""The shell around every process of the hive: arguments, /metrics, /healthz, /fault, signals and a quick end."""

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
import warnings
from collections.abc import AsyncGenerator, Callable, Generator, Mapping, Sequence
from typing import NoReturn, Protocol

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

import hivesight_sdk as hs
from agent_hive.catalog import SMTP_PORT, Service
from agent_hive.faults import FaultGuard, FaultInjected, Faults, injected
from agent_hive.httpjson import Continued, bad_request, http_error
from agent_hive.lifeline import die_with
from agent_hive.work import BadRequest

log = logging.getLogger(__name__)

GRACE_SECONDS = 1
FLUSH_SECONDS = 0.4


class Behaviour(Protocol):
    """What a process does inside the shell."""

    def routes(self) -> Sequence[BaseRoute]: ...
    def health(self) -> Mapping[str, object]: ...
    def running(self) -> contextlib.AbstractAsyncContextManager[None]: ...


class Server(uvicorn.Server):
    """uvicorn, ending with exit code 0 on SIGTERM and SIGINT instead of raising the signal once more.

    `on_stop` is called first thing, while connections are still open.
    """

    def __init__(self, config: uvicorn.Config, on_stop: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_stop = on_stop

    def stop(self) -> None:
        """Begin to end."""
        self._on_stop()
        self.should_exit = True

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.stop)
        yield


def url_of(service: Service) -> str:
    """Where that service listens, as the environment says, or its default port."""
    return os.environ.get(service.url_variable, service.default_url).rstrip("/")


def build(behaviour: Behaviour, faults: Faults, *, guarded: bool) -> Starlette:
    """The application: the behaviour's routes, those every process has, and one shape of error."""

    async def healthz(_: Request) -> JSONResponse:
        return JSONResponse(
            {"status": "ok", "fault": None if faults.kind == "heal" else faults.kind, **behaviour.health()}
        )

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        hs.watch_event_loop()
        async with behaviour.running():
            yield

    common = [Route("/healthz", healthz), faults.route(), Route("/metrics", hs.metrics_app)]
    return Starlette(
        routes=[*common, *behaviour.routes()],
        lifespan=lifespan,
        middleware=[Middleware(Continued), *([Middleware(FaultGuard, faults=faults)] if guarded else [])],
        exception_handlers={BadRequest: bad_request, FaultInjected: injected, HTTPException: http_error},
    )


def arguments(service: Service) -> argparse.Namespace:
    """--port, or --fd of a socket that already listens (from the supervisor, together with --parent)."""
    parser = argparse.ArgumentParser(prog=f"python -m {service.module}")
    parser.add_argument("--port", type=int, default=service.port, help="loopback port (default: %(default)s)")
    parser.add_argument("--fd", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--parent", type=int, help=argparse.SUPPRESS)
    if service.smtp:
        parser.add_argument("--smtp-port", type=int, default=SMTP_PORT, help="loopback port (default: %(default)s)")
        parser.add_argument("--smtp-fd", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.parent is not None:
        die_with(options.parent)
    hs.configure_logging(service.name, queued=True)
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    return options


def listener(port: int, fd: int | None, setting: str = "--port") -> socket.socket:
    """The inherited socket, or a new one on loopback; a busy port ends the process with the setting to change."""
    if fd is not None:
        return socket.socket(fileno=fd)
    try:
        return socket.create_server(("127.0.0.1", port), reuse_port=False)
    except OSError as error:
        raise SystemExit(
            f"127.0.0.1:{port} cannot be opened ({error.strerror}); choose another with {setting}"
        ) from None


def run(
    service: Service,
    behaviour: Behaviour,
    faults: Faults,
    options: argparse.Namespace,
    *,
    guarded: bool = True,
    release: Callable[[], None] | None = None,
) -> NoReturn:
    """Serve until SIGTERM or SIGINT; then `release` lets go of long requests, and the rest get GRACE_SECONDS."""
    warnings.simplefilter("ignore", SyntaxWarning)  # of the reviewed files, not ours
    warnings.simplefilter("ignore", DeprecationWarning)
    sock = listener(options.port, options.fd)
    sdk = hs.configure(service_name=service.name, metrics_port=None, resources=True)
    config = uvicorn.Config(
        build(behaviour, faults, guarded=guarded),
        loop="asyncio",
        http="h11",
        ws="none",
        log_config=None,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=30,
        limit_concurrency=500,
    )

    def on_stop() -> None:
        faults.set("heal")
        if release is not None:
            release()

    log.info("serving on port %d", sock.getsockname()[1])
    try:
        asyncio.run(Server(config, on_stop).serve(sockets=[sock]))
    finally:
        sdk.close(FLUSH_SECONDS)
    leave()


def leave() -> NoReturn:
    """End the process with code 0, now. Everything is closed; on a busy machine the interpreter's own teardown takes
    a second, and the hive has to be gone in two."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
