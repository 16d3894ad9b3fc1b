"""Bad receivers beside a good one, from the alert to the wire, over real sockets and by the machine's clock: each
delays only itself, and hears once when it can hear again."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import orjson
from prometheus_client import CollectorRegistry

from alerting.fakes import memory_tables
from hivesight.alerting import Alerting, AlertingMetrics, read_config
from hivesight.model.alert import Alert
from hivesight.model.clock import SystemClock
from hivesight.model.labels import Labels
from hivesight.notify import Delivery, History, NotifyMetrics, build_pipeline

ASKED_SECONDS: Final = 2
OK: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
LIMITED: Final = b"HTTP/1.1 429 Slow Down\r\nRetry-After: %d\r\nContent-Length: 0\r\n\r\n" % ASKED_SECONDS


@dataclass
class Wire:
    """A receiver by the byte. answer: what it does with a request until it is well; None: it never answers; empty: it
    resets the connection."""

    answer: bytes | None
    well: bool = False
    port: int = 0
    heard: list[tuple[float, bool]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line[:15] == b"content-length:")
                body = orjson.loads(await reader.readexactly(length))
                self.heard.append((asyncio.get_running_loop().time(), self.well))
                if self.well:
                    self.told.append(body["status"])
                    writer.write(OK)
                elif self.answer is None:
                    await reader.read()
                elif not self.answer:
                    writer.transport.abort()
                else:
                    writer.write(self.answer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


async def until(come: Callable[[], bool]) -> None:
    for _ in range(6000):
        if come():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it did not come")


CONFIG = """
route: {receiver: team, group_by: [alertname], group_wait: 0s, group_interval: 20s, repeat_interval: 1h}
receivers:
- name: team
  webhook_configs: [URLS]
"""


async def tell_all(wires: dict[str, Wire], history: History) -> None:
    """An alert for all of them; each gets well once it has been seen to be bad, and is waited for."""
    servers = [await asyncio.start_server(wire.serve, "127.0.0.1", 0) for wire in wires.values()]
    for wire, server in zip(wires.values(), servers, strict=True):
        wire.port = server.sockets[0].getsockname()[1]
    urls = ", ".join(
        f"{{url: 'http://127.0.0.1:{wire.port}/', timeout: {'1s' if wire.answer is None else '20s'}}}"
        for wire in wires.values()
    )
    file = read_config(Path("am.yml"), CONFIG.replace("URLS", urls))
    assert file.config is not None
    clock, registry, tables = SystemClock(), CollectorRegistry(), memory_tables()
    room = Alerting(tables, clock, AlertingMetrics(registry))
    metrics = NotifyMetrics(registry)
    pipeline = build_pipeline(
        file,
        muter=room,
        log=room.log,
        journal=room.journal,
        history=history,
        metrics=metrics,
        clock=clock,
        external_url="http://hive",
    )
    room.apply(file.config, pipeline)
    running = asyncio.create_task(room.run())
    now_ms = clock.now_ms()
    room.put([Alert(Labels({"alertname": "X"}), now_ms, now_ms + 3_600_000)])
    good, bad = wires["good"], [wire for name, wire in wires.items() if name != "good"]
    await until(lambda: bool(good.told) and bool(history.recent()))
    # The good one heard, and that is noted, while every other is still being tried.
    assert good.told == ["firing"] and [each.index for each in history.recent()] == [0]
    await until(lambda: all(wire.heard for wire in bad))
    await until(lambda: len(wires["hangs"].heard) > 1 and len(wires["resets"].heard) > 1)
    for wire in bad:
        wire.well = True
    await until(lambda: len(history.recent()) == len(wires))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    for server in servers:
        server.close()


def test_each_delays_only_itself_and_hears_once() -> None:
    wires = {"good": Wire(OK, well=True), "hangs": Wire(None), "limits": Wire(LIMITED), "resets": Wire(b"")}
    history = History(memory_tables().deliveries)
    asyncio.run(tell_all(wires, history))
    assert {name: wire.told for name, wire in wires.items()} == {name: ["firing"] for name in wires}
    deliveries: dict[int, Delivery] = {each.index: each for each in history.recent()}
    assert [deliveries[index].attempts for index in range(4)] == [len(wire.heard) for wire in wires.values()]
    assert deliveries[0].attempts == 1 and deliveries[2].attempts == 2
    (refused, _), (heard, _) = wires["limits"].heard
    assert heard - refused >= ASKED_SECONDS - 0.01
