"""An agent as a user writes it. Type checkers in strict mode must accept every line and infer these types; the tests
run it."""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import AsyncIterator, Coroutine, Iterator
from typing import Any, assert_type

import prometheus_client

import hivesight_sdk as sdk
from hivesight_sdk import EXTERNAL_API_DURATION, TASKS_COMPLETED, testing, track_external_api, track_latency, track_task


@track_latency("coordination")
async def coordinate(tasks: list[str], *, limit: int = 5) -> dict[str, int]:
    return dict.fromkeys(tasks, limit)


@track_latency
def plan(goal: str) -> list[str]:
    return goal.split()


@track_task("reviewer", priority="high")
def review(path: str) -> int:
    return len(path)


REVIEWED = sdk.Counter("user_files_reviewed_total", "Files reviewed", ["language"])


@track_latency(EXTERNAL_API_DURATION.labels(service="model", method="stream"))
async def stream(words: int) -> AsyncIterator[str]:
    for number in range(words):
        yield str(number)


@track_task("lister")
def names() -> Iterator[str]:
    yield "a"


@sdk.tool("search")
def search(words: str, *, limit: int = 3) -> list[str]:
    return words.split()[:limit]


@sdk.model_call("openai", "gpt-x")
async def ask(prompt: str) -> AsyncIterator[str]:
    yield prompt


@sdk.agent("researcher")
async def research(question: str) -> list[str]:
    sdk.heartbeat("researcher")
    return search(question, limit=1)


class Agent:
    @track_task("agent")
    async def run(self, task: str) -> str:
        async with track_external_api("model", "chat") as call:
            call.status_code = 200
            return task.upper()

    @sdk.track_decision()
    def decide(self, options: list[str]) -> float:
        return 1 / len(options)


@sdk.handoff("planner", "reviewer")
async def hand_over(task: str, queue: list[dict[str, str]]) -> None:
    queue.append(sdk.inject({"task": task}))


async def take(queue: list[dict[str, str]]) -> None:
    for message in queue:
        async with sdk.extract(message) as sender, sdk.agent("reviewer"):
            assert_type(sender.trace_id, str | None)
            sdk.link(sender, message)


class Monitor(sdk.PerformanceMonitor):
    async def get_task_queue_length(self) -> int:
        return 3

    async def send_alerts(self, alerts: list[str], metrics: sdk.PerformanceMetrics) -> None:
        assert metrics.task_queue_length > 2


async def watch() -> None:
    def tell(alert: sdk.PerformanceAlert) -> None:
        alerts.append(alert.message)

    async def backlog() -> dict[str, float]:
        return {"backlog": 7}

    alerts: list[str] = []
    thresholds = {"task_queue_length": 2, "backlog": sdk.Threshold(5, for_seconds=60, clear=4)}
    monitor = Monitor(60, providers={"broker": backlog}, alert_thresholds=thresholds, callbacks=[tell])
    collected = await monitor.collect_metrics()
    assert_type(collected.figures.get("backlog"), float | None)
    await monitor.check_alerts(collected)
    assert alerts == ["High task queue length: 3 (limit 2) for 0 s"]
    with monitor:
        assert_type(monitor.running, bool)
    assert_type(monitor.metrics_history, list[sdk.PerformanceMetrics])
    assert "cpu_usage" in monitor.get_performance_summary(hours=1)


async def main() -> None:
    await watch()
    assert_type(await coordinate(["a"], limit=2), dict[str, int])
    assert_type(plan("a b"), list[str])
    assert_type(review("x"), int)
    assert_type(await Agent().run("x"), str)
    assert_type(Agent().decide(["a", "b"]), float)
    assert_type([word async for word in stream(2)], list[str])
    assert_type(list(names()), list[str])
    pending: Coroutine[Any, Any, dict[str, int]] = coordinate(["b"])
    await pending
    with track_task("reviewer") as task:
        assert_type(task.status, str | None)
    assert_type(search("a b", limit=1), list[str])
    assert_type(await research("a"), list[str])
    assert_type([word async for word in ask("a")], list[str])
    async with sdk.model_call("anthropic", "claude-x", "chat") as model:
        assert_type(model, sdk.ModelCall)
        model.first_chunk()
        model.read({"usage": {"input_tokens": 5}})
        model.output_tokens = 3
        model.cost = 0.01
        assert_type(model.finish_reason, str | None)
    with sdk.workflow("report") as workflow, sdk.tool("grep") as call:
        workflow.outcome = call.outcome = "error"
    queue: list[dict[str, str]] = []
    await hand_over("review", queue)
    await take(queue)
    assert_type(sdk.inject([("a", b"b")]), list[tuple[str, bytes]])
    sdk.set_prices({"gpt-x": (2.5, 10)})
    sdk.record_error("parser", ValueError())
    sdk.record_circuit_breaker("openai", "open")
    sdk.record_learning_accuracy("classifier", 91.5)
    sdk.record_transition("researcher", "waiting", "running")
    with sdk.track_decision() as decision:
        decision.confidence = 0.5
    async with sdk.log_context(agent="reviewer", task=7) as around:
        assert_type(around.agent, str | None)
        logging.getLogger("user").info("reviewed", extra={"files": 3})
    assert_type(REVIEWED, prometheus_client.Counter)
    REVIEWED.labels(language="python").inc()
    TASKS_COMPLETED.labels(agent_type="reviewer", status="completed", priority="low").inc()
    sdk.expect_agents(["reviewer"])
    sdk.declare_children(TASKS_COMPLETED, ["reviewer"], ["completed"], ["low"])


def test_research() -> None:
    with testing.capture() as seen, testing.FakeClock() as clock, sdk.agent("researcher"):
        clock.advance(1.5)
        search("a")
    assert_type(seen.spans.one("execute_tool search"), testing.CapturedSpan)
    assert_type([span.name for span in seen.spans[1:]], list[str])
    assert_type(seen.metric("agent_hive_agent_run_duration_seconds_sum", agent_type="researcher"), float)
    assert_type(seen.logs, tuple[testing.CapturedLog, ...])
    testing.assert_span(seen, "execute_tool *", {"gen_ai.tool.name": "search"}, parent="invoke_agent researcher")
    testing.assert_metric(seen, "agent_hive_agent_run_duration_seconds_sum", 1.5, agent_type="researcher")
    testing.assert_no_errors(seen)


@sdk.job("user-code", endpoint="http://127.0.0.1:9", timeout_seconds=1)
def batch(rows: int) -> int:
    return rows


def run() -> None:
    test_research()
    assert_type(batch(2), int)
    with sdk.job("user-code", endpoint="http://127.0.0.1:9") as job_run:
        assert_type(job_run.status, str | None)
    assert_type(sdk.push_metrics(endpoint="http://127.0.0.1:9"), bool)
    redactor = sdk.Redactor(keys=["pin"], patterns={"badge": r"E-\d{6}"})
    with sdk.configure_logging("user-code", stream=io.StringIO(), queued=True, redactor=redactor) as logs:
        logs.flush()
    with sdk.configure("user-code", resources=False, resource_attributes={"team": "a", "shard": 3}) as configured:
        assert_type(configured.metrics_port, int | None)
        asyncio.run(main())
        assert_type(configured.flush(1), bool)
    assert_type(sdk.instrument("httpx", skip=["requests"]), tuple[str, ...])
