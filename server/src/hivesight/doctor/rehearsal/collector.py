"""Receivers that take everything: an HTTP server and a mail server on free ports of the loopback. What was sent to
each place is there to be taken."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

MAX_BODY_BYTES: Final = 32 << 20
_MAX_LINE_BYTES: Final = 64 << 10
_ANSWER: Final = b'{"ok":true}'
"""What Slack and Telegram say when all is well; the others look at the status alone."""

_Converse = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Collector:
    """Listens between `open` and `close`."""

    def __init__(self) -> None:
        self._bodies: dict[str, list[bytes]] = {}
        self._mails: list[bytes] = []
        self._servers: list[asyncio.Server] = []
        self._clients: set[asyncio.StreamWriter] = set()
        self._conversing: set[asyncio.Task[None]] = set()
        self.http_port = 0
        self.smtp_port = 0

    async def open(self) -> None:
        """Listens from now on."""
        self.http_port = await self._serve(self._http)
        self.smtp_port = await self._serve(self._smtp)

    async def close(self) -> None:
        """Ends all conversations."""
        for server in self._servers:
            server.close()
        for writer in list(self._clients):
            writer.close()
        while self._conversing:
            await asyncio.gather(*self._conversing, return_exceptions=True)

    def url(self, place: str) -> str:
        """The address under which what is sent is kept for `place`, a path without slashes at its ends."""
        return f"http://127.0.0.1:{self.http_port}/{place}"

    def take(self, place: str) -> list[bytes]:
        """The bodies that came to a place, or below it, since it was asked last."""
        taken = [body for path in list(self._bodies) if _below(path, place) for body in self._bodies[path]]
        self._bodies = {path: bodies for path, bodies in self._bodies.items() if not _below(path, place)}
        return taken

    def take_mails(self) -> list[bytes]:
        """The mails that came since it was asked last."""
        taken, self._mails = self._mails, []
        return taken

    async def _serve(self, converse: _Converse) -> int:
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            # Whoever sent what is no message is told so by the end of the connection.
            with suppress(asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, ValueError):
                await converse(reader, writer)
            writer.close()

        def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.get_running_loop().create_task(handle(reader, writer))
            self._conversing.add(task)
            self._clients.add(writer)
            task.add_done_callback(self._conversing.discard)
            task.add_done_callback(lambda _: self._clients.discard(writer))

        server = await asyncio.start_server(begin, "127.0.0.1", 0, limit=_MAX_LINE_BYTES)
        self._servers.append(server)
        return server.sockets[0].getsockname()[1]

    async def _http(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """HTTP/1.1 with a Content-Length, one request after the other (RFC 9112)."""
        while head := await _head(reader):
            request, _, fields = head.partition("\r\n")
            path = request.split(" ")[1].strip("/")
            names = (field.partition(":") for field in fields.split("\r\n"))
            sizes = [int(value) for name, _, value in names if name.lower() == "content-length"]
            if not sizes or not 0 <= sizes[0] <= MAX_BODY_BYTES:
                raise ValueError("a body of unknown size, or too large")
            self._bodies.setdefault(path, []).append(await reader.readexactly(sizes[0]))
            fields = f"Content-Type: application/json\r\nContent-Length: {len(_ANSWER)}"
            writer.write(f"HTTP/1.1 200 OK\r\n{fields}\r\n\r\n".encode() + _ANSWER)
            await writer.drain()

    async def _smtp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """As much of SMTP as it takes to be handed a mail (RFC 5321, section 4.1)."""
        writer.write(b"220 rehearsal\r\n")
        while line := await reader.readline():
            verb = line[:4].upper().rstrip()
            if verb == b"DATA":
                writer.write(b"354 go ahead\r\n")
                self._mails.append(await _mail(reader))
            writer.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")
            await writer.drain()
            if verb == b"QUIT":
                return


def _below(path: str, place: str) -> bool:
    return path == place or path.startswith(f"{place}/")


async def _head(reader: asyncio.StreamReader) -> str:
    """The request line and the fields; empty where the client has gone."""
    try:
        return (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return ""


async def _mail(reader: asyncio.StreamReader) -> bytes:
    """The lines up to the one with a dot alone; of two dots at the begin of a line one is taken away."""
    lines: list[bytes] = []
    left = MAX_BODY_BYTES
    while (line := await reader.readline()) != b".\r\n":
        left -= len(line)
        if not line or left < 0:
            raise ValueError("a mail without an end, or too large")
        lines.append(line[1:] if line.startswith(b".") else line)
    return b"".join(lines)
