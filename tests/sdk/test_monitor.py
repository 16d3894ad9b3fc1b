"""The performance monitor as a whole: the guide's interface, rounds in a time that the test moves, isolation."""

from __future__ import annotations

import asyncio
import gc
import logging
import threading
from collections.abc import Callable
from datetime import UTC
from math import isnan
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from hivesight_sdk import PerformanceAlert, PerformanceMetrics, PerformanceMonitor, Threshold, metrics, semconv

Growth = Callable[..., Callable[[], float]]
Reader = Callable[..., float]
PATIENCE = 30.0


class World:
    """Time that stands still until somebody waits; then it is as much later, and `rounds` many waits are over."""

    def __init__(self, rounds: int = 1) -> None:
        self.monotonic = 1000.0
        self.unix = 1_700_000_000.0
        self.rounds = rounds
        self.waited: list[float] = []

    def wait(self, stopped: threading.Event, seconds: float) -> bool:
        self.waited.append(seconds)
        self.monotonic += seconds
        self.unix += seconds
        if len(self.waited) < self.rounds:
            return stopped.is_set()
        return stopped.wait(PATIENCE)

    def monitor(self, kind: type[PerformanceMonitor] = PerformanceMonitor, **options: Any) -> PerformanceMonitor:
        return kind(
            registry=CollectorRegistry(),
            clock=lambda: self.monotonic,
            wall_clock=lambda: self.unix,
            wait=self.wait,
            **options,
        )


class Signal:
    """A provider that tells when it was called often enough."""

    def __init__(self, *values: float) -> None:
        self.values = list(values)
        self.called = 0
        self.done = threading.Event()

    def __call__(self) -> float:
        value = self.values[min(self.called, len(self.values) - 1)]
        self.called += 1
        if self.called > len(self.values):
            self.done.set()
        return value


def run_rounds(monitor: PerformanceMonitor, signal: Signal) -> None:
    with monitor:
        assert signal.done.wait(PATIENCE)
    assert not monitor.running


def test_rounds_fill_history_exposition_and_summary(value: Reader) -> None:
    world = World(rounds=10)
    signal = Signal(10, 20, 60)
    monitor = world.monitor(providers={"my_load": signal}, alert_thresholds={"my_load": 50})
    run_rounds(monitor, signal)
    history = monitor.metrics_history
    assert [sample.get("my_load") for sample in history][:4] == [10, 20, 60, 60]
    assert world.waited[:3] == [30, 30, 30]
    assert history[0].timestamp.tzinfo is UTC
    assert (history[1].timestamp - history[0].timestamp).total_seconds() == 30
    assert isinstance(history[1].cpu_percent, float)
    assert value("agent_hive_monitor_figure", figure="my_load") == 60
    assert value("agent_hive_monitor_figure", figure="memory_percent") > 0
    assert value("agent_hive_monitor_alert_firing", figure="my_load") == 1
    summary = monitor.get_performance_summary(hours=1)
    assert summary["metrics_count"] == len(history)
    assert summary["my_load"]["max"] == 60
    assert summary["my_load"]["p99"] <= 60
    assert summary["firing"] == ["my_load"]
    assert summary["memory_usage"]["count"] == len(history)


def test_overriding_what_the_thread_does_not_call_is_told(growth: Growth) -> None:
    class Own(PerformanceMonitor):
        async def collect_metrics(self) -> PerformanceMetrics:
            return await super().collect_metrics()

    dropped = growth("agent_hive_sdk_dropped_total", reason="invalid_value")
    World().monitor(Own)
    assert dropped() == 1


def test_a_figure_that_is_no_longer_known_leaves_the_exposition() -> None:
    world = World()
    answers = iter([{"here": 1.0, "gone": 1.0}, {"here": 2.0}])
    monitor = world.monitor(providers={"mine": lambda: next(answers)})
    monitor._round()
    monitor._round()
    exposed = {sample.labels["figure"]: sample.value for m in metrics.MONITOR_FIGURE.collect() for sample in m.samples}
    assert exposed["here"] == 2
    assert "gone" not in exposed


def test_a_round_that_takes_long_does_not_shift_the_next_and_misses_what_it_must() -> None:
    world = World(rounds=10)
    took = iter([10.0, 0.0, 100.0])

    def slow() -> float:
        world.monotonic += next(took, 0.0)
        return signal()

    signal = Signal(1, 1, 1, 1)
    run_rounds(world.monitor(providers={"slow": slow}), signal)
    assert world.waited[:4] == [20, 30, 30, 30]


def test_alerts_reach_sync_and_async_callbacks_once_and_resolve(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    numbers = iter([90.0, 95.0, 95.0, 70.0, 10.0])
    seen: list[PerformanceAlert] = []
    seen_async: list[str] = []

    async def tell(alert: PerformanceAlert) -> None:
        seen_async.append(alert.state)

    monitor = world.monitor(
        providers={"load": lambda: next(numbers)},
        alert_thresholds={"load": Threshold(85, for_seconds=30, clear=60)},
        callbacks=[seen.append],
    )
    monitor.add_callback(tell)
    with caplog.at_level(logging.WARNING, "hivesight_sdk"):
        for _ in range(5):
            monitor._round()
            world.monotonic += 30
    assert [(alert.state, alert.value) for alert in seen] == [("firing", 95), ("resolved", 10)]
    assert seen_async == ["firing", "resolved"]
    assert [r.getMessage() for r in caplog.records if "performance alert" in r.getMessage()] == [
        "performance alert: High load: 95 (limit 85) for 30 s",
        "performance alert: Resolved load: 10 (limit 85) after 120 s",
    ]


def test_failures_of_the_users_code_are_counted_and_end_nothing(growth: Growth) -> None:
    provider = growth("agent_hive_sdk_dropped_total", reason="provider_failed")
    callback = growth("agent_hive_sdk_dropped_total", reason="callback_failed")
    world = World(rounds=3)
    told: list[str] = []

    def fail(*_: object) -> float:
        raise ZeroDivisionError("user's own")

    async def waits(_: object) -> None:
        await asyncio.sleep(0)

    signal = Signal(1, 1)
    monitor = world.monitor(
        providers={"bad": fail, "good": signal},
        alert_thresholds={"good": 0.5},
        callbacks=[fail, waits, lambda alert: told.append(alert.figure)],
    )
    run_rounds(monitor, signal)
    assert told == ["good"]
    assert provider() >= 2
    assert callback() == 2


def test_thresholds_may_change_and_nonsense_is_counted(growth: Growth) -> None:
    dropped = growth("agent_hive_sdk_dropped_total", reason="invalid_value")
    monitor = World().monitor(providers={"load": lambda: 5})
    assert monitor.alert_thresholds["cpu_percent"] == 85
    nonsense: Any = "high"
    monitor.alert_thresholds = {"load": 4, "other": nonsense}
    assert [alert.figure for alert in monitor.check(monitor.collect())] == ["load"]
    del monitor.alert_thresholds["load"]
    assert [alert.state for alert in monitor.check(monitor.collect())] == ["resolved"]
    assert dropped() == 2


@pytest.mark.parametrize("interval", [0, -1, 1e9, float("nan"), "30"])
def test_intervals_that_cannot_be_meant(interval: Any, growth: Growth) -> None:
    dropped = growth("agent_hive_sdk_dropped_total", reason="invalid_value")
    assert PerformanceMonitor(interval).collection_interval == 30
    assert dropped() == 1


def test_hours_that_cannot_be_meant(growth: Growth) -> None:
    dropped = growth("agent_hive_sdk_dropped_total", reason="invalid_value")
    monitor = World().monitor()
    assert monitor.get_performance_summary(0)["time_period"] == "Last 24 hour(s)"
    assert isnan(monitor.get_performance_summary(24)["cpu_usage"]["avg"])
    assert dropped() == 1


def test_the_history_survives_a_restart(tmp_path: Path) -> None:
    world = World()
    first = world.monitor(providers={"load": lambda: 5}, history_path=tmp_path / "history.db")
    first._round()
    world.unix += 1800
    world.monotonic = 3.0
    second = world.monitor(providers={"load": lambda: 7}, history_path=tmp_path / "history.db")
    second._round()
    assert second.get_performance_summary(1)["load"]["avg"] == 6
    assert second.get_performance_summary(0.25)["load"]["avg"] == 7


# ---- the guide's way of using it ----


def test_start_monitoring_leaves_the_loop_free_until_running_is_false() -> None:
    world = World(rounds=2)
    signal = Signal(1)

    async def main() -> PerformanceMonitor:
        monitor = world.monitor(providers={"load": signal})
        task = asyncio.create_task(monitor.start_monitoring())
        await asyncio.to_thread(signal.done.wait, PATIENCE)
        assert monitor.running
        monitor.running = False
        await asyncio.wait_for(task, PATIENCE)
        return monitor

    monitor = asyncio.run(main())
    assert not monitor.running
    assert monitor.get_performance_summary(hours=1)["metrics_count"] >= 1


def test_cancelling_it_stops_the_monitor() -> None:
    async def main() -> None:
        begun = threading.Event()
        monitor = World().monitor(providers={"begun": begun.set})
        task = asyncio.create_task(monitor.start_monitoring())
        await asyncio.to_thread(begun.wait, PATIENCE)
        assert monitor.running
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not monitor.running
        monitor.stop()

    asyncio.run(main())


def test_what_is_async_runs_on_the_users_loop() -> None:
    threads: set[str] = set()

    class Mine(PerformanceMonitor):
        async def get_task_queue_length(self) -> int:
            await asyncio.sleep(0)
            threads.add(threading.current_thread().name)
            return 250

        async def send_alerts(self, alerts: list[str], metrics: PerformanceMetrics) -> None:
            await asyncio.sleep(0)
            sent.extend(alerts)
            self.running = False

    sent: list[str] = []

    async def main() -> None:
        monitor = World().monitor(Mine, alert_thresholds={"task_queue_length": 100})
        await asyncio.wait_for(monitor.start_monitoring(), PATIENCE)

    asyncio.run(main())
    assert sent == ["High task queue length: 250 (limit 100) for 0 s"]
    assert threads == {"MainThread"}


def test_collecting_and_checking_by_hand() -> None:
    async def main() -> None:
        monitor = World().monitor(providers={"active_agents": lambda: 4}, alert_thresholds={"active_agents": 3})
        collected = await monitor.collect_metrics()
        assert collected.active_agents == 4
        assert isnan(collected.errors_per_minute)
        assert set(collected.network_io) == {"bytes_sent", "bytes_recv"}
        assert [alert.figure for alert in await monitor.check_alerts(collected)] == ["active_agents"]
        assert await monitor.get_active_agents_count() == 4
        assert isnan(await monitor.get_decision_confidence())
        assert monitor.metrics_history == []

    asyncio.run(main())


def test_figures_come_from_the_registry() -> None:
    registry = CollectorRegistry()
    metrics.build_gauge(semconv.ACTIVE_AGENTS, registry).labels("planner", "active").set(2)
    assert PerformanceMonitor(registry=registry).collect().active_agents == 2


# ---- its end ----


def test_stop_ends_within_its_deadline_though_a_provider_hangs() -> None:
    begun, leave = threading.Event(), threading.Event()

    def hang() -> None:
        begun.set()
        leave.wait(PATIENCE)

    monitor = World().monitor(providers={"hangs": hang})
    monitor.start()
    assert begun.wait(PATIENCE)
    monitor.stop(timeout_seconds=0.01)
    assert not monitor.running
    monitor.stop(timeout_seconds=0.01)
    leave.set()
    monitor.stop(PATIENCE)


def test_it_starts_again_and_once_only() -> None:
    monitor = World().monitor()
    for _ in range(2):
        monitor.start()
        thread = monitor._thread
        monitor.start()
        assert monitor._thread is thread
        monitor.stop(PATIENCE)
        assert not monitor.running


def test_a_monitor_that_is_not_used_any_more_is_freed() -> None:
    import weakref

    monitor = World().monitor()
    reference = weakref.ref(monitor)
    del monitor
    gc.collect()
    assert reference() is None
