"""Where figures come from: the SDK's families in a registry of the test's own, the machine, the user's callables."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from decimal import Decimal
from math import inf, isnan, nan
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from hivesight_sdk import metrics, semconv
from hivesight_sdk.monitor.calls import Caller
from hivesight_sdk.monitor.hive_figures import HiveFigures, quantile
from hivesight_sdk.monitor.host_figures import HostFigures
from hivesight_sdk.monitor.providers import Providers

Growth = Callable[..., Callable[[], float]]


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Hive:
    """The families a hive records, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.clock = Clock()
        self.agents = metrics.build_gauge(semconv.ACTIVE_AGENTS, self.registry)
        self.queue = metrics.build_gauge(semconv.TASK_QUEUE_LENGTH, self.registry)
        self.oldest = metrics.build_gauge(semconv.TASK_QUEUE_OLDEST, self.registry)
        self.tasks = metrics.build_counter(semconv.TASKS_COMPLETED, self.registry)
        self.durations = metrics.build_histogram(semconv.TASK_DURATION, self.registry)
        self.latency = metrics.build_histogram(semconv.AGENT_COORDINATION_LATENCY, self.registry)
        self.confidence = metrics.build_histogram(semconv.DECISION_CONFIDENCE, self.registry)
        self.calls = metrics.build_counter(semconv.EXTERNAL_API_REQUESTS, self.registry)
        self.figures = HiveFigures(self.registry, self.clock)


def test_what_nothing_was_recorded_of_is_not_known() -> None:
    assert HiveFigures(CollectorRegistry(), Clock())() == {}
    hive = Hive()
    for _ in range(2):
        assert hive.figures() == {}
        hive.clock.now += 30


def test_gauges_are_read_as_they_are() -> None:
    hive = Hive()
    hive.agents.labels("reviewer", "active").set(3)
    hive.agents.labels("planner", "active").set(2)
    hive.agents.labels("planner", "failed").set(7)
    hive.queue.labels("waiting").set(12)
    hive.queue.labels("running").set(4)
    hive.oldest.labels("waiting").set(33.5)
    hive.oldest.labels("running").set(900)
    assert hive.figures() == {"active_agents": 5, "task_queue_length": 12, "task_queue_oldest_seconds": 33.5}


def test_a_hive_whose_agents_all_failed_has_no_active_one() -> None:
    hive = Hive()
    hive.agents.labels("planner", "failed").set(2)
    assert hive.figures()["active_agents"] == 0


def test_rates_shares_and_percentiles_are_of_the_last_minute() -> None:
    hive = Hive()
    hive.tasks.labels("reviewer", "error", "low").inc(500)  # before anybody looked
    hive.latency.observe(600)
    hive.figures()
    for _ in range(8):
        hive.tasks.labels("reviewer", "completed", "low").inc()
        hive.durations.labels("reviewer").observe(0.2)
    hive.tasks.labels("reviewer", "error", "low").inc()
    hive.tasks.labels("planner", "error", "high").inc()
    for _ in range(100):
        hive.latency.observe(0.2)
    hive.confidence.observe(0.5)
    hive.confidence.observe(0.9)
    hive.clock.now += 30
    found = hive.figures()
    assert found["tasks_per_minute"] == 20
    assert found["errors_per_minute"] == 4
    assert found["task_error_percent"] == 20
    assert found["coordination_latency_p50_ms"] == pytest.approx(175)
    assert found["coordination_latency_ms"] == pytest.approx(242.5)
    assert found["coordination_latency_p99_ms"] == pytest.approx(248.5)
    assert found["task_duration_p95_seconds"] == pytest.approx(0.2425)
    assert found["decision_confidence"] == pytest.approx(0.7)
    hive.clock.now += 90
    later = hive.figures()
    assert (later["tasks_per_minute"], later["errors_per_minute"]) == (0, 0)
    assert "coordination_latency_ms" not in later
    assert "decision_confidence" not in later


def test_another_reader_does_not_shorten_the_window() -> None:
    hive = Hive()
    hive.figures()
    hive.tasks.labels("reviewer", "error", "low").inc(10)
    for _ in range(600):
        hive.clock.now += 0.1
        found = hive.figures()
    assert found["errors_per_minute"] == pytest.approx(10)
    assert len(hive.figures._readings) <= 62


def test_a_counter_that_was_reset_grew_from_nothing() -> None:
    hive = Hive()
    counter = hive.tasks.labels("reviewer", "error", "low")
    counter.inc(100)
    hive.figures()
    counter.reset()
    counter.inc(6)
    hive.clock.now += 60
    assert hive.figures()["errors_per_minute"] == 6


def test_failures_of_external_apis() -> None:
    hive = Hive()
    hive.figures()
    for code, count in {"200": 90, "404": 4, "429": 1, "503": 2, "timeout": 2, "error": 1, "cancelled": 50}.items():
        hive.calls.labels("model", "chat", code).inc(count)
    hive.clock.now += 60
    assert hive.figures()["external_api_error_percent"] == pytest.approx(6)


def test_a_family_the_process_defines_in_its_own_way_is_read_all_the_same() -> None:
    from prometheus_client import Gauge

    registry = CollectorRegistry()
    Gauge("agent_hive_active_agents_total", "own", registry=registry).set(3)
    assert HiveFigures(registry, Clock())() == {"active_agents": 0}


@pytest.mark.parametrize(
    ("buckets", "share", "expected"),
    [
        ([(1, 0), (2, 10), (inf, 10)], 0.5, 1.5),
        ([(1, 10), (inf, 10)], 0.5, 0.5),
        ([(1, 1), (2, 1), (inf, 10)], 0.95, 2),
        ([(1, 5), (2, 5), (4, 10), (inf, 10)], 0.5, 1),
        ([(1, 0), (2, 0), (inf, 4)], 0.01, 2),
    ],
)
def test_quantiles(buckets: list[tuple[float, float]], share: float, expected: float) -> None:
    assert quantile(buckets, share) == pytest.approx(expected)
    assert isnan(quantile([], share))
    assert isnan(quantile([(1, 0), (inf, 0)], share))


class Counters:
    def __init__(self, sent: int, received: int) -> None:
        self.bytes_sent, self.bytes_recv = sent, received


def test_the_host_is_read_and_its_network_as_rates(monkeypatch: pytest.MonkeyPatch) -> None:
    import psutil

    clock = Clock()
    counted = iter([Counters(1000, 5000), Counters(4000, 5000), Counters(0, 8000)])
    monkeypatch.setattr(psutil, "net_io_counters", lambda: next(counted))
    host = HostFigures("/", clock)
    first = host()
    assert 0 <= first["memory_percent"] <= 100
    assert 0 <= first["disk_usage_percent"] <= 100
    assert "network_sent_bytes_per_second" not in first
    clock.now += 30
    second = host()
    assert second["cpu_percent"] >= 0
    assert (second["network_sent_bytes_per_second"], second["network_received_bytes_per_second"]) == (100, 0)
    clock.now += 30
    third = host()
    assert (third["network_sent_bytes_per_second"], third["network_received_bytes_per_second"]) == (0, 100)


def test_what_the_host_does_not_tell_is_left_out(monkeypatch: pytest.MonkeyPatch, growth: Growth) -> None:
    import psutil

    def fail(*_: object) -> Any:
        raise OSError("no such file")

    monkeypatch.setattr(psutil, "disk_usage", fail)
    monkeypatch.setattr(psutil, "net_io_counters", lambda: None)
    dropped = growth("agent_hive_sdk_dropped_total", reason="sampling_failed")
    found = HostFigures("/", Clock())()
    assert found.keys() == {"memory_percent"}
    assert dropped() == 2


def collected(providers: dict[str, Any]) -> dict[str, float]:
    return Providers(providers, Caller()).collect()


async def at_once() -> int:
    return 6


def test_numbers_mappings_and_async_functions() -> None:
    found = collected(
        {
            "one": lambda: 1,
            "many": lambda: {"two": 2.5, "three": Decimal(3), "none": None},
            "four": lambda: None,
            "five": lambda: nan,
            "six": at_once,
            "seven": lambda: inf,
        }
    )
    assert found == {"one": 1, "two": 2.5, "three": 3, "six": 6}


def test_a_later_provider_replaces_a_figure_even_while_it_fails(growth: Growth) -> None:
    dropped = growth("agent_hive_sdk_dropped_total", reason="provider_failed")

    def fail() -> float:
        raise LookupError("no broker")

    assert collected({"base": lambda: {"queue": 1, "other": 2}, "queue": lambda: 5}) == {"queue": 5, "other": 2}
    assert collected({"base": lambda: {"queue": 1, "other": 2}, "queue": fail}) == {"other": 2}
    assert dropped() == 1


@pytest.mark.parametrize("answer", ["12", object(), [1], {"a": "x"}])
def test_what_is_no_number_is_counted(answer: object, growth: Growth) -> None:
    dropped = growth("agent_hive_sdk_dropped_total", reason="provider_failed")
    assert collected({"bad": lambda: answer, "good": lambda: 1}) == {"good": 1}
    assert dropped() == 1


def test_names_and_their_number_are_bounded(growth: Growth) -> None:
    invalid = growth("agent_hive_sdk_dropped_total", reason="invalid_name")
    many = growth("agent_hive_sdk_dropped_total", reason="too_many_series")
    assert collected({"names": lambda: {"Bad": 1, "": 1, 5: 1, "a" * 65: 1, "ok": 1}}) == {"ok": 1}
    assert invalid() == 4
    assert len(collected({"many": lambda: {f"figure_{number}": 1 for number in range(105)}})) == 100
    assert many() == 5


async def waits() -> int:
    await asyncio.sleep(0)
    return 7


def test_an_async_function_that_waits_needs_a_loop() -> None:
    caller = Caller()
    with pytest.raises(RuntimeError, match="await start_monitoring"):
        caller.call(waits)

    async def main() -> object:
        caller.loop = asyncio.get_running_loop()
        return await asyncio.to_thread(caller.call, waits)

    assert asyncio.run(main()) == 7
    with pytest.raises(RuntimeError, match="await start_monitoring"):
        caller.call(waits)  # its loop is closed


def test_an_async_function_that_hangs_is_cancelled() -> None:
    caller = Caller()
    begun, cancelled = threading.Event(), threading.Event()

    async def hangs() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    async def main() -> None:
        caller.loop = asyncio.get_running_loop()
        call = asyncio.create_task(asyncio.to_thread(caller.call, hangs))
        await asyncio.to_thread(begun.wait)
        caller.cancel()
        with pytest.raises(RuntimeError, match="cancelled"):
            await call
        await asyncio.to_thread(cancelled.wait)

    asyncio.run(main())
    assert cancelled.is_set()
