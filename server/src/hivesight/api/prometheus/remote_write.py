"""`POST /api/v1/write`: remote write 1.0 and 2.0, received (Prometheus' `storage/remote/write_handler.go`)."""

import asyncio
from functools import partial
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute

from hivesight.api.body import BodyTooLarge, body_of
from hivesight.api.prometheus.endpoint import raw_endpoint
from hivesight.ingest.remote_write import (
    MAX_BODY_BYTES,
    Message,
    Outcome,
    Receiver,
    RefusedRequest,
    RequestTooLarge,
    TooBusy,
    encoding_of,
    message_of,
)

MAX_REQUESTS: Final = 32
"""So many requests are taken in at once: each may hold MAX_BODY_BYTES."""
_AT_WORK: Final = 2
"""So many of them are decoded at once, since each may hold some hundred megabytes meanwhile."""


def routes(receiver: Receiver) -> list[BaseRoute]:
    """The route of this module."""
    return [raw_endpoint("/api/v1/write", _Inlet(receiver).answer, ["POST"])]


class _Inlet:
    """Requests on their way to the receiver. They have threads of their own: a slow question keeps no sample out."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._inside = 0
        self._working = asyncio.Semaphore(_AT_WORK)

    async def answer(self, request: Request) -> Response:
        """The answer to one request."""
        message: Message | None = None
        self._inside += 1
        try:
            message = message_of(request.headers.get("content-type", ""))
            outcome = await self._taken(request, message)
        except RefusedRequest as error:
            outcome = self._receiver.refused(error, message)
        finally:
            self._inside -= 1
        headers = outcome.headers(message or Message.V1)
        if not outcome.text:
            return Response(status_code=outcome.status, headers=headers)
        return PlainTextResponse(f"{outcome.text}\n", outcome.status, headers)

    async def _taken(self, request: Request, message: Message) -> Outcome:
        encoding = encoding_of(request.headers.get("content-encoding", ""))
        if self._inside > MAX_REQUESTS:
            raise TooBusy(f"{MAX_REQUESTS} requests are being taken in: send it again later, or send from fewer shards")
        try:
            body = await body_of(request, MAX_BODY_BYTES)
        except BodyTooLarge as error:
            raise RequestTooLarge(str(error)) from None
        async with self._working:
            return await asyncio.to_thread(partial(self._receiver.receive, body, message, encoding))
