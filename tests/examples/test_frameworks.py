"""Each example of a framework, run as its reader would, and what is then seen of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hivesight_sdk.testing import assert_metric, assert_span, capture

from .conftest import FRAMEWORKS, Loader, needs

EXAMPLES = sorted(FRAMEWORKS.glob("with_*.py"))


def test_asyncio(load: Loader) -> None:
    example = load("with_asyncio")
    with capture() as seen:
        assert example.main() == ["main.py", "setup.py"]
    assert (
        seen.spans.tree("gen_ai.usage.output_tokens")
        == """\
invoke_workflow review
  handoff reviewer
    task reviewer
      invoke_agent reviewer
        execute_tool read_file
        chat tiny-1  gen_ai.usage.output_tokens=2
  handoff reviewer
    task reviewer
      invoke_agent reviewer
        execute_tool read_file
        chat tiny-1  gen_ai.usage.output_tokens=2
  handoff reviewer
    task reviewer  [error: PermissionError: poetry.lock is locked]
      invoke_agent reviewer  [error: PermissionError: poetry.lock is locked]
        execute_tool read_file  [error: PermissionError: poetry.lock is locked]"""
    )
    assert {span.attributes["gen_ai.conversation.id"] for span in seen.spans.find("task *")} == {"c-1"}
    assert {span.kind for span in seen.spans.find("task *")} == {"consumer"}
    assert_metric(seen, "agent_hive_handoffs_total", 3, from_agent="orchestrator", to_agent="reviewer")
    assert_metric(seen, "agent_hive_model_time_to_first_chunk_seconds_count", 2, model="tiny-1")
    assert_metric(seen, "agent_hive_errors_total", 1, component="task", kind="denied")
    assert [(log.level, log.message) for log in seen.logs] == [("error", "not reviewed: poetry.lock is locked")]
    assert seen.dropped == {}


def test_fastapi(load: Loader) -> None:
    packages = ("fastapi", "httpx", "uvicorn")
    example = load("with_fastapi", *packages, *(f"opentelemetry.instrumentation.{name}" for name in packages[:2]))
    with capture() as seen:
        assert example.main() == [200, 422, 200]
    whole = seen.spans.one("invoke_workflow review")
    assert {span.trace_id for span in seen.spans} - {whole.trace_id} == {seen.spans.one("GET /metrics").trace_id}
    good, bad = seen.spans.find("POST /reviews")
    assert (good.kind, seen.spans.parent(good).kind) == ("server", "client")  # the trace came in the request's headers
    run = assert_span(seen, "invoke_agent reviewer", parent="fastapi.endpoint")
    assert seen.spans.children(run).names == ["execute_tool word_count", "chat tiny-1"]
    failed = assert_span(seen, "execute_tool word_count", error="ValueError: there is nothing to count")
    assert failed.trace_id == bad.trace_id
    assert_metric(seen, "agent_hive_agent_runs_total", 1, agent_type="reviewer", outcome="success")
    assert_metric(seen, "agent_hive_agent_runs_total", 1, agent_type="reviewer", outcome="error")
    assert_metric(seen, "agent_hive_model_tokens_total", 32, model="tiny-1")
    assert seen.dropped == {}


def test_celery(load: Loader) -> None:
    example = load("with_celery", "celery", "opentelemetry.instrumentation.celery")
    with capture() as seen:
        assert example.main() == ["3 names: good", "a bracket is open"]
    assert (
        seen.spans.tree("gen_ai.conversation.id")
        == """\
invoke_workflow review  gen_ai.conversation.id='c-1'
  apply_async/review  gen_ai.conversation.id='c-1'
    run/review  gen_ai.conversation.id='c-1'
      task reviewer  gen_ai.conversation.id='c-1'
        invoke_agent reviewer  gen_ai.conversation.id='c-1'
          execute_tool parse  gen_ai.conversation.id='c-1'
          chat tiny-1  gen_ai.conversation.id='c-1'
  apply_async/review  gen_ai.conversation.id='c-1'
    run/review  gen_ai.conversation.id='c-1'  [error: a bracket is open]
      task reviewer  gen_ai.conversation.id='c-1'  [error: ValueError: a bracket is open]
        invoke_agent reviewer  gen_ai.conversation.id='c-1'  [error: ValueError: a bracket is open]
          execute_tool parse  gen_ai.conversation.id='c-1'  [error: ValueError: a bracket is open]"""
    )
    assert [seen.spans.find(name)[0].kind for name in ("apply_async/*", "run/*")] == ["producer", "consumer"]
    assert_metric(seen, "agent_hive_tasks_completed_total", 1, agent_type="reviewer", status="completed")
    assert_metric(seen, "agent_hive_tasks_completed_total", 1, agent_type="reviewer", status="error")
    assert_metric(seen, "agent_hive_task_duration_seconds_count", 2, agent_type="reviewer")
    (log,) = (log for log in seen.logs if log.level == "error")
    assert log.trace_id == seen.spans[0].trace_id


def test_pydantic_ai(load: Loader) -> None:
    example = load("with_pydantic_ai", "pydantic_ai")
    with capture() as seen:
        assert example.main() == "It is sunny in Lisbon. But the radar is down."
    assert (
        seen.spans.tree("gen_ai.usage.input_tokens", "gen_ai.response.finish_reasons")
        == """\
invoke_agent forecaster
  chat tiny-1  gen_ai.usage.input_tokens=100  gen_ai.response.finish_reasons=('tool_call',)
  execute_tool weather  [error: tool_error]
  chat tiny-1  gen_ai.usage.input_tokens=101  gen_ai.response.finish_reasons=('tool_call',)
  execute_tool weather
  chat tiny-1  gen_ai.usage.input_tokens=102  gen_ai.response.finish_reasons=('stop',)
invoke_agent forecaster  [error: ConnectionError: the radar is down]
  chat tiny-1  gen_ai.usage.input_tokens=54
  execute_tool storm  [error: ConnectionError: the radar is down]"""
    )
    assert_metric(seen, "agent_hive_agent_runs_total", 1, agent_type="forecaster", outcome="success")
    assert_metric(seen, "agent_hive_agent_runs_total", 1, agent_type="forecaster", outcome="error")
    assert_metric(seen, "agent_hive_tool_calls_total", 1, tool="weather", outcome="error")
    assert_metric(seen, "agent_hive_errors_total", 1, component="tool", kind="connection")
    assert_metric(seen, "agent_hive_model_tokens_total", 303 + 54, model="tiny-1", type="input")
    assert seen.dropped == {}


def test_langgraph(load: Loader) -> None:
    example = load("with_langgraph", "langgraph")
    with capture() as seen:
        assert example.main() == ["A report.", "failed: no words to search for"]
    assert (
        seen.spans.tree("gen_ai.usage.output_tokens")
        == """\
invoke_workflow report
  invoke_agent researcher
    execute_tool search
  invoke_agent writer
    chat tiny-1  gen_ai.usage.output_tokens=30
invoke_workflow report  [error: ValueError: no words to search for]
  invoke_agent researcher  [error: ValueError: no words to search for]
    execute_tool search  [error: ValueError: no words to search for]"""
    )
    assert_metric(seen, "agent_hive_workflow_runs_total", 1, workflow="report", outcome="success")
    assert_metric(seen, "agent_hive_agent_runs_total", 1, agent_type="writer", outcome="success")
    assert_metric(seen, "agent_hive_model_tokens_total", 150, provider="local", model="tiny-1")
    assert_metric(seen, "agent_hive_model_finishes_total", 1, reason="stop")
    assert_metric(seen, "agent_hive_errors_total", 1, component="tool", kind="invalid_data")
    assert seen.dropped == {}


def test_openai_agents(load: Loader) -> None:
    example = load("with_openai_agents", "agents")
    with capture() as seen:
        assert example.main() == "Sunny, as far as one can see."
    tree = [line.partition("  [error: ")[0] for line in seen.spans.tree().splitlines()]
    assert tree == [
        "invoke_workflow forecast",
        "  invoke_agent triage",
        "    chat tiny-1",
        "    handoff forecaster",
        "  invoke_agent forecaster",
        "    chat tiny-1",
        "    execute_tool weather",
        "    chat tiny-1",
        "    execute_tool radar",
        "    chat tiny-1",
    ]
    assert_span(seen, "execute_tool radar", error="Error running tool")
    assert_metric(seen, "agent_hive_handoffs_total", 1, from_agent="triage", to_agent="forecaster")
    assert_metric(seen, "agent_hive_tool_calls_total", 1, tool="radar", outcome="error")
    assert_metric(seen, "agent_hive_model_tokens_total", 880, model="tiny-1")
    assert seen.dropped == {}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_each_is_run_as_its_first_lines_say(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert f"python examples/frameworks/{path.name}" in path.read_text(encoding="utf-8")
    needs(path.stem, *PACKAGES[path.stem])
    monkeypatch.delenv("HIVESIGHT_ENDPOINT", raising=False)
    run = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, timeout=60)
    assert (run.returncode, run.stdout != "") == (0, True), run.stderr


PACKAGES = {
    "with_asyncio": (),
    "with_celery": ("celery", "opentelemetry.instrumentation.celery"),
    "with_fastapi": ("fastapi", "httpx", "uvicorn"),
    "with_langgraph": ("langgraph",),
    "with_openai_agents": ("agents",),
    "with_pydantic_ai": ("pydantic_ai",),
}
