"""Metrics out: the registry rendered as text, and an ASGI app to mount in a web server that is there already.

The format (OpenMetrics or Prometheus text) follows `Accept`, the compression `Accept-Encoding`.
The `_created` series that prometheus_client adds to the SDK's own families are left out: they double the series and
nothing here asks for them.
"""

from __future__ import annotations

import gzip
import os
import threading
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import parse_qs

from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, choose_encoder, generate_latest, gzip_accepted

from hivesight_sdk import semconv
from hivesight_sdk.metrics import REGISTRY
from hivesight_sdk.multiprocess import across_processes
from hivesight_sdk.recording import collect_exclusively, drop

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Metric
    from prometheus_client.registry import Collector

MAX_CONCURRENT_SCRAPES: Final = 4

_OWN_NAMES: Final = frozenset(family.name.removesuffix("_total") for family in semconv.FAMILIES)
_ALLOW: Final = ("Allow", "GET")
_TEXT: Final = ("Content-Type", "text/plain; charset=utf-8")


# A collector that hangs must not take every worker thread of the host with it.
_slots = threading.BoundedSemaphore(MAX_CONCURRENT_SCRAPES)


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP response: status code, header pairs, body."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class _WithoutCreated:
    """A registry as it is exposed: without the `_created` series of the SDK's own families."""

    def __init__(self, registry: Collector) -> None:
        self._registry = registry

    def collect(self) -> Iterable[Metric]:
        for metric in self._registry.collect():
            if metric.name in _OWN_NAMES:
                metric.samples = [sample for sample in metric.samples if not sample.name.endswith("_created")]
            yield metric


def render(
    registry: CollectorRegistry, accept: str = "", accept_encoding: str = "", names: Iterable[str] = ()
) -> Response:
    """All metrics of `registry` (or those of `names`) in the format that `accept` asks for.

    A collector that raises gives status 500 with the reason, as a scrape with half the metrics would look healthy.
    """
    slots = _slots
    if not slots.acquire(blocking=False):
        drop("too_many_requests", f"more than {MAX_CONCURRENT_SCRAPES} scrapes at once, one gets status 503")
        return Response(503, (_TEXT,), b"too many scrapes at once; try again later\n")
    try:
        return _render_or_explain(registry, accept, accept_encoding, names)
    finally:
        slots.release()


def _render_or_explain(
    registry: CollectorRegistry, accept: str, accept_encoding: str, names: Iterable[str]
) -> Response:
    responses: list[Response] = []
    failures: list[Exception] = []

    def action() -> None:
        try:
            responses.append(_render(registry, accept, accept_encoding, list(names)))
        except Exception as error:  # noqa: BLE001  a collector of the host may raise anything; counted and logged below
            failures.append(error)

    collect_exclusively(action)
    if responses:
        return responses[0]
    error = failures[0] if failures else None
    drop("exposition_failed", "a collector in the metrics registry raised, the scrape gets status 500", error)
    return Response(500, (_TEXT,), f"a metrics collector raised {type(error).__name__}; see the log\n".encode())


def _render(registry: CollectorRegistry, accept: str, accept_encoding: str, names: list[str]) -> Response:
    try:
        encode, content_type = choose_encoder(accept)
    except (TypeError, ValueError):  # a version in Accept that is not a number
        encode, content_type = generate_latest, CONTENT_TYPE_PLAIN_0_0_4
    registry = across_processes(registry)
    source = _WithoutCreated(registry.restricted_registry(names) if names else registry)
    body = encode(source)
    headers = [("Content-Type", content_type), ("Vary", "Accept, Accept-Encoding")]
    if gzip_accepted(accept_encoding):
        body = gzip.compress(body, compresslevel=5)
        headers.append(("Content-Encoding", "gzip"))
    return Response(200, tuple(headers), body)


class MetricsApp:
    """An ASGI application that answers GET with the metrics, wherever it is mounted. Renders on a worker thread."""

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        self._registry = registry

    async def __call__(
        self,
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
        send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ) -> None:
        import asyncio

        if scope["type"] == "lifespan":
            await _answer_lifespan(receive, send)
            return
        if scope["type"] != "http":
            return
        headers: dict[str, str] = {}
        for raw_name, raw_value in cast("Iterable[tuple[bytes, bytes]]", scope.get("headers") or ()):
            name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
            headers[name] = f"{headers[name]},{value}" if name in headers else value
        if scope["method"] == "GET":
            names = parse_qs(cast("bytes", scope.get("query_string", b"")).decode("latin-1")).get("name[]", [])
            response = await asyncio.to_thread(
                render, self._registry, headers.get("accept", ""), headers.get("accept-encoding", ""), names
            )
        else:
            response = Response(405, (_ALLOW, _TEXT), b"use GET\n")
        raw_headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]
        raw_headers.append((b"Content-Length", str(len(response.body)).encode("ascii")))
        await send({"type": "http.response.start", "status": response.status, "headers": raw_headers})
        await send({"type": "http.response.body", "body": response.body})


async def _answer_lifespan(
    receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
    send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


metrics_app: Final = MetricsApp()
"""The ASGI application over the default registry."""


def _new_slots_in_child() -> None:
    global _slots
    _slots = threading.BoundedSemaphore(MAX_CONCURRENT_SCRAPES)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_new_slots_in_child)
