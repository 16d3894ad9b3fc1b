"""OpenAI's Agents SDK: its traces and spans, as they begin and end, made into the SDK's runs.

`hivesight_sdk.instrument("openai_agents")` adds this to the framework's trace processors. Its own one, which sends
traces to OpenAI, stays: `agents.set_trace_processors([HiveTraces()])` replaces it.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

from hivesight_sdk.integrations.open_runs import OpenRuns, ReportedError
from hivesight_sdk.semconv import span_attributes as names
from hivesight_sdk.shapes import attribute
from hivesight_sdk.spans import Attributes, SpanStart
from hivesight_sdk.trackers.handoffs import handoff
from hivesight_sdk.trackers.model_calls import ModelCall, model_call
from hivesight_sdk.trackers.runs import agent, tool, workflow
from hivesight_sdk.trackers.tracking import Tracker

PROVIDER: Final = "openai"
"""The provider of a model that the framework names without one."""


class _ModelToldLater(ModelCall):
    """A call whose model is known only from its answer."""

    def __init__(self) -> None:
        super().__init__(PROVIDER, "unknown", "chat")

    def span_start(self) -> SpanStart:
        return SpanStart("chat", {names.OPERATION: "chat", names.PROVIDER: PROVIDER}, calls_out=True)

    def span_attributes(self) -> Attributes:
        return {**super().span_attributes(), names.REQUEST_MODEL: self._labels[1]}

    def is_of(self, model: str) -> None:
        """The model, before the call ends."""
        self._labels = (PROVIDER, model, "chat")


class HiveTraces:
    """A trace processor of the framework: workflows, agents, tools, models and hand-offs. Never raises."""

    def __init__(self) -> None:
        self._runs: Final = OpenRuns("openai-agents")

    def on_trace_start(self, trace: Any) -> None:
        """A workflow begins."""
        self._runs.guarded(lambda: self._runs.begin(trace.trace_id, workflow(trace.name)))

    def on_trace_end(self, trace: Any) -> None:
        """It has ended."""
        self._runs.guarded(lambda: self._runs.end(trace.trace_id, self._runs.raised(trace.trace_id)))

    def on_span_start(self, span: Any) -> None:
        """One of its steps begins."""
        self._runs.guarded(self._begin, span)

    def on_span_end(self, span: Any) -> None:
        """It has ended: with an exception that is on its way, or with `span.error`."""
        self._runs.guarded(self._end, span)

    def shutdown(self, timeout: float | None = None) -> None:
        """Nothing waits here."""

    def force_flush(self) -> None:
        """Nothing waits here."""

    def _begin(self, span: Any) -> None:
        tracker = _tracker(span.span_data)
        if tracker is not None:
            self._runs.begin(span.span_id, tracker)

    def _end(self, span: Any) -> None:
        data, error = span.span_data, self._runs.raised(span.span_id) or _error(span.error)
        try:
            call = self._runs.measurement(span.span_id)
            if isinstance(call, ModelCall):
                _read(call, data)
            elif data.type == "handoff" and data.to_agent:
                with handoff(data.from_agent or "unknown", data.to_agent):  # to whom is known only now
                    pass
        finally:
            self._runs.end(span.span_id, error)


def install() -> bool:
    """Add it to the framework's trace processors."""
    import_module("agents").add_trace_processor(HiveTraces())
    return True


def _tracker(data: Any) -> Tracker[Any] | None:
    match data.type:
        case "agent":
            return agent(data.name)
        case "function":
            return tool(data.name)
        case "generation":
            return model_call(PROVIDER, data.model or "unknown")
        case "response":
            return Tracker(_ModelToldLater)
        case _:
            return None


def _read(call: ModelCall, data: Any) -> None:
    answer: object = attribute(data, "response") or data
    call.read(answer)
    model = attribute(answer, "model")
    if isinstance(call, _ModelToldLater) and isinstance(model, str):
        call.is_of(model)


def _error(told: Any) -> ReportedError | None:
    if told is None:
        return None
    why = attribute(attribute(told, "data"), "error")
    message = str(attribute(told, "message"))
    return ReportedError(message if why is None else f"{message}: {why}")
