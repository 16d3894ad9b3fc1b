"""Servers on loopback for what leaves the process: one that keeps what it is sent, and one without manners."""

from __future__ import annotations

import contextlib
import gzip
import http.server
import json
import socket
import threading
import time
from collections.abc import Callable
from typing import Any


def until(condition: Callable[[], object], seconds: float = 20.0) -> bool:
    """Wait for what another thread does."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


class Receiver:
    """Keeps what is POSTed to it and answers as it is told."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.status, self.answer, self.headers = 200, b"{}", dict[str, str]()
        self.busy = 0  # so many requests are answered with 503 first
        self.connections = 0
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self) -> None:
                super().setup()
                receiver.connections += 1

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers["Content-Encoding"] == "gzip":
                    body = gzip.decompress(body)
                receiver.requests.append((self.path, dict(self.headers), body))
                busy = len(receiver.requests) <= receiver.busy
                self.send_response(503 if busy else receiver.status)
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                answer = b"" if receiver.status == 204 else receiver.answer
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def documents(self) -> list[Any]:
        """The bodies of all requests."""
        return [json.loads(body) for _, _, body in self.requests]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Rude:
    """Reads each request, says `answer`, and hangs up, with or without a reset; with `hang` it stays and is silent."""

    def __init__(self, answer: bytes = b"", *, hang: bool = False, reset: bool = False) -> None:
        self.answer, self.hang, self.reset = answer, hang, reset
        self.asked = 0
        self._open: list[socket.socket] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                self._open.append(connection)
                connection.recv(65_536)
                self.asked += 1
                connection.sendall(self.answer)
                if self.hang:
                    continue
                if self.reset:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                connection.close()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for connection in self._open:
            connection.close()
