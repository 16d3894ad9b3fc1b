"""A scenario as a unit test in promtool's format, for the user to keep beside the rules."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from hivesight.doctor.synthesis.needed import needed
from hivesight.doctor.synthesis.playing import played
from hivesight.doctor.synthesis.scenario import Scenario
from hivesight.model.duration import format_duration
from hivesight.model.labels import Labels
from hivesight.rule_tests.writing import values_text
from hivesight.rules import AlertState, GroupConfig, RuleConfig
from hivesight.rules.alert_series import ALERT_NAME
from hivesight.rules.alerting import AlertingRule
from hivesight.rules.alerts import ActiveAlert, active
from hivesight.rules.group import Group

MAX_EVALUATIONS: Final = 5_000
"""Of the test; beyond, rules are evaluated more rarely, as long as the lookback allows."""

_DEFAULT_INTERVAL_MS: Final = 60_000
_LONGEST_INTERVAL_MS: Final = 240_000


def unit_test(
    scenario: Scenario, rule: RuleConfig, groups: Sequence[GroupConfig], rule_files: Sequence[str] = ("rules.yml",)
) -> str:
    """The text of a file for `promtool test rules`: the alert is silent in health, fires in the fault with these labels
    and annotations, and is over at the end. groups: as for `synthesize`. rule_files: as the test names them, relative
    to its own folder. Raises StorageError."""
    every = [each for group in groups for each in group.rules]
    mine = needed(groups, [each for each in every if each.alert == rule.alert] or [rule])
    interval_ms = _interval_ms(mine, scenario)
    moments = range(0, scenario.end_ms + interval_ms, interval_ms)
    asked = [scenario.health_until_ms // interval_ms * interval_ms] if scenario.health_until_ms >= 0 else []
    asked.append(-(-scenario.fires_by_ms // interval_ms) * interval_ms)
    asked += [] if scenario.constant else [moments[-1]]
    expected = {
        at_ms: sorted(_firing(evaluated, rule.alert), key=lambda each: each.labels)
        for at_ms, evaluated in played(mine, scenario, moments, interval_ms)
        if at_ms in asked
    }
    return "\n".join(_lines(scenario, rule, rule_files, interval_ms, expected)) + "\n"


def _interval_ms(groups: Sequence[GroupConfig], scenario: Scenario) -> int:
    """Between evaluations: every group's turn is met, and every sample."""
    interval_ms = math.gcd(scenario.interval_ms, *(each.interval_ms or _DEFAULT_INTERVAL_MS for each in groups))
    while scenario.end_ms // interval_ms > MAX_EVALUATIONS and interval_ms * 2 <= _LONGEST_INTERVAL_MS:
        interval_ms *= 2
    return interval_ms


def _firing(groups: Sequence[Group], name: str) -> Iterator[ActiveAlert]:
    for group in groups:
        for place in group.places:
            if isinstance(place.rule, AlertingRule) and place.rule.config.alert == name:
                yield from (each for each in active(place.rule.alerts) if each.state is AlertState.FIRING)


def _lines(
    scenario: Scenario,
    rule: RuleConfig,
    rule_files: Sequence[str],
    interval_ms: int,
    expected: Mapping[int, Sequence[ActiveAlert]],
) -> Iterator[str]:
    yield "rule_files:"
    yield from (f"  - {_quoted(each)}" for each in rule_files)
    yield f"evaluation_interval: {format_duration(interval_ms)}"
    yield "tests:"
    yield f"  - name: {_quoted(f'{rule.alert} is silent, fires, and is over')}"
    yield f"    interval: {format_duration(scenario.interval_ms)}"
    if scenario.start_ms:
        # promtool knows this key since Prometheus 3.9.
        yield f"    start_timestamp: {scenario.start_ms // 1000}"
    yield "    input_series:" + ("" if scenario.series else " []")
    for labels, points in scenario.series.items():
        yield f"      - series: {_quoted(str(labels))}"
        yield f"        values: {_quoted(values_text(points))}"
    yield "    alert_rule_test:"
    for at_ms, alerts in expected.items():
        yield f"      - eval_time: {format_duration(at_ms)}"
        yield f"        alertname: {_quoted(rule.alert)}"
        yield "        exp_alerts:" + ("" if alerts else " []")
        for each in alerts:
            yield from _alert(each)


def _alert(alert: ActiveAlert) -> Iterator[str]:
    yield f"          - exp_labels: {_mapping(alert.labels.without(ALERT_NAME))}"
    if alert.annotations:
        yield "            exp_annotations:"
        yield from (f"              {_quoted(name)}: {_quoted(text)}" for name, text in alert.annotations.pairs)


def _mapping(labels: Labels) -> str:
    return "{" + ", ".join(f"{_quoted(name)}: {_quoted(value)}" for name, value in labels.pairs) + "}"


def _quoted(text: str) -> str:
    """A YAML scalar. Double quotes are needed for what does not fit on a line; JSON's are YAML's."""
    if text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    return json.dumps(text)
