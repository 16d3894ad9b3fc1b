"""All groups on the clock: evaluation in threads, reload, state that is carried over."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from hivesight.model.clock import SystemClock
from hivesight.query.promql import Answer
from hivesight.rules import RuleManager, RuleOptions
from rules.world import T0, World, rule_file

FAST = """
groups:
- {name: a, interval: 20ms, rules: [{record: y, expr: vector(1)}]}
- {name: b, interval: 20ms, rules: [{alert: A, expr: vector(1)}]}
"""


@dataclass
class Counting:
    """Counts how many evaluations of a query run at once, and says when enough have run."""

    world: World
    loop: asyncio.AbstractEventLoop
    enough: int
    done: asyncio.Event = field(default_factory=asyncio.Event)
    running: int = 0
    most: int = 0
    total: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, query: str, at_ms: int) -> Answer:
        with self.lock:
            self.running += 1
            self.most = max(self.most, self.running)
        answer = self.world.engine.instant(query, at_ms)
        with self.lock:
            self.running -= 1
            self.total += 1
            if self.total == self.enough:
                self.loop.call_soon_threadsafe(self.done.set)
        return answer


async def run_until(manager: RuleManager, done: asyncio.Event) -> None:
    task = asyncio.create_task(manager.run())
    await asyncio.wait_for(done.wait(), 20)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def test_groups_run_until_cancelled(tmp_path: Path) -> None:
    world = World(tmp_path)

    async def scenario(executor: ThreadPoolExecutor) -> tuple[RuleManager, Counting]:
        counting = Counting(world, asyncio.get_running_loop(), enough=8)
        manager = RuleManager(replace(world.outside, query=counting, clock=SystemClock()), executor)
        manager.apply([("r.yml", rule_file(FAST))], RuleOptions())
        await run_until(manager, counting.done)
        return manager, counting

    with ThreadPoolExecutor(4) as executor:
        manager, counting = asyncio.run(scenario(executor))
    first, second = manager.snapshot().groups
    assert first.evaluations + second.evaluations == counting.total
    assert min(first.evaluations, second.evaluations) >= 2
    # At most one evaluation of each group at a time.
    assert counting.most <= 2
    assert manager.crashes == 0
    assert len(manager.snapshot().alerts) == 1
    times = [at for at, _ in world.stored("y")["{}"]]
    assert times == sorted(times)


def test_crash_of_a_group_does_not_stop_the_clock(tmp_path: Path) -> None:
    world = World(tmp_path)

    async def scenario(executor: ThreadPoolExecutor) -> RuleManager:
        counting = Counting(world, asyncio.get_running_loop(), enough=6)

        def query(text: str, at_ms: int) -> Answer:
            answer = counting(text, at_ms)
            if text == "vector(1)" and counting.total % 2:
                raise ZeroDivisionError
            return answer

        manager = RuleManager(replace(world.outside, query=query, clock=SystemClock()), executor)
        manager.apply([("r.yml", rule_file(FAST))], RuleOptions())
        await run_until(manager, counting.done)
        return manager

    with ThreadPoolExecutor(1) as executor:
        manager = asyncio.run(scenario(executor))
    assert manager.crashes >= 2


def manager_of(world: World, executor: ThreadPoolExecutor) -> RuleManager:
    return RuleManager(world.outside, executor)


def evaluate(manager: RuleManager, at_ms: int) -> None:
    for slot in manager._slots:
        slot.group.evaluate(at_ms)


BEFORE = """
groups:
- name: same
  rules: [{alert: S, expr: x > 0, for: 1m}]
- name: changed
  rules:
  - {alert: A, expr: x > 0, for: 1m, labels: {severity: a}}
  - {alert: A, expr: x > 0, for: 1m, labels: {severity: b}}
  - {record: gone, expr: x}
  - {record: stays, expr: x}
- name: removed
  rules: [{record: removed, expr: x}]
"""
AFTER = """
groups:
- name: same
  rules: [{alert: S, expr: x > 0, for: 1m}]
- name: changed
  rules:
  - {record: stays, expr: x}
  - {alert: A, expr: x > 0, for: 1m, labels: {severity: b}, annotations: {new: text}}
  - {alert: A, expr: x > 0, for: 1m, labels: {severity: c}}
"""


def test_reload_keeps_state(tmp_path: Path) -> None:
    world = World(tmp_path)
    with ThreadPoolExecutor(1) as executor:
        manager = manager_of(world, executor)
        manager.apply([("r.yml", rule_file(BEFORE))], RuleOptions())
        kept = manager._slots[0].group
        for turn in range(3):
            world.feed(T0 + turn * 30_000, {"x": 1.0})
            evaluate(manager, T0 + turn * 30_000)
        world.clock.ms = T0 + 70_000
        manager.apply([("r.yml", rule_file(AFTER))], RuleOptions())
        assert manager._slots[0].group is kept
        same, changed = manager.snapshot().groups
        states = [(rule.name, dict(rule.labels), rule.state.value) for rule in changed.rules]
        assert states == [
            ("stays", {}, "inactive"),
            ("A", {"severity": "b"}, "firing"),
            ("A", {"severity": "c"}, "inactive"),
        ]
        assert same.rules[0].state.value == "firing"
        assert changed.evaluations == 12
        # What is gone is ended at once, what stays is not.
        assert world.stored("gone")["{}"][-1] == (70, None)
        assert world.stored("removed")["{}"][-1] == (70, None)
        assert world.stored("stays")["{}"][-1] == (60, 1.0)
        ended = world.stored("ALERTS_FOR_STATE")
        assert ended['{alertname="A", severity="a"}'][-1] == (70, None)
        assert ended['{alertname="A", severity="b"}'][-1][1] is not None
        world.sent.clear()
        evaluate(manager, T0 + 90_000)
        assert [
            (each.labels["severity"], each.starts_at_ms - T0) for each in world.sent if "severity" in each.labels
        ] == []
        evaluate(manager, T0 + 120_000)
        assert {(each.labels.value("severity"), each.starts_at_ms - T0) for each in world.sent} == {
            ("b", 60_000),
            ("", 60_000),
        }


def test_changed_options_replace_every_group(tmp_path: Path) -> None:
    world = World(tmp_path)
    with ThreadPoolExecutor(1) as executor:
        manager = manager_of(world, executor)
        manager.apply([("r.yml", rule_file(AFTER))], RuleOptions())
        world.feed(T0, {"x": 1.0})
        evaluate(manager, T0)
        manager.apply([("r.yml", rule_file(AFTER))], RuleOptions(interval_ms=15_000))
        groups = manager.snapshot().groups
        assert [group.interval_ms for group in groups] == [15_000, 15_000]
        assert [rule.state.value for group in groups for rule in group.rules if rule.alerting] == ["pending"] * 3
        manager.apply([], RuleOptions())
        assert manager.snapshot().groups == ()
        assert world.at('{__name__!=""}', T0 + 1000).keys() == {"x"}


def test_first_groups_are_restored_and_later_ones_are_not(tmp_path: Path) -> None:
    text = "groups: [{name: g, rules: [{alert: A, expr: x > 0, for: 1m}]}]"
    world = World(tmp_path)
    with ThreadPoolExecutor(1) as executor:
        manager = manager_of(world, executor)
        manager.apply([("r.yml", rule_file(text))], RuleOptions())
        for turn in range(3):
            world.feed(T0 + turn * 30_000, {"x": 1.0})
            evaluate(manager, T0 + turn * 30_000)
        world.close()
        world = World(tmp_path)
        world.feed(T0 + 80_000, {"x": 1.0})
        manager = manager_of(world, executor)
        manager.apply([("r.yml", rule_file(text))], RuleOptions())
        evaluate(manager, T0 + 90_000)
        assert [alert.state.value for alert in manager.snapshot().alerts] == ["firing"]
        manager.apply([], RuleOptions())
        manager.apply([("r.yml", rule_file(text))], RuleOptions())
        evaluate(manager, T0 + 120_000)
        assert [alert.state.value for alert in manager.snapshot().alerts] == ["pending"]
