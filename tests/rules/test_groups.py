"""A group's evaluation: order, labels, limits, errors, templates, offsets."""

from pathlib import Path

from hivesight.model.labels import Labels
from hivesight.rules import Health, RuleOptions, Surroundings
from hivesight.rules.snapshot import GroupSnapshot, snapshot
from rules.world import T0, World


def run(world: World, text: str, turns: int = 1, options: RuleOptions | None = None) -> GroupSnapshot:
    group = world.group(text, options)
    for turn in range(turns):
        group.evaluate(T0 + turn * 60_000)
    return snapshot([group]).groups[0]


def test_later_rules_see_earlier_results(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.feed(T0, {"x{i=1}": 2, "x{i=2}": 3})
    group = run(
        world,
        """
groups:
- name: g
  labels: {team: hive, severity: low}
  rules:
  - {record: job:x:sum, expr: sum(x), labels: {kind: total, severity: high}}
  - {alert: High, expr: "job:x:sum > 4"}
  - {record: alerts:count, expr: "count(ALERTS{alertname=\\"High\\"})", labels: {team: ""}}
""",
    )
    assert world.at('{__name__=~"job:.*"}', T0) == {'job:x:sum{kind="total", severity="high", team="hive"}': 5.0}
    assert world.at('{__name__=~"alerts:.*"}', T0) == {'alerts:count{severity="low"}': 1.0}
    alert = group.rules[1].alerts[0]
    assert dict(alert.labels) == {"alertname": "High", "kind": "total", "severity": "low", "team": "hive"}
    assert (group.samples, group.evaluations, group.failures) == (4, 3, 0)
    assert [rule.health for rule in group.rules] == [Health.OK] * 3
    assert group.rules[0].query == "sum(x)"


def test_recorded_series_end_with_a_mark(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.feed(T0, {"x{i=1}": 2, "x{i=2}": 3})
    group = world.group("groups: [{name: g, rules: [{record: y, expr: x * 2}]}]")
    group.evaluate(T0)
    world.feed(T0 + 60_000, {"x{i=1}": 4, "x{i=2}": None})
    group.evaluate(T0 + 60_000)
    group.evaluate(T0 + 120_000)
    assert world.stored("y") == {'{i="1"}': [(0, 4.0), (60, 8.0), (120, 8.0)], '{i="2"}': [(0, 6.0), (60, None)]}


def test_equal_label_sets_fail_the_rule_and_nothing_is_sent_or_written(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.feed(T0, {"x{i=1}": 1, "x{i=2}": 1})
    group = run(
        world,
        """
groups:
- name: g
  rules:
  - {alert: A, expr: x, labels: {i: same}}
  - {record: y, expr: x, labels: {i: same}}
  - {record: z, expr: x}
""",
    )
    alert, record, good = group.rules
    assert alert.last_error == "vector contains metrics with the same labelset after applying alert labels"
    assert record.last_error == "vector contains metrics with the same labelset after applying rule labels"
    assert [rule.health for rule in group.rules] == [Health.BAD, Health.BAD, Health.OK]
    assert (alert.alerts, good.last_error, good.samples) == ((), "", 2)
    assert (world.sent, world.stored("ALERTS"), world.stored("y")) == ([], {}, {})
    assert (group.evaluations, group.failures) == (3, 2)


def test_limit(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.feed(T0, {"x{i=1}": 1, "x{i=2}": 1})
    text = "groups: [{name: g, limit: %d, rules: [{alert: A, expr: x}, {record: y, expr: x}]}]"
    over = run(world, text % 1)
    assert [rule.last_error for rule in over.rules] == [
        "exceeded limit of 1 with 2 alerts",
        "exceeded limit of 1 with 2 series",
    ]
    assert (world.sent, world.stored("y")) == ([], {})
    assert [rule.last_error for rule in run(world, text % 2).rules] == ["", ""]


def test_error_of_a_query_is_the_last_error_until_it_passes(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.feed(T0, {"a{i=1}": 1, "b{i=1,j=1}": 1, "b{i=1,j=2}": 1})
    group = world.group("groups: [{name: g, rules: [{record: y, expr: a * on (i) b}, {record: s, expr: '\"text\"'}]}]")
    group.evaluate(T0)
    rules = snapshot([group]).groups[0].rules
    assert "many-to-many" in rules[0].last_error or "duplicate series" in rules[0].last_error
    assert rules[1].last_error.startswith("rule result is not a vector or scalar")
    world.feed(T0 + 60_000, {"a{i=1}": 1, "b{i=1,j=1}": 1, "b{i=1,j=2}": None})
    group.evaluate(T0 + 60_000)
    rules = snapshot([group]).groups[0].rules
    assert (rules[0].health, rules[0].last_error) == (Health.OK, "")


def test_scalar_is_one_element(tmp_path: Path) -> None:
    world = World(tmp_path)
    run(world, "groups: [{name: g, rules: [{record: y, expr: '7'}]}]")
    assert world.at("y", T0) == {"y": 7.0}


def test_query_offset(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.feed(T0 - 60_000, {"x": 1})
    world.feed(T0, {"x": 2})
    text = "groups: [{name: g, query_offset: 1m, rules: [{record: y, expr: x}, {alert: A, expr: x > 0}]}]"
    group = run(world, text, options=RuleOptions(query_offset_ms=5000))
    assert group.query_offset_ms == 60_000
    assert world.stored("y") == {"{}": [(-60, 1.0)]}
    assert world.stored("ALERTS_FOR_STATE") == {'{alertname="A"}': [(-60, T0 / 1000)]}
    assert world.sent[0].starts_at_ms == T0


def test_templates_of_labels_and_annotations(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.feed(T0, {"x{i=1,job=api}": 0.25, "up{job=api}": 1})
    surroundings = Surroundings("http://hive:9640/", Labels({"cluster": "c1", "job": "other"}))
    group = run(
        world,
        """
groups:
- name: g
  rules:
  - alert: A
    expr: x > 0
    labels:
      level: '{{ if gt $value 0.2 }}high{{ else }}low{{ end }}'
      i: ''
      gone: '{{ $labels.nothing }}'
      alertname: B
    annotations:
      metric: '{{ .Labels.__name__ }}'
      text: '{{ $labels.job }} {{ $value | humanizePercentage }} {{ $externalLabels.cluster }} {{ $externalURL }}'
      asked: '{{ with query "up{job=\\"api\\"}" }}{{ . | first | value }}{{ end }}'
      broken: '{{ humanize "x" }}'
      refused: '{{ query "up{" }}'
""",
        options=RuleOptions(surroundings=surroundings),
    )
    (alert,) = group.rules[0].alerts
    assert dict(alert.labels) == {"alertname": "A", "job": "api", "level": "high"}
    annotations = dict(alert.annotations)
    assert annotations.pop("broken").startswith(
        "<error expanding template: error executing template __alert_A: template: __alert_A:1:4: error calling humanize"
    )
    assert "parse error" in annotations.pop("refused")
    assert annotations == {"metric": "x", "text": "api 25% c1 http://hive:9640/", "asked": "1"}
    assert group.template_failures == 2
    (sent,) = world.sent
    assert dict(sent.labels) == {"alertname": "A", "cluster": "c1", "job": "api", "level": "high"}
    assert sent.generator_url == "http://hive:9640/graph?g0.expr=x+%3E+0&g0.tab=1"


def test_snapshot_of_rules(tmp_path: Path) -> None:
    world = World(tmp_path)
    group = run(
        world,
        """
groups:
- name: g
  interval: 90s
  limit: 5
  rules:
  - alert: A
    expr: vector(1)
    for: 1m
    keep_firing_for: 2m
    labels: {severity: '{{ $value }}'}
    annotations: {summary: s}
  - {record: y, expr: "vector( 2 )"}
""",
    )
    assert (group.name, group.file, group.interval_ms, group.limit) == ("g", "rules.yml", 90_000, 5)
    alert, record = group.rules
    assert (alert.alerting, alert.name, alert.query, alert.for_ms) == (True, "A", "vector(1)", 60_000)
    assert (alert.keep_firing_for_ms, alert.state.value) == (120_000, "pending")
    assert dict(alert.labels) == {"severity": "{{ $value }}"}
    assert dict(alert.annotations) == {"summary": "s"}
    assert (alert.alerts[0].active_at_ms, alert.alerts[0].value) == (T0, 1.0)
    assert dict(alert.alerts[0].labels) == {"alertname": "A", "severity": "1"}
    assert (record.alerting, record.query, record.evaluated_at_ms, record.alerts) == (False, "vector(2)", T0, ())
