"""The page of metrics is current, and what it says is so: each name that it says records into a family does, and
promtool complains of exactly the names that it lists."""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

import hivesight_sdk as sdk
from hivesight_sdk import metrics, recording, reference, resources, semconv
from hivesight_sdk.exposition import render
from hivesight_sdk.trackers.tracking import Measurement, Tracker

PAGE = Path(__file__).parents[2] / "docs" / "agent-metrics.md"


def well_and_badly(*trackers: Tracker[Measurement]) -> None:
    well, badly = trackers
    with well:
        pass
    with contextlib.suppress(ValueError), badly:
        raise ValueError


def decide() -> None:
    with sdk.track_decision() as decision:
        decision.confidence = 0.9


def ask_model() -> None:
    with sdk.model_call("openai", "gpt-x") as call:
        call.first_chunk()
        call.read({"usage": {"prompt_tokens": 9, "completion_tokens": 8}, "choices": [{"finish_reason": "stop"}]})
        call.cost = 0.1
    with contextlib.suppress(ValueError), sdk.model_call("openai", "gpt-x"):
        raise ValueError


def watch_loop() -> None:
    async def watch() -> None:
        watching = sdk.watch_event_loop(interval_seconds=0.01)
        await until(lambda: counted(metrics.EVENT_LOOP_LAG))
        watching.close()

    asyncio.run(watch())


def sample_resources() -> None:
    resources._single = None
    sdk.track_resource_usage()


def sample_resources_on_a_thread() -> None:
    with sdk.configure("reference", resource_interval_seconds=0.1):
        asyncio.run(until(lambda: len(samples(metrics.CPU_USAGE)) == 2))


def monitor() -> None:
    with sdk.PerformanceMonitor(0.1):
        asyncio.run(until(lambda: samples(metrics.MONITOR_ALERT) and samples(metrics.CPU_USAGE)))


def log_a_secret() -> None:
    with sdk.configure_logging("reference", stream=io.StringIO()):
        logging.getLogger("reference").warning("password=hunter2hunter2")
    recording.record(lambda: None)


def run_job() -> None:
    with sdk.job("reference", endpoint="http://127.0.0.1:9", timeout_seconds=0.1):
        pass


RECORDERS: dict[str, Callable[[], object]] = {
    "PerformanceMonitor": monitor,
    "agent": lambda: well_and_badly(sdk.agent("reviewer"), sdk.agent("reviewer")),
    "configure": sample_resources_on_a_thread,
    "configure_logging": log_a_secret,
    "handoff": lambda: well_and_badly(*(sdk.handoff("planner", "reviewer") for _ in range(2))),
    "heartbeat": lambda: sdk.heartbeat("reviewer"),
    "job": run_job,
    "model_call": ask_model,
    "record_active_agents": lambda: sdk.record_active_agents("reviewer", "active", 2),
    "record_circuit_breaker": lambda: [sdk.record_circuit_breaker("api", state) for state in ("open", "half_open")],
    "record_decision": lambda: sdk.record_decision(0.7),
    "record_error": lambda: sdk.record_error("parser", ValueError()),
    "record_handoff": lambda: sdk.record_handoff("planner", "reviewer"),
    "record_learning_accuracy": lambda: sdk.record_learning_accuracy("classifier", 91.5),
    "record_progress": lambda: sdk.record_progress("reviewer"),
    "record_queue": lambda: sdk.record_queue("waiting", 3, oldest_seconds=1.5),
    "record_retry": lambda: sdk.record_retry("reviewer"),
    "record_transition": lambda: sdk.record_transition("reviewer", "waiting", "running"),
    "tool": lambda: well_and_badly(sdk.tool("search"), sdk.tool("search")),
    "track_decision": decide,
    "track_external_api": lambda: well_and_badly(*(sdk.track_external_api("model", "chat") for _ in range(2))),
    "track_latency": lambda: well_and_badly(sdk.track_latency(), sdk.track_latency()),
    "track_resource_usage": sample_resources,
    "track_task": lambda: well_and_badly(sdk.track_task("reviewer"), sdk.track_task("reviewer")),
    "watch_event_loop": watch_loop,
    "workflow": lambda: well_and_badly(sdk.workflow("report"), sdk.workflow("report")),
}


async def until(reached: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not reached() and time.monotonic() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(0.005)


def samples(metric: metrics.Metric) -> list[tuple[str, float]]:
    return [(each.name, each.value) for family in metric.collect() for each in family.samples]


def counted(metric: metrics.Metric) -> float:
    """The observations of a histogram, the total of a counter, the series of a gauge."""
    (family,) = metric.collect()
    if family.type == "gauge":
        return len(family.samples)
    end = "_count" if family.type == "histogram" else "_total"
    return sum(value for name, value in samples(metric) if name.endswith(end))


def empty(metric: metrics.Metric) -> None:
    samples(metric)  # what waits to be recorded is in there now, and goes too
    if metric._labelnames:
        metric.clear()
    else:
        metric._metric_init()


def recorded(names: Iterable[str]) -> list[str]:
    """The families that have data when each of these was called once."""
    recording.record(lambda: None)  # what others left for the next recording
    for metric in metrics.ALL:
        empty(metric)
    for name in names:
        RECORDERS[name]()
    return [family.name for family, metric in zip(semconv.FAMILIES, metrics.ALL, strict=True) if counted(metric)]


def test_the_page_is_current() -> None:
    printed = reference.page()
    assert PAGE.read_text() == printed, "print it again: python -m hivesight_sdk.reference > docs/agent-metrics.md"
    assert [family for family in semconv.FAMILIES if f"| `{family.name}` | {family.kind} |" not in printed] == []


def test_what_records_is_public() -> None:
    named = {name for family in semconv.FAMILIES for name in family.recorded_by}
    assert sorted(named) == sorted(RECORDERS)
    assert named <= set(sdk.__all__)


@pytest.mark.parametrize("name", RECORDERS)
def test_it_records_into_the_families_that_name_it_and_into_no_other(name: str) -> None:
    named = [family.name for family in semconv.FAMILIES if name in family.recorded_by]
    of_itself = [family.name for family in semconv.FAMILIES if not family.recorded_by]
    assert [family for family in recorded([name]) if family not in of_itself] == named


def test_lint_complains_of_the_listed_names_and_of_no_others() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("needs promtool: install Debian's package prometheus")
    has_data = recorded(RECORDERS)
    for metric in (sdk.SDK_DROPPED, sdk.SDK_EXPORTED, sdk.SDK_EXPORT_QUEUE_LENGTH):
        metric.labels("lint").inc()
        has_data.append(f"{metric._name}_total" if metric._type == "counter" else metric._name)
    assert set(has_data) == set(semconv.BY_NAME)
    page = render(sdk.REGISTRY).body
    ours = b"".join(line for line in page.splitlines(keepends=True) if b"agent_hive_" in line)
    run = subprocess.run([promtool, "check", "metrics"], input=ours, capture_output=True, timeout=30)
    complaints = {line.split()[0] for line in (run.stdout + run.stderr).decode().splitlines()}
    assert complaints == {family.name for family in semconv.FAMILIES if family.lint}
