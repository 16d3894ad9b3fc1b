"""What the hive tells of itself: families with data at the four services, log lines with their ids, nothing dropped."""

import ast
import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

import agent_hive
import hivesight_sdk as hs
from agent_hive.agents import TOOLS
from agent_hive.catalog import SERVICES
from agent_hive.learning import ENOUGH, OnlineClassifier
from agent_hive.work import AGENT_TYPES
from hive.running import Hive, eventually
from hivesight_sdk import semconv
from sdk.otlp_server import Receiver

WATCHED = [service.name for service in SERVICES if service.watched]
ORCHESTRATOR = "agent-hive-orchestrator"

NO_BATCH_JOBS = {family.name for family in semconv.FAMILIES if family.name.startswith("agent_hive_job_")}
"""Told by processes that run once and push; the hive's all stay, and are scraped."""
ZERO_WHEN_WELL = {semconv.SDK_DROPPED.name}
"""There from the start, and above 0 only when something is wrong."""


@pytest.fixture
def hive(tmp_path: Path) -> Iterator[Hive]:
    learner = OnlineClassifier()
    for _ in range(ENOUGH):
        learner.learn([1.0] * 5, 0, 0)
    (tmp_path / "state").mkdir()
    learner.save(tmp_path / "state" / "learner.json")
    receiver = Receiver()
    running = Hive(tmp_path, HIVESIGHT_ENDPOINT=receiver.url)
    yield running
    running.end()
    receiver.close()


def families(hive: Hive) -> dict[str, float]:
    """Every family that one of the four services has data of, and its highest value."""
    found: dict[str, float] = {}
    for service in WATCHED:
        for sample in hive.samples(service):
            name = sample.name.removesuffix("_count")
            found[name] = max(found.get(name, 0.0), sample.value)
    return found


def lacking(hive: Hive) -> set[str]:
    """The families without data: those that are not there, and those that count or measure and did not yet."""
    found = families(hive)
    missing = {family.name for family in semconv.FAMILIES if family.name not in found}
    idle = {family.name for family in semconv.FAMILIES if family.kind != "gauge" and not found.get(family.name)}
    return (missing | idle - ZERO_WHEN_WELL) - NO_BATCH_JOBS


def outcomes(hive: Hive, name: str, *labels: str) -> set[tuple[str, ...]]:
    """The label values of the samples above 0."""
    samples = [sample for sample in hive.samples(ORCHESTRATOR) if sample.name == name and sample.value > 0]
    return {tuple(sample.labels[label] for label in labels) for sample in samples}


def test_every_family_that_a_hive_can_have_has_data(hive: Hive) -> None:
    eventually(lambda: hive.completed() > 0, "the first finished task")
    gateway = hive.url("agent-hive-api-gateway")
    leaky = {"path": "password=hunter22.py", "priority": "critical"}
    ids = {"baggage": "gen_ai.conversation.id=c-1"}
    task = hive.client.post(f"{gateway}/tasks", json=leaky, headers=ids).json()["id"]
    hive.client.post(f"{gateway}/tasks", json={"code": "return 1", "priority": "critical"})
    hive.fault("kill", "model")
    changed = "agent_hive_circuit_breaker_transitions_total"
    eventually(lambda: ("open", "half_open") in outcomes(hive, changed, "from_state", "to_state"), "the circuit opens")
    hive.fault("heal", "model")
    eventually(lambda: ("half_open", "closed") in outcomes(hive, changed, "from_state", "to_state"), "and closes")

    with contextlib.suppress(AssertionError):
        eventually(lambda: not lacking(hive), "a value in every family")
    assert lacking(hive) == set()
    assert families(hive)["agent_hive_sdk_dropped_total"] == 0
    assert not families(hive).keys() & NO_BATCH_JOBS

    tools = {"read_source", *TOOLS}
    assert {tool for (tool,) in outcomes(hive, "agent_hive_tool_calls_total", "tool")} == tools
    moves = outcomes(hive, "agent_hive_task_transitions_total", "from_state", "to_state")
    assert moves == {("submitted", "waiting"), ("waiting", "running"), ("running", "decided"), ("running", "failed")}
    assert outcomes(hive, "agent_hive_workflow_runs_total", "outcome") == {("success",), ("error",)}

    records = eventually(lambda: [r for r in hive.records(ORCHESTRATOR) if r.get("task") == task], "the task's record")
    assert records[-1]["conversation"] == "c-1"
    assert records[-1]["message"].startswith("password=[redacted]")
    agents = [record for record in hive.records(ORCHESTRATOR) if record["logger"] == "agent_hive.pool"]
    assert {record["agent"].rpartition("-")[0] for record in agents} <= set(AGENT_TYPES)
    assert all(record["task"] and record["conversation"] for record in agents) and agents
    assert {record["service"] for record in hive.records(ORCHESTRATOR)} == {ORCHESTRATOR}


def test_only_the_public_names_of_the_sdk_are_used() -> None:
    used: set[str] = set()
    for file in Path(agent_hive.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom):
                assert not (node.module or "").startswith("hivesight"), file
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "hs":
                used.add(node.attr)
    assert used <= set(hs.__all__)
