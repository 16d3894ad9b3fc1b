"""What a stage is and what it works with; how stages are put together; and those that keep alerts back."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from hivesight.alerting.group import Flush, Notice
from hivesight.alerting.journal import Journal, What
from hivesight.alerting.nflog import NotificationLog, Reason, Told
from hivesight.alerting.outlook import Muter
from hivesight.model.clock import Clock
from hivesight.model.labels import Labels
from hivesight.notify.computing import compute
from hivesight.notify.history import Delivery
from hivesight.notify.metrics import NotifyMetrics
from hivesight.notify.notification import Notification
from hivesight.notify.retry import Outcome, Patience


@dataclass(frozen=True, slots=True)
class Telling:
    """A flush on its way. reason, firing and resolved are known once an integration's log was asked, notification once
    there is something to say, outcome once it was said."""

    flush: Flush
    notices: tuple[Notice, ...]
    firing: frozenset[str] = frozenset()
    resolved: frozenset[str] = frozenset()
    reason: Reason = Reason.FIRST
    notification: Notification | None = None
    outcome: Outcome | None = None


Stage = Callable[[Telling], Awaitable[Telling]]


@dataclass(frozen=True, slots=True)
class Parts:
    """What the stages work with. record, remember: return once it is written."""

    muter: Muter
    log: NotificationLog
    record: Callable[[Told], Awaitable[None]]
    remember: Callable[[Delivery], Awaitable[None]]
    journal: Journal
    metrics: NotifyMetrics
    clock: Clock
    external_url: str
    patience: Patience


def computed(work: Callable[[Telling], Telling]) -> Stage:
    """A stage that only computes."""

    async def run(telling: Telling) -> Telling:
        return await compute(len(telling.notices), work, telling)

    return run


def sequence(*stages: Stage) -> Stage:
    """One stage after the other, until there is nothing left to tell."""

    async def run(telling: Telling) -> Telling:
        for stage in stages:
            if not telling.notices:
                break
            telling = await stage(telling)
        return telling

    return run


def fan_out(stages: Sequence[Stage]) -> Stage:
    """All at once; where some fail the others are waited for, and then the first failure is raised."""

    async def run(telling: Telling) -> Telling:
        answers = await asyncio.gather(*(stage(telling) for stage in stages), return_exceptions=True)
        failures = [each for each in answers if isinstance(each, BaseException)]
        for failure in failures:
            raise failure
        return telling

    return run


def by_receiver(stages: Mapping[str, Stage]) -> Stage:
    """The stage of the flush's receiver."""

    async def run(telling: Telling) -> Telling:
        stage = stages.get(telling.flush.receiver)
        # A receiver that is gone: the flush began before a reload, whose groups are told on their own.
        return telling if stage is None else await stage(telling)

    return run


def inhibitions(muter: Muter) -> Callable[[Labels, int], Sequence[object]]:
    """What inhibits an alert, as `muted` asks for it."""

    def by(labels: Labels, now_ms: int) -> Sequence[object]:
        found = muter.inhibited_by(labels, now_ms)
        return () if found is None else (found,)

    return by


def muted(what: What, parts: Parts, by: Callable[[Labels, int], Sequence[object]]) -> Stage:
    """Without the alerts that something mutes: by what, `by` tells."""
    suppressed = parts.metrics.suppressed.labels(what)

    def work(telling: Telling) -> Telling:
        now_ms = telling.flush.now_ms
        found = [(each, by(each.alert.labels, now_ms)) for each in telling.notices]
        held = [(each, "; ".join(map(str, causes))) for each, causes in found if causes]
        suppressed.inc(len(held))
        parts.journal.note(telling.flush, what, held, at_ms=now_ms)
        return replace(telling, notices=tuple(each for each, causes in found if not causes))

    return computed(work)


def muted_by_time(parts: Parts) -> Stage:
    """Nothing while a time interval mutes the route or it is outside of those that it is active in."""

    async def run(telling: Telling) -> Telling:
        flush = telling.flush
        names = parts.muter.muted_by(flush.route.options, flush.now_ms)
        if not names:
            return telling
        parts.metrics.suppressed.labels(What.TIME_INTERVAL).inc(len(telling.notices))
        why = ", ".join(names)
        held = [(each, why) for each in telling.notices]
        parts.journal.note(flush, What.TIME_INTERVAL, held, at_ms=flush.now_ms)
        return replace(telling, notices=())

    return run
