"""Event loop lag, on a loop whose clock the test moves."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from hivesight_sdk import watch_event_loop

Growth = Callable[..., Callable[[], float]]
COUNT, SUM = "agent_hive_event_loop_lag_seconds_count", "agent_hive_event_loop_lag_seconds_sum"


class SteppedLoop(asyncio.SelectorEventLoop):
    """Its time stands still but for what the test adds; a timer that is due runs at once."""

    now = 1000.0

    def time(self) -> float:
        return self.now


def _turn(loop: asyncio.AbstractEventLoop) -> None:
    loop.run_until_complete(asyncio.sleep(0))


def test_lag_is_how_late_a_timer_runs(growth: Growth) -> None:
    loop = SteppedLoop()
    try:
        count, total = growth(COUNT), growth(SUM)
        watch = watch_event_loop(loop, interval_seconds=1.0)
        _turn(loop)
        assert watch.watching
        for late in (0.0, 2.5):
            loop.now += 1.0 + late
            _turn(loop)
            _turn(loop)
        assert count() == 2
        assert total() == pytest.approx(2.5)
        watch.close()
        watch.close()
        loop.now += 1.0
        _turn(loop)
        assert count() == 2
        assert not watch.watching
    finally:
        loop.close()


def test_the_running_loop_is_watched_by_default() -> None:
    async def main() -> None:
        watch = watch_event_loop()
        assert watch.watching
        watch.close()

    asyncio.run(main())


def test_without_a_loop_nothing_is_watched(growth: Growth) -> None:
    dropped = growth("agent_hive_sdk_dropped_total", reason="invalid_value")
    assert not watch_event_loop().watching
    closed = asyncio.new_event_loop()
    closed.close()
    assert not watch_event_loop(closed).watching
    nonsense: Any = object()
    assert not watch_event_loop(nonsense).watching
    assert dropped() == 3


def test_a_loop_may_be_watched_from_another_thread(growth: Growth) -> None:
    loop = SteppedLoop()
    try:
        count = growth(COUNT)
        thread = threading.Thread(target=watch_event_loop, args=(loop,), kwargs={"interval_seconds": 1.0})
        thread.start()
        thread.join()
        _turn(loop)
        loop.now += 1.0
        _turn(loop)
        assert count() == 1
    finally:
        loop.close()
