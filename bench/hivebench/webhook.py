"""A webhook receiver in a process of its own: it answers at once and notes which alert arrived when."""

import asyncio
import contextlib
import multiprocessing
import time
from collections.abc import Generator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any, Final, Literal

import orjson

_ANSWER: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


@dataclass(slots=True)
class Arrived:
    """first: per alert, by its label `number`, when it was told first. Times in seconds since the epoch."""

    posts: int = 0
    last: float = 0.0
    first: dict[str, float] = field(default_factory=dict[str, float])

    def take(self, body: bytes, at: float) -> None:
        self.posts += 1
        self.last = at
        for alert in orjson.loads(body)["alerts"]:
            self.first.setdefault(alert["labels"].get("number", ""), at)


class Receiver:
    """The end of the pipe that asks."""

    def __init__(self, url: str, pipe: "Connection[Any, Any]") -> None:
        self.url = url
        self._pipe = pipe

    def arrived(self) -> Arrived:
        """What has arrived since the last `forget`."""
        self._pipe.send("arrived")
        return self._pipe.recv()

    def forget(self) -> None:
        self._pipe.send("forget")
        self._pipe.recv()

    def wait_for(self, alerts: int, most_seconds: float) -> Arrived:
        """Until so many different alerts have arrived, or the time is up."""
        until = time.monotonic() + most_seconds
        while len((found := self.arrived()).first) < alerts and time.monotonic() < until:
            time.sleep(0.05)
        return found


@contextlib.contextmanager
def receiver() -> Generator[Receiver]:
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield Receiver(f"http://127.0.0.1:{ours.recv()}/hook", ours)
    finally:
        process.kill()
        process.join()


def _serve(pipe: "Connection[Any, Any]") -> None:
    asyncio.run(_listen(pipe))


async def _listen(pipe: "Connection[Any, Any]") -> None:
    arrived = Arrived()

    class Protocol(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self._transport = transport
            self._read = bytearray()

        def data_received(self, data: bytes) -> None:
            self._read += data
            while (end := self._read.find(b"\r\n\r\n")) >= 0:
                head = self._read[:end].lower()
                length = int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
                if len(self._read) < end + 4 + length:
                    break
                body = bytes(self._read[end + 4 : end + 4 + length])
                del self._read[: end + 4 + length]
                at = time.time()
                assert isinstance(self._transport, asyncio.Transport)
                self._transport.write(_ANSWER)
                arrived.take(body, at)

    def asked() -> None:
        nonlocal arrived
        try:
            question: Literal["arrived", "forget"] = pipe.recv()
        except EOFError:
            # Whoever measured has gone.
            server.close()
            loop.remove_reader(pipe.fileno())
            return
        if question == "forget":
            arrived = Arrived()
        pipe.send(arrived)

    loop = asyncio.get_running_loop()
    server = await loop.create_server(Protocol, "127.0.0.1", 0, backlog=1024)
    loop.add_reader(pipe.fileno(), asked)
    pipe.send(server.sockets[0].getsockname()[1])
    with contextlib.suppress(asyncio.CancelledError):
        await server.serve_forever()
