"""The rendered text, read back with prometheus_client's own parsers, and the ASGI app."""

from __future__ import annotations

import asyncio
import gzip
import threading
from collections.abc import Callable, Iterable, MutableMapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text
from starlette.applications import Starlette
from starlette.routing import Mount, Route

from hivesight_sdk import exposition, metrics_app, semconv
from hivesight_sdk.exposition import MetricsApp, Response, render
from hivesight_sdk.metrics import ALL, REGISTRY

OPENMETRICS = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"
SUFFIXES = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_count", "_sum")}


@pytest.fixture(scope="module", autouse=True)
def one_child_each() -> None:
    for metric, family in zip(ALL, semconv.FAMILIES, strict=True):
        if family.labels:
            metric.labels(*[f"a {label}" for label in family.labels])


@pytest.mark.parametrize("accept", ["", OPENMETRICS], ids=["text", "openmetrics"])
@pytest.mark.parametrize("family", semconv.FAMILIES, ids=lambda family: family.name)
def test_each_family_is_exposed_under_its_name_type_and_labels(family: semconv.MetricFamily, accept: str) -> None:
    text = render(REGISTRY, accept).body.decode()
    parse = parse_openmetrics if accept else parse_text
    base = family.name.removesuffix("_total") if family.kind == "counter" else family.name
    (parsed,) = [found for found in parse(text) if found.name == base]
    assert parsed.type == family.kind
    assert parsed.documentation == family.help
    names = {sample.name for sample in parsed.samples}
    assert names == {base + suffix for suffix in SUFFIXES[family.kind]}
    assert family.name in names or family.kind == "histogram"
    for sample in parsed.samples:
        assert set(sample.labels) - {"le"} == set(family.labels)
    bounds = {float(s.labels["le"]) for s in parsed.samples if "le" in s.labels}
    assert bounds == ({*family.buckets, float("inf")} if family.buckets else set())


def test_created_series_are_left_out_for_the_sdk_alone() -> None:
    registry = CollectorRegistry()
    registry.register(ALL[2])
    Counter("users_own", "u", registry=registry).inc()
    text = render(registry).body.decode()
    assert "agent_hive_tasks_completed_created" not in text
    assert "users_own_created" in text


ACCEPT = [
    ("", "text/plain; version=0.0.4"),
    ("*/*", "text/plain; version=0.0.4"),
    (OPENMETRICS, "application/openmetrics-text; version=1.0.0"),
    ("application/openmetrics-text", "application/openmetrics-text; version=1.0.0"),
    ("application/openmetrics-text;version=nonsense", "text/plain; version=0.0.4"),
    ("text/plain;version=x.y", "text/plain; version=0.0.4"),
    ("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily", "text/plain; version=0.0.4"),
    (";;;,=,\x00", "text/plain; version=0.0.4"),
]


@pytest.mark.parametrize(("accept", "content_type"), ACCEPT)
def test_the_format_follows_accept(accept: str, content_type: str) -> None:
    response = render(REGISTRY, accept)
    assert response.status == 200
    assert dict(response.headers)["Content-Type"].startswith(content_type)
    assert response.body.endswith(b"# EOF\n") == content_type.startswith("application/openmetrics")


def test_compression_and_selection() -> None:
    packed = render(REGISTRY, accept_encoding="deflate, gzip;q=0.5", names=["agent_hive_sdk_dropped_total"])
    assert dict(packed.headers)["Content-Encoding"] == "gzip"
    text = gzip.decompress(packed.body).decode()
    assert {found.name for found in parse_text(text)} == {"agent_hive_sdk_dropped"}
    assert "Content-Encoding" not in dict(render(REGISTRY).headers)


class Failing:
    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterable[Metric]:
        raise RuntimeError("database is away")


def test_a_collector_that_fails_gives_500_and_not_half_a_page(growth: Callable[..., Any]) -> None:
    registry = CollectorRegistry()
    registry.register(Failing())
    dropped = growth("agent_hive_sdk_dropped_total", reason="exposition_failed")
    response = render(registry)
    assert response.status == 500
    assert b"RuntimeError" in response.body
    assert dropped() == 1


def test_scrapes_at_once_are_bounded(growth: Callable[..., Any]) -> None:
    inside, leave = threading.Semaphore(0), threading.Event()

    class Hanging(Failing):
        def collect(self) -> Iterable[Metric]:
            inside.release()
            leave.wait(10)
            return []

    registry = CollectorRegistry()
    registry.register(Hanging())
    dropped = growth("agent_hive_sdk_dropped_total", reason="too_many_requests")
    answers: list[Response] = []
    threads = [
        threading.Thread(target=lambda: answers.append(render(registry)))
        for _ in range(exposition.MAX_CONCURRENT_SCRAPES + 2)
    ]
    try:
        threads[0].start()
        assert inside.acquire(timeout=10)
        for thread in threads[1:]:
            thread.start()
        for _ in range(1000):
            if len(answers) == 2:
                break
            threads[-1].join(0.01)
    finally:
        leave.set()
        for thread in threads:
            thread.join(10)
    assert sorted(answer.status for answer in answers) == [200] * exposition.MAX_CONCURRENT_SCRAPES + [503] * 2
    assert dropped() == 2


Reply = tuple[int, dict[str, str], bytes]


def _ask(app: Any, path: str = "/metrics", method: str = "GET", query: bytes = b"", **headers: str) -> Reply:
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query,
        "headers": [(name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()],
        "scheme": "http",
        "server": ("testserver", 80),
    }
    asyncio.run(app(scope, receive, send))
    start, body = sent
    return start["status"], {k.decode().lower(): v.decode() for k, v in start["headers"]}, body["body"]


@pytest.mark.parametrize(
    ("app", "path"),
    [
        (metrics_app, "/metrics"),
        (Starlette(routes=[Route("/metrics", metrics_app)]), "/metrics"),
        (Starlette(routes=[Mount("/metrics", metrics_app)]), "/metrics/"),
    ],
    ids=["alone", "route", "mount"],
)
def test_the_app_answers_where_it_is_mounted(app: Any, path: str) -> None:
    status, headers, body = _ask(app, path, accept=OPENMETRICS, accept_encoding="gzip")
    assert status == 200
    assert headers["content-type"].startswith("application/openmetrics-text")
    assert int(headers["content-length"]) == len(body)
    assert b"agent_hive_coordination_latency_seconds_count" in gzip.decompress(body)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD", "OPTIONS"])
def test_the_app_answers_get_alone(method: str) -> None:
    status, headers, _ = _ask(metrics_app, method=method)
    assert (status, headers["allow"]) == (405, "GET")


def test_the_app_selects_by_name_and_takes_a_registry() -> None:
    registry = CollectorRegistry()
    Counter("one", "1", registry=registry)
    Counter("two", "2", registry=registry)
    _, _, body = _ask(MetricsApp(registry), query=b"name[]=one_total")
    assert b"one_total" in body
    assert b"two_total" not in body


def test_the_app_renders_on_another_thread_than_the_event_loop() -> None:
    rendered_on: list[threading.Thread] = []

    class Noting(Failing):
        def collect(self) -> Iterable[Metric]:
            rendered_on.append(threading.current_thread())
            return []

    registry = CollectorRegistry()
    registry.register(Noting())
    assert _ask(MetricsApp(registry))[0] == 200
    assert rendered_on[0] is not threading.current_thread()


def test_the_app_takes_part_in_lifespan() -> None:
    messages = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])
    sent: list[str] = []

    async def receive() -> MutableMapping[str, Any]:
        return dict(next(messages))

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message["type"])

    asyncio.run(metrics_app({"type": "lifespan"}, receive, send))
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


@given(st.dictionaries(st.text(max_size=30), st.floats(min_value=0, allow_infinity=False), max_size=5))
def test_any_label_value_survives_the_way_out(values: dict[str, float]) -> None:
    from hivesight_sdk.recording import series

    registry = CollectorRegistry()
    counter = Counter("c", "c", ["text"], registry=registry)
    expected: dict[str, float] = {}
    for text, amount in values.items():
        series(counter, text).inc(amount)
        written = text.encode("utf-8", "replace").decode()
        expected[written] = expected.get(written, 0.0) + amount
    for accept, parse in (("", parse_text), (OPENMETRICS, parse_openmetrics)):
        parsed = list(parse(render(registry, accept).body.decode()))
        found = {s.labels["text"]: s.value for f in parsed for s in f.samples if s.name == "c_total"}
        assert found == expected
