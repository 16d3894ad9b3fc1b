"""`instrument` with the packages that are really installed, and with packages that are broken."""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

import hivesight_sdk as sdk
from hivesight_sdk.testing import Capture, assert_no_errors, assert_span, capture
from hivesight_sdk.tracing import instrumentation
from uninstrument import uninstrument


@pytest.fixture(autouse=True)
def others_go_without(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("OTEL_PYTHON_DISABLED_INSTRUMENTATIONS", raising=False)
    yield
    uninstrument()


def needs(*packages: str) -> None:
    for package in packages:
        for name in (package, f"opentelemetry.instrumentation.{package}"):
            try:
                found = importlib.util.find_spec(name) is not None
            except ModuleNotFoundError:
                found = False
            if not found:
                pytest.skip(f"needs the Python package {name}: make examples")


@contextmanager
def server() -> Iterator[tuple[str, list[dict[str, str]]]]:
    """A URL on the loopback interface, and the headers of the requests that came."""
    came: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            came.append({name.lower(): value for name, value in self.headers.items()})
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listening.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.server_port}/", came
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()


def assert_the_trace_went_along(seen: Capture, headers: dict[str, str]) -> None:
    span = assert_span(seen, "GET", parent="execute_tool fetch")
    assert span.kind == "client"
    assert headers["traceparent"].split("-")[1:3] == [span.trace_id, span.span_id]
    assert headers["baggage"] == "hivesight.task.id=t-1"
    assert_no_errors(seen)


def test_requests() -> None:
    needs("requests")
    import requests

    assert sdk.instrument("requests") == ("requests",)
    with server() as (url, came), capture() as seen, sdk.log_context(task="t-1"), sdk.tool("fetch"):
        requests.get(url, timeout=5)
    assert_the_trace_went_along(seen, came[0])


def test_httpx() -> None:
    needs("httpx")
    import httpx

    async def fetch(url: str) -> None:
        async with httpx.AsyncClient() as client, sdk.tool("fetch"):
            await client.get(url)

    assert sdk.instrument("httpx") == ("httpx",)
    with server() as (url, came), capture() as seen, sdk.log_context(task="t-1"):
        with sdk.tool("fetch"), httpx.Client() as client:
            client.get(url)
        asyncio.run(fetch(url))
    assert seen.spans.tree() == "execute_tool fetch\n  GET\nexecute_tool fetch\n  GET"
    assert_the_trace_went_along(seen, came[0])
    assert came[1]["traceparent"].split("-")[2] == seen.spans[3].span_id


def test_starlette() -> None:
    needs("starlette")
    sdk.instrument("starlette")
    from starlette import applications
    from starlette.requests import Request
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    async def answer(request: Request) -> PlainTextResponse:
        with sdk.agent("answerer"):
            return PlainTextResponse("x")

    app = applications.Starlette(routes=[Route("/things/{thing}", answer)])
    sent: list[Any] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    with capture() as seen:
        with sdk.workflow("caller"), sdk.log_context(task="t-1"):
            headers = [(name.encode(), value.encode()) for name, value in sdk.inject({}).items()]
        scope = {"type": "http", "method": "GET", "path": "/things/7", "headers": headers, "query_string": b""}
        asyncio.run(app({**scope, "http_version": "1.1", "scheme": "http", "server": ("h", 80)}, receive, send))
    assert sent[0]["status"] == 200
    span = assert_span(seen, "GET /things/{thing}", {"hivesight.task.id": "t-1"}, parent="invoke_workflow caller")
    assert span.kind == "server"
    assert_span(seen, "invoke_agent answerer", {"hivesight.task.id": "t-1"}, parent="GET /things/{thing}")


def test_logging() -> None:
    needs("logging")
    assert sdk.instrument("logging") == ("logging",)
    records: list[Any] = []
    handler = logging.Handler()
    handler.emit = records.append  # type: ignore[method-assign]
    log = logging.getLogger("test.instrumented")
    log.addHandler(handler)
    with capture() as seen, sdk.tool("t"):
        log.warning("here")
    log.removeHandler(handler)
    assert records[0].otelTraceID == seen.spans.one("execute_tool t").trace_id
    assert dict(seen.logs[0].fields) == {}  # our own lines have these ids without it, and once


def test_asyncio_and_threading() -> None:
    needs("asyncio", "threading")
    assert sdk.instrument("asyncio", "threading") == ("asyncio", "threading")

    def work() -> None:
        with sdk.tool("in a thread"):
            pass

    async def main() -> None:
        async def child() -> None:
            with sdk.tool("in a task"):
                pass

        await asyncio.create_task(child())

    with capture() as seen, sdk.agent("a"):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        asyncio.run(main())
    assert_span(seen, "execute_tool in a thread", parent="invoke_agent a")
    assert seen.spans.roots.names == ["invoke_agent a"]


def test_all_that_is_installed_and_nothing_twice() -> None:
    first = sdk.instrument()
    assert sdk.instrument() == first
    with capture() as seen:
        assert sdk.instrument() == first
    assert seen.spans.names == []
    assert seen.dropped == {}


def test_what_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    needs("httpx", "requests")
    monkeypatch.setenv("OTEL_PYTHON_DISABLED_INSTRUMENTATIONS", "requests, celery")
    assert sdk.instrument("requests", "httpx") == ("httpx",)
    assert "httpx" not in sdk.instrument(skip=["httpx"])
    monkeypatch.setenv("OTEL_PYTHON_DISABLED_INSTRUMENTATIONS", "*")
    assert sdk.instrument() == ()


class FakeEntryPoint:
    """An entry point whose instrumentor does as it is told."""

    def __init__(self, name: str, loads: BaseException | None = None, instruments: BaseException | None = None) -> None:
        self.name = name
        self._loads = loads
        self._instruments = instruments

    def load(self) -> Any:
        if self._loads is not None:
            raise self._loads
        self.is_instrumented_by_opentelemetry = False
        return lambda: self

    def instrument(self, **options: object) -> None:
        if self._instruments is not None:
            raise self._instruments
        self.is_instrumented_by_opentelemetry = True

    def uninstrument(self) -> None:
        self.is_instrumented_by_opentelemetry = False


class DependencyConflictError(Exception):
    """As OpenTelemetry calls it when the library is of another version than the instrumentation knows."""


def test_one_that_is_broken_does_not_stop_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [
        FakeEntryPoint("absent", loads=ModuleNotFoundError("no library")),
        FakeEntryPoint("broken", loads=RuntimeError("broken")),
        FakeEntryPoint("conflict", instruments=DependencyConflictError("too new")),
        FakeEntryPoint("fails", instruments=TypeError("fails")),
        FakeEntryPoint("good"),
    ]
    monkeypatch.setattr(instrumentation, "entry_points", lambda group: entries)
    monkeypatch.setattr(instrumentation, "_OWN", {})
    with capture() as seen:
        assert sdk.instrument() == ("good",)
        assert sdk.instrument("good", "unheard of") == ("good",)
    assert seen.dropped == {"instrumentation_failed": 2, "invalid_value": 1}
    instrumentation._done.clear()


def test_a_module_of_the_same_name_is_not_the_framework(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(instrumentation._OWN, "mine", ("no-such-distribution", lambda: True))
    with capture() as seen:
        assert sdk.instrument("mine") == ()
    assert seen.dropped == {"invalid_value": 1}
