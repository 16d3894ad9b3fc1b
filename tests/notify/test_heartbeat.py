"""The dead man's switch: it beats while the alert that always fires arrives, and only then."""

import asyncio
from pathlib import Path

from prometheus_client import CollectorRegistry

from alerting.fakes import START, ManualClock
from e2e.running import eventually
from hivesight.model.secret import Secret
from hivesight.notify.heartbeat import RETRY_SECONDS, STALE_MS, Heartbeat, HeartbeatConfig
from hivesight.notify.metrics import HeartbeatMetrics
from notify.helpers import Receiver, Reply, receiver


class Beating:
    """A heartbeat to a receiver, and the alert's last word."""

    def __init__(self, there: Receiver, **settings: object) -> None:
        self.clock, self.registry, self.heard_ms = ManualClock(), CollectorRegistry(), START
        self.heartbeat = Heartbeat(lambda name: self.heard_ms, self.clock, HeartbeatMetrics(self.registry))
        self.config = HeartbeatConfig(url=Secret(f"{there.url}/beat"), **settings)  # type: ignore[arg-type]
        self.there = there

    def count(self, outcome: str) -> float:
        return self.registry.get_sample_value("hivesight_heartbeats_total", {"outcome": outcome}) or 0

    async def until(self, requests: int) -> None:
        """Runs until the receiver has heard so much and the heartbeat has made up its mind about it."""
        self.heartbeat.apply(self.config, Path())
        running = asyncio.create_task(self.heartbeat.run())
        await asyncio.to_thread(
            eventually, lambda: self.count("sent") + self.count("failed") >= requests, 10, f"{requests} heartbeats"
        )
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await self.heartbeat.close()


def test_it_beats_every_interval() -> None:
    with receiver() as there:
        beating = Beating(there, interval_ms=10)
        asyncio.run(beating.until(3))
        assert {request.path for request in there.requests} == {"/beat"}
        assert beating.count("withheld") == beating.count("failed") == 0
        assert beating.registry.get_sample_value("hivesight_heartbeat_last_sent_timestamp_seconds") == START / 1000


def test_a_failure_is_counted_and_tried_again() -> None:
    with receiver(Reply(503), Reply(200)) as there:
        beating = Beating(there, interval_ms=10)
        asyncio.run(beating.until(2))
        assert beating.count("failed") == 1 <= beating.count("sent")


def wait(beating: Beating) -> float:
    """One heartbeat; the seconds until the next."""

    async def beat() -> float:
        beating.heartbeat.apply(beating.config, Path())
        assert beating.heartbeat._target is not None
        seconds = await beating.heartbeat._beat(beating.heartbeat._target)
        await beating.heartbeat.close()
        return seconds

    return asyncio.run(beat())


def test_it_is_withheld_while_the_alert_does_not_arrive() -> None:
    with receiver() as there:
        beating = Beating(there)
        beating.clock.ms = START + STALE_MS
        assert wait(beating) == 60
        beating.clock.ms += 1
        assert wait(beating) == RETRY_SECONDS
        beating.heard_ms = 0
        assert wait(beating) == RETRY_SECONDS
        assert (beating.count("sent"), beating.count("withheld"), len(there.requests)) == (1, 2, 1)


def test_the_service_may_ask_for_peace() -> None:
    with receiver(Reply(429, headers={"Retry-After": "30"})) as there:
        assert wait(Beating(there)) == 30


def test_a_new_configuration_takes_effect_at_once() -> None:
    with receiver() as there, receiver() as other:
        beating = Beating(there, interval_ms=3_600_000, method="GET")

        async def go() -> None:
            beating.heartbeat.apply(beating.config, Path())
            running = asyncio.create_task(beating.heartbeat.run())
            await asyncio.to_thread(eventually, lambda: there.requests, 10, "a first heartbeat")
            beating.heartbeat.apply(HeartbeatConfig(url=Secret(other.url)), Path())
            await asyncio.to_thread(eventually, lambda: other.requests, 10, "one to the new place")
            beating.heartbeat.apply(HeartbeatConfig(), Path())
            await asyncio.sleep(0)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await beating.heartbeat.close()

        asyncio.run(go())
        assert [request.method for request in there.requests + other.requests] == ["GET", "POST"]
