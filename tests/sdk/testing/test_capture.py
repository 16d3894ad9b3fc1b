"""What `capture` sees of a block, and that it leaves the process as it found it."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading

import pytest
from opentelemetry import trace
from prometheus_client import CollectorRegistry, Counter, Gauge

import hivesight_sdk as sdk
from hivesight_sdk import spans
from hivesight_sdk.testing import assert_metric, assert_no_errors, assert_span, capture

log = logging.getLogger("test.capture")


def research() -> None:
    with sdk.workflow("report"), sdk.agent("researcher"):
        with sdk.tool("search"):
            log.info("searching", extra={"password": "hunter2"})
        with sdk.model_call("openai", "gpt-x") as call:
            call.input_tokens, call.output_tokens = 900, 80


def fail() -> None:
    with pytest.raises(ValueError), sdk.agent("clumsy"):
        log.error("oops")
        raise ValueError("no such thing")


def test_spans_are_a_tree_in_the_order_in_which_they_began() -> None:
    with capture() as seen:
        research()
        fail()
    assert (
        seen.spans.tree("gen_ai.usage.input_tokens")
        == """\
invoke_workflow report
  invoke_agent researcher
    execute_tool search
    chat gpt-x  gen_ai.usage.input_tokens=900
invoke_agent clumsy  [error: ValueError: no such thing]"""
    )
    chat = seen.spans.one("chat *")
    assert (chat.kind, chat.scope, chat.error) == ("client", "hivesight_sdk", None)
    assert seen.spans.parent(chat) == seen.spans.one("invoke_agent researcher")
    assert seen.spans.roots.names == ["invoke_workflow report", "invoke_agent clumsy"]
    assert seen.spans.find("invoke_agent *")[-1].exceptions == ("ValueError",)
    assert seen.spans[1:3].names == ["invoke_agent researcher", "execute_tool search"]


def test_metrics_are_what_grew() -> None:
    research()
    with capture() as seen:
        research()
        research()
        assert seen.metric("agent_hive_tool_calls_total", tool="search") == 2
        sdk.record_queue("waiting", 7)
    research()
    assert seen.metric("agent_hive_tool_calls_total", tool="search") == 2
    assert seen.metric("agent_hive_model_tokens_total") == 1960
    assert seen.metric("agent_hive_model_tokens_total", type="input", model="gpt-x") == 1800
    assert seen.metric("agent_hive_tool_call_duration_seconds_count", tool="search", outcome="success") == 2
    assert seen.metric("agent_hive_tool_call_duration_seconds_sum") > 0
    assert seen.metric("agent_hive_task_queue_length", state="waiting") == 7
    assert seen.metric("agent_hive_tool_calls_total", tool="another") == 0
    assert seen.grown()['agent_hive_workflow_runs_total{outcome="success",workflow="report"}'] == 2


def test_a_registry_of_ones_own() -> None:
    registry = CollectorRegistry()
    counter = Counter("orders", "Orders.", ["kind"], registry=registry)
    gauge = Gauge("stock", "Stock.", registry=registry)
    with capture(registry=registry) as seen:
        counter.labels("book").inc(3)
        gauge.set(5)
    assert (seen.metric("orders_total", kind="book"), seen.metric("stock")) == (3, 5)


@pytest.mark.parametrize(
    ("name", "labels", "message"),
    [
        ("agent_hive_tool_call_total", {}, "near to it: agent_hive_tool_calls_total"),
        ("agent_hive_tool_calls_total", {"tol": "search"}, "has no label 'tol'; its labels: outcome, tool"),
    ],
)
def test_a_misspelt_metric_says_so(name: str, labels: dict[str, str], message: str) -> None:
    with capture() as seen:
        research()
    with pytest.raises(AssertionError, match=message):
        seen.metric(name, **labels)


def test_logs_have_ids_and_no_secrets() -> None:
    with capture() as seen, sdk.log_context(task="t-1", conversation="c-1"):
        research()
        log.debug("not asked for")
    (record,) = seen.logs
    span = seen.spans.one("execute_tool search")
    assert (record.message, record.level, record.logger) == ("searching", "info", "test.capture")
    assert (record.trace_id, record.span_id) == (span.trace_id, span.span_id)
    assert (record.task, record.conversation, record.agent) == ("t-1", "c-1", None)
    assert record.fields == {"password": "[redacted]"}
    assert span.attributes["hivesight.task.id"] == "t-1"


def test_nothing_is_left_behind() -> None:
    root = logging.getLogger()
    before = (spans.open_span, trace.get_tracer_provider(), root.level, list(root.handlers), threading.enumerate())
    with capture(log_level=logging.DEBUG) as seen:
        assert root.level == logging.DEBUG
        research()
    assert (
        spans.open_span,
        trace.get_tracer_provider(),
        root.level,
        list(root.handlers),
        threading.enumerate(),
    ) == before
    research()
    assert len(seen.spans) == 4


def test_nested_blocks_each_see_what_happens_while_they_are_open() -> None:
    with capture() as outer:
        fail()
        with capture(log_level=logging.DEBUG) as inner:
            research()
            log.debug("detail")
        fail()
    assert len(inner.spans) == 4
    assert len(outer.spans) == 6
    assert inner.metric("agent_hive_agent_runs_total") == 1
    assert outer.metric("agent_hive_agent_runs_total") == 3
    assert [record.message for record in inner.logs] == ["searching", "detail"]
    assert [record.message for record in outer.logs] == ["oops", "searching", "oops"]


def test_threads_and_overlapping_blocks() -> None:
    def work() -> None:
        with capture() as own:
            for _ in range(20):
                research()
        assert len(own.spans) >= 80

    with capture() as seen:
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(seen.spans) == 4 * 20 * 4
    assert seen.metric("agent_hive_tool_calls_total", tool="search", outcome="success") == 80
    assert spans.open_span is None


def test_a_span_that_is_under_way_is_told() -> None:
    with capture() as seen, sdk.agent("slow"):
        assert seen.spans_under_way == ["invoke_agent slow"]
        assert seen.spans.names == []
    assert seen.spans.names == ["invoke_agent slow"]


def test_a_program_may_set_up_its_own_provider_after_a_capture() -> None:
    program = """
import hivesight_sdk as sdk
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from hivesight_sdk.testing import capture

early = trace.get_tracer("library")
with capture() as seen, sdk.agent("a"), early.start_as_current_span("inner"):
    pass
assert seen.spans.tree() == "invoke_agent a\\n  inner", seen.spans.tree()
mine = TracerProvider(shutdown_on_exit=False)
trace.set_tracer_provider(mine)
assert trace.get_tracer_provider() is mine
with capture() as again, trace.get_tracer("mine").start_as_current_span("outer"), sdk.agent("b"):
    pass
assert again.spans.tree() == "outer\\n  invoke_agent b", again.spans.tree()
assert trace.get_tracer_provider() is mine
"""
    run = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, timeout=60)
    assert (run.returncode, run.stderr) == (0, "")


class TestAssertions:
    def test_they_pass(self) -> None:
        with capture() as seen:
            research()
        assert_no_errors(seen)
        span = assert_span(seen, "chat *", {"gen_ai.request.model": "gpt-x"}, parent="invoke_agent researcher")
        assert span.name == "chat gpt-x"
        assert_metric(seen, "agent_hive_agent_runs_total", 1, agent_type="researcher", outcome="success")

    @pytest.mark.parametrize(
        ("wanted", "message"),
        [
            (lambda seen: assert_span(seen, "chat y"), "no span 'chat y' among:\ninvoke_workflow report\n  invoke"),
            (
                lambda seen: assert_span(seen, "chat *", {"gen_ai.request.model": "y"}),
                "but:\nchat gpt-x  {'gen_ai.request.model': 'gpt-x'}",
            ),
            (
                lambda seen: assert_span(seen, "chat *", parent="execute_tool search"),
                "right below 'execute_tool search'",
            ),
            (lambda seen: assert_span(seen, "chat *", error="Timeout"), "failed with 'Timeout'"),
            (lambda seen: seen.spans.one("*"), "5 spans '*', not one"),
            (
                lambda seen: assert_metric(seen, "agent_hive_tool_calls_total", 2, tool="search"),
                'agent_hive_tool_calls_total{tool="search"} is 1, not 2; what grew:\nagent_hive_agent_run',
            ),
            (lambda seen: assert_no_errors(seen), "span invoke_agent clumsy: ValueError: no such thing"),
            (
                lambda seen: assert_no_errors(seen),
                'agent_hive_errors_total{component="agent",kind="invalid_data"} grew',
            ),
            (lambda seen: assert_no_errors(seen), "logged: oops"),
            (lambda seen: assert_no_errors(seen), 'agent_hive_sdk_dropped_total{reason="invalid_value"} grew by 1'),
        ],
    )
    def test_they_say_what_is_there_instead(self, wanted: object, message: str) -> None:
        with capture() as seen:
            research()
            fail()
            sdk.record_decision(7)
        assert seen.dropped == {"invalid_value": 1}
        assert callable(wanted)
        with pytest.raises(AssertionError) as raised:
            wanted(seen)
        assert message in str(raised.value)
