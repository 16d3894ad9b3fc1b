"""A receiver of remote write: this server's own reading of requests behind a real HTTP server, told what to answer."""

from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Lock

import numpy as np
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from e2e.running import HttpServer
from hivesight.ingest.remote_write import Receiver
from hivesight.ingest.remote_write.media import Encoding, message_of
from hivesight.model.clock import SystemClock
from hivesight.model.series import bits, is_absent
from hivesight.storage.tsdb import Limits, Tsdb

Content = dict[str, list[tuple[int, str]]]


def store_in(path: Path) -> Tsdb:
    with capture_logs():
        return Tsdb.open(path, clock=SystemClock(), retention_ms=None, limits=Limits())


def content(store: Tsdb) -> Content:
    """Every sample by its series: time, and the bits of the value or the histogram."""
    found: Content = {}
    for block in store.select([], -(1 << 60), 1 << 60):
        for row, labels in enumerate(block.labels.all_labels()):
            values = np.ascontiguousarray(block.values[row])
            for column in np.flatnonzero(~is_absent(values)).tolist():
                cell = -1 if block.histograms is None else int(block.histograms.place[row, column])
                shown = hex(int(bits(values)[column])) if cell < 0 else _histogram(block.histograms, cell)
                found.setdefault(str(labels), []).append((int(block.times[column]), shown))
    return found


def _histogram(grid, cell: int) -> str:
    cells = grid.cells
    layout = cells.layouts[int(cells.layout[cell])]
    counts = cells.figures[cell, 3 : 3 + layout.width].tolist()
    buckets = [(key, count) for key, count in zip((*layout.negative, *layout.positive), counts, strict=True) if count]
    return f"{layout.scale} {cells.figures[cell, :3].tolist()} {buckets} {int(cells.hint[cell])}"


class Receiving:
    """status: what is answered; the body is stored where that is success. headers: sent with the answer."""

    def __init__(self, store: Tsdb) -> None:
        self.store = store
        self.status = 204
        self.headers: dict[str, str] = {}
        self.confirms = True
        self.requests: list[tuple[Mapping[str, str], bytes]] = []
        self.together = self.most_together = 0
        self._receiver = Receiver(store.push, CollectorRegistry())
        self._lock = Lock()
        self._server = HttpServer(self._answer)
        self.url = f"http://{self._server.address}/api/v1/write"

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers["Content-Length"]))
        with self._lock:
            self.together += 1
            self.most_together = max(self.most_together, self.together)
            self.requests.append(({name.lower(): value for name, value in request.headers.items()}, body))
        status, written = self.status, dict[str, str]()
        if status == HTTPStatus.NO_CONTENT:
            outcome = self._receiver.receive(body, message_of(request.headers["Content-Type"]), Encoding.SNAPPY)
            status = int(outcome.status)
            prefix = "X-Prometheus-Remote-Write"
            written = {f"{prefix}-Samples-Written": str(outcome.samples)} if self.confirms else {}
            if self.confirms:
                written[f"{prefix}-Histograms-Written"] = str(outcome.histograms)
        with self._lock:
            self.together -= 1
        request.send_response(status)
        for name, value in (self.headers | written | {"Content-Length": "0"}).items():
            request.send_header(name, value)
        request.end_headers()

    def close(self) -> None:
        self._server.close()
        self.store.close()
