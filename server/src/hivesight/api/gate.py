"""The door while the house is being built: alive at once, ready when the log is replayed."""

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send


class Gate:
    """An ASGI application that answers 503 until `open` hands it the real one."""

    def __init__(self) -> None:
        self._app: ASGIApp | None = None

    def open(self, app: ASGIApp) -> None:
        """From now on `app` answers."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._app is not None:
            return await self._app(scope, receive, send)
        if scope["type"] != "http":
            return None
        if scope["path"] == "/-/healthy":
            answer = PlainTextResponse("Hivesight is healthy.\n")
        else:
            answer = PlainTextResponse(
                "Hivesight is starting: the write-ahead log is being replayed.\n", 503, {"Retry-After": "1"}
            )
        return await answer(scope, receive, send)
