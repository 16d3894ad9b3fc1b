"""The stand-alone endpoint over real sockets on loopback."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Callable, Iterator

import pytest
from prometheus_client import CollectorRegistry, Counter

from hivesight_sdk import MetricsServer, serve_metrics

Growth = Callable[..., Callable[[], float]]


@pytest.fixture
def endpoint() -> Iterator[MetricsServer]:
    with serve_metrics(port=0) as running:
        yield running


def _ask(server: MetricsServer, method: str = "GET", path: str = "/metrics", **headers: str) -> tuple[int, str, bytes]:
    assert server.port is not None
    connection = http.client.HTTPConnection(server.host, server.port, timeout=10)
    try:
        connection.request(method, path, headers=headers)
        response = connection.getresponse()
        return response.status, response.headers.get("Content-Type", ""), response.read()
    finally:
        connection.close()


def test_metrics_are_served(endpoint: MetricsServer) -> None:
    assert endpoint.port
    assert endpoint.running
    status, content_type, body = _ask(endpoint)
    assert (status, content_type) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert b"# TYPE agent_hive_active_agents_total gauge" in body
    status, content_type, body = _ask(endpoint, Accept="application/openmetrics-text;version=1.0.0")
    assert content_type.startswith("application/openmetrics-text")
    assert body.endswith(b"# EOF\n")
    assert _ask(endpoint, path="/metrics?name[]=nothing_at_all")[0] == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/favicon.ico", 404),
        ("GET", "/metrics/", 404),
        ("POST", "/metrics", 405),
        ("HEAD", "/metrics", 405),
        ("OPTIONS", "/metrics", 405),
    ],
)
def test_only_get_of_metrics(endpoint: MetricsServer, method: str, path: str, status: int) -> None:
    assert _ask(endpoint, method, path)[0] == status


def test_what_is_not_http_does_no_harm(endpoint: MetricsServer, capfd: pytest.CaptureFixture[str]) -> None:
    assert endpoint.port
    for junk in (b"\x16\x03\x01\x00\xa5\x01\r\n\r\n", b"GET " + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n", b""):
        with socket.create_connection((endpoint.host, endpoint.port), timeout=10) as connection:
            try:
                connection.sendall(junk)
                connection.shutdown(socket.SHUT_WR)
                connection.recv(100)
            except OSError:
                pass
    assert _ask(endpoint)[0] == 200
    assert capfd.readouterr().err == "", "nothing goes to the host's stderr"


def test_a_registry_of_the_users() -> None:
    registry = CollectorRegistry()
    Counter("mine", "m", registry=registry).inc()
    with serve_metrics(port=0, registry=registry) as running:
        assert b"mine_total 1.0" in _ask(running)[2]


def test_close_frees_the_port() -> None:
    first = serve_metrics(port=0)
    assert first.port
    first.close()
    first.close()
    assert not first.running
    with serve_metrics(port=first.port, strict=True) as second:
        assert second.port == first.port


def test_a_busy_port_names_the_setting(
    endpoint: MetricsServer, growth: Growth, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hivesight_sdk.recording._logged", {})
    assert endpoint.port
    dropped = growth("agent_hive_sdk_dropped_total", reason="port_unavailable")
    failed = serve_metrics(port=endpoint.port)
    assert (failed.port, failed.running) == (None, False)
    failed.close()
    assert dropped() == 1
    assert "HIVESIGHT_METRICS_PORT" in caplog.text
    assert str(endpoint.port) in caplog.text
    with pytest.raises(OSError, match="HIVESIGHT_METRICS_PORT"):
        serve_metrics(port=endpoint.port, strict=True)


@pytest.mark.parametrize(("host", "port"), [("127.0.0.1", 70_000), ("127.0.0.1", -1), ("203.0.113.1", 0), ("a..b", 0)])
def test_an_address_that_cannot_be_had(host: str, port: int, growth: Growth) -> None:
    dropped = growth("agent_hive_sdk_dropped_total", reason="port_unavailable")
    assert serve_metrics(host, port).port is None
    assert dropped() == 1


def test_ipv6_loopback() -> None:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        pytest.skip("this host has no IPv6 loopback")
    with serve_metrics("::1", 0, strict=True) as running:
        assert _ask(running)[0] == 200
