"""Time as an argument."""

import time
from typing import Protocol


class Clock(Protocol):
    """Where the time comes from; tests hand in one of their own."""

    def now_ms(self) -> int:
        """Wall-clock time, milliseconds since the epoch."""
        ...

    def monotonic(self) -> float:
        """Seconds on a clock that never goes back, for measuring durations."""
        ...


class SystemClock:
    """The machine's clocks."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        return time.monotonic()


class SetClock:
    """A clock that stands until somebody sets it, for what runs in a time of its own. ms: since the epoch."""

    def __init__(self, ms: int) -> None:
        self.ms = ms

    def now_ms(self) -> int:
        return self.ms

    def monotonic(self) -> float:
        return self.ms / 1000


def rfc3339(ms: int) -> str:
    """Milliseconds since the epoch as RFC 3339 in UTC with milliseconds: `2026-01-02T03:04:05.006Z`."""
    seconds, rest = divmod(ms, 1000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{rest:03d}Z"
