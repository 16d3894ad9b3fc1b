"""Rules, groups and alerts as the HTTP API shows them: values that any thread may hold."""

from collections.abc import Sequence
from dataclasses import dataclass

from hivesight.model.labels import Labels
from hivesight.rules.alerting import AlertingRule
from hivesight.rules.alerts import AlertState, active
from hivesight.rules.group import Group, Place
from hivesight.rules.rule import Health


@dataclass(frozen=True, slots=True)
class AlertSnapshot:
    """A pending or firing alert. keep_firing_since_ms: set while only `keep_firing_for` keeps it firing."""

    labels: Labels
    annotations: Labels
    state: AlertState
    active_at_ms: int
    value: float
    keep_firing_since_ms: int | None


@dataclass(frozen=True, slots=True)
class RuleSnapshot:
    """A rule. annotations, for_ms, keep_firing_for_ms, state and alerts are those of an alerting rule (`alerting`);
    labels and annotations are templates as written. evaluated_at_ms: 0 before the first evaluation."""

    name: str
    query: str
    alerting: bool
    labels: Labels
    annotations: Labels
    for_ms: int
    keep_firing_for_ms: int
    state: AlertState
    alerts: tuple[AlertSnapshot, ...]
    health: Health
    last_error: str
    evaluated_at_ms: int
    evaluation_seconds: float
    samples: int


@dataclass(frozen=True, slots=True)
class GroupSnapshot:
    """A group, and its counters since the process began."""

    name: str
    file: str
    interval_ms: int
    query_offset_ms: int
    limit: int
    rules: tuple[RuleSnapshot, ...]
    evaluated_at_ms: int
    evaluation_seconds: float
    samples: int
    evaluations: int
    failures: int
    missed: int
    template_failures: int


@dataclass(frozen=True, slots=True)
class RulesSnapshot:
    """All groups in the order of their files."""

    groups: tuple[GroupSnapshot, ...]

    @property
    def alerts(self) -> tuple[AlertSnapshot, ...]:
        """Every pending or firing alert."""
        return tuple(alert for group in self.groups for rule in group.rules for alert in rule.alerts)


def snapshot(groups: Sequence[Group]) -> RulesSnapshot:
    """What the groups are now."""
    return RulesSnapshot(tuple(_group(group) for group in groups))


def _group(group: Group) -> GroupSnapshot:
    status = group.status
    return GroupSnapshot(
        name=group.config.name,
        file=group.file,
        interval_ms=group.interval_ms,
        query_offset_ms=group.query_offset_ms,
        limit=group.config.limit,
        rules=tuple(_rule(place) for place in group.places),
        evaluated_at_ms=status.evaluated_at_ms,
        evaluation_seconds=status.evaluation_seconds,
        samples=status.samples,
        evaluations=status.evaluations,
        failures=status.failures,
        missed=status.missed,
        template_failures=status.template_failures,
    )


def _rule(place: Place) -> RuleSnapshot:
    rule, status = place.rule, place.status
    alerting = isinstance(rule, AlertingRule)
    return RuleSnapshot(
        name=rule.config.name,
        query=rule.query,
        alerting=alerting,
        labels=rule.labels,
        annotations=Labels(rule.config.annotations),
        for_ms=rule.config.for_ms,
        keep_firing_for_ms=rule.config.keep_firing_for_ms,
        state=rule.state if alerting else AlertState.INACTIVE,
        alerts=_alerts(rule) if alerting else (),
        health=status.health,
        last_error=status.last_error,
        evaluated_at_ms=status.evaluated_at_ms,
        evaluation_seconds=status.evaluation_seconds,
        samples=status.samples,
    )


def _alerts(rule: AlertingRule) -> tuple[AlertSnapshot, ...]:
    return tuple(
        AlertSnapshot(
            labels=each.labels,
            annotations=each.annotations,
            state=each.state,
            active_at_ms=each.active_at_ms,
            value=each.value,
            keep_firing_since_ms=each.keep_firing_since_ms,
        )
        for each in active(rule.alerts)
    )
