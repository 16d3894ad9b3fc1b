"""HTTP/1.1 on one connection: uvicorn's parser with the bounds that it lacks."""

import asyncio
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from hivesight.api.http_closing import LingeringTransport

MAX_HEAD_BYTES: Final = 64 << 10
"""The most that a request may have besides its body: its line, its headers, and what stands between and after the
chunks of a body."""
HEAD_SECONDS: Final = 10
"""How long the line and the headers of a request may take, from the connection or from their first byte on."""
BODY_SECONDS: Final = 300
"""How long its body may take from then on (Prometheus' `--web.read-timeout`)."""

_TOO_LARGE: Final = (
    f"The request's line and headers are larger than {MAX_HEAD_BYTES} bytes: send less in them, or send a POST.\n"
)
_TOO_SLOW: Final = "The request did not arrive in time.\n"


class HttpProtocol(HttpToolsProtocol):
    """Answers 431 and hangs up where a head does not end (RFC 6585, section 5), 408 where a request does not arrive in
    time (RFC 9110, section 15.5.9). Whatever comes without being part of a body is counted, since httptools keeps all
    of it. Who is answered before all was sent can read the answer: see LingeringTransport."""

    _head_bytes = 0
    _in_body = False
    _deadline: asyncio.TimerHandle | None = None
    _closing: LingeringTransport

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._closing = LingeringTransport(transport, self.loop)
        super().connection_made(self._closing)
        self._wait(HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait(None)
        self._closing.lost()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._closing.drained(len(data)):
            return
        self._closing.unread = True
        self._head_bytes += len(data)
        super().data_received(data)
        if not self._closing.unread:
            self._wait(None)
        elif self._deadline is None:
            self._wait(BODY_SECONDS if self._in_body else HEAD_SECONDS)
        if self._head_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            self._refuse("431 Request Header Fields Too Large", _TOO_LARGE)

    def on_headers_complete(self) -> None:
        self._in_body = True
        self._wait(None)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._head_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._head_bytes = 0
        self._in_body = self._closing.unread = False
        super().on_message_complete()

    def on_message_begin(self) -> None:
        self._closing.unread = True
        super().on_message_begin()

    def _wait(self, seconds: float | None) -> None:
        """From now on so long for what is awaited; None: nothing is."""
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = None if seconds is None else self.loop.call_later(seconds, self._too_slow)

    def _too_slow(self) -> None:
        if self.transport.is_closing():
            return
        # Who is slow is not waited for again.
        self._closing.unread = False
        if self._in_body and self.cycle.response_started:
            self.transport.close()
        else:
            self._refuse("408 Request Timeout", _TOO_SLOW)

    def _refuse(self, status: str, text: str) -> None:
        head = f"HTTP/1.1 {status}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {len(text)}\r\n"
        self.transport.write(f"{head}connection: close\r\n\r\n{text}".encode())
        self.transport.close()
