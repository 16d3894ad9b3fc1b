"""Log records as OTLP: what a server gets of them, and what it must never get."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from typing import Any

import pytest

import hivesight_sdk as sdk
from hivesight_sdk.logs.export import severity_number
from sdk.otlp_server import Receiver, until


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    it = Receiver()
    yield it
    it.close()


@pytest.fixture
def log() -> Iterator[logging.Logger]:
    before = logging.getLogger().level
    yield logging.getLogger("shop.orders")
    logging.getLogger().setLevel(before)


def scopes(receiver: Receiver) -> dict[str, list[dict[str, Any]]]:
    """The records of all requests by scope."""
    found: dict[str, list[dict[str, Any]]] = {}
    for document in receiver.documents():
        for scope in document["resourceLogs"][0]["scopeLogs"]:
            found.setdefault(scope["scope"]["name"], []).extend(scope["logRecords"])
    return found


def plain(record: dict[str, Any]) -> dict[str, Any]:
    return {each["key"]: next(iter(each["value"].values())) for each in record["attributes"]}


@pytest.mark.parametrize("queued", [False, True])
def test_a_record_arrives_as_its_line_shows_it(queued: bool, receiver: Receiver, log: logging.Logger) -> None:
    lines = io.StringIO()
    with sdk.configure_logging("shop", stream=lines, queued=queued, endpoint=receiver.url, otlp=True) as handle:
        with sdk.log_context(agent="buyer", task="t-1", conversation="c-1"):
            log.info("paid with %s", "password=hunter22", extra={"cents": 120, "ok": True, "parts": [1, "x"]})
        try:
            raise ValueError("api_key=abcdefgh")
        except ValueError:
            log.exception("failed")
        handle.flush()
        assert len(lines.getvalue().splitlines()) == 2
    path, _, body = receiver.requests[0]
    assert path == "/api/v1/otlp/v1/logs"
    assert b"hunter22" not in body
    assert b"abcdefgh" not in body
    resource = receiver.documents()[0]["resourceLogs"][0]["resource"]["attributes"]
    assert {"key": "service.name", "value": {"stringValue": "shop"}} in resource
    paid, failed = scopes(receiver)["shop.orders"]
    assert (paid["severityNumber"], paid["severityText"]) == (9, "INFO")
    assert paid["body"] == {"stringValue": "paid with password=[redacted]"}
    assert int(paid["timeUnixNano"]) > 1.6e18
    assert plain(paid) == {
        "cents": "120",
        "ok": True,
        "parts": {"values": [{"intValue": "1"}, {"stringValue": "x"}]},
        "gen_ai.agent.id": "buyer",
        "hivesight.task.id": "t-1",
        "gen_ai.conversation.id": "c-1",
    }
    assert failed["severityNumber"] == 17
    assert plain(failed)["exception.type"] == "ValueError"
    assert "Traceback" in plain(failed)["exception.stacktrace"]


def test_the_current_span_goes_along(receiver: Receiver, log: logging.Logger) -> None:
    trace = pytest.importorskip("opentelemetry.trace", reason="needs the package opentelemetry-api")
    context = trace.SpanContext(trace_id=1, span_id=2, is_remote=False, trace_flags=trace.TraceFlags(1))
    with (
        sdk.configure_logging(stream=io.StringIO(), otlp=True, endpoint=receiver.url),
        trace.use_span(trace.NonRecordingSpan(context)),
    ):
        log.warning("here")
    (record,) = scopes(receiver)["shop.orders"]
    assert (record["traceId"], record["spanId"]) == (f"{1:032x}", f"{2:016x}")


def test_what_the_export_says_itself_is_written_and_not_exported(receiver: Receiver) -> None:
    receiver.status = 503
    lines = io.StringIO()
    with sdk.configure_logging(stream=lines, otlp=True, endpoint=receiver.url, flush_seconds=0.05):
        logging.getLogger("hivesight_sdk").warning("of something else")
        assert until(lambda: "takes no logs now" in lines.getvalue())
    receiver.status = 200
    assert set(scopes(receiver)) == {"hivesight_sdk"}


def test_records_of_any_kind(receiver: Receiver) -> None:
    records: list[dict[str, Any]] = [
        {"created": float("nan"), "levelno": 99, "msg": "\ud800"},
        {"msg": "x" * 100_000, "a": list(range(1_000))},
        {"msg": "y", "big": {str(n): "z" * 2_000 for n in range(64)}},
    ]
    with sdk.configure_logging(stream=io.StringIO(), otlp=True, endpoint=receiver.url) as handle:
        for record in records:
            handle.handler.handle(logging.makeLogRecord({"name": "n", **record}))
    first, second, third = scopes(receiver)["n"]
    assert (first["timeUnixNano"], first["severityNumber"], first["body"]) == ("0", 24, {"stringValue": "?"})
    assert len(second["body"]["stringValue"]) == 8_193
    assert plain(third) == {"truncated": True}


SEVERITIES = [
    (-1, 0),
    (0, 0),
    (5, 1),
    (10, 5),
    (11, 6),
    (19, 8),
    (20, 9),
    (30, 13),
    (40, 17),
    (50, 21),
    (53, 24),
    (999, 24),
]


@pytest.mark.parametrize(("level", "number"), SEVERITIES)
def test_severities(level: int, number: int) -> None:
    assert severity_number(level) == number


def test_when_records_are_exported(receiver: Receiver, monkeypatch: pytest.MonkeyPatch, log: logging.Logger) -> None:
    monkeypatch.setenv("HIVESIGHT_ENDPOINT", receiver.url)
    with sdk.configure_logging(stream=io.StringIO()) as handle:
        assert handle.handler.export is None
    monkeypatch.setenv("OTEL_LOGS_EXPORTER", "otlp")
    with sdk.configure_logging(stream=io.StringIO()):
        log.info("by the environment")
    assert len(scopes(receiver)["shop.orders"]) == 1
    with sdk.configure_logging(stream=io.StringIO(), otlp=False) as handle:
        assert handle.handler.export is None
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    with sdk.configure_logging(stream=io.StringIO(), otlp=True) as handle:
        assert handle.handler.export is None


def test_an_address_that_is_none_is_counted_and_lines_are_written(growth: Any, log: logging.Logger) -> None:
    dropped = growth("agent_hive_sdk_dropped_total", reason="invalid_value")
    lines = io.StringIO()
    with sdk.configure_logging(stream=lines, otlp=True, endpoint="ftp://h"):
        log.info("still here")
    assert dropped() == 1
    assert "still here" in lines.getvalue()


def test_bodies_are_what_the_protocol_says(receiver: Receiver, log: logging.Logger) -> None:
    parse = pytest.importorskip("google.protobuf.json_format", reason="needs the package protobuf").Parse
    service = pytest.importorskip(
        "opentelemetry.proto.collector.logs.v1.logs_service_pb2", reason="needs the package opentelemetry-proto"
    )
    with (
        sdk.configure_logging("shop", stream=io.StringIO(), otlp=True, endpoint=receiver.url),
        sdk.log_context(agent="a"),
    ):
        log.error("x", extra={"nested": {"list": [1, None, 2.5, float("inf")]}, "…": "…"}, exc_info=ValueError("é"))
    (document,) = receiver.requests
    request = parse(document[2], service.ExportLogsServiceRequest())
    (record,) = request.resource_logs[0].scope_logs[0].log_records
    assert (record.severity_number, record.body.string_value) == (17, "x")
