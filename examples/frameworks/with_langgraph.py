"""LangGraph: a graph whose nodes are agents, with a model and a tool of LangChain's.

python examples/frameworks/with_langgraph.py
"""

from typing import TypedDict

from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from langchain_core.tools import tool
from langgraph.graph import END, START, StateGraph

import hivesight_sdk as sdk

sdk.instrument("langgraph")  # every graph of the process, through LangChain's callbacks


class State(TypedDict, total=False):
    topic: str
    facts: str
    report: str


@tool
def search(words: str) -> str:
    """Find facts."""
    if not words:
        raise ValueError("no words to search for")
    return f"{words} has 42 facts"


def model() -> GenericFakeChatModel:
    """Says one thing, in place of a network."""
    usage = {"input_tokens": 120, "output_tokens": 30, "total_tokens": 150}
    message = AIMessage("A report.", usage_metadata=usage, response_metadata={"finish_reason": "stop"})
    told = {"ls_provider": "local", "ls_model_name": "tiny-1"}  # the models of LangChain's packages tell it themselves
    return GenericFakeChatModel(messages=iter([message]), metadata=told)


def research(state: State) -> State:
    return {"facts": search.invoke(state["topic"])}


def write(state: State) -> State:
    return {"report": str(model().invoke(f"Report on {state['facts']}").content)}


def build():
    graph = StateGraph(State)
    graph.add_node("researcher", research)
    graph.add_node("writer", write)
    graph.add_edge(START, "researcher")
    graph.add_edge("researcher", "writer")
    graph.add_edge("writer", END)
    return graph.compile(name="report")


def main() -> list[str]:
    graph = build()
    told: list[str] = []
    with sdk.configure("hive-langgraph"):
        for topic in ("bees", ""):
            try:
                told.append(graph.invoke({"topic": topic})["report"])
            except ValueError as error:
                told.append(f"failed: {error}")
    return told


if __name__ == "__main__":
    print("\n".join(main()))
