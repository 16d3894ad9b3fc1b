"""How late an asyncio event loop runs its timers: the first sign that something blocks it."""

from __future__ import annotations

import asyncio
from typing import Final

from hivesight_sdk import metrics
from hivesight_sdk.recording import drop, record

DEFAULT_INTERVAL_SECONDS: Final = 0.5
_MIN_INTERVAL_SECONDS: Final = 0.01


class EventLoopWatch:
    """Observes the lag of `loop` into `agent_hive_event_loop_lag_seconds` until `close()`, or until the loop closes."""

    def __init__(self, loop: asyncio.AbstractEventLoop | None, interval_seconds: float) -> None:
        self._loop = loop
        self._interval = max(_MIN_INTERVAL_SECONDS, interval_seconds)
        self._closed = loop is None

    @property
    def watching(self) -> bool:
        """Whether the lag is being observed."""
        return not self._closed and self._loop is not None and not self._loop.is_closed()

    def close(self) -> None:
        """Stop watching. May be called twice and from any thread."""
        self._closed = True

    def _schedule(self) -> None:
        if self._loop is not None and self.watching:
            due = self._loop.time() + self._interval
            self._loop.call_at(due, self._observe, due)

    def _observe(self, due: float) -> None:
        if self._loop is not None and not self._closed:
            lag = max(0.0, self._loop.time() - due)
            record(lambda: metrics.EVENT_LOOP_LAG.observe(lag))
            self._schedule()


def watch_event_loop(
    loop: asyncio.AbstractEventLoop | None = None, *, interval_seconds: float = DEFAULT_INTERVAL_SECONDS
) -> EventLoopWatch:
    """Watch `loop`, or the running one. May be called from any thread when `loop` is given.

    Without a loop, nothing is watched: that is logged and counted, and does not raise.
    """
    try:
        watched = loop if loop is not None else asyncio.get_running_loop()
        watch = EventLoopWatch(watched, interval_seconds)
        watched.call_soon_threadsafe(watch._schedule)  # pyright: ignore[reportPrivateUsage]
    except (RuntimeError, AttributeError, TypeError) as error:
        drop("invalid_value", f"cannot watch the event loop: {error}. Call watch_event_loop() in a coroutine")
        return EventLoopWatch(None, DEFAULT_INTERVAL_SECONDS)
    return watch
