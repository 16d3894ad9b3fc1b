"""OTLP requests to a Collector: as they came, in order, sent again where OTLP says so, within what may wait."""

import asyncio
import gzip
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import grpc
import httpx2
import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2_grpc import LogsServiceStub
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from e2e.running import HttpServer
from hivesight.api.otlp import otlp_doors
from hivesight.config.settings import Settings
from hivesight.export.otlp import OtlpForward, OtlpForwardMetrics, sending
from hivesight.export.otlp.config import OtlpForwardConfig
from hivesight.model.clock import SystemClock
from hivesight.schema import load
from ingest.otlp_store import MemoryStore, at, receiver, request

PROTOBUF = "application/x-protobuf"
SPANS = ExportTraceServiceRequest(resource_spans=[{"scope_spans": [{"spans": [{"name": "a"}]}]}]).SerializeToString()


class Collector:
    """Keeps what it is sent, decompressed; answers `status`."""

    def __init__(self) -> None:
        self.status, self.headers = 200, dict[str, str]()
        self.requests: list[tuple[str, str, bytes, dict[str, str]]] = []
        self._server = HttpServer(self._answer)
        self.url, self.close = f"http://{self._server.address}", self._server.close

    def _answer(self, asked: BaseHTTPRequestHandler) -> None:
        body = asked.rfile.read(int(asked.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in asked.headers.items()}
        plain = gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body
        self.requests.append((asked.path, headers["content-type"], plain, headers))
        asked.send_response(self.status)
        for name, value in (self.headers | {"Content-Length": "0"}).items():
            asked.send_header(name, value)
        asked.end_headers()


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "FIRST_BACKOFF_SECONDS", 0.01)


def config(url: str, more: str = "") -> tuple[OtlpForwardConfig, ...]:
    loaded = load(f"forward: {{otlp: [{{url: '{url}', {more}}}]}}\n", "hivesight.yml", Settings)
    assert loaded.value is not None, loaded.diagnostics
    return loaded.value.forward.otlp


class Forwarding:
    """The room, and what it counted."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self.registry = CollectorRegistry()
        self.all = OtlpForward(SystemClock(), pool, OtlpForwardMetrics(self.registry))

    def count(self, outcome: str) -> float:
        samples = [sample for family in self.registry.collect() for sample in family.samples]
        named = [each for each in samples if each.name == "hivesight_otlp_forward_requests_total"]
        return sum(each.value for each in named if each.labels["outcome"] == outcome)


@asynccontextmanager
async def forwarding(*configs: OtlpForwardConfig) -> AsyncGenerator[Forwarding]:
    with ThreadPoolExecutor(2) as pool:
        made = Forwarding(pool)
        await made.all.apply(configs, Path("/nowhere"))
        yield made
        await made.all.close()


async def until(ask: Callable[[], Any]) -> None:
    async with asyncio.timeout(10):
        while not ask():  # noqa: ASYNC110 (what is asked is not ours to wait for)
            await asyncio.sleep(0.01)


def test_every_signal_goes_on_as_it_came_by_http_and_grpc(collector: Collector) -> None:
    store = MemoryStore()
    found, _ = receiver(store)
    metrics = request({"name": "load", "gauge": {"data_points": [{"time_unix_nano": at(), "as_double": 1.5}]}})
    logs = b'{"resourceLogs": []}'

    async def run() -> None:
        async with forwarding(*config(collector.url, "headers: {X-Tenant: us}")) as it:
            with ThreadPoolExecutor(1) as pool:
                address = ("127.0.0.1", 0)
                async with otlp_doors(found, pool, http=address, grpc=address, onward=it.all) as doors:
                    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{doors.http_port}") as client:
                        for path, body, kind in [
                            ("/v1/metrics", metrics.SerializeToString(), PROTOBUF),
                            ("/v1/traces", SPANS, PROTOBUF),
                            ("/v1/logs", logs, "application/json"),
                        ]:
                            answer = await client.post(path, content=body, headers={"Content-Type": kind})
                            assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
                    async with grpc.aio.insecure_channel(f"127.0.0.1:{doors.grpc_port}") as channel:
                        await TraceServiceStub(channel).Export(ExportTraceServiceRequest.FromString(SPANS))
                        await LogsServiceStub(channel).Export(ExportLogsServiceRequest())
            await until(lambda: it.count("sent") == 5)

    asyncio.run(run())
    assert len(store.samples) == 1
    of = {
        signal: [(kind, body) for path, kind, body, _ in collector.requests if path == f"/v1/{signal}"]
        for signal in ("metrics", "traces", "logs")
    }
    assert of["metrics"] == [(PROTOBUF, metrics.SerializeToString())]
    assert of["traces"] == [(PROTOBUF, SPANS), (PROTOBUF, SPANS)]
    assert of["logs"] == [("application/json", logs), (PROTOBUF, b"")]
    assert all(headers["x-tenant"] == "us" for *_, headers in collector.requests)


@pytest.mark.parametrize("onward", [True, False])
def test_signals_that_nobody_gets_are_not_taken(collector: Collector, onward: bool) -> None:
    found, _ = receiver(MemoryStore())

    async def run() -> None:
        configs = config(collector.url, "signals: [metrics]") if onward else ()
        async with forwarding(*configs) as it:
            with ThreadPoolExecutor(1) as pool:
                address = ("127.0.0.1", 0)
                async with otlp_doors(found, pool, http=address, grpc=address, onward=it.all) as doors:
                    url = f"http://127.0.0.1:{doors.http_port}/v1/traces"
                    async with httpx2.AsyncClient() as client:
                        answer = await client.post(url, content=SPANS, headers={"Content-Type": PROTOBUF})
                    assert answer.status_code == 404 and "forward.otlp" in answer.text
                    async with grpc.aio.insecure_channel(f"127.0.0.1:{doors.grpc_port}") as channel:
                        with pytest.raises(grpc.aio.AioRpcError, match=r"forward\.otlp") as failed:
                            await LogsServiceStub(channel).Export(ExportLogsServiceRequest())
                        assert failed.value.code() is grpc.StatusCode.UNIMPLEMENTED

    asyncio.run(run())


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_what_fails_for_now_is_sent_again_in_order(collector: Collector, status: int) -> None:
    collector.status = status

    async def run() -> None:
        async with forwarding(*config(collector.url, "compression: none")) as it:
            assert all(it.all.put("traces", b"%d" % number, PROTOBUF) for number in range(3))
            await until(lambda: len(collector.requests) > 2)
            collector.requests.clear()
            collector.status = 200
            await until(lambda: it.count("sent") == 3)

    with capture_logs():
        asyncio.run(run())
    assert [body for _, _, body, _ in collector.requests][-3:] == [b"0", b"1", b"2"]
    assert "content-encoding" not in collector.requests[0][3]


@pytest.mark.parametrize("status", [400, 404, 413, 500])
def test_what_is_refused_is_dropped(collector: Collector, status: int) -> None:
    collector.status = status

    async def run() -> None:
        async with forwarding(*config(collector.url)) as it:
            it.all.put("logs", b"x", PROTOBUF)
            await until(lambda: it.count("refused") == 1)

    with capture_logs():
        asyncio.run(run())
    assert len(collector.requests) == 1


def test_a_full_queue_sends_senders_away(collector: Collector) -> None:
    collector.status, collector.headers = 503, {"Retry-After": "60"}
    found, _ = receiver(MemoryStore())

    async def run() -> None:
        async with forwarding(*config(collector.url, "queue_size: 100B, max_elapsed: 1h")) as it:
            assert it.all.put("traces", bytes(60), PROTOBUF) and not it.all.put("traces", bytes(60), PROTOBUF)
            assert it.all.put("logs", bytes(60), PROTOBUF)
            await until(lambda: len(collector.requests) == 2)
            with ThreadPoolExecutor(1) as pool:
                async with otlp_doors(found, pool, http=("127.0.0.1", 0), grpc=None, onward=it.all) as doors:
                    url = f"http://127.0.0.1:{doors.http_port}/v1/traces"
                    async with httpx2.AsyncClient() as client:
                        answer = await client.post(url, content=bytes(60), headers={"Content-Type": PROTOBUF})
                    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
            assert it.count("queue_full") == 2
            await it.all.apply((), Path("/nowhere"))
            assert not it.all.wants("traces") and it.count("left") == 0

    with capture_logs() as logs:
        asyncio.run(run())
    assert sum(each.get("left", 0) for each in logs) == 2


def test_requests_expire(collector: Collector) -> None:
    collector.status = 503

    async def run() -> None:
        async with forwarding(*config(collector.url, "max_elapsed: 30ms")) as it:
            it.all.put("traces", b"x", PROTOBUF)
            await until(lambda: it.count("expired") == 1)
            collector.status = 200
            it.all.put("traces", b"y", PROTOBUF)
            await until(lambda: it.count("sent") == 1)

    with capture_logs():
        asyncio.run(run())


def test_faults_of_the_section() -> None:
    for text, message in [
        ("url: 'ftp://x'", "unsupported scheme"),
        ("signals: [spans]", "known: metrics, traces, logs"),
    ]:
        loaded = load(f"forward: {{otlp: [{{{text}}}]}}\n", "hivesight.yml", Settings)
        assert any(message in each.message for each in loaded.diagnostics), loaded.diagnostics
