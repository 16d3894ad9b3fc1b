"""The life of one alert as a value: inactive, pending, firing, over. Every step is a function of what was and when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from hivesight.model.labels import NO_LABELS, Labels

RESOLVED_RETENTION_MS: Final = 15 * 60_000
"""How long an alert that is over is kept and said again (Prometheus, rules/alerting.go)."""


class AlertState(StrEnum):
    INACTIVE = "inactive"
    PENDING = "pending"
    FIRING = "firing"


@dataclass(frozen=True, slots=True)
class ActiveAlert:
    """An alert of a rule. labels: its identity, alertname among them. active_at_ms: since when the condition holds.
    The other times are None until they happen: began to fire, was over, was sent, and since when the condition no
    longer holds while `keep_firing_for` keeps it firing."""

    labels: Labels
    value: float
    active_at_ms: int
    annotations: Labels = NO_LABELS
    state: AlertState = AlertState.PENDING
    fired_at_ms: int | None = None
    resolved_at_ms: int | None = None
    last_sent_at_ms: int | None = None
    keep_firing_since_ms: int | None = None


Alerts = Mapping[Labels, ActiveAlert]
"""A rule's alerts by their labels; those that are over stay for their retention."""


@dataclass(frozen=True, slots=True)
class Timing:
    """A rule's `for` and `keep_firing_for`."""

    for_ms: int = 0
    keep_firing_for_ms: int = 0


def advance(alerts: Alerts, found: Sequence[ActiveAlert], timing: Timing, at_ms: int) -> dict[Labels, ActiveAlert]:
    """The alerts after one evaluation. found: one new pending alert for each element of the answer, with labels that
    are all different."""
    after: dict[Labels, ActiveAlert] = {}
    for new in found:
        old = alerts.get(new.labels)
        if old is None or old.state is AlertState.INACTIVE:
            after[new.labels] = _ripened(new, timing, at_ms)
        else:
            same = replace(old, value=new.value, annotations=new.annotations, keep_firing_since_ms=None)
            after[new.labels] = _ripened(same, timing, at_ms)
    for labels, old in alerts.items():
        if labels not in after:
            left = _absent(old, timing, at_ms)
            if left is not None:
                after[labels] = left
    return after


def _ripened(alert: ActiveAlert, timing: Timing, at_ms: int) -> ActiveAlert:
    """Pending long enough fires; one that fires under a `for` that a reload made longer is pending again."""
    long_enough = at_ms - alert.active_at_ms >= timing.for_ms
    if alert.state is AlertState.PENDING and long_enough:
        return replace(alert, state=AlertState.FIRING, fired_at_ms=at_ms)
    if alert.state is AlertState.FIRING and not long_enough:
        return replace(alert, state=AlertState.PENDING, fired_at_ms=None, last_sent_at_ms=None)
    return alert


def _absent(alert: ActiveAlert, timing: Timing, at_ms: int) -> ActiveAlert | None:
    """An alert whose condition does not hold any more, or None where nothing of it is kept."""
    if alert.state is AlertState.PENDING:
        return None
    if alert.state is AlertState.INACTIVE:
        expired = alert.resolved_at_ms is None or at_ms - alert.resolved_at_ms > RESOLVED_RETENTION_MS
        return None if expired else alert
    since = at_ms if alert.keep_firing_since_ms is None else alert.keep_firing_since_ms
    if at_ms - since < timing.keep_firing_for_ms:
        return replace(alert, keep_firing_since_ms=since)
    return replace(alert, state=AlertState.INACTIVE, resolved_at_ms=at_ms, keep_firing_since_ms=None)


def active(alerts: Alerts) -> list[ActiveAlert]:
    """Those that are pending or firing, in the order of their labels."""
    return sorted((each for each in alerts.values() if each.state is not AlertState.INACTIVE), key=lambda a: a.labels)


def needs_sending(alert: ActiveAlert, at_ms: int, resend_delay_ms: int) -> bool:
    """Whether it is to be said now: when it begins to fire, when it is over, and again after each resend delay."""
    if alert.state is AlertState.PENDING:
        return False
    sent = alert.last_sent_at_ms
    if sent is None:
        return True
    just_resolved = alert.resolved_at_ms is not None and alert.resolved_at_ms > sent
    return just_resolved or at_ms - sent >= resend_delay_ms
