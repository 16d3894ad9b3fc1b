"""Patience: how often and how long, by a clock that the waiting itself moves on."""

import asyncio
from dataclasses import dataclass, field

import pytest

from alerting.fakes import START, ManualClock
from hivesight.notify.errors import FailureReason, NotifyError, judge_smtp, parse_retry_after
from hivesight.notify.notification import Notification
from hivesight.notify.retry import Outcome, Patience, send
from notify.helpers import notification

LATER = NotifyError(FailureReason.SERVER_ERROR, "later", retry=True)
NEVER = NotifyError(FailureReason.AUTH, "never", retry=False)


@dataclass
class Scripted:
    """A notifier that fails as it is told, and then does not."""

    errors: list[Exception]
    heard: int = 0

    async def notify(self, notification: Notification) -> str:
        self.heard += 1
        if self.errors:
            raise self.errors.pop(0)
        return "heard"

    async def close(self) -> None:
        return


@dataclass
class Waiting:
    clock: ManualClock = field(default_factory=ManualClock)
    waits: list[float] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        self.waits.append(round(seconds, 3))
        self.clock.ms += int(seconds * 1000)


def run(errors: list[Exception], seconds: float = 60, chance: float = 0.5) -> tuple[Outcome, Waiting]:
    waiting = Waiting()
    deadline = START + int(seconds * 1000)
    patience = Patience(waiting.sleep, lambda: chance)
    outcome = asyncio.run(
        send(Scripted(errors), notification(), clock=waiting.clock, deadline_ms=deadline, patience=patience)
    )
    return outcome, waiting


def limited(seconds: float) -> NotifyError:
    return NotifyError(FailureReason.RATE_LIMITED, "slow down", retry=True, retry_after_seconds=seconds)


CASES = [
    # errors, seconds until the deadline, attempts, waits, the failure that remains
    ([], 60, 1, [], None),
    ([LATER], 60, 2, [0.5], None),
    ([LATER] * 4, 60, 5, [0.5, 0.75, 1.125, 1.688], None),
    ([NEVER], 60, 1, [], FailureReason.AUTH),
    ([LATER, NEVER], 60, 2, [0.5], FailureReason.AUTH),
    ([LATER] * 9, 2, 3, [0.5, 0.75], FailureReason.SERVER_ERROR),
    ([limited(7)], 60, 2, [7.0], None),
    ([limited(0.1)], 60, 2, [0.5], None),
    ([limited(3600)], 60, 1, [], FailureReason.RATE_LIMITED),
    ([RuntimeError("a fault of ours")], 60, 1, [], FailureReason.OTHER),
]


@pytest.mark.parametrize(("errors", "seconds", "attempts", "waits", "failure"), CASES)
def test_tries(
    errors: list[Exception], seconds: float, attempts: int, waits: list[float], failure: FailureReason | None
) -> None:
    outcome, waiting = run(list(errors), seconds)
    assert (outcome.attempts, waiting.waits) == (attempts, waits)
    assert (None if outcome.error is None else outcome.error.reason) is failure


def test_waits_differ_by_chance_and_end_at_a_minute() -> None:
    assert (run([LATER], chance=0)[1].waits, run([LATER], chance=0.999)[1].waits) == ([0.25], [0.75])
    patience = Patience(chance=lambda: 0.5)
    assert patience.wait_seconds(1000, LATER) == 60


def test_a_hanging_receiver_is_left_at_the_deadline() -> None:
    class Hanging(Scripted):
        async def notify(self, notification: Notification) -> str:
            await asyncio.Event().wait()
            return ""

    outcome = asyncio.run(
        send(Hanging([]), notification(), clock=ManualClock(), deadline_ms=START + 10, patience=Patience())
    )
    assert outcome.error is not None and outcome.error.reason is FailureReason.TIMEOUT


def test_retry_after() -> None:
    cases = {None: None, "5": 5.0, " 5 ": 5.0, "x": None, "-1": None, "Thu, 01 Jan 1970 00:01:40 GMT": 40.0}
    assert {text: parse_retry_after(text, 60.0) for text in cases} == cases


def test_smtp_codes() -> None:
    cases = {421: True, 450: True, 454: True, 535: False, 550: False, 554: False}
    assert {code: judge_smtp(code, b"x", "m").retry for code in cases} == cases
    assert judge_smtp(535, "bad", "m").reason is FailureReason.AUTH
