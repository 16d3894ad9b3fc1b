"""The HTTP server: one socket, uvicorn behind it, signals left to the process."""

import asyncio
import contextlib
import errno
import socket
from collections.abc import Generator
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from hivesight.api.http_protocol import HttpProtocol
from hivesight.model.errors import StartError

BACKLOG: Final = 1024
MAX_CONNECTIONS: Final = 2048
GRACE_SECONDS: Final = 1


def bind(host: str, port: int, setting: str) -> socket.socket:
    """A listening socket. Raises StartError naming the setting to change where the address cannot be had."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM)[0]
        # asyncio switches Nagle's algorithm off for sockets that say they are TCP; else an answer takes 40 ms.
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(BACKLOG)
        except OSError:
            listener.close()
            raise
    except OSError as error:
        reason = "it is in use already" if error.errno == errno.EADDRINUSE else (error.strerror or str(error)).lower()
        raise StartError(f"cannot listen on {host}:{port}: {reason}; choose another address with {setting}") from error
    listener.setblocking(False)
    return listener


class HttpServer(uvicorn.Server):
    """Serves `app` on a socket until `stop`."""

    def __init__(self, app: ASGIApp, listener: socket.socket) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                limit_concurrency=MAX_CONNECTIONS,
                timeout_graceful_shutdown=GRACE_SECONDS,
                http=HttpProtocol,
            )
        )
        self._listener = listener

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """The process decides what its signals mean."""
        yield

    async def run_until(self, stop: asyncio.Event) -> None:
        """Serves until `stop` is set; open answers get a second to end."""
        serving = asyncio.create_task(self.serve(sockets=[self._listener]))
        waiting = asyncio.create_task(stop.wait())
        await asyncio.wait((serving, waiting), return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        self.should_exit = True
        await serving
