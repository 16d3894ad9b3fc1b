"""All routes as one ASGI application: every protocol, then the browser's pages."""

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from hivesight.api.origin import SameOrigin

COMPRESSED_FROM_BYTES = 2048


def application(routes: Sequence[BaseRoute], hosts: frozenset[str] | None = None) -> Starlette:
    """hosts: the names that the server answers to, or None for any. Large answers are compressed at level 1: higher
    levels cost more time than the bytes are worth on loopback."""
    return Starlette(
        routes=list(routes),
        exception_handlers={ClientDisconnect: _gone},
        middleware=[
            Middleware(SameOrigin, hosts=hosts),
            Middleware(GZipMiddleware, minimum_size=COMPRESSED_FROM_BYTES, compresslevel=1),
        ],
    )


async def _gone(_request: Request, _error: Exception) -> Response:
    """Who went away before the body was there reads no answer; it is no fault of ours either."""
    return Response(status_code=400)
