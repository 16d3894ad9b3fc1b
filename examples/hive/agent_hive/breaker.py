"""A circuit breaker: whoever keeps failing is left alone for a while, and then tried again with a few calls."""

import contextlib
import time
from collections.abc import Callable, Generator
from typing import Literal

import hivesight_sdk as hs
from agent_hive.work import Unavailable

State = Literal["closed", "open", "half_open"]

FAILURES = 10
PAUSE_SECONDS = 2.0
TRIALS = 4


class CircuitOpen(Unavailable):
    """The call was not made: those before it failed."""


class CircuitBreaker:
    """closed lets every call through, and opens after FAILURES in a row. open lets none through for PAUSE_SECONDS, and
    is half_open then. half_open lets TRIALS through at a time: the first to end well closes it, to fail opens it again.

    For one event loop; `clock` is monotonic seconds.
    """

    def __init__(self, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._name = name
        self._clock = clock
        self._failures = 0
        self._opened = 0.0
        self._trials = 0
        hs.expect_circuit_breakers([name])
        self._turn("closed")

    @contextlib.contextmanager
    def guard(self) -> Generator[None]:
        """Around one call: CircuitOpen in its place while none is let through. A cancelled one counts for nothing."""
        if self.state == "open" and self._clock() - self._opened >= PAUSE_SECONDS:
            self._turn("half_open")
        on_trial = self.state == "half_open"
        if self.state == "open" or (on_trial and self._trials >= TRIALS):
            raise CircuitOpen(f"the {self._name} keeps failing and is left alone for {PAUSE_SECONDS:g} s")
        self._trials += on_trial
        try:
            yield
        except Exception:
            self._failed()
            raise
        else:
            self._succeeded()
        finally:
            self._trials -= on_trial

    def _failed(self) -> None:
        self._failures += 1
        if self.state == "half_open" or (self.state == "closed" and self._failures >= FAILURES):
            self._opened = self._clock()
            self._turn("open")

    def _succeeded(self) -> None:
        self._failures = 0
        if self.state == "half_open":
            self._turn("closed")

    def _turn(self, state: State) -> None:
        self.state: State = state
        hs.record_circuit_breaker(self._name, state)
