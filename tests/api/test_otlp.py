"""OTLP's doors: a real HTTP server and a real gRPC server, asked as senders ask."""

import asyncio
import gzip
import json
from concurrent.futures import ThreadPoolExecutor

import grpc
import httpx2
import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2_grpc import MetricsServiceStub

from hivesight.api.application import application
from hivesight.api.otlp import PATH, PROMETHEUS_PATH, OtlpGrpcServer, otlp_doors, otlp_routes
from hivesight.api.server import HttpServer, bind
from hivesight.ingest.otlp import OtlpLimits
from hivesight.model.errors import StartError
from ingest.otlp_store import T0, MemoryStore, at, receiver, request

PROTOBUF = {"Content-Type": "application/x-protobuf"}
JSON = {"Content-Type": "application/json"}
GZIP = {"Content-Encoding": "gzip"}
LIMITS = OtlpLimits(body_bytes=100_000)


def load(name: str = "load") -> bytes:
    point = {"time_unix_nano": at(), "as_double": 1.5}
    return request({"name": name, "gauge": {"data_points": [point]}}).SerializeToString()


def load_json(name: str = "load") -> bytes:
    metric = {"name": name, "gauge": {"dataPoints": [{"timeUnixNano": str(T0 * 1_000_000), "asDouble": 1.5}]}}
    return json.dumps({"resourceMetrics": [{"scopeMetrics": [{"metrics": [metric]}]}]}).encode()


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
def post(store):
    """One request to a server that listens, on either path."""
    found, _ = receiver(store, limits=LIMITS)

    async def once(content, headers, path):
        listener = bind("127.0.0.1", 0, "--otlp-http")
        url = f"http://127.0.0.1:{listener.getsockname()[1]}{path}"
        stop = asyncio.Event()
        with ThreadPoolExecutor(1) as pool:
            app = application(otlp_routes(found, pool, paths=(PATH, PROMETHEUS_PATH)))
            serving = asyncio.create_task(HttpServer(app, listener).run_until(stop))
            async with httpx2.AsyncClient() as client:
                answer = await client.post(url, content=content, headers=headers)
            stop.set()
            await serving
        return answer

    return lambda content, headers=PROTOBUF, path=PATH: asyncio.run(once(content, headers, path))


async def chunked(body: bytes):
    for start in range(0, len(body), 7):
        yield body[start : start + 7]


@pytest.mark.parametrize("path", [PATH, PROMETHEUS_PATH])
def test_protobuf(post, store, path):
    answer = post(load(), path=path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-protobuf")
    assert not ExportMetricsServiceResponse.FromString(answer.content).HasField("partial_success")
    assert len(store.samples) == 1


def test_gzip_in_members_and_chunks_without_a_length(post, store):
    body = load()
    compressed = gzip.compress(body[:9]) + gzip.compress(body[9:])
    assert post(chunked(compressed), PROTOBUF | GZIP).status_code == 200
    assert len(store.samples) == 1


def test_partial_success_in_both_encodings(post):
    partial = ExportMetricsServiceResponse.FromString(post(load("...")).content).partial_success
    assert (partial.rejected_data_points, "name" in partial.error_message) == (1, True)
    answer = post(load_json("..."), JSON | {"Content-Type": "application/json; charset=utf-8"})
    assert answer.json()["partialSuccess"]["rejectedDataPoints"] == "1"
    assert post(load_json(), JSON).json() == {}


@pytest.mark.parametrize(
    ("content", "headers", "status", "code"),
    [
        (b"{", JSON, 400, 3),
        (gzip.compress(load_json())[:-9], JSON | GZIP, 400, 3),
        (b"no gzip", JSON | GZIP, 400, 3),
        (b"x" * 100_001, JSON, 413, 8),
        (gzip.compress(bytes(50_000_000)), JSON | GZIP, 413, 8),
        (load_json(), JSON | {"Content-Encoding": "zstd"}, 415, 3),
    ],
)
def test_refusals(post, content, headers, status, code):
    answer = post(content, headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_refusals_in_protobuf(post, store):
    answer = post(b"\xff")
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/x-protobuf")
    assert answer.content.startswith(b"\x08\x03\x12")
    assert post(load(), {"Content-Type": "text/plain"}).status_code == 415
    store.failing = True
    answer = post(load())
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert b"the disk is full" in answer.content


def call(store, *bodies, gzipped=False):
    """The answers, or the codes, of a gRPC server to these requests."""

    async def all_of_them():
        found, _ = receiver(store, limits=LIMITS)
        answers = []
        with ThreadPoolExecutor(1) as pool:
            server = OtlpGrpcServer(found, pool, "127.0.0.1", 0, "--otlp-grpc")
            await server.start()
            compression = grpc.Compression.Gzip if gzipped else None
            async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}", compression=compression) as channel:
                for body in bodies:
                    stub = MetricsServiceStub(channel).Export if not isinstance(body, bytes) else raw(channel)
                    try:
                        answers.append(await stub(body))
                    except grpc.aio.AioRpcError as error:
                        answers.append(error.code())
            await server.stop()
        return answers

    return asyncio.run(all_of_them())


def raw(channel):
    return channel.unary_unary("/opentelemetry.proto.collector.metrics.v1.MetricsService/Export")


def gauge_request(name: str = "load"):
    return request({"name": name, "gauge": {"data_points": [{"time_unix_nano": at(), "as_double": 1.5}]}})


@pytest.mark.parametrize("gzipped", [False, True])
def test_grpc(store, gzipped):
    taken, partly = call(store, gauge_request(), gauge_request("..."), gzipped=gzipped)
    assert not taken.HasField("partial_success")
    assert partly.partial_success.rejected_data_points == 1
    assert list(store.shown().values()) == [1.5]


def test_grpc_codes(store):
    codes = call(store, b"\xff", gauge_request("x" * 100_001))
    assert codes == [grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.RESOURCE_EXHAUSTED]
    store.failing = True
    assert call(store, gauge_request()) == [grpc.StatusCode.UNAVAILABLE]


def test_grpc_says_which_setting_to_change(store):
    async def twice():
        found, _ = receiver(store)
        with ThreadPoolExecutor(1) as pool:
            first = OtlpGrpcServer(found, pool, "127.0.0.1", 0, "--otlp-grpc")
            await first.start()
            try:
                await OtlpGrpcServer(found, pool, "127.0.0.1", first.port, "--otlp-grpc").start()
            finally:
                await first.stop()

    with pytest.raises(StartError, match="--otlp-grpc"):
        asyncio.run(twice())


@pytest.mark.parametrize("door", ["http", "grpc"])
def test_a_port_that_is_taken_is_named_and_the_other_is_given_back(store, door):
    async def twice():
        found, _ = receiver(store)
        with ThreadPoolExecutor(1) as pool:
            off = {"http": None, "grpc": None}
            async with otlp_doors(found, pool, **off | {door: ("127.0.0.1", 0)}) as doors:
                port = doors.http_port or doors.grpc_port
                both = {"http": ("127.0.0.1", 0), "grpc": ("127.0.0.1", 0), door: ("127.0.0.1", port)}
                with pytest.raises(StartError, match=f"--otlp-{door}"):
                    async with otlp_doors(found, pool, **both):
                        pass

    asyncio.run(twice())
