"""Telling integrations at once, past groups, silences and the notification log: what the library and
`hivesight notify test` do. A flush enters; what became of it, integration by integration, leaves."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hivesight.alerting.group import Flush
from hivesight.alerting.nflog import Reason
from hivesight.model.clock import Clock, SystemClock
from hivesight.notify.notification import Integration, Notification
from hivesight.notify.retry import Patience, send


@dataclass(frozen=True, slots=True)
class ChannelResult:
    """What became of one message in one channel.

    channel: the kind, such as "slack". index: the how manieth of its kind, from 0. attempts: tries; 0 where it was not
    to be told. seconds: from the first try to the end of the last. answer: the receiver's, where it was sent. error:
    why it was not sent, None where all is well. remarks: what did not go as it should although it was sent."""

    channel: str
    index: int
    ok: bool
    attempts: int
    seconds: float
    answer: str = ""
    error: str | None = None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """An integration that is told directly. memory: what it remembers from one message about the group to the next."""

    integration: Integration
    memory: dict[str, str]


def _nobody(result: ChannelResult) -> None:
    return


async def tell(
    told: Sequence[Told],
    flush: Flush,
    *,
    external_url: str,
    reason: Reason = Reason.FIRST,
    clock: Clock | None = None,
    patience: Patience | None = None,
    heard: Callable[[ChannelResult], None] = _nobody,
) -> tuple[ChannelResult, ...]:
    """Tell all at once, each with the server's patience until the flush's deadline; none waits for another. `heard` is
    called with each result as it comes. Leaves: the results in the order of `told`. Never raises but when cancelled."""
    clock, patience = clock or SystemClock(), patience or Patience()

    async def one(each: Told) -> ChannelResult:
        result = await _tell_one(each, flush, external_url, reason, clock, patience)
        heard(result)
        return result

    return tuple(await asyncio.gather(*map(one, told)))


async def _tell_one(
    told: Told, flush: Flush, external_url: str, reason: Reason, clock: Clock, patience: Patience
) -> ChannelResult:
    integration = told.integration
    name, index = integration.name, integration.index
    notices = tuple(each for each in flush.notices if each.firing or integration.send_resolved)
    if not notices:
        return ChannelResult(name, index, True, 0, 0.0, remarks=("not told of what is over: send_resolved is false",))
    notification = Notification(flush, notices, reason, external_url, told.memory)
    outcome = await send(
        integration.notifier, notification, clock=clock, deadline_ms=flush.deadline_ms, patience=patience
    )
    error = None if outcome.error is None else str(outcome.error)
    remarks = tuple(notification.remarks)
    if outcome.error is not None and outcome.error.retry_after_seconds:
        remarks += (f"it asks to be left alone for {outcome.error.retry_after_seconds:.0f} s",)
    return ChannelResult(name, index, error is None, outcome.attempts, outcome.seconds, outcome.answer, error, remarks)
