"""What a rule said of an alert, told from the store."""

from pathlib import Path

from hivesight.model.labels import Labels
from hivesight.rules import Window, Witness
from hivesight.rules.group import Group
from hivesight.rules.snapshot import snapshot
from rules.world import T0, World

RULES = """
groups:
- name: g
  interval: 15s
  rules:
  - {alert: High, expr: 'load > 5', for: 30s, labels: {severity: page, what: '{{ $labels.host }}'}}
  - {alert: High, expr: 'load > 50', labels: {severity: wake}}
  - {record: load:max, expr: max(load)}
"""
EXTERNAL = Labels({"cluster": "x"})
TOLD = Labels({"alertname": "High", "cluster": "x", "host": "a", "severity": "page", "what": "a"})


def run(world: World, group: Group, values: list[float | None], *, start: int = 0) -> int:
    """Evaluates every 15 s; a value for each. Leaves: the time of the last evaluation."""
    at_ms = T0
    for step, value in enumerate(values, start):
        at_ms = T0 + step * 15_000
        world.clock.ms = at_ms
        world.feed(at_ms, {"load{host=a}": value, "load{host=b}": 1})
        group.evaluate(at_ms)
    return at_ms


def witness(world: World, group: Group) -> Witness:
    return Witness(snapshot([group]), EXTERNAL.merged, world.store, world.engine.instant)


def test_periods_and_values(tmp_path: Path) -> None:
    world = World(tmp_path)
    group = world.group(RULES)
    end_ms = run(world, group, [1, 6, 7, 8, 9, 1, 6])
    (found,) = witness(world, group).evidence(TOLD, Window(T0, end_ms))
    assert (found.rule.query, found.group.name) == ("load > 5", "g")
    told = [(each.state, each.first_ms - T0, each.last_ms - T0, each.over) for each in found.periods]
    assert told == [
        ("pending", 15_000, 30_000, True),
        ("firing", 45_000, 60_000, True),
        ("pending", 90_000, 90_000, False),
    ]
    assert [(each.value, each.last_value) for each in found.periods] == [(6, 7), (8, 9), (6, 6)]
    assert found.alert is not None and found.alert.value == 6
    assert found.fires_at_ms == T0 + 120_000


def test_an_alert_that_is_over(tmp_path: Path) -> None:
    world = World(tmp_path)
    group = world.group(RULES)
    end_ms = run(world, group, [9, 9, 9, 1])
    (found,) = witness(world, group).evidence(TOLD, Window(T0, end_ms))
    assert found.alert is None and found.fires_at_ms is None
    assert [(each.state, each.over) for each in found.periods] == [("pending", True), ("firing", True)]
    (before,) = witness(world, group).evidence(TOLD, Window(T0, T0 + 15_000))
    assert [(each.state, each.over) for each in before.periods] == [("pending", False)]


def test_a_process_that_was_away_ends_a_period(tmp_path: Path) -> None:
    world = World(tmp_path)
    group = world.group(RULES)
    run(world, group, [9])
    end_ms = run(world, group, [9], start=40)
    (found,) = witness(world, group).evidence(TOLD, Window(T0, end_ms))
    assert [(each.first_ms - T0, each.over) for each in found.periods] == [(0, True), (600_000, False)]


def test_only_rules_that_can_make_it(tmp_path: Path) -> None:
    world = World(tmp_path)
    group = world.group(RULES)
    end_ms = run(world, group, [60])
    judge = witness(world, group)
    assert [each.rule.query for each in judge.evidence(TOLD.merged({"severity": "wake"}), Window(T0, end_ms))] == [
        "load > 50"
    ]
    assert judge.evidence(TOLD.merged({"severity": "other"}), Window(T0, end_ms)) == []
    assert len(judge.evidence(Labels({"alertname": "High"}), Window(T0, end_ms))) == 2
    assert judge.evidence(Labels({"alertname": "Other"}), Window(T0, end_ms)) == []
    assert set(judge.active()) == {
        TOLD,
        Labels({"alertname": "High", "cluster": "x", "host": "a", "severity": "wake"}),
    }
