"""The guide's samples, with other imports and nothing else, do what the guide says they do; where the guide is wrong,
these tests say what happens instead. docs/migration.md tells it to users."""

from __future__ import annotations

import asyncio
import json
import os
import re
import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from tests.sdk.otlp_server import Receiver

import hivesight_sdk as sdk
from e2e.running import WebhookListener
from hivesight_sdk import semconv
from hivesight_sdk.metrics import REGISTRY

Growth = Callable[..., Callable[[], float]]
HERE = Path(__file__).parent
COORDINATION = "agent_hive_coordination_latency_seconds_count"
COMPLETED = "agent_hive_tasks_completed_total"
BACKEND = {"agent_type": "backend", "status": "completed", "priority": "medium"}
IN_USE = [("agent_hive_resource_utilization_percent", {"resource_type": each}) for each in ("cpu", "memory", "disk")]
OF_SYSTEM = [(f"agent_hive_{each}", {"component": "system"}) for each in ("memory_usage_bytes", "cpu_usage_percent")]


def sample(name: str) -> dict[str, Any]:
    return runpy.run_path(str(HERE / f"{name}.py"))


def fail() -> None:
    raise ValueError("no plan")


@pytest.mark.parametrize("module", ["agent_hive_metrics", "monitored_orchestrator"])
def test_the_orchestrator_is_measured(module: str, growth: Growth) -> None:
    latency, completed = growth(COORDINATION), growth(COMPLETED, **BACKEND)
    asyncio.run(sample(module)["MonitoredOrchestrator"]().coordinate_agents([]))
    assert (latency(), completed()) == (1, 1)
    assert REGISTRY.get_sample_value("agent_hive_active_agents_total", {"agent_type": "backend", "status": "active"})


@pytest.mark.parametrize("module", ["agent_hive_metrics", "monitored_orchestrator"])
def test_resource_usage_is_set_by_one_call(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hivesight_sdk.resources._single", None)
    for metric in (sdk.RESOURCE_UTILIZATION, sdk.MEMORY_USAGE, sdk.CPU_USAGE):
        metric.clear()
    names = sample(module)
    names.get("sample", names["track_resource_usage"])()
    for name, labels in IN_USE + OF_SYSTEM:
        value = REGISTRY.get_sample_value(name, labels)
        assert value is not None and value >= 0, labels


def test_the_guides_definitions_are_the_sdks_families() -> None:
    names = sample("agent_hive_metrics")
    guides = [constant for constant, item in vars(semconv).items() if item in semconv.GUIDE_FAMILIES]
    assert len(guides) == len(semconv.GUIDE_FAMILIES)
    for constant in guides:
        assert names[constant] is getattr(sdk, constant)


def test_the_guides_module_as_it_is_and_the_sdk_beside_it() -> None:
    program = (HERE / "agent_hive_metrics.py").read_text().replace("from hivesight_sdk", "from prometheus_client")
    program += """
import hivesight_sdk as sdk

assert sdk.ACTIVE_AGENTS is ACTIVE_AGENTS and sdk.AGENT_COORDINATION_LATENCY is AGENT_COORDINATION_LATENCY
with sdk.track_task("backend"):
    pass
assert TASKS_COMPLETED.labels("backend", "completed", "medium")._value.get() == 1
"""
    run = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, timeout=60)
    assert (run.returncode, run.stderr) == (0, "")


def test_an_error_is_timed_and_counted_where_it_happened(growth: Growth) -> None:
    """Instead of as a task of type "orchestrator" and priority "high", without its time."""
    latency = growth(COORDINATION)
    counted = growth("agent_hive_errors_total", component="coordination", kind="invalid_data")
    tasks = growth(COMPLETED, agent_type="orchestrator", status="error", priority="high")
    orchestrator = sample("monitored_orchestrator")["MonitoredOrchestrator"]()
    with pytest.raises(ValueError, match="no plan"):
        asyncio.run(orchestrator.coordinate_agents([fail]))
    assert (latency(), counted(), tasks()) == (1, 1, 0)


def test_a_sync_function_stays_one_and_a_name_is_a_metric(growth: Growth) -> None:
    """Instead of a TypeError, and of one histogram for everything."""
    coordination, placement = growth(COORDINATION), growth("agent_hive_placement_latency_seconds_count")
    assert sample("monitored_orchestrator")["MonitoredOrchestrator"]().place("a") == "a"
    assert (coordination(), placement()) == (0, 1)


def test_the_monitor_collects_and_sums_up() -> None:
    names = sample("performance_monitor")
    monitor = names["HiveMonitor"](collection_interval=30)
    summary = asyncio.run(asyncio.wait_for(names["watch"](monitor), 30))
    assert not monitor.running
    assert summary["time_period"] == "Last 1 hour(s)"
    assert summary["metrics_count"] == len(monitor.metrics_history) == 1
    assert summary["active_agents"]["avg"] == summary["active_agents"]["max"] == summary["active_agents"]["min"] == 5
    assert summary["coordination_latency"]["max"] == 150
    (metrics,) = monitor.metrics_history
    assert (metrics.task_queue_length, metrics.decision_confidence, metrics.errors_per_minute) == (10, 0.85, 2)
    assert 0 < summary["memory_usage"]["avg"] == metrics.memory_percent <= 100
    assert sorted(metrics.network_io) == ["bytes_recv", "bytes_sent"]


def test_the_monitor_judges_figures_in_the_guides_words() -> None:
    """The disk's threshold too, which the guide never checks; and once, not at every collection."""
    names = sample("performance_monitor")
    monitor = names["HiveMonitor"]()
    metrics = names["busy"]()
    assert metrics.network_io == {"bytes_sent": 10, "bytes_recv": 20}
    sent = asyncio.run(names["judge"](monitor, metrics))
    assert sent == asyncio.run(names["judge"](monitor, metrics))
    (told,) = json.loads(json.dumps(sent))
    assert told["current_metrics"]["coordination_latency_ms"] == 750
    assert sorted(alert.partition(":")[0] for alert in told["alerts"]) == [
        "High coordination latency ms",
        "High cpu percent",
        "High disk usage percent",
        "High errors per minute",
    ]


def test_a_summary_of_nothing_has_the_shape_of_every_other() -> None:
    """Instead of a key "error" among the figures."""
    summary = sdk.PerformanceMonitor().get_performance_summary(hours=1)
    assert summary["metrics_count"] == summary["cpu_usage"]["count"] == 0


def test_figures_without_a_source_are_not_made_up() -> None:
    """Instead of 5 agents, 150 ms, a confidence of 0.85 and 2 errors."""
    monitor = sdk.PerformanceMonitor(registry=CollectorRegistry())
    collected = asyncio.run(monitor.collect_metrics())
    assert collected.active_agents != collected.active_agents, "NaN"


def test_the_notifier_tells_slack_and_the_webhook(webhook: WebhookListener) -> None:
    asyncio.run(sample("custom_alerts")["main"](f"{webhook.url}/slack", f"{webhook.url}/alerts"))
    paths = sorted(path for path, _ in webhook.received)
    assert paths == ["/alerts", "/alerts", "/slack", "/slack"]
    slack = next(document for path, document in webhook.received if path == "/slack")
    assert "HighCoordinationLatency" in slack["attachments"][0]["title"]
    assert "Coordination latency is above threshold" in slack["attachments"][0]["text"]
    (alert,) = next(document for path, document in webhook.received if path == "/alerts")["alerts"]
    assert alert["labels"]["severity"] == "warning"


def own_set_up(program: str, url: str) -> str:
    return program.replace('"jaeger"', '"127.0.0.1"').replace("6831", url.rpartition(":")[2])


def our_set_up(program: str, url: str) -> str:
    _, use, rest = program.partition("tracer = setup_tracing()\n")
    imports = (
        "import asyncio\nfrom types import SimpleNamespace\nfrom hivesight_sdk.tracing.guide import setup_tracing\n"
    )
    return imports + use + rest


@pytest.mark.parametrize("set_up", [own_set_up, our_set_up])
def test_the_traces_arrive_by_otlp(set_up: Callable[[str, str], str]) -> None:
    """Instead of as Thrift, by UDP, at a port that Jaeger no longer has."""
    jaeger = Receiver()
    program = set_up((HERE / "tracing.py").read_text(), jaeger.url)
    environ = {**os.environ, "OTEL_SERVICE_NAME": "agent-hive", "HIVESIGHT_ENDPOINT": jaeger.url}
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, env=environ)
    jaeger.close()
    assert run.returncode == 0, run.stderr
    (request,) = jaeger.requests
    (resource,) = json.loads(request[2])["resourceSpans"]
    assert {"key": "service.name", "value": {"stringValue": "agent-hive"}} in resource["resource"]["attributes"]
    spans = {span["name"]: span for scope in resource["scopeSpans"] for span in scope["spans"]}
    assert sorted(spans) == ["coordinate_agents", "process_task_0", "process_task_1"]
    parent = spans["coordinate_agents"]
    assert {each["key"] for each in parent["attributes"]} == {"task_count", "coordination_status"}
    for name, of_type in (("process_task_0", "review"), ("process_task_1", "plan")):
        assert spans[name]["parentSpanId"] == parent["spanId"]
        said = {each["key"]: each["value"]["stringValue"] for each in spans[name]["attributes"]}
        assert (said["task_type"], said["task_result"]) == (of_type, "completed")


@pytest.fixture
def webhook() -> Any:
    listener = WebhookListener()
    yield listener
    listener.close()


def test_the_migration_page_names_what_there_is() -> None:
    page = (HERE.parents[2] / "docs" / "migration.md").read_text()
    imported = [name for line in re.findall(r"from hivesight_sdk import ([\w, ]+)", page) for name in line.split(", ")]
    called = re.findall(r"`@?((?:track|record|expect)_\w+)", page)
    assert len(imported) > 5 and len(called) > 5
    assert {*imported, *called} <= set(sdk.__all__)
    constants = [name for name, item in vars(semconv).items() if item in semconv.GUIDE_FAMILIES]
    assert [name for name in constants if f"`{name}`" not in page and not name.startswith("EXTERNAL_API")] == []
