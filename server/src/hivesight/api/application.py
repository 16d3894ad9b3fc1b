"""All routes as one ASGI application: every protocol, then the browser's pages."""

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import BaseRoute

COMPRESSED_FROM_BYTES = 2048


def application(routes: Sequence[BaseRoute]) -> Starlette:
    """Large answers are compressed at level 1: higher levels cost more time than the bytes are worth on loopback."""
    return Starlette(
        routes=list(routes),
        middleware=[Middleware(GZipMiddleware, minimum_size=COMPRESSED_FROM_BYTES, compresslevel=1)],
    )
