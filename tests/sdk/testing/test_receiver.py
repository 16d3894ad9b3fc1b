"""The receiver in memory takes what `configure` ships, and a capture sees the same beside it."""

from __future__ import annotations

import threading

import pytest

import hivesight_sdk as sdk
from hivesight_sdk import spans
from hivesight_sdk.testing import OtlpReceiver, capture


def run() -> None:
    with sdk.agent("shipped"), sdk.model_call("local", "tiny-1") as call:
        call.input_tokens = 5


def test_it_takes_spans() -> None:
    with OtlpReceiver() as receiver:
        with sdk.configure("test-service", endpoint=receiver.url, resources=False) as configured:
            run()
            assert configured.flush()
        receiver.wait_for(lambda it: len(it.spans) == 2)
    call, agent = receiver.spans
    assert (agent.name, agent.parent_id, agent.resource["service.name"]) == (
        "invoke_agent shipped",
        None,
        "test-service",
    )
    assert (call.parent_id, call.trace_id) == (agent.span_id, agent.trace_id)
    assert call.attributes["gen_ai.usage.input_tokens"] == 5
    assert {request.path for request in receiver.requests} == {"/api/v1/otlp/v1/traces"}
    assert "hivesight-test-receiver" not in [thread.name for thread in threading.enumerate()]


def test_it_refuses() -> None:
    with OtlpReceiver(status=400) as receiver, capture() as seen:
        with sdk.configure("test-service", endpoint=receiver.url, resources=False) as configured:
            run()
            configured.flush()
        receiver.wait_for(lambda it: it.requests)
    assert sum(seen.dropped.values()) == 2


def test_what_does_not_come_is_told() -> None:
    with OtlpReceiver() as receiver, pytest.raises(AssertionError, match=r"paths and spans that came: \[\]"):
        receiver.wait_for(lambda it: it.spans, timeout_seconds=0.05)


def test_capture_around_configure() -> None:
    with OtlpReceiver() as receiver, capture() as seen:
        with sdk.configure("test-service", endpoint=receiver.url, resources=False, sample_ratio=1.0) as configured:
            run()
            configured.flush()
        receiver.wait_for(lambda it: len(it.spans) == 2)
    assert sorted(seen.spans.names) == sorted(span.name for span in receiver.spans)
    assert spans.open_span is None


def test_capture_within_configure() -> None:
    with OtlpReceiver() as receiver:
        with sdk.configure("test-service", endpoint=receiver.url, resources=False) as configured:
            opener = spans.open_span
            with capture() as seen:
                run()
            assert spans.open_span is opener
            run()
            configured.flush()
        receiver.wait_for(lambda it: len(it.spans) == 4)
    assert len(seen.spans) == 2


def test_configure_that_is_left_on_within_a_capture() -> None:
    with OtlpReceiver() as receiver:
        with capture() as seen:
            configured = sdk.configure("test-service", endpoint=receiver.url, resources=False)
            run()
        run()
        configured.close()
        receiver.wait_for(lambda it: len(it.spans) == 4)
        with capture() as again:
            run()
    assert (len(seen.spans), len(again.spans)) == (2, 2)


def test_configure_that_is_closed_within_a_capture() -> None:
    configured = sdk.configure("test-service", traces=True, endpoint="http://127.0.0.1:9", resources=False)
    with capture() as outer:
        configured.close(timeout_seconds=0)
        with capture() as inner:
            run()
    assert (len(outer.spans), len(inner.spans)) == (2, 2)
    assert spans.open_span is None
