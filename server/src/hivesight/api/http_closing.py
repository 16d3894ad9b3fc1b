"""Closing a connection so that who is still sending can read the answer (RFC 9112, section 9.6): TCP throws the answer
away where a socket is closed with bytes in it that nobody has read."""

import asyncio
from typing import Any, Final

LINGER_BYTES: Final = 64 << 20
LINGER_SECONDS: Final = 10
"""So much, and so long, is taken from a client that was answered before it had sent everything, and thrown away."""


class LingeringTransport(asyncio.Transport):
    """A transport whose `close` ends only the sending side while a request is not read to its end; the rest of it is
    thrown away within bounds. A second `close` ends it at once. unread: whether there is such a rest, told by the
    protocol."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self.unread = False
        self._transport = transport
        self._loop = loop
        self._left: int | None = None
        self._end: asyncio.TimerHandle | None = None

    def drained(self, nbytes: int) -> bool:
        """Bytes have come: whether they are thrown away."""
        if self._left is None:
            return False
        self._left -= nbytes
        if self._left < 0:
            self._transport.close()
        return True

    def lost(self) -> None:
        """The connection is gone."""
        if self._end is not None:
            self._end.cancel()

    def close(self) -> None:
        if not self.unread or self._left is not None or self._transport.is_closing():
            self._transport.close()
            return
        self._left = LINGER_BYTES
        self._end = self._loop.call_later(LINGER_SECONDS, self._transport.close)
        self._transport.write_eof()
        self._transport.resume_reading()

    def is_closing(self) -> bool:
        return self._left is not None or self._transport.is_closing()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self._left is None:
            self._transport.write(data)

    def pause_reading(self) -> None:
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        self._transport.resume_reading()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._transport.get_extra_info(name, default)
