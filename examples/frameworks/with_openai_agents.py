"""OpenAI's Agents SDK: agents, hand-offs, tools and models, by its trace processors.

python examples/frameworks/with_openai_agents.py
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from agents import Agent, Model, ModelResponse, RunConfig, Runner, Usage, function_tool, set_trace_processors
from agents.tracing import generation_span
from openai.types.responses import (
    Response,
    ResponseCompletedEvent,
    ResponseFunctionToolCall,
    ResponseOutputMessage,
    ResponseOutputText,
)

import hivesight_sdk as sdk

set_trace_processors([])  # nothing goes to OpenAI; leave this out to keep the traces there as well
sdk.instrument("openai_agents")


class Scripted(Model):
    """Gives one answer after the other, in place of a network, and tells of it as the framework's own models do."""

    def __init__(self, *answers: ResponseFunctionToolCall | ResponseOutputMessage) -> None:
        self._answers = iter(answers)

    async def get_response(self, *args: Any, **kwargs: Any) -> ModelResponse:
        with generation_span(model="tiny-1") as span:
            usage = Usage(requests=1, input_tokens=200, output_tokens=20, total_tokens=220)
            span.span_data.usage = {"input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens}
            return ModelResponse(output=[next(self._answers)], usage=usage, response_id=None)

    async def stream_response(self, *args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        whole = await self.get_response(*args, **kwargs)
        answer = Response(
            id="r1",
            created_at=0,
            model="tiny-1",
            object="response",
            output=whole.output,
            parallel_tool_calls=False,
            tool_choice="auto",
            tools=[],
        )
        yield ResponseCompletedEvent(type="response.completed", sequence_number=0, response=answer)


def call(tool: str, arguments: str = "{}") -> ResponseFunctionToolCall:
    return ResponseFunctionToolCall(type="function_call", call_id=tool, name=tool, arguments=arguments)


def say(text: str) -> ResponseOutputMessage:
    content = ResponseOutputText(type="output_text", text=text, annotations=[])
    return ResponseOutputMessage(id="m", type="message", role="assistant", status="completed", content=[content])


@function_tool
def weather(city: str) -> str:
    """The weather in a city."""
    return f"sunny in {city}"


@function_tool
def radar() -> str:
    """Where the storms are."""
    raise ConnectionError("the radar is down")


async def forecast() -> str:
    model = Scripted(call("weather", '{"city": "Lisbon"}'), call("radar"), say("Sunny, as far as one can see."))
    forecaster = Agent(name="forecaster", model=model, tools=[weather, radar])
    triage = Agent(name="triage", model=Scripted(call("transfer_to_forecaster")), handoffs=[forecaster])
    result = await Runner.run(triage, "Lisbon?", run_config=RunConfig(workflow_name="forecast"))
    return str(result.final_output)


def main() -> str:
    with sdk.configure("hive-openai-agents"):
        return asyncio.run(forecast())


if __name__ == "__main__":
    print(main())
