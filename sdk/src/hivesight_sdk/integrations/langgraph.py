"""LangGraph and LangChain: their callbacks, made into the SDK's runs.

`hivesight_sdk.instrument("langgraph")` hears every graph of the process; `callbacks()` makes a handler for one call, as
in `graph.invoke(state, {"callbacks": [callbacks()]})`.
"""

from __future__ import annotations

from contextvars import ContextVar
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, cast

from hivesight_sdk.integrations.open_runs import OpenRuns
from hivesight_sdk.shapes import attribute
from hivesight_sdk.trackers.model_calls import ModelCall, model_call
from hivesight_sdk.trackers.runs import agent, tool, workflow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hivesight_sdk.trackers.tracking import Tracker

_STEP: Final = "graph:step:"
_TOOL_NODE: Final = "tools"
_INTERRUPTS: Final = ("GraphInterrupt", "NodeInterrupt", "ParentCommand", "GraphBubbleUp")


class _Callbacks:
    """What the handler does. A graph is a workflow, its nodes are agents (one called "tools" is none), and models and
    tools are what they are."""

    # On the thread and in the context of what they tell of: else no span would be inside of another.
    run_inline = True

    def __init__(self) -> None:
        super().__init__()
        self._runs: Final = OpenRuns("langgraph")

    def on_chain_start(self, serialized: Any, inputs: Any, *, run_id: Any, **more: Any) -> None:
        """A graph, a node of one, or something in between, which has no run of its own."""
        self._runs.guarded(self._begin_chain, run_id, more)

    def on_chain_end(self, outputs: Any, *, run_id: Any, **more: Any) -> None:
        """It has ended."""
        self._runs.guarded(self._runs.end, run_id)

    def on_chain_error(self, error: BaseException, *, run_id: Any, **more: Any) -> None:
        """It has failed, or waits for a person, or hands over to a graph around it."""
        self._runs.guarded(self._runs.end, run_id, None if type(error).__name__ in _INTERRUPTS else error)

    def on_tool_start(self, serialized: Any, input_str: str, *, run_id: Any, **more: Any) -> None:
        """A tool is called."""
        name = more.get("name") or attribute(serialized, "name") or "unknown"
        self._runs.guarded(self._runs.begin, run_id, tool(str(name)))

    def on_tool_end(self, output: Any, *, run_id: Any, **more: Any) -> None:
        """It has answered; the message of a tool says whether that is an error."""
        self._runs.guarded(self._end_tool, run_id, output)

    def on_tool_error(self, error: BaseException, *, run_id: Any, **more: Any) -> None:
        """It has failed."""
        self._runs.guarded(self._runs.end, run_id, None if type(error).__name__ in _INTERRUPTS else error)

    def on_chat_model_start(self, serialized: Any, messages: Any, *, run_id: Any, **more: Any) -> None:
        """A model is asked."""
        self._runs.guarded(self._begin_model, run_id, more, "chat")

    def on_llm_start(self, serialized: Any, prompts: Any, *, run_id: Any, **more: Any) -> None:
        """A model is asked that completes texts."""
        self._runs.guarded(self._begin_model, run_id, more, "text_completion")

    def on_llm_new_token(self, token: str, *, run_id: Any, **more: Any) -> None:
        """A part of a stream is here."""
        call = self._runs.measurement(run_id)
        if isinstance(call, ModelCall):
            call.first_chunk()

    def on_llm_end(self, response: Any, *, run_id: Any, **more: Any) -> None:
        """It has answered."""
        self._runs.guarded(self._end_model, run_id, response)

    def on_llm_error(self, error: BaseException, *, run_id: Any, **more: Any) -> None:
        """It has failed."""
        self._runs.guarded(self._runs.end, run_id, error)

    def _begin_chain(self, run_id: Any, more: Mapping[str, Any]) -> None:
        tracker = _chain(str(more.get("name") or ""), more)
        if tracker is not None:
            self._runs.begin(run_id, tracker)

    def _begin_model(self, run_id: Any, more: Mapping[str, Any], operation: str) -> None:
        metadata = more.get("metadata")
        provider = attribute(metadata, "ls_provider") or "unknown"
        model = attribute(metadata, "ls_model_name") or attribute(more.get("invocation_params"), "model") or "unknown"
        self._runs.begin(run_id, model_call(str(provider), str(model), operation))

    def _end_model(self, run_id: Any, response: Any) -> None:
        call = self._runs.measurement(run_id)
        try:
            if isinstance(call, ModelCall):
                _read(call, response)
        finally:
            self._runs.end(run_id)

    def _end_tool(self, run_id: Any, output: Any) -> None:
        call = self._runs.measurement(run_id)
        if call is not None and attribute(output, "status") == "error":
            call.outcome = "error"
        self._runs.end(run_id)


def _chain(name: str, more: Mapping[str, Any]) -> Tracker[Any] | None:
    if attribute(more.get("metadata"), "langgraph_node") == name:
        tags = cast("Sequence[str]", more.get("tags") or ())
        is_step = any(tag.startswith(_STEP) for tag in tags)
        return agent(name) if is_step and name != _TOOL_NODE else None
    # Without a parent it is what was invoked: a graph, or a chain of LangChain's.
    return workflow(name or "graph") if more.get("parent_run_id") is None else None


def _read(call: ModelCall, response: Any) -> None:
    message = attribute(next(iter(response.generations[0]), None), "message")
    call.read(message)
    if attribute(message, "usage_metadata") is None:
        call.read({"usage": attribute(response.llm_output, "token_usage")})
    told = attribute(message, "response_metadata")
    call.response_model = _text(told, "model_name") or _text(told, "model")


def _text(holder: object, name: str) -> str | None:
    value = attribute(holder, name)
    return value if isinstance(value, str) and value else None


@lru_cache(1)
def _handler_class() -> Any:
    base = import_module("langchain_core.callbacks").BaseCallbackHandler
    return type("HiveCallbacks", (_Callbacks, base), {})


def callbacks() -> Any:
    """A callback handler of LangChain's; ImportError without langchain-core."""
    return _handler_class()()


def install() -> bool:
    """Have the handler hear every run of the process."""
    hears: ContextVar[Any] = ContextVar("hivesight_langgraph", default=callbacks())  # noqa: B039  one for all contexts
    import_module("langchain_core.tracers.context").register_configure_hook(hears, inheritable=True)
    return True
