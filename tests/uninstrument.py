"""Undo what `hivesight_sdk.instrument` did to the libraries of this process, for the tests that come after."""

from __future__ import annotations

import sys
from importlib.metadata import entry_points
from typing import Any

from hivesight_sdk.tracing import instrumentation


def uninstrument() -> None:
    """All of it, and the frameworks' own hooks."""
    done = set(instrumentation._done)
    instrumentation._done.clear()
    for entry in entry_points(group=instrumentation._GROUP):
        if entry.name in done:
            entry.load()().uninstrument()
    modules: dict[str, Any] = dict(sys.modules)
    if "langgraph" in done:
        hooks = modules["langchain_core.tracers.context"]._configure_hooks
        hooks[:] = [hook for hook in hooks if hook[0].name != "hivesight_langgraph"]
    if "openai_agents" in done:
        modules["agents"].set_trace_processors([])
    if "pydantic_ai" in done:
        modules["pydantic_ai"].Agent.instrument_all(False)
