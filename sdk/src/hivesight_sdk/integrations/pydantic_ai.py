"""Pydantic AI: runs of agents, requests to models and calls of tools, by a capability of the agent.

    agent = Agent("openai:gpt-x", name="researcher", capabilities=[tracked()])

`hivesight_sdk.instrument("pydantic_ai")` switches on the framework's own spans instead, without the SDK's metrics.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from hivesight_sdk.recording import drop
from hivesight_sdk.shapes import attribute
from hivesight_sdk.trackers.model_calls import ModelCall, model_call
from hivesight_sdk.trackers.runs import agent, tool
from hivesight_sdk.trackers.tracking import Tracker

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

UNNAMED: Final = "agent"
"""The type of an agent that has no name."""

_TOLD_TO_THE_MODEL: Final = ("ModelRetry", "ToolRetryError", "ToolFailedError")
_STEERS_THE_RUN: Final = ("CallDeferred", "ApprovalRequired", "SkipToolExecution")


def tracked(agent_type: str | None = None) -> Any:
    """A capability for `Agent(capabilities=[...])`; ImportError without pydantic-ai.

    Its runs are `agent(agent_type)`, which is the agent's name unless given; the models that it asks are `model_call`s
    with their tokens, its tools are `tool`s.
    """
    hooks: Any = import_module("pydantic_ai.capabilities").Hooks()

    async def run(context: Any, *, handler: Callable[[], Awaitable[object]]) -> object:
        with agent(agent_type or _text(attribute(context, "agent"), "name") or UNNAMED):
            return await handler()

    async def model_request(
        context: Any, *, request_context: Any, handler: Callable[[Any], Awaitable[object]]
    ) -> object:
        with _asked(attribute(request_context, "model")) as call:
            answer = await handler(request_context)
            _read(call, answer)
            return answer

    async def tool_execute(
        context: Any, *, call: Any, tool_def: Any, args: Any, handler: Callable[[Any], Awaitable[object]]
    ) -> object:
        measured = tool(_text(call, "tool_name") or "unknown").__enter__()
        try:
            result = await handler(args)
        except BaseException as error:
            kind = type(error).__name__
            if kind in _TOLD_TO_THE_MODEL:
                measured.outcome = "error"
            handled = kind in _TOLD_TO_THE_MODEL or kind in _STEERS_THE_RUN
            measured.finish(None if handled else error)
            raise
        measured.finish(None, result)
        return result

    hooks.on.run(run)
    hooks.on.model_request(model_request)
    hooks.on.tool_execute(tool_execute)
    return hooks


def _asked(model: object) -> Tracker[ModelCall]:
    return model_call(_text(model, "system") or "unknown", _text(model, "model_name") or "unknown")


def _read(call: ModelCall, answer: object) -> None:
    try:
        usage = attribute(answer, "usage")
        call.input_tokens = _tokens(usage, "input_tokens")
        call.output_tokens = _tokens(usage, "output_tokens")
        call.cache_read_tokens = _tokens(usage, "cache_read_tokens")
        call.cache_write_tokens = _tokens(usage, "cache_write_tokens")
        call.reasoning_tokens = _tokens(attribute(usage, "details"), "reasoning_tokens")
        call.finish_reason = _text(answer, "finish_reason")
        call.response_id = _text(answer, "provider_response_id")
        call.response_model = _text(answer, "model_name")
    except Exception as error:  # noqa: BLE001  an answer of another's making
        drop("recording_failed", f"a model's answer cannot be read: {type(error).__name__}", error)


def _tokens(usage: object, name: str) -> int | None:
    value = attribute(usage, name)
    return value if isinstance(value, int) and value else None


def _text(holder: object, name: str) -> str | None:
    value = attribute(holder, name)
    return value if isinstance(value, str) and value else None
