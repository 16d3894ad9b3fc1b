"""A daemon thread that runs a round at every interval, whatever a round does, until it is asked to stop."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING

from hivesight_sdk.recording import drop

if TYPE_CHECKING:
    from collections.abc import Callable


class MonitorThread:
    """One run, from `start` to its end. A thread that is to start again is a new one."""

    def __init__(
        self,
        run_round: Callable[[], None],
        interval_seconds: Callable[[], float],
        clock: Callable[[], float],
        wait: Callable[[threading.Event, float], bool],
    ) -> None:
        self._round = run_round
        self._interval = interval_seconds
        self._clock = clock
        self._wait = wait
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._on_end: list[Callable[[], None]] | None = []
        self._thread = threading.Thread(target=self._run, name="hivesight-monitor", daemon=True)

    @property
    def collecting(self) -> bool:
        """Whether the thread is alive in this process and was not asked to stop."""
        return self._thread.is_alive() and not self._stopped.is_set()

    @property
    def asked_to_stop(self) -> bool:
        """Whether it was asked to stop, in this process or before the fork."""
        return self._stopped.is_set()

    def start(self) -> bool:
        """Start the thread. False, counted and logged, when this process can have no more threads."""
        try:
            self._thread.start()
        except RuntimeError as error:  # no more threads, or the interpreter is shutting down
            drop("sampling_failed", f"cannot start the performance monitor: {error}", error)
            return False
        return True

    def ask_to_stop(self) -> None:
        """Let the round under way be the last. Does not wait."""
        self._stopped.set()

    def join(self, timeout_seconds: float) -> None:
        """Wait for the end, for at most `timeout_seconds`. On the thread itself, do nothing."""
        if self._thread is not threading.current_thread():
            self._thread.join(max(0.0, timeout_seconds))

    async def ended(self) -> None:
        """Return when the thread has ended."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()

        def end() -> None:
            if not future.done():
                future.set_result(None)

        def from_thread() -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(end)

        with self._lock:
            if self._on_end is None:
                return
            self._on_end.append(from_thread)
        await future

    def _run(self) -> None:
        due = self._clock()
        while not self._stopped.is_set():
            try:
                self._round()
            except Exception as error:  # noqa: BLE001  a supervising loop: counted, and the next round comes
                drop("sampling_failed", f"a collection of the performance monitor failed: {error}", error)
            interval, now = self._interval(), self._clock()
            # From due time to due time, so that the time a round takes does not add up; what is missed is left out.
            due = due + interval if now < due + interval else now + interval
            if self._wait(self._stopped, due - now):
                break
        with self._lock:
            callbacks, self._on_end = self._on_end or [], None
        for callback in callbacks:
            callback()
