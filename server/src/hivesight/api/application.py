"""All routes as one ASGI application: every protocol, then the browser's pages."""

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import BaseRoute

from hivesight.api.origin import SameOrigin

COMPRESSED_FROM_BYTES = 2048


def application(routes: Sequence[BaseRoute], hosts: frozenset[str] | None = None) -> Starlette:
    """hosts: the names that the server answers to, or None for any. Large answers are compressed at level 1: higher
    levels cost more time than the bytes are worth on loopback."""
    return Starlette(
        routes=list(routes),
        middleware=[
            Middleware(SameOrigin, hosts=hosts),
            Middleware(GZipMiddleware, minimum_size=COMPRESSED_FROM_BYTES, compresslevel=1),
        ],
    )
