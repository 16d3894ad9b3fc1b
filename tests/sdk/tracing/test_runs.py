"""Every tracker as a span: name, kind, attributes, outcome, and what is current inside of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import SpanKind, StatusCode

import hivesight_sdk as sdk

from .conftest import Spans


def test_a_hive_as_a_tree_of_spans(spans: Spans) -> None:
    with sdk.workflow("review"), sdk.track_task("reviewer", "high"), sdk.agent("reviewer"):
        with sdk.tool("parse"):
            pass
        with sdk.model_call("openai", "gpt-x") as call:
            call.read({"id": "r1", "model": "gpt-x-1", "usage": {"prompt_tokens": 7, "completion_tokens": 3}})
            call.finish_reason = "stop"
            call.cost = 0.25
        with sdk.track_external_api("github", "POST") as api:
            api.status_code = 201
        with sdk.track_decision() as decision:
            decision.confidence = 0.8
        with sdk.handoff("reviewer", "writer"), sdk.track_latency("sending"):
            pass

    tree = {span.name: (spans.parent_of(span.name), dict(span.attributes or {})) for span in spans.all()}
    assert tree == {
        "invoke_workflow review": (
            None,
            {"gen_ai.operation.name": "invoke_workflow", "gen_ai.workflow.name": "review"},
        ),
        "task reviewer": (
            "invoke_workflow review",
            {"gen_ai.agent.name": "reviewer", "hivesight.task.priority": "high"},
        ),
        "invoke_agent reviewer": (
            "task reviewer",
            {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "reviewer"},
        ),
        "execute_tool parse": (
            "invoke_agent reviewer",
            {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "parse", "gen_ai.tool.type": "function"},
        ),
        "chat gpt-x": (
            "invoke_agent reviewer",
            {
                "gen_ai.operation.name": "chat",
                "gen_ai.provider.name": "openai",
                "gen_ai.request.model": "gpt-x",
                "gen_ai.usage.input_tokens": 7,
                "gen_ai.usage.output_tokens": 3,
                "gen_ai.response.finish_reasons": ("stop",),
                "gen_ai.response.id": "r1",
                "gen_ai.response.model": "gpt-x-1",
                "hivesight.cost.usd": 0.25,
            },
        ),
        "POST github": (
            "invoke_agent reviewer",
            {"peer.service": "github", "http.request.method": "POST", "http.response.status_code": 201},
        ),
        "decision": ("invoke_agent reviewer", {"hivesight.decision.confidence": 0.8}),
        "handoff writer": (
            "invoke_agent reviewer",
            {"hivesight.handoff.from": "reviewer", "hivesight.handoff.to": "writer"},
        ),
        "sending": ("handoff writer", {}),
    }
    assert spans.one("chat gpt-x").kind is spans.one("POST github").kind is SpanKind.CLIENT
    assert spans.one("invoke_agent reviewer").kind is SpanKind.INTERNAL


def test_exceptions_outcomes_and_cancellation(spans: Spans) -> None:
    with pytest.raises(ValueError, match="no such file"), sdk.tool("raises"):
        raise ValueError("no such file")
    with sdk.agent("says so") as run:
        run.outcome = "timeout"
    with pytest.raises(asyncio.CancelledError), sdk.agent("stopped"):
        raise asyncio.CancelledError
    with sdk.track_external_api("github", "GET") as call:
        call.status_code = 503

    class CallToolResult:
        isError = True

    @sdk.tool("mcp")
    def mcp() -> CallToolResult:
        return CallToolResult()

    mcp()

    raised = spans.one("execute_tool raises")
    assert raised.status.status_code is StatusCode.ERROR
    assert raised.status.description == "ValueError: no such file"
    assert (raised.attributes or {})["error.type"] == "ValueError"
    assert [event.name for event in raised.events] == ["exception"]

    def end_of(name: str) -> tuple[StatusCode, object, object]:
        span = spans.one(name)
        known = span.attributes or {}
        return span.status.status_code, known.get("hivesight.outcome"), known.get("error.type")

    assert end_of("invoke_agent says so") == (StatusCode.ERROR, "timeout", "timeout")
    assert end_of("invoke_agent stopped") == (StatusCode.UNSET, "cancelled", None)
    assert end_of("GET github") == (StatusCode.ERROR, None, "503")
    assert end_of("execute_tool mcp") == (StatusCode.ERROR, "error", "tool_error")


def test_a_decorated_function_gives_its_name_to_the_span_of_a_latency(spans: Spans) -> None:
    @sdk.track_latency
    def plan() -> None:
        pass

    @sdk.track_latency("planning")
    async def plan_later() -> None:
        pass

    plan()
    asyncio.run(plan_later())
    assert [name.rpartition(".")[2] for name in spans.names()] == ["plan", "plan_later"]


def test_a_generator_is_the_parent_of_what_it_does_and_not_of_what_its_consumer_does(spans: Spans) -> None:
    @sdk.model_call("openai", "m")
    def stream() -> Iterator[int]:
        for number in range(2):
            with sdk.tool(f"inside {number}"):
                pass
            yield number

    with sdk.agent("consumer"):
        for number in stream():
            with sdk.tool(f"outside {number}"):
                pass
    parents = {name: spans.parent_of(name) for name in spans.names() if name.startswith("execute_tool")}
    assert parents == {
        "execute_tool inside 0": "chat m",
        "execute_tool outside 0": "invoke_agent consumer",
        "execute_tool inside 1": "chat m",
        "execute_tool outside 1": "invoke_agent consumer",
    }
    assert spans.parent_of("chat m") == "invoke_agent consumer"


def test_what_a_generator_has_open_stays_open_across_its_steps(spans: Spans) -> None:
    @sdk.agent("writer")
    def write() -> Iterator[int]:
        with sdk.workflow("inner"):
            yield 1
            with sdk.tool("late"):
                yield 2

    with sdk.agent("reader"):
        for number in write():
            with sdk.tool(f"read {number}"):
                pass
    assert spans.parent_of("execute_tool late") == "invoke_workflow inner"
    assert spans.parent_of("execute_tool read 2") == "invoke_agent reader"
    assert not trace.get_current_span().get_span_context().is_valid


async def _tokens() -> AsyncIterator[int]:
    for number in range(3):
        with sdk.tool(f"inside {number}"):
            await asyncio.sleep(0)
        yield number


def test_an_async_generator_likewise_also_when_it_is_left_early(spans: Spans, caplog: pytest.LogCaptureFixture) -> None:
    stream = sdk.model_call("anthropic", "m")(_tokens)

    async def consume() -> None:
        async for number in stream():
            with sdk.tool(f"outside {number}"):
                await asyncio.sleep(0)
            if number == 1:
                break

    with caplog.at_level(logging.WARNING):
        asyncio.run(consume())
    parents = {name: spans.parent_of(name) for name in spans.names() if name.startswith("execute_tool")}
    assert parents == {
        "execute_tool inside 0": "chat m",
        "execute_tool outside 0": None,
        "execute_tool inside 1": "chat m",
        "execute_tool outside 1": None,
    }
    assert (spans.one("chat m").attributes or {})["hivesight.outcome"] == "cancelled"
    assert not caplog.records


def test_tasks_that_run_side_by_side_keep_their_spans_apart(spans: Spans) -> None:
    @sdk.agent("worker")
    async def work(name: str) -> None:
        await asyncio.sleep(0)
        with sdk.tool(name):
            await asyncio.sleep(0)

    async def main() -> None:
        with sdk.workflow("all"):
            await asyncio.gather(*(work(f"t{number}") for number in range(5)))

    asyncio.run(main())
    parents = [span.parent.span_id for span in spans.all() if span.name.startswith("execute_tool") and span.parent]
    assert len(set(parents)) == 5
    assert {spans.one("invoke_workflow all").context.trace_id} == {span.context.trace_id for span in spans.all()}


def test_figures_name_the_span_of_their_own_run(spans: Spans) -> None:
    with sdk.tool("exemplary"):
        pass
    span = spans.one("execute_tool exemplary")
    child = sdk.TOOL_CALL_DURATION.labels("exemplary", "success")
    (exemplar,) = (bucket.exemplar for sample in [child] for bucket in sample.collect()[0].samples if bucket.exemplar)
    assert exemplar.labels["span_id"] == f"{span.context.span_id:016x}"


def test_ids_of_the_log_context_are_on_every_span_also_on_the_hosts_own(spans: Spans, provider: TracerProvider) -> None:
    ids = sdk.log_context(agent="a-1", task="t-1", conversation="c-1")
    with ids, sdk.agent("writer"), provider.get_tracer("host").start_as_current_span("own"):
        pass
    expected = {"gen_ai.agent.id": "a-1", "hivesight.task.id": "t-1", "gen_ai.conversation.id": "c-1"}
    for name in ("own", "invoke_agent writer"):
        assert expected.items() <= dict(spans.one(name).attributes or {}).items()


def test_a_processor_that_raises_is_counted_and_felt_by_nobody(
    spans: Spans, provider: TracerProvider, monkeypatch: pytest.MonkeyPatch, growth
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(provider._active_span_processor, "on_end", broken)
    dropped = growth("agent_hive_sdk_dropped_total", reason="recording_failed")
    with sdk.tool("goes on"):
        pass
    assert dropped() == 1
    assert not trace.get_current_span().get_span_context().is_valid
