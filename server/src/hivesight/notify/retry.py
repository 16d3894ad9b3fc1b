"""Sending with patience: tries again until it works, cannot work, or the time is up."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import structlog

from hivesight.model.clock import Clock
from hivesight.notify.errors import FailureReason, NotifyError
from hivesight.notify.notification import Notification, Notifier

FIRST_SECONDS: Final = 0.5
FACTOR: Final = 1.5
LONGEST_SECONDS: Final = 60.0

_log: Final = structlog.get_logger("notify")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it ended. error: None where it was sent. attempts: tries, the last one included. answer: what the receiver
    said to what was sent."""

    attempts: int
    seconds: float
    error: NotifyError | None = None
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait between tries. sleep and chance (a number in [0, 1)) are arguments for tests."""

    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    chance: Callable[[], float] = random.random

    def wait_seconds(self, attempt: int, error: NotifyError) -> float:
        """After the given try: exponential, half of it up or down by chance, never shorter than the receiver asked."""
        step = min(LONGEST_SECONDS, FIRST_SECONDS * FACTOR ** min(attempt - 1, 20))
        return max(step * (0.5 + self.chance()), error.retry_after_seconds or 0.0)


async def send(
    notifier: Notifier, notification: Notification, *, clock: Clock, deadline_ms: int, patience: Patience
) -> Outcome:
    """Send, and again where that may help, until `deadline_ms`. A wait that would pass it is not begun: the group's
    next flush tries again. Never raises but when cancelled."""
    started = clock.monotonic()
    attempts = 0
    while True:
        attempts += 1
        error, answer = await _once(notifier, notification, (deadline_ms - clock.now_ms()) / 1000)
        if error is None:
            return Outcome(attempts, clock.monotonic() - started, answer=answer)
        if not error.retry:
            return Outcome(attempts, clock.monotonic() - started, error)
        wait = patience.wait_seconds(attempts, error)
        if clock.now_ms() + wait * 1000 >= deadline_ms:
            return Outcome(attempts, clock.monotonic() - started, error)
        await patience.sleep(wait)


async def _once(notifier: Notifier, notification: Notification, seconds: float) -> tuple[NotifyError | None, str]:
    try:
        async with asyncio.timeout(max(0.0, seconds)):
            return None, await notifier.notify(notification)
    except NotifyError as error:
        return error, ""
    except TimeoutError:
        message = f"no answer within the {seconds:.1f} s that were left"
        return NotifyError(FailureReason.TIMEOUT, message, retry=True), ""
    except Exception as error:  # noqa: BLE001
        # A fault of ours in one notifier must not take the others with it; it is counted as reason "other".
        _log.exception("notifier failed unexpectedly", notifier=type(notifier).__name__)
        return NotifyError(FailureReason.OTHER, f"{type(error).__name__}: {error}"[:300], retry=False), ""
