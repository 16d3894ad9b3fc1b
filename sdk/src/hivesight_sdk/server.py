"""The stand-alone metrics endpoint: GET /metrics from a daemon thread, for a process that has no web server."""

from __future__ import annotations

import logging
import os
import socket
import socketserver
import threading
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from hivesight_sdk.exposition import Response, render
from hivesight_sdk.metrics import REGISTRY
from hivesight_sdk.recording import drop

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prometheus_client import CollectorRegistry

DEFAULT_HOST: Final = "127.0.0.1"
DEFAULT_PORT: Final = 8081
MAX_CONCURRENT_REQUESTS: Final = 8
REQUEST_TIMEOUT_SECONDS: Final = 10.0

_log = logging.getLogger("hivesight_sdk")
_TEXT: Final = ("Content-Type", "text/plain; charset=utf-8")


class _Handler(WSGIRequestHandler):
    timeout = REQUEST_TIMEOUT_SECONDS

    def log_message(self, format: str, *args: object) -> None:
        _log.debug(format, *args)


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def __init__(self, host: str, port: int) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._slots = threading.BoundedSemaphore(MAX_CONCURRENT_REQUESTS)
        super().__init__((host, port), _Handler)

    def server_bind(self) -> None:
        # Not HTTPServer's, which looks the host up in the DNS and may hang there.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])
        self.setup_environ()

    def process_request(self, request: Any, client_address: Any) -> None:
        if self._slots.acquire(blocking=False):
            try:
                super().process_request(request, client_address)
            except RuntimeError:  # no thread to be had; the caller closes the connection
                self._slots.release()
                raise
        else:
            drop("too_many_requests", f"more than {MAX_CONCURRENT_REQUESTS} scrapes at once; connection closed")
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._slots.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        _log.debug("a scrape by %s broke off", client_address, exc_info=True)


class MetricsServer:
    """A running metrics endpoint. `port` is the real one also when 0 was asked for; None when it could not start."""

    def __init__(self, host: str, port: int | None, server: _Server | None) -> None:
        self.host: Final = host
        self.port: Final = port
        self._server = server
        if server is not None:
            _running.add(self)

    @property
    def running(self) -> bool:
        """Whether the endpoint answers in this process."""
        return self._server is not None

    def close(self) -> None:
        """Stop answering and free the port. May be called twice."""
        server, self._server = self._server, None
        if server is not None:
            _running.discard(self)
            server.shutdown()
            server.server_close()

    def _close_inherited(self) -> None:
        # The child holds a copy of the listening socket and no thread to answer it.
        server, self._server = self._server, None
        if server is not None:
            server.socket.close()

    def __enter__(self) -> MetricsServer:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


_running: set[MetricsServer] = set()


def serve_metrics(
    host: str = DEFAULT_HOST,
    port: int = DEFAULT_PORT,
    *,
    registry: CollectorRegistry = REGISTRY,
    strict: bool = False,
) -> MetricsServer:
    """Serve GET /metrics on `host`:`port` (0: any free port) from a daemon thread.

    A port that cannot be had is logged and counted, and the handle's `port` is None; with `strict` it raises OSError.
    A forked child does not inherit the endpoint: it must serve on a port of its own.
    """
    server: _Server | None = None
    try:
        server = _Server(host, port)
        server.set_app(_application(registry))
        threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.2}, name="hivesight-metrics", daemon=True
        ).start()
    except (OSError, OverflowError, RuntimeError, TypeError, ValueError) as error:
        if server is not None:
            server.server_close()
        message = (
            f"cannot serve metrics on {host}:{port}: {error}. Set metrics_port or HIVESIGHT_METRICS_PORT "
            "(metrics_host or HIVESIGHT_METRICS_HOST for the address) to one that is free, or 0 for any."
        )
        if strict:
            raise OSError(getattr(error, "errno", None), message) from error
        drop("port_unavailable", message)
        return MetricsServer(host, None, None)
    return MetricsServer(host, server.server_port, server)


def _application(registry: CollectorRegistry) -> Any:
    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        response = _respond(environ, registry)
        status = f"{response.status} {HTTPStatus(response.status).phrase}"
        start_response(status, [*response.headers, ("Content-Length", str(len(response.body)))])
        return [response.body]

    return application


def _respond(environ: dict[str, Any], registry: CollectorRegistry) -> Response:
    if environ.get("PATH_INFO") != "/metrics":
        return Response(404, (_TEXT,), b"the metrics are at /metrics\n")
    if environ.get("REQUEST_METHOD") != "GET":
        return Response(405, (("Allow", "GET"), _TEXT), b"use GET\n")
    names = parse_qs(environ.get("QUERY_STRING", "")).get("name[]", [])
    return render(registry, environ.get("HTTP_ACCEPT", ""), environ.get("HTTP_ACCEPT_ENCODING", ""), names)


def _close_in_child() -> None:
    for running in list(_running):
        running._close_inherited()  # pyright: ignore[reportPrivateUsage]
    _running.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_in_child)
