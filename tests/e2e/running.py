"""The server as a user starts it: an ordinary process, asked over HTTP; and receivers that keep what they are sent."""

import email
import email.policy
import http.server
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any, TypeVar

import httpx2
from aiosmtpd.controller import Controller

T = TypeVar("T")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def eventually(ask: Callable[[], T], seconds: float, what: str) -> T:
    """The first true answer of `ask`, which may fail with connection errors until then."""
    deadline, last = time.monotonic() + seconds, None
    while time.monotonic() < deadline:
        try:
            last = ask()
            if last:
                return last
        except httpx2.HTTPError as error:
            last = error
        time.sleep(0.05)
    raise AssertionError(f"{what}: not within {seconds} s; last answer: {last!r}")


class Server:
    """`hivesight up` on a free port."""

    def __init__(self, directory: Path, *arguments: str, port: int | None = None) -> None:
        self.directory = directory
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = directory / "server.log"
        directory.mkdir(parents=True, exist_ok=True)
        self.started = time.monotonic()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "hivesight", "up"),
                    *("--listen", f"127.0.0.1:{self.port}", "--data", str(directory / "data")),
                    *("--otlp-http", "off", "--otlp-grpc", "off", *arguments),
                ],
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=directory,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )

    def ready(self, seconds: float = 60) -> "Server":
        def ask() -> bool:
            if self.process.poll() is not None:
                raise AssertionError(f"the server ended with {self.process.returncode}:\n{self.output()}")
            return httpx2.get(self.url + "/-/ready").status_code == 200

        eventually(ask, seconds, f"ready ({self.output()})")
        return self

    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def get(self, path: str, **params: Any) -> Any:
        answer = httpx2.get(self.url + path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def query(self, query: str, **params: Any) -> list[Any]:
        return self.get("/api/v1/query", query=query, **params)["data"]["result"]

    def value(self, query: str, **params: Any) -> float | None:
        result = self.query(query, **params)
        return float(result[0]["value"][1]) if result else None

    def alerts(self, name: str) -> list[Any]:
        found = self.get("/api/v1/alerts")["data"]["alerts"]
        return [alert for alert in found if alert["labels"]["alertname"] == name]

    def stop(self, sign: int = signal.SIGTERM, seconds: float = 10) -> int:
        if self.process.poll() is None:
            self.process.send_signal(sign)
        return self.process.wait(seconds)


@contextmanager
def serving(directory: Path, *arguments: str, port: int | None = None) -> Iterator[Server]:
    """A server that is ready; killed at the end where it still runs."""
    server = Server(directory, *arguments, port=port)
    try:
        yield server.ready()
    finally:
        if server.process.poll() is None:
            server.stop()


@contextmanager
def prometheus(directory: Path, *arguments: str) -> Iterator[str]:
    """Prometheus as it is installed here, on a free port with this directory's `prometheus.yml`, ready: its address."""
    port = free_port()
    command = [
        *("prometheus", f"--config.file={directory}/prometheus.yml", f"--storage.tsdb.path={directory}/data"),
        *(f"--web.listen-address=127.0.0.1:{port}", *arguments),
    ]
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        eventually(lambda: httpx2.get(f"{url}/-/ready").status_code == 200, 20, "Prometheus is ready")
        yield url
    finally:
        process.terminate()
        process.wait(20)


class HttpServer:
    """Answers on a free port of loopback as `answer` says, in threads, until it is closed."""

    def __init__(self, answer: Callable[[http.server.BaseHTTPRequestHandler], None]) -> None:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                answer(self)

            do_POST = do_GET

            def log_message(self, format: str, *args: Any) -> None:
                pass

        class Patient(http.server.ThreadingHTTPServer):
            request_queue_size = 128  # Many may call at the same moment: one turned away calls again a second later.

        self._server = Patient(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def respond(
    request: http.server.BaseHTTPRequestHandler,
    body: bytes,
    status: int = 200,
    content_type: str = "text/plain; version=0.0.4",
) -> None:
    """A whole answer."""
    request.send_response(status)
    request.send_header("Content-Type", content_type)
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)


class Counting:
    """A target whose counter goes up with every scrape; while `down` it answers 503."""

    def __init__(self) -> None:
        self.count, self.down = 0, False
        self._server = HttpServer(self._answer)
        self.address, self.close = self._server.address, self._server.close

    def _answer(self, request: http.server.BaseHTTPRequestHandler) -> None:
        self.count += 1
        body = f"# TYPE scrapes counter\nscrapes_total {self.count}\n".encode()
        respond(request, body, 503 if self.down else 200)


class WebhookListener:
    """Keeps every JSON document that is POSTed to it."""

    def __init__(self) -> None:
        self.received: list[tuple[str, Any]] = []
        self._server = HttpServer(self._answer)
        self.url, self.close = f"http://{self._server.address}", self._server.close

    def _answer(self, request: http.server.BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers["Content-Length"]))
        self.received.append((request.path, json.loads(body)))
        respond(request, b"ok")

    def notifications(self, alertname: str, status: str) -> list[Any]:
        return [
            document
            for _, document in self.received
            if document.get("status") == status and document["commonLabels"].get("alertname") == alertname
        ]


class MailServer:
    """Keeps every message that is sent to it."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self._controller = Controller(self, hostname="127.0.0.1", port=free_port())
        self._controller.start()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.messages.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 OK"

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._controller.port}"

    def subjects(self) -> list[str]:
        return [message["Subject"] for message in self.messages]

    def close(self) -> None:
        self._controller.stop()
