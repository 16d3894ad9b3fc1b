"""How the hive's processes talk: requests that carry their trace along, JSON bodies with a bound, and what is wrong
with one."""

import json
from collections.abc import Mapping
from typing import cast

import httpx2
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

import hivesight_sdk as hs
from agent_hive.work import BadRequest


def local_client(timeout_seconds: float) -> httpx2.AsyncClient:
    """For the hive's own processes: plain HTTP on loopback, so no proxy and no certificates to load. A request goes on
    with the trace and the ids of whoever sends it."""

    async def carry(request: httpx2.Request) -> None:
        hs.inject(request.headers)

    hooks = {"request": [carry]}
    return httpx2.AsyncClient(timeout=timeout_seconds, trust_env=False, verify=False, event_hooks=hooks)


class Continued:
    """ASGI middleware, the other end of `local_client`: a request is handled in the trace that it came with."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with hs.extract(scope.get("headers")):
            await self._app(scope, receive, send)


async def read_body(request: Request, limit: int) -> bytes:
    """At most `limit` bytes of body; HTTP 413 as soon as there is more, before it is kept."""
    chunks: list[bytes] = []
    size = 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > limit:
                raise HTTPException(413, f"the body is larger than {limit} bytes")
            chunks.append(chunk)
    except ClientDisconnect:
        raise HTTPException(400, "the request broke off") from None
    return b"".join(chunks)


async def read_json(request: Request, limit: int) -> object:
    """The JSON body. The content type is required: a web page of another origin cannot send it unasked."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(415, "send Content-Type: application/json")
    return parse_json(await read_body(request, limit))


def parse_json(body: bytes) -> object:
    """The value, or BadRequest with the place of the fault."""
    try:
        return cast("object", json.loads(body))
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"the body is not JSON: {error}") from error


def as_object(value: object) -> Mapping[str, object]:
    """The value as a JSON object, or BadRequest."""
    if not isinstance(value, dict):
        raise BadRequest("the body must be a JSON object")
    return cast("Mapping[str, object]", value)


def as_list(value: object, name: str, limit: int) -> list[object]:
    """The value as a JSON array of at most `limit` items, or BadRequest naming the field."""
    if not isinstance(value, list):
        raise BadRequest(f"{name} must be a list")
    items = cast("list[object]", value)
    if len(items) > limit:
        raise BadRequest(f"{name} holds {len(items)} items; at most {limit} are taken at once")
    return items


async def bad_request(_: Request, error: Exception) -> JSONResponse:
    """Starlette's handler for BadRequest."""
    return JSONResponse({"error": str(error)}, status_code=400)


async def http_error(_: Request, error: Exception) -> JSONResponse:
    """Starlette's handler for HTTPException: the same shape as every other error."""
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail}, status_code=error.status_code, headers=error.headers)
