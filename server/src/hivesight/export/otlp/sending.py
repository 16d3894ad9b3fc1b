"""One signal on its way to one Collector: a queue and the loop that empties it, in the order in which requests came.
(OTLP 1.x, "OTLP/HTTP Response" and "Retryable Response Codes")"""

import asyncio
import gzip
import threading
from collections import deque
from dataclasses import dataclass
from typing import Final

import httpx2
import structlog
from structlog.typing import FilteringBoundLogger

from hivesight.export.addresses import shown
from hivesight.export.otlp.config import OtlpForwardConfig
from hivesight.export.otlp.metrics import OtlpForwardMetrics
from hivesight.export.retry_after import retry_after_seconds
from hivesight.http_client.authorized import AuthorizedClient
from hivesight.http_client.client import read_start
from hivesight.http_client.errors import SettingError
from hivesight.http_client.reasons import reason_of
from hivesight.model.clock import Clock

RETRYABLE: Final = frozenset((429, 502, 503, 504))
FIRST_BACKOFF_SECONDS: Final = 1.0
MOST_BACKOFF_SECONDS: Final = 30.0
_ANSWER_BYTES: Final = 4096
_FAULT_SECONDS: Final = 1.0

_log: FilteringBoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Export:
    """A request as it came, decompressed."""

    body: bytes
    content_type: str


class Sending:
    """`put` may be called from any thread; all else on the loop."""

    def __init__(
        self,
        config: OtlpForwardConfig,
        signal: str,
        client: AuthorizedClient,
        clock: Clock,
        metrics: OtlpForwardMetrics,
    ) -> None:
        self.signal = signal
        self._config = config
        self._url = f"{config.url.rstrip('/')}/v1/{signal}"
        self._client = client
        self._clock = clock
        self._metrics = metrics
        self.labels = (shown(config.url), signal)
        self._waiting: deque[Export] = deque()
        self._nbytes = 0
        self._lock = threading.Lock()
        self._wake = asyncio.Event()
        self._sending = asyncio.Lock()
        self._loop = asyncio.get_running_loop()
        self._failing = ""
        metrics.know(*self.labels)
        metrics.capacity.labels(*self.labels).set(config.queue_size_bytes)

    def put(self, export: Export) -> bool:
        """Whether there is room for it; the request that is under way counts until it is answered."""
        with self._lock:
            taken = self._nbytes + len(export.body) <= self._config.queue_size_bytes
            if taken:
                self._waiting.append(export)
                self._nbytes += len(export.body)
        if taken:
            self._metrics.length.labels(*self.labels).set(self._nbytes)
            self._loop.call_soon_threadsafe(self._wake.set)
        else:
            self._count("queue_full")
        return taken

    async def run(self) -> None:
        """Sends until it is cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self.drain()
            except Exception:  # noqa: BLE001  # supervises
                _log.exception("fault while forwarding OTLP", url=self.labels[0], signal=self.signal)
                self._wake.set()
                await asyncio.sleep(_FAULT_SECONDS)

    async def drain(self) -> None:
        """Sends all that waits, the oldest first."""
        async with self._sending:
            while self._waiting:
                export = self._waiting[0]
                self._count(await self._delivered(export))
                with self._lock:
                    self._waiting.popleft()
                    self._nbytes -= len(export.body)
                self._metrics.length.labels(*self.labels).set(self._nbytes)

    def close(self) -> None:
        """What still waits is given up and counted."""
        self._count("left", len(self._waiting))
        if self._waiting:
            _log.warning("OTLP requests were left", url=self.labels[0], signal=self.signal, left=len(self._waiting))

    async def _delivered(self, export: Export) -> str:
        """What became of it."""
        body = export.body
        headers = [("Content-Type", export.content_type)]
        headers += [(name, value.reveal()) for name, value in self._config.headers.items()]
        if self._config.compression == "gzip":
            body = await asyncio.to_thread(gzip.compress, body, 1)
            headers.append(("Content-Encoding", "gzip"))
        began, backoff = self._clock.monotonic(), FIRST_BACKOFF_SECONDS
        while True:
            reason, again, after = await self._post(headers, body)
            self._tell(reason)
            if not reason:
                self._metrics.bytes.labels(*self.labels).inc(len(export.body))
                return "sent"
            if not again:
                return "refused"
            wait = backoff if after is None else after
            if self._clock.monotonic() - began + wait > self._config.max_elapsed_ms / 1000:
                return "expired"
            await asyncio.sleep(wait)
            backoff = min(2 * backoff, MOST_BACKOFF_SECONDS)
            self._metrics.retried.labels(*self.labels).inc()

    async def _post(self, headers: list[tuple[str, str]], body: bytes) -> tuple[str, bool, float | None]:
        """Why it failed, empty where it did not; whether it may be sent again; and after how many seconds, where the
        Collector says so."""
        seconds = self._config.timeout_ms / 1000
        try:
            async with asyncio.timeout(seconds):
                async with self._client.post(self._url, headers, body) as response:
                    answer = await read_start(response, _ANSWER_BYTES)
        except TimeoutError:
            return f"no answer within {seconds:g} s", True, None
        except (httpx2.RequestError, httpx2.InvalidURL) as error:
            return reason_of(error), True, None
        except SettingError as error:
            return str(error), True, None
        if response.is_success:
            return "", False, None
        again = response.status_code in RETRYABLE
        after = retry_after_seconds(response.headers, self._clock.now_ms()) if again else None
        return f"{response.status_code}: {answer.decode(errors='replace').strip()[:300]}", again, after

    def _count(self, outcome: str, number: int = 1) -> None:
        self._metrics.requests.labels(*self.labels, outcome).inc(number)

    def _tell(self, reason: str) -> None:
        if reason and reason != self._failing:
            _log.error("OTLP could not be forwarded", url=self.labels[0], signal=self.signal, reason=reason)
        elif self._failing and not reason:
            _log.info("OTLP can be forwarded again", url=self.labels[0], signal=self.signal)
        self._failing = reason
