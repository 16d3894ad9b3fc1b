"""Where the links of alerts lead: Prometheus' address of an expression, shown by our own page."""

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route


def routes() -> list[BaseRoute]:
    """The routes of this module."""

    async def graph(request: Request) -> Response:
        return RedirectResponse("/explore?" + urlencode({"expr": request.query_params.get("g0.expr", "")}), 307)

    return [Route("/graph", graph)]
