"""What the tests of this room share: a store that remembers what it was given, a clock that is turned by hand, and
small real HTTP servers."""

import asyncio
import contextlib
import heapq
import itertools
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry

from hivesight.model.batch import Exemplar
from hivesight.model.errors import LimitExceeded, StorageError
from hivesight.model.histogram import Histogram, HistogramGrid
from hivesight.model.labels import Labels
from hivesight.model.series import is_stale

START_MS = 1_700_000_000_000
STALE = "stale"


@dataclass
class Counts:
    out_of_order: int = 0
    duplicate: int = 0
    unknown: int = 0


class Group:
    def __init__(self, store: "Recorder", key: str) -> None:
        self.store = store
        self.key = key
        self.labels: list[Labels] = []
        self.samples: list[tuple[int, dict[str, float | str | Histogram]]] = []
        self.forgotten = 0

    def register(self, labels: Sequence[Labels]) -> NDArray[np.int32]:
        self.store.check()
        rows: list[int] = []
        for each in labels:
            if each in self.labels[self.forgotten :]:
                rows.append(self.labels.index(each, self.forgotten))
            elif self.store.series >= self.store.max_series:
                rows.append(-1)
            else:
                self.store.series += 1
                rows.append(len(self.labels))
                self.labels.append(each)
        return np.array(rows, dtype=np.int32)

    def append(
        self,
        time_ms: int,
        rows: NDArray[np.int32],
        values: NDArray[np.float64],
        histograms: HistogramGrid | None = None,
    ) -> Counts:
        self.store.check()
        assert rows.dtype == np.int32 and values.dtype == np.float64 and rows.shape == values.shape
        assert len(set(rows.tolist())) == len(rows) and (rows >= 0).all()
        if (rows < self.forgotten).any():
            return Counts(unknown=int((rows < self.forgotten).sum()))
        assert not self.samples or time_ms > self.samples[-1][0]
        stale = is_stale(np.ascontiguousarray(values)).tolist()
        shown: list[float | str | Histogram] = [
            STALE if gone else value for gone, value in zip(stale, values.tolist(), strict=True)
        ]
        if histograms is not None:
            assert histograms.place.shape == (len(rows), 1)
            for at in np.flatnonzero(histograms.place[:, 0] >= 0).tolist():
                shown[at] = histograms.cells.histogram(int(histograms.place[at, 0]))
                assert values[at] == histograms.cells.sum[histograms.place[at, 0]]
        names = [str(self.labels[row]) for row in rows.tolist()]
        self.samples.append((time_ms, dict(zip(names, shown, strict=True))))
        return Counts()


class Recorder:
    """An Appender in memory."""

    def __init__(self) -> None:
        self.groups: dict[str, Group] = {}
        self.registry = CollectorRegistry()
        self.full = False
        self.series = 0
        self.max_series = 1000
        self.max_groups = 1000
        self.exemplars: list[Exemplar] = []
        self.exemplars_full = False

    def check(self) -> None:
        if self.full:
            raise StorageError("no space left on the device")

    def group(self, key: str) -> Group:
        if key not in self.groups and len(self.groups) >= self.max_groups:
            raise LimitExceeded("too many groups")
        return self.groups.setdefault(key, Group(self, key))

    def keep_exemplars(self, exemplars: Sequence[Exemplar]) -> int:
        if self.exemplars_full:
            raise StorageError("no space left on the device")
        self.exemplars += exemplars
        return len(exemplars)

    def only(self) -> Group:
        (group,) = self.groups.values()
        return group

    def last(self, time_ms: int | None = None) -> dict[str, float | str | Histogram]:
        """What the last append gave the only group."""
        last_ms, samples = self.only().samples[-1]
        assert time_ms is None or last_ms == time_ms
        return samples


class HandClock:
    """Time passes when everybody sleeps: `run_for` wakes the sleepers in order."""

    def __init__(self, now_ms: int = START_MS) -> None:
        self.time_ms = float(now_ms)
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now_ms(self) -> int:
        return int(self.time_ms)

    def monotonic(self) -> float:
        return self.time_ms / 1000

    async def sleep(self, seconds: float) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.time_ms + seconds * 1000, next(self._order), future))
        await future

    async def run_for(self, seconds: float) -> None:
        end = self.time_ms + seconds * 1000
        await settled()
        while self._sleepers and self._sleepers[0][0] <= end:
            wake, _, future = heapq.heappop(self._sleepers)
            self.time_ms = max(self.time_ms, wake)
            if not future.done():
                future.set_result(None)
            await settled()
        self.time_ms = end


async def settled() -> None:
    """Lets every task run until it waits; work in an Inline executor is done at once."""
    for _ in range(60):
        await asyncio.sleep(0)


class Inline(ThreadPoolExecutor):
    """Runs what it is given at once, so that a test needs no waiting."""

    def __init__(self) -> None:
        super().__init__(max_workers=1)

    def submit(self, fn, /, *args, **kwargs):
        future = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001  # handed on, as an executor does
            future.set_exception(error)
        return future


Answer = Callable[[BaseHTTPRequestHandler], None]


@contextlib.contextmanager
def http_server(answer: Answer, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """A real server on a free port; its host:port. `answer` writes to the handler it is given."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            with contextlib.suppress(ConnectionError):
                answer(self)

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            pass

    server = Server(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def respond(
    handler: BaseHTTPRequestHandler,
    body: bytes,
    content_type: str | None = "text/plain",
    status: int = 200,
    **headers: str,
) -> None:
    """A whole answer."""
    handler.send_response(status)
    if content_type is not None:
        handler.send_header("Content-Type", content_type)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)
