"""Pydantic AI: agents, models and tools, by one capability.

python examples/frameworks/with_pydantic_ai.py
"""

import asyncio

from pydantic_ai import Agent, ModelRetry
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models.function import AgentInfo, FunctionModel
from pydantic_ai.usage import RequestUsage

import hivesight_sdk as sdk
from hivesight_sdk.integrations.pydantic_ai import tracked


def answer(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
    """The model's part, in place of a network: asks for the weather twice, then tells it."""
    cities = ["Nowhere", "Lisbon"]
    asked = sum(isinstance(message, ModelResponse) for message in messages)
    usage = RequestUsage(input_tokens=100 + asked, output_tokens=10)
    if asked < len(cities):
        return ModelResponse([ToolCallPart("weather", {"city": cities[asked]})], usage=usage, finish_reason="tool_call")
    return ModelResponse([TextPart("It is sunny in Lisbon.")], usage=usage, finish_reason="stop")


def ask_for_storms(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
    return ModelResponse([ToolCallPart("storm", {})])


agent = Agent(FunctionModel(answer, model_name="tiny-1"), name="forecaster", capabilities=[tracked()])


@agent.tool_plain(retries=2)
def weather(city: str) -> str:
    if city == "Nowhere":
        raise ModelRetry("there is no such city")
    return "sunny"


@agent.tool_plain
def storm() -> str:
    raise ConnectionError("the radar is down")


async def forecast() -> str:
    told = (await agent.run("What is the weather in Lisbon?")).output
    with agent.override(model=FunctionModel(ask_for_storms, model_name="tiny-1")):
        try:
            await agent.run("Is there a storm?")
        except ConnectionError as error:
            told += f" But {error}."
    return told


def main() -> str:
    with sdk.configure("hive-pydantic-ai"):
        return asyncio.run(forecast())


if __name__ == "__main__":
    print(main())
