"""What agents, workflows, tools and single signs of life leave in the metrics."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

import hivesight_sdk as sdk
from hivesight_sdk import semconv

Growth = Callable[..., Callable[[], float]]

TRACKERS = [
    (sdk.agent, "agent_hive_agent_runs_total", "agent_hive_agent_run_duration_seconds_count", "agent_type", "agent"),
    (
        sdk.workflow,
        "agent_hive_workflow_runs_total",
        "agent_hive_workflow_run_duration_seconds_count",
        "workflow",
        "workflow",
    ),
    (sdk.tool, "agent_hive_tool_calls_total", "agent_hive_tool_call_duration_seconds_count", "tool", "tool"),
]
ENDINGS: list[tuple[BaseException | None, str, str | None]] = [
    (None, "success", None),
    (RuntimeError(), "error", "internal"),
    (TimeoutError(), "timeout", "timeout"),
    (asyncio.CancelledError(), "cancelled", None),
    (KeyboardInterrupt(), "cancelled", None),
]


def _end(error: BaseException | None) -> int:
    if error is not None:
        raise error
    return 1


@pytest.mark.parametrize(
    ("tracker", "counter", "histogram", "label", "component"), TRACKERS, ids=[row[4] for row in TRACKERS]
)
@pytest.mark.parametrize(("error", "outcome", "kind"), ENDINGS, ids=[row[1] + str(row[2]) for row in ENDINGS])
def test_runs_are_counted_and_timed_by_outcome(
    tracker: Any,
    counter: str,
    histogram: str,
    label: str,
    component: str,
    error: BaseException | None,
    outcome: str,
    kind: str | None,
    growth: Growth,
) -> None:
    labels = {label: "subject"}
    counted = {each: growth(counter, outcome=each, **labels) for each in semconv.OUTCOMES}
    timed = growth(histogram, outcome=outcome, **labels)
    errors = {each: growth("agent_hive_errors_total", component=component, kind=each) for each in semconv.ERROR_KINDS}
    if error is None:
        assert tracker("subject")(_end)(error) == 1
    else:
        with pytest.raises(type(error)):
            tracker("subject")(_end)(error)
    assert {each: grown() for each, grown in counted.items()} == {each: each == outcome for each in semconv.OUTCOMES}
    assert timed() == 1
    assert {each for each, grown in errors.items() if grown()} == ({kind} if kind else set())


@pytest.mark.parametrize(
    ("result", "outcome"),
    [
        (SimpleNamespace(isError=True), "error"),
        (SimpleNamespace(isError=False), "success"),
        ({"isError": True}, "error"),
        (SimpleNamespace(isError="yes"), "success"),
        (None, "success"),
    ],
)
def test_a_tool_may_fail_without_an_exception(result: object, outcome: str, growth: Growth) -> None:
    grown = growth("agent_hive_tool_calls_total", tool="quiet", outcome=outcome)
    assert sdk.tool("quiet")(lambda: result)() is result
    assert grown() == 1


def test_a_block_may_say_how_it_ended(growth: Growth) -> None:
    failed = growth("agent_hive_tool_calls_total", tool="said", outcome="error")
    dropped = growth("agent_hive_sdk_dropped_total", reason="recording_failed")
    with sdk.tool("said") as call:
        call.outcome = "error"
    with sdk.tool("said") as call:
        call.outcome = "so so"
    assert failed() == 1
    assert dropped() == 1


def test_a_result_that_cannot_be_asked_is_a_success(growth: Growth) -> None:
    class Proxy:
        @property
        def isError(self) -> bool:
            raise RuntimeError("outside of a request")

    grown = growth("agent_hive_tool_calls_total", tool="proxy", outcome="success")
    sdk.tool("proxy")(Proxy)()
    assert grown() == 1


def test_runs_and_heartbeats_are_signs_of_life(value: Callable[..., float], monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_700_000_000.0
    monkeypatch.setattr("hivesight_sdk.batches.time.time", lambda: now)

    def seen() -> tuple[float, float]:
        heartbeat = value("agent_hive_agent_last_heartbeat_timestamp_seconds", agent_type="living")
        return heartbeat - 1.7e9, value("agent_hive_agent_last_progress_timestamp_seconds", agent_type="living") - 1.7e9

    with sdk.agent("living"):
        assert seen() == (0, 0)
        now += 10
        sdk.heartbeat("living")
        assert seen() == (10, 0)
        now += 10
    assert seen() == (20, 20)
    now += 10
    with pytest.raises(asyncio.CancelledError), sdk.agent("living"):
        now += 10
        raise asyncio.CancelledError
    assert seen() == (40, 30), "being cancelled is no progress"


def test_transitions(growth: Growth) -> None:
    grown = growth("agent_hive_task_transitions_total", agent_type="reviewer", from_state="waiting", to_state="running")
    sdk.record_transition("reviewer", "waiting", "running")
    assert grown() == 1


BREAKER = "agent_hive_circuit_breaker_state"


def test_a_circuit_breaker_is_in_one_state_and_its_changes_are_counted(
    growth: Growth, value: Callable[..., float]
) -> None:
    sdk.expect_circuit_breakers(["model"])
    moves = {
        change: growth(
            "agent_hive_circuit_breaker_transitions_total", breaker="model", from_state=change[0], to_state=change[1]
        )
        for change in semconv.CIRCUIT_BREAKER_CHANGES
    }
    for given, state in (("closed", "closed"), ("OPEN", "open"), ("open", "open"), ("half-open", "half_open")):
        sdk.record_circuit_breaker("model", given)
        assert [value(BREAKER, breaker="model", state=each) for each in semconv.CIRCUIT_BREAKER_STATES] == [
            float(each == state) for each in semconv.CIRCUIT_BREAKER_STATES
        ]
    assert [grown() for grown in moves.values()] == [1, 1, 0, 0]


def test_a_state_that_no_circuit_breaker_has_is_dropped(growth: Growth) -> None:
    dropped = growth("agent_hive_sdk_dropped_total", reason="invalid_value")
    sdk.record_circuit_breaker("model", "ajar")
    assert dropped() == 1


@pytest.mark.parametrize("label", ["agent_runs", "tool_calls", "workflow_runs"])
def test_expected_runs_start_at_zero(label: str) -> None:
    sdk.expect_agents(["expected-run"])
    sdk.expect_tools(["expected-run"])
    sdk.expect_workflows("expected-run")
    name = {"agent_runs": "agent_type", "tool_calls": "tool", "workflow_runs": "workflow"}[label]
    for outcome in semconv.OUTCOMES:
        labels = {name: "expected-run", "outcome": outcome}
        assert sdk.REGISTRY.get_sample_value(f"agent_hive_{label}_total", labels) == 0


def test_an_error_that_cannot_be_judged_costs_nothing_but_its_count(
    growth: Growth, value: Callable[..., float]
) -> None:
    class Hostile(Exception):
        @property
        def status_code(self) -> int:
            raise RuntimeError

    dropped = growth("agent_hive_sdk_dropped_total", reason="recording_failed")
    runs = growth("agent_hive_agent_runs_total", agent_type="struck", outcome="error")
    with pytest.raises(Hostile), sdk.agent("struck"):
        raise Hostile
    assert (runs(), dropped()) == (1, 1)
    assert value("agent_hive_agent_last_progress_timestamp_seconds", agent_type="struck") > 0
