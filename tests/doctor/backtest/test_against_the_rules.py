"""A back-test over what a store holds tells the same of every alert, at every evaluation, as the server's own rule
groups, which were evaluated one moment after the other while the samples came in."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from hivesight.doctor.backtest import Plan, Results, backtest
from hivesight.doctor.backtest.store import Store
from hivesight.model.labels import Labels
from hivesight.model.matcher import Matcher, MatchType
from hivesight.model.series import is_sample
from hivesight.rules import RuleOptions
from hivesight.rules.group import Group
from hivesight.storage.labelled import LabelledWriter
from rules.world import T0, World, rule_file

STEP_MS = 15_000
TURNS = 150
SINCE = T0 + 48 * STEP_MS
UNTIL = T0 + (TURNS - 1) * STEP_MS

SIMPLE = """
groups:
- name: waiting
  interval: 15s
  rules:
  - {alert: AtOnce, expr: level > 0.6, labels: {severity: page}}
  - {alert: Waits, expr: level > 0.5, for: 1m}
  - {alert: Keeps, expr: level > 0.5, for: 30s, keep_firing_for: 2m}
  - {alert: Absent, expr: 'absent(level{i="3"})', for: 45s}
  - {alert: Rate, expr: 'sum without (i) (rate(total[2m])) > 0.5', for: 30s}
  - {alert: Always, expr: vector(1)}
- name: slower
  interval: 1m
  query_offset: 30s
  rules:
  - {alert: Slow, expr: 'avg_over_time(level[3m]) > 0.5', for: 2m}
"""
LABELS = """
groups:
- name: labels
  interval: 15s
  labels: {team: '{{ $labels.i }}'}
  rules:
  - alert: ByValue
    expr: level > 0.4
    for: 30s
    labels: {severity: '{{ if gt $value 0.7 }}page{{ else }}ticket{{ end }}', dc: '{{ $labels.i | toUpper }}'}
  - {alert: Same, expr: 'label_replace(level > 0.75, "i", "", "", "")', for: 30s}
  - {alert: Matches, expr: 'level * on () group_left () (total > 30)'}
- name: limited
  interval: 15s
  limit: 2
  rules:
  - {alert: Limited, expr: level > 0.5, for: 15s}
"""
RECORDED = """
groups:
- name: alerts first
  interval: 15s
  rules:
  - {alert: OfRecorded, expr: 'job:level:avg > 0.55 and avg_over_time(job:level:avg[2m]) > 0.5', for: 30s}
  - {alert: OfTwice, expr: 'level:twice{of="avg"} > 1.1'}
- name: records
  interval: 15s
  rules:
  - {record: 'job:level:avg', expr: avg without (i) (level)}
  - {record: 'level:twice', expr: '2 * job:level:avg', labels: {of: avg}}
  - {record: 'level:twice', expr: '2 * max without (i) (level)', labels: {of: max}}
"""
KNOT = """
groups:
- name: knot
  interval: 15s
  rules:
  - {alert: Later, expr: level:count > 1}
  - {record: 'level:count', expr: 'count(level > 0.5)'}
  - {record: running, expr: '(running + 1) * scalar(avg(level) < bool 0.6) or vector(0)'}
  - {alert: Running, expr: running % 7 == 3}
  - {alert: Inner, expr: level > 0.6, for: 30s, labels: {severity: info}}
  - alert: Inhibitor
    expr: 'ALERTS{severity="info", alertname!="Inhibitor"} unless on () ALERTS{alertname="Later"}'
    labels: {alertstate: ''}
"""


def told(world: World) -> set[tuple[Labels, int]]:
    """Every sample of `ALERTS` since the time began that is asked about."""
    found: set[tuple[Labels, int]] = set()
    for block in world.store.select([Matcher("__name__", MatchType.EQUAL, "ALERTS")], SINCE, UNTIL):
        for row, labels in enumerate(block.labels.all_labels()):
            places = np.flatnonzero(is_sample(np.ascontiguousarray(block.values[row])))
            found |= {(labels.without("__name__"), int(block.times[place])) for place in places}
    return found


def found(results: Results) -> set[tuple[Labels, int]]:
    """The same, of the episodes."""
    points: set[tuple[Labels, int]] = set()
    for result in results.alerting:
        member = result.member
        for at_ms in member.times(SINCE, UNTIL).tolist():
            for each in result.episodes:
                if each.active_at_ms <= at_ms and (each.over_at_ms is None or at_ms < each.over_at_ms):
                    fires = each.fired_at_ms is not None and each.fired_at_ms <= at_ms
                    labels = each.labels.merged({"alertstate": "firing" if fires else "pending"})
                    points.add((labels, at_ms - member.query_offset_ms))
    return {(labels, at_ms) for labels, at_ms in points if at_ms >= SINCE}


def samples(world: World, turn: int, random: np.random.Generator, levels: dict[str, float | None]) -> None:
    """One scrape of series that come and go."""
    for i in "1234":
        if random.random() < 0.15:
            levels[i] = None if levels[i] is not None and random.random() < 0.3 else float(random.random())
    values = {f"level{{i={i},job=a}}": value for i, value in levels.items()}
    total = float(turn % 50 + (turn % 100 > 60) * turn)
    world.feed(T0 + turn * STEP_MS - 4_000, {**values, "total{i=1,job=a}": total, "total{i=2,job=a}": turn / 4})


@pytest.mark.parametrize("text", [SIMPLE, LABELS, RECORDED, KNOT], ids=["simple", "labels", "recorded", "knot"])
def test_the_same_as_the_rules(tmp_path: Path, text: str) -> None:
    truth, bare = World(tmp_path / "truth"), World(tmp_path / "bare")
    file = rule_file(text)
    options = RuleOptions(resend_delay_ms=60_000)
    groups = [Group("rules.yml", config, options, truth.outside) for config in file.groups]
    # What is read is made before, as it is where groups have slots of their own.
    groups.sort(key=lambda group: group.config.name != "records")
    levels: dict[str, float | None] = dict.fromkeys("1234", 0.5)
    random = np.random.default_rng(7)
    failed: set[tuple[str, int]] = set()
    for turn in range(TURNS):
        samples(truth, turn, random, levels)
        for group in groups:
            if (turn * STEP_MS) % group.interval_ms == 0:
                at_ms = T0 + turn * STEP_MS
                group.evaluate(at_ms)
                # An evaluation that fails writes nothing, and the alerts are what they were.
                failed |= {(each.rule.config.name, at_ms) for each in group.places if each.status.last_error}
    for block in truth.store.select([Matcher("__name__", MatchType.REGEX, "level|total")], 0, 2 * T0):
        for column, at_ms in enumerate(block.times.tolist()):
            LabelledWriter(bare.store).write("input", at_ms, block.labels.all_labels(), block.values[:, column])
    plan = Plan([("rules.yml", file)], SINCE, UNTIL, options, aligned=False)
    source = Store(bare.store, lookback_ms=300_000, default_step_ms=60_000)
    assert told(truth), "something fires"
    results = backtest(plan, source)
    assert not [each.broken for each in results.alerting if each.broken]
    by_name: dict[str, list[tuple[Labels, int]]] = {}
    for labels, at_ms in told(truth) ^ found(results):
        if (labels["alertname"], at_ms) not in failed:
            by_name.setdefault(labels["alertname"], []).append((labels, (at_ms - T0) // 1000))
    assert by_name == {}
    counted = {each.member.name: each.failures.count for each in results.alerting if each.failures.count}
    assert counted == Counter(name for name, at_ms in failed if at_ms >= SINCE)
