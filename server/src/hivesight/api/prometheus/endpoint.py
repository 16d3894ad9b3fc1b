"""One way from a request to an answer: parameters in, errors as refusals, and what is said to browsers (CORS)."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Receive, Scope, Send

from hivesight.api.prometheus.envelope import BadParameter, refusal
from hivesight.api.prometheus.params import Params, params_of
from hivesight.model.errors import HivesightError

Handler = Callable[[Params, Request], Awaitable[Response]]

# Prometheus' httputil.SetCORS. Its default lets the pages of every site read; here only pages of this very address may,
# since whoever has no password must not be read by every page that a browser beside it happens to show.
_CORS: Final[Mapping[str, str]] = {
    "Access-Control-Allow-Headers": "Accept, Authorization, Content-Type, Origin",
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Expose-Headers": "Date",
    "Vary": "Origin",
}


class _Endpoint(Route):
    """A route that answers 405 as Prometheus does: HEAD is not a GET, and the methods are listed in order."""

    def __init__(self, path: str, answer: Callable[[Request], Awaitable[Response]], methods: Sequence[str]) -> None:
        super().__init__(path, answer, methods=list(methods))
        self.methods = set(methods)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, inner = super().matches(scope)
        # Otherwise a HEAD would go on to the pages of the browser, which take any address.
        return (Match.FULL, inner) if match is Match.PARTIAL and scope["method"] == "HEAD" else (match, inner)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.methods is not None
        if scope["method"] in self.methods:
            await super().handle(scope, receive, send)
            return
        allowed = ", ".join(sorted({*self.methods, "OPTIONS"}))
        refused = PlainTextResponse("Method Not Allowed\n", 405, {"Allow": allowed})
        await refused(scope, receive, send)


class _Preflight(Route):
    """What a browser asks before it sends a request of another site; no other method comes here."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] != "http" or scope["method"] != "OPTIONS":
            return Match.NONE, {}
        return super().matches(scope)


def endpoint(path: str, handler: Handler, methods: Sequence[str] = ("GET", "POST")) -> Route:
    """A route whose handler may raise BadParameter and HivesightError."""

    async def answer(request: Request) -> Response:
        try:
            found = await handler(await params_of(request), request)
        except (BadParameter, HivesightError) as error:
            found = refusal(error)
        return shared(found, request)

    return raw_endpoint(path, answer, methods)


def raw_endpoint(path: str, answer: Callable[[Request], Awaitable[Response]], methods: Sequence[str]) -> Route:
    """A route whose handler reads the request by itself."""
    return _Endpoint(path, answer, methods)


def preflight() -> BaseRoute:
    """Answers OPTIONS under the whole API."""

    async def options(request: Request) -> Response:
        return shared(Response(status_code=204), request)

    return _Preflight("/api/v1/{path:path}", options, methods=["OPTIONS"])


def shared(response: Response, request: Request) -> Response:
    """The same answer with what a browser asks for where a page sent the request."""
    origin = request.headers.get("origin")
    if origin:
        response.headers.update(_CORS)
        if urlsplit(origin).netloc == request.headers.get("host"):
            response.headers["Access-Control-Allow-Origin"] = origin
    return response
