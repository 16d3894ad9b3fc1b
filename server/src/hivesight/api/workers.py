"""Questions are answered off the event loop, a few at a time; a line that grows too long is refused."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge

from hivesight.model.errors import QueryLimit

T = TypeVar("T")

MAX_WAITING: Final = 256


class Workers:
    """A bounded pool of threads. concurrency: how many questions are answered at once."""

    def __init__(self, concurrency: int, registry: CollectorRegistry) -> None:
        self._pool = ThreadPoolExecutor(concurrency, thread_name_prefix="question")
        self._waiting = 0
        gauge = Gauge(
            "hivesight_api_questions_waiting", "Questions that are being answered or wait for it.", registry=registry
        )
        gauge.set_function(lambda: self._waiting)
        self._refused = Counter(
            "hivesight_api_questions_refused", "Questions refused because too many were waiting.", registry=registry
        )

    async def run(self, ask: Callable[[], T]) -> T:
        """The answer of `ask`, computed in a thread. Raises QueryLimit where too many wait, and what `ask` raises."""
        if self._waiting >= MAX_WAITING:
            self._refused.inc()
            raise QueryLimit(f"{MAX_WAITING} questions are waiting already: ask again later, or ask for less")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, ask)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Lets running answers end, and starts no more."""
        self._pool.shutdown(wait=False, cancel_futures=True)
