"""Going on after a restart: what `ALERTS_FOR_STATE` says of the alerts that were active when the process ended
(Prometheus' Group.RestoreForState, but short rules go on too, and what fired goes on firing at once)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from hivesight.model.labels import METRIC_NAME, Labels
from hivesight.model.matcher import Matcher, MatchType
from hivesight.model.series import is_absent, is_stale
from hivesight.rules.alert_series import ALERT_NAME, ALERTS_FOR_STATE, samples_of
from hivesight.rules.alerts import ActiveAlert, AlertState
from hivesight.rules.ports import History

OUTAGE_TOLERANCE_MS: Final = 3_600_000
GRACE_PERIOD_MS: Final = 600_000
SETTLING_MS: Final = 60_000


@dataclass(frozen=True, slots=True)
class Remembered:
    """An alert as it was last written. down_at_ms: when that was. active_at_ms: since when its condition held."""

    labels: Labels
    active_at_ms: int
    down_at_ms: int


@dataclass(frozen=True, slots=True)
class Restoration:
    """outage_tolerance_ms: how long the process may have been away for its alerts to go on. grace_period_ms: how long
    at least a rule that waits longer than that still waits after a restart. settling_ms: how long at most the
    condition of an alert is waited for before the alert is over."""

    outage_tolerance_ms: int = OUTAGE_TOLERANCE_MS
    grace_period_ms: int = GRACE_PERIOD_MS
    settling_ms: int = SETTLING_MS


def remembered(
    alert: str, labels: Labels, history: History, now_ms: int, settings: Restoration
) -> dict[Labels, Remembered]:
    """The alerts of a rule that were active when it was last evaluated. labels: the rule's, templates among them.
    Raises StorageError."""
    matchers = [_equal(METRIC_NAME, ALERTS_FOR_STATE), _equal(ALERT_NAME, alert)]
    matchers += [_equal(name, value) for name, value in labels.pairs if "{{" not in value and name != ALERT_NAME]
    found: dict[Labels, Remembered] = {}
    for block in history.select(matchers, now_ms - settings.outage_tolerance_ms, now_ms):
        for row in range(len(block.labels)):
            values = np.ascontiguousarray(block.values[row])
            places = np.flatnonzero(~is_absent(values))
            if not len(places) or is_stale(values[places[-1:]])[0] or np.isnan(values[places[-1]]):
                continue
            own = block.labels.labels(row).without(METRIC_NAME)
            last = int(places[-1])
            found[own] = Remembered(own, int(values[last]) * 1000, int(block.times[last]))
    return found


def _equal(name: str, value: str) -> Matcher:
    return Matcher(name, MatchType.EQUAL, value)


def restored(new: ActiveAlert, old: Remembered, for_ms: int, at_ms: int, settings: Restoration) -> ActiveAlert:
    """An alert that has just become active, with the past that is remembered of it. The time that the process was
    away counts neither for nor against a pending one."""
    spent = old.down_at_ms - old.active_at_ms
    remaining = for_ms - spent
    if remaining <= 0:
        fired = min(at_ms, old.active_at_ms + for_ms)
        return replace(new, state=AlertState.FIRING, active_at_ms=old.active_at_ms, fired_at_ms=fired)
    if for_ms >= settings.grace_period_ms and remaining < settings.grace_period_ms:
        return replace(new, active_at_ms=at_ms + settings.grace_period_ms - for_ms)
    return replace(new, active_at_ms=old.active_at_ms + max(0, at_ms - old.down_at_ms))


def last_series(known: Mapping[Labels, Remembered], for_ms: int) -> list[Labels]:
    """The series that were written of these alerts and are to be ended if nothing goes on with them."""
    series: list[Labels] = []
    for each in known.values():
        fires = each.down_at_ms - each.active_at_ms >= for_ms
        state = AlertState.FIRING if fires else AlertState.PENDING
        alert = ActiveAlert(each.labels, 0.0, each.active_at_ms, state=state)
        series += [labels for labels, _ in samples_of(alert)]
    return series
