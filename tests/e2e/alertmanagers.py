"""The real Alertmanager and ours side by side: the same file, the same words at the same moment, and one collector that
keeps what each of them says. HIVESIGHT_TEST_ALERTMANAGER names another program than the one on the PATH."""

import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest

from e2e.running import HttpServer, Server, eventually, free_port, respond

PROGRAM: Final = os.environ.get("HIVESIGHT_TEST_ALERTMANAGER") or shutil.which("prometheus-alertmanager")


def _version() -> tuple[int, ...]:
    if PROGRAM is None:
        return ()
    told = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=True, timeout=30)
    return tuple(map(int, re.findall(r"version (\d+)\.(\d+)", told.stdout + told.stderr)[0]))


AMTOOL: Final = shutil.which(str(Path(PROGRAM).with_name("amtool")) if PROGRAM else "amtool")
"""The one that came with it."""
needs_alertmanager = pytest.mark.skipif(PROGRAM is None, reason="needs Debian's package prometheus-alertmanager")

THEIRS, OURS = SIDES = ("theirs", "ours")
VERSION: Final = _version()
NEWER: Final = VERSION >= (0, 33)
"""Whether the program is of the version whose ways are ours; that of Debian bookworm is 0.25."""


class Alertmanager:
    """The real one on a free port of loopback."""

    def __init__(self, directory: Path, config: Path, port: int | None = None) -> None:
        assert PROGRAM is not None
        port = port or free_port()
        self.url = f"http://127.0.0.1:{port}"
        directory.mkdir(exist_ok=True)
        with (directory / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *(PROGRAM, f"--config.file={config}", f"--storage.path={directory}"),
                    *(f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="),
                    "--web.external-url=http://am.example/",
                ],
                stdout=log,
                stderr=log,
            )

    def ready(self) -> "Alertmanager":
        eventually(lambda: httpx2.get(f"{self.url}/-/ready").status_code == 200, 20, "Alertmanager is ready")
        return self

    def stop(self, sign: int = signal.SIGTERM) -> None:
        if self.process.poll() is None:
            self.process.send_signal(sign)
        self.process.wait(20)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A webhook. at: seconds on the wall clock. path: without the side."""

    at: float
    side: str
    path: str
    document: Any


class Collector:
    """Keeps every webhook with its time. answers: by path, the statuses to give in turn; the last one stays."""

    def __init__(self, answers: Mapping[str, tuple[int, ...]] | None = None) -> None:
        self.arrivals: list[Arrival] = []
        self._answers = answers or {}
        self._asked: dict[str, int] = {}
        self._lock = threading.Lock()
        self._server = HttpServer(self._answer)
        self.url, self.close = f"http://{self._server.address}", self._server.close

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        at = time.time()
        document = json.loads(request.rfile.read(int(request.headers["Content-Length"])))
        _, side, path = request.path.split("/", 2)
        with self._lock:
            self.arrivals.append(Arrival(at, side, path, document))
            count = self._asked[request.path] = self._asked.get(request.path, -1) + 1
        statuses = self._answers.get(path, (200,))
        respond(request, b"", statuses[min(count, len(statuses) - 1)])

    def said_by(self, side: str) -> list[Arrival]:
        return [each for each in list(self.arrivals) if each.side == side]


class Pair:
    """Both of them on one configuration, in which COLLECTOR stands for the address of the side's own collector."""

    def __init__(self, directory: Path, config: str, collector: Collector) -> None:
        self._directory = directory
        self._pool = ThreadPoolExecutor(2)
        self.clients: dict[str, httpx2.Client] = {}
        self._ports = {THEIRS: free_port(), OURS: free_port()}
        for side in (THEIRS, OURS):
            (directory / f"{side}.yml").write_text(config.replace("COLLECTOR", f"{collector.url}/{side}"))
        (directory / "hivesight.yml").write_text("external_url: http://am.example/\nhost: {enabled: false}\n")
        (directory / "prometheus.yml").write_text("global: {}\n")
        self.start()

    def start(self) -> None:
        """Both of them, also again after `stop`; what they keep is kept."""
        ours = Server(
            self._directory / OURS,
            *("--config", str(self._directory / "hivesight.yml")),
            *("--alertmanager-config", str(self._directory / f"{OURS}.yml")),
            *("--prometheus-config", str(self._directory / "prometheus.yml")),
            port=self._ports[OURS],
        )
        theirs = Alertmanager(self._directory / THEIRS, self._directory / f"{THEIRS}.yml", self._ports[THEIRS])
        self.ours, self.theirs = ours.ready(), theirs.ready()
        self.urls = {THEIRS: theirs.url, OURS: ours.url}
        self.clients = {side: httpx2.Client(base_url=url) for side, url in self.urls.items()}

    def stop(self, ours: int = signal.SIGTERM, theirs: int = signal.SIGTERM) -> None:
        for client in self.clients.values():
            client.close()
        self.ours.stop(ours)
        self.theirs.stop(theirs)

    def close(self) -> None:
        self.stop()
        self._pool.shutdown()

    def both(self, ask: Callable[[httpx2.Client], Any]) -> dict[str, Any]:
        """The same asked of both at once."""
        waiting = {side: self._pool.submit(ask, client) for side, client in self.clients.items()}
        return {side: each.result() for side, each in waiting.items()}

    def post(self, alerts: list[dict[str, Any]]) -> None:
        for answer in self.both(lambda client: client.post("/api/v2/alerts", json=alerts)).values():
            assert answer.status_code == 200, answer.text


@contextmanager
def beside(
    directory: Path, config: str, answers: Mapping[str, tuple[int, ...]] | None = None
) -> Iterator[tuple[Pair, Collector]]:
    """Both of them, ready."""
    collector = Collector(answers)
    pair = Pair(directory, config, collector)
    try:
        yield pair, collector
    finally:
        pair.close()
        collector.close()


def rfc3339(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
