"""One Alertmanager: its queue and the loop that empties it. A slow or dead one holds up no other."""

import asyncio
import threading
from collections import deque
from collections.abc import Sequence
from typing import Final

import httpx2
import structlog

from hivesight.alertmanagers.metrics import SendingMetrics
from hivesight.alertmanagers.payload import payload
from hivesight.http_client.authorized import AuthorizedClient
from hivesight.http_client.client import read_start
from hivesight.http_client.errors import SettingError
from hivesight.http_client.reasons import reason_of
from hivesight.model.alert import Alert

CAPACITY: Final = 10_000
"""Alerts that wait at most (Prometheus' --alertmanager.notification-queue-capacity)."""
BATCH: Final = 256
"""Alerts in one request at most."""
_ANSWER_BYTES: Final = 4096

_log = structlog.stdlib.get_logger(__name__)


class Sending:
    """`put` may be called from any thread; `run` on the loop."""

    def __init__(self, url: str, client: AuthorizedClient, timeout_ms: int, metrics: SendingMetrics) -> None:
        self.url = url
        self._client = client
        self._timeout_seconds = timeout_ms / 1000
        self._metrics = metrics
        self._waiting: deque[Alert] = deque()
        self._lock = threading.Lock()
        self._wake = asyncio.Event()
        self._posting = asyncio.Lock()
        self._loop = asyncio.get_running_loop()
        self._failing = ""
        metrics.know(url)

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, alerts: Sequence[Alert]) -> None:
        """Alerts to send. Where more wait than there is room for, the oldest are dropped and counted: what is new says
        more, and what still holds is said again."""
        with self._lock:
            self._waiting.extend(alerts)
            surplus = len(self._waiting) - CAPACITY
            for _ in range(surplus):
                self._waiting.popleft()
        if surplus > 0:
            self._metrics.dropped.labels(self.url).inc(surplus)
            _log.warning("alerts dropped: an Alertmanager is too slow", alertmanager=self.url, dropped=surplus)
        self._loop.call_soon_threadsafe(self._wake.set)

    async def run(self) -> None:
        """Sends until it is cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self.drain()
            except Exception:  # noqa: BLE001  # supervises
                _log.exception("fault while sending alerts", alertmanager=self.url)

    async def drain(self) -> None:
        """Sends all that waits, the oldest first. A batch that fails is dropped: what still holds is said again."""
        async with self._posting:
            while batch := self._take():
                reason = await self._post(payload(batch))
                if reason:
                    self._metrics.errors.labels(self.url).inc(len(batch))
                    self._metrics.dropped.labels(self.url).inc(len(batch))
                else:
                    self._metrics.sent.labels(self.url).inc(len(batch))
                self._tell(reason)

    def _take(self) -> list[Alert]:
        with self._lock:
            return [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]

    async def _post(self, body: bytes) -> str:
        """Why it failed, empty where it did not."""
        try:
            async with asyncio.timeout(self._timeout_seconds):
                async with self._client.post(self.url, [("Content-Type", "application/json")], body) as response:
                    answer = await read_start(response, _ANSWER_BYTES)
        except TimeoutError:
            return f"no answer within {self._timeout_seconds:g} s"
        except (httpx2.RequestError, httpx2.InvalidURL) as error:
            return reason_of(error)
        except SettingError as error:
            return str(error)
        if response.is_success:
            return ""
        return f"{response.status_code}: {answer.decode(errors='replace').strip()[:300]}"

    def _tell(self, reason: str) -> None:
        if reason and reason != self._failing:
            _log.error("alerts could not be sent", alertmanager=self.url, reason=reason)
        elif self._failing and not reason:
            _log.info("alerts can be sent again", alertmanager=self.url)
        self._failing = reason
