"""The process ends and begins again: alerts go on from where they were."""

from pathlib import Path

import pytest

from hivesight.rules.alerting import AlertingRule
from hivesight.rules.alerts import ActiveAlert
from hivesight.rules.group import Group
from rules.world import T0, World

RULE = """
groups:
- name: g
  interval: 30s
  rules:
  - alert: A
    expr: x > 0
    for: {}
    labels: {{severity: page, level: '{{{{ $value }}}}'}}
"""
MINUTE = 60_000


def before(directory: Path, for_: str, active_ms: int) -> None:
    """A process whose alert is active for this long, and which is then killed."""
    world = World(directory)
    group = world.group(RULE.format(for_))
    for at_ms in range(T0, T0 + active_ms + 1, 30_000):
        world.feed(at_ms, {"x{i=1}": 1.0})
        group.evaluate(at_ms)
    world.close()


def turn(world: World, group: Group, at_ms: int, value: float = 1.0) -> ActiveAlert | None:
    world.feed(at_ms, {"x{i=1}": value})
    world.sent.clear()
    group.evaluate(at_ms)
    alerts = [each for each in group.places[0].rule.alerts.values() if each.state.value != "inactive"]
    return alerts[0] if alerts else None


# for; how long it was active before; how long the process was away; state at the first evaluation after; and how long
# after the restart it fires (None: at once).
CASES = [
    # What fired goes on firing at once, whatever the `for`.
    ("1m", 2 * MINUTE, MINUTE, "firing", 0),
    ("0s", 2 * MINUTE, MINUTE, "firing", 0),
    ("30m", 40 * MINUTE, 5 * MINUTE, "firing", 0),
    # What was pending goes on waiting; the time away does not count.
    ("2m", MINUTE, 3 * MINUTE, "pending", MINUTE),
    ("5m", 4 * MINUTE, 30 * MINUTE, "pending", MINUTE),
    ("40m", 10 * MINUTE, 5 * MINUTE, "pending", 30 * MINUTE),
    # A rule that waits long waits at least the grace period again.
    ("40m", 35 * MINUTE, 5 * MINUTE, "pending", 10 * MINUTE),
    # Away for longer than is tolerated: as if nothing had been.
    ("2m", MINUTE, 61 * MINUTE, "pending", 2 * MINUTE),
]


@pytest.mark.parametrize(("for_", "active_ms", "away_ms", "state", "fires_ms"), CASES)
def test_alert_goes_on(tmp_path: Path, for_: str, active_ms: int, away_ms: int, state: str, fires_ms: int) -> None:
    before(tmp_path, for_, active_ms)
    world = World(tmp_path)
    group = world.group(RULE.format(for_))
    group.restore()
    start = T0 + active_ms + away_ms
    alert = turn(world, group, start)
    assert alert is not None
    assert alert.state.value == state
    if state == "firing":
        assert alert.active_at_ms == T0
        assert [each.starts_at_ms for each in world.sent] == [T0 + group.places[0].rule.timing.for_ms]
        return
    at_ms = start
    while alert is not None and alert.state.value == "pending":
        assert not world.sent
        at_ms += 30_000
        alert = turn(world, group, at_ms)
    assert at_ms - start == fires_ms


def test_alert_that_was_over_starts_anew(tmp_path: Path) -> None:
    world = World(tmp_path)
    group = world.group(RULE.format("1m"))
    for index, value in enumerate([1.0, 1.0, 1.0, 0.0]):
        turn(world, group, T0 + index * 30_000, value)
    world.close()
    world = World(tmp_path)
    group = world.group(RULE.format("1m"))
    group.restore()
    alert = turn(world, group, T0 + 120_000)
    assert alert is not None
    assert (alert.state.value, alert.active_at_ms) == ("pending", T0 + 120_000)


def test_condition_that_ended_meanwhile_ends_the_series(tmp_path: Path) -> None:
    before(tmp_path, "1m", 2 * MINUTE)
    world = World(tmp_path)
    group = world.group(RULE.format("1m"))
    group.restore()
    assert turn(world, group, T0 + 3 * MINUTE, 0.0) is None
    assert world.at("ALERTS", T0 + 3 * MINUTE) == {}
    assert all(samples[-1] == (180, None) for samples in world.stored("ALERTS_FOR_STATE").values())


def test_the_past_is_remembered_until_there_was_time_to_see(tmp_path: Path) -> None:
    for late, state in ((1, "firing"), (2, "firing"), (3, "pending")):
        directory = tmp_path / str(late)
        directory.mkdir()
        before(directory, "1m", 2 * MINUTE)
        world = World(directory)
        group = world.group(RULE.format("1m"))
        group.restore()
        start = T0 + 10 * MINUTE
        for index in range(late):
            group.evaluate(start + index * 30_000)
        alert = turn(world, group, start + late * 30_000)
        assert alert is not None
        assert alert.state.value == state


# How long the process was away; how long after the restart whoever was told of the alert is told of its end.
ENDS = [(30_000, 30_000), (45_000, 60_000), (10 * MINUTE, 60_000)]


@pytest.mark.parametrize(("away_ms", "told_ms"), ENDS)
def test_an_end_that_nobody_saw_is_told(tmp_path: Path, away_ms: int, told_ms: int) -> None:
    before(tmp_path, "1m", 2 * MINUTE)
    world = World(tmp_path)
    group = world.group(RULE.format("1m"))
    group.restore()
    start = T0 + 2 * MINUTE + away_ms
    at_ms = start
    while turn(world, group, at_ms, 0.0) is None and not world.sent:
        at_ms += 30_000
        assert at_ms < start + 5 * MINUTE
    (told,) = world.sent
    assert at_ms == start + told_ms == told.ends_at_ms
    assert told.starts_at_ms == T0 + MINUTE and told.labels["alertname"] == "A"
    turn(world, group, at_ms + 30_000, 0.0)
    assert not world.sent


def test_rules_of_one_name_keep_their_own_past(tmp_path: Path) -> None:
    text = """
groups:
- name: g
  rules:
  - {alert: A, expr: x > 0, for: 2m, labels: {severity: low}}
  - {alert: A, expr: x > 5, for: 2m, labels: {severity: high}}
"""
    world = World(tmp_path)
    group = world.group(text)
    for index in range(3):
        world.feed(T0 + index * MINUTE, {"x": 1.0})
        group.evaluate(T0 + index * MINUTE)
    world.close()
    world = World(tmp_path)
    group = world.group(text)
    group.restore()
    world.feed(T0 + 3 * MINUTE, {"x": 9.0})
    group.evaluate(T0 + 3 * MINUTE)
    states = [place.rule.state.value for place in group.places if isinstance(place.rule, AlertingRule)]
    assert states == ["firing", "pending"]


def test_keep_firing_for_holds_over_a_restart(tmp_path: Path) -> None:
    text = """
groups:
- name: g
  interval: 30s
  rules:
  - {alert: A, expr: x > 0, for: 1m, keep_firing_for: 1m, annotations: {s: 'x at {{ $labels.i }} is {{ $value }}'}}
"""
    world = World(tmp_path)
    group = world.group(text)
    for index, value in enumerate([1.0, 1.0, 1.0, 0.0]):
        turn(world, group, T0 + index * 30_000, value)
    world.close()
    world = World(tmp_path)
    group = world.group(text)
    group.restore()
    start = T0 + 5 * MINUTE
    states: list[str] = []
    for index in range(4):
        alert = turn(world, group, start + index * 30_000, 0.0)
        states.append(alert.state.value if alert else "inactive")
        if index == 0:
            assert [dict(each.annotations) for each in world.sent] == [{"s": "x at 1 is NaN"}]
            assert [each.starts_at_ms for each in world.sent] == [T0 + MINUTE]
    assert states == ["firing", "firing", "inactive", "inactive"]
    assert world.at("ALERTS", start + 90_000) == {}
