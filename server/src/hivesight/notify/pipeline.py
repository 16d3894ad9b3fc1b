"""From a flush to its receivers: the stages, and the one expression that they make. A stage takes what is to be told
and leaves what still is; a failed integration ends its own branch only."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

import structlog

from hivesight.alerting.group import Flush, Notice
from hivesight.alerting.inhibit import Inhibition
from hivesight.alerting.nflog import NotificationLog, Reason, Target, decide
from hivesight.alerting.route import RouteOptions
from hivesight.alerting.silence import Silence
from hivesight.model.clock import Clock
from hivesight.model.labels import Labels
from hivesight.notify.errors import NotifyError
from hivesight.notify.history import MOST_ALERTS, DeliveredAlert, Delivery, DeliveryOutcome, History
from hivesight.notify.metrics import NotifyMetrics
from hivesight.notify.notification import Integration, Notification
from hivesight.notify.retry import Outcome, Patience, send
from hivesight.notify.template_data import template_data

_log: Final = structlog.get_logger("notify")


class Muter(Protocol):
    """Who knows what must not be told now."""

    def inhibited_by(self, labels: Labels, now_ms: int) -> Inhibition | None: ...
    def silenced_by(self, labels: Labels, now_ms: int) -> list[Silence]: ...
    def muted_by(self, options: RouteOptions, now_ms: int) -> list[str]: ...


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
    """What the stages work with."""

    muter: Muter
    log: NotificationLog
    history: History
    metrics: NotifyMetrics
    clock: Clock
    external_url: str
    patience: Patience


class Pipeline:
    """Tells the receivers of a flush: the `Deliver` of the alerting room."""

    def __init__(self, parts: Parts, receivers: Mapping[str, Sequence[Integration]]) -> None:
        self._integrations = [each for integrations in receivers.values() for each in integrations]
        for each in self._integrations:
            parts.metrics.prepare(each.name, each.receiver)
        self._stage = pipeline(parts, receivers)

    async def __call__(self, flush: Flush) -> bool:
        try:
            await self._stage(Telling(flush, flush.notices))
        except NotifyError:
            return False
        return True

    async def close(self) -> None:
        for each in self._integrations:
            await each.notifier.close()


def pipeline(parts: Parts, receivers: Mapping[str, Sequence[Integration]]) -> Stage:
    """The order is Alertmanager's: what mutes, then each integration of the receiver for itself."""
    return sequence(
        muted("inhibition", parts, parts.muter.inhibited_by),
        muted_by_time(parts),
        muted("silence", parts, parts.muter.silenced_by),
        by_receiver(
            {
                name: fan_out(
                    [
                        sequence(
                            dedup(parts, each),
                            render(parts, each),
                            retry(parts, each),
                            record(parts, each),
                            remember(parts, each),
                        )
                        for each in integrations
                    ]
                )
                for name, integrations in receivers.items()
            }
        ),
    )


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


def muted(why: str, parts: Parts, by: Callable[[Labels, int], object]) -> Stage:
    """Without the alerts that something mutes."""

    async def run(telling: Telling) -> Telling:
        now_ms = telling.flush.now_ms
        kept = tuple(each for each in telling.notices if not by(each.alert.labels, now_ms))
        parts.metrics.suppressed.labels(why).inc(len(telling.notices) - len(kept))
        return replace(telling, notices=kept)

    return run


def muted_by_time(parts: Parts) -> Stage:
    """Nothing while a time interval mutes the route or it is outside of those that it is active in."""

    async def run(telling: Telling) -> Telling:
        if not parts.muter.muted_by(telling.flush.route.options, telling.flush.now_ms):
            return telling
        parts.metrics.suppressed.labels("time_interval").inc(len(telling.notices))
        return replace(telling, notices=())

    return run


def dedup(parts: Parts, integration: Integration) -> Stage:
    """Nothing where the integration was told the same within the repeat interval."""
    target = _target(integration)

    async def run(telling: Telling) -> Telling:
        flush = telling.flush
        firing = frozenset(each.alert.fingerprint for each in telling.notices if each.firing)
        resolved = frozenset(each.alert.fingerprint for each in telling.notices if not each.firing)
        reason = decide(
            parts.log.find(target, flush.group_key),
            firing,
            resolved,
            send_resolved=integration.send_resolved,
            repeat_interval_ms=flush.route.options.repeat_interval_ms,
            now_ms=flush.now_ms,
        )
        notices = telling.notices if reason.tells else ()
        return replace(telling, notices=notices, firing=firing, resolved=resolved, reason=reason)

    return run


def render(parts: Parts, integration: Integration) -> Stage:
    """What is said: without what is resolved where the integration does not want that. Nothing to say is not nothing
    to note: the log must learn that the group is resolved."""
    target = _target(integration)

    async def run(telling: Telling) -> Telling:
        flush = telling.flush
        notices = tuple(each for each in telling.notices if each.firing or integration.send_resolved)
        if not notices:
            return telling
        entry = parts.log.find(target, flush.group_key)
        notification = Notification(
            flush=flush,
            notices=notices,
            reason=telling.reason,
            external_url=parts.external_url,
            data=template_data(flush.receiver, notices, flush.group_labels, parts.external_url),
            memory={} if entry is None or telling.reason is Reason.FIRST else dict(entry.memory),
        )
        return replace(telling, notification=notification)

    return run


def retry(parts: Parts, integration: Integration) -> Stage:
    """Send, with patience. Raises NotifyError where it failed for good."""
    state = _FailureState(integration)

    async def run(telling: Telling) -> Telling:
        notification = telling.notification
        if notification is None:
            return telling
        outcome = await send(
            integration.notifier,
            notification,
            clock=parts.clock,
            deadline_ms=telling.flush.deadline_ms,
            patience=parts.patience,
        )
        failure = None if outcome.error is None else outcome.error.reason
        parts.metrics.over(integration.name, integration.receiver, outcome.attempts, outcome.seconds, failure)
        state.changed(outcome, notification)
        told = replace(telling, outcome=outcome)
        if outcome.error is not None:
            await remember(parts, integration)(told)
            raise outcome.error
        return told

    return run


def record(parts: Parts, integration: Integration) -> Stage:
    """Note, durably and before anything else, what the integration has been told."""
    target = _target(integration)

    async def run(telling: Telling) -> Telling:
        flush = telling.flush
        memory = {} if telling.notification is None else telling.notification.memory
        await asyncio.to_thread(
            parts.log.record,
            target,
            flush.group_key,
            firing=telling.firing,
            resolved=telling.resolved,
            now_ms=parts.clock.now_ms(),
            repeat_interval_ms=flush.route.options.repeat_interval_ms,
            memory=memory,
        )
        return telling

    return run


def remember(parts: Parts, integration: Integration) -> Stage:
    """Put the delivery into the history."""

    async def run(telling: Telling) -> Telling:
        if telling.notification is not None and telling.outcome is not None:
            delivery = _delivery(parts.clock.now_ms(), integration, telling.notification, telling.outcome)
            await asyncio.to_thread(parts.history.add, delivery)
        return telling

    return run


class _FailureState:
    """Says it once when an integration begins to fail, and once when it works again."""

    def __init__(self, integration: Integration) -> None:
        self._name = str(integration)
        self._failing = False

    def changed(self, outcome: Outcome, notification: Notification) -> None:
        error = outcome.error
        if error is not None and not self._failing:
            _log.error(
                "notification failed",
                integration=self._name,
                group=notification.flush.group_key,
                reason=str(error.reason),
                error=str(error),
                attempts=outcome.attempts,
            )
        elif error is None and self._failing:
            _log.info("notification works again", integration=self._name)
        for remark in notification.remarks:
            _log.warning("notification sent in part", integration=self._name, remark=remark)
        self._failing = error is not None


def _target(integration: Integration) -> Target:
    return Target(integration.receiver, integration.name, integration.index)


def _delivery(at_ms: int, integration: Integration, notification: Notification, outcome: Outcome) -> Delivery:
    flush, error = notification.flush, outcome.error
    alerts = tuple(
        DeliveredAlert(each.alert.fingerprint, each.status, dict(each.alert.labels.pairs))
        for each in notification.notices[:MOST_ALERTS]
    )
    return Delivery(
        at_ms=at_ms,
        receiver=integration.receiver,
        integration=integration.name,
        index=integration.index,
        group_key=flush.group_key,
        group_labels=dict(flush.group_labels.pairs),
        status=notification.status,
        alerts=alerts,
        alert_count=len(notification.notices),
        outcome=DeliveryOutcome.SENT if error is None else DeliveryOutcome.FAILED,
        reason=notification.reason if error is None else error.reason,
        attempts=outcome.attempts,
        error="; ".join(notification.remarks) if error is None else str(error),
    )
