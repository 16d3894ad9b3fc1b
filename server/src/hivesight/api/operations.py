"""Running the server: is it alive, is it ready, read the files again, and our own metrics."""

from collections.abc import Awaitable, Callable

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from hivesight.model.errors import ConfigError


def routes(reload: Callable[[], Awaitable[None]], exposition: Callable[[], bytes]) -> list[BaseRoute]:
    """reload: reads the configuration again, or raises ConfigError and changes nothing. exposition: our own metrics."""

    async def healthy(_: Request) -> Response:
        return PlainTextResponse("Hivesight is healthy.\n")

    async def ready(_: Request) -> Response:
        return PlainTextResponse("Hivesight is ready.\n")

    async def reload_now(request: Request) -> Response:
        if request.method not in ("POST", "PUT"):
            return PlainTextResponse("send POST or PUT to reload\n", 405, {"Allow": "POST, PUT"})
        try:
            await reload()
        except ConfigError as error:
            return PlainTextResponse(f"the running configuration stays, the new one has faults:\n{error}\n", 500)
        return PlainTextResponse("")

    async def metrics(_: Request) -> Response:
        return Response(exposition(), media_type=CONTENT_TYPE_LATEST)

    return [
        Route("/-/healthy", healthy),
        Route("/-/ready", ready),
        Route("/-/reload", reload_now, methods=["GET", "POST", "PUT", "DELETE"]),
        Route("/metrics", metrics),
    ]
