"""The stages of one integration: whether it was told already, what it is told, telling it, and noting that."""

from dataclasses import replace
from typing import Final

import structlog

from hivesight.alerting.journal import What
from hivesight.alerting.nflog import Reason, Told, decide
from hivesight.notify.computing import compute
from hivesight.notify.history import MOST_ALERTS, DeliveredAlert, Delivery, DeliveryOutcome
from hivesight.notify.notification import Integration, Notification
from hivesight.notify.retry import Outcome, send
from hivesight.notify.stages import Parts, Stage, Telling, computed

_log: Final = structlog.get_logger("notify")


def dedup(parts: Parts, integration: Integration) -> Stage:
    """Nothing where the integration was told the same within the repeat interval."""
    target = integration.target

    def work(telling: Telling) -> Telling:
        flush = telling.flush
        firing = frozenset(each.fingerprint for each in telling.notices if each.firing)
        resolved = frozenset(each.fingerprint for each in telling.notices if not each.firing)
        reason = decide(
            parts.log.find(target, flush.group_key),
            firing,
            resolved,
            send_resolved=integration.send_resolved,
            repeat_interval_ms=flush.route.options.repeat_interval_ms,
            now_ms=flush.now_ms,
        )
        if not reason.tells:
            held = [(each, str(reason)) for each in telling.notices]
            parts.journal.note(flush, What.UNCHANGED, held, at_ms=flush.now_ms, target=target)
        notices = telling.notices if reason.tells else ()
        return replace(telling, notices=notices, firing=firing, resolved=resolved, reason=reason)

    return computed(work)


def render(parts: Parts, integration: Integration) -> Stage:
    """What is said: without what is resolved where the integration does not want that. Nothing to say is not nothing
    to note: the log must learn that the group is resolved."""
    target = integration.target

    def work(telling: Telling) -> Telling:
        flush = telling.flush
        notices = tuple(each for each in telling.notices if each.firing or integration.send_resolved)
        if len(notices) < len(telling.notices):
            unwanted = [(each, "send_resolved is off") for each in telling.notices if not each.firing]
            parts.journal.note(flush, What.UNWANTED, unwanted, at_ms=flush.now_ms, target=target)
        if not notices:
            return telling
        entry = parts.log.find(target, flush.group_key)
        notification = Notification(
            flush=flush,
            notices=notices,
            reason=telling.reason,
            external_url=parts.external_url,
            memory={} if entry is None or telling.reason is Reason.FIRST else dict(entry.memory),
        )
        return replace(telling, notification=notification)

    return computed(work)


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
    target = integration.target

    async def run(telling: Telling) -> Telling:
        flush = telling.flush
        memory = {} if telling.notification is None else telling.notification.memory
        repeat_ms = flush.route.options.repeat_interval_ms
        now_ms = parts.clock.now_ms()
        await parts.record(Told(target, flush.group_key, telling.firing, telling.resolved, now_ms, repeat_ms, memory))
        return telling

    return run


def remember(parts: Parts, integration: Integration) -> Stage:
    """Put the delivery into the history."""

    async def run(telling: Telling) -> Telling:
        if telling.notification is not None and telling.outcome is not None:
            now_ms = parts.clock.now_ms()
            delivery = _delivery(now_ms, integration, telling.notification, telling.outcome)
            told = telling.notification.notices
            await compute(
                len(told),
                parts.journal.note,
                telling.flush,
                What.TOLD if telling.outcome.error is None else What.FAILED,
                [(each, delivery.reason) for each in told],
                at_ms=now_ms,
                target=integration.target,
                answer=delivery.error or telling.outcome.answer,
                attempts=delivery.attempts,
            )
            await parts.remember(delivery)
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


def _delivery(at_ms: int, integration: Integration, notification: Notification, outcome: Outcome) -> Delivery:
    flush, error = notification.flush, outcome.error
    alerts = tuple(
        DeliveredAlert(each.fingerprint, each.status, dict(each.alert.labels.pairs))
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
