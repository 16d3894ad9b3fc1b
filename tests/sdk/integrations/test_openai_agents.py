"""OpenAI's Agents SDK: responses, failures of models and agents, tools side by side, and strange spans."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

import hivesight_sdk as sdk
from hivesight_sdk.testing import assert_metric, assert_no_errors, assert_span, capture

pytest.importorskip("agents", reason="needs the Python package openai-agents: make examples")

import agents
from agents import Agent, Model, ModelResponse, Runner, Usage, function_tool
from agents.tracing import response_span
from openai.types.responses import ResponseFunctionToolCall, ResponseOutputMessage, ResponseOutputText

from hivesight_sdk.integrations.openai_agents import HiveTraces


@pytest.fixture(autouse=True)
def nothing_goes_to_openai() -> Iterator[None]:
    agents.set_trace_processors([])
    sdk.instrument("openai_agents")
    yield
    agents.set_trace_processors([])


class Responses(Model):
    """As the framework's model of the Responses API: what it is called stands in its answer."""

    def __init__(self, *answers: Any) -> None:
        self._answers = iter(answers)

    async def get_response(self, *args: Any, **kwargs: Any) -> ModelResponse:
        with response_span() as span:
            answer = next(self._answers)
            if isinstance(answer, Exception):
                span.set_error({"message": "Error getting response", "data": {"error": str(answer)}})
                raise answer
            usage = Usage(requests=1, input_tokens=20, output_tokens=2, total_tokens=22)
            details = SimpleNamespace(cached_tokens=5)
            told = SimpleNamespace(input_tokens=20, output_tokens=2, input_tokens_details=details)
            span.span_data.response = SimpleNamespace(id="r-1", model="tiny-1-2026", usage=told)  # type: ignore[assignment]
            return ModelResponse(output=answer, usage=usage, response_id="r-1")

    def stream_response(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError


def say(text: str) -> list[Any]:
    content = ResponseOutputText(type="output_text", text=text, annotations=[])
    return [ResponseOutputMessage(id="m", type="message", role="assistant", status="completed", content=[content])]


def call(*tools: str) -> list[Any]:
    return [ResponseFunctionToolCall(type="function_call", call_id=t, name=t, arguments="{}") for t in tools]


@function_tool
async def left() -> str:
    with sdk.tool("inner left"):
        await asyncio.sleep(0)
    return "l"


@function_tool
def right() -> str:
    with sdk.tool("inner right"):
        return "r"


def test_the_model_is_known_from_its_answer() -> None:
    with capture() as seen:
        asyncio.run(Runner.run(Agent(name="a", model=Responses(say("x"))), "?"))
    assert seen.spans.tree("gen_ai.request.model", "gen_ai.response.id") == (
        "invoke_workflow Agent workflow\n"
        "  invoke_agent a\n"
        "    chat  gen_ai.request.model='tiny-1-2026'  gen_ai.response.id='r-1'"
    )
    assert_metric(seen, "agent_hive_model_tokens_total", 20, provider="openai", model="tiny-1-2026", type="input")
    assert_metric(seen, "agent_hive_model_tokens_total", 5, type="cache_read")
    assert_no_errors(seen)


def test_tools_side_by_side() -> None:
    with capture() as seen:
        model = Responses(call("left", "right"), say("x"))
        asyncio.run(Runner.run(Agent(name="a", model=model, tools=[left, right]), "?"))
    for side in ("left", "right"):
        outer = assert_span(seen, f"execute_tool {side}", parent="invoke_agent a")
        assert seen.spans.children(outer).names == [f"execute_tool inner {side}"]
    assert_no_errors(seen)


def test_a_model_that_fails() -> None:
    with capture() as seen, pytest.raises(ConnectionError):
        asyncio.run(Runner.run(Agent(name="a", model=Responses(ConnectionError("gone"))), "?"))
    assert (
        seen.spans.tree("gen_ai.request.model")
        == """\
invoke_workflow Agent workflow  [error: ConnectionError: gone]
  invoke_agent a  [error: ConnectionError: gone]
    chat  gen_ai.request.model='unknown'  [error: ConnectionError: gone]"""
    )
    for component in ("workflow", "agent", "model"):
        assert_metric(seen, "agent_hive_errors_total", 1, component=component, kind="connection")
    assert seen.spans_under_way == []


def test_too_many_turns() -> None:
    agent = Agent(name="a", model=Responses(call("right"), call("right")), tools=[right])
    with capture() as seen, pytest.raises(agents.MaxTurnsExceeded):
        asyncio.run(Runner.run(agent, "?", max_turns=1))
    assert_metric(seen, "agent_hive_agent_runs_total", 1, outcome="error")
    assert_metric(seen, "agent_hive_tool_calls_total", 2, outcome="success")  # with the one inside


def test_a_run_that_is_cancelled() -> None:
    waiting = asyncio.Event()

    @function_tool
    async def wait() -> str:
        waiting.set()
        await asyncio.Event().wait()
        return ""

    async def run() -> None:
        task = asyncio.create_task(Runner.run(Agent(name="a", model=Responses(call("wait")), tools=[wait]), "?"))
        await waiting.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with capture() as seen:
        asyncio.run(run())
    assert_metric(seen, "agent_hive_agent_runs_total", 1, outcome="cancelled")
    assert_no_errors(seen)


def test_a_run_within_an_exception_handler_is_a_success() -> None:
    async def recover() -> None:
        try:
            raise ConnectionError("handled")
        except ConnectionError:
            await Runner.run(Agent(name="a", model=Responses(say("x"))), "?")

    with capture() as seen:
        asyncio.run(recover())
    assert_no_errors(seen)
    assert_metric(seen, "agent_hive_workflow_runs_total", 1, outcome="success")


def test_several_runs_in_one_trace_and_at_once() -> None:
    async def both() -> None:
        with agents.trace("both"):
            runs = [Runner.run(Agent(name=name, model=Responses(say(name))), "?") for name in ("a", "b")]
            await asyncio.gather(*runs)

    with capture() as seen:
        asyncio.run(both())
    assert seen.spans.roots.names == ["invoke_workflow both"]
    for name in ("a", "b"):
        run = assert_span(seen, f"invoke_agent {name}", parent="invoke_workflow both")
        assert seen.spans.children(run).names == ["chat"]


def test_spans_of_another_shape_harm_nothing() -> None:
    processor = HiveTraces()
    with capture() as seen:
        processor.on_trace_start(None)
        processor.on_span_start(SimpleNamespace(span_id=1, span_data=SimpleNamespace(type="agent")))
        processor.on_span_end(None)
        processor.on_trace_end(SimpleNamespace(trace_id="never begun"))
        processor.on_span_start(SimpleNamespace(span_id=2, span_data=SimpleNamespace(type="speech")))
        processor.force_flush()
        processor.shutdown(timeout=1)
    assert seen.dropped == {"recording_failed": 3}
    assert seen.spans.names == []
