"""Pydantic AI: streams, tools side by side, delegation, retries, cancellation, and its own spans beside ours."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

import hivesight_sdk as sdk
from hivesight_sdk.testing import assert_metric, assert_no_errors, capture

pytest.importorskip("pydantic_ai", reason="needs the Python package pydantic-ai-slim: make examples")

from pydantic_ai import Agent, RunContext
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models.function import AgentInfo, FunctionModel
from pydantic_ai.models.test import TestModel
from pydantic_ai.usage import RequestUsage

from hivesight_sdk.integrations.pydantic_ai import tracked


def test_an_agent_without_tools() -> None:
    agent = Agent(TestModel(model_name="tiny-1"), capabilities=[tracked("helper")])
    with capture() as seen:
        asyncio.run(agent.run("?"))
    assert seen.spans.tree("gen_ai.provider.name") == "invoke_agent helper\n  chat tiny-1  gen_ai.provider.name='test'"
    assert_no_errors(seen)


def test_an_agent_without_a_name() -> None:
    runner: Agent[None, str] = Agent(TestModel(), capabilities=[tracked()])
    with capture() as seen:
        asyncio.run(runner.run("?"))
    assert seen.spans[0].name in ("invoke_agent agent", "invoke_agent runner")  # newer versions take the variable's


def test_an_agent_that_asks_another_one_in_a_tool() -> None:
    expert = Agent(TestModel(model_name="large-1"), name="expert", capabilities=[tracked()])
    asker = Agent(TestModel(model_name="tiny-1"), name="asker", capabilities=[tracked()])

    @asker.tool
    async def consult(context: RunContext[None]) -> str:
        return (await expert.run("?", usage=context.usage)).output

    with capture() as seen:
        asyncio.run(asker.run("?"))
    assert (
        seen.spans.tree()
        == """\
invoke_agent asker
  chat tiny-1
  execute_tool consult
    invoke_agent expert
      chat large-1
  chat tiny-1"""
    )


def test_tools_side_by_side() -> None:
    agent = Agent(TestModel(), name="pair", capabilities=[tracked()])

    @agent.tool_plain
    async def left() -> int:
        with sdk.tool("inner left"):
            await asyncio.sleep(0)
        return 1

    @agent.tool_plain
    def right() -> int:  # on a worker thread
        with sdk.tool("inner right"):
            return 2

    with capture() as seen:
        asyncio.run(agent.run("?"))
    for side in ("left", "right"):
        outer = seen.spans.one(f"execute_tool {side}")
        assert seen.spans.children(outer).names == [f"execute_tool inner {side}"]
    assert_no_errors(seen)


def test_a_stream() -> None:
    async def words(messages: list[ModelMessage], info: AgentInfo) -> AsyncIterator[str]:
        yield "one "
        yield "two"

    async def run() -> str:
        async with agent.run_stream("?") as stream:
            return await stream.get_output()

    agent = Agent(FunctionModel(stream_function=words, model_name="tiny-1"), name="s", capabilities=[tracked()])
    with capture() as seen:
        assert asyncio.run(run()) == "one two"
    assert seen.spans.tree() == "invoke_agent s\n  chat tiny-1"
    assert_metric(seen, "agent_hive_model_calls_total", 1, model="tiny-1", outcome="success")
    assert seen.metric("agent_hive_model_tokens_total", type="output") > 0


def test_usage_with_cache_and_reasoning() -> None:
    def answer(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        usage = RequestUsage(
            input_tokens=90,
            output_tokens=9,
            cache_read_tokens=60,
            cache_write_tokens=5,
            details={"reasoning_tokens": 3},
        )
        return ModelResponse([TextPart("x")], usage=usage, provider_response_id="r-1", finish_reason="stop")

    agent = Agent(FunctionModel(answer, model_name="tiny-1"), name="u", capabilities=[tracked()])
    sdk.set_prices({"tiny-1": (1.0, 2.0)})
    with capture() as seen:
        asyncio.run(agent.run("?"))
    tokens = {kind: seen.metric("agent_hive_model_tokens_total", type=kind) for kind in sdk_token_types()}
    assert tokens == {"input": 90, "output": 9, "cache_read": 60, "cache_write": 5, "reasoning": 3}
    assert seen.metric("agent_hive_model_cost_dollars_total", model="tiny-1") > 0
    assert seen.spans.one("chat *").attributes["gen_ai.response.id"] == "r-1"


def sdk_token_types() -> tuple[str, ...]:
    from hivesight_sdk import semconv

    return semconv.TOKEN_TYPES


def test_a_run_that_is_cancelled() -> None:
    def call(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        return ModelResponse([ToolCallPart("wait", {})])

    agent = Agent(FunctionModel(call, model_name="tiny-1"), name="slow", capabilities=[tracked()])
    waiting = asyncio.Event()

    @agent.tool_plain
    async def wait() -> str:
        waiting.set()
        await asyncio.Event().wait()
        return ""

    async def run() -> None:
        task = asyncio.create_task(agent.run("?"))
        await waiting.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with capture() as seen:
        asyncio.run(run())
    assert_no_errors(seen)
    assert_metric(seen, "agent_hive_agent_runs_total", 1, agent_type="slow", outcome="cancelled")
    assert_metric(seen, "agent_hive_tool_calls_total", 1, tool="wait", outcome="cancelled")


def test_the_frameworks_own_spans_by_instrument() -> None:
    agent = Agent(TestModel(model_name="tiny-1"), name="helper")
    with capture() as seen:
        assert sdk.instrument("pydantic_ai") == ("pydantic_ai",)
        with sdk.workflow("outer"):
            asyncio.run(agent.run("?"))
    assert seen.spans.find("chat tiny-1")[0].scope == "pydantic-ai"
    assert {span.trace_id for span in seen.spans} == {seen.spans.one("invoke_workflow outer").trace_id}
