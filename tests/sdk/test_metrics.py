"""Building the live metrics where the names are free, taken by the same, and taken by something else."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge

import hivesight_sdk as sdk
from hivesight_sdk import metrics, semconv


def test_building_twice_gives_the_same_metric() -> None:
    registry = CollectorRegistry()
    first = metrics.build_counter(semconv.TASKS_COMPLETED, registry)
    assert metrics.build_counter(semconv.TASKS_COMPLETED, registry) is first
    histogram = metrics.build_histogram(semconv.EVENT_LOOP_LAG, registry)
    assert metrics.build_histogram(semconv.EVENT_LOOP_LAG, registry) is histogram
    gauge = metrics.build_gauge(semconv.ACTIVE_AGENTS, registry)
    assert metrics.build_gauge(semconv.ACTIVE_AGENTS, registry) is gauge


def test_the_hosts_own_copy_of_the_guides_metrics_is_used() -> None:
    registry = CollectorRegistry()
    own = Gauge(
        "agent_hive_active_agents_total", "Number of active agents", ["agent_type", "status"], registry=registry
    )
    assert metrics.build_gauge(semconv.ACTIVE_AGENTS, registry) is own


def test_a_definition_of_the_hosts_own_is_shared_with_the_one_before(growth: Callable[..., Any]) -> None:
    registry, conflicts = CollectorRegistry(), growth("agent_hive_sdk_dropped_total", reason="name_conflict")
    first = sdk.Counter("shared", "s", ["a"], registry=registry)
    assert sdk.Counter("shared_total", "other words", labelnames=("a",), registry=registry) is first
    assert sdk.Histogram("agent_hive_coordination_latency_seconds", "s") is sdk.AGENT_COORDINATION_LATENCY
    assert sdk.Summary("none", "s", registry=None) is not sdk.Summary("none", "s", registry=None)
    assert conflicts() == 0
    other = sdk.Gauge("shared", "s", ["b"], registry=registry)
    other.labels("x").set(1)
    assert conflicts() == 1
    assert registry.get_sample_value("shared", {"b": "x"}) is None
    with pytest.raises(ValueError, match="label"):
        sdk.Counter("sound", "s", ["__reserved"], registry=registry)


def test_a_name_taken_by_something_else_is_left_to_it() -> None:
    registry = CollectorRegistry()
    other_type = Counter("agent_hive_active_agents_total", "x", registry=registry)
    other_labels = Gauge("agent_hive_cpu_usage_percent", "x", ["cpu"], registry=registry)
    agents = metrics.build_gauge(semconv.ACTIVE_AGENTS, registry)
    cpu = metrics.build_gauge(semconv.CPU_USAGE, registry)
    agents.labels("a", "active").set(1)
    cpu.labels("system").set(1)
    other_type.inc()
    other_labels.labels("0").set(1)
    assert [len(list(family.samples)) for family in registry.collect()] == [2, 1]


def test_importing_again_neither_raises_nor_loses_values() -> None:
    metrics.HANDOFFS.labels("re", "import").inc()
    before = metrics.HANDOFFS
    again = importlib.reload(metrics)
    assert again.HANDOFFS is before
    assert again.REGISTRY.get_sample_value("agent_hive_handoffs_total", {"from_agent": "re", "to_agent": "import"}) == 1


def test_a_further_registry_shows_the_same_values() -> None:
    registry = CollectorRegistry()
    metrics.register_in(registry)
    metrics.register_in(registry)
    metrics.HANDOFFS.labels("a", "further").inc(3)
    assert registry.get_sample_value("agent_hive_handoffs_total", {"from_agent": "a", "to_agent": "further"}) == 3


IMPORT = """
import sys
before = set(sys.modules)
{statement}
loaded = set(sys.modules) - before
print(*sorted(name for name in {watched!r} if name in loaded))
"""
HEAVY = ["google.protobuf", "numpy", "pydantic", "opentelemetry", "hivesight"]


def _loaded(statement: str, watched: list[str]) -> list[str]:
    script = IMPORT.format(statement=statement, watched=watched)
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return run.stdout.split()


def test_importing_the_package_loads_nothing_but_itself() -> None:
    watched = [*HEAVY, "prometheus_client", "psutil", "asyncio", "http.server", "ssl"]
    assert _loaded("import hivesight_sdk", watched) == []
    assert _loaded("import hivesight_sdk.semconv", watched) == []


def test_using_everything_loads_nothing_heavy() -> None:
    names = "[n for n in s.__all__ if not s._MODULE_OF.get(n, '').startswith('tracing')]"
    statement = f"import hivesight_sdk as s; [getattr(s, n) for n in {names}]; s.configure('x').close()"
    assert _loaded(statement, HEAVY) == []
    assert _loaded("from hivesight_sdk import track_latency, configure", ["psutil"]) == []


def test_every_public_name_is_there() -> None:
    import hivesight_sdk

    for name in hivesight_sdk.__all__:
        assert getattr(hivesight_sdk, name) is not None
        assert name in dir(hivesight_sdk)
    assert not hasattr(hivesight_sdk, "NOT_THERE")
    assert not hasattr(hivesight_sdk, "not_there")
