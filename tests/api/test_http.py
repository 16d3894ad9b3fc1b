"""What strangers send to the socket itself."""

import asyncio
import contextlib
import itertools
import socket
from collections.abc import AsyncGenerator

import pytest
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from structlog.testing import capture_logs

from hivesight.api import http_closing, http_protocol
from hivesight.api.application import application
from hivesight.api.body import BodyTooLarge, body_of
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


_MOST = 1 << 16
_TOO_MUCH = {
    "body": (b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % (8 << 20), 413),
    "head": (b"POST / HTTP/1.1\r\nHost: x\r\nX: ", 431),
    "garbage": (b"\x16\x03\x01", 400),
}


async def _bounded(request: Request) -> PlainTextResponse:
    try:
        await body_of(request, _MOST)
    except BodyTooLarge as error:
        return PlainTextResponse(str(error), 413)
    return PlainTextResponse("taken")


@contextlib.asynccontextmanager
async def _bounded_server() -> AsyncGenerator[tuple[str, int]]:
    listener = bind("127.0.0.1", 0, "listen")
    app = application([Route("/", _bounded, methods=["POST"])])
    stop = asyncio.Event()
    serving = asyncio.create_task(HttpServer(app, listener).run_until(stop))
    try:
        yield listener.getsockname()
    finally:
        stop.set()
        await serving
        listener.close()


def _sent_whole(address: tuple[str, int], sent: bytes) -> bytes:
    """What a client reads that first sends all of it, as most do."""
    with socket.create_connection(address, timeout=10) as client:
        client.sendall(sent)
        return b"".join(iter(lambda: client.recv(1 << 16), b""))


@pytest.mark.parametrize("sent", _TOO_MUCH)
def test_who_sends_too_much_reads_the_refusal(sent: str) -> None:
    head, status = _TOO_MUCH[sent]

    async def ask() -> bytes:
        async with _bounded_server() as address:
            return await asyncio.to_thread(_sent_whole, address, head + b"x" * (8 << 20))

    assert uvloop.run(ask()).startswith(b"HTTP/1.1 %d " % status)


def test_what_is_thrown_away_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_closing, "LINGER_BYTES", 1 << 20)
    head = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % (1 << 40)

    async def ask() -> None:
        async with _bounded_server() as address:
            _, writer = await asyncio.open_connection(*address)
            writer.write(head)
            with pytest.raises(ConnectionError):
                while True:
                    writer.write(b"x" * (1 << 16))
                    await writer.drain()
            writer.close()

    uvloop.run(ask())


@pytest.mark.parametrize("name", ["HEAD_SECONDS", "BODY_SECONDS"])
def test_who_is_slow_is_hung_up_on(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, name, 0.01)
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n"

    async def ask() -> bytes:
        async with _bounded_server() as address:
            reader, writer = await asyncio.open_connection(*address)
            writer.write(head + b"\r\nab" if name == "BODY_SECONDS" else head)
            found = await asyncio.wait_for(reader.read(), 10)
            writer.close()
            return found

    assert uvloop.run(ask()).startswith(b"HTTP/1.1 408 ")


def test_who_goes_away_within_a_body_leaves_no_line_in_the_log() -> None:
    async def ask() -> None:
        async with _bounded_server() as address:
            reader, writer = await asyncio.open_connection(*address)
            writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n")
            # The application reads the body from then on.
            assert (await reader.readline()).startswith(b"HTTP/1.1 100 ")
            writer.close()
            await writer.wait_closed()

    with capture_logs() as lines:
        uvloop.run(ask())
    assert lines == []
