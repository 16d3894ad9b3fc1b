"""What the orchestrator tells the world, on its way to the event stream: a bounded buffer with a sender."""

import asyncio
import logging
import time
import uuid
from collections import deque
from collections.abc import Mapping

import httpx2

import hivesight_sdk as hs

log = logging.getLogger(__name__)

BATCH = 100
CAPACITY = 1_000
FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 4.0


class Outbox:
    """Keeps up to CAPACITY events while the stream is down, drops the oldest beyond that, and counts both."""

    def __init__(
        self, client: httpx2.AsyncClient, url: str, capacity: int = CAPACITY, first_pause: float = FIRST_PAUSE
    ) -> None:
        self._client = client
        self._url = f"{url}/events"
        self._waiting: deque[Mapping[str, object]] = deque(maxlen=capacity)
        self._news = asyncio.Event()
        self.sent = 0
        self.dropped = 0
        self.failures = 0
        self._first_pause = first_pause

    def emit(self, kind: str, task_id: str, data: Mapping[str, object] | None = None) -> None:
        """Never waits and never fails. `context` in the event says in which trace it came about."""
        if len(self._waiting) == self._waiting.maxlen:
            self.dropped += 1
        event = {
            "id": uuid.uuid4().hex,
            "type": kind,
            "time": time.time(),
            "task_id": task_id,
            "data": dict(data or {}),
            "context": hs.inject(dict[str, str]()),
        }
        self._waiting.append(event)
        self._news.set()

    @property
    def buffered(self) -> int:
        return len(self._waiting)

    async def run(self) -> None:
        """Send for ever; pause longer after each failure in a row, and log only the change of state."""
        pause = self._first_pause
        while True:
            await self._news.wait()
            batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
            if not batch:
                self._news.clear()
                continue
            try:
                (await self._client.post(self._url, json={"events": batch})).raise_for_status()
            except httpx2.HTTPError as error:
                self.failures += 1
                hs.record_error("event_outbox", error)
                if pause == self._first_pause:
                    log.warning("event stream does not take events, buffering: %s", error or type(error).__name__)
                self._put_back(batch)
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
                continue
            if pause != self._first_pause:
                log.info("event stream takes events again, %d dropped so far", self.dropped)
            pause = self._first_pause
            self.sent += len(batch)

    def _put_back(self, batch: list[Mapping[str, object]]) -> None:
        room = (self._waiting.maxlen or 0) - len(self._waiting)
        self.dropped += max(len(batch) - room, 0)
        self._waiting.extendleft(reversed(batch[len(batch) - room :] if room < len(batch) else batch))
