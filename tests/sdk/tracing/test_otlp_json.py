"""Spans as OTLP in JSON, held against the protocol's own types."""

from __future__ import annotations

import base64
import json
import math
import re
from typing import Any

import pytest
from google.protobuf.json_format import ParseDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import SpanKind, Status, StatusCode

import hivesight_sdk as sdk
from hivesight_sdk.tracing import otlp_json

from .conftest import Spans

SENDER = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "tracestate": "vendor=x"}


def parsed(body: bytes) -> ExportTraceServiceRequest:
    """By protobuf's own JSON mapping, which has bytes in base64 where OTLP has hexadecimal."""

    def based(match: re.Match[str]) -> str:
        return f'"{match[1]}":"{base64.b64encode(bytes.fromhex(match[2])).decode()}"'

    text = re.sub(r'"(traceId|spanId|parentSpanId)":"([0-9a-f]+)"', based, body.decode())
    return ParseDict(json.loads(text), ExportTraceServiceRequest())


def test_every_part_of_a_span_is_the_protocols(spans: Spans, provider: TracerProvider) -> None:
    tracer = provider.get_tracer("host", "1.2")
    attributes: dict[str, Any] = {
        "text": "ünï\ud800",
        "yes": True,
        "int": -(2**62),
        "float": 0.5,
        "nan": math.nan,
        "list": ["a", "b"],
        "numbers": [1, 2],
    }
    with (
        sdk.extract(SENDER),
        tracer.start_as_current_span("GET /x", kind=SpanKind.SERVER, attributes=attributes) as span,
    ):
        span.add_event("retry", {"attempt": 2})
        sdk.link(SENDER)
        span.set_status(Status(StatusCode.ERROR, "password=hunter2hunter2"))
    request = parsed(otlp_json.request(spans.all(), {"service.name": "s", "process.pid": 7}))

    (resource,) = request.resource_spans
    assert [each.key for each in resource.resource.attributes] == ["service.name", "process.pid"]
    assert resource.resource.attributes[1].value.int_value == 7
    (scope,) = resource.scope_spans
    assert (scope.scope.name, scope.scope.version) == ("host", "1.2")
    (encoded,) = scope.spans
    original = spans.one("GET /x")
    assert encoded.trace_id.hex() == SENDER["traceparent"][3:35]
    assert encoded.parent_span_id.hex() == "b7ad6b7169203331"
    assert encoded.span_id.hex() == f"{original.context.span_id:016x}"
    assert encoded.trace_state == "vendor=x"
    assert encoded.flags & 0x300 == 0x300
    assert encoded.flags & 0xFF == int(original.context.trace_flags)
    assert (encoded.name, encoded.kind) == ("GET /x", encoded.SPAN_KIND_SERVER)
    assert (encoded.start_time_unix_nano, encoded.end_time_unix_nano) == (original.start_time, original.end_time)
    values = {each.key: each.value for each in encoded.attributes}
    assert values["text"].string_value == "ünï?"
    assert values["yes"].bool_value is True
    assert values["int"].int_value == -(2**62)
    assert values["float"].double_value == 0.5
    assert math.isnan(values["nan"].double_value)
    assert [each.string_value for each in values["list"].array_value.values] == ["a", "b"]
    assert [each.int_value for each in values["numbers"].array_value.values] == [1, 2]
    (event,) = encoded.events
    assert (event.name, event.attributes[0].value.int_value) == ("retry", 2)
    (link,) = encoded.links
    assert link.span_id == encoded.parent_span_id
    assert encoded.status.code == encoded.status.STATUS_CODE_ERROR
    assert "hunter2" not in encoded.status.message


def test_secrets_in_exceptions_do_not_leave(spans: Spans) -> None:
    with pytest.raises(ValueError, match="bad"), sdk.tool("t"):
        raise ValueError("bad: api_key=sk-0123456789abcdefghijklmn")
    body = otlp_json.request(spans.all(), {})
    assert b"0123456789abcdef" not in body
    assert b"exception.stacktrace" in body


def test_what_was_cut_off_is_said(provider: TracerProvider, spans: Spans) -> None:
    with provider.get_tracer("host").start_as_current_span("many") as span:
        for number in range(200):
            span.set_attribute(f"a{number}", number)
    (encoded,) = parsed(otlp_json.request(spans.all(), {})).resource_spans[0].scope_spans[0].spans
    assert len(encoded.attributes) == 128
    assert encoded.dropped_attributes_count == 72


def test_a_clock_that_is_set_back_makes_no_negative_duration(provider: TracerProvider, spans: Spans) -> None:
    provider.get_tracer("host").start_span("back", start_time=2_000).end(end_time=1_000)
    (encoded,) = parsed(otlp_json.request(spans.all(), {})).resource_spans[0].scope_spans[0].spans
    assert (encoded.start_time_unix_nano, encoded.end_time_unix_nano) == (2_000, 2_000)
