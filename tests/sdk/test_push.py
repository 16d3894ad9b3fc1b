"""Pushed metrics: what is sent where, and that a host feels nothing of whoever answers, or does not."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, Summary
from prometheus_client.parser import text_string_to_metric_families

import hivesight_sdk as sdk
from hivesight_sdk.otlp import metrics_json
from hivesight_sdk.push.target import Target, grouped, target
from sdk.otlp_server import Receiver

Growth = Callable[..., Callable[[], float]]


class Pushed(Receiver):
    def metrics(self) -> dict[str, Any]:
        """The metrics of the last OTLP request by name."""
        (resource,) = self.documents()[-1]["resourceMetrics"]
        return {metric["name"]: metric for metric in resource["scopeMetrics"][0]["metrics"]}


@pytest.fixture
def receiver() -> Iterator[Pushed]:
    it = Pushed()
    yield it
    it.close()


@pytest.fixture
def registry() -> CollectorRegistry:
    registry = CollectorRegistry()
    Counter("rows", "Rows read", ["table"], registry=registry).labels("a").inc(3)
    return registry


DESTINATIONS: list[tuple[str | None, str | None, dict[str, str], str]] = [
    (None, None, {}, "http://127.0.0.1:9640/api/v1/otlp/v1/metrics"),
    ("http://h:1/", None, {"HIVESIGHT_ENDPOINT": "http://x"}, "http://h:1/api/v1/otlp/v1/metrics"),
    ("http://h:1/below", None, {}, "http://h:1/below/api/v1/otlp/v1/metrics"),
    ("http://h:4318/v1/metrics", None, {}, "http://h:4318/v1/metrics"),
    (None, "http://g:9091", {"HIVESIGHT_ENDPOINT": "http://x"}, "http://g:9091"),
    ("http://h", "http://g", {}, "http://h/api/v1/otlp/v1/metrics"),
    (None, None, {"HIVESIGHT_PUSHGATEWAY": "http://g", "HIVESIGHT_ENDPOINT": " "}, "http://g"),
    (None, None, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"}, "http://c:4318/v1/metrics"),
    (None, None, {"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://c/m"}, "http://c/m"),
]


def found(*arguments: Any) -> Target:
    it = target(*arguments)
    assert it is not None
    return it


@pytest.mark.parametrize(("endpoint", "gateway", "environ", "url"), DESTINATIONS)
def test_where_to(endpoint: str | None, gateway: str | None, environ: dict[str, str], url: str) -> None:
    assert found(endpoint, gateway, None, environ).to.url == url


def test_credentials_become_headers_and_no_part_of_the_url() -> None:
    to = found("http://ann:p%40ss@h", None, {"X-Tenant": "t"}, {}).to
    assert (to.url, to.headers["Authorization"]) == ("http://h/api/v1/otlp/v1/metrics", "Basic YW5uOnBAc3M=")
    environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_EXPORTER_OTLP_HEADERS": "a=1%202, b=3"}
    assert found(None, None, {"b": "4"}, environ).to.headers == {"a": "1 2", "b": "4"}


@pytest.mark.parametrize("endpoint", ["ftp://h", "file:///etc/passwd", "h:9640", "http://", "http://[::1"])
def test_other_urls_are_dropped_and_counted(endpoint: str, growth: Growth) -> None:
    dropped = growth("agent_hive_sdk_dropped_total", reason="push_failed")
    assert not sdk.push_metrics(endpoint=endpoint)
    assert dropped() == 1


def test_the_group_of_a_pushgateway() -> None:
    assert grouped("http://g/", "nightly import", None) == "http://g/metrics/job/nightly%20import"
    assert grouped("http://g", "a/b", "h") == "http://g/metrics/job@base64/YS9i/instance/h"
    assert grouped("http://g", "a", "") == "http://g/metrics/job/a/instance@base64/="


def test_every_type_in_otlp(receiver: Pushed, registry: CollectorRegistry) -> None:
    Gauge("depth", "Depth", registry=registry).set(float("inf"))
    Info("build", "Build", registry=registry).info({"version": "\ud800"})
    Summary("size", "Size", registry=registry).observe(2.5)
    histogram = Histogram("wait_seconds", "Wait", ["queue"], buckets=(0.1, 1), registry=registry).labels("q")
    for seconds in (0.05, 0.5, 0.5, 7):
        histogram.observe(seconds)
    assert sdk.push_metrics(endpoint=receiver.url, registry=registry, service_name="batch", instance="i")
    path, headers, body = receiver.requests[0]
    assert (path, headers["Content-Type"]) == ("/api/v1/otlp/v1/metrics", "application/json")
    resource = json.loads(body)["resourceMetrics"][0]["resource"]
    assert resource["attributes"] == [
        {"key": "service.name", "value": {"stringValue": "batch"}},
        {"key": "service.instance.id", "value": {"stringValue": "i"}},
    ]
    found = receiver.metrics()
    assert found["rows_total"]["description"] == "Rows read"
    assert found["rows_total"]["sum"]["isMonotonic"] is True
    (rows,) = found["rows_total"]["sum"]["dataPoints"]
    assert (rows["asDouble"], rows["attributes"]) == (3.0, [{"key": "table", "value": {"stringValue": "a"}}])
    assert 0 < int(rows["startTimeUnixNano"]) <= int(rows["timeUnixNano"])
    assert found["depth"]["gauge"]["dataPoints"][0]["asDouble"] == "Infinity"
    assert found["build_info"]["gauge"]["dataPoints"][0]["attributes"][0]["value"] == {"stringValue": "?"}
    assert found["size"]["summary"]["dataPoints"][0]["sum"] == 2.5
    (wait,) = found["wait_seconds"]["histogram"]["dataPoints"]
    assert (wait["explicitBounds"], wait["bucketCounts"], wait["count"]) == ([0.1, 1.0], ["1", "2", "1"], "4")


def test_many_series_go_in_several_requests(receiver: Pushed, growth: Growth, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics_json, "MAX_POINTS_PER_REQUEST", 4)
    monkeypatch.setattr("hivesight_sdk.otlp.metrics_post.MAX_POINTS", 10)
    dropped = growth("agent_hive_sdk_dropped_total", reason="push_failed")
    registry = CollectorRegistry()
    gauge = Gauge("g", "G", ["n"], registry=registry)
    for number in range(13):
        gauge.labels(str(number)).set(number)
    assert not sdk.push_metrics(endpoint=receiver.url, registry=registry)
    assert len(receiver.requests) == 3
    assert dropped() == 3


def test_a_pushgateway_gets_text(receiver: Pushed, registry: CollectorRegistry) -> None:
    assert sdk.push_metrics(pushgateway=receiver.url, registry=registry, service_name="batch")
    path, headers, body = receiver.requests[0]
    assert path == "/metrics/job/batch"
    assert headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert "rows" in [family.name for family in text_string_to_metric_families(body.decode())]


ANSWERS = [
    (200, b"{}", True, 0),
    (204, b"", True, 0),
    (200, b"garbage", True, 0),
    (200, b'[["garbage"]]', True, 0),
    (200, b'{"partialSuccess": {"rejectedDataPoints": "7", "errorMessage": "no"}}', False, 7),
    (307, b"", False, 1),
    (400, b"bad", False, 1),
    (503, b"\xff", False, 1),
]


@pytest.mark.parametrize(("status", "answer", "taken", "lost"), ANSWERS)
def test_answers(
    status: int,
    answer: bytes,
    taken: bool,
    lost: int,
    receiver: Pushed,
    registry: CollectorRegistry,
    growth: Growth,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("hivesight_sdk.otlp.metrics_post._RETRY_PAUSE_SECONDS", 1_000)
    dropped = growth("agent_hive_sdk_dropped_total", reason="push_failed")
    receiver.status, receiver.answer = status, answer
    receiver.headers = {"Location": receiver.url + "/elsewhere"} if status == 307 else {}
    assert sdk.push_metrics(endpoint=receiver.url, registry=registry) is taken
    assert dropped() == lost
    assert len(receiver.requests) == 1


def test_a_server_that_takes_nothing_now_is_asked_again(
    receiver: Pushed, registry: CollectorRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hivesight_sdk.otlp.metrics_post._RETRY_PAUSE_SECONDS", 0.01)
    receiver.busy = 2
    assert sdk.push_metrics(endpoint=receiver.url, registry=registry)
    assert len(receiver.requests) == 3


def test_a_server_that_hangs_is_left_in_time(growth: Growth, registry: CollectorRegistry) -> None:
    dropped = growth("agent_hive_sdk_dropped_total", reason="push_failed")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert not sdk.push_metrics(
            endpoint=f"http://127.0.0.1:{silent.getsockname()[1]}", registry=registry, timeout_seconds=0.1
        )
    assert dropped() >= 1


def test_a_collector_that_raises_is_counted(receiver: Pushed, growth: Growth) -> None:
    class Broken:
        def collect(self) -> Any:
            raise RuntimeError("no")

    registry = CollectorRegistry(auto_describe=False)
    registry.register(Broken())  # type: ignore[arg-type]
    dropped = growth("agent_hive_sdk_dropped_total", reason="push_failed")
    assert not sdk.push_metrics(endpoint=receiver.url, registry=registry)
    assert not sdk.push_metrics(pushgateway=receiver.url, registry=registry)
    assert dropped() == 2


def test_a_header_that_cannot_be_sent_is_not_told(caplog: pytest.LogCaptureFixture) -> None:
    assert not sdk.push_metrics(headers={"Authorization": "sec\nret"})
    assert not sdk.push_metrics(timeout_seconds=float("nan"))
    assert not sdk.push_metrics(headers=7)  # type: ignore[arg-type]
    assert "ret" not in caplog.text.replace("return", "")


ENDINGS: list[tuple[BaseException | None, str]] = [
    (None, "completed"),
    (ValueError("x"), "error"),
    (SystemExit(0), "completed"),
    (SystemExit(3), "error"),
    (SystemExit("told"), "error"),
    (KeyboardInterrupt(), "cancelled"),
    (asyncio.CancelledError(), "cancelled"),
]


@pytest.mark.parametrize(("error", "status"), ENDINGS, ids=[repr(error) for error, _ in ENDINGS])
def test_how_a_job_ends(
    error: BaseException | None, status: str, receiver: Pushed, value: Callable[..., float]
) -> None:
    name = f"ends-{error!r}"
    raised = None
    try:
        with sdk.job(name, endpoint=receiver.url):
            if error is not None:
                raise error
    except BaseException as caught:  # noqa: BLE001
        raised = caught
    assert raised is error
    states = {
        s: value("agent_hive_job_last_status", job_name=name, status=s) for s in ("completed", "error", "cancelled")
    }
    assert states == {**dict.fromkeys(states, 0.0), status: 1.0}
    assert value("agent_hive_job_last_run_timestamp_seconds", job_name=name) > 0
    assert (value("agent_hive_job_last_success_timestamp_seconds", job_name=name) > 0) == (status == "completed")
    pushed = receiver.metrics()["agent_hive_job_duration_seconds"]["gauge"]["dataPoints"]
    assert {"key": "job_name", "value": {"stringValue": name}} in [each["attributes"][0] for each in pushed]
    resource = receiver.documents()[-1]["resourceMetrics"][0]["resource"]
    assert resource["attributes"][0]["value"] == {"stringValue": name}


def test_a_job_that_says_it_failed_and_one_that_is_decorated(receiver: Pushed, value: Callable[..., float]) -> None:
    with sdk.job("says-so", endpoint=receiver.url) as run:
        run.status = "error"
    assert value("agent_hive_job_last_status", job_name="says-so", status="error") == 1

    @sdk.job("decorated", endpoint=receiver.url)
    def main(argument: int) -> int:
        return argument + 1

    assert main(1) == 2
    assert value("agent_hive_job_last_status", job_name="decorated", status="completed") == 1
    assert len(receiver.requests) == 2


PROGRAM = """
import os, sys
import hivesight_sdk as sdk
with sdk.job("cli", endpoint="http://127.0.0.1:9"):
    if hasattr(os, "fork"):
        pid = os.fork()
        if pid:
            os.waitpid(pid, 0)
    print("done")
    sys.exit(4)
"""


def test_without_a_server_a_command_is_silent_and_keeps_its_exit_code() -> None:
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", PROGRAM]
    run = subprocess.run(command, capture_output=True, text=True, timeout=30, env={**os.environ, "http_proxy": ""})
    assert (run.returncode, set(run.stdout.split()), run.stderr) == (4, {"done"}, "")


@pytest.fixture
def pushgateway(tmp_path: Path) -> Iterator[str]:
    binary = shutil.which("prometheus-pushgateway") or shutil.which("pushgateway")
    if binary is None:
        pytest.skip("needs prometheus-pushgateway of the Debian package prometheus-pushgateway")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen([binary, f"--web.listen-address={address}"], stdout=log, stderr=log)
    try:
        for _ in range(200):
            with contextlib.suppress(OSError), urllib.request.urlopen(f"http://{address}/-/ready", timeout=5):
                break
            time.sleep(0.05)
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait(10)


def test_a_real_pushgateway_keeps_the_last_success_of_a_job_that_fails(pushgateway: str) -> None:
    registry = CollectorRegistry()
    for metric in (sdk.JOB_LAST_SUCCESS, sdk.JOB_STATUS):
        registry.register(metric)
    Counter("rows", "Rows", registry=registry).inc(3)
    with sdk.job("a/b", pushgateway=pushgateway, registry=registry, instance="i"):
        pass
    sdk.JOB_LAST_SUCCESS.clear()  # as in the process of the next run
    with sdk.job("a/b", pushgateway=pushgateway, registry=registry, instance="i") as run:
        run.status = "error"
    with urllib.request.urlopen(pushgateway + "/metrics", timeout=10) as response:
        page = response.read().decode()
    own = {"job_name": "a/b", "job": "a/b", "instance": "i"}
    found = {
        (sample.name, sample.labels.get("status")): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
        if sample.labels.items() >= own.items() or (sample.name, sample.labels.get("job")) == ("rows_total", "a/b")
    }
    assert found["rows_total", None] == 3
    assert found["agent_hive_job_last_status", "error"] == 1
    assert found["agent_hive_job_last_success_timestamp_seconds", None] > 0
