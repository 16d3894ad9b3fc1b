"""Faults on purpose: what a service is told to do wrong, and the point in its work where that happens."""

import asyncio
import zlib
from typing import Literal, get_args

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from agent_hive.httpjson import as_object, read_json
from agent_hive.work import BadRequest

Fault = Literal["slow", "errors", "stuck", "heal"]
FAULTS: tuple[Fault, ...] = get_args(Fault)

ERROR_SHARE_PERCENT = 60
MAX_SECONDS = 60.0
_MAX_HELD = 200
_NEVER_FAULTY = frozenset({"/metrics", "/healthz", "/fault"})


class FaultInjected(Exception):
    """This operation fails because somebody asked for it at /fault."""


def parse_fault(value: object) -> Fault:
    """One of FAULTS, or BadRequest."""
    for fault in FAULTS:
        if value == fault:
            return fault
    raise BadRequest(f"fault must be one of {', '.join(FAULTS)}")


def parse_seconds(value: object) -> float | None:
    """What `slow` shall add, None for the usual; BadRequest unless 0 to MAX_SECONDS."""
    if value is None or (isinstance(value, int | float) and 0 <= value <= MAX_SECONDS):
        return value
    raise BadRequest(f"seconds must be a number from 0 to {MAX_SECONDS:g}")


class Faults:
    """The fault of one process. `slow_seconds` is what `slow` adds to each operation unless told otherwise."""

    def __init__(self, slow_seconds: float = 2.0) -> None:
        self._default_seconds = slow_seconds
        self._seconds = slow_seconds
        self._changed = asyncio.Event()
        self._held = 0
        self.kind: Fault = "heal"

    def set(self, kind: Fault, seconds: float | None = None) -> None:
        """Change the fault; whoever is held by the former one goes on at once."""
        self.kind = kind
        self._seconds = self._default_seconds if seconds is None else seconds
        self._changed.set()
        self._changed = asyncio.Event()

    async def enter(self, key: str) -> None:
        """The start of an operation: returns late, raises FaultInjected for some keys, or waits for a change."""
        if self.kind == "errors" and zlib.crc32(key.encode()) % 100 < ERROR_SHARE_PERCENT:
            raise FaultInjected("failing on purpose: POST /fault said errors")
        if self.kind not in ("slow", "stuck"):
            return
        if self._held >= _MAX_HELD:
            raise FaultInjected(f"{_MAX_HELD} operations are held already: POST /fault said {self.kind}")
        self._held += 1
        try:
            async with asyncio.timeout(self._seconds if self.kind == "slow" else None):
                await self._changed.wait()
        except TimeoutError:
            pass
        finally:
            self._held -= 1

    def route(self) -> Route:
        """POST /fault {"fault": ..., "seconds": ...}."""

        async def post(request: Request) -> JSONResponse:
            body = as_object(await read_json(request, 4096))
            self.set(parse_fault(body.get("fault")), parse_seconds(body.get("seconds")))
            return JSONResponse({"fault": self.kind})

        return Route("/fault", post, methods=["POST"])


class FaultGuard:
    """ASGI middleware: every request but scrapes, health checks and /fault itself meets the fault first."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self._app = app
        self._faults = faults
        self._requests = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].removesuffix("/") in _NEVER_FAULTY:
            await self._app(scope, receive, send)
            return
        self._requests += 1
        try:
            await self._faults.enter(str(self._requests))
        except FaultInjected as fault:
            await _response(fault)(scope, receive, send)
            return
        await self._app(scope, receive, send)


async def injected(_: Request, error: Exception) -> JSONResponse:
    """Starlette's handler for FaultInjected."""
    return _response(error)


def _response(error: Exception) -> JSONResponse:
    return JSONResponse({"error": str(error)}, status_code=500)
