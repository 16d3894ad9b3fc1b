"""Where telemetry goes, who says that it sends it, and how values look on the wire."""

from __future__ import annotations

import base64
import json
import os
from typing import Any

import pytest

from hivesight_sdk.otlp.destination import Destination, Signal, default_destination, destination
from hivesight_sdk.otlp.resource import MAX_ATTRIBUTES, instance_id, resource
from hivesight_sdk.otlp.values import any_value, attributes

OTEL = "OTEL_EXPORTER_OTLP_"
DESTINATIONS: list[tuple[Signal, str | None, dict[str, str], str | None]] = [
    ("traces", None, {}, None),
    ("traces", "http://h:1/", {"HIVESIGHT_ENDPOINT": "http://x"}, "http://h:1/api/v1/otlp/v1/traces"),
    ("logs", "http://h/below", {}, "http://h/below/api/v1/otlp/v1/logs"),
    ("traces", "http://h:4318/v1/traces", {}, "http://h:4318/v1/traces"),
    ("metrics", "http://h:4318/a/v1/traces?k=v", {}, "http://h:4318/a/v1/metrics?k=v"),
    ("logs", None, {"HIVESIGHT_ENDPOINT": "https://x", OTEL + "ENDPOINT": "http://c"}, "https://x/api/v1/otlp/v1/logs"),
    ("logs", None, {OTEL + "ENDPOINT": "http://c:4318/"}, "http://c:4318/v1/logs"),
    ("logs", None, {OTEL + "ENDPOINT": "http://c", OTEL + "LOGS_ENDPOINT": "http://l/any"}, "http://l/any"),
    ("logs", None, {OTEL + "TRACES_ENDPOINT": "http://l/any"}, None),
    ("traces", "http://h", {"OTEL_SDK_DISABLED": " True "}, None),
    ("traces", "http://h", {OTEL + "PROTOCOL": "grpc"}, "http://h/api/v1/otlp/v1/traces"),
    ("traces", None, {OTEL + "ENDPOINT": "http://c", OTEL + "PROTOCOL": "http/protobuf"}, "http://c/v1/traces"),
]


@pytest.mark.parametrize(("signal", "endpoint", "environ", "url"), DESTINATIONS)
def test_where_to(signal: Signal, endpoint: str | None, environ: dict[str, str], url: str | None) -> None:
    to = destination(signal, endpoint, None, environ)
    assert (to and to.url) == url


def test_hivesight_on_this_host() -> None:
    assert default_destination("logs").url == "http://127.0.0.1:9640/api/v1/otlp/v1/logs"


WRONG = [
    "ftp://h",
    "file:///etc/passwd",
    "h:9640",
    "http://",
    "http://[::1",
    "http://h:99999",
    "http://h/a b",
]


@pytest.mark.parametrize("endpoint", WRONG)
def test_other_urls_are_refused(endpoint: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        destination("traces", endpoint, None, {})


def test_grpc_is_not_spoken_and_the_message_says_what_to_do() -> None:
    for name in ("PROTOCOL", "TRACES_PROTOCOL"):
        with pytest.raises(ValueError, match="4318"):
            destination("traces", None, None, {OTEL + "ENDPOINT": "http://c:4317", OTEL + name: "grpc"})
    environ = {OTEL + "ENDPOINT": "http://c", OTEL + "PROTOCOL": "grpc", OTEL + "LOGS_PROTOCOL": "http/json"}
    assert destination("logs", None, None, environ) is not None


def settled(environ: dict[str, str], **given: Any) -> Destination:
    to = destination("traces", environ=environ, **given)
    assert to is not None
    return to


def test_headers_and_time_limits() -> None:
    environ = {OTEL + "ENDPOINT": "http://u:p@c", OTEL + "HEADERS": "a=1%202, b=3", OTEL + "TIMEOUT": "2500"}
    to = settled(environ, headers={"b": "4"})
    assert to.headers == {"a": "1 2", "b": "4", "Authorization": "Basic " + base64.b64encode(b"u:p").decode()}
    assert (to.timeout_seconds, to.url) == (2.5, "http://c/v1/traces")
    own = {**environ, OTEL + "TRACES_HEADERS": "c=5", OTEL + "TRACES_TIMEOUT": "9e99"}
    assert settled(own).headers.keys() == {"c", "Authorization"}
    assert settled(own).timeout_seconds == 60
    # The headers that a Collector wants are none of Hivesight's business.
    assert settled({**environ, "HIVESIGHT_ENDPOINT": "http://h"}).headers == {}
    assert settled({**environ, OTEL + "TIMEOUT": "soon"}).timeout_seconds == 10


def test_who_sends() -> None:
    environ = {"OTEL_RESOURCE_ATTRIBUTES": "service.namespace=shop,team=a%2Cb,broken,service.name=from-env,host.name=h"}
    found = resource("orders", {"team": "c", "cores": 4, "deployment.environment.name": "production"}, environ)
    assert found["service.name"] == "orders"
    assert (found["service.namespace"], found["team"], found["cores"]) == ("shop", "c", 4)
    assert (found["process.pid"], found["host.name"]) == (os.getpid(), "h")
    assert found["deployment.environment.name"] == "production"
    assert found["service.instance.id"] == instance_id() == resource()["service.instance.id"]
    assert resource(environ=environ)["service.name"] == "from-env"
    assert resource(environ={})["service.name"] == "unknown_service:python"


def test_a_resource_has_bounds() -> None:
    found = resource("x" * 10_000, {f"k{n}": "v" * 10_000 for n in range(1_000)}, {})
    assert len(found) <= MAX_ATTRIBUTES + 8
    assert max(len(str(value)) for value in found.values()) == 1_024


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_is_another_instance() -> None:
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        os.write(writing, instance_id().encode())
        os._exit(0)
    os.waitpid(pid, 0)
    assert len(os.read(reading, 100)) == 36 != instance_id()
    os.close(reading)
    os.close(writing)


class Text:
    def __str__(self) -> str:
        return "text"


VALUES: list[tuple[object, dict[str, Any]]] = [
    ("a", {"stringValue": "a"}),
    ("\ud800", {"stringValue": "?"}),
    (True, {"boolValue": True}),
    (3, {"intValue": "3"}),
    (-(2**63), {"intValue": str(-(2**63))}),
    (2**63, {"stringValue": str(2**63)}),
    (2.5, {"doubleValue": 2.5}),
    (float("nan"), {"doubleValue": "NaN"}),
    (float("-inf"), {"doubleValue": "-Infinity"}),
    (b"\0\xff", {"bytesValue": "AP8="}),
    (None, {}),
    ((1, "x"), {"arrayValue": {"values": [{"intValue": "1"}, {"stringValue": "x"}]}}),
    ({"k": 1.5}, {"kvlistValue": {"values": [{"key": "k", "value": {"doubleValue": 1.5}}]}}),
    (Text(), {"stringValue": "text"}),
]


@pytest.mark.parametrize(("value", "encoded"), VALUES, ids=[repr(value)[:20] for value, _ in VALUES])
def test_values_keep_their_types(value: object, encoded: dict[str, Any]) -> None:
    assert any_value(value) == encoded
    parse = pytest.importorskip("google.protobuf.json_format", reason="needs the package protobuf").Parse
    common = pytest.importorskip("opentelemetry.proto.common.v1.common_pb2", reason="needs opentelemetry-proto")
    parse(json.dumps(any_value(value)), common.AnyValue())


def test_values_have_bounds() -> None:
    endless: list[Any] = []
    endless.append(endless)
    assert len(json.dumps(any_value(endless))) < 1_000
    assert len(any_value("x" * 10**6)["stringValue"]) == 32_768
    assert len(any_value(range(10**6))["arrayValue"]["values"]) == 256
    assert len(attributes({str(n): n for n in range(1_000)})) == 128
