"""`/api/v1/write` over HTTP: both versions, what senders are told, and Debian's Prometheus on the other side."""

import asyncio
import random
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import httpx2
import pytest
from prometheus_client import CollectorRegistry

from e2e.running import eventually, free_port
from hivesight.api.application import application
from hivesight.api.prometheus import remote_write
from hivesight.api.server import HttpServer
from hivesight.ingest.remote_write import MAX_BODY_BYTES, Receiver
from hivesight.model.histogram import Histogram
from hivesight.model.labels import Labels
from ingest.push_store import MemoryStore
from ingest.remote_write_bytes import Request2, histogram, request1, sample, series1, snappy, zstd

T = 1_700_000_000_000
PATH = "/api/v1/write"
V1 = {"content-type": "application/x-protobuf", "content-encoding": "snappy"}
V2 = {**V1, "content-type": "application/x-protobuf;proto=io.prometheus.write.v2.Request"}
WRITTEN = "x-prometheus-remote-write-{}-written"
UP = {"__name__": "up", "job": "a"}

needs_prometheus = pytest.mark.skipif(shutil.which("prometheus") is None, reason="needs Debian's package prometheus")


class World:
    def __init__(self, asking: Callable) -> None:
        self.store = MemoryStore()
        self.registry = CollectorRegistry()
        ask = asking(remote_write.routes(Receiver(self.store, self.registry)))
        self.post = lambda body, **headers: ask(PATH, "POST", content=body, headers=headers)
        self.ask = ask

    def counted(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(f"hivesight_remote_write_{name}_total", labels) or 0.0


@pytest.fixture
def world(asking) -> World:
    return World(asking)


def written(response: httpx2.Response) -> list[str | None]:
    return [response.headers.get(WRITTEN.format(each)) for each in ("samples", "histograms", "exemplars")]


def test_1_0(world) -> None:
    raw = request1([series1(UP, [sample(T, 1.0), sample(T + 1, 2.0)])])
    for headers in (V1, {}, {**V1, "content-type": "application/x-protobuf;proto=prometheus.WriteRequest"}):
        response = world.post(snappy(raw), **headers)
        assert (response.status_code, response.content) == (204, b"")
        assert written(response) == [None] * 3
    assert [value for _, value, _ in world.store.samples[Labels(UP)]] == [1.0, 2.0]
    assert world.counted("requests", message="prometheus.WriteRequest", code="204") == 3


def test_2_0(world) -> None:
    request = Request2().add(UP, [sample(T, 1.0)], exemplars=[({"trace_id": "abc"}, 1.0, T)])
    request.add({"__name__": "h"}, [], [histogram(T, count=3, positive=[(0, 2)], positive_counts=[1, 2])])
    for body, encoding in ((snappy(request.encoded()), "snappy"), (zstd(request.encoded()), "zstd")):
        response = world.post(body, **{**V2, "content-encoding": encoding})
        assert response.status_code == 204
        assert written(response) == ["1", "1", "1"]
    assert isinstance(world.store.samples[Labels({"__name__": "h"})][0][1], Histogram)


def test_a_part_is_written(world) -> None:
    request = Request2().add(UP, [sample(T, 1.0)]).add({"no": "name"}, [sample(T, 1.0)])
    response = world.post(snappy(request.encoded()), **V2)
    assert response.status_code == 400
    assert written(response) == ["1", "0", "0"]
    assert response.text == "1 samples refused: the name of a metric or of a label is empty: no=name\n"
    raw = request1([series1(UP, [sample(T, 2.0), sample(T + 1, 1.0)])])
    response = world.post(snappy(raw), **V1)
    assert (response.status_code, written(response)) == (400, [None] * 3)
    assert response.headers["content-type"].startswith("text/plain")
    assert len(world.store.samples[Labels(UP)]) == 2


def test_a_full_disk(world) -> None:
    world.store.broken = True
    response = world.post(snappy(Request2().add(UP, [sample(T, 1.0)]).encoded()), **V2)
    assert (response.status_code, written(response)) == (503, ["0", "0", "0"])
    assert int(response.headers["retry-after"]) > 0


@pytest.mark.parametrize(
    ("headers", "body", "status", "text"),
    [
        ({**V1, "content-type": "application/json"}, b"{}", 415, "send application/x-protobuf"),
        ({**V1, "content-type": "application/x-protobuf;proto=x.Y"}, b"", 415, "prometheus.WriteRequest or"),
        ({**V1, "content-encoding": "gzip"}, b"", 415, "send snappy or zstd"),
        (V1, b"", 400, "empty"),
        (V2, b"\xff\xff\xff\xff\x0f", 413, "33554432 bytes when decompressed"),
        (V2, b"garbage", 400, "the body is not snappy"),
        (V1, snappy(b"garbage"), 400, "is not the protobuf message"),
        (V1, bytes(MAX_BODY_BYTES + 1), 413, "send it in parts"),
    ],
)
def test_refused_as_a_whole(world, headers, body, status, text) -> None:
    response = world.post(body, **headers)
    assert response.status_code == status
    assert text in response.text
    assert world.store.refs == {}
    reason = {415: "unsupported_media", 400: "malformed", 413: "too_large"}[status]
    assert world.counted("requests_refused", reason=reason) == 1


def test_only_post(world) -> None:
    response = world.ask(PATH)
    assert (response.status_code, response.headers["allow"]) == (405, "OPTIONS, POST")


def test_pages_of_other_sites_do_not_write(world) -> None:
    assert world.post(snappy(b""), **V1, origin="http://elsewhere.example").status_code == 403


def test_too_many_at_once_are_sent_away() -> None:
    store = MemoryStore()
    app = application(remote_write.routes(Receiver(store, CollectorRegistry())))
    body = snappy(request1([series1(UP, [sample(T, 1.0)])]))

    async def run() -> list[int]:
        gate = asyncio.Event()

        async def slow():
            await gate.wait()
            yield body

        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://test") as client:
            waiting = [
                asyncio.create_task(client.post(PATH, content=slow(), headers=V1))
                for _ in range(remote_write.MAX_REQUESTS)
            ]
            for _ in range(20):
                await asyncio.sleep(0)
            refused = await client.post(PATH, content=body, headers=V1)
            gate.set()
            answers = [each.status_code for each in await asyncio.gather(*waiting)]
            return [refused.status_code, *answers, (await client.post(PATH, content=body, headers=V1)).status_code]

    first, *others = asyncio.run(run())
    assert first == 503
    assert set(others) == {204}


@contextmanager
def serving(receiver: Receiver) -> Iterator[str]:
    """The routes on a socket."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    listener.setblocking(False)
    loop, stop = asyncio.new_event_loop(), asyncio.Event()
    server = HttpServer(application(remote_write.routes(receiver)), listener)
    thread = threading.Thread(target=lambda: loop.run_until_complete(server.run_until(stop)))
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


@contextmanager
def debian_prometheus(folder: Path, configuration: str) -> Iterator[str]:
    address = f"127.0.0.1:{free_port()}"
    (folder / "prometheus.yml").write_text(configuration.replace("{own}", address))
    process = subprocess.Popen(
        [
            *("prometheus", f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'theirs'}"),
            *(f"--web.listen-address={address}", "--web.enable-remote-write-receiver"),
            "--enable-feature=native-histograms",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        url = f"http://{address}"
        eventually(lambda: httpx2.get(f"{url}/-/ready").status_code == 200, 20, "Prometheus is ready")
        yield url
    finally:
        process.terminate()
        process.wait()


SENDING = """
global: {scrape_interval: 200ms, external_labels: {from: prometheus}}
scrape_configs: [{job_name: own, static_configs: [{targets: ['{own}']}]}]
remote_write:
- url: {url}/api/v1/write
  send_native_histograms: true
  queue_config: {batch_send_deadline: 100ms}
  metadata_config: {send_interval: 100ms}
"""


@needs_prometheus
def test_prometheus_as_a_sender(tmp_path: Path) -> None:
    store = MemoryStore()
    up = Labels({"__name__": "up", "job": "own", "from": "prometheus"})

    def sent() -> bool:
        found = [each for each in list(store.samples) if each.only(("__name__", "job", "from")) == up]
        return bool(found) and len(store.samples[found[0]]) > 2 and "go_goroutines" in store.metadata

    with (
        serving(Receiver(store, CollectorRegistry())) as url,
        debian_prometheus(tmp_path, SENDING.replace("{url}", url)) as theirs,
    ):
        eventually(sent, 20, "samples and metadata")
        answer = httpx2.get(f"{theirs}/api/v1/series", params={"match[]": '{job="own"}'}).json()["data"]
        wanted = {Labels({**each, "from": "prometheus"}) for each in answer}
        eventually(lambda: wanted <= set(store.samples), 20, "every series")
    assert store.metadata["go_goroutines"].type == "gauge"
    times = [time_ms for time_ms, _, _ in next(iter(store.samples.values()))]
    assert abs(times[0] - time.time() * 1000) < 60_000
    # What was looked at once was not looked at again.
    assert store.registered < 2 * len(store.samples)


@needs_prometheus
def test_prometheus_takes_the_same_bytes_alike(tmp_path: Path) -> None:
    now = int(time.time()) * 1000
    dice = random.Random(7)
    many = [series1({**UP, "n": f"{n:03}"}, [sample(now, dice.choice([0.0, 1.5, -1e300]))]) for n in range(300)]
    shape = {"schema": 2, "threshold": 0.01, "zero": 1, "positive": [(-2, 2), (1, 1)], "positive_counts": [3, 0, 4]}
    native = histogram(now, count=8, total=12.5, **shape)
    requests = [
        request1([*many, series1({"__name__": "h"}, [], [native])]),
        request1([series1(UP, [sample(now, 1.0)])]),
        request1([series1(UP, [sample(now, 2.0)])]),
        request1([series1(UP, [sample(now - 1, 2.0)])]),
        b"\x0a\x05abc",
    ]
    store = MemoryStore()
    with (
        serving(Receiver(store, CollectorRegistry())) as ours,
        debian_prometheus(tmp_path, "global: {}\n") as theirs,
    ):
        for raw in requests:
            post = partial(httpx2.post, content=snappy(raw), headers=V1)
            statuses = [post(f"{url}{PATH}").status_code for url in (ours, theirs)]
            assert statuses[0] == statuses[1]
        answer = httpx2.get(f"{theirs}/api/v1/query", params={"query": '{__name__=~".+"}', "time": now / 1000}).json()
    floats = {Labels(each["metric"]): float(each["value"][1]) for each in answer["data"]["result"] if "value" in each}
    assert floats == {labels: own[-1][1] for labels, own in store.samples.items() if labels.name == "up"}
    (theirs_h,) = (each["histogram"][1] for each in answer["data"]["result"] if "histogram" in each)
    ours_h = store.samples[Labels({"__name__": "h"})][0][1]
    assert isinstance(ours_h, Histogram)
    assert (float(theirs_h["count"]), float(theirs_h["sum"])) == (ours_h.count, ours_h.sum)
    theirs_buckets = [(float(upper), float(count)) for _, _, upper, count in theirs_h["buckets"]]
    ours_buckets = [(ours_h.scale.upper(key), count) for key, count in ours_h.positive.items()]
    assert theirs_buckets == [pytest.approx(each) for each in ((0.01, ours_h.zero), *ours_buckets)]
