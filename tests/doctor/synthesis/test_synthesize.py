"""Expressions of every kind are made true, and what can never be true is told. `synthesize` plays every scenario before
it hands it out, so a scenario is one that was seen to be silent, to fire and to be over."""

import pytest

from hivesight.doctor.synthesis import Impossible, Scenario, synthesize
from hivesight.doctor.synthesis.playing import played
from hivesight.doctor.synthesis.verifying import broken_promise
from hivesight.rules import GroupConfig, RuleConfig, read_rules

FIRES = [
    "up == 0",
    'absent(up{job="api"})',
    "absent_over_time(heartbeat[10m])",
    "count by (job) (up == 0) / count by (job) (up) > 0.5",
    "sum(up == bool 0) > 1",
    "count(count by (version) (build_info)) > 1",
    'count(count_values("hash", config_hash)) != 1',
    '(sum(agents{status="active"}) or vector(0)) < 3',
    "rate(x_total[5m]) == 0",
    'sum by (job) (rate(r_total{code=~"5.."}[5m])) / sum by (job) (rate(r_total[5m])) > 0.05',
    "sum(rate(bad_total[5m])) / (sum(rate(bad_total[5m])) + sum(rate(good_total[5m]))) > 0.9",
    "changes(process_start_time_seconds[15m]) > 3",
    "resets(x_total[1h]) > 2",
    "max(x) - min(x) > 10",
    "stddev(x) > 3",
    "histogram_quantile(0.99, sum by (le, job) (rate(d_seconds_bucket[5m]))) > 1",
    "histogram_quantile(0.9, sum by (job) (rate(d_seconds[5m]))) > 1",
    'free{fs!~"tmpfs|ramfs"} / size{fs!~"tmpfs|ramfs"} < 0.1 and on (instance, device) readonly == 0',
    "predict_linear(free_bytes[1h], 4 * 3600) < 0 and free_bytes / size_bytes < 0.3",
    "x * on (instance) group_left (nodename) node_uname_info > 5",
    "x > 1 unless on (job) y > 0",
    "rate(x_total[5m]) > 5 * rate(x_total[1h] offset 10m)",
    "max_over_time(rate(x_total[5m])[30m:1m]) > 10",
    'sum by (pod) (label_replace(x, "pod", "$1", "pod_name", "(.*)")) / sum by (pod) (y) > 2',
    '{__name__=~"job_.*_errors", a=~"foo|bar", b!~"baz.*", c!="", d=""} > 5',
    "time() - last_success_timestamp_seconds > 86400 and last_success_timestamp_seconds > 0",
    "x > 5 and on () hour() >= 9 < 17 and on () day_of_week() > 0 < 6",
    "a / b > 0.9 < 1",
]

NEVER = [
    ("absent(x) > 1", "absent(x) is 1 or nothing"),
    ("rate(x_total[5m]) < 0", "would have to sink"),
    ('x{a="b"} and x{a="c"}', "can have a='b'"),
    ('x{a!~".*"} > 1', "no text was found"),
    ("scalar(sum(x)) > bool 5", "without bool"),
    ("count(x) < 1", "never less than 1"),
    ("timestamp(x > 1) < time() - 36000", "not older than the lookback"),
    ("sum by (a) (x) / on (b) y{b='1'} > 1", "can have b=''"),
]


def _rule(expr: str, for_ms: int = 120_000) -> RuleConfig:
    return RuleConfig(alert="Tested", expr=expr, for_ms=for_ms)


@pytest.mark.parametrize("expr", FIRES)
def test_an_expression_is_made_true(expr: str) -> None:
    rule = _rule(expr)
    found = synthesize([GroupConfig(name="tested", rules=(rule,))], rule)
    assert isinstance(found, Scenario), found
    assert found.evaluate_from_ms < found.health_until_ms < found.fires_by_ms <= found.heals_at_ms < found.end_ms
    assert found.fires_by_ms - found.health_until_ms >= rule.for_ms


@pytest.mark.parametrize(("expr", "reason"), NEVER)
def test_what_can_never_be_true_is_told(expr: str, reason: str) -> None:
    found = synthesize([], _rule(expr))
    assert isinstance(found, Impossible)
    assert reason in found.reason
    assert "unit test" in found.reason


def test_what_always_holds_is_constant() -> None:
    found = synthesize([], _rule("vector(1)"))
    assert isinstance(found, Scenario)
    assert found.constant
    assert not found.series


RECORDED = """
groups:
  - name: recorded
    interval: 30s
    rules:
      - record: job:errors:ratio5m
        expr: sum by (job) (rate(errors_total[5m])) / sum by (job) (rate(requests_total[5m]))
        labels: {window: 5m}
      - record: budget
        expr: vector(0.01)
        labels: {window: 5m}
      - alert: BudgetBurns
        expr: job:errors:ratio5m{job="api"} > on (window) group_left () 14.4 * budget
        for: 2m
"""


def test_recorded_names_are_traced_to_raw_series() -> None:
    file = read_rules(RECORDED, "rules.yml").file
    assert file is not None
    found = synthesize(file.groups, file.groups[0].rules[-1])
    assert isinstance(found, Scenario), found
    assert {labels.name for labels in found.series} == {"errors_total", "requests_total"}
    assert {labels["job"] for labels in found.series} == {"api"}


def test_the_condition_holds_long_enough_to_be_told() -> None:
    found = synthesize([], _rule("up == 0"), hold_ms=600_000)
    assert isinstance(found, Scenario)
    assert found.heals_at_ms - found.fires_by_ms >= 600_000


def test_a_scenario_that_breaks_its_promise_is_found_out() -> None:
    rule = _rule("up == 0")
    groups = [GroupConfig(name="tested", rules=(rule,))]
    found = synthesize(groups, rule)
    assert isinstance(found, Scenario)
    healthy = [GroupConfig(name="tested", rules=(_rule("up == 2"),))]
    assert "does not fire" in broken_promise(healthy, healthy[0].rules[0], found, 60_000)
    always = [GroupConfig(name="tested", rules=(_rule("up >= 0", for_ms=0),))]
    assert "in health" in broken_promise(always, always[0].rules[0], found, 60_000)


def test_groups_are_played_on_the_clock_of_the_scenario() -> None:
    rule = _rule("up == 0")
    groups = [GroupConfig(name="tested", rules=(rule,))]
    found = synthesize(groups, rule)
    assert isinstance(found, Scenario)
    moments = (found.health_until_ms, found.health_until_ms + 60_000)
    states = [evaluated[0].places[0].status.samples for _, evaluated in played(groups, found, moments, 60_000)]
    assert states[0] < states[1]


def test_an_expression_without_end_is_refused() -> None:
    found = synthesize([], _rule(" or ".join(f"x{number} > 1" for number in range(150))))
    assert isinstance(found, Impossible)
    assert "too deeply" in found.reason
