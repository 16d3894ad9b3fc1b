"""LangGraph: async, streams, branches in parallel, tools of a prebuilt node, interrupts, and strange callbacks."""

from __future__ import annotations

import asyncio
from itertools import pairwise, product
from typing import Annotated, Any

import pytest

import hivesight_sdk as sdk
from hivesight_sdk.testing import assert_metric, assert_no_errors, assert_span, capture

pytest.importorskip("langgraph", reason="needs the Python package langgraph: make examples")

from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, ToolCall
from langchain_core.runnables import RunnableLambda
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.message import add_messages
from langgraph.prebuilt import ToolNode
from langgraph.types import interrupt
from typing_extensions import TypedDict

from hivesight_sdk.integrations.langgraph import callbacks


class State(TypedDict, total=False):
    messages: Annotated[list[Any], add_messages]


def model(*answers: AIMessage) -> GenericFakeChatModel:
    return GenericFakeChatModel(messages=iter(answers), metadata={"ls_provider": "local", "ls_model_name": "tiny-1"})


def answer(text: str = "It is so.") -> AIMessage:
    usage = {
        "input_tokens": 50,
        "output_tokens": 7,
        "total_tokens": 57,
        "input_token_details": {"cache_read": 40, "cache_creation": 3},
        "output_token_details": {"reasoning": 4},
    }
    return AIMessage(text, usage_metadata=usage)


@tool
async def look_up(word: str) -> str:
    """Look a word up."""
    if word == "xyzzy":
        raise LookupError("no such word")
    return f"{word} is a word"


def tool_call(word: str) -> AIMessage:
    return AIMessage("", tool_calls=[ToolCall(name="look_up", args={"word": word}, id="1")])


async def ask(state: State) -> State:
    return {"messages": [await model(answer()).ainvoke(state["messages"])]}


def graph_of(*nodes: tuple[str, Any], parallel: bool = False) -> StateGraph:
    graph = StateGraph(State)
    for name, function in nodes:
        graph.add_node(name, function)
    names = [name for name, _ in nodes]
    for before, after in product([START], names) if parallel else pairwise([START, *names]):
        graph.add_edge(before, after)
    for last in names if parallel else names[-1:]:
        graph.add_edge(last, END)
    return graph


def test_async_with_tools_of_a_prebuilt_node() -> None:
    async def plan(state: State) -> State:
        return {"messages": [await model(tool_call("hive")).ainvoke(state["messages"])]}

    graph = graph_of(("planner", plan), ("tools", ToolNode([look_up])), ("writer", ask)).compile(name="lookup")
    sdk.instrument("langgraph")
    with capture() as seen:
        asyncio.run(graph.ainvoke({"messages": ["hive?"]}))
    assert (
        seen.spans.tree("gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.reasoning.output_tokens")
        == """\
invoke_workflow lookup
  invoke_agent planner
    chat tiny-1
  execute_tool look_up
  invoke_agent writer
    chat tiny-1  gen_ai.usage.cache_read.input_tokens=40  gen_ai.usage.reasoning.output_tokens=4"""
    )
    assert_no_errors(seen)
    assert_metric(seen, "agent_hive_model_tokens_total", 50, type="input", provider="local", model="tiny-1")


def test_parallel_branches_are_siblings() -> None:
    graph = graph_of(("left", ask), ("right", ask), parallel=True).compile(name="both")
    sdk.instrument("langgraph")
    with capture() as seen:
        asyncio.run(graph.ainvoke({"messages": ["?"]}))
        graph_of(("a", RunnableLambda(lambda state: {})), ("b", lambda state: {}), parallel=True).compile().invoke({})
    for name in ("left", "right"):
        run = assert_span(seen, f"invoke_agent {name}", parent="invoke_workflow both")
        assert seen.spans.children(run).names == ["chat tiny-1"]
    assert sorted(seen.spans.children(seen.spans.roots[1]).names) == ["invoke_agent a", "invoke_agent b"]
    assert_no_errors(seen)


def test_the_programs_own_runs_are_inside_of_what_is_open() -> None:
    @tool
    async def deep(word: str) -> str:
        """Look deeper."""
        with sdk.tool("deeper"):
            return word

    async def work(state: State) -> State:
        with sdk.tool("before"):
            await model(answer()).ainvoke("?")
        await deep.ainvoke({"word": "x"})
        with sdk.tool("after"):
            return {}

    graph = graph_of(("worker", work), ("idler", lambda state: {})).compile(name="own")
    sdk.instrument("langgraph")
    with capture() as seen, sdk.workflow("around"):
        asyncio.run(graph.ainvoke({"messages": ["?"]}))
        with sdk.tool("outside"):
            pass
    assert (
        seen.spans.tree()
        == """\
invoke_workflow around
  invoke_workflow own
    invoke_agent worker
      execute_tool before
        chat tiny-1
      execute_tool deep
        execute_tool deeper
      execute_tool after
    invoke_agent idler
  execute_tool outside"""
    )


def test_a_stream_has_a_first_chunk_and_a_whole_trace() -> None:
    async def write(state: State) -> State:
        chunks = [chunk async for chunk in model(answer("one two three")).astream(state["messages"])]
        return {"messages": [AIMessage("".join(str(chunk.content) for chunk in chunks))]}

    async def consume() -> int:
        return len([part async for part in graph.astream({"messages": ["?"]}, stream_mode="messages")])

    graph = graph_of(("writer", write)).compile(name="stream")
    sdk.instrument("langgraph")
    with capture() as seen:
        assert asyncio.run(consume()) > 1
    assert seen.spans.tree() == "invoke_workflow stream\n  invoke_agent writer\n    chat tiny-1"
    assert_metric(seen, "agent_hive_model_time_to_first_chunk_seconds_count", 1, model="tiny-1")


def test_a_handler_for_one_call_and_a_failing_tool() -> None:
    def plan(state: State) -> State:
        return {"messages": [tool_call("xyzzy")]}

    graph = graph_of(("planner", plan), ("tools", ToolNode([look_up], handle_tool_errors=True))).compile(name="lookup")
    with capture() as seen:
        asyncio.run(graph.ainvoke({"messages": ["?"]}, {"callbacks": [callbacks()]}))
        asyncio.run(graph.ainvoke({"messages": ["?"]}))
    assert_span(seen, "execute_tool look_up", parent="invoke_workflow lookup", error="LookupError: no such word")
    assert_metric(seen, "agent_hive_tool_calls_total", 1, tool="look_up", outcome="error")
    assert_metric(seen, "agent_hive_workflow_runs_total", 1, workflow="lookup", outcome="success")


def test_waiting_for_a_person_is_no_error() -> None:
    def approve(state: State) -> State:
        return {"messages": [str(interrupt("may I?"))]}

    graph = graph_of(("approver", approve)).compile(checkpointer=InMemorySaver(), name="approval")
    sdk.instrument("langgraph")
    with capture() as seen:
        graph.invoke({"messages": ["?"]}, {"configurable": {"thread_id": "1"}})
    assert_no_errors(seen)
    assert seen.spans.names == ["invoke_workflow approval", "invoke_agent approver"]


def test_a_failing_model_and_a_model_without_a_graph() -> None:
    class Broken(GenericFakeChatModel):
        def _generate(self, *args: Any, **kwargs: Any) -> Any:
            raise TimeoutError("no answer")

    sdk.instrument("langgraph")
    with capture() as seen:
        with pytest.raises(TimeoutError):
            Broken(messages=iter([])).invoke("?")
        model(answer()).invoke("?")
    assert [span.error for span in seen.spans] == ["TimeoutError: no answer", None]
    assert_metric(seen, "agent_hive_model_calls_total", 1, outcome="timeout", operation="chat")


def test_objects_of_another_shape_harm_nothing() -> None:
    handler = callbacks()
    with capture() as seen:
        handler.on_chat_model_start(None, None, run_id=1)
        handler.on_llm_end(None, run_id=1)
        handler.on_chain_start(None, None, run_id=2, tags=7, metadata={"langgraph_node": ""}, name="")
        handler.on_tool_end(object(), run_id=3)
        handler.on_llm_new_token("x", run_id=4)
    assert seen.dropped == {"recording_failed": 2}
