"""Alerts that fire against those that are expected to: as sets, and each pair that is closest name by name."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from hivesight.model.duration import format_duration
from hivesight.model.labels import Labels
from hivesight.rule_tests.sections import AlertTest
from hivesight.rule_tests.verdict import ABSENT, Difference
from hivesight.rules import AlertState
from hivesight.rules.alert_series import ALERT_NAME
from hivesight.rules.alerting import AlertingRule
from hivesight.rules.alerts import active
from hivesight.rules.group import Group


@dataclass(frozen=True, slots=True)
class _Told:
    """An alert as it is compared. labels: but `alertname`. note: shown behind it."""

    labels: Labels
    annotations: Labels
    note: str = ""

    @property
    def key(self) -> tuple[Labels, Labels]:
        return self.labels, self.annotations


def judge_alerts(test: AlertTest, groups: Sequence[Group], at_ms: int) -> list[Difference]:
    """Every difference; none where exactly what is expected fires. at_ms: the time of the evaluation."""
    found = list(_alerts(test.alertname, groups, at_ms))
    got = sorted((each for each in found if not each.note), key=lambda each: each.key)
    pending = {each.labels: each for each in found if each.note}
    expected = [
        _Told(Labels(each.exp_labels).without(ALERT_NAME), Labels(each.exp_annotations)) for each in test.exp_alerts
    ]
    expected.sort(key=lambda each: each.key)
    for each in list(expected):
        if any(other.key == each.key for other in got):
            got.remove(next(other for other in got if other.key == each.key))
            expected.remove(each)
    differences: list[Difference] = []
    for each in expected:
        other = _closest(each, got)
        if other is None:
            waits = pending.get(each.labels)
            differences.append(Difference(f"alert {each.labels}", "firing", waits.note if waits else ABSENT))
        else:
            got.remove(other)
            differences += _between(each, other)
    return differences + [Difference(f"alert {each.labels}", ABSENT, "firing") for each in got]


def _alerts(name: str, groups: Sequence[Group], at_ms: int) -> Iterator[_Told]:
    for group in groups:
        for place in group.places:
            if not isinstance(place.rule, AlertingRule) or place.rule.config.alert != name:
                continue
            for each in active(place.rule.alerts):
                note = ""
                if each.state is not AlertState.FIRING:
                    waited, wait = (format_duration(ms) for ms in (at_ms - each.active_at_ms, place.rule.timing.for_ms))
                    note = f"pending for {waited} of {wait}"
                yield _Told(each.labels.without(ALERT_NAME), each.annotations, note)


def _closest(wanted: _Told, others: Sequence[_Told]) -> _Told | None:
    """The alert that it is most like; None where none has most of its labels."""
    best = max(others, key=lambda other: _alike(wanted.labels, other.labels), default=None)
    if best is None:
        return None
    names = len(set(wanted.labels) | set(best.labels))
    return best if 2 * _alike(wanted.labels, best.labels) >= names else None


def _alike(one: Labels, other: Labels) -> int:
    return sum(other.get(name) == value for name, value in one.items())


def _between(expected: _Told, got: _Told) -> Iterator[Difference]:
    where = f"alert {got.labels}"
    for kind, one, other in (
        ("label", expected.labels, got.labels),
        ("annotation", expected.annotations, got.annotations),
    ):
        for name in sorted(set(one) | set(other)):
            if one.get(name) != other.get(name):
                yield Difference(f"{where}, {kind} {name}", _shown(one, name), _shown(other, name))


def _shown(texts: Mapping[str, str], name: str) -> str:
    return repr(texts[name]) if name in texts else ABSENT
