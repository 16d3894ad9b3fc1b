"""`configure` with an endpoint, as a program of its own has it: what arrives at the server, and what does not hurt."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
from tests.sdk.otlp_server import Receiver, Rude


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


def run(program: str, *, seconds: float = 60, **environ: str) -> subprocess.CompletedProcess[str]:
    """A fresh process, because a process has one global tracer provider in its life."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=seconds,
        check=True,
    )


def spans_at(receiver: Receiver) -> dict[str, dict[str, Any]]:
    """Every span by name, with the attributes of its resource and itself as plain values."""
    found: dict[str, dict[str, Any]] = {}
    for path, headers, body in receiver.requests:
        assert path.endswith("/v1/traces")
        assert headers["Content-Type"] == "application/json"
        for resource in json.loads(body)["resourceSpans"]:
            for scope in resource["scopeSpans"]:
                for span in scope["spans"]:
                    found[span["name"]] = {
                        **span,
                        "attributes": _plain(span["attributes"]),
                        "resource": _plain(resource["resource"]["attributes"]),
                        "scope": scope["scope"]["name"],
                    }
    return found


def _plain(attributes: list[dict[str, Any]]) -> dict[str, Any]:
    return {each["key"]: next(iter(each["value"].values())) for each in attributes}


HIVE = """
import hivesight_sdk as sdk
from opentelemetry import trace
{configure}
with sdk.log_context(task="t-1"), sdk.agent("reviewer"):
    with sdk.tool("parse"):
        pass
    with trace.get_tracer("host").start_as_current_span("host") as span:
        span.set_attribute("numbers", [1, 2])
try:
    with sdk.model_call("openai", "m") as call:
        call.input_tokens = 7
        raise ConnectionError("token=abcdefghijklmnop0123456789 refused")
except ConnectionError:
    pass
"""


def test_spans_arrive_at_exit_without_a_word(receiver: Receiver) -> None:
    done = run(HIVE.format(configure=f"sdk.configure('hive', endpoint='{receiver.url}', headers={{'X-Key': 'k'}})"))
    assert done.stderr == ""
    spans = spans_at(receiver)
    assert {path for path, _, _ in receiver.requests} == {"/api/v1/otlp/v1/traces"}
    assert receiver.requests[0][1]["X-Key"] == "k"
    reviewer, parse, host, model = (
        spans[name] for name in ("invoke_agent reviewer", "execute_tool parse", "host", "chat m")
    )
    assert "parentSpanId" not in reviewer
    assert parse["parentSpanId"] == host["parentSpanId"] == reviewer["spanId"]
    assert parse["traceId"] == reviewer["traceId"]
    assert (reviewer["scope"], host["scope"]) == ("hivesight_sdk", "host")
    assert host["attributes"]["hivesight.task.id"] == "t-1"
    assert reviewer["resource"]["service.name"] == "hive"
    assert reviewer["resource"]["telemetry.sdk.language"] == "python"
    assert (reviewer["kind"], model["kind"]) == (1, 3)
    assert model["status"]["code"] == 2
    assert model["attributes"]["error.type"] == "ConnectionError"
    assert model["attributes"]["gen_ai.usage.input_tokens"] == "7"
    assert "abcdefghijklmnop" not in json.dumps(model)
    assert model["events"][0]["name"] == "exception"


def test_the_environment_says_it_too(receiver: Receiver) -> None:
    run(
        HIVE.format(configure="sdk.configure()"),
        OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url,
        OTEL_EXPORTER_OTLP_HEADERS="authorization=Bearer%20x",
        OTEL_RESOURCE_ATTRIBUTES="deployment.environment.name=test,service.name=never",
        OTEL_SERVICE_NAME="named",
    )
    span = spans_at(receiver)["invoke_agent reviewer"]
    assert span["resource"]["deployment.environment.name"] == "test"
    assert span["resource"]["service.name"] == "named"
    assert receiver.requests[0][0] == "/v1/traces"
    assert receiver.requests[0][1]["authorization"] == "Bearer x"


@pytest.mark.parametrize(
    ("arguments", "environ"),
    [
        ("", {}),
        ("traces=False, endpoint={url!r}", {}),
        ("endpoint={url!r}", {"OTEL_SDK_DISABLED": "true"}),
        ("endpoint={url!r}, sample_ratio=0", {}),
        ("", {"OTEL_EXPORTER_OTLP_ENDPOINT": "{url}", "OTEL_TRACES_SAMPLER": "always_off"}),
    ],
    ids=["nothing asks for it", "off", "disabled", "no share", "sampler"],
)
def test_nothing_is_sent(arguments: str, environ: dict[str, str], receiver: Receiver) -> None:
    filled = {name: value.format(url=receiver.url) for name, value in environ.items()}
    run(HIVE.format(configure=f"sdk.configure('hive', {arguments.format(url=receiver.url)})"), **filled)
    assert receiver.requests == []


def test_without_an_endpoint_opentelemetry_is_not_loaded() -> None:
    program = """
import sys
import hivesight_sdk as sdk
sdk.configure("hive")
with sdk.agent("a"), sdk.log_context(agent="x"):
    print([name for name in sys.modules if name.startswith("opentelemetry")])
"""
    assert run(program).stdout == "[]\n"


def test_a_host_with_a_provider_keeps_it_and_its_spans_are_shipped_too(receiver: Receiver) -> None:
    program = f"""
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
mine = TracerProvider()
trace.set_tracer_provider(mine)
import hivesight_sdk as sdk
handle = sdk.configure("hive", endpoint={receiver.url!r})
assert trace.get_tracer_provider() is mine
with mine.get_tracer("mine").start_as_current_span("outer"), sdk.tool("inner"):
    pass
assert handle.close()
with sdk.tool("too late"):
    pass
"""
    run(program)
    spans = spans_at(receiver)
    assert set(spans) == {"outer", "execute_tool inner"}
    assert spans["execute_tool inner"]["parentSpanId"] == spans["outer"]["spanId"]


def test_configured_again_after_close(receiver: Receiver) -> None:
    program = f"""
import hivesight_sdk as sdk
for name in ("first", "second"):
    with sdk.configure(name, endpoint={receiver.url!r}) as handle:
        with sdk.tool(name):
            pass
        assert handle.flush()
"""
    run(program)
    spans = spans_at(receiver)
    assert {span["resource"]["service.name"] for span in spans.values()} == {"first", "second"}


def test_a_fork_in_the_middle_of_a_span(receiver: Receiver) -> None:
    program = f"""
import os
import hivesight_sdk as sdk
handle = sdk.configure("hive", endpoint={receiver.url!r}, resources=False)
with sdk.agent("parent"):
    with sdk.tool("before"):
        pass
    child = os.fork()
    with sdk.tool("in child" if child == 0 else "in parent"):
        pass
    if child == 0:
        assert handle.flush()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
"""
    run(program)
    spans = spans_at(receiver)
    assert set(spans) == {
        "invoke_agent parent",
        "execute_tool before",
        "execute_tool in child",
        "execute_tool in parent",
    }
    parent = spans["invoke_agent parent"]
    inside = [spans[f"execute_tool {name}"] for name in ("before", "in child", "in parent")]
    assert {span["parentSpanId"] for span in inside} == {parent["spanId"]}
    instances = [span["resource"]["service.instance.id"] for span in inside]
    assert instances[0] == instances[2] != instances[1]
    sent = [span["name"] for document in receiver.documents() for span in _all_spans(document)]
    assert len(sent) == len(set(sent))


def _all_spans(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [span for each in document["resourceSpans"] for scope in each["scopeSpans"] for span in scope["spans"]]


@pytest.mark.parametrize("server", ["gone", "hangs", "500", "garbage", "404"])
def test_whatever_the_server_does_the_program_ends_quietly_and_in_time(server: str, receiver: Receiver) -> None:
    rude = Rude(b"rubbish\r\n\r\n") if server == "garbage" else Rude(hang=True)
    url = {"gone": "http://127.0.0.1:9", "hangs": rude.url, "garbage": rude.url}.get(server, receiver.url)
    receiver.status = 404 if server == "404" else 500
    program = f"""
import time
import hivesight_sdk as sdk
handle = sdk.configure("hive", endpoint={url!r})
for number in range(5000):
    with sdk.tool("t"):
        pass
started = time.monotonic()
handle.close(1.0)
took = time.monotonic() - started
def dropped():
    sdk.heartbeat("x")  # what was counted aside comes with the next recording
    read = sdk.REGISTRY.get_sample_value
    counts = [read("agent_hive_sdk_dropped_total", {{"reason": each}}) for each in ("queue_full", "export_failed")]
    return sum(filter(None, counts))
while dropped() < 5000 and time.monotonic() < started + 20:  # what the thread had in its hands it counts at its end
    time.sleep(0.01)
print(took < 5.0, dropped())
"""
    begun = time.monotonic()
    done = run(program)
    assert done.stdout == "True 5000.0\n"
    assert time.monotonic() - begun < 30
    rude.close()
