"""A review as a trace: one across all services, whole, under the names of OpenTelemetry's GenAI conventions 1.41."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from agent_hive.agents import TOOLS
from agent_hive.work import AGENT_TYPES
from hive.running import Hive, eventually
from sdk.otlp_server import Receiver

INTERNAL, SERVER, CLIENT, CONSUMER = 1, 2, 3, 5
ORCHESTRATOR = "agent-hive-orchestrator"

REVIEW = {
    ("agent-hive-api-gateway", "gateway_submit", INTERNAL),
    (ORCHESTRATOR, "task_submit", SERVER),
    (ORCHESTRATOR, "task orchestrator", CONSUMER),
    (ORCHESTRATOR, "invoke_workflow code_review", INTERNAL),
    (ORCHESTRATOR, "coordination", INTERNAL),
    *((ORCHESTRATOR, f"handoff {agent}", INTERNAL) for agent in AGENT_TYPES),
    *((ORCHESTRATOR, f"invoke_agent {agent}", INTERNAL) for agent in AGENT_TYPES),
    *((ORCHESTRATOR, f"task {agent}", INTERNAL) for agent in AGENT_TYPES),
    *((ORCHESTRATOR, f"execute_tool {tool}", INTERNAL) for tool in ("read_source", *TOOLS)),
    (ORCHESTRATOR, "chat scripted-reviewer", CLIENT),
    (ORCHESTRATOR, "POST model", CLIENT),
    ("scripted-model-server", "scripted_completion", SERVER),
    (ORCHESTRATOR, "decision", INTERNAL),
    ("agent-hive-event-streaming", "event_delivery", SERVER),
}
"""Services, names and kinds of the spans of a review that came through the gateway."""
EVENTS = 8
"""task.started, six of agent.handoff, decision.made."""
CALLED_BY = {
    "task_submit": "gateway_submit",
    "task orchestrator": "task_submit",
    "invoke_workflow code_review": "task orchestrator",
    "coordination": "invoke_workflow code_review",
    "handoff parser": "coordination",
    "invoke_agent parser": "handoff parser",
    "task parser": "invoke_agent parser",
    "chat scripted-reviewer": "task reviewer",
    "POST model": "chat scripted-reviewer",
    "scripted_completion": "POST model",
    "execute_tool read_source": "coordination",
    "execute_tool parse": "task parser",
    "execute_tool scan_secrets": "task security",
    "event_delivery": "coordination",
    "decision": "coordination",
}


@dataclass(frozen=True)
class Span:
    service: str
    name: str
    kind: int
    trace: str
    id: str
    parent: str | None
    attributes: dict[str, Any]
    links: frozenset[str]


def spans(receiver: Receiver) -> list[Span]:
    """All that was sent so far (OTLP's ExportTraceServiceRequest in JSON)."""
    return [
        _span(_attributes(resource["resource"])["service.name"], span)
        for document in receiver.documents()
        for resource in document["resourceSpans"]
        for scope in resource["scopeSpans"]
        for span in scope["spans"]
    ]


def _span(service: str, span: dict[str, Any]) -> Span:
    ids = span["traceId"], span["spanId"], span.get("parentSpanId")
    links = frozenset(link["traceId"] for link in span.get("links", []))
    return Span(service, span["name"], span["kind"], *ids, _attributes(span), links)


def _attributes(holder: dict[str, Any]) -> dict[str, Any]:
    return {each["key"]: next(iter(each["value"].values())) for each in holder["attributes"]}


def trace_with(receiver: Receiver, attribute: str, value: str) -> list[Span]:
    """The spans of the trace in which a span has that attribute."""
    found = spans(receiver)
    ids = {span.trace for span in found if span.attributes.get(attribute) == value}
    return [span for span in found if span.trace in ids]


def orphans(trace: list[Span]) -> list[Span]:
    known = {span.id for span in trace}
    return [span for span in trace if span.parent is not None and span.parent not in known]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    running = Receiver()
    yield running
    running.close()


@pytest.fixture
def hive(tmp_path: Path, receiver: Receiver) -> Iterator[Hive]:
    running = Hive(tmp_path, HIVESIGHT_ENDPOINT=receiver.url)
    yield running
    running.end()


def test_a_review_is_one_trace_across_all_services(hive: Hive, receiver: Receiver) -> None:
    eventually(lambda: hive.completed() > 0, "the first finished task")
    body = {"path": "json/decoder.py", "priority": "critical"}
    task = hive.client.post(f"{hive.url('agent-hive-api-gateway')}/tasks", json=body).json()["id"]

    def complete() -> list[Span] | None:
        trace = trace_with(receiver, "hivesight.task.id", task)
        there = Counter((span.service, span.name, span.kind) for span in trace)
        told = there["agent-hive-event-streaming", "event_delivery", SERVER]
        return trace if told == EVENTS and there.keys() >= REVIEW and not orphans(trace) else None

    trace = eventually(complete, "the whole trace")
    assert len({span.trace for span in trace}) == 1
    assert {(span.service, span.name, span.kind) for span in trace} == REVIEW
    assert [span.name for span in trace if span.parent is None] == ["gateway_submit"]
    assert len(trace) == len(REVIEW) - 1 + EVENTS
    names = {span.id: span.name for span in trace}
    callers = {span.name: names[span.parent] for span in trace if span.parent is not None}
    assert {name: callers[name] for name in CALLED_BY} == CALLED_BY

    chat = next(span for span in trace if span.name == "chat scripted-reviewer").attributes
    assert (chat["gen_ai.provider.name"], chat["gen_ai.request.model"]) == ("scripted", "scripted-reviewer")
    assert int(chat["gen_ai.usage.input_tokens"]) > 0 and int(chat["gen_ai.usage.output_tokens"]) > 0
    assert {span.attributes["hivesight.task.id"] for span in trace if span.name != "gateway_submit"} == {task}
    agents = {span.attributes["gen_ai.agent.id"] for span in trace if span.name.startswith("invoke_agent")}
    assert {agent.rpartition("-")[0] for agent in agents} == set(AGENT_TYPES)

    trace_id = trace[0].trace
    batches = [span for span in spans(receiver) if span.name == "event_publish" and trace_id in span.links]
    assert batches and trace_id not in {span.trace for span in batches}
    logged = eventually(lambda: [r for r in hive.records(ORCHESTRATOR) if r.get("task") == task], "its log lines")
    assert {record["trace_id"] for record in logged} == {trace_id}


def test_a_push_and_the_reviews_it_asks_for_are_one_trace(hive: Hive, receiver: Receiver) -> None:
    def complete() -> list[Span] | None:
        pushes = [span for span in spans(receiver) if span.name == "webhook_delivery"]
        trace = [span for span in spans(receiver) if pushes and span.trace == pushes[0].trace]
        there = Counter(span.name for span in trace)
        decided = there["decision"] and there["decision"] == there["gateway_submit"] == there["task_submit"]
        return trace if decided and not orphans(trace) else None

    trace = eventually(complete, "a push and its reviews")
    assert [span.name for span in trace if span.parent is None] == ["webhook_delivery"]
    assert len({span.attributes["gen_ai.conversation.id"] for span in trace}) == 1
    assert {span.service for span in trace} >= {"agent-hive-webhook-server", "agent-hive-api-gateway", ORCHESTRATOR}
