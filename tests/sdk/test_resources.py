"""The sampler: what it sets, where it runs, and what it does when readings fail."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from hivesight_sdk import metrics, resources, track_resource_usage
from hivesight_sdk.host_cpu import HostCpu, host_cpu
from hivesight_sdk.metrics import REGISTRY
from hivesight_sdk.resources import ResourceSampler

Value = Callable[..., float]


@pytest.fixture
def no_groups(tmp_path: Path) -> dict[str, Any]:
    return {"cgroup_root": tmp_path / "none", "cgroup_membership": tmp_path / "none"}


def test_host_and_process(no_groups: dict[str, Any], value: Value) -> None:
    seconds = iter([100.0, 110.0])
    sampler = ResourceSampler("sampled", clock=lambda: next(seconds), **no_groups)
    sampler.sample()
    assert REGISTRY.get_sample_value("agent_hive_cpu_usage_percent", {"component": "sampled"}) is None, "no figure yet"
    sampler.sample()
    for resource in ("cpu", "memory", "disk"):
        percent = REGISTRY.get_sample_value("agent_hive_resource_utilization_percent", {"resource_type": resource})
        assert percent is not None
        assert 0 <= percent <= 100
    assert REGISTRY.get_sample_value("agent_hive_cpu_usage_percent", {"component": "sampled"}) is not None
    assert REGISTRY.get_sample_value("agent_hive_cpu_usage_percent", {"component": "system"}) is not None
    assert 1e6 < value("agent_hive_memory_usage_bytes", component="sampled") < 1e10
    assert value("agent_hive_memory_usage_bytes", component="system") > 1e6


def test_disk_is_the_percentage_of_what_users_can_have(no_groups: dict[str, Any], value: Value, tmp_path: Path) -> None:
    ResourceSampler("sampled", disk_path=str(tmp_path), **no_groups).sample()
    percent = value("agent_hive_resource_utilization_percent", resource_type="disk")
    assert percent == pytest.approx(psutil.disk_usage(str(tmp_path)).percent, abs=1.0)


def test_the_groups_limits_count_as_the_system(tmp_path: Path, value: Value) -> None:
    (tmp_path / "cgroup.controllers").write_text("cpu memory")
    (tmp_path / "membership").write_text("0::/\n")
    (tmp_path / "memory.max").write_text("1000000")
    (tmp_path / "memory.current").write_text("250000")
    (tmp_path / "cpu.max").write_text("50000 100000")
    (tmp_path / "cpu.stat").write_text("usage_usec 1000000")
    seconds = iter([0.0, 10.0])
    sampler = ResourceSampler(
        "limited", clock=lambda: next(seconds), cgroup_root=tmp_path, cgroup_membership=tmp_path / "membership"
    )
    sampler.sample()
    (tmp_path / "cpu.stat").write_text("usage_usec 4750000")
    sampler.sample()
    assert value("agent_hive_resource_utilization_percent", resource_type="memory") == 25.0
    assert value("agent_hive_memory_usage_bytes", component="system") == 250_000
    assert value("agent_hive_resource_utilization_percent", resource_type="cpu") == 75.0
    assert value("agent_hive_cpu_usage_percent", component="system") == 75.0


def test_samples_are_taken_on_a_thread_of_their_own(no_groups: dict[str, Any]) -> None:
    sampled_on: list[threading.Thread] = []
    taken = threading.Event()

    def clock() -> float:
        sampled_on.append(threading.current_thread())
        taken.set()
        return 0.0

    sampler = ResourceSampler("threaded", 3600, clock=clock, **no_groups)
    sampler.start()
    sampler.start()
    try:
        assert taken.wait(10)
        assert sampler.running
        (thread,) = sampled_on
        assert thread is not threading.current_thread()
        assert thread.daemon
    finally:
        sampler.stop()
    assert not sampler.running
    assert not thread.is_alive()
    sampler.stop()


def test_it_can_be_started_again(no_groups: dict[str, Any]) -> None:
    taken = threading.Semaphore(0)

    def clock() -> float:
        taken.release()
        return 0.0

    sampler = ResourceSampler("again", 3600, clock=clock, **no_groups)
    for _ in range(2):
        sampler.start()
        assert taken.acquire(timeout=10)
        sampler.stop()


def test_a_cpu_limit_above_the_hosts_cpus_is_none(tmp_path: Path, value: Value) -> None:
    (tmp_path / "cgroup.controllers").write_text("cpu")
    (tmp_path / "membership").write_text("0::/\n")
    (tmp_path / "cpu.max").write_text("1000000000 1000")
    (tmp_path / "cpu.stat").write_text("usage_usec 0")
    seconds = iter([0.0, 10.0])
    sampler = ResourceSampler(
        "wide", clock=lambda: next(seconds), cgroup_root=tmp_path, cgroup_membership=tmp_path / "membership"
    )
    sampler.sample()
    metrics.CPU_USAGE.labels("system").set(-1)
    sampler.sample()
    assert value("agent_hive_cpu_usage_percent", component="system") >= 0


def test_cpu_figures_are_averages_whichever_thread_looks(
    no_groups: dict[str, Any], monkeypatch: pytest.MonkeyPatch, value: Value
) -> None:
    looks = iter([HostCpu(100, 1000), HostCpu(130, 1100), HostCpu(130, 1100), HostCpu(140, 1150)])
    monkeypatch.setattr(resources, "host_cpu", lambda: next(looks))
    seconds = iter([0.0, 10.0, 10.05, 20.0, 30.0])
    sampler = ResourceSampler("moving", clock=lambda: next(seconds), **no_groups)
    sampled: list[dict[str, float]] = []
    for _ in range(5):
        thread = threading.Thread(target=lambda: sampled.append(sampler.sample()))
        thread.start()
        thread.join()
    assert [used.get("cpu") for used in sampled] == [None, 30.0, None, 0.0, 20.0]
    assert value("agent_hive_cpu_usage_percent", component="system") == 20.0


def test_the_hosts_cpu_times_add_up() -> None:
    whole = host_cpu()
    assert 0 < whole.used <= whole.total
    assert 0 < HostCpu(0.0, 0.0).percent_until(whole) <= 100
    assert whole.percent_until(whole) == whole.percent_until(HostCpu(0.0, 0.0)) == 0


def test_one_failing_reading_leaves_the_others(
    no_groups: dict[str, Any], monkeypatch: pytest.MonkeyPatch, value: Value, growth: Callable[..., Any]
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise PermissionError("not in this sandbox")

    monkeypatch.setattr(psutil, "cpu_times", fail)
    monkeypatch.setattr(psutil, "virtual_memory", fail)
    dropped = growth("agent_hive_sdk_dropped_total", reason="sampling_failed")
    ResourceSampler("partial", disk_path="/no/such/path", **no_groups).sample()
    assert dropped() == 3
    assert value("agent_hive_memory_usage_bytes", component="partial") > 0


@pytest.mark.parametrize("interval", [0, -5, 0.01, 1e9, float("nan"), float("inf"), "often", None])
def test_an_interval_that_cannot_be_is_replaced(interval: Any, growth: Callable[..., Any]) -> None:
    dropped = growth("agent_hive_sdk_dropped_total", reason="invalid_value")
    assert ResourceSampler("x", interval).interval_seconds == resources.DEFAULT_INTERVAL_SECONDS
    assert dropped() == 1


def test_the_first_single_sample_has_a_cpu_figure_and_no_event_loop_waits_for_it(
    monkeypatch: pytest.MonkeyPatch, value: Value
) -> None:
    looks: list[HostCpu] = []
    monkeypatch.setattr(
        resources, "host_cpu", lambda: looks.append(HostCpu(12 * len(looks), 100 * len(looks))) or looks[-1]
    )
    monkeypatch.setattr(resources.cgroup, "cpu_uses", lambda *args: [])

    async def in_a_coroutine() -> None:
        monkeypatch.setattr(resources, "_single", None)
        track_resource_usage()

    asyncio.run(in_a_coroutine())
    assert len(looks) == 1
    monkeypatch.setattr(resources, "_single", None)
    track_resource_usage()
    assert len(looks) == 3
    assert value("agent_hive_resource_utilization_percent", resource_type="cpu") == 12.0
    assert value("agent_hive_resource_utilization_percent", resource_type="disk") > 0
