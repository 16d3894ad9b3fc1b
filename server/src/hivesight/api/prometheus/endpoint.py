"""One way from a request to an answer: parameters in, errors as refusals."""

from collections.abc import Awaitable, Callable, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hivesight.api.prometheus.envelope import BadParameter, refusal
from hivesight.api.prometheus.params import Params, params_of
from hivesight.model.errors import HivesightError

Handler = Callable[[Params, Request], Awaitable[Response]]


def endpoint(path: str, handler: Handler, methods: Sequence[str] = ("GET", "POST")) -> Route:
    """A route whose handler may raise BadParameter and HivesightError."""

    async def answer(request: Request) -> Response:
        try:
            return await handler(await params_of(request), request)
        except (BadParameter, HivesightError) as error:
            return refusal(error)

    return Route(path, answer, methods=list(methods))
