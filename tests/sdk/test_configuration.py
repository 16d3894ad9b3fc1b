"""`configure`: what wins over what, twice, and in odd circumstances."""

from __future__ import annotations

import logging
import os
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, Counter

import hivesight_sdk as sdk
from hivesight_sdk.resources import DEFAULT_INTERVAL_SECONDS

Env = dict[str, str]

SERVICE_NAMES: list[tuple[str | None, Env, str]] = [
    ("argument", {"HIVESIGHT_SERVICE_NAME": "hivesight", "OTEL_SERVICE_NAME": "otel"}, "argument"),
    (None, {"HIVESIGHT_SERVICE_NAME": "hivesight", "OTEL_SERVICE_NAME": "otel"}, "hivesight"),
    (None, {"HIVESIGHT_SERVICE_NAME": " ", "OTEL_SERVICE_NAME": "otel"}, "otel"),
    ("", {"OTEL_SERVICE_NAME": "otel"}, "otel"),
    (None, {}, "unknown_service:python"),
]


@pytest.mark.parametrize(("argument", "environ", "expected"), SERVICE_NAMES)
def test_service_name(argument: str | None, environ: Env, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in environ.items():
        monkeypatch.setenv(name, text)
    with sdk.configure(argument, resources=False) as configured:
        assert configured.service_name == expected


def test_without_a_port_there_is_no_endpoint() -> None:
    with sdk.configure("quiet", resources=False) as configured:
        assert configured.server is None
        assert configured.metrics_port is None
        assert configured.sampler is None


def test_the_endpoint_and_the_sampler_run_until_close() -> None:
    registry = CollectorRegistry()
    Counter("mine", "m", registry=registry)
    configured = sdk.configure("full", metrics_port=0, resource_interval_seconds=3600, registry=registry)
    assert configured.sampler is not None
    assert configured.sampler.running
    assert configured.sampler.service_name == "full"
    with urllib.request.urlopen(f"http://127.0.0.1:{configured.metrics_port}/metrics", timeout=10) as response:
        page = response.read()
    assert b"mine_total" in page
    assert b"agent_hive_coordination_latency_seconds_count" in page
    configured.close()
    configured.close()
    assert configured.metrics_port is None
    assert not configured.sampler.running


def test_host_and_port_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HIVESIGHT_METRICS_PORT", "0")
    monkeypatch.setenv("HIVESIGHT_METRICS_HOST", "127.0.0.2")
    with sdk.configure("env", resources=False) as configured:
        assert configured.metrics_port
        assert configured.server is not None
        assert configured.server.host == "127.0.0.2"
    with sdk.configure("env", metrics_host="127.0.0.1", resources=False) as configured:
        assert configured.server is not None
        assert configured.server.host == "127.0.0.1"


@pytest.mark.parametrize("text", ["http", "-1", "65536", "80.5", "²", "9" * 50, "9" * 5000])
def test_a_port_that_cannot_be(text: str, monkeypatch: pytest.MonkeyPatch, growth: Callable[..., Any]) -> None:
    monkeypatch.setenv("HIVESIGHT_METRICS_PORT", text)
    dropped = growth("agent_hive_sdk_dropped_total", reason="port_unavailable")
    with sdk.configure("bad", resources=False) as configured:
        assert configured.metrics_port is None
    assert dropped() == 1


def test_twice_is_once(caplog: pytest.LogCaptureFixture) -> None:
    first = sdk.configure("first", resources=False)
    with caplog.at_level(logging.WARNING):
        assert sdk.configure("second", metrics_port=0) is first
    assert "'first'" in caplog.text
    first.close()
    second = sdk.configure("second", resources=False)
    assert second is not first
    assert second.service_name == "second"


def test_arguments_that_cannot_be_do_not_raise() -> None:
    odd: Any = {
        "metrics_port": "http",
        "metrics_host": "no such host",
        "resource_interval_seconds": "often",
        "registry": 5,
    }
    with sdk.configure("odd", **odd) as configured:
        assert configured.metrics_port is None
        assert configured.sampler is not None
        assert configured.sampler.interval_seconds == DEFAULT_INTERVAL_SECONDS


def test_the_environment_is_read_when_configure_is_called() -> None:
    assert "HIVESIGHT_SERVICE_NAME" not in os.environ
