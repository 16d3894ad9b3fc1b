"""What a rule's evaluations said of one alert: when it was pending and when it fired, as `ALERTS` in the store tells,
and with which values, as the rule's expression answers for those times still. Nothing is kept for it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from hivesight.model.errors import QueryError, StorageError
from hivesight.model.labels import METRIC_NAME, NO_LABELS, Labels
from hivesight.model.matcher import Matcher, MatchType
from hivesight.model.series import is_absent, is_stale
from hivesight.rules.alert_series import ALERT_NAME, ALERT_STATE, ALERTS
from hivesight.rules.alerts import AlertState
from hivesight.rules.ports import History, QueryFunc, elements_of, number_of
from hivesight.rules.snapshot import AlertSnapshot, GroupSnapshot, RuleSnapshot, RulesSnapshot

MOST_PERIODS: Final = 20
MOST_VALUED: Final = 5
"""Of so many periods, the newest, the values are looked up: two queries each."""
_GAP_MS: Final = 5 * 60_000


@dataclass(frozen=True, slots=True)
class Period:
    """Evaluations one after the other that gave an alert the same state. Times in ms since the epoch. over: it ended.
    value, last_value: at the first and the last of them; None where they are not known, for example since the rule was
    changed."""

    state: AlertState
    first_ms: int
    last_ms: int
    over: bool
    value: float | None = None
    last_value: float | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """A rule that makes, or would make, an alert. alert: as it stands, None where its condition does not hold."""

    group: GroupSnapshot
    rule: RuleSnapshot
    alert: AlertSnapshot | None
    periods: tuple[Period, ...]

    @property
    def fires_at_ms(self) -> int | None:
        """When a pending alert fires at the earliest, if its condition goes on to hold."""
        if self.alert is None or self.alert.state is not AlertState.PENDING:
            return None
        return self.alert.active_at_ms + self.rule.for_ms


@dataclass(frozen=True, slots=True)
class Window:
    """start_ms to end_ms, both included."""

    start_ms: int
    end_ms: int


class Witness:
    """Looks evidence up. told_as: under which labels a rule's alert is told, None where it is not. history: where
    `ALERTS` is kept. query: what answers the rules' expressions."""

    def __init__(
        self, rules: RulesSnapshot, told_as: Callable[[Labels], Labels | None], history: History, query: QueryFunc
    ) -> None:
        self._rules = rules
        self._told_as = told_as
        self._history = history
        self._query = query

    def evidence(self, labels: Labels, window: Window) -> list[Evidence]:
        """For an alert that is told under these labels, what each rule says that can have made it. Raises
        StorageError."""
        found: list[Evidence] = []
        for group, rule in self.named(labels.value(ALERT_NAME)):
            if not _can_make(rule, labels):
                continue
            alert = next((each for each in rule.alerts if self._told_as(each.labels) == labels), None)
            own = self._own(labels) if alert is None else alert.labels
            periods = self._periods(group, own, window)
            valued = [self._valued(each, rule, own) for each in periods[-MOST_VALUED:]]
            found.append(Evidence(group, rule, alert, (*periods[:-MOST_VALUED], *valued)))
        return found

    def named(self, name: str) -> Iterator[tuple[GroupSnapshot, RuleSnapshot]]:
        """The alerting rules of this name."""
        for group in self._rules.groups:
            for rule in group.rules:
                if rule.alerting and rule.name == name:
                    yield group, rule

    def active(self) -> Iterator[Labels]:
        """The labels under which the alerts that are pending or firing are told, or will be."""
        for alert in self._rules.alerts:
            labels = self._told_as(alert.labels)
            if labels is not None:
                yield labels

    def _own(self, labels: Labels) -> Labels:
        """What the rule calls an alert that it does not make now: without the labels that every alert is told with."""
        common = self._told_as(NO_LABELS) or NO_LABELS
        return Labels(pair for pair in labels.pairs if pair not in common.pairs)

    def _periods(self, group: GroupSnapshot, own: Labels, window: Window) -> list[Period]:
        points: dict[int, AlertState | None] = {}
        matchers = [Matcher(name, MatchType.EQUAL, value) for name, value in ((METRIC_NAME, ALERTS), *own.pairs)]
        for block in self._history.select(matchers, window.start_ms, window.end_ms):
            for row in range(len(block.labels)):
                labels = block.labels.labels(row)
                if labels.without(METRIC_NAME, ALERT_STATE) != own:
                    continue
                values = np.ascontiguousarray(block.values[row])
                ended = is_stale(values)
                for place in np.flatnonzero(~is_absent(values)):
                    at_ms = int(block.times[place])
                    if not ended[place]:
                        points[at_ms] = AlertState(labels.value(ALERT_STATE))
                    else:
                        points.setdefault(at_ms, None)
        return _joined(sorted(points.items()), max(_GAP_MS, 2 * group.interval_ms), window.end_ms)[-MOST_PERIODS:]

    def _valued(self, period: Period, rule: RuleSnapshot, labels: Labels) -> Period:
        first = self._value(rule, labels, period.first_ms)
        last = first if period.first_ms == period.last_ms else self._value(rule, labels, period.last_ms)
        return Period(period.state, period.first_ms, period.last_ms, period.over, first, last)

    def _value(self, rule: RuleSnapshot, labels: Labels, at_ms: int) -> float | None:
        try:
            elements = elements_of(self._query(rule.query, at_ms))
        except (QueryError, StorageError):
            return None
        for own, value in elements:
            if all(labels.value(name) == text for name, text in own.pairs if name not in (METRIC_NAME, *rule.labels)):
                return number_of(value)
        return None


def _can_make(rule: RuleSnapshot, labels: Labels) -> bool:
    """Whether the labels that the rule sets are those of the alert; templates may give anything."""
    return all("{{" in value or labels.value(name) in ("", value) for name, value in rule.labels.pairs)


def _joined(points: Sequence[tuple[int, AlertState | None]], longest_gap_ms: int, end_ms: int) -> list[Period]:
    """Evaluations as periods. A state of None: the alert was not there."""
    periods: list[Period] = []
    open_ = False
    for at_ms, state in points:
        last = periods[-1] if periods else None
        near = last is not None and at_ms - last.last_ms <= longest_gap_ms
        if last is not None and open_ and near and last.state is state:
            periods[-1] = Period(last.state, last.first_ms, at_ms, over=False)
            continue
        if last is not None:
            periods[-1] = Period(last.state, last.first_ms, last.last_ms, over=True)
        open_ = state is not None
        if state is not None:
            periods.append(Period(state, at_ms, at_ms, over=False))
    if periods and end_ms - periods[-1].last_ms > longest_gap_ms:
        last = periods[-1]
        periods[-1] = Period(last.state, last.first_ms, last.last_ms, over=True)
    return periods
