"""What strangers send to the socket itself."""

import asyncio
import contextlib
import itertools

import pytest
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from hivesight.api.http_protocol import MAX_HEAD_BYTES
from hivesight.api.server import HttpServer, bind

_PIECE = b"a" * 8192
_ENDLESS = {
    "path": (b"GET /", _PIECE),
    "one header": (b"GET / HTTP/1.1\r\nHost: x\r\nX: ", _PIECE),
    "many headers": (b"GET / HTTP/1.1\r\nHost: x\r\n", b"X: y\r\n" * 500),
    "trailers": (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n" * 500),
    "trailer": (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ", _PIECE),
    "chunk extension": (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;", _PIECE),
}


async def _length(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(len(await request.body())))


async def _talk(sent: list[bytes], most: int = 1 << 20) -> bytes:
    """What a server answers to the pieces, of which it reads at most so many bytes."""
    listener = bind("127.0.0.1", 0, "listen")
    server = HttpServer(Starlette(routes=[Route("/", _length, methods=["GET", "POST"])]), listener)
    stop = asyncio.Event()
    serving = asyncio.create_task(server.run_until(stop))
    reader, writer = await asyncio.open_connection(*listener.getsockname())
    answer, total = asyncio.create_task(reader.read(1 << 16)), 0
    for piece in sent:
        with contextlib.suppress(ConnectionError):
            writer.write(piece)
            await writer.drain()
        total += len(piece)
        if answer.done() or total > most:
            break
        await asyncio.sleep(0)
    found = await asyncio.wait_for(answer, 10)
    assert total <= most
    writer.close()
    stop.set()
    await serving
    listener.close()
    return found


@pytest.mark.parametrize("endless", _ENDLESS)
def test_a_head_without_end_is_refused(endless: str) -> None:
    first, again = _ENDLESS[endless]
    count = 1_000_000 // len(again)
    found = uvloop.run(_talk([first, *itertools.repeat(again, count)]))
    assert found.startswith(b"HTTP/1.1 431 ")
    assert str(MAX_HEAD_BYTES).encode() in found


def test_a_body_may_be_longer_than_a_head() -> None:
    body = b"b" * (10 * MAX_HEAD_BYTES)
    chunks = [b"%x\r\n%b\r\n" % (len(_PIECE), _PIECE) for _ in range(40)]
    head = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    plain = uvloop.run(_talk([head + b"Content-Length: %d\r\n\r\n" % len(body), body]))
    chunked = uvloop.run(_talk([head + b"Transfer-Encoding: chunked\r\n\r\n", *chunks, b"0\r\n\r\n"]))
    assert plain.startswith(b"HTTP/1.1 200 ") and plain.endswith(b"\r\n\r\n%d" % len(body))
    assert chunked.startswith(b"HTTP/1.1 200 ") and chunked.endswith(b"\r\n\r\n%d" % (40 * len(_PIECE)))
