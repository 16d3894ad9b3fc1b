"""A clock that moves only when it is told to, for everything in the SDK that tells the time."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack, suppress
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

_DRIVEN: Final = (
    "hivesight_sdk.trackers.tracking",
    "hivesight_sdk.batches",
    "hivesight_sdk.exemplars",
    "hivesight_sdk.push.jobs",
    "hivesight_sdk.monitor.sample",
)
"""Modules that measure or tell the time. Those that wait for others, within a deadline, keep to real time."""

_CLOCKED: Final = (("hivesight_sdk.monitor.monitor", "PerformanceMonitor"),)
"""Classes whose clocks are keyword arguments."""

_MONITOR_THREAD: Final = "hivesight-monitor"
_POLL_SECONDS: Final = 0.01
_SETTLE_SECONDS: Final = 10.0


class FakeClock:
    """Within the block, durations, heartbeats and performance monitors (those made in it) go by this clock, and so do
    spans. It stands still until `advance`. `start` is Unix time in seconds.

    What your own program reads from `time` is not touched: give it `clock.time` or `clock.monotonic`.
    """

    def __init__(self, start: float = 1_700_000_000.0) -> None:
        self._start: Final = start
        self._elapsed = 0.0
        self._changed: Final = threading.Condition()
        self._waiting: Final[list[_Waiting]] = []
        self._undo = ExitStack()
        self._older: frozenset[threading.Thread] = frozenset()

    def time(self) -> float:
        """Unix time in seconds."""
        return self._start + self._elapsed

    def time_ns(self) -> int:
        """Unix time in nanoseconds."""
        return round(self.time() * 1e9)

    def monotonic(self) -> float:
        """Seconds since the clock was made."""
        return self._elapsed

    perf_counter = monotonic

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Wait for `event`, or until the clock was advanced that far; says whether the event came."""
        here = _Waiting(self._elapsed + seconds, threading.current_thread())
        with self._changed:
            self._waiting.append(here)
            self._changed.notify_all()
            while not here.over and not event.is_set():
                self._changed.wait(_POLL_SECONDS)
            if here in self._waiting:
                self._waiting.remove(here)
        return event.is_set()

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass. A monitor makes each collection that is due meanwhile, and this returns when it is done.

        In a coroutine use `await asyncio.to_thread(clock.advance, seconds)`, so that async providers can run.
        """
        if seconds < 0:
            raise ValueError("a clock goes forward: seconds must not be negative")
        with self._changed:
            until = self._elapsed + seconds
            for thread in threading.enumerate():
                if thread.name == _MONITOR_THREAD and thread not in self._older:
                    self._settle(thread)
            while due := [each for each in self._waiting if each.until <= until]:
                first = min(due, key=lambda each: each.until)
                self._elapsed = max(self._elapsed, first.until)
                first.over = True
                self._waiting.remove(first)
                self._changed.notify_all()
                self._settle(first.thread)
            self._elapsed = until

    def _settle(self, thread: threading.Thread) -> None:
        """Until `thread` waits for the clock, or has ended."""
        deadline = time.monotonic() + _SETTLE_SECONDS
        while thread.is_alive() and not any(each.thread is thread for each in self._waiting):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{thread.name} does not come to wait for the clock: what it calls does not return")
            self._changed.wait(_POLL_SECONDS)

    def __enter__(self) -> FakeClock:
        stand_in = _Time(self)
        self._older = frozenset(threading.enumerate())
        for name in _DRIVEN:
            self._drive(import_module(name), stand_in)
        with suppress(ModuleNotFoundError):  # where there are no traces, there is none to drive
            self._drive(import_module("opentelemetry.sdk.trace"), stand_in)
        for module, name in _CLOCKED:
            defaults: dict[str, Any] = getattr(import_module(module), name).__init__.__kwdefaults__
            ours = {"clock": self.monotonic, "wall_clock": self.time, "wait": self.wait}
            self._replace(defaults, ours)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._undo.close()

    def _drive(self, module: ModuleType, stand_in: ModuleType) -> None:
        names: dict[str, Any] = vars(module)
        ours: dict[str, Any] = {"time": stand_in if isinstance(names.get("time"), ModuleType) else self.time}
        ours |= {name: getattr(self, name) for name in ("time_ns", "monotonic", "perf_counter")}
        self._replace(names, {name: value for name, value in ours.items() if name in names})

    def _replace(self, names: dict[str, Any], ours: Mapping[str, object]) -> None:
        self._undo.callback(names.update, {name: names[name] for name in ours})
        names.update(ours)


class _Waiting:
    __slots__ = ("over", "thread", "until")

    def __init__(self, until: float, thread: threading.Thread) -> None:
        self.until: Final = until
        self.thread: Final = thread
        self.over = False


class _Time(ModuleType):
    """The module `time`, by another clock."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__("time")
        self.time: Callable[[], float] = clock.time
        self.time_ns: Callable[[], int] = clock.time_ns
        self.monotonic: Callable[[], float] = clock.monotonic
        self.perf_counter: Callable[[], float] = clock.perf_counter

    def __getattr__(self, name: str) -> object:
        return getattr(time, name)
