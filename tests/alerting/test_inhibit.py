"""Inhibition, with Alertmanager's meaning of labels that are not there."""

from pathlib import Path

import pytest

from alerting.fakes import START, alert
from hivesight.alerting import read_config
from hivesight.alerting.inhibit import Inhibitor, build_rules
from hivesight.model.labels import Labels

SEVERITIES = "source_matchers: [severity=critical], target_matchers: [severity=warning]"
GUIDE = f"{{{SEVERITIES}, equal: [alertname, cluster, service]}}"
NAIVE = f"{{{SEVERITIES}, equal: [service]}}"
CONDITION = f"{{{SEVERITIES}, equal: [condition]}}"
TWO_SIDED = "{source_matchers: [a=~'.+'], target_matchers: [a=~'.+'], equal: [b]}"

CRITICAL = {"alertname": "HighMemoryCritical", "severity": "critical", "condition": "memory"}
CASES = [
    # rule, source, target, whether it is muted
    (GUIDE, CRITICAL, {"alertname": "HighMemory", "severity": "warning"}, False),
    (GUIDE, CRITICAL, {"alertname": "HighMemoryCritical", "severity": "warning"}, True),
    (NAIVE, CRITICAL, {"alertname": "MachineLearningAccuracyDrop", "severity": "warning"}, True),
    (NAIVE, CRITICAL, {"alertname": "Other", "severity": "warning", "service": "api"}, False),
    (CONDITION, CRITICAL, {"alertname": "HighMemory", "severity": "warning", "condition": "memory"}, True),
    (CONDITION, CRITICAL, {"alertname": "MachineLearningAccuracyDrop", "severity": "warning"}, False),
    (CONDITION, CRITICAL, {"alertname": "X", "severity": "info", "condition": "memory"}, False),
    (TWO_SIDED, {"a": "1", "b": "x"}, {"a": "2", "b": "x"}, False),
    (TWO_SIDED, {"a": "1", "b": "x"}, {"a": "1", "b": "x"}, False),
    ("{source_matchers: [a=b], target_matchers: [c=d]}", {"a": "b"}, {"c": "d"}, True),
    ("{source_match: {a: b}, target_match_re: {c: 'd|e'}}", {"a": "b"}, {"c": "e"}, True),
    ("{source_matchers: [s=1], target_matchers: [t=1]}", {"s": "1"}, {"s": "1", "t": "1"}, True),
    ("{source_matchers: [s=1], target_matchers: [t=1]}", {"s": "1", "t": "1"}, {"s": "1", "t": "1"}, False),
]


def inhibitor(rule: str) -> Inhibitor:
    file = read_config(Path("am.yml"), f"route: {{receiver: a}}\nreceivers: [{{name: a}}]\ninhibit_rules: [{rule}]\n")
    assert file.config is not None, file.diagnostics
    return Inhibitor(build_rules(file.config.inhibit_rules))


@pytest.mark.parametrize(("rule", "source", "target", "muted"), CASES)
def test_who_mutes_whom(rule: str, source: dict[str, str], target: dict[str, str], muted: bool) -> None:
    room = inhibitor(rule)
    firing = alert(**source)
    room.insert(firing)
    found = room.inhibited_by(Labels(target), START)
    assert (found is not None) is muted
    if found is not None:
        assert found.source == firing.fingerprint


def test_a_source_that_is_over_mutes_no_more() -> None:
    room = inhibitor(CONDITION)
    target = Labels({"severity": "warning", "condition": "memory"})
    room.insert(alert(ends=START + 1000, **CRITICAL))
    assert room.inhibited_by(target, START + 999)
    assert not room.inhibited_by(target, START + 1000)
    room.sweep(START + 1000)
    room.insert(alert(**CRITICAL))
    assert room.inhibited_by(target, START + 1000)
