"""Children that exist before anything happens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, Counter

import hivesight_sdk as sdk
from hivesight_sdk.metrics import REGISTRY


def test_expected_agents_start_at_zero() -> None:
    sdk.expect_agents(["expected"], priorities=["low", "urgent"])
    for status in ("completed", "error", "cancelled"):
        for priority in ("low", "urgent"):
            labels = {"agent_type": "expected", "status": status, "priority": priority}
            assert REGISTRY.get_sample_value("agent_hive_tasks_completed_total", labels) == 0
    assert REGISTRY.get_sample_value("agent_hive_task_retries_total", {"agent_type": "expected"}) == 0
    assert REGISTRY.get_sample_value("agent_hive_task_duration_seconds_count", {"agent_type": "expected"}) == 0
    progress = "agent_hive_agent_last_progress_timestamp_seconds"
    assert REGISTRY.get_sample_value(progress, {"agent_type": "expected"}) is None, "0 would be stuck since 1970"


def test_expected_api_starts_at_zero() -> None:
    sdk.expect_external_api("expected", "POST")
    sdk.expect_external_api("expected", "GET", status_codes=(200, "error"))
    for method, codes in (("POST", ("200", "429", "500", "timeout")), ("GET", ("200", "error"))):
        for code in codes:
            labels = {"service": "expected", "method": method, "status_code": code}
            assert REGISTRY.get_sample_value("agent_hive_external_api_requests_total", labels) == 0
    labels = {"service": "expected", "method": "GET"}
    assert REGISTRY.get_sample_value("agent_hive_external_api_duration_seconds_count", labels) == 0


def test_a_string_is_one_value_and_an_iterator_is_used_once() -> None:
    sdk.expect_agents("lonely", "low")
    sdk.expect_agents(iter(["iterated"]), iter(["low"]))
    for agent_type in ("lonely", "iterated"):
        labels = {"agent_type": agent_type, "status": "error", "priority": "low"}
        assert REGISTRY.get_sample_value("agent_hive_tasks_completed_total", labels) == 0
        assert REGISTRY.get_sample_value("agent_hive_task_retries_total", {"agent_type": agent_type}) == 0


def test_expecting_nonsense_does_not_raise(growth: Callable[..., Callable[[], float]]) -> None:
    dropped = growth("agent_hive_sdk_dropped_total", reason="recording_failed")
    nonsense: Any = 5
    sdk.expect_agents(nonsense)
    sdk.expect_external_api("s", "m", nonsense)
    assert dropped() == 2


def test_declaring_leaves_values_alone() -> None:
    registry = CollectorRegistry()
    counter = Counter("c", "c", ["x"], registry=registry)
    counter.labels("a").inc(5)
    sdk.declare_children(counter, ["a", "b"])
    assert registry.get_sample_value("c_total", {"x": "a"}) == 5
    assert registry.get_sample_value("c_total", {"x": "b"}) == 0


@pytest.mark.parametrize(
    ("label_values", "reason"),
    [
        (([f"n{n}" for n in range(2000)], ["y"]), "too_many_series"),
        ((["only one label"],), "recording_failed"),
        ((5, 6), "recording_failed"),
    ],
)
def test_declaring_is_bounded_and_never_raises(
    label_values: tuple[list[str], ...], reason: str, growth: Callable[..., Callable[[], float]]
) -> None:
    dropped = growth("agent_hive_sdk_dropped_total", reason=reason)
    counter = Counter("c", "c", ["x", "y"], registry=CollectorRegistry())
    sdk.declare_children(counter, *label_values)
    assert dropped() == 1
