"""Context across processes: what is written into a message, what is read from one, whoever sent it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import SpanKind

import hivesight_sdk as sdk

from .conftest import Spans

Growth = Callable[..., Callable[[], float]]

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"


def test_headers_carry_trace_and_ids(spans: Spans) -> None:
    with sdk.log_context(agent="a 1", task="t,1", conversation="c=1"), sdk.agent("sender"):
        headers = sdk.inject({"content-type": "x"})
    sent = spans.one("invoke_agent sender").context
    assert headers["traceparent"].startswith(f"00-{sent.trace_id:032x}-{sent.span_id:016x}-")
    assert headers["content-type"] == "x"
    with sdk.extract(headers):
        assert sdk.current_log_context() == sdk.LogContext("a 1", "t,1", "c=1")
        with sdk.agent("receiver"):
            onward = sdk.inject({})
    received = spans.one("invoke_agent receiver")
    assert received.context.trace_id == sent.trace_id
    assert received.parent is not None
    assert received.parent.span_id == sent.span_id
    assert received.parent.is_remote
    assert received.kind is SpanKind.SERVER
    assert (received.attributes or {})["hivesight.task.id"] == "t,1"
    assert onward["baggage"] == headers["baggage"]
    assert sdk.current_log_context() == sdk.LogContext()


def test_what_the_receiver_says_itself_wins_over_what_came_along() -> None:
    with sdk.log_context(agent="a", task="t"):
        headers = sdk.inject({})
    with sdk.extract(headers), sdk.log_context(agent="b"):
        assert sdk.current_log_context() == sdk.LogContext("b", "t", None)


class Meta:
    """As a pydantic model keeps fields that it does not know."""

    model_extra: ClassVar = {"traceparent": PARENT, "progressToken": 1}


@pytest.mark.parametrize(
    "carrier",
    [
        {"traceparent": PARENT},
        {"TraceParent": PARENT},
        {b"traceparent": PARENT.encode()},
        {"traceparent": [PARENT]},
        [(b"host", b"x"), (b"traceparent", PARENT.encode())],
        [("traceparent", PARENT.encode())],
        Meta(),
    ],
    ids=["headers", "any case", "bytes", "list of values", "asgi", "kafka", "mcp"],
)
def test_carriers_of_all_kinds(carrier: object) -> None:
    assert sdk.extract(carrier).trace_id == TRACE


@pytest.mark.parametrize(
    "carrier",
    [None, {}, [], "rubbish", 7, [1, 2], [("a",)], {"traceparent": "00-zz"}, {"traceparent": object()}, {1: 2}],
    ids=range(10),
)
def test_rubbish_is_an_empty_context(carrier: Any) -> None:
    remote = sdk.extract(carrier)
    assert remote.trace_id is None
    with remote:
        assert not trace.get_current_span().get_span_context().is_valid


def test_only_so_many_headers_are_looked_at() -> None:
    assert sdk.extract([("x", "y")] * 1_000 + [("traceparent", PARENT)]).trace_id is None


def test_baggage_of_strangers_is_bounded() -> None:
    with sdk.extract({"baggage": "gen_ai.agent.id=" + "a" * 3_000 + ",other=1"}):
        agent = sdk.current_log_context().agent
    assert agent is not None
    assert len(agent) < 200


def test_a_list_gets_pairs_and_what_takes_no_headers_is_counted(spans: Spans, growth: Growth) -> None:
    with sdk.agent("a"):
        pairs = sdk.inject([])
        dropped = growth("agent_hive_sdk_dropped_total", reason="recording_failed")
        assert sdk.inject(7) == 7
    assert sdk.extract(pairs).trace_id == f"{spans.one('invoke_agent a').context.trace_id:032x}"
    assert dropped() == 1


def test_a_task_from_a_queue_is_a_consumer(spans: Spans) -> None:
    with sdk.extract({"traceparent": PARENT}), sdk.track_task("worker"):
        pass
    assert spans.one("task worker").kind is SpanKind.CONSUMER


def test_fan_in_is_linked(spans: Spans) -> None:
    with sdk.workflow("merge"):
        sdk.link({"traceparent": PARENT}, sdk.extract({"traceparent": PARENT.replace("0af7", "1af7")}), {}, None)
    merged = spans.one("invoke_workflow merge")
    assert [f"{link.context.trace_id:032x}"[:4] for link in merged.links] == ["0af7", "1af7"]


def test_clients_that_others_instrument_send_the_ids_too(spans: Spans, provider: TracerProvider) -> None:
    from opentelemetry import propagate

    from hivesight_sdk.tracing import propagation

    propagation.install()
    headers: dict[str, str] = {}
    with sdk.log_context(conversation="c-1"), provider.get_tracer("client").start_as_current_span("GET"):
        propagate.inject(headers)
    assert headers["baggage"] == "gen_ai.conversation.id=c-1"
    assert "traceparent" in headers


def test_a_block_is_async_too() -> None:
    async def main() -> str | None:
        async with sdk.extract({"traceparent": PARENT}) as remote:
            return remote.trace_id

    assert asyncio.run(main()) == TRACE
