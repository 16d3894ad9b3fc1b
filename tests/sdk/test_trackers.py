"""What each public tracker and recording leaves in the metrics."""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
from collections.abc import Callable
from enum import Enum
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, Histogram

import hivesight_sdk as sdk
from hivesight_sdk import semconv

Growth = Callable[..., Callable[[], float]]
COORDINATION = "agent_hive_coordination_latency_seconds_count"


def test_latency_without_a_name_is_the_coordination_latency(growth: Growth) -> None:
    grown = growth(COORDINATION)

    @sdk.track_latency()
    def one() -> None: ...

    @sdk.track_latency
    async def two() -> None: ...

    @sdk.track_latency("coordination")
    def three() -> None:
        raise ValueError

    one()
    asyncio.run(two())
    with pytest.raises(ValueError):
        three()
    assert grown() == 3


def test_latency_keeps_the_histogram_it_was_given(growth: Growth) -> None:
    registry = CollectorRegistry()
    plain = Histogram("plain_seconds", "p", registry=registry)
    labelled = Histogram("labelled_seconds", "l", ["tool"], registry=registry)
    coordination = growth(COORDINATION)
    with sdk.track_latency(plain):
        pass
    with sdk.track_latency(labelled.labels(tool="grep")):
        pass
    assert registry.get_sample_value("plain_seconds_count") == 1
    assert registry.get_sample_value("labelled_seconds_count", {"tool": "grep"}) == 1
    assert coordination() == 0


def test_latency_by_name_is_created_once(growth: Growth) -> None:
    grown = growth("agent_hive_planning_latency_seconds_count")
    for _ in range(3):
        with sdk.track_latency("planning"):
            pass
    assert grown() == 3


@pytest.mark.parametrize("metric", ["Not a name", "", "x" * 100])
def test_a_latency_name_that_cannot_be_is_dropped(metric: str, growth: Growth) -> None:
    coordination, dropped = growth(COORDINATION), growth("agent_hive_sdk_dropped_total", reason="invalid_name")
    assert sdk.track_latency(metric)(lambda: 4)() == 4
    assert coordination() == 0
    assert dropped() == 1


def test_a_labelled_histogram_without_its_labels_is_dropped(growth: Growth) -> None:
    parent = Histogram("parent_seconds", "p", ["tool"], registry=CollectorRegistry())
    dropped = growth("agent_hive_sdk_dropped_total", reason="recording_failed")
    with sdk.track_latency(parent):
        pass
    assert dropped() == 1


def test_the_guides_word_for_a_name(growth: Growth) -> None:
    planning, coordination = growth("agent_hive_planning_latency_seconds_count"), growth(COORDINATION)
    with sdk.track_latency(metric_name="planning"), sdk.track_latency(metric_name=None):
        pass
    assert (planning(), coordination()) == (1, 1)


@pytest.mark.parametrize(("metric", "component"), [("planning", "planning"), (None, "coordination"), ("No", "latency")])
def test_an_error_is_counted_for_the_latency_it_left(metric: str | None, component: str, growth: Growth) -> None:
    counted = growth("agent_hive_errors_total", component=component, kind="invalid_data")
    cancelled = growth("agent_hive_errors_total", component=component, kind="cancelled")
    for error in (ValueError(), asyncio.CancelledError()):
        with pytest.raises(type(error)), sdk.track_latency(metric):
            raise error
    assert (counted(), cancelled()) == (1, 0)


def test_learning_accuracy(growth: Growth) -> None:
    dropped = growth("agent_hive_sdk_dropped_total", reason="invalid_value")
    for percent in (101, -1, float("nan"), True, "91", None):
        given: Any = percent
        sdk.record_learning_accuracy("classifier", given)
    assert dropped() == 6
    sdk.record_learning_accuracy("classifier", 91.5)
    value = sdk.REGISTRY.get_sample_value("agent_hive_learning_accuracy_percent", {"model_type": "classifier"})
    assert value == 91.5


def test_latency_of_something_else_is_dropped(growth: Growth) -> None:
    dropped = growth("agent_hive_sdk_dropped_total", reason="invalid_value")
    nonsense: Any = 5
    with sdk.track_latency(nonsense):
        pass
    assert dropped() == 1


def _raise(error: BaseException) -> None:
    raise error


TASK_ENDINGS = [
    (None, "completed"),
    (ValueError(), "error"),
    (TimeoutError(), "error"),
    (asyncio.CancelledError(), "cancelled"),
    (concurrent.futures.CancelledError(), "cancelled"),
    (KeyboardInterrupt(), "cancelled"),
]


@pytest.mark.parametrize(("error", "status"), TASK_ENDINGS, ids=lambda item: type(item).__name__)
def test_tasks(error: BaseException | None, status: str, growth: Growth) -> None:
    labels = {"agent_type": "tester", "priority": "high"}
    grown = {s: growth("agent_hive_tasks_completed_total", status=s, **labels) for s in semconv.TASK_STATUSES}
    durations = growth("agent_hive_task_duration_seconds_count", agent_type="tester")
    if error is None:
        with sdk.track_task("tester", priority="high"):
            pass
    else:
        with pytest.raises(type(error)):
            sdk.track_task("tester", "high")(_raise)(error)
    assert {s: count() for s, count in grown.items()} == {s: float(s == status) for s in semconv.TASK_STATUSES}
    assert durations() == 1


def test_a_task_may_say_that_it_failed(growth: Growth) -> None:
    labels = {"agent_type": "tester", "priority": "medium"}
    grown = growth("agent_hive_tasks_completed_total", status="error", **labels)
    dropped = growth("agent_hive_sdk_dropped_total", reason="recording_failed")
    with sdk.track_task("tester") as task:
        task.status = "error"
    with sdk.track_task("tester") as task:
        task.status = "nearly done"
    assert grown() == 1
    assert dropped() == 1


def test_progress_is_unix_time(monkeypatch: pytest.MonkeyPatch, value: Callable[..., float]) -> None:
    now = 1_700_000_000.0
    monkeypatch.setattr("hivesight_sdk.batches.time.time", lambda: now)
    name = "agent_hive_agent_last_progress_timestamp_seconds"
    with sdk.track_task("mover"):
        assert value(name, agent_type="mover") == now
        now += 30
    assert value(name, agent_type="mover") == 1_700_000_030
    now += 30
    sdk.record_progress("mover")
    assert value(name, agent_type="mover") == 1_700_000_060
    now += 30
    with pytest.raises(asyncio.CancelledError), sdk.track_task("mover"):
        now += 30
        raise asyncio.CancelledError
    assert value(name, agent_type="mover") == 1_700_000_090, "it started then; being cancelled is no progress"


class Response:
    def __init__(self, **attributes: object) -> None:
        self.__dict__.update(attributes)


class HttpError(Exception):
    def __init__(self, **attributes: object) -> None:
        super().__init__()
        self.__dict__.update(attributes)


class ReadTimeout(Exception):
    pass


API_ENDINGS: list[tuple[object, str]] = [
    (Response(), "200"),
    (None, "200"),
    (Response(status_code=201), "201"),
    (Response(status=404), "404"),
    (Response(status="running"), "200"),
    (Response(status_code=7), "200"),
    (HttpError(), "error"),
    (HttpError(status_code=429), "429"),
    (HttpError(status=503), "503"),
    (HttpError(code=500), "500"),
    (HttpError(code="rate_limit", response=Response(status_code=429)), "429"),
    (ConnectionResetError(), "error"),
    (TimeoutError(), "timeout"),
    (ReadTimeout(), "timeout"),
    (asyncio.CancelledError(), "cancelled"),
]


@pytest.mark.parametrize(("ending", "code"), API_ENDINGS, ids=[f"{n}-{row[1]}" for n, row in enumerate(API_ENDINGS)])
def test_external_api_status(ending: object, code: str, growth: Growth) -> None:
    labels = {"service": "model", "method": "chat"}
    requests = growth("agent_hive_external_api_requests_total", status_code=code, **labels)
    durations = growth("agent_hive_external_api_duration_seconds_count", **labels)

    @sdk.track_external_api("model", "chat")
    async def call() -> object:
        if isinstance(ending, BaseException):
            raise ending
        return ending

    if isinstance(ending, BaseException):
        with pytest.raises(type(ending)):
            asyncio.run(call())
    else:
        assert asyncio.run(call()) is ending
    assert requests() == 1
    assert durations() == 1


@pytest.mark.parametrize("error", [None, HttpError(status_code=429)])
def test_what_the_caller_says_wins(error: Exception | None, growth: Growth) -> None:
    requests = growth("agent_hive_external_api_requests_total", service="m", method="GET", status_code="418")
    try:
        with sdk.track_external_api("m", "GET") as call:
            call.status_code = 418
            if error:
                raise error
    except HttpError:
        pass
    assert requests() == 1


@pytest.mark.parametrize("confidence", [0, 0.0, 0.25, 1, 1.0])
def test_decisions(confidence: float, growth: Growth) -> None:
    count = growth("agent_hive_decision_confidence_score_count")
    total = growth("agent_hive_decision_confidence_score_sum")
    sdk.record_decision(confidence)
    sdk.track_decision()(lambda: confidence)()
    sdk.track_decision()(lambda: Response(confidence=confidence))()
    with sdk.track_decision() as decision:
        decision.confidence = confidence
    assert count() == 4
    assert total() == pytest.approx(4 * confidence)


@pytest.mark.parametrize(
    "confidence", [-0.1, 1.1, 85, float("nan"), float("inf"), "0.7", None, True, object(), 10**400]
)
def test_a_confidence_that_cannot_be_is_dropped(confidence: Any, growth: Growth) -> None:
    count = growth("agent_hive_decision_confidence_score_count")
    dropped = growth("agent_hive_sdk_dropped_total", reason="invalid_value")
    sdk.record_decision(confidence)
    sdk.track_decision()(lambda: confidence)()
    assert count() == 0
    assert dropped() == 2


def test_a_failed_decision_is_none(growth: Growth) -> None:
    count = growth("agent_hive_decision_confidence_score_count")
    with pytest.raises(ValueError), sdk.track_decision() as decision:
        decision.confidence = 0.5
        raise ValueError
    assert count() == 0


def test_single_recordings(growth: Growth, value: Callable[..., float]) -> None:
    retries = growth("agent_hive_task_retries_total", agent_type="tester")
    handoffs = growth("agent_hive_handoffs_total", from_agent="planner", to_agent="tester")
    sdk.record_retry("tester")
    sdk.record_handoff("planner", "tester")
    sdk.record_queue("waiting", 3, 12.5)
    sdk.record_active_agents("tester", "active", 2)
    assert (retries(), handoffs()) == (1, 1)
    assert value("agent_hive_task_queue_length", state="waiting") == 3
    assert value("agent_hive_task_queue_oldest_seconds", state="waiting") == 12.5
    assert value("agent_hive_active_agents_total", agent_type="tester", status="active") == 2


def test_enums_are_recorded_by_value(growth: Growth) -> None:
    class Priority(Enum):
        HIGH = "high"

    priority: Any = Priority.HIGH
    grown = growth("agent_hive_tasks_completed_total", agent_type="t", status="completed", priority="high")
    with sdk.track_task("t", priority):
        pass
    assert grown() == 1


def test_a_failure_of_ours_is_counted_logged_once_and_never_raised(
    growth: Growth, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Hostile:
        def __str__(self) -> str:
            raise RuntimeError("no")

        __repr__ = __str__

    monkeypatch.setattr("hivesight_sdk.recording._logged", {})
    dropped = growth("agent_hive_sdk_dropped_total", reason="recording_failed")
    invalid = growth("agent_hive_sdk_dropped_total", reason="invalid_value")
    hostile: Any = Hostile()
    with caplog.at_level(logging.WARNING, "hivesight_sdk"):
        sdk.record_retry(hostile)
        sdk.record_handoff(hostile, hostile)
        sdk.record_queue("waiting", hostile)
        sdk.record_active_agents("a", "active", hostile)
        sdk.record_decision(hostile)
        with sdk.track_task(hostile):
            pass
        with sdk.track_external_api(hostile, hostile):
            pass
        with sdk.track_latency(hostile):
            pass
    assert dropped() == 3
    assert invalid() == 7, "five labels, the confidence, the latency's name"
    failures = [r.message for r in caplog.records if r.message.startswith("a recording failed")]
    assert len(failures) == 2, "one RuntimeError and one TypeError are logged, three counted"
    assert "RuntimeError" in failures[0]
    assert "TypeError" in failures[1]
