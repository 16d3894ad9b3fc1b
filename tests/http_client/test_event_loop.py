"""Names that nobody answers for, and the others."""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvloop

from hivesight.http_client.event_loop import MOST_AT_ONCE, EventLoop
from hivesight.http_client.threads import in_own_thread


@dataclass
class Resolver:
    """Does not answer for names below hang.example until it is told to."""

    released: threading.Event = field(default_factory=threading.Event)
    asked: list[str] = field(default_factory=list)

    def __call__(self, host: str, *rest: Any) -> list[Any]:
        self.asked.append(host)
        if host.endswith("hang.example"):
            self.released.wait(30)
            raise socket.gaierror(socket.EAI_AGAIN, "no answer")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", rest[0]))]


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Resolver]:
    found = Resolver()
    monkeypatch.setattr(socket, "getaddrinfo", found)
    yield found
    found.released.set()


def run(work: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(30):
            await work()

    uvloop.run(bounded(), loop_factory=EventLoop)


def look_up(host: str) -> "asyncio.Task[Any]":
    loop = asyncio.get_running_loop()
    return loop.create_task(loop.getaddrinfo(host, 80, type=socket.SOCK_STREAM))


async def until(come: Callable[[], bool]) -> None:
    for _ in range(20_000):
        if come():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("it did not come")


def test_names_that_hang_hold_up_no_other(resolver: Resolver) -> None:
    async def work() -> None:
        hanging = [look_up(f"{number}.hang.example") for number in range(MOST_AT_ONCE - 1)]
        await until(lambda: len(resolver.asked) == len(hanging))
        ((*_, address),) = await look_up("good.example")
        assert address == ("127.0.0.1", 80) and not any(each.done() for each in hanging)

    run(work)


def test_a_name_is_asked_for_once_by_however_many(resolver: Resolver) -> None:
    async def work() -> None:
        first, *others = [look_up("hang.example") for _ in range(5)]
        await until(lambda: bool(resolver.asked))
        first.cancel()
        await until(first.done)
        assert first.cancelled() and not any(each.done() for each in others)
        resolver.released.set()
        for each in others:
            with pytest.raises(socket.gaierror, match="no answer"):
                await each
        assert resolver.asked == ["hang.example"]
        resolver.asked.clear()
        await asyncio.gather(look_up("hang.example"), return_exceptions=True)
        assert resolver.asked == ["hang.example"]

    run(work)


def test_there_is_a_bound_and_further_names_wait(resolver: Resolver) -> None:
    async def work() -> None:
        hanging = [look_up(f"{number}.hang.example") for number in range(MOST_AT_ONCE)]
        await until(lambda: len(resolver.asked) == MOST_AT_ONCE)
        good = look_up("good.example")
        await asyncio.sleep(0.01)
        assert not good.done() and len(resolver.asked) == MOST_AT_ONCE
        resolver.released.set()
        await asyncio.gather(*hanging, return_exceptions=True)
        assert await good

    run(work)


def test_nobody_waits_for_a_thread_that_hangs(resolver: Resolver) -> None:
    async def work() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await in_own_thread(lambda: resolver.released.wait(30), "stuck")
        look_up("hang.example")
        await until(lambda: bool(resolver.asked))

    # It ends although both threads hang.
    run(work)
    assert not resolver.released.is_set()
