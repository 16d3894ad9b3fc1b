"""The supervisor's control API, on loopback: POST /fault breaks and heals services, GET /status tells how they are."""

import contextlib
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Protocol

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from agent_hive.catalog import ORCHESTRATOR, SERVICES, Service, UnknownService, find
from agent_hive.faults import ERROR_SHARE_PERCENT, FAULTS, parse_seconds
from agent_hive.httpjson import as_object, bad_request, http_error, read_json
from agent_hive.work import BadRequest

KILL = "kill"
_SAID: Mapping[str, str] = {
    KILL: "killed, and stays down until it is healed",
    "slow": "every operation takes seconds longer from now on",
    "errors": f"{ERROR_SHARE_PERCENT} % of its operations fail from now on",
    "stuck": "makes no progress from now on",
}


class Breakable(Protocol):
    """What the API needs of the supervisor."""

    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    def status(self) -> dict[str, object]: ...
    async def break_service(self, fault: str, service: Service, seconds: float | None) -> None: ...
    async def heal(self, services: Sequence[Service]) -> None: ...


def control_app(supervisor: Breakable) -> Starlette:
    """POST /fault {"fault", "service", "seconds"} and GET /status; its lifespan is that of the children."""

    async def fault(request: Request) -> JSONResponse:
        body = as_object(await read_json(request, 4096))
        kind, name, seconds = body.get("fault"), body.get("service"), parse_seconds(body.get("seconds"))
        if kind not in (KILL, *FAULTS):
            raise BadRequest(f"fault must be one of {', '.join((KILL, *FAULTS))}")
        try:
            service = find(name) if isinstance(name, str) else None
        except UnknownService as error:
            raise BadRequest(str(error)) from error
        if kind == "heal":
            await supervisor.heal(SERVICES if service is None else [service])
            message = f"{service.short if service else 'everything'} is healed"
        elif kind == KILL and service is None:
            raise BadRequest(f"kill needs a service; one of {', '.join(s.short for s in SERVICES)}")
        else:
            broken = service or ORCHESTRATOR
            await supervisor.break_service(kind, broken, seconds)
            message = f"{broken.short}: {_SAID[kind]}"
        return JSONResponse({"message": message, **supervisor.status()})

    async def status(_: Request) -> JSONResponse:
        return JSONResponse(supervisor.status())

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        try:
            await supervisor.start()
            yield
        finally:
            await supervisor.stop()

    return Starlette(
        routes=[Route("/fault", fault, methods=["POST"]), Route("/status", status)],
        exception_handlers={BadRequest: bad_request, HTTPException: http_error},
        lifespan=lifespan,
    )
