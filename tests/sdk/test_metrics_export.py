"""Metrics that are sent at every interval: when, what comes after a failure, and how it ends."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, Counter

import hivesight_sdk as sdk
from hivesight_sdk.otlp import metrics_export as module
from hivesight_sdk.otlp.destination import Destination
from hivesight_sdk.otlp.metrics_export import MetricsExport, interval_from_environment
from sdk.otlp_server import Receiver, Rude, until

Growth = Callable[..., Callable[[], float]]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    it = Receiver()
    yield it
    it.close()


@pytest.fixture
def rows() -> Counter:
    return Counter("rows", "Rows read", registry=CollectorRegistry())


@pytest.fixture
def export(
    receiver: Receiver, rows: Counter, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., MetricsExport]]:
    monkeypatch.setattr(module, "MIN_INTERVAL_SECONDS", 0.001)
    made: list[MetricsExport] = []

    def make(interval_seconds: float, url: str = "", timeout_seconds: float = 10.0) -> MetricsExport:
        to = Destination(url or receiver.url + "/v1/metrics", {}, timeout_seconds)
        registry = CollectorRegistry()
        registry.register(rows)
        made.append(MetricsExport(to, lambda: {"service.name": "s"}, registry, interval_seconds=interval_seconds))
        made[-1].start()
        return made[-1]

    yield make
    for each in made:
        each.stop()


def values(receiver: Receiver) -> list[float]:
    """The value of `rows_total` in each request."""
    return [
        metric["sum"]["dataPoints"][0]["asDouble"]
        for document in receiver.documents()
        for metric in document["resourceMetrics"][0]["scopeMetrics"][0]["metrics"]
        if metric["name"] == "rows_total"
    ]


def test_at_every_interval_and_at_the_end(
    receiver: Receiver, rows: Counter, export: Callable[..., MetricsExport], growth: Growth
) -> None:
    exported = growth("agent_hive_sdk_exported_total", signal="metrics")
    it = export(0.01)
    assert until(lambda: len(receiver.requests) > 3)
    rows.inc(5)
    assert it.close(20)
    assert it.close(600)
    assert not it.running
    assert values(receiver)[0] == 0
    assert values(receiver)[-1] == 5
    assert receiver.connections == 1
    assert exported() == len(receiver.requests)


def test_what_a_post_misses_the_next_one_has(
    receiver: Receiver, rows: Counter, export: Callable[..., MetricsExport], growth: Growth
) -> None:
    dropped = growth("agent_hive_sdk_dropped_total", reason="export_failed")
    receiver.status = 500
    export(0.01)
    assert until(lambda: dropped() > 2)
    rows.inc()
    receiver.status = 200
    assert until(lambda: values(receiver)[-1] == 1)


def test_an_address_that_is_not_there_is_left_alone(receiver: Receiver, export: Callable[..., MetricsExport]) -> None:
    receiver.status = 404
    it = export(0.01)
    assert until(lambda: receiver.requests)
    assert not until(lambda: len(receiver.requests) > 1, 0.1)
    assert not it.close(20)


def test_the_end_has_a_deadline(export: Callable[..., MetricsExport], growth: Growth) -> None:
    dropped = growth("agent_hive_sdk_dropped_total", reason="export_failed")
    rude = Rude(hang=True)
    try:
        it = export(3_600.0, rude.url, 600.0)
        started = time.monotonic()
        assert not it.close(0.1)
        assert time.monotonic() - started < 30
        assert dropped() >= 1
    finally:
        rude.close()


def test_a_collector_or_a_description_that_raises_ends_nothing(
    receiver: Receiver, export: Callable[..., MetricsExport], growth: Growth
) -> None:
    dropped = growth("agent_hive_sdk_dropped_total", reason="export_failed")
    it = export(0.01)

    class Broken:
        def collect(self) -> Any:
            raise RuntimeError("no")

    broken = Broken()
    it._registry.register(broken)  # type: ignore[arg-type]
    assert until(lambda: dropped() > 0)
    it._registry.unregister(broken)  # type: ignore[arg-type]
    seen = len(receiver.requests)
    assert until(lambda: len(receiver.requests) > seen + 1)


INTERVALS = [("", 15.0), ("60000", 60.0), ("0", 15.0), ("often", 15.0), ("nan", 15.0)]


@pytest.mark.parametrize(("said", "seconds"), INTERVALS)
def test_the_interval_of_the_environment(said: str, seconds: float) -> None:
    assert interval_from_environment({"OTEL_METRIC_EXPORT_INTERVAL": said}) == seconds


def test_configure_exports_when_it_is_told_to(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    with sdk.configure("s", endpoint=receiver.url, traces=False, resources=False) as configured:
        assert configured.metrics_export is None
    registry = CollectorRegistry()
    with sdk.configure(
        "orders",
        endpoint=receiver.url,
        traces=False,
        resources=False,
        export_metrics=True,
        registry=registry,
        resource_attributes={"team": "x"},
    ):
        sdk.record_retry("exported")
    (document,) = receiver.documents()
    attributes = {each["key"]: each["value"] for each in document["resourceMetrics"][0]["resource"]["attributes"]}
    assert (attributes["service.name"], attributes["team"]) == ({"stringValue": "orders"}, {"stringValue": "x"})
    names = {metric["name"] for metric in document["resourceMetrics"][0]["scopeMetrics"][0]["metrics"]}
    assert "agent_hive_task_retries_total" in names
    monkeypatch.setenv("OTEL_METRICS_EXPORTER", "otlp")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url)
    with sdk.configure(traces=False, resources=False) as configured:
        assert configured.metrics_export is not None
    assert receiver.requests[-1][0] == "/v1/metrics"
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    with sdk.configure(traces=False, resources=False, export_metrics=True) as configured:
        assert configured.metrics_export is None


PROGRAM = """
import os, sys
sys.path.insert(0, {tests!r})
import hivesight_sdk as sdk
from hivesight_sdk.otlp import metrics_export
configured = sdk.configure("s", endpoint={url!r}, traces=False, resources=False, export_metrics=True)
"""


def run(program: str, url: str) -> None:
    prelude = PROGRAM.format(tests=str(Path(__file__).parent), url=url)
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", prelude + program]
    it = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (it.returncode, it.stderr) == (0, ""), it.stderr


def test_the_exit_of_the_interpreter_sends_the_last_ones(receiver: Receiver) -> None:
    run("sdk.record_retry('a')", receiver.url)
    assert len(receiver.requests) == 1
    run("sdk.record_retry('a')", "http://127.0.0.1:9")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_goes_on_as_another_instance(receiver: Receiver) -> None:
    run(
        """
pid = os.fork()
if not pid:
    assert configured.metrics_export.running
    with sdk.configure("child", endpoint=configured.metrics_export.destination.url, traces=False, resources=False,
                       export_metrics=True):
        pass
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
assert configured.metrics_export.running
""",
        receiver.url,
    )
    resources = [document["resourceMetrics"][0]["resource"]["attributes"] for document in receiver.documents()]
    found = [{each["key"]: each["value"].get("stringValue") for each in attributes} for attributes in resources]
    assert [each["service.name"] for each in found] == ["child", "s"]
    assert found[0]["service.instance.id"] != found[1]["service.instance.id"]
